"""What Newton's method in angles needs of `fem/angles.py`, for a few channels at once.

Fields c, s and what comes of them are (n, L) numbers; `like` is a tuple of 2L floats, one row. Matrices are
real, in compressed rows without their diagonals, their entries in pairs: on c and on s.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.line import over
from usadel_fem.kernels.vectors import load, spread, store


@inline
def _floats(x):
    return x.view(np.float64).reshape(-1)


@kernel
def linearised(indptr, indices, q, diagonal, sums, like, c, s, a, b, residual, on_diagonal, potential):
    """½(cF^s − sF^c), the diagonal of H and −(Ω^c c + Ω^s s), for Ω = (a, b), at the first nodes.

    F_i = Ω_i + Σ_j q_ij (x_j − x_i) + sums_i x_i for x = c and s; the last often cancels: it is kept apart.
    """
    width, zero = len(like), spread(0.0, like)
    row = np.empty((2, c.shape[1]), dtype=np.complex128)
    cosines, sines, both = _floats(c), _floats(s), _floats(row)
    for i in range(residual.shape[0]):
        one, two = load(cosines, width * i, like), load(sines, width * i, like)
        f = g = zero
        for k in range(indptr[i], indptr[i + 1]):
            at = width * indices[k]
            f = f + spread(q[0, k], like) * (load(cosines, at, like) - one)
            g = g + spread(q[1, k], like) * (load(sines, at, like) - two)
        store(both, 0, f)
        store(both, width, g)
        for l in range(c.shape[1]):
            x, y, f_c, f_s = c[i, l], s[i, l], row[0, l] + a[i, l], row[1, l] + b[i, l]
            residual[i, l] = 0.5 * (x * f_s - y * f_c + (sums[1, i] - sums[0, i]) * x * y)
            along = x * f_c + y * f_s + sums[0, i] * x * x + sums[1, i] * y * y
            on_diagonal[i, l] = diagonal[0, i] * y * y + diagonal[1, i] * x * x - along
            potential[i, l] = -(a[i, l] * x + b[i, l] * y)


@kernel
def between_tangents(indptr, indices, cosine, sine, diagonal, like, c, s, w, u, v, out):
    """out_i = d_iw_i + s_i Σ_j q^c_ij s_jw_j + c_i Σ_j q^s_ij c_jw_j; u and v are room for two products."""
    width, count, zero = len(like), diagonal.shape[1], spread(0.0, like)
    for i in range(diagonal.shape[0]):
        for l in range(count):
            u[i, l], v[i, l] = s[i, l] * w[i, l], c[i, l] * w[i, l]
    row = np.empty((2, count), dtype=np.complex128)
    one, two, both = _floats(u), _floats(v), _floats(row)
    for i in range(diagonal.shape[0]):
        f = g = zero
        for k in range(indptr[i], indptr[i + 1]):
            at = width * indices[k]
            f = f + spread(cosine[k], like) * load(one, at, like)
            g = g + spread(sine[k], like) * load(two, at, like)
        store(both, 0, f)
        store(both, width, g)
        for l in range(count):
            out[i, l] = diagonal[i, l] * w[i, l] + s[i, l] * row[0, l] + c[i, l] * row[1, l]


@kernel
def turn(w, c, s):
    """c and s of the first nodes turned by angles of which w (n, L) are the tangents of the halves."""
    for i in range(w.shape[0]):
        for l in range(w.shape[1]):
            half = s[i, l] * over(1 + c[i, l])
            half = (half + w[i, l]) * over(1 - half * w[i, l])
            square = half * half
            inverse = over(1 + square)
            c[i, l], s[i, l] = (1 - square) * inverse, 2 * half * inverse


@kernel
def band(indptr, indices, cosine, sine, diagonal, c, s, out):
    """H as `solver/line.py` takes it, (n, b + 1, L); `out` comes in as zeros."""
    for i in range(diagonal.shape[0]):
        out[i, 0] = diagonal[i]
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j > i:
                for l in range(diagonal.shape[1]):
                    entry = cosine[k] * (s[i, l] * s[j, l]) + sine[k] * (c[i, l] * c[j, l])
                    out[i, j - i, l] = entry
