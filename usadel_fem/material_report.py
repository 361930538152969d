"""Reports on materials given by their impurities: those of a device, of a case, of a table by itself."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from usadel_fem.case import Case, Impurities, Units
from usadel_fem.case.base import dotted
from usadel_fem.case.checks import largest_gap
from usadel_fem.case.expressions import Expression, Scalar, evaluate
from usadel_fem.case.quantities import UnitSystem, units_of_case
from usadel_fem.device import Device, build_device
from usadel_fem.errors import CaseError, Problem, did_you_mean, show
from usadel_fem.material_table import MaterialReport, ResonanceReport
from usadel_fem.materials import At, relative_states, resonance_of, scattering
from usadel_fem.physics.nambu import Real

__all__ = ["device_reports", "plain_report", "report_of_table", "reports_of"]

_TABLE = "--impurities"


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
    """Reports on a case, its mesh loaded for what depends on position; also on a case that cannot be solved
    because a material stands at a resonance and is given by λ.

    Raises:
        CaseError: the case and its mesh do not fit, a wrong name, or no material given by its impurities.
    """
    if all(material.impurities is None for material in case.material.values()):
        rule = "must have a material that is given by impurities"
        hint = "write impurities = {p_F = ..., ...} instead of D, theta, kappa and tau_so"
        raise CaseError([Problem("material", rule, "none", hint)])
    return device_reports(build_device(case, unbounded=True), names)


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

    Beside λ, a = ±inf has a `ResonanceReport`.

    Raises:
        CaseError: a parameter that depends on position.

    >>> given = Impurities(p_F=13.6, v_F=900.0, n_im=0.05, a=0.04, B=0.1)
    >>> plain_report(given, None).brief()
    'D = 3.867e+05, theta = 0.002181, kappa = 0.004008, tau_so = 3.44e+04, N_F = 0.01041, l = 1289'
    """
    if given.varies:
        rule = "must be numbers here: without a case there is no mesh for expressions of position"
        raise CaseError([Problem("", rule)])
    return _report("impurities", given, _number, units)


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

    key, states = dotted(("material", name)), relative_states(material, at, case)
    h = np.linalg.norm([at(component) for component in material.exchange], axis=0)
    return _report(key, material.impurities, at, case.unit_system, states, _largest_gap(device), h)


def _report(
    key: str,
    given: Impurities,
    at: At,
    units: UnitSystem | None,
    states: Real | None = None,
    gap: float = 0.0,
    exchange: Real | None = None,
) -> MaterialReport:
    if given.unbounded:
        limit = resonance_of(given, at)
        if not limit.values.finite:  # it is where an expression for λ vanishes everywhere
            return ResonanceReport(key, given, limit.values, units, states, gap, exchange, slope=limit.slope)
    return MaterialReport(key, given, scattering(given, at), units, states, gap, exchange)


def _largest_gap(device: Device) -> float:
    """Of materials and terminals, also where it depends on position."""
    given = [m.Delta.abs for m in device.case.material.values() if m.Delta is not None]
    if not any(isinstance(value, Expression) for value in given):
        return largest_gap(device.case)
    return max(largest_gap(device.case), *(float(np.abs(p["Delta"]).max()) for p in device.pieces()))


def _unknown(name: str, known: list[str], elsewhere: bool) -> Problem:
    if elsewhere:
        hint = "it is given by D, not by impurities"
    else:
        hint = did_you_mean(name, known) or f"such materials: {', '.join(known) or 'none'}"
    return Problem("", "must name a material that is given by impurities", show(name), hint)
