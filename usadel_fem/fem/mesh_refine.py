"""Uniform refinement that keeps names: every line in 2, triangle in 4, tetrahedron in 8."""

from __future__ import annotations

import numpy as np
import skfem
from skfem.assembly import Dofs

from usadel_fem.fem.mesh_named import (
    EDGES,
    QUADRATIC,
    Index,
    NamedMesh,
    Real,
    find_facets,
    is_curved,
    simplex_mesh,
    vertices,
)

# Children by the local nodes of the quadratic element: vertices first, then the middles of `EDGES`.
CORNERS = [(0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3)]
# The octahedron that is left of a tetrahedron is cut along one of its three diagonals.
DIAGONALS = [(4, 9), (5, 7), (6, 8)]
RINGS = [(5, 6, 7, 8), (4, 6, 9, 8), (4, 5, 9, 7)]
CHILDREN = {
    1: [np.array([(0, 2), (2, 1)])],
    2: [np.array([(0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)])],
    3: [
        np.array(CORNERS + [(*diagonal, ring[k], ring[(k + 1) % 4]) for k in range(4)])
        for diagonal, ring in zip(DIAGONALS, RINGS, strict=True)
    ],
}


def refine(named: NamedMesh) -> NamedMesh:
    """Halve every edge once.

    Curved elements are halved in the reference element and mapped: the geometry stays exactly the same.
    In 3D the shortest diagonal of the inner octahedron is taken, which keeps shapes regular.

    Example:
        >>> import numpy as np, skfem
        >>> line = skfem.MeshLine(np.array([0.0, 1.0]))
        >>> fine = refine(NamedMesh(line, {"N": np.array([0])}, {"left": np.array([0])}))
        >>> fine.mesh.nelements, fine.regions["N"].tolist(), fine.facets["left"].tolist()
        (2, [0, 1], [0])
    """
    mesh = named.mesh
    dim = mesh.dim()
    nodes, positions = _quadratic_nodes(mesh)
    variant = _variants(nodes, positions, dim)
    children = np.stack(CHILDREN[dim])[variant]  # (elements, children, dim + 1)
    count = children.shape[1]
    cells = np.take_along_axis(nodes.T[:, None, :], children, axis=2).reshape(-1, dim + 1).T
    middles = _child_middles(positions[:, nodes], variant, dim) if is_curved(mesh) else None
    fine = simplex_mesh(positions, cells, middles)
    regions = {
        name: (elements[:, None] * count + np.arange(count)).ravel()
        for name, elements in named.regions.items()
    }
    facets = {name: _child_facets(mesh, fine, nodes, group) for name, group in named.facets.items()}
    return NamedMesh(fine, regions, facets)


def _quadratic_nodes(mesh: skfem.Mesh) -> tuple[Index, Real]:
    """Nodes of the quadratic element on the mesh: numbers (local, elements), positions (dim, n)."""
    dim = mesh.dim()
    if is_curved(mesh):
        return np.asarray(mesh.dofs.element_dofs, dtype=np.int64), mesh.doflocs
    dofs = Dofs(mesh, QUADRATIC[dim]())
    nodes = np.asarray(dofs.element_dofs, dtype=np.int64)
    corners = vertices(mesh)
    positions = np.empty((dim, dofs.N))
    positions[:, : corners.shape[1]] = corners
    ends = corners[:, np.asarray(mesh.t)[EDGES[dim]]]
    positions[:, nodes[dim + 1 :]] = ends.mean(axis=2)
    return nodes, positions


def _variants(nodes: Index, positions: Real, dim: int) -> Index:
    """Which of the diagonals of the inner octahedron is shortest (0 but in 3D)."""
    if dim < 3:
        return np.zeros(nodes.shape[1], dtype=np.int64)
    ends = positions[:, nodes[np.array(DIAGONALS)]]
    # a hair of preference, so that round-off does not decide between equal lengths
    handicap = np.array([[1.0], [1 + 1e-9], [1 + 2e-9]])
    lengths = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=0) * handicap
    return np.asarray(np.argmin(lengths, axis=0))


def _child_middles(local: Real, variant: Index, dim: int) -> Real:
    """Mid-edge nodes of the children through the isoparametric map: (dim, edges, elements × children)."""
    element = QUADRATIC[dim]()
    reference = element.doflocs
    count = len(CHILDREN[dim][0])
    middles = np.empty((dim, len(EDGES[dim]), local.shape[2], count))
    for number, children in enumerate(CHILDREN[dim]):
        chosen = np.flatnonzero(variant == number)
        points = reference[children[:, EDGES[dim]]].mean(axis=2)  # (children, edges, dim)
        flat = points.reshape(-1, dim).T
        weight = np.array([element.lbasis(flat, i)[0] for i in range(reference.shape[0])])
        mapped = np.tensordot(local[:, :, chosen], weight, axes=([1], [0]))  # (dim, chosen, children·edges)
        middles[:, :, chosen] = mapped.reshape(dim, chosen.size, count, len(EDGES[dim])).transpose(0, 3, 1, 2)
    return middles.reshape(dim, len(EDGES[dim]), -1)


def _child_facets(mesh: skfem.Mesh, fine: skfem.Mesh, nodes: Index, group: Index) -> Index:
    """Facets of the fine mesh on a group of facets of the coarse one."""
    dim = mesh.dim()
    first = np.full(mesh.nfacets, -1, dtype=np.int64)
    place = np.full(mesh.nfacets, -1, dtype=np.int64)
    for local in range(dim + 1):
        first[mesh.t2f[local]] = np.arange(mesh.nelements)
        place[mesh.t2f[local]] = local
    pieces = []
    for local, corner in enumerate(mesh.refdom.facets):
        inside = group[place[group] == local]
        corners = nodes[:, first[inside]]
        pieces += [find_facets(fine, corners[list(child)]) for child in _facet_children(dim, corner)]
    return np.sort(np.concatenate(pieces))


def _facet_children(dim: int, corner: list[int]) -> list[tuple[int, ...]]:
    """Local quadratic nodes of the children of a facet."""
    edges = [tuple(edge) for edge in EDGES[dim].tolist()]

    def middle(a: int, b: int) -> int:
        return dim + 1 + edges.index((min(a, b), max(a, b)))

    if dim == 1:
        return [(corner[0],)]
    if dim == 2:
        a, b = corner
        return [(a, middle(a, b)), (middle(a, b), b)]
    a, b, c = corner
    ab, bc, ac = middle(a, b), middle(b, c), middle(a, c)
    return [(a, ab, ac), (ab, b, bc), (ac, bc, c), (ab, bc, ac)]
