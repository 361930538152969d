"""S/F/N trilayer in two dimensions whose F/N interface is an arc: second-order triangles.

python meshes/sfn_trilayer.py [--size 1.0] [--out meshes/sfn_trilayer.msh]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gmsh

S, F, N, WIDTH, BULGE = 2.0, 1.0, 2.0, 2.0, 0.3


def build(size: float) -> None:
    """Three rectangles in a row; the arc bulges into N by BULGE."""
    geo = gmsh.model.geo
    faces = [0.0, S, S + F, S + F + N]
    steps = [0.5 * size, 0.28 * size, 0.28 * size, 0.55 * size]
    low = [geo.addPoint(x, 0.0, 0.0, step) for x, step in zip(faces, steps, strict=True)]
    high = [geo.addPoint(x, WIDTH, 0.0, step) for x, step in zip(faces, steps, strict=True)]
    # the circle through both ends of the interface and its bulge
    radius = (WIDTH**2 / 4 + BULGE**2) / (2 * BULGE)
    centre = geo.addPoint(faces[2] + BULGE - radius, WIDTH / 2, 0.0)
    upright = [geo.addLine(a, b) for a, b in zip(low, high, strict=True)]
    upright[2] = geo.addCircleArc(low[2], centre, high[2])
    bottom = [geo.addLine(low[k], low[k + 1]) for k in range(3)]
    top = [geo.addLine(high[k], high[k + 1]) for k in range(3)]
    for k, name in enumerate("SFN"):
        loop = geo.addCurveLoop([bottom[k], upright[k + 1], -top[k], -upright[k]])
        geo.addPhysicalGroup(2, [geo.addPlaneSurface([loop])], name=name)
    groups = {"left": upright[:1], "SF": upright[1:2], "FN": upright[2:3], "right": upright[3:]}
    for name, curves in {**groups, "bottom": bottom, "top": top}.items():
        geo.addPhysicalGroup(1, curves, name=name)
    geo.synchronize()


def main() -> None:
    """Write the mesh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="scale of the element size")
    parser.add_argument("--out", default=str(Path(__file__).with_suffix(".msh")))
    options = parser.parse_args()
    gmsh.initialize()
    gmsh.option.setNumber("General.Verbosity", 2)
    gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
    gmsh.option.setNumber("Mesh.ElementOrder", 2)
    build(options.size)
    gmsh.model.mesh.generate(2)
    gmsh.write(options.out)
    gmsh.finalize()


if __name__ == "__main__":
    main()
