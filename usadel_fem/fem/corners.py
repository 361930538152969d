"""What quadratic elements have in common with linear ones on the same mesh: the first step of coarsening."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from usadel_fem.fem.space import Index, Space

FLATTEST = 8.0
"""Edge of an element in units of its thickness (the smallest singular value of its Jacobian) above which the
middle of the edge keeps a value of its own: smoothing does not reach what varies along it."""


def corner_values(space: Space) -> sparse.csr_matrix | None:
    """Nodal values (N, n) of functions that are linear between the corners of elements; None for P1.

    Columns are corners, and middles of edges that are long against the thickness of an element.
    """
    if space.order == 1:
        return None
    corners, dofs = space.dimension + 1, space.element_dofs
    kept = np.zeros(space.size, dtype=bool)
    kept[dofs[:corners]] = True
    position = space.doflocs[:, dofs[:corners]]
    thickness = np.linalg.svd(np.moveaxis(position[:, 1:] - position[:, :1], -1, 0), compute_uv=False)[:, -1]
    edges = [(middle, *_ends(space, middle)) for middle in range(corners, len(dofs))]
    for middle, one, two in edges:
        length = np.linalg.norm(position[:, one] - position[:, two], axis=0)
        kept[dofs[middle, length > FLATTEST * thickness]] = True
    middles, first = np.unique(dofs[corners:], return_index=True)
    ends = np.stack([np.stack([dofs[one], dofs[two]]) for _, one, two in edges], axis=1)
    ends = ends.reshape(2, -1)[:, first][:, ~kept[middles]]
    middles = middles[~kept[middles]]
    rows = np.concatenate([np.flatnonzero(kept), middles, middles])
    number = np.cumsum(kept) - 1
    columns = number[np.concatenate([np.flatnonzero(kept), *ends])]
    values = np.concatenate([np.ones(kept.sum()), np.full(2 * middles.size, 0.5)])
    return sparse.csr_matrix((values, (rows, columns)), shape=(space.size, int(kept.sum())))


def _ends(space: Space, middle: int) -> Index:
    """Local numbers of the corners at both ends of an edge."""
    local = space.element.doflocs
    barycentric = np.column_stack([1 - local.sum(axis=1), local])
    return np.flatnonzero(barycentric[middle])
