"""The spin Hall form of `kernels.spinhall` in single precision, at sixteen quadrature points at once.

Points come in whole tiles: those beyond the last have no weight.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.single import LIKE, ROWS, scratch
from usadel_fem.kernels.spinhall import BENT, FIXED, PART, VARIED, sum_terms
from usadel_fem.kernels.tiles import BLOCK, NODES, ROW, get_blocks, get_tile, put_blocks, put_tile
from usadel_fem.kernels.vectors import load, spread, store

SCALE = BLOCK // PART
"""Floats of a tile for each of `terms`."""

AHEAD = 8
"""Points ahead whose last node is asked for."""


@inline
def _row(x, at):
    return load(x, at, LIKE), load(x, at + NODES, LIKE)


@inline
def _put_row(x, at, row):
    store(x, at, row[0])
    store(x, at + NODES, row[1])


@inline
def _plus_times(row, factor, other):
    return row[0] + factor * other[0], row[1] + factor * other[1]


@inline
def _evaluate(x, start, size, nodes, shapes, fields, rows, work, out):
    """x and its gradient at some points, as tiles, from differences to the first node: Σ φ = 1, Σ ∂φ = 0."""
    zero = spread(np.float32(0.0), LIKE)
    for lane in range(NODES):
        at, begin = ROW * lane, size * (start + lane)
        ahead = ROW * item(nodes, min(begin + size * (AHEAD + 1), nodes.size) - 1)
        prefetch(x, ahead)
        prefetch(x, ahead + NODES)
        j = ROW * item(nodes, begin)
        a = one, two = load(x, j, LIKE), load(x, j + NODES, LIKE)
        b = c = d = zero, zero
        for n in range(begin + 1, begin + size):
            j = ROW * item(nodes, n)
            row = load(x, j, LIKE) - one, load(x, j + NODES, LIKE) - two
            a = _plus_times(a, spread(item(shapes, 4 * n), LIKE), row)
            b = _plus_times(b, spread(item(shapes, 4 * n + 1), LIKE), row)
            c = _plus_times(c, spread(item(shapes, 4 * n + 2), LIKE), row)
            if fields == 4:
                d = _plus_times(d, spread(item(shapes, 4 * n + 3), LIKE), row)
        _put_row(rows, at, a)
        _put_row(rows, at + ROWS, b)
        _put_row(rows, at + 2 * ROWS, c)
        _put_row(rows, at + 3 * ROWS, d)
    for field in range(fields):
        place = SCALE * out + 4 * BLOCK * field
        a, b, c, d = get_blocks(rows, ROWS * field)
        put_tile(work, place, a)
        put_tile(work, place + BLOCK, b)
        put_tile(work, place + 2 * BLOCK, c)
        put_tile(work, place + 3 * BLOCK, d)


@inline
def _add(work, bent, weight, start, size, nodes, shapes, fields, rows, out):
    """Times the weights, back to the nodes."""
    factor = load(weight, start, LIKE)
    for field in range(fields):
        place = SCALE * bent + 4 * BLOCK * field
        a, b = get_tile(work, place) * factor, get_tile(work, place + BLOCK) * factor
        c, d = get_tile(work, place + 2 * BLOCK) * factor, get_tile(work, place + 3 * BLOCK) * factor
        put_blocks(rows, ROWS * field, a, b, c, d)
    for lane in range(NODES):
        at = ROW * lane
        a, b, c = _row(rows, at), _row(rows, at + ROWS), _row(rows, at + 2 * ROWS)
        d = _row(rows, at + 3 * ROWS)
        ahead = ROW * item(nodes, min(size * (start + lane + AHEAD + 1), nodes.size) - 1)
        prefetch(out, ahead)
        prefetch(out, ahead + NODES)
        for n in range(size * (start + lane), size * (start + lane + 1)):
            place = ROW * item(nodes, n)
            row = _plus_times(_row(out, place), spread(item(shapes, 4 * n), LIKE), a)
            row = _plus_times(row, spread(item(shapes, 4 * n + 1), LIKE), b)
            row = _plus_times(row, spread(item(shapes, 4 * n + 2), LIKE), c)
            if fields == 4:
                row = _plus_times(row, spread(item(shapes, 4 * n + 3), LIKE), d)
            _put_row(out, place, row)


@kernel
def bend(nodes, shapes, weight, factors, ends, g, x, out):
    """Add to `out` the change of F_i for a change x of ǧ.

    nodes (Q, L); shapes (Q, L, 4): φ, ∂_1φ, ∂_2φ, ∂_3φ of these nodes; weight (Q,) with the factor of the
    form; factors and ends of `terms`; g, x, out: rows of `kernels.single`.
    """
    fields, size = ends.shape[0] // 4, nodes.shape[1]
    nodes, shapes, factors = nodes.reshape(-1), shapes.reshape(-1), factors.reshape(-1)
    rows, work = scratch(4 * ROWS), scratch(12 * ROWS)
    for start in range(0, weight.size, NODES):
        _evaluate(g, start, size, nodes, shapes, fields, rows, work, FIXED)
        _evaluate(x, start, size, nodes, shapes, fields, rows, work, VARIED)
        sum_terms(work, factors, ends, SCALE, BENT)
        _add(work, BENT, weight, start, size, nodes, shapes, fields, rows, out)
