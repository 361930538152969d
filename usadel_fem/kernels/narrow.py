"""Sweeps of a multigrid level and products with q for a few complex columns, each with numbers of its own.

Columns (n, L) are flat arrays of floats, real and imaginary parts in turn; `like` is a tuple of 2L. Matrices
are real, in compressed rows without their diagonals: `middle[i]` is where the columns beyond i begin. An
inverse diagonal has twice 2L floats in a row: real parts, each twice, and then imaginary parts.
"""

from __future__ import annotations

import numpy as np

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


@kernel
def add_around(indptr, indices, q, sums, like, x, out):
    """out_i += sums_i x_i + Σ_j q_ij (x_j − x_i) at the nodes of `sums`."""
    width = len(like)
    for i in range(sums.size):
        mine = load(x, width * i, like)
        total = load(out, width * i, like) + spread(sums[i], like) * mine
        for k in range(indptr[i], indptr[i + 1]):
            total = total + spread(q[k], like) * (load(x, width * indices[k], like) - mine)
        store(out, width * i, total)


@kernel
def between_tangents(indptr, indices, cosine, sine, diagonal, like, c, s, w, u, v, out):
    """out_i = d_iw_i + s_i Σ_j q^c_ij s_jw_j + c_i Σ_j q^s_ij c_jw_j at the nodes of d, all of them (n, L).

    s_jw_j and c_jw_j are kept in u and v.
    """
    width, count = len(like), diagonal.shape[1]
    for i in range(diagonal.shape[0]):
        for l in range(count):
            u[i, l], v[i, l] = s[i, l] * w[i, l], c[i, l] * w[i, l]
    one, two = u.view(np.float64).reshape(-1), v.view(np.float64).reshape(-1)
    sums = np.empty((2, count), dtype=np.complex128)
    floats, zero = sums.view(np.float64).reshape(-1), spread(0.0, like)
    for i in range(diagonal.shape[0]):
        a = b = zero
        for k in range(indptr[i], indptr[i + 1]):
            at = width * indices[k]
            a = a + spread(cosine[k], like) * load(one, at, like)
            b = b + spread(sine[k], like) * load(two, at, like)
        store(floats, 0, a)
        store(floats, width, b)
        for l in range(count):
            out[i, l] = diagonal[i, l] * w[i, l] + s[i, l] * sums[0, l] + c[i, l] * sums[1, l]
