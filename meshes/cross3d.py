"""Two crossed round nanowires in three dimensions: first-order tetrahedra.

The wires run along x and y and share their centre.  Regions: N (the centre), S1 and S2 (west and east
arm), F1 and F2 (south and north arm).  Boundaries: west, east, south, north (the ends of the arms).
Interfaces: S1N, S2N, F1N, F2N.

    python meshes/cross3d.py [--size 1.0] [--out meshes/cross3d.msh]
"""

from __future__ import annotations

import gmsh
from gmsh_setup import mesh_file, options

RADIUS, HALF, ARM = 0.5, 0.8, 1.2
ARMS = {"west": ("S1", 0, -1), "east": ("S2", 0, 1), "south": ("F1", 1, -1), "north": ("F2", 1, 1)}


def build() -> None:
    """Fuse two cylinders, and cut the arms off at HALF."""
    occ = gmsh.model.occ
    reach = HALF + ARM
    along_x = occ.addCylinder(-reach, 0, 0, 2 * reach, 0, 0, RADIUS)
    along_y = occ.addCylinder(0, -reach, 0, 0, 2 * reach, 0, RADIUS)
    body, _ = occ.fuse([(3, along_x)], [(3, along_y)])
    box = occ.addBox(-HALF, -HALF, -1, 2 * HALF, 2 * HALF, 2)
    parts, origin = occ.fragment(body, [(3, box)])
    inside = set(origin[0])
    occ.remove([part for part in parts if part not in inside], recursive=True)
    occ.synchronize()
    volumes = {tag: occ.getCenterOfMass(3, tag) for _, tag in gmsh.model.getEntities(3)}
    faces = {tag: occ.getCenterOfMass(2, tag) for _, tag in gmsh.model.getEntities(2)}
    gmsh.model.addPhysicalGroup(3, [t for t, c in volumes.items() if max(map(abs, c)) < 1e-6], name="N")
    for end, (region, axis, sign) in ARMS.items():
        arm = [tag for tag, c in volumes.items() if sign * c[axis] > 1e-6]
        gmsh.model.addPhysicalGroup(3, arm, name=region)
        for name, place in ((end, reach), (f"{region}N", HALF)):
            face = [t for t, c in faces.items() if abs(c[axis] - sign * place) < 1e-6]
            gmsh.model.addPhysicalGroup(2, face, name=name)


def main() -> None:
    """Write the mesh."""
    chosen = options(__doc__, "cross3d.msh").parse_args()
    with mesh_file(chosen.out, dim=3):
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.3 * chosen.size)
        gmsh.option.setNumber("Mesh.Optimize", 1)
        build()


if __name__ == "__main__":
    main()
