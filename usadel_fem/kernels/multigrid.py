"""A V-cycle over all levels of a hierarchy, for all columns of a node at once.

With A = L + D + U and the interpolation P, a level does

    forth   x = (D + L)⁻¹ right,  below −(LP)ᵀx is the right side: Pᵀ of what is left, −Ux
    back    x ← (D + U)⁻¹(right − L(x + Px_below)) = x − D⁻¹(LP x_below + Ux) ,

so that P and what is left are never formed, and all levels together are one matrix M, strictly lower, with
the L on its diagonal and the (LP)ᵀ below it: forth is x = (D + M)⁻¹ right, back x ← x − D⁻¹Mᵀx, in place.
A row of a coarser level comes as soon as all are done that it asks for, while they are in the cache. Last
come the rows of the coarsest level, where D is 1 until they are multiplied by the inverse of their matrix.

A row holds the columns of a node, len(like) floats in single or in double precision. M is real. Inverses of D
are complex: len(few) is 1 for one number for all columns, whose rows hold their real parts and then their
imaginary parts; or else the columns have one each, and rows and inverses hold complex numbers as they are.
Entries on the row that was done just before are kept apart: without them rows hardly wait for one another.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.complexes import less_product, product
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.vectors import halves_times_i, load, spread, store

AHEAD = 16
"""Rows ahead that are asked for."""


@inline
def _times(total, inverse, i, few, like):
    """The product with entry i of an inverse."""
    if len(few) > 1:
        return product(load(inverse, len(like) * i, like), total)
    real, imaginary = spread(item(inverse, 2 * i), like), spread(item(inverse, 2 * i + 1), like)
    return total * real + halves_times_i(total) * imaginary


@inline
def _less_times(total, x, factor, inverse, i, few, like):
    """total − factor·x times entry i of an inverse."""
    if len(few) > 1:
        return less_product(total, spread(factor, like) * load(inverse, len(like) * i, like), x)
    real, imaginary = factor * item(inverse, 2 * i), factor * item(inverse, 2 * i + 1)
    return total - spread(real, like) * x - spread(imaginary, like) * halves_times_i(x)


@inline
def _ask(x, at, width):
    """For a row that comes soon; not for short ones, which come faster than it is worth."""
    if width > 16:
        for k in range(at, at + width, 16):
            prefetch(x, k)


@part
def descend(rows, lower, before, fine, inverse, few, like, x, begin, end):
    """Forth, from one row to another in the order of `rows`; `before[t]` is the entry of rows[t] on
    rows[t − 1]. From row `fine` on, the right sides are 0."""
    ends, indices, data = lower
    width, k, zero = len(like), item(ends, begin), spread(data.dtype.type(0.0), like)
    last = load(x, width * item(rows, begin - 1), like) if begin else zero
    for t in range(begin, end):
        i = item(rows, t)
        _ask(x, width * item(rows, min(t + AHEAD, rows.size - 1)), width)
        total = load(x, width * i, like) if i < fine else zero
        while k < item(ends, t + 1):
            total = total - spread(item(data, k), like) * load(x, width * item(indices, k), like)
            k += 1
        last = _less_times(_times(total, inverse, i, few, like), last, item(before, t), inverse, i, few, like)
        store(x, width * i, last)


@kernel
def down(rows, lower, before, fine, inverse, few, like, x):
    """Forth, on all rows."""
    descend(rows, lower, before, fine, inverse, few, like, x, 0, rows.size)


@kernel
def coarsest(start, inverse, few, like, x):
    """x = inverse·right on the rows from `start` on."""
    n, width = int((inverse.size // (2 * len(few))) ** 0.5 + 0.5), len(like)
    right = x[width * start : width * (start + n)].copy()
    for i in range(n):
        total = spread(inverse.dtype.type(0.0), like)
        for j in range(n):
            total = total + _times(load(right, width * j, like), inverse, n * i + j, few, like)
        store(x, width * (start + i), total)


@part
def ascend(rows, upper, before, inverse, few, like, x, begin, end):
    """Back, from before one row to another in their order; those of the coarsest level are not among them."""
    ends, indices, data = upper
    width, k, zero = len(like), item(ends, end) - 1, spread(data.dtype.type(0.0), like)
    last = load(x, width * item(rows, end), like) if end < rows.size else zero
    for t in range(end - 1, begin - 1, -1):
        i, total = item(rows, t), zero
        _ask(x, width * item(rows, max(t - AHEAD, 0)), width)
        while k >= item(ends, t):
            total = total + spread(item(data, k), like) * load(x, width * item(indices, k), like)
            k -= 1
        total = load(x, width * i, like) - _times(total, inverse, i, few, like)
        last = _less_times(total, last, item(before, t + 1), inverse, i, few, like)
        store(x, width * i, last)


@kernel
def up(rows, upper, before, inverse, few, like, x):
    """Back, on all rows but those of the coarsest level."""
    ascend(rows, upper, before, inverse, few, like, x, 0, upper[0].size - 1)


@kernel
def to_rows(columns, rows):
    """Rows (n, 2, width) of complex columns (n, k), zero beyond them."""
    for i in range(columns.shape[0]):
        for l in range(columns.shape[1]):
            rows[i, 0, l], rows[i, 1, l] = columns[i, l].real, columns[i, l].imag
        for l in range(columns.shape[1], rows.shape[2]):
            rows[i, 0, l] = rows[i, 1, l] = 0.0


@kernel
def of_rows(rows, columns):
    """The columns of rows."""
    for i in range(columns.shape[0]):
        for l in range(columns.shape[1]):
            columns[i, l] = complex(rows[i, 0, l], rows[i, 1, l])
