"""Sweeps of a multigrid level for a few complex columns, each with a diagonal of its own.

Columns (n, L) are flat arrays of floats, real and imaginary parts in turn; `like` is a tuple of 2L. Matrices
are real, in compressed rows without their diagonals: `middle[i]` is where the columns beyond i begin. An
inverse diagonal has twice 2L floats in a row: real parts, each twice, and then imaginary parts.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.vectors import load, spread, store, times_i


@inline
def _less(total, start, end, indices, data, like, x):
    """total − Σ_k a_k x_k."""
    for k in range(start, end):
        total = total - spread(data[k], like) * load(x, len(like) * indices[k], like)
    return total


@inline
def _divide(total, inverse, i, like, x):
    """x_i = total·inverse_i."""
    at = 2 * len(like) * i
    rest = times_i(total) * load(inverse, at + len(like), like)
    store(x, len(like) * i, total * load(inverse, at, like) + rest)


@kernel
def down(indptr, middle, indices, data, last, inverse, up_ptr, up_indices, up_data, like, right, x, coarse):
    """x = (D + L)⁻¹right and coarse = −PᵀUx, what is left of the residual.

    It is one pass: row q is restricted as soon as the last of its neighbours, last[q], has its x.
    """
    width, n, q, zero = len(like), middle.size, 0, spread(data.dtype.type(0.0), like)
    coarse[:] = 0.0
    for i in range(n):
        total = load(right, width * i, like)
        _divide(_less(total, indptr[i], middle[i], indices, data, like, x), inverse, i, like, x)
        while q < n and last[q] <= i:
            rest = _less(zero, middle[q], indptr[q + 1], indices, data, like, x)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                at = width * up_indices[k]
                store(coarse, at, load(coarse, at, like) + spread(up_data[k], like) * rest)
            q += 1


@kernel
def up(indptr, indices, data, first, inverse, up_ptr, up_indices, up_data, like, right, coarse, x):
    """x ← (D + U)⁻¹(right − L(x + P·coarse)).

    It is one pass from the last row: before row i is swept, all from its first neighbour on are corrected.
    """
    width, q = len(like), first.size - 1
    for i in range(first.size - 1, -1, -1):
        while q >= first[i]:
            total = load(x, width * q, like)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                total = total + spread(up_data[k], like) * load(coarse, width * up_indices[k], like)
            store(x, width * q, total)
            q -= 1
        total = load(right, width * i, like)
        _divide(_less(total, indptr[i], indptr[i + 1], indices, data, like, x), inverse, i, like, x)
