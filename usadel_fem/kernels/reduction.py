"""Gram–Schmidt steps for complex vectors of tiles in single precision.

A vector is a flat array of lines of sixteen floats, real and imaginary parts in turn; the vectors of a basis
follow one another. Its length is a multiple of `STRETCH`.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.vectors import converted, load, spread, store, summed

LIKE = (0.0,) * 16
LINE = 16

STRETCH = 16 * LINE
"""Floats of a tile."""

BLOCK = 4 * STRETCH
"""Floats that are multiplied before sums go on in double precision."""


@inline
def _add(total, at, x):
    """total += x, sixteen floats in double precision."""
    store(total, at, load(total, at, LIKE) + converted(x, total))


@inline
def _ask(basis, at):
    """For two lines that will be needed soon."""
    prefetch(basis, at)
    prefetch(basis, at + LINE)


@kernel
def project(basis, count, v, out):
    """Complex b̄_j·v of the first `count` vectors into `out` (2 count); returns |v|²."""
    size, zero = v.size, spread(np.float32(0.0), LIKE)
    sums, square = np.zeros(2 * LINE * (count + 3)), np.zeros(LINE)
    for start in range(0, size, BLOCK):
        end = min(start + BLOCK, size)
        s = t = zero
        for at in range(start, end, 2 * LINE):
            re, im = load(v, at, LIKE), load(v, at + LINE, LIKE)
            s, t = s + re * re, t + im * im
        _add(square, 0, s)
        _add(square, 0, t)
        for j in range(0, count, 4):
            first = j * size
            second, third = min(j + 1, count - 1) * size, min(j + 2, count - 1) * size
            fourth = min(j + 3, count - 1) * size
            a = b = c = d = e = f = g = h = zero
            for at in range(start, end, 2 * LINE):
                for vector in (first, second, third, fourth):
                    _ask(basis, vector + at + BLOCK)
                re, im = load(v, at, LIKE), load(v, at + LINE, LIKE)
                p, q = load(basis, first + at, LIKE), load(basis, first + at + LINE, LIKE)
                a, b = a + p * re + q * im, b + p * im - q * re
                p, q = load(basis, second + at, LIKE), load(basis, second + at + LINE, LIKE)
                c, d = c + p * re + q * im, d + p * im - q * re
                p, q = load(basis, third + at, LIKE), load(basis, third + at + LINE, LIKE)
                e, f = e + p * re + q * im, f + p * im - q * re
                p, q = load(basis, fourth + at, LIKE), load(basis, fourth + at + LINE, LIKE)
                g, h = g + p * re + q * im, h + p * im - q * re
            at = 2 * LINE * j
            _add(sums, at, a)
            _add(sums, at + LINE, b)
            _add(sums, at + 2 * LINE, c)
            _add(sums, at + 3 * LINE, d)
            _add(sums, at + 4 * LINE, e)
            _add(sums, at + 5 * LINE, f)
            _add(sums, at + 6 * LINE, g)
            _add(sums, at + 7 * LINE, h)
    for k in range(2 * count):
        out[k] = summed(load(sums, LINE * k, LIKE))
    return summed(load(square, 0, LIKE))


@kernel
def remove(basis, count, coefficients, v, factor, out):
    """(v − Σ_j c_j b_j)·factor into `out`, which may be v; returns its |.|²."""
    size, zero, factor = v.size, spread(np.float32(0.0), LIKE), spread(np.float32(factor), LIKE)
    factors, square = coefficients.astype(np.float32), np.zeros(LINE)
    for start in range(0, size, BLOCK):
        total = zero
        for at in range(start, min(start + BLOCK, size), 8 * LINE):
            a, b, c, d = (
                load(v, at, LIKE),
                load(v, at + 16, LIKE),
                load(v, at + 32, LIKE),
                load(v, at + 48, LIKE),
            )
            e, f = load(v, at + 64, LIKE), load(v, at + 80, LIKE)
            g, h = load(v, at + 96, LIKE), load(v, at + 112, LIKE)
            for j in range(count):
                re, im = spread(item(factors, 2 * j), LIKE), spread(item(factors, 2 * j + 1), LIKE)
                i = j * size + at
                p, q = load(basis, i, LIKE), load(basis, i + 16, LIKE)
                a, b = a - re * p + im * q, b - re * q - im * p
                p, q = load(basis, i + 32, LIKE), load(basis, i + 48, LIKE)
                c, d = c - re * p + im * q, d - re * q - im * p
                p, q = load(basis, i + 64, LIKE), load(basis, i + 80, LIKE)
                e, f = e - re * p + im * q, f - re * q - im * p
                p, q = load(basis, i + 96, LIKE), load(basis, i + 112, LIKE)
                g, h = g - re * p + im * q, h - re * q - im * p
            a, b, c, d = a * factor, b * factor, c * factor, d * factor
            e, f, g, h = e * factor, f * factor, g * factor, h * factor
            total = total + a * a + b * b + c * c + d * d + e * e + f * f + g * g + h * h
            store(out, at, a)
            store(out, at + 16, b)
            store(out, at + 32, c)
            store(out, at + 48, d)
            store(out, at + 64, e)
            store(out, at + 80, f)
            store(out, at + 96, g)
            store(out, at + 112, h)
        _add(square, 0, total)
    return summed(load(square, 0, LIKE))
