"""Core–shell nanowire in three dimensions, along x: tetrahedra, of second order with --order 2.

Regions: core, shell.  Boundaries: core_left, core_right, shell_left, shell_right (the ends), surface (the
outside of the shell, and of the core where the shell leaves it bare).  Interface: "core|shell".

    python meshes/core_shell.py [--core 0.5] [--shell 0.2] [--length 3] [--coverage 1] [--order 1]
                                [--size 1.0] [--out core_shell.msh]

--coverage is the part of the circumference that the shell covers, around +z.
"""

from __future__ import annotations

import math

import gmsh
from gmsh_setup import between, mesh_file, middles, name, options, sides


def build(core: float, shell: float, length: float, coverage: float, size: float) -> None:
    """A cylinder of radius `core` in a tube that reaches to `core` + `shell`, from x = 0 to `length`.

    Raises:
        ValueError: if `coverage` is not in (0, 1].
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"the coverage must be > 0 and <= 1; received {coverage:g}")
    occ = gmsh.model.occ
    inside = [(3, occ.addCylinder(0, 0, 0, length, 0, 0, core))]
    angle = 2 * math.pi * coverage
    outside = [(3, occ.addCylinder(0, 0, 0, length, 0, 0, core + shell, angle=angle))]
    # the sector starts at an angle of its own: put its middle at +z
    occ.synchronize()
    if coverage < 1:
        _, y, z = occ.getCenterOfMass(3, outside[0][1])
        occ.rotate(outside, 0, 0, 0, 1, 0, 0, math.pi / 2 - math.atan2(z, y))
    _, origin = occ.fragment(inside, outside)
    occ.synchronize()
    cores = {tag for _, tag in origin[0]}
    shells = {tag for _, tag in origin[1]} - cores
    name(3, "core", cores)
    name(3, "shell", shells)
    faces, known = middles(2), set()
    for label, tags in (("core", cores), ("shell", shells)):
        for end, x in (("left", 0.0), ("right", length)):
            found = {t for t in sides(tags, 3) if abs(faces[t][0] - x) < 1e-9 * length}
            name(2, f"{label}_{end}", found)
            known |= found
    joint = between(cores, shells, 3)
    name(2, "core|shell", joint)
    within = between(cores, cores, 3) - {t for _, t in gmsh.model.getBoundary([(3, t) for t in cores])}
    skin = {abs(t) for _, t in gmsh.model.getBoundary([(3, t) for t in cores | shells])}
    name(2, "surface", skin - known - joint - within)
    gmsh.option.setNumber("Mesh.MeshSizeMax", size * max(0.5 * core, shell))
    gmsh.option.setNumber("Mesh.Optimize", 1)


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "core_shell.msh")
    for key, default in (("core", 0.5), ("shell", 0.2), ("length", 3.0), ("coverage", 1.0)):
        parser.add_argument(f"--{key}", type=float, default=default)
    parser.add_argument("--order", type=int, choices=(1, 2), default=1)
    chosen = parser.parse_args()
    with mesh_file(chosen.out, dim=3, order=chosen.order):
        try:
            build(chosen.core, chosen.shell, chosen.length, chosen.coverage, chosen.size)
        except ValueError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
