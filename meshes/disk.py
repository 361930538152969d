"""Disk for a vortex: second-order triangles, finest around the centre, region disk, boundary rim.

python meshes/disk.py [--radius 5.0] [--size 1.0] [--out meshes/disk.msh]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gmsh


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--radius", type=float, default=5.0)
    parser.add_argument("--size", type=float, default=1.0, help="scale of the element size")
    parser.add_argument("--out", default=str(Path(__file__).with_suffix(".msh")))
    options = parser.parse_args()
    gmsh.initialize()
    gmsh.option.setNumber("General.Verbosity", 2)
    gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
    gmsh.option.setNumber("Mesh.ElementOrder", 2)
    build(options.radius, options.size)
    gmsh.model.mesh.generate(2)
    gmsh.write(options.out)
    gmsh.finalize()


if __name__ == "__main__":
    main()
