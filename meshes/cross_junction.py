"""Cross junction in two dimensions: two strips that cross, with rounded corners; second-order triangles.

Regions: centre, west, east, south, north.  Boundaries: west_end, east_end, south_end, north_end, edge
(everything else).  Interfaces: "centre|west", ...  The strip along x has the width --width, the one along y
--cross-width.

    python meshes/cross_junction.py [--width 1] [--cross-width 0.6] [--arm 1.5] [--fillet 0.2]
                                    [--size 1.0] [--out cross_junction.msh]
"""

from __future__ import annotations

import gmsh
from gmsh_setup import between, mesh_file, middles, name, options

ARMS = {"west": (0, -1), "east": (0, 1), "south": (1, -1), "north": (1, 1)}


def build(width: float, cross_width: float, arm: float, fillet: float, size: float) -> None:
    """The cross around the origin; the centre reaches as far as the rounded corners do.

    Raises:
        ValueError: if the corners are rounder than the arms are long.
    """
    if fillet >= arm:
        raise ValueError(f"a fillet of {fillet:g} does not fit on arms of {arm:g}")
    occ = gmsh.model.occ
    half = (cross_width / 2, width / 2)  # of the crossing, along x and y
    reach = (half[0] + arm, half[1] + arm)
    parts = [
        (2, occ.addRectangle(-reach[0], -half[1], 0, 2 * reach[0], width)),
        (2, occ.addRectangle(-half[0], -reach[1], 0, cross_width, 2 * reach[1])),
    ]
    for sx in (-1, 1) if fillet else ():
        for sy in (-1, 1):
            parts.append((2, _corner(sx * half[0], sy * half[1], sx * fillet, sy * fillet)))
    body, _ = occ.fuse(parts[:1], parts[1:])
    inner = (half[0] + fillet, half[1] + fillet)
    box = occ.addRectangle(-inner[0], -inner[1], 0, 2 * inner[0], 2 * inner[1])
    pieces, origin = occ.fragment(body, [(2, box)])
    inside = {tag for _, tag in origin[0]}
    occ.remove([piece for piece in pieces if piece[1] not in inside], recursive=True)
    occ.synchronize()
    surfaces, curves = middles(2), middles(1)
    near = 1e-6 * (reach[0] + reach[1])
    regions = {"centre": [t for t, c in surfaces.items() if max(abs(c[0]), abs(c[1])) < near]}
    ends: dict[str, list[int]] = {}
    for label, (axis, sign) in ARMS.items():
        regions[label] = [t for t, c in surfaces.items() if sign * c[axis] > near]
        ends[f"{label}_end"] = [t for t, c in curves.items() if abs(sign * c[axis] - reach[axis]) < near]
    for label, tags in regions.items():
        name(2, label, tags)
    seams = {label: between(regions["centre"], regions[label], 2) for label in ARMS}
    for label, tags in seams.items():
        name(1, f"centre|{label}", tags)
    for label, tags in ends.items():
        name(1, label, tags)
    known = {t for tags in (*ends.values(), *seams.values()) for t in tags}
    name(1, "edge", set(curves) - known)
    gmsh.option.setNumber("Mesh.MeshSizeMax", 0.3 * size * min(width, cross_width))


def _corner(x: float, y: float, rx: float, ry: float) -> int:
    """What rounds the corner at (x, y): a square of sides (rx, ry) less the quarter of a disk."""
    occ = gmsh.model.occ
    square = occ.addRectangle(min(x, x + rx), min(y, y + ry), 0, abs(rx), abs(ry))
    disk = occ.addDisk(x + rx, y + ry, 0, abs(rx), abs(ry))
    [(_, tag)], _ = occ.cut([(2, square)], [(2, disk)])
    return int(tag)


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "cross_junction.msh")
    for key, default in (("width", 1.0), ("cross-width", 0.6), ("arm", 1.5), ("fillet", 0.2)):
        parser.add_argument(f"--{key}", type=float, default=default)
    chosen = parser.parse_args()
    with mesh_file(chosen.out, dim=2, order=2):
        try:
            build(chosen.width, chosen.cross_width, chosen.arm, chosen.fillet, chosen.size)
        except ValueError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
