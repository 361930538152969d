"""The terms quadratic in ǧ merged into one sparse matrix on the components of ǧ on 1 and σ^a, for kernels.

With x = x₀ + x_aσ^a of every Nambu block, F_i of ½K, −⅛M^so σ^a·σ^a and −½G is Σ_j q_ij x_j, where q is
½K − ⅜M^so − ½G on x₀ and ½K + ⅛M^so − ½G on x_a; swapping adds ½A^a ε_{bac} x_b to the component c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Arrays: TypeAlias = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Coupling:
    """What the kernels take.

    Attributes:
        arrays: row pointers, columns, q of the singlet and of the triplet; row pointers, columns, axes a and
            ½A^a of swapping.
        sums: Σ_j q_ij of both without that of ½K, which vanishes, (2, N).
    """

    arrays: Arrays
    sums: NDArray[Any]


ROUNDING = 1e-14
"""Entries of A^a below this, relative to the largest, are what is left of sums that vanish."""


def coupling(
    stiffness: Any,
    scalar_stiffness: Any,
    plain: Sequence[Any],
    spin_relaxation: Any | None,
    swapping: Sequence[tuple[int, Any]],
) -> Coupling:
    """Merge real scalar matrices (N, N).

    Args:
        stiffness: K, in single channels with what else acts on ǧ as a number.
        scalar_stiffness: K without that.
        plain: G of the tunnels without a spin filter.
        spin_relaxation: M^so or None.
        swapping: (a, A^a).
    """
    size = stiffness.shape[0]
    ones, sums = np.ones(size), np.zeros((2, size))
    q = 0.5 * sparse.csr_matrix(stiffness)
    if stiffness is not scalar_stiffness:
        sums += 0.5 * ((stiffness - scalar_stiffness) @ ones)
    for matrix in plain:
        q = sparse.csr_matrix(q - 0.5 * matrix)
        sums -= 0.5 * (matrix @ ones)
    singlet = triplet = q.data
    if spin_relaxation is not None:
        # both at once, so that neither loses the other's places
        q = sparse.csr_matrix(q * (1 + 1j) + spin_relaxation * (-0.375 + 0.125j))
        singlet, triplet = np.ascontiguousarray(q.data.real), np.ascontiguousarray(q.data.imag)
        sums += np.outer((-0.375, 0.125), spin_relaxation @ ones)
    return Coupling((q.indptr, q.indices, singlet, triplet, *_bend(swapping, size)), sums)


def _bend(swapping: Sequence[tuple[int, Any]], size: int) -> Arrays:
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
