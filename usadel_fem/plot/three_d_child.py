"""Renders one scene of three dimensions with PyVista, off screen. A process of its own: it may crash.

python -P three_d_child.py FOLDER, where FOLDER has scene.npz and scene.json; leaves image.png there.
Nothing else of this package is imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

TUBES = 150
COUNTS = ("n_xlabels", "n_ylabels", "n_zlabels")


def main(folder: Path) -> None:
    """Render the scene of a folder."""
    import pyvista as pv

    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    with np.load(folder / "scene.npz") as arrays:
        data = {name: arrays[name] for name in arrays.files}
    plotter = pv.Plotter(off_screen=True, window_size=tuple(scene["pixels"]))
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    colours = {"cmap": scene["cmap"], "clim": scene["limits"], "show_scalar_bar": False}
    faces = np.column_stack([np.full(len(data["triangles"]), 3), data["triangles"]]).ravel()
    surface = pv.PolyData(data["points"], faces)
    body = surface.clean().compute_normals(
        consistent_normals=True, auto_orient_normals=True, split_vertices=False, cell_normals=False
    )
    if scene["kind"] == "scalar":
        # not cleaned: values may jump between cells; little light, so that colours can be read
        surface["values"] = data["values"]
        shaded = {"ambient": 0.72, "diffuse": 0.3, "specular": 0.0}
        plotter.add_mesh(_lit(surface, body), scalars="values", **shaded, **colours)
    else:
        plotter.add_mesh(body, color="lightgrey", opacity=0.18)
        {"flow": _flow, "arrows": _arrows}[scene["kind"]](plotter, pv, data, colours)
    edges = body.extract_feature_edges(40, boundary_edges=False, manifold_edges=False)
    plotter.add_mesh(edges, color="dimgrey", line_width=scene["line"])
    _axes(plotter, scene, body.bounds)
    plotter.camera_position = [tuple(v) for v in scene["camera"]]
    plotter.enable_parallel_projection()
    plotter.reset_camera()
    plotter.camera.zoom(0.9)
    plotter.screenshot(str(folder / "image.png"), transparent_background=False)
    plotter.close()


def _lit(surface: Any, body: Any) -> Any:
    """The surface with the outward normals of the closed body at its points."""
    nearest = [body.find_closest_point(point) for point in surface.points]
    surface.point_data["Normals"] = body.point_data["Normals"][nearest]
    surface.point_data.active_normals_name = "Normals"
    return surface


def _flow(plotter: Any, pv: Any, data: dict[str, Any], colours: dict[str, Any]) -> None:
    """Tubes along the current, from points all over the device."""
    grid = pv.UnstructuredGrid({pv.CellType.TETRA: data["cells"]}, data["nodes"])
    grid["vector"] = data["vectors"]
    grid["values"] = np.linalg.norm(data["vectors"], axis=1)
    random = np.random.default_rng(1)
    seeds = pv.PolyData(data["centres"][random.permutation(len(data["centres"]))[:TUBES]])
    size = grid.length
    lines = grid.streamlines_from_source(
        seeds, vectors="vector", max_length=4 * size, initial_step_length=0.2, integration_direction="both"
    )
    if lines.n_points:
        plotter.add_mesh(lines.tube(radius=0.003 * size), scalars="values", **colours)


def _arrows(plotter: Any, pv: Any, data: dict[str, Any], colours: dict[str, Any]) -> None:
    cloud = pv.PolyData(data["places"])
    cloud["vector"] = data["arrows"]
    cloud["values"] = data["colour"]
    cloud["size"] = np.linalg.norm(data["arrows"], axis=1)
    arrow = pv.Arrow(tip_length=0.35, tip_radius=0.2, shaft_radius=0.08)
    scale = float(data["length"]) / max(float(cloud["size"].max()), 1e-300)
    glyphs = cloud.glyph(
        orient="vector",
        scale="size",
        factor=scale,
        geom=arrow,
    )
    plotter.add_mesh(glyphs, scalars="values", **colours)


def rounded(bounds: Any) -> list[float]:
    """Bounds a little further out, at numbers short enough to stand at an axis, and their middle too."""
    pairs = np.reshape(bounds, (3, 2))
    size = max(float(np.ptp(pairs, axis=1).max()), 1e-300)
    step = 10.0 ** np.floor(np.log10(size)) / 20
    slack = 1e-6 * size  # an end that is a short number but for rounding stays
    low, high = np.floor((pairs[:, 0] + slack) / step), np.ceil((pairs[:, 1] - slack) / step)
    return [float(end * step) for pair in zip(low, high, strict=True) for end in pair]


def _axes(plotter: Any, scene: dict[str, Any], bounds: Any) -> None:
    titles = dict(zip(("xtitle", "ytitle", "ztitle"), scene["titles"], strict=True))
    plotter.show_bounds(
        bounds=rounded(bounds),
        grid="back", location="outer", ticks="outside", color="dimgrey", font_size=scene["font"],
        fmt="%.3g", use_3d_text=False, **dict(zip(COUNTS, scene["ticks"], strict=True)), **titles,
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
