"""Hall bar: a strip along x with pairs of side arms for probes; second-order triangles.

Regions: bar, and one for every arm: top1, bottom1, top2, ... from left to right.  Boundaries: source and
drain (the ends of the bar), top1_end, bottom1_end, ... (the ends of the arms), edge (everything else).
Interfaces: "bar|top1", ...

    python meshes/hall_bar.py [--length 6] [--width 1] [--pairs 2] [--arm 0.8] [--arm-width 0.4]
                              [--size 1.0] [--out hall_bar.msh]
"""

from __future__ import annotations

import gmsh
from gmsh_setup import between, mesh_file, middles, name, options, sides


def build(length: float, width: float, pairs: int, arm: float, arm_width: float, size: float) -> None:
    """The bar from x = 0 to `length`, y = 0 to `width`; the arms divide it evenly.

    Raises:
        ValueError: if the arms overlap.
    """
    if pairs * arm_width >= length:
        raise ValueError(f"{pairs} arms of width {arm_width:g} do not fit on a length of {length:g}")
    occ = gmsh.model.occ
    bar = (2, occ.addRectangle(0, 0, 0, length, width))
    arms = []
    for k in range(pairs):
        x = length * (k + 1) / (pairs + 1)
        for y in (width, -arm):
            arms.append((2, occ.addRectangle(x - arm_width / 2, y, 0, arm_width, arm)))
    _, origin = occ.fragment([bar], arms)
    occ.synchronize()
    regions = {label: [tag for _, tag in parts] for label, parts in zip(_order(pairs), origin, strict=True)}
    for label, tags in regions.items():
        name(2, label, tags)
    curves = middles(1)
    outer = {tag for _, tag in gmsh.model.getBoundary([(2, t) for r in regions.values() for t in r])}
    outer = {abs(tag) for tag in outer}
    ends = {"source": [t for t in outer if abs(curves[t][0]) < 1e-9 * length]}
    ends["drain"] = [t for t in outer if abs(curves[t][0] - length) < 1e-9 * length]
    for label in list(regions)[1:]:
        far = width + arm if label.startswith("top") else -arm
        mine = sides(regions[label], 2) & outer
        ends[f"{label}_end"] = [t for t in mine if abs(curves[t][1] - far) < 1e-9 * (width + arm)]
        name(1, f"bar|{label}", between(regions["bar"], regions[label], 2))
    for label, tags in ends.items():
        name(1, label, tags)
    name(1, "edge", outer - {t for tags in ends.values() for t in tags})
    gmsh.option.setNumber("Mesh.MeshSizeMax", size * min(0.25 * width, 0.5 * arm_width))


def _order(pairs: int) -> list[str]:
    return ["bar"] + [f"{side}{k + 1}" for k in range(pairs) for side in ("top", "bottom")]


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "hall_bar.msh")
    for key, default in (("length", 6.0), ("width", 1.0), ("arm", 0.8), ("arm-width", 0.4)):
        parser.add_argument(f"--{key}", type=float, default=default)
    parser.add_argument("--pairs", type=int, default=2)
    chosen = parser.parse_args()
    with mesh_file(chosen.out, dim=2, order=2):
        try:
            build(chosen.length, chosen.width, chosen.pairs, chosen.arm, chosen.arm_width, chosen.size)
        except ValueError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
