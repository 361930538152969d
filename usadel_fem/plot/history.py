"""How a solution came about, and what happened in time."""

from __future__ import annotations

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from usadel_fem.labelled import Observable
from usadel_fem.plot import data, labels, one_dimensional, style
from usadel_fem.plot.data import AXES, Real
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

MOST = 6
"""Panels of time traces."""
LAST = ("terminal_charge", "terminal_spin")
"""Traces that follow from others, and fill what room these leave."""
TRACES = (
    "terminal_current", "terminal_spin_current", "total_charge", "total_spin", "terminal_charge",
    "terminal_spin",
)  # fmt: skip


@style.in_style
def convergence(solution: Solution, options: Options) -> Figure:
    """Residuals step by step, a line for each energy; iterations against energy."""
    reports = [r for r in solution.convergence if r.residual_history]
    figure, (left, right) = style.panels(2, options, ratio=0.8, columns=2)
    axis = data.series(solution, "energy")
    shown = [axis.values[i] for i, r in enumerate(solution.convergence) if r.residual_history]
    low, high = min(shown), max(shown)
    wide = 0 < 30 * low < high  # as Matsubara frequencies are
    norm = LogNorm(low, high) if wide else Normalize(low, high if high > low else low + 1)
    colours = ScalarMappable(norm, style.colour_map("sequential", options))
    for energy, report in zip(shown, reports, strict=True):
        steps = np.arange(len(report.residual_history))
        colour = colours.to_rgba(energy) if report.ok else style.LINES[1]
        left.semilogy(steps, report.residual_history, ".-", ms=3, lw=0.8, color=colour)
    tolerance = solution.case.solve.tolerance
    left.axhline(tolerance, color=style.GREY, lw=0.8, ls=":")
    left.annotate(
        "tolerance", (0, tolerance), xycoords=("axes fraction", "data"), xytext=(4, -3),
        textcoords="offset points", va="top", fontsize=7, color=style.GREY,
    )  # fmt: skip
    left.set(xlabel="Newton steps", ylabel="residual")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.colour_bar(figure, left, colours, axis.label, "sequential")
    for name, colour, mark in (("newton", style.LINES[0], "o"), ("krylov", style.LINES[1], "s")):
        counts = [getattr(r, f"{name}_iterations") for r in reports]
        right.plot(shown, counts, mark, ms=2.5, color=colour, label=name.capitalize())
    failed = [e for e, r in zip(shown, reports, strict=True) if not r.ok]
    if failed:
        right.plot(failed, [0] * len(failed), "x", color="black", ms=4, label="failed")
    right.set(xlabel=axis.label, ylabel="iterations")
    right.set_ylim(bottom=0)
    if wide:
        right.set_xscale("log")
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(right)
    return figure


@style.in_style
def traces(solution: Solution, options: Options) -> Figure:
    """What the terminals carry, what the device holds and what point probes see, against time."""
    axis = data.series(solution, "time")
    curves = time_curves(solution)
    kept = [name for name in curves if not _all_vanish(curves[name], curves)]
    shown = sorted(kept or curves, key=lambda name: name in LAST)[:MOST]
    figure, axes = style.panels(
        len(shown), options, ratio=one_dimensional.GOLDEN, columns=1 if len(shown) < 2 else 2
    )
    for place, name in zip(axes, shown, strict=True):
        what, unit, lines = curves[name]
        for number, (label, values) in enumerate(lines):
            colour = style.LINES[number % len(style.LINES)]
            dash = style.DASHES[number // len(style.LINES) % len(style.DASHES)]
            place.plot(axis.values, values, color=colour, linestyle=dash, label=label)
        place.axhline(0, color=style.GREY, lw=0.5, zorder=0.5)
        place.set(xlabel=axis.label, ylabel=labels.with_unit(what, unit))
        place.margins(x=0)
        style.legend(place)
    return figure


Curves = dict[str, tuple[str, str, list[tuple[str, Real]]]]


def time_curves(solution: Solution) -> Curves:
    """Panels of time traces by name: (what, unit, (label, values) of each line that does not vanish)."""
    found: Curves = {}
    for name in TRACES:
        entry = solution.observables.get(name)
        if entry is None:
            continue
        items = {"": entry} if isinstance(entry, Observable) else entry
        lines = [
            (" ".join(filter(None, [key, f"${axis}$" if axis else ""])), values)
            for key, value in items.items()
            for axis, values in _by_component(value)
        ]
        unit = next(iter(items.values())).unit if items else ""
        if lines:
            found[name] = (labels.symbol(name), unit, lines)
    for probe, values in solution.observables.items():
        if not probe.startswith("probe:") or isinstance(values, Observable):
            continue
        for name, value in values.items():
            if "time" in value.dims and value.shape[value.dims.index("point")] == 1:
                at_point = np.asarray(value).reshape(len(solution.times), -1)
                names = [labels.symbol(name, a) for a in AXES] if at_point.shape[1] == 3 else [""]
                lines = list(zip(names, at_point.T, strict=True))
                text = f"{labels.symbol(name).replace('|', '')} at {probe.removeprefix('probe:')}"
                found[f"{probe}:{name}"] = (text, value.unit, lines)
    return {
        name: (what, labels.unit(solution.case, unit), _without_zeros(lines))
        for name, (what, unit, lines) in found.items()
    }


def _by_component(value: Observable) -> list[tuple[str, Real]]:
    array = np.asarray(value)
    return list(zip(AXES, array.T, strict=True)) if array.ndim == 2 else [("", array)]


def _size(lines: list[tuple[str, Real]]) -> float:
    return max((float(np.abs(values).max(initial=0.0)) for _, values in lines), default=0.0)


def _without_zeros(lines: list[tuple[str, Real]]) -> list[tuple[str, Real]]:
    largest = _size(lines)
    return [(n, v) for n, v in lines if np.abs(v).max(initial=0.0) > data.NOTHING * largest] or lines[:1]


def _all_vanish(panel: tuple[str, str, list[tuple[str, Real]]], curves: Curves) -> bool:
    """Whether a panel shows nothing beside the others of its unit."""
    scale = max(_size(lines) for _, unit, lines in curves.values() if unit == panel[1])
    return _size(panel[2]) <= max(data.NOTHING * scale, 1e-300)
