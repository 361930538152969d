"""A V-cycle over all levels of a hierarchy, for all columns of a node at once.

The rows of all levels but the coarsest stand one after the other, from the finest on, and then its rows: the
matrices of the levels are one matrix, their interpolations another, and each half of a cycle is one pass.

A row holds the real parts of the columns of a node and then their imaginary parts, len(like) in all, in
single or in double precision. Matrices are real, in compressed rows without their diagonals: `middle[i]` is
where the columns beyond i begin. Inverses are complex, with one number for all columns of a node or with one
for each: len(few) real parts and then as many imaginary parts.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.vectors import halves_times_i, load, repeated, spread, store


@inline
def _less(total, start, end, indices, data, like, x):
    """total − Σ_k a_k x_k."""
    for k in range(start, end):
        total = total - spread(data[k], like) * load(x, len(like) * indices[k], like)
    return total


@inline
def _times(total, inverse, i, few, like):
    """The product with entry i of an inverse."""
    at = 2 * len(few) * i
    real, imaginary = load(inverse, at, few), load(inverse, at + len(few), few)
    return total * repeated(real, like) + halves_times_i(total) * repeated(imaginary, like)


@kernel
def down(matrix, last, inverse, up, few, like, right, x):
    """x = (D + L)⁻¹right on each level; −PᵀUx, what is left of the residual, is added to right below.

    Row q is restricted as soon as the last of its neighbours, last[q], has its x.
    """
    indptr, middle, indices, data = matrix
    up_ptr, up_indices, up_data = up
    width, q, zero = len(like), 0, spread(data.dtype.type(0.0), like)
    for i in range(middle.size):
        total = _less(load(right, width * i, like), indptr[i], middle[i], indices, data, like, x)
        store(x, width * i, _times(total, inverse, i, few, like))
        while q <= i and last[q] <= i:
            rest = _less(zero, middle[q], indptr[q + 1], indices, data, like, x)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                at = width * up_indices[k]
                store(right, at, load(right, at, like) + spread(up_data[k], like) * rest)
            q += 1


@kernel
def coarsest(start, inverse, few, like, right, x):
    """x = inverse·right on the rows from `start` on."""
    n, width = int((inverse.size // (2 * len(few))) ** 0.5 + 0.5), len(like)
    for i in range(n):
        total = spread(inverse.dtype.type(0.0), like)
        for j in range(n):
            total = total + _times(load(right, width * (start + j), like), inverse, n * i + j, few, like)
        store(x, width * (start + i), total)


@kernel
def up(matrix, first, inverse, up, few, like, right, x):
    """x ← (D + U)⁻¹(right − L(x + P·x of the next level)) on each level, from the coarsest on.

    Before row i is swept, all from its first neighbour on are corrected.
    """
    indptr, middle, indices, data = matrix
    up_ptr, up_indices, up_data = up
    width, q = len(like), middle.size - 1
    for i in range(middle.size - 1, -1, -1):
        while q >= first[i]:
            total = load(x, width * q, like)
            for k in range(up_ptr[q], up_ptr[q + 1]):
                total = total + spread(up_data[k], like) * load(x, width * up_indices[k], like)
            store(x, width * q, total)
            q -= 1
        total = _less(load(right, width * i, like), indptr[i], indptr[i + 1], indices, data, like, x)
        store(x, width * i, _times(total, inverse, i, few, like))


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
