"""Maps of scalars on devices of two dimensions, at all the points that elements of second order offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from usadel_fem.plot import data, labels, one_dimensional, sampling, style, three_d
from usadel_fem.plot.data import Field, Part
from usadel_fem.plot.options import Options
from usadel_fem.plot.sampling import Patches
from usadel_fem.solution import Solution


@dataclass(frozen=True)
class Plane:
    """The part of a mesh of two dimensions that is drawn, and its axes in space."""

    solution: Solution
    axes: tuple[int, ...]
    kept: NDArray[np.bool_]
    patches: Patches
    window: tuple[float, float, float, float] | None = None

    @classmethod
    def of(cls, solution: Solution, options: Options, name: str = "", pieces: int = 0) -> Plane:
        kept = data.kept_cells(solution, options, name)
        found = sampling.patches(solution.mesh, kept, pieces)
        return cls(solution, data.plane_axes(solution), kept, found, options.window)

    @property
    def ratio(self) -> float:
        """Height over width of what is drawn."""
        left, right, bottom, top = self.bounds
        return (top - bottom) / (right - left)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of what is drawn."""
        if self.window is not None:
            return self.window
        x, y = self.patches.points[:, list(self.axes)].T
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())

    @property
    def below(self) -> bool:
        """Whether colour bars go below."""
        return 1 / self.ratio > style.WIDE

    def triangulation(self) -> Triangulation:
        x, y = self.patches.points[:, list(self.axes)].T
        return Triangulation(x, y, self.patches.triangles)


@style.in_style
def draw(solution: Solution, names: tuple[str, ...], options: Options) -> Figure:
    """Maps of scalar fields, or of the parts of others: one panel each."""
    dimension = len(data.plane_axes(solution))
    if dimension == 1:
        return one_dimensional.draw(solution, names, options)
    drawn: list[tuple[Field, Part, str]] = []
    for name in names:
        field = data.field(solution, name)
        now, when = data.at_step(solution, field, options)
        drawn += [(field, part, when) for part in data.parts(solution, now, options)]
    if dimension == 3:
        return three_d.scalars(solution, [(f, p) for f, p, _ in drawn], drawn[0][2], options)
    whole = Plane.of(solution, options)
    columns = (1 if len(drawn) < 4 else 2) if whole.below else 3
    figure, axes = style.panels(len(drawn), options, ratio=whole.ratio, columns=columns, bars=True)
    for place, (field, part, _) in zip(axes, drawn, strict=True):
        scalar_map(place, solution, field, part, options)
    if drawn[0][2]:
        figure.suptitle(drawn[0][2])
    return figure


def scalar_map(axes: Axes, solution: Solution, field: Field, part: Part, options: Options) -> None:
    """One map with its colour bar."""
    whole = Plane.of(solution, options, pieces=1)
    frame(axes, whole)
    pieces = 2 if field.name in data.POINTWISE and solution.mesh.cells.shape[1] > 3 else 0
    image = coloured(axes, Plane.of(solution, options, field.name, pieces), field, part, options)
    figure = axes.figure
    assert isinstance(figure, Figure)
    style.colour_bar(figure, axes, image, part.label, part.kind, below=whole.below)


def coloured(axes: Axes, plane: Plane, field: Field, part: Part, options: Options) -> Collection:
    """The colours of a map: smooth for fields of nodes, cell by cell for means over cells."""
    mesh = plane.solution.mesh
    norm = limits(plane.solution, field, part, options, plane.kept)
    shown: dict[str, Any] = {"norm": norm, "cmap": style.colour_map(part.kind, options), "rasterized": True}
    flat = shown | {"antialiased": False}
    if field.at == "cell":
        return axes.tripcolor(plane.triangulation(), facecolors=part.values[plane.patches.cell], **flat)
    at_points = plane.patches.at_points
    if part.kind == "cyclic":
        wave = data.wave(plane.solution, part.values)
        centre = at_points(sampling.per_cell(mesh, wave, field.at))[plane.patches.triangles].mean(axis=1)
        return axes.tripcolor(plane.triangulation(), facecolors=np.angle(centre), **flat)
    values = at_points(sampling.per_cell(mesh, part.values, field.at))
    image = axes.tripcolor(plane.triangulation(), values, shading="gouraud", **shown)
    if norm.vmax is not None and data.largest(values) > norm.vmax * (1 + 1e-9) and part.kind == "sequential":
        image.__dict__["clipped_above"] = field.name.startswith("dos")
    return image


def limits(
    solution: Solution, field: Field, part: Part, options: Options, kept: NDArray[np.bool_]
) -> Normalize:
    """The colour scale of a part: of what is shown, or of all energies or times where a film is made."""
    values = part.values
    if options.step is not None and field.series:
        names = [p.label for p in data.parts(solution, field, options, every=True)]
        values = data.parts(solution, field, options, every=True)[names.index(part.label)].values
    place = {"node": np.unique(solution.mesh.cells[kept]), "cell": np.flatnonzero(kept)}.get(field.at)
    norm = style.norm_of(values if place is None else values[..., place], part.kind)
    bright = one_dimensional.BRIGHT
    if field.name.startswith("dos") and norm.vmax is not None and norm.vmax > bright:
        norm.vmax = bright
    return norm


def frame(axes: Axes, plane: Plane) -> None:
    """Outline of the device and its regions, ground, labels and aspect."""
    patches, (a, b) = plane.patches, plane.axes
    x, y = patches.points[:, a], patches.points[:, b]
    axes.tripcolor(
        Triangulation(x, y, patches.triangles), facecolors=np.zeros(len(patches.triangles)), cmap="Greys",
        vmin=-0.2, vmax=1, rasterized=True, zorder=0,
    )  # fmt: skip
    curves = sampling.outlines(plane.solution.mesh, plane.kept)[..., [a, b]]
    axes.add_collection(LineCollection(list(curves), colors="0.15", linewidths=0.5, zorder=3))
    case = plane.solution.case
    axes.set(aspect="equal", xlabel=labels.coordinate(case, a), ylabel=labels.coordinate(case, b))
    left, right, bottom, top = plane.bounds
    margin = 0.0 if plane.window else 0.02 * max(right - left, top - bottom)
    axes.set(xlim=(left - margin, right + margin), ylim=(bottom - margin, top + margin))
