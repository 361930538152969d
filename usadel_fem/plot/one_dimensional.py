"""Pictures on a line: profiles, and maps of position against energy or time; of wires and of line probes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from usadel_fem.plot import data, labels, sampling, style
from usadel_fem.plot.data import Field, Part, Real
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

FEW = 6
"""Energies or times that are still drawn as lines; more become a map."""

VISIBLE = 2e-3
"""Parts smaller than this beside the largest on the same axes have no line of their own."""

GOLDEN = 0.62
BRIGHT = 3.0
"""Densities of states above this saturate the colour scale: peaks would hide all else."""


@dataclass(frozen=True)
class Track:
    """Where a line picture takes its values from.

    Attributes:
        x: (m,) positions.
        label: of the axis.
        fields: what is drawn, with "point" places along the track, NaN where it is torn.
        bands: (left, right, name) of regions, where there are several.
    """

    x: Real
    label: str
    fields: tuple[Field, ...]
    bands: tuple[tuple[float, float, str], ...] = ()


def wire(solution: Solution, names: tuple[str, ...], options: Options) -> Track:
    """The track along a device of one dimension."""
    mesh = solution.mesh
    (axis,) = data.plane_axes(solution)
    kept = data.kept_cells(solution, options, names[0])
    straight = any(name in data.POINTWISE for name in names)
    x, cells, shape = sampling.along_line(mesh, kept, axis, 2 if straight else 2 * sampling.PIECES)
    torn = np.flatnonzero(~sampling.joined(mesh, cells)[1:]) + 1
    ends = np.concatenate([[0], np.cumsum(np.full(len(cells), x.shape[1]))])

    def spread(values: Real) -> Real:
        """(cells, m, ...) in a row, with NaN where neighbours share no node."""
        flat = values.reshape(-1, *values.shape[2:])
        return np.insert(flat, ends[torn], np.nan, axis=0)

    fields = []
    for name in names:
        field = data.field(solution, name)
        per_step = field.values if field.series else field.values[None]
        drawn = []
        for values in per_step:
            numbers = data.wave(solution, values) if name == "Delta_phase" else values
            local = sampling.per_cell(mesh, numbers, field.at)[cells]
            points = np.einsum("csk,ck...->cs...", shape, local)
            drawn.append(spread(np.angle(points) if name == "Delta_phase" else points))
        array = np.stack(drawn) if field.series else drawn[0]
        fields.append(replace(field, values=array, at="point"))
    return Track(spread(x), labels.coordinate(solution.case, axis), tuple(fields), _bands(solution, axis))


def _bands(solution: Solution, axis: int) -> tuple[tuple[float, float, str], ...]:
    mesh = solution.mesh
    if len(mesh.region_names) < 2:
        return ()
    found = []
    for number, name in enumerate(mesh.region_names):
        x = mesh.nodes[mesh.cells[mesh.cell_region == number], axis]
        found.append((float(x.min()), float(x.max()), name))
    return tuple(sorted(found))


@style.in_style
def draw(solution: Solution, names: tuple[str, ...], options: Options) -> Figure:
    """Fields of a one-dimensional device, one panel each, or one for each part where they become maps."""
    return track_picture(solution, wire(solution, names, options), options)


def track_picture(solution: Solution, track: Track, options: Options) -> Figure:
    """All fields of a track: lines, or maps where there are many energies or times and none is chosen."""
    asked = options.energy is not None or options.time is not None or options.step is not None
    drawn: list[tuple[Field, list[Part], str]] = []
    for field in track.fields:
        steps = len(field.values) if field.series else 0
        if steps > FEW and not asked:
            drawn += [(field, [part], "map") for part in data.parts(solution, field, options)]
        else:
            one, when = data.at_step(solution, field, options) if asked or steps == 1 else (field, "")
            drawn.append((one, _visible(data.parts(solution, one, options)), when))
    if any(kind == "map" for *_, kind in drawn) and len(drawn) > 1:
        figure, axes = style.panels(len(drawn), options, ratio=0.75, columns=2)
    else:
        figure, axes = style.panels(len(drawn), options, ratio=GOLDEN, columns=1 if len(drawn) < 3 else 2)
    for place, (field, parts, kind) in zip(axes, drawn, strict=True):
        if kind == "map":
            series_map(solution, place, track, field, parts[0], options)
        else:
            lines(solution, place, track, field, parts)
            place.set_title(kind)
    return figure


def _visible(parts: list[Part]) -> list[Part]:
    """Without the parts that could not be told from zero beside the others."""
    sizes = [data.largest(part.values) for part in parts]
    return [part for part, size in zip(parts, sizes, strict=True) if size >= VISIBLE * max(sizes)]


def lines(solution: Solution, axes: Axes, track: Track, field: Field, parts: list[Part]) -> None:
    """Profiles: a line for each part, or for each part and energy or time."""
    shade(axes, track)
    axis = data.series(solution, field.series) if field.series else None
    number = 0
    for part in parts:
        for step, values in enumerate(part.values if axis else part.values[None]):
            text = axis.text(step) if axis else ""
            name = ", ".join(filter(None, [part.short if len(parts) > 1 else "", text]))
            colour = style.LINES[number % len(style.LINES)]
            dash = style.DASHES[(number // len(style.LINES)) % len(style.DASHES)]
            axes.plot(track.x, values, color=colour, linestyle=dash, label=name)
            number += 1
    if len(parts) == 1:
        axes.set_ylabel(parts[0].label)
    else:
        unit = labels.unit(solution.case, field.unit)
        axes.set_ylabel(labels.with_unit(_common(field), unit))
    if any(part.kind == "diverging" for part in parts):
        axes.axhline(0, color=style.GREY, lw=0.5, zorder=0.5)
    style.calm(axes)
    axes.set_xlabel(track.label)
    ends = [np.nanmin(track.x), np.nanmax(track.x), *(x for band in track.bands for x in band[:2])]
    axes.set_xlim(min(ends), max(ends))
    if parts[0].kind == "cyclic":
        axes.set_ylim(-np.pi, np.pi)
        style.phase_axis(axes, -np.pi, np.pi, "y")
    style.legend(axes)


def _common(field: Field) -> str:
    """The symbol of a vector without bars: $|S|$ → $S$."""
    text = labels.symbol(field.name)
    return text.replace("|", "")


def shade(axes: Axes, track: Track, colour: bool = True) -> None:
    """Regions as bands with their names above."""
    for number, (left, right, name) in enumerate(track.bands):
        if number % 2 and colour:
            axes.axvspan(left, right, color="0.94", lw=0, zorder=0)
        axes.annotate(
            name, (0.5 * (left + right), 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=7, color=style.GREY,
        )  # fmt: skip


def series_map(
    solution: Solution, axes: Axes, track: Track, field: Field, part: Part, options: Options
) -> None:
    """Position against energy or time, in colours."""
    axis = data.series(solution, field.series)
    order = np.argsort(axis.values, kind="stable")
    whole = np.isfinite(track.x)
    values = part.values[order][:, whole]
    solved = np.isfinite(values).all(axis=1)
    norm = style.norm_of(values, part.kind)
    clipped = field.name.startswith("dos") and norm.vmax is not None and norm.vmax > BRIGHT
    if clipped:
        norm.vmax = BRIGHT
    image = axes.pcolormesh(
        track.x[whole], axis.values[order][solved], values[solved], norm=norm, shading="gouraud",
        cmap=style.colour_map(part.kind, options), rasterized=True,
    )  # fmt: skip
    image.__dict__["clipped_above"] = clipped
    figure = axes.figure
    assert isinstance(figure, Figure)
    style.colour_bar(figure, axes, image, part.label, part.kind)
    for left, _, _ in track.bands[1:]:
        axes.axvline(left, color="white", lw=0.6)
    shade(axes, track, colour=False)
    axes.set(xlabel=track.label, ylabel=axis.label)
