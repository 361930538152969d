"""Gauss–Seidel sweeps and transfers of a multigrid level, for all columns of a node at once.

A node's row of an array holds the real parts of its columns and then their imaginary parts, len(like) each,
in single or in double precision. Matrices are real, in compressed rows without their diagonals: `middle[i]`
is where the columns beyond i begin. The inverse of the diagonal (n, 2) is complex.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.vectors import load, spread, store


@inline
def _less(re, im, start, end, indices, data, like, x):
    """re + i im − Σ_k a_k x_k."""
    for k in range(start, end):
        a, at = spread(data[k], like), 2 * len(like) * indices[k]
        re, im = re - a * load(x, at, like), im - a * load(x, at + len(like), like)
    return re, im


@inline
def _divide(re, im, inverse, i, like, x):
    """x_i = (re + i im)·inverse_i."""
    a, b, at = spread(inverse[2 * i], like), spread(inverse[2 * i + 1], like), 2 * len(like) * i
    store(x, at, re * a - im * b)
    store(x, at + len(like), re * b + im * a)


@kernel
def down(matrix, last, inverse, up, like, right, x, coarse):
    """x = (D + L)⁻¹right and coarse = −PᵀUx, what is left of the residual.

    It is one pass: row q is restricted as soon as the last of its neighbours, last[q], has its x.
    """
    indptr, middle, indices, data = matrix
    up_ptr, up_indices, up_data = up
    width, n, q, zero = len(like), middle.size, 0, spread(data.dtype.type(0.0), like)
    coarse[:] = 0.0
    for i in range(n):
        re, im = load(right, 2 * width * i, like), load(right, 2 * width * i + width, like)
        re, im = _less(re, im, indptr[i], middle[i], indices, data, like, x)
        _divide(re, im, inverse, i, like, x)
        while q < n and last[q] <= i:
            re, im = _less(zero, zero, middle[q], indptr[q + 1], indices, data, like, x)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                p, at = spread(up_data[k], like), 2 * width * up_indices[k]
                store(coarse, at, load(coarse, at, like) + p * re)
                store(coarse, at + width, load(coarse, at + width, like) + p * im)
            q += 1


@kernel
def up(matrix, first, inverse, up, like, right, coarse, x):
    """x ← (D + U)⁻¹(right − L(x + P·coarse)).

    It is one pass from the last row: before row i is swept, all from its first neighbour on are corrected.
    """
    indptr, middle, indices, data = matrix
    up_ptr, up_indices, up_data = up
    width, q = len(like), middle.size - 1
    for i in range(middle.size - 1, -1, -1):
        while q >= first[i]:
            at = 2 * width * q
            re, im = load(x, at, like), load(x, at + width, like)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                p, place = spread(up_data[k], like), 2 * width * up_indices[k]
                re, im = re + p * load(coarse, place, like), im + p * load(coarse, place + width, like)
            store(x, at, re)
            store(x, at + width, im)
            q -= 1
        re, im = load(right, 2 * width * i, like), load(right, 2 * width * i + width, like)
        re, im = _less(re, im, indptr[i], indptr[i + 1], indices, data, like, x)
        _divide(re, im, inverse, i, like, x)
