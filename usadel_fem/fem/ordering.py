"""Orders of nodes: numbers of mesh generators say little about where a node is."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from usadel_fem.fem.space import Index

WIDER = 2.0
"""Bandwidth of nodes as they are, relative to that of another order, from which on the other is taken: sweeps
over all nodes have so much at hand at a time, and smoothers do more the less it is."""


def along(matrix: sparse.csr_matrix, nodes: Index) -> Index:
    """The nodes in an order that couples only neighbours, of a symmetric matrix (N, N) of all.

    >>> chain = sparse.csr_matrix(sparse.diags([1.0, 2.0, 1.0], [-1, 0, 1], shape=(4, 4)))
    >>> places = np.array([2, 0, 3, 1])
    >>> np.abs(np.diff(places[along(chain[places][:, places], np.arange(4))])).tolist()
    [1, 1, 1]
    """
    if not nodes.size:
        return nodes
    return np.asarray(nodes[reverse_cuthill_mckee(matrix[nodes][:, nodes].tocsr(), symmetric_mode=True)])


def compact(matrix: sparse.csr_matrix, nodes: Index) -> Index:
    """The same, or the nodes as they are if neighbours are near each other already."""
    found = along(matrix, nodes)
    return found if bandwidth(matrix, nodes) > WIDER * bandwidth(matrix, found) else nodes


def bandwidth(matrix: sparse.csr_matrix, nodes: Index) -> int:
    """How far nodes that are coupled are from each other at most."""
    part = matrix[nodes][:, nodes].tocoo()
    return int(np.abs(part.row - part.col).max(initial=0))
