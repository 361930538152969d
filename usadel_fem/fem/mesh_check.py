"""What a mesh must fulfil before anything is computed on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import skfem
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from usadel_fem.errors import Problem
from usadel_fem.fem.mesh_named import EDGES, Index, NamedMesh, Real, is_curved, vertices

AT_ONCE = 8192
"""Elements handled at once."""

SMALLEST = 1e-9  # volume of an element over the same power of its longest edge


def check_mesh(named: NamedMesh, key: str) -> list[Problem]:
    """Everything that is wrong with a mesh, in words.

    Checks that the regions are a partition, that no element is degenerate or folded, that no facet has
    more than two elements, and that separate parts do not touch without sharing nodes.

    Example:
        >>> import numpy as np, skfem
        >>> line = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
        >>> check_mesh(NamedMesh(line, {"N": np.array([0, 1])}, {}), "mesh.file")
        []
    """
    checks = (_partition, _degenerate, _manifold, _joined)
    return [problem for check in checks for problem in check(named, key)]


def _partition(named: NamedMesh, key: str) -> Iterator[Problem]:
    names = list(named.regions)
    count = np.zeros(named.mesh.nelements, dtype=np.int64)
    for elements in named.regions.values():
        count[elements] += 1
    missing = np.flatnonzero(count == 0)
    if missing.size:
        where = f"{_many(missing.size, 'element')} in none, the first at {_place(named.mesh, missing[0])}"
        yield Problem(
            key, "must have every element in a named region", where, f"its regions are {', '.join(names)}"
        )
    double = np.flatnonzero(count > 1)
    if double.size:
        both = [name for name in names if double[0] in named.regions[name]]
        where = f"{_many(double.size, 'element')} in more, the first in {' and '.join(both)}"
        yield Problem(key, "must have every element in one region only", where)


def _degenerate(named: NamedMesh, key: str) -> Iterator[Problem]:
    mesh = named.mesh
    determinant = jacobians(mesh)
    size = edge_lengths(mesh).max(axis=0) ** mesh.dim()
    largest = np.abs(determinant).max(axis=1)
    flat = np.flatnonzero(largest <= SMALLEST * size)
    if flat.size:
        where = f"{flat.size} of no volume, the first at {_place(mesh, flat[0])}"
        yield Problem(key, "must have no degenerate elements", where, "remesh there")
    sign = np.sign(determinant[:, :1])
    folded = np.flatnonzero(
        ((determinant * sign).min(axis=1) <= 1e-6 * largest) & (largest > SMALLEST * size)
    )
    if folded.size:
        where = f"{folded.size} folded over, the first at {_place(mesh, folded[0])}"
        hint = "refine where the boundary is curved, or in Gmsh set Mesh.HighOrderOptimize = 2"
        yield Problem(key, "must have curved elements that are not inverted", where, hint)


def _manifold(named: NamedMesh, key: str) -> Iterator[Problem]:
    mesh = named.mesh
    crowded = np.flatnonzero(np.bincount(mesh.t2f.ravel(), minlength=mesh.nfacets) > 2)
    if crowded.size:
        place = _point(vertices(mesh)[:, mesh.facets[:, crowded[0]]].mean(axis=1))
        where = f"{_many(crowded.size, 'facet')} with more, the first at {place}"
        yield Problem(
            key, "must have at most two elements at every facet", where, "elements overlap or are double"
        )


def _joined(named: NamedMesh, key: str) -> Iterator[Problem]:
    mesh = named.mesh
    part = parts(mesh)
    if part.max() == 0:
        return
    points = vertices(mesh)
    tolerance = 1e-7 * float(edge_lengths(mesh).min())
    pairs = cKDTree(points.T).query_pairs(tolerance, output_type="ndarray")
    touching = pairs[part[pairs[:, 0]] != part[pairs[:, 1]]]
    if touching.size:
        where = f"{_many(len(touching), 'double node')}, the first at {_point(points[:, touching[0, 0]])}"
        hint = "join them in Gmsh (Coherence, or occ.fragment), so that the mesh is conforming"
        yield Problem(key, "must have parts that share their nodes where they touch", where, hint)


def parts(mesh: skfem.Mesh) -> Index:
    """Number of the connected part that every vertex belongs to."""
    cells = np.asarray(mesh.t)
    one, two = np.broadcast_arrays(cells[:1], cells[1:])
    ones = np.ones(one.size, dtype=np.int8)
    graph = sparse.coo_matrix((ones, (one.ravel(), two.ravel())), shape=(mesh.nvertices, mesh.nvertices))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def jacobians(mesh: skfem.Mesh, points: Real | None = None) -> Real:
    """Jacobian determinant (elements, points) at reference points (dim, points).

    By default at the nodes of the geometry and in the middle; at one point where elements are straight.
    """
    dim = mesh.dim()
    if not is_curved(mesh):
        straight = np.empty((mesh.nelements, 1))
        for few in _handfuls(mesh):
            corners = vertices(mesh)[:, mesh.t[:, few]]
            straight[few, 0] = np.linalg.det((corners[:, 1:] - corners[:, :1]).transpose(2, 0, 1))
        return straight
    element = mesh.elem()
    nodes = mesh.doflocs[:, mesh.dofs.element_dofs]
    if points is None:
        points = np.hstack([element.doflocs.T, np.full((dim, 1), 1 / (dim + 1))])
    slopes = np.array([element.lbasis(points, i)[1] for i in range(nodes.shape[1])])  # (nodes, dim, points)
    matrix = np.einsum("ine,njp->epij", nodes, slopes)
    return np.asarray(np.linalg.det(matrix))


def edge_lengths(mesh: skfem.Mesh) -> Real:
    """Distances of the ends of the edges of every element (edges, elements)."""
    first, second = EDGES[mesh.dim()].T
    lengths = np.empty((first.size, mesh.nelements))
    for few in _handfuls(mesh):
        corners = vertices(mesh)[:, mesh.t[:, few]]
        lengths[:, few] = np.linalg.norm(corners[:, first] - corners[:, second], axis=0)
    return lengths


def _handfuls(mesh: skfem.Mesh) -> Iterator[slice]:
    """All elements, some at a time: corner by corner they take more room than the mesh."""
    for start in range(0, mesh.nelements, AT_ONCE):
        yield slice(start, start + AT_ONCE)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _place(mesh: skfem.Mesh, element: int) -> str:
    return _point(vertices(mesh)[:, mesh.t[:, element]].mean(axis=1))


def _point(x: Real) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in x) + ")"
