"""Cutting a mesh along interfaces, so that their two sides carry nodes of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from usadel_fem.fem.mesh_named import EDGES, Index, middle_nodes, simplex_mesh, vertices

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cut:
    """A mesh cut along some of its interior facets.

    Attributes:
        mesh: the new mesh: same elements in the same order, more vertices.
        vertex: old vertex of every new vertex.
        closed: cut facets that stay closed (all of their ends lie on the rim of the cut), or, in 3D,
            that meet an edge inside the cut which does.
    """

    mesh: skfem.Mesh
    vertex: Index
    closed: Index


def sides(mesh: skfem.Mesh) -> tuple[Index, Index]:
    """The (local facet, element) of both sides of every facet: two arrays (2, facets), −1 for no second side.

    The element of lower number comes first.

    Example:
        >>> import numpy as np, skfem
        >>> mesh = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
        >>> np.array(sides(mesh))[:, :, 1].tolist()     # facet 1: right end of element 0, left of element 1
        [[1, 0], [0, 1]]
    """
    facet_count, facets = mesh.nfacets, mesh.t2f.T.ravel()
    order = np.argsort(facets, kind="stable")
    element, local = np.divmod(order, mesh.t2f.shape[0])
    start = np.searchsorted(facets[order], np.arange(facet_count))
    twice = np.bincount(facets, minlength=facet_count) > 1
    where = np.stack([start, np.where(twice, start + 1, start)])
    locals_, elements = local[where], element[where]
    locals_[1, ~twice] = -1
    elements[1, ~twice] = -1
    return locals_, elements


def cut_open(mesh: skfem.Mesh, facets: Index) -> Cut:
    """Give the two sides of interior facets separate vertices (and mid-edge nodes).

    Corners (element, local vertex) are the nodes of a graph; corners of one vertex are joined through
    every facet that is not cut, and each connected component becomes a vertex.  So interfaces may end
    inside the mesh, meet and cross.  New vertices are numbered in the order of the old ones: both
    sides of a cut facet keep their orientation, and their quadrature points coincide.

    Args:
        mesh: a mesh of simplices.
        facets: interior facets to cut.

    Returns:
        The cut mesh; local facets and elements keep their numbers.

    Example:
        >>> import numpy as np, skfem
        >>> mesh = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
        >>> cut_open(mesh, np.array([1])).mesh.p.tolist()
        [[0.0, 1.0, 1.0, 2.0]]
    """
    uncut = ~np.isin(np.arange(mesh.nfacets), facets)
    labels = _components(mesh, np.asarray(mesh.t), list(mesh.refdom.facets), uncut)
    on_cut = np.isin(mesh.t, mesh.facets[:, facets])
    names = np.where(on_cut, labels, labels.size + mesh.t)  # elsewhere a vertex stays one
    _, first, labels = np.unique(names.T.ravel(), return_index=True, return_inverse=True)
    labels = labels.reshape(mesh.nelements, -1).T
    owner = np.asarray(mesh.t.T.ravel()[first], dtype=np.int64)
    order = np.lexsort((first, owner))  # copies of a vertex by their lowest element
    number = np.empty_like(order)
    number[order] = np.arange(order.size)
    new = simplex_mesh(vertices(mesh)[:, owner[order]], number[labels], middle_nodes(mesh))
    return Cut(new, owner[order], _closed(mesh, new, facets, uncut))


def _components(mesh: skfem.Mesh, entities: Index, on_facet: list[list[int]], uncut: Mask) -> Index:
    """Labels of the copies of each vertex or edge, per element (k, elements).

    Args:
        mesh: the uncut mesh.
        entities: numbers of the vertices or edges of every element (k, elements).
        on_facet: which of the k lie on each local facet.
        uncut: mask of the facets through which copies stay joined.
    """
    count, elements = entities.shape
    # corners on every local facet in an order both neighbours agree on
    local = np.array(on_facet)
    rank = np.argsort(entities[local], axis=1, kind="stable")
    corner = np.take_along_axis(local[:, :, None], rank, axis=1) * elements + np.arange(elements)
    local_facet, element = sides(mesh)
    joined = uncut & (element[1] >= 0)
    one, two = (corner[local_facet[s, joined], :, element[s, joined]] for s in (0, 1))
    total = count * elements
    ones = np.ones(one.size, dtype=np.int8)
    graph = sparse.coo_matrix((ones, (one.ravel(), two.ravel())), shape=(total, total))
    labels = connected_components(graph, directed=False)[1]
    return np.asarray(labels, dtype=np.int64).reshape(count, elements)


def _closed(old: skfem.Mesh, new: skfem.Mesh, facets: Index, uncut: Mask) -> Index:
    """Cut facets that could not be opened: P2 nodes on them would still be shared."""
    local, element = (side[:, facets] for side in sides(old))
    shared = new.t2f[local[0], element[0]] == new.t2f[local[1], element[1]]
    if old.dim() == 3:
        shared |= np.isin(old.t2f[local[0], element[0]], _facets_of_closed_edges(old, new, uncut))
    return np.asarray(facets[shared], dtype=np.int64)


def _facets_of_closed_edges(old: skfem.Mesh, new: skfem.Mesh, uncut: Mask) -> Index:
    """Cut facets around an edge whose copies still share both of their ends."""
    edges = EDGES[3]
    on_facet = [[e for e in range(6) if set(edges[e]) <= set(facet)] for facet in old.refdom.facets]
    labels = _components(old, old.t2e, on_facet, uncut)
    pairs = np.unique(np.stack([labels.ravel(), new.t2e.ravel()]), axis=1)
    copies = np.bincount(pairs[1])
    around = np.isin(new.t2e, np.flatnonzero(copies > 1))
    touched = np.array([around[list(lines)].any(axis=0) for lines in on_facet])
    return np.asarray(np.unique(old.t2f[touched & ~uncut[old.t2f]]))
