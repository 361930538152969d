"""Gram–Schmidt steps for complex vectors against a basis in single or in double precision.

Vectors are flat arrays of floats, real and imaginary parts in turn; the rows of a basis follow one another.
Their length is a multiple of `CHUNK`.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import kernel
from usadel_fem.kernels.vectors import converted, load, spread, store, summed, times_i

LIKE = (0.0,) * 16
CHUNK = 64
BLOCK = 16 * CHUNK
"""Floats of a vector that stay in the cache while all others pass."""


@kernel
def project(basis, count, v, out):
    """Complex b̄_j·v of the first `count` vectors into `out` (2 count); returns |v|²."""
    size, like = v.size, LIKE
    one, two = np.empty(BLOCK, basis.dtype), np.empty(BLOCK, basis.dtype)
    out[:] = 0.0
    square = spread(0.0, like)
    for start in range(0, size, BLOCK):
        length = min(BLOCK, size - start)
        for t in range(0, length, 16):
            x = load(v, start + t, like)
            square = square + x * x
            x = converted(x, basis)
            store(one, t, x)
            store(two, t, times_i(x))
        for j in range(count):
            at = j * size + start
            a = b = c = d = converted(spread(0.0, like), basis)
            for t in range(0, length, 32):
                x, y = load(basis, at + t, like), load(basis, at + t + 16, like)
                a, b = a + x * load(one, t, like), b + x * load(two, t, like)
                c, d = c + y * load(one, t + 16, like), d + y * load(two, t + 16, like)
            out[2 * j] += summed(a + c)
            out[2 * j + 1] -= summed(b + d)
    return summed(square)


@kernel
def remove(basis, count, coefficients, v):
    """v ← v − Σ_j c_j b_j; returns |v|²."""
    size, like = v.size, LIKE
    factors = coefficients.astype(basis.dtype)
    square = spread(0.0, like)
    for start in range(0, size, CHUNK):
        a = b = c = d = e = f = g = h = converted(spread(0.0, like), basis)
        for j in range(count):
            re, im, at = spread(factors[2 * j], like), spread(factors[2 * j + 1], like), j * size + start
            x, y = load(basis, at, like), load(basis, at + 16, like)
            a, b, c, d = a + re * x, b + im * x, c + re * y, d + im * y
            x, y = load(basis, at + 32, like), load(basis, at + 48, like)
            e, f, g, h = e + re * x, f + im * x, g + re * y, h + im * y
        x = load(v, start, like) - converted(a + times_i(b), v)
        y = load(v, start + 16, like) - converted(c + times_i(d), v)
        store(v, start, x)
        store(v, start + 16, y)
        square = square + x * x + y * y
        x = load(v, start + 32, like) - converted(e + times_i(f), v)
        y = load(v, start + 48, like) - converted(g + times_i(h), v)
        store(v, start + 32, x)
        store(v, start + 48, y)
        square = square + x * x + y * y
    return summed(square)


@kernel
def combine(basis, count, coefficients, out):
    """Σ_j c_j b_j, of which there are `count`."""
    out[:] = 0.0
    remove(basis, count, -coefficients, out)
