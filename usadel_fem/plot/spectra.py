"""Against energy: densities of states, spectral currents of the terminals, distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from usadel_fem.case.output import Point
from usadel_fem.labelled import Observable
from usadel_fem.plot import data, labels, one_dimensional, sampling, style
from usadel_fem.plot.data import AXES, Field, Real
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

_DISTRIBUTION = (
    "$h_0$ (energy)", r"$h_{x}$ (spin)", r"$h_{y}$ (spin)", r"$h_{z}$ (spin)",
    "$h_3$ (charge)", r"$h_{3x}$", r"$h_{3y}$", r"$h_{3z}$",
)  # fmt: skip
"""Names of the parts of ĥ on τ₀(1, σ), τ₃(1, σ)."""
_CURRENTS = (
    "energy $-c_0$", "spin $x$, $-c_1$", "spin $y$, $-c_2$", "spin $z$, $-c_3$", "charge $-c_4$",
    "$-c_5$", "$-c_6$", "$-c_7$",
)  # fmt: skip
"""The same of matrix currents: as they stand in the integrals over energy."""


@style.in_style
def dos(solution: Solution, options: Options) -> Figure:
    """Density of states: mean of each region and of the device, point probes, gaps of the terminals."""
    figure, (axes,) = style.panels(1, options, ratio=one_dimensional.GOLDEN)
    axis, order = _sorted_energies(solution)
    for number, (name, values) in enumerate(_places(solution, "dos", options)):
        dash = style.DASHES[number // len(style.LINES)]
        axes.plot(
            axis[order],
            values[order],
            label=name,
            color=style.LINES[number % len(style.LINES)],
            linestyle=dash,
        )
    axes.axhline(1, color=style.GREY, lw=0.5, zorder=0.5)
    _gap_marks(axes, solution)
    _energy_axis(axes, solution)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if axes.get_ylim()[0] < -0.1 else 0.0)
    axes.set_ylabel(labels.label(solution.case, "dos", "2 N_F"))
    style.legend(axes, always=True)
    return figure


@style.in_style
def spin_resolved(solution: Solution, options: Options) -> Figure:
    """Densities of states of both spins, for the same places."""
    figure, (axes,) = style.panels(1, options, ratio=one_dimensional.GOLDEN)
    axis, order = _sorted_energies(solution)
    for name, sign, dash in (("dos_up", "↑", "-"), ("dos_down", "↓", "--")):
        for number, (place, values) in enumerate(_places(solution, name, options)):
            colour = style.LINES[number % len(style.LINES)]
            axes.plot(axis[order], values[order], label=f"{place} {sign}", color=colour, linestyle=dash)
    axes.axhline(1, color=style.GREY, lw=0.5, zorder=0.5)
    _energy_axis(axes, solution)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel(labels.with_unit("density of states per spin", labels.unit(solution.case, "N_F")))
    style.legend(axes)
    return figure


def _places(solution: Solution, name: str, options: Options) -> Iterator[tuple[str, Real]]:
    """(name, spectrum) of regions, device and point probes."""
    mesh = solution.mesh
    values = data.field(solution, name).values
    regions = [options.region] if options.region else list(mesh.region_names)
    kept = data.kept_cells(solution, options)
    for region in regions if len(mesh.region_names) > 1 else ():
        yield region, sampling.mean(mesh, values, mesh.cell_region == mesh.region_names.index(region))
    if not options.region:
        yield "device" if len(regions) > 1 else "mean", sampling.mean(mesh, values, kept)
    for probe, where in solution.case.output.at.items():
        found = data.mapping(solution, f"probe:{probe}").get(name)
        if isinstance(where, Point) and found is not None:
            yield f"at {probe}", np.asarray(found).reshape(len(solution.energies), -1)[:, 0]


def _gap_marks(axes: Axes, solution: Solution) -> None:
    """Dotted lines at the gaps of the terminals that lie in the picture."""
    low, high = _span(solution)
    gaps: dict[float, list[str]] = {}
    for name, terminal in solution.case.terminal.items():
        if terminal.Delta and low <= terminal.Delta <= high:
            gaps.setdefault(terminal.Delta, []).append(name)
    for gap, names in gaps.items():
        text = r"$|\Delta|$ of " + ", ".join(names)
        axes.axvline(gap, color=style.GREY, lw=0.8, ls=":", zorder=0.5, label=text)


def _span(solution: Solution) -> tuple[float, float]:
    values = data.series(solution, "energy").values
    return float(values.min()), float(values.max())


def _sorted_energies(solution: Solution) -> tuple[Real, NDArray[np.int64]]:
    values = data.series(solution, "energy").values
    return values, np.argsort(values, kind="stable")


def _energy_axis(axes: Axes, solution: Solution) -> None:
    axes.set_xlabel(data.series(solution, "energy").label)
    axes.set_xlim(*_span(solution))


@style.in_style
def terminal_currents(solution: Solution, name: str, options: Options) -> Figure:
    """`spectral_current`, `spectral_spin_current` or `terminal_spectral_current` against energy."""
    curves = list(_terminal_curves(solution, data.mapping(solution, name), options))
    groups = list(dict.fromkeys(group for group, *_ in curves))
    figure, axes = style.panels(
        len(groups), options, ratio=one_dimensional.GOLDEN, columns=1 if len(groups) < 3 else 2
    )
    axis, order = _sorted_energies(solution)
    for place, group in zip(axes, groups, strict=True):
        mine = [(label, values, unit) for g, label, values, unit in curves if g == group]
        for number, (label, values, _) in enumerate(mine):
            solved = order[np.isfinite(values[order])]
            colour = style.LINES[number % len(style.LINES)]
            dash = style.DASHES[number % len(style.DASHES)]
            place.plot(axis[solved], values[solved], label=label, color=colour, linestyle=dash)
        place.axhline(0, color=style.GREY, lw=0.5, zorder=0.5)
        _energy_axis(place, solution)
        place.set_ylabel(labels.with_unit(group, labels.unit(solution.case, mine[0][2])))
        style.legend(place, always=True)
    return figure


def _terminal_curves(
    solution: Solution, found: Mapping[str, Observable], options: Options
) -> Iterator[tuple[str, str, Real, str]]:
    """(what, terminal, values, unit) of each current that does not vanish."""
    table: list[tuple[str, str, Real, str]] = []
    for terminal, values in found.items():
        array = np.asarray(values)
        if values.dims == ("energy",):
            table.append(("spectral current", terminal, array, values.unit))
        elif "component" in values.dims:
            for k, axis in enumerate(AXES):
                if options.axis in ("", axis):
                    table.append((f"spectral current of $S_{axis}$", terminal, array[:, k], values.unit))
        else:
            for k, name in enumerate(_CURRENTS):
                table.append((name, terminal, -array[:, k], values.unit))
    largest = max((data.largest(v) for _, _, v, _ in table), default=0.0)
    groups = {g for g, _, v, _ in table if data.largest(v) > data.NOTHING * largest}
    shown = [row for row in table if row[0] in groups]
    yield from shown or table[: len(found)]


@style.in_style
def distribution(solution: Solution, options: Options) -> Figure:
    """ĥ against energy: maps along a wire, else means of the regions."""
    table = _distributions(solution)
    order = np.argsort(solution.energies.real, kind="stable")
    sizes = [data.largest(table[..., k]) for k in range(8)]
    kinds = [k for k in range(8) if sizes[k] > data.NOTHING * max(sizes)] or [0]
    wire = len(data.plane_axes(solution)) == 1
    ratio = 0.75 if wire else one_dimensional.GOLDEN
    figure, axes = style.panels(len(kinds), options, ratio=ratio, columns=min(2, len(kinds)))
    for place, k in zip(axes, kinds, strict=True):
        if wire:
            field = Field("distribution", table[..., k], "node", "", "energy")
            track = _track(solution, field, options)
            part = data.Part(_DISTRIBUTION[k], "", track.fields[0].values, "diverging")
            one_dimensional.series_map(solution, place, track, track.fields[0], part, options)
            continue
        for number, name in enumerate(solution.region_names):
            kept = solution.cell_region == number
            values = sampling.mean(solution.mesh, table[..., k], kept)
            place.plot(solution.energies.real[order], values[order], color=style.LINES[number], label=name)
        _energy_axis(place, solution)
        place.set_ylabel(_DISTRIBUTION[k])
        style.legend(place)
    return figure


def _track(solution: Solution, field: Field, options: Options) -> one_dimensional.Track:
    """The track of a field that is no observable."""
    shown = Observable(field.values, ("energy", "node"), "", at="node")
    known = dict(solution.observables) | {field.name: shown}
    return one_dimensional.wire(replace(solution, observables=known), (field.name,), options)


def _distributions(solution: Solution) -> NDArray[Any]:
    """(energies, nodes, 8), NaN where an energy failed."""
    found = data.observable(solution, "distribution")
    if found is not None:
        return np.asarray(found)
    table = np.full((len(solution.energies), len(solution.nodes), 8), np.nan)
    for i in range(len(solution.energies)):
        value = solution.distributions[i]
        if value is not None:
            table[i] = value
    return table
