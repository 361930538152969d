"""Vector fields: streamlines of currents over their modulus, arrows of spins over their normal part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from usadel_fem.plot import data, labels, maps, sampling, style, three_d
from usadel_fem.plot.data import AXES, Field, Part, Real
from usadel_fem.plot.maps import Plane
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

FINE = 120
"""Points of the grid of streamlines along the longer side."""
ARROWS = 22
"""Arrows along the longer side."""
DENSITY = 1.1
"""Of streamlines along the longer side, as matplotlib counts it."""
SHORT = 0.1
"""Arrows shorter than this part of the longest are left out: they would be dots."""
WEAK = 1e-3
"""Currents below this part of the largest have no streamlines."""


@style.in_style
def currents(solution: Solution, name: str, options: Options) -> Figure:
    """Streamlines over |j| in two and three dimensions, profiles in one; a component alone as a map."""
    dimension = len(data.plane_axes(solution))
    if dimension == 1 or (options.axis in AXES[:3] and options.axis):
        return maps.draw(solution, (name,), options)
    whole = _real(data.field(solution, name), options)
    field, when = data.at_step(solution, whole, options)
    if dimension == 3:
        return three_d.flow(solution, field, whole, when, options)
    plane = Plane.of(solution, options)
    figure, (axes,) = style.panels(1, options, ratio=plane.ratio, bars=True)
    maps.frame(axes, Plane.of(solution, options, pieces=1))
    size = replace(whole, values=data.modulus(whole.values), vector=False)
    part = Part(labels.label(solution.case, name, field.unit), "", data.modulus(field.values), "sequential")
    image = maps.coloured(axes, plane, size, part, replace(options, component=""))
    style.colour_bar(figure, axes, image, part.label, part.kind, below=plane.below)
    streamlines(axes, plane, field)
    axes.set_title(when)
    return figure


def _real(field: Field, options: Options) -> Field:
    """A field, or the part that is asked for of a complex one, or the larger part."""
    values = field.values
    if not np.iscomplexobj(values):
        return field
    larger = "re" if data.largest(values.real) >= data.largest(values.imag) else "im"
    return replace(field, values=values.real if (options.part or larger) == "re" else values.imag)


def streamlines(axes: Axes, plane: Plane, field: Field) -> None:
    """Lines along the part of the vectors in the plane."""
    x, y, vectors = on_grid(plane, field, FINE)
    u, v = vectors[..., plane.axes[0]], vectors[..., plane.axes[1]]
    size = np.hypot(u, v)
    largest = data.largest(size)
    if not largest > 0:
        return
    weak = ~(size > WEAK * largest)
    extent = np.array([np.ptp(x), np.ptp(y)])
    density = np.maximum(DENSITY * extent / extent.max(), 0.2)
    lines = axes.streamplot(
        x, y, np.ma.masked_where(weak, u), np.ma.masked_where(weak, v),
        color="white", linewidth=0.8, density=tuple(density), arrowsize=0.7, minlength=0.15, zorder=2,
    )  # fmt: skip
    lines.lines.set_path_effects([patheffects.withStroke(linewidth=1.7, foreground="0.15", alpha=0.75)])


def on_grid(plane: Plane, field: Field, count: int) -> tuple[Real, Real, Real]:
    """Vectors on a regular grid, `count` points along the longer side: x, y, (ny, nx, 3), NaN outside."""
    mesh = plane.solution.mesh
    patches = sampling.patches(mesh, plane.kept, 1 if mesh.cells.shape[1] == 3 else 2)
    points = patches.points[:, list(plane.axes)]
    left, right, bottom, top = plane.bounds
    low, extent = np.array([left, bottom]), np.array([right - left, top - bottom])
    spacing = extent.max() / count
    numbers = np.maximum(np.round(extent / spacing).astype(int), 3)
    steps = extent / numbers
    x, y = (low[i] + steps[i] * (np.arange(numbers[i]) + 0.5) for i in range(2))
    if field.at == "cell":
        local = sampling.smoothed(mesh, field.values)
    else:
        local = sampling.per_cell(mesh, field.values, field.at)
    where, weight = sampling.raster(points, patches.triangles, x, y)
    values = patches.at_points(local)[patches.triangles[where]]
    found = np.einsum("yxk,yxkc->yxc", weight, values)
    found[where < 0] = np.nan
    return x, y, found


@style.in_style
def spins(solution: Solution, name: str, options: Options) -> Figure:
    """Arrows of the components in the plane over the one across it; a component alone as a map."""
    dimension = len(data.plane_axes(solution))
    if dimension == 1 or options.axis:
        return maps.draw(solution, (name,), options)
    whole = _real(data.field(solution, name), options)
    field, when = data.at_step(solution, whole, options)
    if dimension == 3:
        return three_d.arrows(solution, field, whole, when, options)
    plane = Plane.of(solution, options)
    figure, (axes,) = style.panels(1, options, ratio=plane.ratio, bars=True)
    maps.frame(axes, Plane.of(solution, options, pieces=1))
    across = next(k for k in range(3) if k not in plane.axes)
    flat = data.modulus(field.values[..., list(plane.axes)])
    largest = float(data.modulus(field.values).max(initial=0.0))
    if np.abs(field.values[..., across]).max(initial=0.0) > data.NOTHING * largest:
        shown = replace(options, component=AXES[across])
    else:
        shown = replace(options, component="abs")
    part = data.parts(solution, field, shown, every=True)[0]
    image = maps.coloured(axes, plane, whole, part, shown)
    style.colour_bar(figure, axes, image, part.label, part.kind, below=plane.below)
    if flat.max(initial=0.0) > data.NOTHING * largest:
        arrows(axes, plane, field)
    axes.set_title(when or " ", loc="left")  # keeps room for the key of the arrows
    return figure


def arrows(axes: Axes, plane: Plane, field: Field) -> None:
    """Arrows on a grid, the longest as long as its spacing, and a key for it."""
    x, y, vectors = on_grid(plane, field, ARROWS)
    inside = np.isfinite(vectors[..., 0])
    u, v = vectors[..., plane.axes[0]][inside], vectors[..., plane.axes[1]][inside]
    size = np.hypot(u, v)
    largest = float(size.max())
    places = np.stack(np.meshgrid(x, y), axis=-1)[inside]
    seen = size > SHORT * largest
    places, u, v = places[seen], u[seen], v[seen]
    spacing = max(np.ptp(x), np.ptp(y)) / ARROWS
    quiver = axes.quiver(
        *places.T, u, v, angles="xy", scale_units="xy", scale=largest / (1.15 * spacing), pivot="mid",
        width=0.006, headwidth=3.6, headlength=4, headaxislength=3.6, minlength=0, color="black",
        edgecolor="white", linewidth=0.25, zorder=2.5,
    )  # fmt: skip
    case = plane.solution.case
    key = f"{_short(_nice(largest))} {labels.unit(case, field.unit)}"
    axes.quiverkey(quiver, 0.97, 1.045, _nice(largest), key, labelpos="W", fontproperties={"size": 7})


def _short(value: float) -> str:
    r"""A round number in mathematical text.

    >>> print(_short(0.5), _short(2e-5))
    0.5 $2\times10^{-5}$
    """
    digits, _, power = f"{value:g}".partition("e")
    return rf"${digits}\times10^{{{int(power)}}}$" if power else digits


def _nice(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not larger.

    >>> _nice(0.37), _nice(61.0)
    (0.2, 50.0)
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(f"{max(m for m in (1, 2, 5) if m * power <= value * (1 + 1e-9)) * power:.3g}")
