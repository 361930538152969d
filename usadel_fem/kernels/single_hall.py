"""The spin Hall form of `kernels.spinhall` in single precision, at sixteen quadrature points at once.

Points come in whole tiles: those beyond the last have no weight.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, part
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.single import LIKE, block, scratch
from usadel_fem.kernels.spinhall import BENT, FIXED, PART, VARIED, sum_terms
from usadel_fem.kernels.tiles import NODES, get_blocks, get_tile, put_blocks, put_tile
from usadel_fem.kernels.vectors import load, spread, store

SCALE = 8 * NODES // PART
"""Floats of a tile for each of `terms`."""

AHEAD = 8
"""Points ahead whose last node is asked for."""

EVERY = 2**31
"""More than there are rows."""


@inline
def _place(node, mask, free):
    """Of a row in a ring."""
    return node & mask if node < free else mask + 1


@inline
def _evaluate(x, start, size, nodes, mask, free, shapes, fields, rows, work, out, like):
    """x and its gradient at some points, as tiles, from differences to the first node: Σ φ = 1, Σ ∂φ = 0."""
    row, step = len(like), block(like)
    zero = spread(np.float32(0.0), like)
    for lane in range(NODES):
        at, begin = row * lane, size * (start + lane)
        ahead = row * _place(item(nodes, min(begin + size * (AHEAD + 1), nodes.size) - 1), mask, free)
        for k in range(0, row, NODES):
            prefetch(x, ahead + k)
        a = first = load(x, row * _place(item(nodes, begin), mask, free), like)
        b = c = d = zero
        for n in range(begin + 1, begin + size):
            change = load(x, row * _place(item(nodes, n), mask, free), like) - first
            a = a + spread(item(shapes, 4 * n), like) * change
            b = b + spread(item(shapes, 4 * n + 1), like) * change
            c = c + spread(item(shapes, 4 * n + 2), like) * change
            if fields == 4:
                d = d + spread(item(shapes, 4 * n + 3), like) * change
        store(rows, at, a)
        store(rows, at + 4 * step, b)
        store(rows, at + 8 * step, c)
        store(rows, at + 12 * step, d)
    for field in range(fields):
        place = SCALE * out + 4 * step * field
        a, b, c, d = get_blocks(rows, 4 * step * field, like)
        put_tile(work, place, a)
        put_tile(work, place + step, b)
        put_tile(work, place + 2 * step, c)
        put_tile(work, place + 3 * step, d)


@inline
def _add(work, bent, weight, start, size, nodes, mask, free, shapes, fields, rows, out, like):
    """Times the weights, back to the nodes."""
    row, step = len(like), block(like)
    factor = load(weight, start, LIKE)
    for field in range(fields):
        place = SCALE * bent + 4 * step * field
        a, b = get_tile(work, place, like) * factor, get_tile(work, place + step, like) * factor
        c, d = (
            get_tile(work, place + 2 * step, like) * factor,
            get_tile(work, place + 3 * step, like) * factor,
        )
        put_blocks(rows, 4 * step * field, a, b, c, d)
    for lane in range(NODES):
        at = row * lane
        a, b = load(rows, at, like), load(rows, at + 4 * step, like)
        c, d = load(rows, at + 8 * step, like), load(rows, at + 12 * step, like)
        for n in range(size * (start + lane), size * (start + lane + 1)):
            place = row * _place(item(nodes, n), mask, free)
            x = load(out, place, like) + spread(item(shapes, 4 * n), like) * a
            x = x + spread(item(shapes, 4 * n + 1), like) * b + spread(item(shapes, 4 * n + 2), like) * c
            if fields == 4:
                x = x + spread(item(shapes, 4 * n + 3), like) * d
            store(out, place, x)


@part
def bend(size, nodes, shapes, weight, factors, ends, g, begin, end, x, mask, free, like, out):
    """Add to `out` the change of F_i for a change x of ǧ, at some tiles of points.

    nodes (Q·size,): of each point in turn; shapes (Q·size·4,): φ, ∂_1φ, ∂_2φ, ∂_3φ of these; weight (Q,) with
    the factor of the form; factors and ends of `terms`; g: rows of `kernels.single`. Row i < free of x and
    out is at i & mask, the others, where x is 0, at mask + 1.
    """
    fields = ends.shape[0] // (len(like) // 8)
    rows, work = scratch(16 * block(like)), scratch(3 * 16 * 8 * NODES)
    for start in range(NODES * begin, NODES * end, NODES):
        _evaluate(g, start, size, nodes, -1, EVERY, shapes, fields, rows, work, FIXED, like)
        _evaluate(x, start, size, nodes, mask, free, shapes, fields, rows, work, VARIED, like)
        sum_terms(work, factors, ends, SCALE, BENT)
        _add(work, BENT, weight, start, size, nodes, mask, free, shapes, fields, rows, out, like)
