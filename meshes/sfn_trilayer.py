"""S/F/N trilayer in two dimensions whose F/N interface is an arc: second-order triangles.

python meshes/sfn_trilayer.py [--size 1.0] [--out meshes/sfn_trilayer.msh]
"""

from __future__ import annotations

import gmsh
from gmsh_setup import mesh_file, options

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
    chosen = options(__doc__, "sfn_trilayer.msh").parse_args()
    with mesh_file(chosen.out, dim=2, order=2):
        build(chosen.size)


if __name__ == "__main__":
    main()
