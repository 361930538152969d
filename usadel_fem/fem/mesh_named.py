"""A simplex mesh with named parts: what a file or a built-in shape gives, before interfaces are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skfem
from numpy.typing import NDArray
from skfem.assembly import Dofs

Real = NDArray[np.float64]
Index = NDArray[np.int64]

STRAIGHT = {1: skfem.MeshLine1, 2: skfem.MeshTri1, 3: skfem.MeshTet1}
CURVED = {2: skfem.MeshTri2, 3: skfem.MeshTet2}
QUADRATIC = {1: skfem.ElementLineP2, 2: skfem.ElementTriP2, 3: skfem.ElementTetP2}
EDGES = {
    1: np.array([[0, 1]]),
    2: np.array([[0, 1], [1, 2], [0, 2]]),
    3: np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]]),
}


@dataclass(frozen=True)
class NamedMesh:
    """A mesh, its regions and its named facets (outer and interior ones together).

    Attributes:
        mesh: MeshLine1, MeshTri1, MeshTri2, MeshTet1 or MeshTet2 of scikit-fem.
        regions: elements of every region.
        facets: facets of every named group.
    """

    mesh: skfem.Mesh
    regions: dict[str, Index]
    facets: dict[str, Index]


def simplex_mesh(points: Real, cells: Index, middles: Real | None = None) -> skfem.Mesh:
    """A scikit-fem mesh that keeps the order of elements and vertices.

    Args:
        points: vertices (dim, n), each in some element.
        cells: vertices of every element (dim + 1, elements).
        middles: mid-edge nodes (dim, edges of an element, elements) in the order of `EDGES`; None, or
            nodes that all sit in the middle of straight edges, give a first-order mesh.

    Returns:
        The mesh: isoparametric of second order where `middles` bend an edge.

    Example:
        >>> import numpy as np
        >>> triangle = simplex_mesh(np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]), np.array([[0], [1], [2]]))
        >>> type(triangle).__name__
        'MeshTri1'
    """
    dim = points.shape[0]
    points = np.ascontiguousarray(points, dtype=np.float64)
    cells = np.ascontiguousarray(cells, dtype=np.int32)
    if middles is None or dim == 1 or _straight(points, cells, middles):
        return STRAIGHT[dim](points, cells)
    skeleton = STRAIGHT[dim](points, cells, sort_t=False)
    dofs = Dofs(skeleton, QUADRATIC[dim]())
    doflocs = np.empty((dim, dofs.N))
    doflocs[:, : points.shape[1]] = points
    doflocs[:, dofs.element_dofs[dim + 1 :]] = middles
    return CURVED[dim](doflocs, cells)


def _straight(points: Real, cells: Index, middles: Real) -> bool:
    """Whether every mid-edge node sits in the middle of its edge."""
    first, second = points[:, cells[EDGES[points.shape[0]]]].transpose(2, 0, 1, 3)
    away = np.linalg.norm(middles - (first + second) / 2, axis=0)
    return bool(np.all(away <= 1e-9 * np.linalg.norm(second - first, axis=0)))


def is_curved(mesh: skfem.Mesh) -> bool:
    """Whether the mesh is isoparametric of second order."""
    return isinstance(mesh, tuple(CURVED.values()))


def vertices(mesh: skfem.Mesh) -> Real:
    """Positions of the vertices (dim, n), without mid-edge nodes."""
    return np.asarray(mesh.doflocs[:, : mesh.nvertices])


def middle_nodes(mesh: skfem.Mesh) -> Real | None:
    """Mid-edge nodes (dim, edges of an element, elements) of a curved mesh, None of a straight one."""
    if not is_curved(mesh):
        return None
    return np.asarray(mesh.doflocs[:, mesh.dofs.element_dofs[mesh.dim() + 1 :]])


def find_facets(mesh: skfem.Mesh, corners: Index) -> Index:
    """Facets with the given vertices (dim, n); −1 where there is no such facet."""
    wanted = np.sort(corners, axis=0)
    among = np.zeros(mesh.nvertices, dtype=bool)
    among[wanted] = True
    candidates = np.flatnonzero(among[mesh.facets].all(axis=0))
    known = np.sort(mesh.facets[:, candidates], axis=0)
    _, place = np.unique(np.hstack([known, wanted]), axis=1, return_inverse=True)
    place = place.ravel()
    facet_of = np.full(place.max(initial=-1) + 1, -1, dtype=np.int64)
    facet_of[place[: known.shape[1]]] = candidates
    return facet_of[place[known.shape[1] :]]


def outer_facets(mesh: skfem.Mesh) -> NDArray[np.bool_]:
    """Mask of the facets that belong to one element only."""
    return np.asarray(mesh.f2t[1] == -1)
