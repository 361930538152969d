"""Gmsh MSH 4.1 files, written as text: one entity for each named group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from usadel_fem.fem.mesh_named import Index, NamedMesh, Real, is_curved

KIND = {(0, 1): 15, (1, 2): 1, (2, 3): 2, (3, 4): 4, (2, 6): 9, (3, 10): 11}
"""Gmsh's numbers of elements, by dimension and number of nodes."""
GMSH_ORDER = {10: [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]}
"""Where Gmsh counts the edges of an element in another order."""

Groups = list[tuple[int, str, Index]]


def gmsh_lines(named: NamedMesh, axes: Sequence[int]) -> Iterator[str]:
    """The text of the file, piece by piece; sides of curved elements are written with their corners only.

    Args:
        named: a mesh whose regions are a partition.
        axes: the column of the file that each mesh coordinate goes to; the others are 0.

    Example:
        >>> import numpy as np, skfem
        >>> line = skfem.MeshLine(np.array([0.0, 1.5]))
        >>> text = "".join(gmsh_lines(NamedMesh(line, {"N": np.array([0])}, {}), (0,)))
        >>> text.splitlines()[:4]
        ['$MeshFormat', '4.1 0 8', '$EndMeshFormat', '$PhysicalNames']
    """
    mesh, dim = named.mesh, named.mesh.dim()
    points = np.zeros((mesh.doflocs.shape[1], 3))
    points[:, list(axes)] = mesh.doflocs.T
    cells = np.asarray(mesh.dofs.element_dofs if is_curved(mesh) else mesh.t).T
    groups = [(dim, name, cells[elements]) for name, elements in named.regions.items()]
    groups += [(dim - 1, name, mesh.facets[:, facets].T) for name, facets in named.facets.items()]
    yield "$MeshFormat\n4.1 0 8\n$EndMeshFormat\n"
    yield f"$PhysicalNames\n{len(groups)}\n"
    yield from (f'{d} {tag} "{name}"\n' for tag, (d, name, _) in enumerate(groups, start=1))
    yield "$EndPhysicalNames\n"
    yield from _entities(points, groups)
    yield f"$Nodes\n1 {len(points)} 1 {len(points)}\n{dim} 1 0 {len(points)}\n"  # all in the first region
    yield from (f"{k}\n" for k in range(1, len(points) + 1))
    yield from (f"{x!r} {y!r} {z!r}\n" for x, y, z in points.tolist())
    yield "$EndNodes\n"
    yield from _elements(groups)


def _entities(points: Real, groups: Groups) -> Iterator[str]:
    """One for every group, with its bounding box and its physical tag."""
    counts = [sum(dim == d for dim, _, _ in groups) for d in range(4)]
    yield f"$Entities\n{' '.join(map(str, counts))}\n"
    for tag, (dim, _, cells) in sorted(enumerate(groups, start=1), key=lambda item: item[1][0]):
        corners = points[np.unique(cells)]
        low, high = corners.min(axis=0), corners.max(axis=0)
        box = [*low.tolist(), *high.tolist()] if dim else low.tolist()
        yield f"{tag} {' '.join(map(repr, box))} 1 {tag}{' 0' if dim else ''}\n"
    yield "$EndEntities\n"


def _elements(groups: Groups) -> Iterator[str]:
    total = sum(len(cells) for _, _, cells in groups)
    yield f"$Elements\n{len(groups)} {total} 1 {total}\n"
    number = 1
    for tag, (dim, _, cells) in enumerate(groups, start=1):
        width = cells.shape[1]
        yield f"{dim} {tag} {KIND[dim, width]} {len(cells)}\n"
        for nodes in (cells[:, GMSH_ORDER.get(width, slice(None))] + 1).tolist():
            yield f"{number} {' '.join(map(str, nodes))}\n"
            number += 1
    yield "$EndElements\n"
