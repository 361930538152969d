"""What impurities make of a material, in words: the table of `usadel-fem material`, and its warnings."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from usadel_fem.case import Case, Impurities, Units
from usadel_fem.case.base import dotted
from usadel_fem.case.checks import largest_gap
from usadel_fem.case.expressions import Expression, Scalar, evaluate
from usadel_fem.case.quantities import UnitSystem, units_of_case
from usadel_fem.case.units import DIMENSIONS, to_reduced
from usadel_fem.device import Device, build_device
from usadel_fem.errors import CaseError, Problem, did_you_mean, show
from usadel_fem.materials import relative_states, scattering
from usadel_fem.physics.microscopics import Ratio, Scattering, regime
from usadel_fem.physics.nambu import Real

__all__ = ["MaterialReport", "device_reports", "plain_report", "report_of_table", "reports_of"]

_TABLE = "--impurities"


@dataclass(frozen=True)
class MaterialReport:
    """One material given by its impurities, with everything that follows from them.

    Attributes:
        key: dotted key, or a title where there is no case.
        given: the parameters as written.
        scattering: coefficients at the nodes of the material's regions; at one point where nothing varies.
        units: base units, None for reduced numbers.
        states: N_F in the unit of the case, at the same points.
        gap: the largest gap of the case, 0 where nothing superconducts.
    """

    key: str
    given: Impurities
    scattering: Scattering
    units: UnitSystem | None
    states: Real | None = None
    gap: float = 0.0

    @property
    def coherence(self) -> Real | None:
        """ξ = √(D/Δ) of the largest gap."""
        return np.sqrt(self.scattering.D / self.gap) if self.gap else None

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The conditions of the paper, where they are worst."""
        return regime(self.scattering, self.coherence)

    @property
    def warnings(self) -> list[str]:
        """One line per condition that fails."""
        return [f"{self.key}: {ratio}" for ratio in self.ratios if not ratio.ok]

    def brief(self) -> str:
        """One line for `usadel-fem check`."""
        s = self.scattering
        numbers = {
            "D": s.D, "theta": s.theta, "kappa": s.kappa, "tau_so": _inverse(s.relaxation_rate),
            "N_F": s.N_F if self.states is None else self.states, "l": s.l,
        }  # fmt: skip
        return ", ".join(f"{name} = {_range(value)}" for name, value in numbers.items())

    def __str__(self) -> str:
        rows = {**self._given_rows(), **self._derived_rows()}
        width = max(map(len, rows)) + 2
        lines = [self.key, *(f"  {name:<{width}}{text}" for name, text in rows.items())]
        lines += ["  regime", *(f"    {ratio}" for ratio in self.ratios)]
        if self.coherence is None:
            lines.append("    xi / l: no gap is known here, so there is no coherence length to compare with")
        return "\n".join(lines)

    def _given_rows(self) -> Mapping[str, str]:
        s = self.scattering
        rows = {
            "p_F": self._in(s.p_F, "inverse length"),
            "v_F": self._in(s.v_F, "velocity", "m/s"),
            "m": self._in(s.m, "mass", "m_e"),
            "n_im": self._in(s.n_im, "number density", "cm^-3"),
            "a": f"{self._in(s.a, 'length')}, p_F a = {_range(s.p_F * s.a)}",
            "B": self._in(s.vertex, "vertex"),
            "lambda": self._in(s.length, "length"),
        }
        if self.given.B is not None:
            rows["lambda"] += " (|lambda^2| = |B| / p_F^2 t_0)"
        else:
            rows["B"] += " (lambda^2 p_F^2 t_0)"
        return rows

    def _derived_rows(self) -> Mapping[str, str]:
        s = self.scattering
        spin_time = _inverse(s.relaxation_rate)
        rows = {
            "tau": self._in(s.tau, "time", "fs"),
            "l": self._in(s.l, "length"),
            "D": self._in(s.D, "diffusion constant", "cm^2/s"),
            "N_F": self._states(),
            "theta": _sum(s.theta, ("skew", s.skew), ("side jump", s.side_jump)),
            "kappa": _sum(s.kappa, ("local", s.local), ("nonlocal", s.nonlocal_)),
            "tau_so": self._in(spin_time, "time", "ps"),
            "sqrt(D tau_so)": self._in(np.sqrt(s.D * spin_time), "length"),
        }
        if self.coherence is not None:
            gap = f"Delta = {self.gap:.4g}{_unit('energy', self.units)}, the largest gap of the case"
            rows["xi"] = f"{self._in(self.coherence, 'length')} = sqrt(D / Delta), {gap}"
        return rows

    def _states(self) -> str:
        unit = " per energy and length^3" if self.units is None else " {}^-1 {}^-3".format(*self.units)
        relative = "" if self.states is None else f"; relative, as the case uses it: {_range(self.states)}"
        return f"{_range(self.scattering.N_F)}{unit}{relative}"

    def _in(self, values: Real, dimension: str, other: str = "") -> str:
        """Values in the units of the case and, where these are known, in another unit."""
        text = f"{_range(values)}{_unit(dimension, self.units)}"
        if self.units is None or not other:
            return text
        return f"{text} = {_range(values / to_reduced(f'1 {other}', dimension, *self.units))} {other}"


def device_reports(device: Device, names: Collection[str] = ()) -> list[MaterialReport]:
    """Reports on the materials of a case that are given by their impurities.

    Args:
        names: materials to report on; none for all.

    Raises:
        CaseError: a name that is no such material.
    """
    case = device.case
    known = [name for name, material in case.material.items() if material.impurities is not None]
    problems = [_unknown(name, known, name in case.material) for name in names if name not in known]
    if problems:
        raise CaseError(problems)
    return [_device_report(device, name) for name in names or known]


def reports_of(case: Case, names: Collection[str] = ()) -> list[MaterialReport]:
    """Reports on a case, its mesh loaded for what depends on position.

    Raises:
        CaseError: the case and its mesh do not fit, a wrong name, or no material given by its impurities.
    """
    if all(material.impurities is None for material in case.material.values()):
        rule = "must have a material that is given by impurities"
        hint = "write impurities = {p_F = ..., ...} instead of D, theta, kappa and tau_so"
        raise CaseError([Problem("material", rule, "none", hint)])
    return device_reports(build_device(case), names)


def report_of_table(text: str, energy: str | None, length: str | None) -> MaterialReport:
    """A report on impurities written as a TOML table, with the base units of its plain numbers.

    Raises:
        CaseError: no table, one unit without the other, wrong units or parameters.

    >>> report_of_table("{p_F = 13.6, v_F = 900, n_im = 0.05, a = inf, B = 0.1}", None, None).brief()
    'D = 8.831e+04, theta = 0.002181, kappa = -1.634e-06, tau_so = 3.44e+04, N_F = 0.01041, l = 294.4'
    """
    system = _units(energy, length)
    hint = "add --energy-unit and --length-unit, such as meV and nm"
    try:
        with units_of_case(system, hint=hint):
            return plain_report(Impurities.model_validate(_table(text)), system)
    except CaseError as error:
        raise CaseError(problem.within(_TABLE) for problem in error.problems) from None


def _units(energy: str | None, length: str | None) -> UnitSystem | None:
    if energy is None and length is None:
        return None
    if energy is None or length is None:
        given, other = (
            ("--length-unit", "--energy-unit") if energy is None else ("--energy-unit", "--length-unit")
        )
        raise CaseError([Problem("", f"must stand beside {other}", file=given)])
    try:
        Units(energy=energy, length=length)
    except CaseError as error:
        raise CaseError(replace(p, key="", file=f"--{p.key}-unit") for p in error.problems) from None
    return energy, length


def _table(text: str) -> object:
    try:
        parsed = tomllib.loads(f"value = {text}\n")
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    if list(parsed) != ["value"]:
        rule, hint = "must be a TOML table in one line", "such as '{p_F = 13.6, v_F = 900, ...}'"
        raise CaseError([Problem("", rule, text[:80] or "nothing", hint)])
    return parsed["value"]


def plain_report(given: Impurities, units: UnitSystem | None) -> MaterialReport:
    """A report on impurities without a case around them.

    Raises:
        CaseError: a parameter that depends on position.

    >>> given = Impurities(p_F=13.6, v_F=900.0, n_im=0.05, a=0.04, B=0.1)
    >>> plain_report(given, None).brief()
    'D = 3.867e+05, theta = 0.002181, kappa = 0.004008, tau_so = 3.44e+04, N_F = 0.01041, l = 1289'
    """
    if given.varies:
        rule = "must be numbers here: without a case there is no mesh for expressions of position"
        raise CaseError([Problem("", rule)])
    return MaterialReport("impurities", given, scattering(given, _number), units)


def _number(value: Scalar) -> Real:
    assert isinstance(value, float)
    return np.array([value])


def _device_report(device: Device, name: str) -> MaterialReport:
    case, space = device.case, device.space
    material = case.material[name]
    assert material.impurities is not None
    elements = [e for region, e in device.mesh.regions.items() if case.region[region] == name]
    nodes = np.unique(space.element_nodes(np.concatenate(elements))) if elements else np.arange(space.size)
    position = space.nodes[nodes].T

    def at(value: Scalar) -> Real:
        return evaluate(value, position, space.axes)

    return MaterialReport(
        dotted(("material", name)),
        material.impurities,
        scattering(material.impurities, at),
        case.unit_system,
        relative_states(material, at, case),
        _largest_gap(device),
    )


def _largest_gap(device: Device) -> float:
    """Of materials and terminals, also where it depends on position."""
    given = [m.Delta.abs for m in device.case.material.values() if m.Delta is not None]
    if not any(isinstance(value, Expression) for value in given):
        return largest_gap(device.case)
    x, element = device.space.points
    return max(largest_gap(device.case), float(np.abs(device.coefficient("Delta", x, element)).max()))


def _unknown(name: str, known: list[str], elsewhere: bool) -> Problem:
    if elsewhere:
        hint = "it is given by D, not by impurities"
    else:
        hint = did_you_mean(name, known) or f"such materials: {', '.join(known) or 'none'}"
    return Problem("", "must name a material that is given by impurities", show(name), hint)


def _range(values: Real) -> str:
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:.4g}" if np.isclose(low, high, rtol=1e-12, atol=0.0) else f"{low:.4g} to {high:.4g}"


def _sum(total: Real, *parts: tuple[str, Real]) -> str:
    return f"{_range(total)} = " + " + ".join(f"{_range(value)} ({name})" for name, value in parts)


def _inverse(rate: Real) -> Real:
    """The time of a rate, inf where there is none."""
    return np.divide(1.0, rate, out=np.full_like(rate, np.inf), where=rate > 0)


def _unit(dimension: str, units: UnitSystem | None) -> str:
    """The base unit of a dimension, such as `` meV nm^2``; nothing in reduced numbers."""
    if units is None:
        return ""
    _, *powers = DIMENSIONS[dimension]
    words = zip(units, powers, strict=True)
    return "".join(f" {unit}" + (f"^{power}" if power != 1 else "") for unit, power in words if power)
