"""Disk for a vortex: second-order triangles, finest around the centre, region disk, boundary rim.

python meshes/disk.py [--radius 5.0] [--size 1.0] [--out meshes/disk.msh]
"""

from __future__ import annotations

import gmsh
from gmsh_setup import mesh_file, options


def build(radius: float, size: float) -> None:
    """A circle of four arcs around a point in the centre, which is a node of the mesh."""
    geo = gmsh.model.geo
    centre = geo.addPoint(0.0, 0.0, 0.0, 0.2 * size)
    corners = [(radius, 0.0), (0.0, radius), (-radius, 0.0), (0.0, -radius)]
    rim = [geo.addPoint(x, y, 0.0, 0.9 * size) for x, y in corners]
    arcs = [geo.addCircleArc(rim[k], centre, rim[(k + 1) % 4]) for k in range(4)]
    surface = geo.addPlaneSurface([geo.addCurveLoop(arcs)])
    geo.addPhysicalGroup(2, [surface], name="disk")
    geo.addPhysicalGroup(1, arcs, name="rim")
    geo.synchronize()
    gmsh.model.mesh.embed(0, [centre], 2, surface)


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "disk.msh")
    parser.add_argument("--radius", type=float, default=5.0)
    chosen = parser.parse_args()
    with mesh_file(chosen.out, dim=2, order=2):
        build(chosen.radius, chosen.size)


if __name__ == "__main__":
    main()
