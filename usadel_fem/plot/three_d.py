"""Devices of three dimensions: PyVista draws in a child process, which may crash; else matplotlib does.

The child renders the body alone; colour bars and words are matplotlib's, as everywhere else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import imread
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection
from mpl_toolkits.mplot3d.axes3d import Axes3D
from numpy.typing import NDArray

from usadel_fem.plot import data, labels, sampling, style
from usadel_fem.plot.data import AXES, Field, Kind, Part, Real
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

CHILD = Path(__file__).with_name("three_d_child.py")
SECONDS = 180
CAMERA = ((1.0, -1.35, 0.95), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
"""Where from, where to, which way is up."""
PANEL = 0.72
"""Height over width of a picture of a body."""
BESIDE_BAR = 0.78
"""What the colour bar leaves of a panel."""
SHARP = 1.6
"""How much finer than the page the child renders, so that its words stay readable."""
ARROWS = 10
INSTALL = "pip install 'usadel_fem[plot3d]'"


@dataclass(frozen=True)
class Scene:
    """What the child, or matplotlib in its place, draws.

    Attributes:
        kind: "scalar" on the surface, "flow" lines, or "arrows" inside of it.
        arrays: as `three_d_child` reads them.
        norm, colours, label, data_kind: the colour scale.
    """

    solution: Solution
    kind: str
    arrays: dict[str, NDArray[Any]]
    norm: Normalize
    colours: str
    label: str
    data_kind: Kind


@style.in_style
def scalars(solution: Solution, drawn: list[tuple[Field, Part]], when: str, options: Options) -> Figure:
    """Values on the surface of the body, a panel for each part."""
    scenes = []
    for field, part in drawn:
        kept = data.kept_cells(solution, options, field.name)
        cut = sampling.patches(solution.mesh, kept)
        values = _on_surface(solution, cut, field, part)
        norm = style.norm_of(_all_steps(solution, field, part, options), part.kind)
        colours = style.colour_map(part.kind, options)
        arrays = {"points": cut.points, "triangles": cut.triangles, "values": values}
        scenes.append(Scene(solution, "scalar", arrays, norm, colours, part.label, part.kind))
    return _picture(scenes, when, options)


def _all_steps(solution: Solution, field: Field, part: Part, options: Options) -> Real:
    if options.step is None or not field.series:
        return part.values
    every = data.parts(solution, field, options, every=True)
    return next(p.values for p in every if p.label == part.label)


def _on_surface(solution: Solution, cut: sampling.Patches, field: Field, part: Part) -> Real:
    """Values at the points of the surface; a phase through |Δ|e^{iφ}, so that its jumps stay sharp."""
    if part.kind != "cyclic":
        return np.asarray(cut.at_points(sampling.per_cell(solution.mesh, part.values, field.at)))
    wave = sampling.per_cell(solution.mesh, data.wave(solution, part.values), field.at)
    return np.asarray(np.angle(cut.at_points(wave)))


@style.in_style
def flow(solution: Solution, field: Field, whole: Field, when: str, options: Options) -> Figure:
    """Lines along a current inside the body, coloured by its modulus."""
    mesh = solution.mesh
    arrays = _body(solution, options)
    kept = data.kept_cells(solution, options)
    local = sampling.smoothed(mesh, field.values) if field.at == "cell" else field.values[mesh.cells]
    tetra = mesh.cells[kept][:, :4]
    used, cells = np.unique(tetra, return_inverse=True)  # points that no cell uses lead VTK astray
    cells = cells.reshape(tetra.shape)
    vectors = np.zeros((len(used), 3))
    vectors[cells] = local[kept][:, :4]
    arrays |= {"nodes": mesh.nodes[used], "cells": cells, "vectors": vectors}
    arrays["centres"] = mesh.nodes[tetra].mean(axis=1)
    norm = style.norm_of(
        data.modulus(field.values[kept] if field.at == "cell" else field.values), "sequential"
    )
    label = labels.label(solution.case, field.name, field.unit)
    colours = style.colour_map("sequential", options)
    return _picture([Scene(solution, "flow", arrays, norm, colours, label, "sequential")], when, options)


@style.in_style
def arrows(solution: Solution, field: Field, whole: Field, when: str, options: Options) -> Figure:
    """Arrows inside the body, coloured by the modulus."""
    mesh = solution.mesh
    arrays = _body(solution, options)
    kept = np.flatnonzero(data.kept_cells(solution, options))
    centres = mesh.nodes[mesh.cells[kept][:, :4]].mean(axis=1)
    local = sampling.per_cell(mesh, field.values, field.at)[kept][:, :4].mean(axis=1)
    chosen, spacing = _thinned(centres)
    size = data.modulus(local[chosen])
    arrays |= {
        "places": centres[chosen],
        "arrows": local[chosen],
        "colour": size,
        "length": np.array(1.4 * spacing),
    }
    norm = style.norm_of(_sizes(local[chosen], whole, options), "sequential")
    label = labels.label(solution.case, field.name, field.unit)
    colours = style.colour_map("sequential", options)
    return _picture([Scene(solution, "arrows", arrays, norm, colours, label, "sequential")], when, options)


def _sizes(vectors: Real, whole: Field, options: Options) -> Real:
    """What the colour scale is to reach: of a film, all that it will show."""
    return data.modulus(vectors if options.step is None else whole.values)


def _body(solution: Solution, options: Options) -> dict[str, NDArray[Any]]:
    cut = sampling.patches(solution.mesh, data.kept_cells(solution, options), 1)
    return {"points": cut.points, "triangles": cut.triangles}


def _thinned(centres: Real) -> tuple[NDArray[np.int64], float]:
    """One cell for each cube of a grid that has any, and the size of the cubes."""
    spacing = float(np.ptp(centres, axis=0).max()) / ARROWS
    cube = np.floor((centres - centres.min(axis=0)) / spacing).astype(np.int64)
    return np.sort(np.unique(cube, axis=0, return_index=True)[1]), spacing


def _picture(scenes: list[Scene], when: str, options: Options) -> Figure:
    columns = min(2, len(scenes))
    figure, axes = style.panels(len(scenes), options, ratio=PANEL, columns=columns, bars=True)
    for place, scene in zip(axes, scenes, strict=True):
        image = ScalarMappable(scene.norm, scene.colours)
        inches = np.array(place.get_window_extent().size) / figure.dpi
        width, height = (inches * options.dpi * BESIDE_BAR * SHARP).astype(int)
        pixels = (int(width), int(height))
        rendered = render(scene, pixels, options)
        if rendered is None:
            place = _solid(figure, place, scene)
        else:
            place.imshow(rendered)
            place.set_axis_off()
        style.colour_bar(figure, place, image, scene.label, scene.data_kind)
    if when:
        figure.suptitle(when)
    return figure


def render(scene: Scene, pixels: tuple[int, int], options: Options) -> NDArray[Any] | None:
    """The picture that the child makes of a scene, (height, width, 4), or None with a word to the user."""
    if find_spec("pyvista") is None:
        options.tell(f"drawn by matplotlib: for better pictures in 3D {INSTALL}")
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "scene.npz", **scene.arrays)  # type: ignore[arg-type]
        (folder / "scene.json").write_text(json.dumps(_settings(scene, pixels, options)), encoding="utf-8")
        reason = _run(folder)
        if not reason:
            return np.asarray(imread(folder / "image.png"))
    options.tell(f"drawn by matplotlib: PyVista {reason}")
    return None


def _settings(scene: Scene, pixels: tuple[int, int], options: Options) -> dict[str, Any]:
    length = labels.unit(scene.solution.case, "length").replace("₀", "0")  # the font of VTK has no such sign
    extent = np.ptp(scene.arrays["points"], axis=0)
    return {
        "kind": scene.kind,
        "pixels": [max(200, n) for n in pixels],
        "cmap": scene.colours,
        "limits": [scene.norm.vmin, scene.norm.vmax],
        "camera": CAMERA,
        "titles": [labels.with_unit(axis, length) for axis in AXES],
        "ticks": [3 if n > 0.4 * extent.max() else 2 for n in extent],
        "font": max(8, round(3.8 * SHARP * options.dpi / 72)),
        "line": max(1.0, SHARP * options.dpi / 130),
    }


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-P", str(CHILD), str(folder)]


def _run(folder: Path) -> str:
    """Why the child left no picture; empty if it did."""
    try:
        done = subprocess.run(
            _command(folder), capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {SECONDS} s"
    image = folder / "image.png"
    if done.returncode == 0 and image.exists() and image.stat().st_size:
        return ""
    if done.returncode < 0:
        return f"crashed (signal {-done.returncode})"
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    return "failed" + "".join(f": {line.strip()[:160]}" for line in last)


def _solid(figure: Figure, place: Axes, scene: Scene) -> Axes:
    """The scene by matplotlib: the surface in colours, or arrows within its edges."""
    position = place.get_subplotspec()
    assert position is not None
    place.remove()
    axes = figure.add_subplot(position, projection="3d")
    assert isinstance(axes, Axes3D)
    arrays, case = scene.arrays, scene.solution.case
    corners = arrays["points"][arrays["triangles"]]
    colours = ScalarMappable(scene.norm, scene.colours)
    if scene.kind == "scalar":
        values = arrays["values"][arrays["triangles"]].mean(axis=1)
        body = Poly3DCollection(list(corners), facecolors=colours.to_rgba(values), edgecolors="none")
    else:
        body = Poly3DCollection(list(corners), facecolors=(0.5, 0.5, 0.5, 0.06), edgecolors="none")
        axes.add_collection3d(_little_arrows(scene, colours))
    body.set_rasterized(True)
    axes.add_collection3d(body)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    extent = np.maximum(high - low, 0.05 * (high - low).max())
    axes.set_box_aspect(tuple(extent), zoom=0.85)
    axes.set_xlabel(labels.coordinate(case, 0))
    axes.set_ylabel(labels.coordinate(case, 1))
    axes.set_zlabel(labels.coordinate(case, 2))
    axes.locator_params(nbins=3)
    axes.view_init(elev=28, azim=-55)
    return axes


def _little_arrows(scene: Scene, colours: ScalarMappable) -> Line3DCollection:
    """Shafts of arrows, coloured by their length."""
    arrays = scene.arrays
    if scene.kind == "flow":
        chosen, length = _thinned(arrays["centres"])
        places = arrays["centres"][chosen]
        vectors = arrays["vectors"][arrays["cells"][chosen]].mean(axis=1)
    else:
        places, vectors, length = arrays["places"], arrays["arrows"], float(arrays["length"])
    size = data.modulus(vectors)
    half = 0.5 * vectors * (length / max(float(size.max()), 1e-300))
    lines = list(np.stack([places - half, places + half], axis=1))
    return Line3DCollection(lines, colors=colours.to_rgba(size), linewidths=1.2)
