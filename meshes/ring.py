"""Disk or ring with leads: second-order triangles.

Regions: ring (disk, if there is no hole), and lead1, lead2, ... counted from the positive x axis against
the clock.  Boundaries: rim, hole, lead1_end, ..., lead_sides.  Interfaces: "ring|lead1", ...

    python meshes/ring.py [--radius 2] [--hole 1] [--leads 2] [--lead-width 0.6] [--lead-length 1]
                          [--size 1.0] [--out ring.msh]

--hole 0 makes a disk, --leads 0 leaves it alone.
"""

from __future__ import annotations

import math

import gmsh
from gmsh_setup import between, mesh_file, middles, name, options, sides


def build(radius: float, hole: float, leads: int, width: float, length: float, size: float) -> None:
    """The ring around the origin; leads stand at equal angles and reach `length` beyond the rim.

    Raises:
        ValueError: if the hole is larger than the ring, or leads overlap.
    """
    if not 0 <= hole < radius:
        raise ValueError(f"a hole of radius {hole:g} does not fit into a disk of {radius:g}")
    if leads and (width >= 2 * radius or (leads > 2 and width >= 2 * radius * math.sin(math.pi / leads))):
        raise ValueError(f"{leads} leads of width {width:g} do not fit on a radius of {radius:g}")
    occ = gmsh.model.occ
    disk = [(2, occ.addDisk(0, 0, 0, radius, radius))]
    outside = []
    for k in range(leads):
        strip = (2, occ.addRectangle(0, -width / 2, 0, radius + length, width))
        occ.rotate([strip], 0, 0, 0, 0, 0, 1, 2 * math.pi * k / leads)
        cut, _ = occ.cut([strip], disk, removeTool=False)
        outside += cut
    if hole:
        disk, _ = occ.cut(disk, [(2, occ.addDisk(0, 0, 0, hole, hole))])
    if outside:
        _, origin = occ.fragment(disk, outside)
        groups = [[tag for _, tag in parts] for parts in origin]
    else:
        groups = [[tag for _, tag in disk]]
    occ.synchronize()
    body = "ring" if hole else "disk"
    regions = {body: groups[0]} | {f"lead{k}": tags for k, tags in enumerate(groups[1:], start=1)}
    curves = middles(1)
    free = {tag: math.hypot(c[0], c[1]) for tag, c in curves.items()}
    known: set[int] = set()

    def add(label: str, tags: set[int]) -> None:
        name(1, label, tags)
        known.update(tags)

    for label, tags in regions.items():
        name(2, label, tags)
        if label != body:
            add(f"{body}|{label}", between(regions[body], tags, 2))
            add(f"{label}_end", {t for t in sides(tags, 2) if free[t] > radius + 0.999 * length})
    mine = sides(regions[body], 2) - known
    inner = {t for t in mine if hole and _distance(t) < (hole + radius) / 2}
    add("hole", inner)
    add("rim", mine - inner)
    add("lead_sides", set(curves) - known)
    gmsh.option.setNumber("Mesh.MeshSizeMax", 0.35 * size * min(radius - hole, width if leads else radius))


def _distance(curve: int) -> float:
    """Distance from the origin of a point of a curve."""
    low, high = gmsh.model.getParametrizationBounds(1, curve)
    x, y, _ = gmsh.model.getValue(1, curve, [(low[0] + high[0]) / 2])
    return math.hypot(x, y)


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "ring.msh")
    for key, default in (("radius", 2.0), ("hole", 1.0), ("lead-width", 0.6), ("lead-length", 1.0)):
        parser.add_argument(f"--{key}", type=float, default=default)
    parser.add_argument("--leads", type=int, default=2)
    chosen = parser.parse_args()
    with mesh_file(chosen.out, dim=2, order=2):
        try:
            build(
                chosen.radius, chosen.hole, chosen.leads, chosen.lead_width, chosen.lead_length, chosen.size
            )
        except ValueError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
