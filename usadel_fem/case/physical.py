"""What a device is made of: materials, terminals, interfaces, fields and vortices, in reduced units."""

from __future__ import annotations

import cmath
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, StrictBool, StrictInt

from ..errors import show
from .base import Broken, Model
from .expressions import Scalar
from .impurities import Impurities
from .quantities import Quantity, Triple, Vector
from .timing import TimeSignal

__all__ = ["Contact", "Field", "Interface", "Material", "PairPotential", "Terminal", "Vortex"]

_Exchange = Annotated[
    tuple[Scalar, Scalar, Scalar], Vector(Quantity("energy", field=True), hint="components along x, y and z")
]
_Conductance = Annotated[float, Quantity("conductance", above=0)]
_SPIN_AXIS = "components along x, y and z; along z alone: [0, 0, P]"
_Polarisation = Annotated[Triple, Vector(Quantity("number"), hint=_SPIN_AXIS)]
_SpinMixing = Annotated[Triple, Vector(Quantity("conductance"), hint=_SPIN_AXIS)]


class PairPotential(Model):
    """A given complex pair potential, abs·exp(i phase). A number, an expression or a complex number will do.

    >>> PairPotential.model_validate(0.83)
    PairPotential(abs=0.83, phase=0.0)
    """

    abs: Annotated[Scalar, Quantity("energy", least=0, field=True)]
    """Modulus |Δ|; a negative Δ has phase = "pi"."""
    phase: Annotated[Scalar, Quantity("angle", field=True)] = 0.0
    """Phase in radians."""

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if isinstance(data, numbers.Real | str) or hasattr(data, "text"):
            return {"abs": data}
        if isinstance(data, numbers.Complex):
            number = complex(data)
            return {"abs": abs(number), "phase": cmath.phase(number)}
        return data


class Material(Model):
    """One diffusive material. Without Delta and Tc it does not superconduct by itself.

    >>> Material(D=1.3, exchange=[0, 0, "0.4*cos(x)"]).exchange
    (0.0, 0.0, Expression(text='0.4*cos(x)'))
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "h": "exchange",
        "zeeman": "exchange",
        "Gamma": "dynes",
        "gamma": "dynes",
        "broadening": "dynes",
        "T_c": "Tc",
        "Tc0": "Tc",
        "delta": "Delta",
        "gap": "Delta",
        "pair_potential": "Delta",
        "diffusion": "D",
        "nu": "N_F",
        "N0": "N_F",
        "tau_sf": "tau_so",
        "spin_hall": "theta",
        "swapping": "kappa",
        "alpha": "rashba",
        "beta": "dresselhaus",
        "impurity": "impurities",
        "microscopic": "impurities",
    }
    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["D"]}, {"required": ["impurities"]}]}
    )

    D: Annotated[Scalar, Quantity("diffusion constant", above=0, field=True)] | None = None
    """Diffusion constant, as ħD [energy·length²]; > 0. Required unless there are impurities."""
    N_F: Annotated[Scalar, Quantity("number", above=0, field=True)] | None = None
    """Density of states per spin, relative to that of the other materials; > 0. Absent: 1, and for materials
    given by impurities m p_F/2π² relative to that of the first of them."""
    exchange: _Exchange = (0.0, 0.0, 0.0)
    """Exchange or Zeeman field [hx, hy, hz] of the Hamiltonian −h·σ [energy]."""
    theta: Annotated[Scalar, Quantity("number", field=True)] | None = None
    """Spin Hall angle θ. Absent: 0."""
    kappa: Annotated[Scalar, Quantity("number", field=True)] | None = None
    """Spin swapping coefficient κ. Absent: 0."""
    tau_so: Annotated[Scalar, Quantity("time", above=0, field=True)] | None = None
    """Spin–orbit relaxation time, as τ_so/ħ [1/energy]; > 0. Absent: no relaxation."""
    impurities: Impurities | None = None
    """Microscopic parameters that D, theta, kappa and tau_so follow from; excludes these four."""
    Delta: PairPotential | None = None
    """Given pair potential: a number, an expression, or {abs =, phase =} [energy]. Excludes Tc."""
    Tc: Annotated[float, Quantity("temperature", above=0)] | None = None
    """Critical temperature of the bulk, as k_B T_c [energy]; Δ is then solved for. Excludes Delta."""
    dynes: Annotated[Scalar, Quantity("energy", least=0, field=True)] | None = None
    """Dynes broadening Γ in ε + iΓ [energy]; >= 0. Absent: that of [solve]."""
    rashba: Annotated[float, Quantity("inverse length")] = 0.0
    """Rashba spin–orbit coupling of the SU(2) vector potential [1/length]."""
    dresselhaus: Annotated[float, Quantity("inverse length")] = 0.0
    """Dresselhaus spin–orbit coupling of the SU(2) vector potential [1/length]."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        if data.get("Delta") is not None and data.get("Tc") is not None:
            received = f"Delta = {show(data['Delta'])} and Tc = {show(data['Tc'])}"
            yield Broken(
                ("Tc",), "must not stand beside Delta: Delta is given, Tc makes it self-consistent", received
            )
        if data.get("impurities") is None:
            if data.get("D") is None:
                yield Broken(("D",), "is required", "nothing", "or give impurities = {p_F = ..., ...}")
            return
        for key in ("D", "theta", "kappa", "tau_so"):
            if data.get(key) is not None:
                rule = "must not stand beside impurities, which it follows from"
                yield Broken((key,), rule, show(data[key]), "usadel-fem material prints its value")


def _conductance_needed(data: Mapping[str, Any], keys: Iterable[str]) -> Iterable[Broken]:
    rule = "must stand beside a conductance: a transparent contact filters no spin"
    for key in keys:
        value = data.get(key)
        absent = value is None or (isinstance(value, list | tuple) and not any(value))
        if not absent and data.get("conductance") is None:
            yield Broken((key,), rule, show(value))


def _at_most_full(polarisation: Triple) -> Iterable[Broken]:
    norm = math.hypot(*polarisation)
    if norm > 1 + 1e-12:
        yield Broken(
            ("polarisation",), "must have a norm <= 1", show(polarisation), f"its norm is {norm:.4g}"
        )


class Contact(Model):
    """How a terminal is attached: "transparent", a tunnel conductance, or a table."""

    conductance: _Conductance | None = None
    """Tunnel conductance per area [N_F D/length]; > 0. Absent: transparent."""
    polarisation: _Polarisation = (0.0, 0.0, 0.0)
    """Spin polarisation P·m of the conductance; |P| <= 1."""
    spin_mixing: _SpinMixing = (0.0, 0.0, 0.0)
    """Spin-mixing conductance G_φ·m per area [N_F D/length]."""

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if data == "transparent":
            return {}
        return {"conductance": data} if isinstance(data, numbers.Real | str) else data

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _conductance_needed(data, ("polarisation", "spin_mixing"))

    def _relations(self) -> Iterable[Broken]:
        yield from _at_most_full(self.polarisation)


class Terminal(Model):
    """A reservoir on a boundary of the mesh: normal, or superconducting with a given gap and phase.

    >>> Terminal(Delta=0.83, phase="pi/2", contact=0.5).contact.conductance
    0.5
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "h": "exchange",
        "delta": "Delta",
        "phi": "phase",
        "conductance": "contact",
        "V": "voltage",
        "bias": "voltage",
        "T": "temperature",
        "spin_accumulation": "spin_voltage",
        "pulse": "signal",
    }

    normal: StrictBool = False
    """A normal metal: true, or give Delta."""
    Delta: Annotated[float, Quantity("energy", least=0)] | None = None
    """Modulus of the gap of a superconducting terminal [energy]; >= 0."""
    phase: Annotated[float, Quantity("angle")] = 0.0
    """Phase of the superconducting terminal in radians."""
    exchange: Annotated[Triple, Vector(Quantity("energy"), hint="components along x, y and z")] = (
        0.0,
        0.0,
        0.0,
    )
    """Exchange field of the reservoir [energy]."""
    contact: Contact = Contact()
    """ "transparent", a tunnel conductance per area, or {conductance =, polarisation =, spin_mixing =}."""
    voltage: Annotated[float, Quantity("voltage")] = 0.0
    """Voltage of a normal terminal, as eV [energy]; needs kind = "nonequilibrium"."""
    floating: StrictBool = False
    """Let the voltage of a normal terminal follow from no charge current flowing: a voltage probe."""
    temperature: Annotated[float, Quantity("temperature", above=0)] | None = None
    """Temperature of the reservoir, as k_B T [energy]. Absent: that of [solve]."""
    spin_voltage: Annotated[Triple, Vector(Quantity("voltage"), hint="components along x, y and z")] = (
        0.0,
        0.0,
        0.0,
    )
    """Spin voltage [Vx, Vy, Vz]: spins along its direction sit at +|V_s|, the others at −|V_s| [energy]."""
    signal: TimeSignal | None = None
    """Expression of the time t that multiplies voltage and spin_voltage: "sin(3*t)", "1 if t < 2 else 0".
    Needs [solve.time]."""

    def _relations(self) -> Iterable[Broken]:
        if self.voltage and self.Delta:
            rule = "must be 0 where Delta > 0: a superconductor at a voltage is not stationary"
            yield Broken(("voltage",), rule, show(self.voltage), "put the voltage on the normal terminals")
        if self.floating and (self.voltage or self.Delta):
            rule = "must stand at a normal terminal without a voltage: the voltage is what is found"
            yield Broken(("floating",), rule, "true")
        (hx, hy, hz), (vx, vy, vz) = self.exchange, self.spin_voltage
        across = math.hypot(hy * vz - hz * vy, hz * vx - hx * vz, hx * vy - hy * vx)
        if across > 1e-9 * math.hypot(hx, hy, hz) * math.hypot(vx, vy, vz):
            rule = "must be parallel to the exchange field of the terminal: spins across it precess"
            yield Broken(("spin_voltage",), rule, show(self.spin_voltage))

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        normal, gap = data.get("normal"), data.get("Delta")
        if normal is True and gap is not None:
            rule = "must not stand beside normal = true: a terminal is normal or superconducting"
            yield Broken(("Delta",), rule, show(gap))
        if gap is None and normal in (None, False):
            rule = "must be either normal = true or have a Delta"
            yield Broken((), rule, show(dict(data)), "write normal = true, or Delta = ... and phase = ...")
        if normal is True and gap is None and data.get("phase") not in (None, 0, 0.0):
            yield Broken(
                ("phase",), "must stand beside a Delta: a normal terminal has no phase", show(data["phase"])
            )


class Interface(Model):
    """A named interface inside the mesh."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "G": "conductance",
        "contact": "conductance",
        "P": "polarisation",
    }

    conductance: _Conductance | None = None
    """Tunnel conductance per area [N_F D/length]; > 0. Absent: transparent."""
    polarisation: _Polarisation = (0.0, 0.0, 0.0)
    """Spin polarisation P·m of the conductance; |P| <= 1."""
    spin_mixing: _SpinMixing = (0.0, 0.0, 0.0)
    """Spin-mixing conductance G_φ·m per area [N_F D/length]."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _conductance_needed(data, ("polarisation",))

    def _relations(self) -> Iterable[Broken]:
        yield from _at_most_full(self.polarisation)


class Field(Model):
    """A magnetic field or a vector potential."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "A": "vector_potential",
        "b": "B",
        "potential": "vector_potential",
    }

    B: (
        Annotated[
            float | Triple,
            Vector(Quantity("magnetic field"), scalar=True, hint="components along x, y and z"),
        ]
        | None
    ) = None
    """Uniform field, as eB/ħ [1/length²]: one number, along the normal of the mesh plane, or [Bx, By, Bz]."""
    vector_potential: (
        Annotated[tuple[Scalar, Scalar, Scalar], Vector(Quantity("vector potential", field=True))] | None
    ) = None
    """Vector potential, as eA/ħ [1/length]: [Ax, Ay, Az], each a number or an expression."""
    gauge: Literal["symmetric", "landau_x", "landau_y"] = "symmetric"
    """Gauge in which a uniform B is written."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        uniform, potential = data.get("B"), data.get("vector_potential")
        if uniform is not None and potential is not None:
            received = f"B = {show(uniform)} and vector_potential = {show(potential)}"
            yield Broken(("vector_potential",), "must not stand beside B: give one of the two", received)
        if uniform is None and potential is None:
            yield Broken((), "must have B or vector_potential", show(dict(data)))
        if uniform is None and potential is not None and data.get("gauge", "symmetric") != "symmetric":
            yield Broken(
                ("gauge",), "must stand beside B: a vector potential is its own gauge", show(data["gauge"])
            )


class Vortex(Model):
    """A vortex in the phase the pair potential starts from."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {"position": "at", "n": "winding", "charge": "winding"}

    at: Annotated[tuple[float, float], Vector(Quantity("length"), least=2, most=2, hint="mesh coordinates")]
    """Position of the core in mesh coordinates [length]."""
    winding: StrictInt
    """Turns of the phase around the core: a whole number other than 0."""
    pinned: StrictBool = True
    """Whether self-consistency keeps the core in place."""

    def _relations(self) -> Iterable[Broken]:
        if self.winding == 0:
            yield Broken(("winding",), "must not be 0", "0")
