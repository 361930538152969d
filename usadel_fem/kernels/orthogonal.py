"""Gram–Schmidt steps for complex vectors, all in single precision.

Vectors are flat arrays of floats, real and imaginary parts in turn, their length a multiple of `STEP`; the
rows of a basis follow one another. Long sums are of sums over `BLOCK` floats, in double precision.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.vectors import load, spread, store, summed, times_i

STEP = 16
LIKE = (0.0,) * STEP
BLOCK = 64 * STEP
"""Floats of a vector that stay in the first cache while all others pass."""


@inline
def _nothing():
    return spread(np.float32(0.0), LIKE)


@kernel
def project(basis, count, v, out):
    """Complex b̄_j·v of the first `count` vectors into `out` (2 count); returns |v|²."""
    size, square = v.size, 0.0
    out[:] = 0.0
    for start in range(0, size, BLOCK):
        end, total = min(start + BLOCK, size), _nothing()
        for t in range(start, end, STEP):
            y = load(v, t, LIKE)
            total = total + y * y
        square += summed(total)
        for j in range(count):
            real, imaginary = _nothing(), _nothing()
            for t in range(start, end, STEP):
                x, y = load(basis, j * size + t, LIKE), load(v, t, LIKE)
                real, imaginary = real + x * y, imaginary + times_i(x) * y
            out[2 * j] += summed(real)
            out[2 * j + 1] += summed(imaginary)
    return square


@kernel
def remove(basis, count, coefficients, v, factor, out):
    """(v − Σ_j c_j b_j)·factor into `out`, which may be v; returns its |.|²."""
    size, square = v.size, 0.0
    factors, factor = coefficients.astype(np.float32), spread(np.float32(factor), LIKE)
    for start in range(0, size, BLOCK):
        total = _nothing()
        for t in range(start, min(start + BLOCK, size), STEP):
            y = load(v, t, LIKE)
            for j in range(count):
                x = load(basis, j * size + t, LIKE)
                y = y - spread(factors[2 * j], LIKE) * x - spread(factors[2 * j + 1], LIKE) * times_i(x)
            y = y * factor
            store(out, t, y)
            total = total + y * y
        square += summed(total)
    return square
