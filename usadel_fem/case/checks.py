"""Checks across sections: names that must exist, keys that need each other, the case against its mesh."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt
from pydantic.fields import FieldInfo

from ..errors import CaseError, Problem, did_you_mean, show
from .base import Broken, Model, dotted
from .expressions import Expression, Scalar, evaluate
from .quantities import Quantity, Vector

if TYPE_CHECKING:
    from .models import Case

__all__ = ["check_fields", "check_names", "check_values", "largest_gap", "section_rules"]

BCS_RATIO = 1.764
"""Δ(T = 0) over k_B T_c in the bulk, to four digits."""


def section_rules(data: Mapping[str, Any]) -> Iterator[Broken]:
    """Rules between sections, told from the raw input: they speak even when values are wrong."""
    materials = _table(data.get("material"))
    yield from _region_rules(_table(data.get("region")), materials)
    if materials:
        yield from _gap_rules(data.get("solve"), materials)
        yield from _vortex_rules(data.get("vortex"), materials)
    yield from _field_rules(data.get("field"), data.get("mesh"))
    yield from _bias_rules(data.get("solve"), _table(data.get("terminal")))
    yield from _time_rules(data.get("solve"), materials, _table(data.get("terminal")))


def check_names(
    case: Case, regions: Collection[str], boundaries: Collection[str], interfaces: Collection[str]
) -> list[Problem]:
    """Names of the case against those of its mesh.

    Parameters
    ----------
    regions, boundaries, interfaces : the names in the mesh

    Returns
    -------
    one problem per name that is missing on either side; a boundary without a terminal is vacuum, an interface
    without an entry is transparent
    """
    kinds = {"region": regions, "boundary": boundaries, "interface": interfaces}
    problems: list[Problem] = []
    for section, kind in (("region", "region"), ("terminal", "boundary"), ("interface", "interface")):
        for name in getattr(case, section):
            if name not in kinds[kind]:
                hint = (
                    _where_else(name, kind, kinds)
                    or did_you_mean(name, kinds[kind])
                    or _names(kind, kinds[kind])
                )
                problems.append(
                    Problem(dotted((section, name)), f"must name {_A[kind]} of the mesh", show(name), hint)
                )
    for name in sorted(set(regions) - set(case.region)):
        hint = f'add {dotted((name,))} = "MATERIAL" under [region]'
        problems.append(
            Problem(
                "region", "must give every region of the mesh a material", f"nothing for {show(name)}", hint
            )
        )
    return problems


def check_fields(case: Case, known: Iterable[str]) -> list[Problem]:
    """Names in ``output.fields`` that are not among the fields a run can write."""
    names = sorted(known)
    return [
        Problem(
            f"output.fields[{index}]",
            "must name a field",
            show(name),
            did_you_mean(name, names) or _names("field", names),
        )
        for index, name in enumerate(case.output.fields or ())
        if name not in names
    ]


def check_values(
    case: Case, region: str, position: npt.ArrayLike, axes: Sequence[int] = (0, 1)
) -> list[Problem]:
    """Expressions of a region's material where they will be used: finite and within bounds.

    Parameters
    ----------
    region : region whose material is checked
    position : (3, ...) points of that region, physical coordinates
    axes : physical axes of the mesh coordinates
    """
    name = case.region[region]
    problems = []
    for key, quantity, value in _scalars(case.material[name], ("material", name)):
        if isinstance(value, Expression):
            problems += _check_expression(key, quantity, value, np.asarray(position, dtype=float), axes)
    return problems


def largest_gap(case: Case) -> float:
    """The largest constant gap [energy]: |Δ| of materials and terminals, 1.764 k_B T_c; 0 without any."""
    gaps = [terminal.Delta or 0.0 for terminal in case.terminal.values()]
    for material in case.material.values():
        gaps.append(BCS_RATIO * (material.Tc or 0.0))
        if material.Delta is not None and not isinstance(material.Delta.abs, Expression):
            gaps.append(material.Delta.abs)
    return max(gaps, default=0.0)


_A = {"region": "a region", "boundary": "a boundary", "interface": "an interface"}
_SECTION = {"region": "region", "boundary": "terminal", "interface": "interface"}


def _where_else(name: str, kind: str, kinds: Mapping[str, Collection[str]]) -> str:
    for other, names in kinds.items():
        if other != kind and name in names:
            return f"it is {_A[other]} of the mesh: write {dotted((_SECTION[other], name))}"
    return ""


def _names(kind: str, names: Collection[str]) -> str:
    return f"known {kind} names: {', '.join(sorted(names))}" if names else f"there is no {kind} with a name"


def _check_expression(
    key: str, quantity: Quantity, value: Expression, position: npt.NDArray[np.float64], axes: Sequence[int]
) -> list[Problem]:
    try:
        values = evaluate(value, position, axes, key)
    except CaseError as exc:
        return list(exc.problems)
    extremes = [
        values.min(initial=np.inf),
        values.max(initial=-np.inf),
        *values[values == quantity.other_than],
    ]
    wrong = [number for number in extremes if np.isfinite(number) and not quantity.allows(float(number))]
    rule = f"must be{quantity.bounds()} everywhere in its region"
    return [Problem(key, rule, show(value.text), f"it takes the value {wrong[0]:g}")] if wrong else []


def _scalars(model: Model, where: tuple[str, ...]) -> Iterator[tuple[str, Quantity, Scalar]]:
    for attribute, field in type(model).model_fields.items():
        name, value = field.alias or attribute, getattr(model, attribute)
        if isinstance(value, Model):
            yield from _scalars(value, (*where, name))
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                yield f"{dotted((*where, name))}[{index}]", _quantity(field), entry
        elif value is not None:
            yield dotted((*where, name)), _quantity(field), value


def _quantity(field: FieldInfo) -> Quantity:
    """The annotation of a key, also where the key may be absent."""
    optional = [item for arg in get_args(field.annotation) for item in getattr(arg, "__metadata__", ())]
    for item in (*field.metadata, *optional):
        if isinstance(item, Quantity | Vector):
            return item.entry if isinstance(item, Vector) else item
    return Quantity()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _given(section: object, key: str) -> Any:
    return section.get(key) if isinstance(section, Mapping) else getattr(section, key, None)


def _region_rules(regions: Mapping[str, Any], materials: Mapping[str, Any]) -> Iterator[Broken]:
    for region, material in regions.items():
        if isinstance(material, str) and material and material not in materials:
            hint = did_you_mean(material, materials) or _names("material", materials)
            yield Broken(("region", region), "must name a material of the case", show(material), hint)


def _gap_rules(solve: object, materials: Mapping[str, Any]) -> Iterator[Broken]:
    kind, wanted = _given(solve, "kind"), _given(solve, "self_consistent") is True
    unsolved = [name for name, material in materials.items() if _given(material, "Tc") is not None]
    if (
        unsolved
        and not wanted
        and kind in ("spectrum", "equilibrium", "nonequilibrium")
        and _given(solve, "critical_temperature") is not True
    ):
        received = f"Tc of {', '.join(unsolved)}, and a pair potential left unknown"
        hint = "write self_consistent = true, or give Delta instead of Tc"
        yield Broken(("solve", "self_consistent"), "must be true when a material has Tc", received, hint)
    for key in ("self_consistent", "critical_temperature"):
        if _given(solve, key) is True and not unsolved:
            yield Broken(("solve", key), "must stand beside a material with Tc", "true", "no material has Tc")


def _vortex_rules(vortices: object, materials: Mapping[str, Any]) -> Iterator[Broken]:
    superconducting = any(
        _given(item, key) is not None for item in materials.values() for key in ("Delta", "Tc")
    )
    if vortices and not superconducting:
        yield Broken(
            ("vortex",),
            "must stand beside a material with Delta or Tc",
            show(vortices),
            "no material superconducts",
        )


def _bias_rules(solve: object, terminals: Mapping[str, Any]) -> Iterator[Broken]:
    kind = _given(solve, "kind")
    for name, terminal in terminals.items():
        for key in ("voltage", "floating", "temperature", "spin_voltage"):
            value = _given(terminal, key)
            absent = not any(value) if isinstance(value, list | tuple) else value in (None, 0.0)
            if kind not in ("spectrum", "equilibrium") or absent:
                continue
            hint = f'terminals of kind = "{kind}" are in equilibrium with the device'
            rule = 'must stand beside kind = "nonequilibrium"'
            yield Broken(("terminal", name, key), rule, show(value), hint)
    if terminals and all(_given(terminal, "floating") is True for terminal in terminals.values()):
        rule = "must leave one terminal at a voltage: the others are counted from it"
        yield Broken(("terminal",), rule, "floating = true at all of them")
    if _given(solve, "self_consistent") is True:
        for name, terminal in terminals.items():
            if _given(terminal, "floating") is True:
                rule = "must not stand beside self_consistent = true"
                yield Broken(("terminal", name, "floating"), rule, "true", "give the voltage instead")


def _time_rules(
    solve: object, materials: Mapping[str, Any], terminals: Mapping[str, Any]
) -> Iterator[Broken]:
    if _given(solve, "time") is None:
        for name, terminal in terminals.items():
            if _given(terminal, "signal") is not None:
                hint = "add stop = ... under [solve.time]"
                rule = "must stand beside [solve.time]"
                yield Broken(("terminal", name, "signal"), rule, show(_given(terminal, "signal")), hint)
        return
    rule = "must not stand beside [solve.time]: only the normal state is followed in time"
    for section, table in (("material", materials), ("terminal", terminals)):
        for name, item in table.items():
            for key in ("Delta", "Tc"):
                if _given(item, key) is not None:
                    yield Broken((section, name, key), rule, show(_given(item, key)))
    rule = "must not stand beside [solve.time]: charge and spin do not depend on temperature"
    for name, terminal in terminals.items():
        if _given(terminal, "temperature") is not None:
            yield Broken(("terminal", name, "temperature"), rule, show(_given(terminal, "temperature")))
        if _given(terminal, "floating") is True:
            hint = "a weak tunnel contact and a small region behind it follow the potential of the device"
            yield Broken(("terminal", name, "floating"), "must not stand beside [solve.time]", "true", hint)


def _field_rules(field: object, mesh: object) -> Iterator[Broken]:
    uniform, axes = _given(field, "B"), _given(mesh, "axes")
    if isinstance(uniform, int | float | str) and isinstance(axes, list | tuple) and len(axes) != 2:
        rule = "must be [Bx, By, Bz]: only a two-dimensional mesh has a normal"
        yield Broken(("field", "B"), rule, show(uniform), f"mesh.axes names {len(axes)}")
