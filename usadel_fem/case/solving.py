"""What is asked of a case: kind, energies, temperature and the way to solve."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Described
from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictInt,
    ValidationError,
    model_serializer,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from ..errors import did_you_mean, show
from .base import Broken, Model, broken_rule
from .quantities import Quantity, Triple, Vector
from .timing import Time

__all__ = ["Solve"]

_ENERGY = Quantity("energy")
_FREQUENCY = Quantity("energy", above=0)
_FORMS = "must be a list of energies, {start =, stop =, num =} or {imaginary = [...]}"
_MOST = 1_000_000
_AT_TEMPERATURE = ("equilibrium", "nonequilibrium")


class _Energies:
    """Annotation: every way to write the energies, resolved to a tuple of complex numbers."""

    def read(self, value: object) -> tuple[complex, ...]:
        if hasattr(value, "tolist"):
            value = value.tolist()
        if not isinstance(value, Mapping):
            return _energy_list(value, _ENERGY)
        if "imaginary" in value:
            if len(value) > 1:
                raise broken_rule(_FORMS, show(value), "real and imaginary energies are two cases")
            inner = value["imaginary"]
            grid = _grid(inner, _FREQUENCY) if isinstance(inner, Mapping) else _energy_list(inner, _FREQUENCY)
            return tuple(1j * energy.real for energy in grid)
        return _grid(value, _ENERGY)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        serializer = core_schema.plain_serializer_function_ser_schema(_as_written, when_used="json")
        return core_schema.no_info_plain_validator_function(self.read, serialization=serializer)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        energies = {"type": "array", "items": _ENERGY.json_schema(), "minItems": 1}
        frequencies = {"type": "array", "items": _FREQUENCY.json_schema(), "minItems": 1}
        ends = {name: _ENERGY.json_schema() for name in ("start", "stop")}
        grid = {
            "type": "object",
            "properties": {**ends, "num": {"type": "integer", "minimum": 2}},
            "required": ["start", "stop", "num"],
            "additionalProperties": False,
        }
        imaginary = {
            "type": "object",
            "properties": {"imaginary": {"anyOf": [frequencies, grid]}},
            "required": ["imaginary"],
            "additionalProperties": False,
        }
        return {"anyOf": [energies, grid, imaginary]}


def _energy_list(value: object, entry: Quantity) -> tuple[complex, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise broken_rule(_FORMS, show(value))
    if not value:
        raise broken_rule("must have at least one energy", "[]")
    energies: list[complex] = []
    errors: list[InitErrorDetails] = []
    for index, item in enumerate(value):
        try:
            energies.append(_one_energy(item, entry))
        except PydanticCustomError as exc:
            errors.append({"type": exc, "loc": (index,), "input": item})
    if errors:
        raise ValidationError.from_exception_data("energies", errors)
    repeated = [energy for energy, count in Counter(energies).items() if count > 1]
    if repeated:
        raise broken_rule(
            "must not repeat an energy", f"{repeated[0].real + repeated[0].imag:g} more than once"
        )
    if len({energy.imag > 0 for energy in energies}) > 1:
        raise broken_rule("must be all real or all imaginary", show(value))
    return tuple(energies)


def _one_energy(item: object, entry: Quantity) -> complex:
    if isinstance(item, complex) and entry is _ENERGY and item.imag:
        if item.real == 0 and 0 < item.imag < math.inf:
            return item
        raise broken_rule("must be a real energy, or imaginary and > 0", show(item))
    return complex(entry.read(item.real if isinstance(item, complex) else item))  # type: ignore[arg-type]


def _grid(value: Mapping[str, Any], entry: Quantity) -> tuple[complex, ...]:
    errors: list[InitErrorDetails] = []

    def refuse(key: str, rule: str, received: str, hint: str = "") -> None:
        errors.append({"type": broken_rule(rule, received, hint), "loc": (key,), "input": value})

    known = ("start", "stop", "num")
    for key in value:
        if key not in known:
            synonyms = {
                "n": "num",
                "number": "num",
                "points": "num",
                "min": "start",
                "max": "stop",
                "end": "stop",
            }
            refuse(key, "is not a known key", show(value[key]), did_you_mean(key, known, synonyms) or _FORMS)
    for key in known:
        if key not in value:
            refuse(key, "is required", "nothing", _FORMS)
    ends: list[float] = []
    for key in ("start", "stop"):
        try:
            if key in value:
                ends.append(entry.read(value[key]))  # type: ignore[arg-type]
        except PydanticCustomError as exc:
            errors.append({"type": exc, "loc": (key,), "input": value[key]})
    num = value.get("num", 2)
    if isinstance(num, bool) or not isinstance(num, int) or not 2 <= num <= _MOST:
        refuse("num", f"must be a whole number from 2 to {_MOST}", show(num))
    if len(ends) == 2 and ends[0] == ends[1]:
        refuse("stop", "must differ from start", show(value["stop"]))
    if errors:
        raise ValidationError.from_exception_data("energies", errors)
    return tuple(complex(energy) for energy in np.linspace(ends[0], ends[1], num))


def _as_written(energies: tuple[complex, ...] | None) -> Any:
    if energies and energies[0].imag:
        return {"imaginary": [energy.imag for energy in energies]}
    return None if energies is None else [energy.real for energy in energies]


def _unit_vector(vector: tuple[Any, ...]) -> tuple[Any, ...]:
    norm = math.hypot(*vector)
    if norm == 0:
        raise broken_rule("must not be the zero vector", show(vector))
    return tuple(component / norm for component in vector)


class Solve(Model):
    """What to solve and how.

    >>> Solve(kind="spectrum", energies={"start": 0, "stop": 1.5, "num": 4}).energies
    (0j, (0.5+0j), (1+0j), (1.5+0j))
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "T": "temperature",
        "Gamma": "broadening",
        "gamma": "broadening",
        "dynes": "broadening",
        "eta": "broadening",
        "energy": "energies",
        "tol": "tolerance",
        "times": "time",
        "maxiter": "max_iterations",
        "max_iter": "max_iterations",
        "selfconsistent": "self_consistent",
        "spin_axis": "quantisation_axis",
        "quantization_axis": "quantisation_axis",
        "solver": "method",
        "Tc": "critical_temperature",
    }

    kind: Literal["spectrum", "equilibrium", "nonequilibrium"]
    """ "spectrum": ǧ at given energies; "equilibrium": Matsubara sums at a temperature; "nonequilibrium":
    Keldysh functions between terminals with voltages, temperatures and spin voltages."""
    temperature: Annotated[float, Quantity("temperature", above=0)] | None = None
    """Temperature, as k_B T [energy]; > 0. Required by all kinds but a plain spectrum."""
    energies: Annotated[tuple[complex, ...], _Energies()] | None = None
    """Energies of a spectrum [energy]: a list, {start =, stop =, num =}, or {imaginary = [ω > 0, ...]}. Out
    of equilibrium the grid refines itself, and these (real, >= 0) are kept in addition."""
    broadening: Annotated[float, Quantity("energy", least=0)] = 0.0
    """Γ in ε + iΓ of every material that names no dynes [energy]; > 0 at real energies. Default there:
    a hundredth of the largest constant gap of the case (|Δ| of materials and terminals, 1.764 k_B T_c);
    0 (unused) where no material needs it."""
    self_consistent: StrictBool = False
    """Solve for the pair potential of the materials with Tc; a spectrum does so at `temperature` first."""
    critical_temperature: StrictBool = False
    """Find the critical temperature of the device (needs kind = "equilibrium" and a material with Tc)."""
    fixed_phase: StrictBool = False
    """Keep the phase of the pair potential during self-consistency."""
    free_energy: StrictBool = False
    """Report the free energy (needs kind = "equilibrium")."""
    method: Literal["newton", "picard"] = "newton"
    """Newton on the manifold of normalised ǧ, or Picard with the spin-Hall torque frozen."""
    linear: Literal["auto", "krylov", "direct"] = "auto"
    """Matrix-free GMRES with a scalar factorisation, or a sparse factorisation of the assembled Hessian.
    "auto" is "krylov" except in one dimension, where the Hessian is eliminated node by node, that of many
    energies at once."""
    symmetry: Literal["auto", "off"] = "auto"
    """Solve a device with one spin axis, or none, in its channels of spin; "off": in full matrices always."""
    tolerance: Annotated[float, Quantity("number", above=0, below=1)] = 1e-9
    """Largest residual, relative to the largest term of the equation; between 0 and 1."""
    max_iterations: Annotated[StrictInt, Described(ge=1)] = 60
    """Most Newton or Picard steps per energy."""
    cutoff: Annotated[float, Quantity("energy", above=0)] | None = None
    """Highest Matsubara frequency summed before the tail [energy]. Absent: chosen from the tolerance."""
    energy_tolerance: Annotated[float, Quantity("number", above=0, below=1)] = 1e-5
    """Error of the terminal currents, relative to the largest, at which a grid of energies is fine enough."""
    max_energies: Annotated[StrictInt, Described(ge=9)] = 2000
    """Energies after which such a grid is not refined any more; the first grid may be larger."""
    conductance: StrictBool = False
    """Find the differential conductances ∂I/∂V between the normal terminals: one more solve for each."""
    relaxation: Annotated[float, Quantity("energy", least=0)] = 0.0
    """Rate at which ĥ relaxes to a grounded bath at `temperature` [energy]; it takes charge and spin too."""
    time: Time | None = None
    """Follow charge and spin of a normal device in time (needs kind = "nonequilibrium")."""
    quantisation_axis: Annotated[
        Triple, Vector(Quantity("number"), finish=_unit_vector, hint="components along x, y and z")
    ] = (0.0, 0.0, 1.0)
    """Spin axis of dos_up and dos_down; normalised on reading."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        kind = data.get("kind")
        if kind == "spectrum" and data.get("energies") is None:
            yield Broken(("energies",), 'is required by kind = "spectrum"', "nothing")
        if kind == "equilibrium" and data.get("energies") is not None:
            hint = "remove it; Matsubara frequencies follow from the temperature"
            yield Broken(("energies",), 'must stand beside kind = "spectrum"', show(data["energies"]), hint)
        if data.get("temperature") is None:
            if kind in _AT_TEMPERATURE:
                yield Broken(("temperature",), f'is required by kind = "{kind}"', "nothing")
            elif data.get("self_consistent") is True:
                yield Broken(("temperature",), "is required by self_consistent = true", "nothing")
        for key in ("free_energy", "critical_temperature"):
            if data.get(key) is True and kind in ("spectrum", "nonequilibrium"):
                yield Broken((key,), 'must stand beside kind = "equilibrium"', "true")
        for key in ("energy_tolerance", "max_energies", "conductance", "relaxation"):
            given = data.get(key) not in (None, cls.model_fields[key].default)
            if given and kind in ("spectrum", "equilibrium"):
                yield Broken((key,), 'must stand beside kind = "nonequilibrium"', show(data[key]))
        yield from cls._time_rules(data)
        if data.get("fixed_phase") is True and data.get("self_consistent") is not True:
            yield Broken(("fixed_phase",), "must stand beside self_consistent = true", "true")

    @classmethod
    def _time_rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        if data.get("time") is None:
            return
        if data.get("kind") in ("spectrum", "equilibrium"):
            yield Broken(("time",), 'must stand beside kind = "nonequilibrium"', show(data["time"]))
        for key in ("energies", "energy_tolerance", "max_energies", "conductance", "relaxation"):
            if data.get(key) not in (None, cls.model_fields[key].default):
                rule = "must not stand beside [solve.time]: charge and spin need no energies"
                yield Broken((key,), rule, show(data[key]), "remove one of the two")

    @model_serializer(mode="wrap", when_used="json")
    def _written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A broadening of 0 stands for none given."""
        written: dict[str, Any] = handler(self)
        return written if self.broadening else {k: v for k, v in written.items() if k != "broadening"}

    def _relations(self) -> Iterable[Broken]:
        if self.real_energies and self.broadening == 0 and "broadening" in self.model_fields_set:
            yield Broken(("broadening",), "must be > 0 at real energies", "0")
        if self.kind == "nonequilibrium" and any(e.imag or e.real < 0 for e in self.energies or ()):
            rule = "must be real and >= 0 out of equilibrium"
            yield Broken(
                ("energies",), rule, show(_as_written(self.energies)), "the others follow by symmetry"
            )

    @property
    def real_energies(self) -> bool:
        """Whether ǧ is asked for at real energies."""
        if self.kind == "nonequilibrium":
            return True
        return bool(self.energies) and all(energy.imag == 0 for energy in self.energies or ())
