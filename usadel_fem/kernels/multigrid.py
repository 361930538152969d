"""A V-cycle over all levels of a hierarchy, for all columns of a node at once.

The rows of all levels but the coarsest stand one after the other, from the finest on, and then its rows: the
matrices of the levels are one matrix, and each half of a cycle is one pass over one array, where the solution
takes the place of the right side.  With A = L + D + U and the interpolation P, a level does

    forth   x = (D + L)⁻¹ right,  below −(LP)ᵀx is added to the right side: Pᵀ of what is left, −Ux
    back    x ← (D + U)⁻¹(right − L(x + Px_below)) = x − D⁻¹(LP x_below + Ux) ,

so that P and what is left are never formed.

A row holds the columns of a node, len(like) floats in single or in double precision. L, U and LP are real,
each in compressed rows. Inverses of D are complex: len(few) is 1 for one number for all columns, whose rows
hold their real parts and then their imaginary parts; or else the columns have one each, and rows and
inverses hold complex numbers as they are.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.complexes import product
from usadel_fem.kernels.lanes import item
from usadel_fem.kernels.vectors import halves_times_i, load, spread, store


@inline
def _times(total, inverse, i, few, like):
    """The product with entry i of an inverse."""
    if len(few) > 1:
        return product(load(inverse, len(like) * i, like), total)
    real, imaginary = spread(item(inverse, 2 * i), like), spread(item(inverse, 2 * i + 1), like)
    return total * real + halves_times_i(total) * imaginary


@kernel
def down(lower, below, inverse, few, like, x):
    """Forth on all levels, from the finest on."""
    (ends, indices, data), (below_ends, below_indices, below_data) = lower, below
    width, k, m = len(like), 0, 0
    for i in range(ends.size - 1):
        total = load(x, width * i, like)
        while k < item(ends, i + 1):
            total = total - spread(item(data, k), like) * load(x, width * item(indices, k), like)
            k += 1
        total = _times(total, inverse, i, few, like)
        store(x, width * i, total)
        while m < item(below_ends, i + 1):
            at = width * item(below_indices, m)
            store(x, at, load(x, at, like) - spread(item(below_data, m), like) * total)
            m += 1


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


@kernel
def up(upper, below, inverse, few, like, x):
    """Back on all levels, from the coarsest on."""
    (ends, indices, data), (below_ends, below_indices, below_data) = upper, below
    width, zero = len(like), spread(data.dtype.type(0.0), like)
    k, m = indices.size - 1, below_indices.size - 1
    for i in range(ends.size - 2, -1, -1):
        total = zero
        while m >= item(below_ends, i):
            total = total + spread(item(below_data, m), like) * load(x, width * item(below_indices, m), like)
            m -= 1
        while k >= item(ends, i):
            total = total + spread(item(data, k), like) * load(x, width * item(indices, k), like)
            k -= 1
        store(x, width * i, load(x, width * i, like) - _times(total, inverse, i, few, like))


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
