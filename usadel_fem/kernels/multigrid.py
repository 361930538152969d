"""Gauss–Seidel sweeps and transfers of a multigrid level, for all columns of a node at once.

Matrices are real, in compressed rows, with a diagonal of their own whose inverse may be complex: then it and
the columns are pairs of floats, (n, 2k) for k columns.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel


@inline
def _divided(total, inverse, pairs, i, x):
    """x_i = total·inverse_i, number by number."""
    if not pairs:
        for c in range(total.size):
            x[i, c] = total[c] * inverse[i]
        return
    re, im = inverse[2 * i], inverse[2 * i + 1]
    for c in range(0, total.size, 2):
        x[i, c] = total[c] * re - total[c + 1] * im
        x[i, c + 1] = total[c] * im + total[c + 1] * re


@kernel
def forward(indptr, indices, data, inverse, pairs, right, x):
    """x = (D + L)⁻¹right."""
    total = np.empty(right.shape[1])
    for i in range(right.shape[0]):
        total[:] = right[i]
        for k in range(indptr[i], indptr[i + 1]):
            j, a = indices[k], data[k]
            if j < i:
                for c in range(total.size):
                    total[c] -= a * x[j, c]
        _divided(total, inverse, pairs, i, x)


@kernel
def restricted_rest(indptr, indices, data, up_ptr, up_indices, up_data, x, coarse):
    """coarse = −PᵀUx: what `forward` left of the residual."""
    coarse[:] = 0.0
    total = np.empty(x.shape[1])
    for i in range(x.shape[0]):
        total[:] = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            j, a = indices[k], data[k]
            if j > i:
                for c in range(total.size):
                    total[c] -= a * x[j, c]
        for k in range(up_ptr[i], up_ptr[i + 1]):
            j, p = up_indices[k], up_data[k]
            for c in range(total.size):
                coarse[j, c] += p * total[c]


@kernel
def prolong(up_ptr, up_indices, up_data, coarse, x):
    """x += P·coarse."""
    for i in range(x.shape[0]):
        for k in range(up_ptr[i], up_ptr[i + 1]):
            j, p = up_indices[k], up_data[k]
            for c in range(x.shape[1]):
                x[i, c] += p * coarse[j, c]


@kernel
def backward(indptr, indices, data, inverse, pairs, right, x):
    """x ← (D + U)⁻¹(right − Lx)."""
    total = np.empty(right.shape[1])
    for i in range(right.shape[0] - 1, -1, -1):
        total[:] = right[i]
        for k in range(indptr[i], indptr[i + 1]):
            j, a = indices[k], data[k]
            if j != i:
                for c in range(total.size):
                    total[c] -= a * x[j, c]
        _divided(total, inverse, pairs, i, x)
