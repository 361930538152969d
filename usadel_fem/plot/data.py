"""From a solution to what can be drawn: fields at one energy or time, and their real parts by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from usadel_fem.case.expressions import evaluate
from usadel_fem.errors import CaseError, Problem, did_you_mean
from usadel_fem.labelled import Observable
from usadel_fem.plot import labels
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

Real = NDArray[np.float64]
Kind = Literal["sequential", "diverging", "cyclic"]

AXES = "xyz"
NOTHING = 1e-6
"""Parts smaller than this, relative to the largest, are not drawn."""

REST = 1e-7
"""Currents smaller than this, relative to what D and the size of the device would give, are rounding."""

POINTWISE = ("local_gap",)
"""Numbers found node by node: straight lines between nodes, not parabolas, lead from one to the next."""

POSITIVE = ("dos", "dos_up", "dos_down", "local_gap", "Delta_abs", "printed_defect")


@dataclass(frozen=True)
class Field:
    """A field on the mesh, or along a probe.

    Attributes:
        name: of the quantity.
        values: axes are the series, if there is one, the places, and the components, if there are any.
        at: "node", "cell", "point" of a probe, or "corner": places are then (cell, node of the cell), for
            what jumps between cells.
        unit: as in `Observable`.
        series: "energy", "time" or "".
        vector: whether the last axis has the components x, y, z.
    """

    name: str
    values: NDArray[Any]
    at: str
    unit: str
    series: str = ""
    vector: bool = False


@dataclass(frozen=True)
class Part:
    """Real numbers to draw: (places,), or (steps, places), with a label that has their unit.

    `short` is the label without the unit.
    """

    label: str
    short: str
    values: Real
    kind: Kind


@dataclass(frozen=True)
class Series:
    """The axis of energies or times: values as they are shown, symbol and unit."""

    values: Real
    symbol: str
    unit: str

    @property
    def label(self) -> str:
        return labels.with_unit(self.symbol, self.unit)

    def text(self, step: int) -> str:
        """One of them in words.

        >>> Series(np.array([0.25]), "$t$", "ps").text(0)
        '$t$ = 0.25 ps'
        """
        return f"{self.symbol} = {self.values[step]:.4g} {self.unit}".rstrip()


def observable(solution: Solution, name: str) -> Observable | None:
    """An array of the solution by its name; None for mappings and what is not there."""
    found = solution.observables.get(name)
    return found if isinstance(found, Observable) else None


def mapping(solution: Solution, name: str) -> Mapping[str, Observable]:
    """What the solution has under a name for each terminal, probe or axis; may be empty."""
    found = solution.observables.get(name)
    return found if isinstance(found, Mapping) else {}


def field(solution: Solution, name: str) -> Field:
    """A field on nodes or cells.

    Raises:
        KeyError: if there is none of this name.
    """
    if name == "exchange":
        return _exchange(solution)
    found = observable(solution, name)
    if found is None or found.at not in ("node", "cell"):
        raise KeyError(name)
    return as_field(name, found, found.at)


def as_field(name: str, values: Observable, at: str) -> Field:
    """A labelled array with its axes in the order of `Field`."""
    series = next((s for s in ("energy", "time") if s in values.dims), "")
    vector = "component" in values.dims
    order = [d for d in (series, at, "component") if d in values.dims]
    array = np.asarray(values).transpose([values.dims.index(d) for d in order])
    return Field(name, array, at, values.unit, series, vector)


def _exchange(solution: Solution) -> Field:
    """The exchange field of the case at the nodes of every cell: it may jump between materials."""
    mesh = solution.mesh
    found = np.zeros((*mesh.cells.shape, 3))
    for number, region in enumerate(mesh.region_names):
        inside = mesh.cell_region == number
        position = np.moveaxis(mesh.nodes[mesh.cells[inside]], -1, 0)
        for k, h in enumerate(solution.case.material_of(region).exchange):
            found[inside, :, k] = evaluate(h, position, plane_axes(solution))
    return Field("exchange", found, "corner", "energy", vector=True)


def plane_axes(solution: Solution) -> tuple[int, ...]:
    """Physical axes of the mesh, rising: the case's, or those along which the nodes differ."""
    count = {"l": 1, "t": 3 if "tetra" in solution.cell_type else 2}[solution.cell_type[0]]
    extent = np.ptp(solution.nodes, axis=0)
    return tuple(sorted(np.argsort(-extent, kind="stable")[:count].tolist()))


def series(solution: Solution, kind: str) -> Series:
    """The energies or times of a solution."""
    case = solution.case
    if kind == "time":
        scale, unit = labels.time_scale(case)
        return Series(solution.times * scale, "$t$", unit)
    imaginary = bool(np.any(solution.energies.real == 0)) and not np.any(solution.energies.real)
    imaginary = imaginary and len(solution.energies) > 0 and not case.solve.real_energies
    values = solution.energies.imag if imaginary else solution.energies.real
    return Series(values, r"$\omega$" if imaginary else r"$\varepsilon$", labels.unit(case, "energy"))


def step_of(solution: Solution, kind: str, options: Options) -> int:
    """The number of the energy or time that a field is shown at.

    Raises:
        CaseError: if what is asked for lies outside of what was solved.
    """
    axis = series(solution, kind)
    if options.step is not None:
        return options.step
    wanted = options.time if kind == "time" else options.energy
    if wanted is None:
        return len(axis.values) - 1 if kind == "time" else int(np.argmin(np.abs(axis.values)))
    low, high = float(axis.values.min()), float(axis.values.max())
    if not low - 1e-9 * (high - low) <= wanted <= high + 1e-9 * (high - low):
        rule = f"must lie between {low:.6g} and {high:.6g} {axis.unit}"
        raise CaseError([Problem(kind, rule, f"{wanted:g}", file="plot")])
    return int(np.argmin(np.abs(axis.values - wanted)))


def at_step(solution: Solution, field_: Field, options: Options) -> tuple[Field, str]:
    """A field at one energy or time, and which in words."""
    if not field_.series:
        return field_, ""
    step = step_of(solution, field_.series, options)
    text = series(solution, field_.series).text(step)
    return replace(field_, values=field_.values[step], series=""), text


def parts(solution: Solution, field_: Field, options: Options, every: bool = False) -> list[Part]:
    """Real and imaginary parts and components, without those that vanish (unless `every` one is wanted).

    The label of what is left out of a vector of one component is kept, so that it is never misread.
    """
    found: list[Part] = []
    for axis, values in _components(field_, options.axis):
        for part, numbers in _real_parts(values, options.part):
            text = labels.label(solution.case, field_.name, field_.unit, axis, part)
            short = labels.label(solution.case, field_.name, "", axis, part)
            found.append(Part(text, short, numbers, _kind(field_.name, axis, options.axis)))
    most = max((largest(p.values) for p in found), default=0.0)
    kept = [p for p in found if every or largest(p.values) > NOTHING * most]
    return kept or found[:1]


def _components(field_: Field, wanted: str) -> Iterator[tuple[str, NDArray[Any]]]:
    if not field_.vector:
        yield "", field_.values
    elif wanted == "abs":
        yield "", modulus(field_.values)
    else:
        for k, axis in enumerate(AXES):
            if wanted in ("", axis):
                yield axis, field_.values[..., k]


def _real_parts(values: NDArray[Any], wanted: str) -> Iterator[tuple[str, Real]]:
    if not np.iscomplexobj(values):
        yield "", values.astype(float)
        return
    for part, numbers in (("re", values.real), ("im", values.imag)):
        if wanted in ("", part):
            yield part, numbers


def _kind(name: str, axis: str, wanted: str) -> Kind:
    if name == "Delta_phase":
        return "cyclic"
    return "sequential" if name in POSITIVE or (not axis and wanted == "abs") else "diverging"


def modulus(vectors: NDArray[Any]) -> Real:
    """√Σ|v|² over the last axis."""
    return np.asarray(np.sqrt((np.abs(vectors) ** 2).sum(axis=-1)))


def largest(values: NDArray[Any]) -> float:
    """The largest modulus of the finite numbers; 0 where there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def wave(solution: Solution, phase: Real) -> NDArray[np.complex128]:
    """|Δ|e^{iφ} (..., N) instead of a phase: that can be interpolated where the phase jumps by 2π."""
    size = observable(solution, "Delta_abs")
    weight = 1.0 if size is None else np.asarray(size, dtype=float)
    return np.asarray(weight * np.exp(1j * phase))


def vanishes(solution: Solution, name: str) -> bool:
    """Whether a quantity is zero, or rounding beside the others of its unit."""
    found = observable(solution, name)
    if found is None:
        return True
    if isinstance(found, Observable) and found.unit.endswith("·length"):
        return largest(np.asarray(found)) <= REST * flow_scale(solution) * _energy_scale(solution) ** 2
    others = [o for o in solution.observables.values() if isinstance(o, Observable) and o.unit == found.unit]
    scale = max((largest(np.asarray(o)) for o in others), default=0.0)
    return largest(np.asarray(found)) <= max(NOTHING * scale, 1e-12)


def flow_scale(solution: Solution) -> float:
    """D over the size of the device: what a current is measured by, over N_F and energies."""
    constants = [m.D for m in solution.case.material.values()]
    known = [d for d in constants if isinstance(d, float)]
    return max(known, default=1.0) / float(np.ptp(solution.nodes, axis=0).max())


def _energy_scale(solution: Solution) -> float:
    """The temperature, or the span of the energies."""
    span = float(np.abs(solution.energies).max()) if solution.energies.size else 0.0
    return solution.case.solve.temperature or span or 1.0


def kept_cells(solution: Solution, options: Options, name: str = "") -> NDArray[np.bool_]:
    """Cells to draw: those of the chosen region; of the pair potential those that superconduct.

    Raises:
        CaseError: if there is no such region.
    """
    mesh = solution.mesh
    kept = np.ones(len(mesh.cells), dtype=bool)
    if options.region:
        if options.region not in mesh.region_names:
            hint = did_you_mean(options.region, mesh.region_names)
            rule = f"must be one of {', '.join(mesh.region_names)}"
            raise CaseError([Problem("region", rule, options.region, hint, file="plot")])
        kept &= mesh.cell_region == mesh.region_names.index(options.region)
    if name.startswith("Delta_"):
        pairing = [superconducts(solution, region) for region in mesh.region_names]
        kept &= np.array(pairing)[mesh.cell_region]
    return kept


def superconducts(solution: Solution, region: str) -> bool:
    """Whether a region has a pair potential."""
    material = solution.case.material_of(region)
    return material.Delta is not None or material.Tc is not None
