"""The terms quadratic in ǧ merged into one sparse matrix on the components of ǧ on 1 and σ^a, for kernels.

With x = x₀ + x_aσ^a of every Nambu block, F_i of ½K, −⅛M^so σ^a·σ^a and −½G is Σ_j q_ij x_j, where q is
½K − ⅜M^so − ½G on x₀ and ½K + ⅛M^so − ½G on x_a; swapping adds ½A^a ε_{bac} x_b to the component c.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Coupling: TypeAlias = tuple[NDArray[Any], ...]
"""Row pointers, columns, q of the singlet and of the triplet; row pointers, columns, axes a and ½A^a."""

ROUNDING = 1e-14
"""Entries of A^a below this, relative to the largest, are what is left of sums that vanish."""


def coupling(
    plain: Sequence[tuple[float, Any]],
    spin_relaxation: Any | None,
    swapping: Sequence[tuple[int, Any]],
    size: int,
) -> Coupling:
    """Merge real scalar matrices (N, N).

    Args:
        plain: factors and matrices of the terms that see no spin.
        spin_relaxation: M^so or None.
        swapping: (a, A^a).
    """
    q = sparse.csr_matrix((size, size))
    for factor, matrix in plain:
        q = q + factor * matrix
    q = sparse.csr_matrix(q)
    singlet = triplet = q.data
    if spin_relaxation is not None:
        # both at once, so that neither loses the other's places
        q = sparse.csr_matrix(q * (1 + 1j) + spin_relaxation * (-0.375 + 0.125j))
        singlet, triplet = np.ascontiguousarray(q.data.real), np.ascontiguousarray(q.data.imag)
    return q.indptr, q.indices, singlet, triplet, *_bend(swapping, size)


def _bend(swapping: Sequence[tuple[int, Any]], size: int) -> Coupling:
    rows, columns, axes, values = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
    for a, matrix in swapping:
        entries = matrix.tocoo()
        kept = np.abs(entries.data) > ROUNDING * np.abs(entries.data).max(initial=0.0)
        rows.append(entries.row[kept])
        columns.append(entries.col[kept])
        axes.append(np.full(kept.sum(), a))
        values.append(0.5 * entries.data[kept])
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    pointers = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))])
    column, axis, value = (np.concatenate(x)[order] for x in (columns, axes, values))
    return pointers.astype(np.int32), column.astype(np.int32), axis.astype(np.int32), value
