"""The spin Hall form of `kernels.spinhall` in single precision, at sixteen quadrature points at once.

Points come in whole tiles: those beyond the last have no weight.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.single import LIKE, block, scratch
from usadel_fem.kernels.spinhall import BENT, FIXED, PART, VARIED, sum_terms
from usadel_fem.kernels.tiles import NODES, get_blocks, get_tile, put_blocks, put_tile
from usadel_fem.kernels.vectors import load, spread, store

SCALE = 8 * NODES // PART
"""Floats of a tile for each of `terms`."""

AHEAD = 8
"""Points ahead whose last node is asked for."""


@inline
def _evaluate(x, start, size, nodes, shapes, fields, rows, work, out, like):
    """x and its gradient at some points, as tiles, from differences to the first node: Σ φ = 1, Σ ∂φ = 0."""
    row, step = len(like), block(like)
    zero = spread(np.float32(0.0), like)
    for lane in range(NODES):
        at, begin = row * lane, size * (start + lane)
        ahead = row * item(nodes, min(begin + size * (AHEAD + 1), nodes.size) - 1)
        for k in range(0, row, NODES):
            prefetch(x, ahead + k)
        a = first = load(x, row * item(nodes, begin), like)
        b = c = d = zero
        for n in range(begin + 1, begin + size):
            change = load(x, row * item(nodes, n), like) - first
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
def _add(work, bent, weight, start, size, nodes, shapes, fields, rows, out, like):
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
        ahead = row * item(nodes, min(size * (start + lane + AHEAD + 1), nodes.size) - 1)
        for k in range(0, row, NODES):
            prefetch(out, ahead + k)
        for n in range(size * (start + lane), size * (start + lane + 1)):
            place = row * item(nodes, n)
            x = load(out, place, like) + spread(item(shapes, 4 * n), like) * a
            x = x + spread(item(shapes, 4 * n + 1), like) * b + spread(item(shapes, 4 * n + 2), like) * c
            if fields == 4:
                x = x + spread(item(shapes, 4 * n + 3), like) * d
            store(out, place, x)


@kernel
def bend(nodes, shapes, weight, factors, ends, g, x, like, out):
    """Add to `out` the change of F_i for a change x of ǧ.

    nodes (Q, L); shapes (Q, L, 4): φ, ∂_1φ, ∂_2φ, ∂_3φ of these nodes; weight (Q,) with the factor of the
    form; factors and ends of `terms`; g, x, out: rows of `kernels.single`.
    """
    fields, size, step = ends.shape[0] // (len(like) // 8), nodes.shape[1], block(like)
    nodes, shapes, factors = nodes.reshape(-1), shapes.reshape(-1), factors.reshape(-1)
    rows, work = scratch(16 * step), scratch(3 * 16 * 8 * NODES)
    for start in range(0, weight.size, NODES):
        _evaluate(g, start, size, nodes, shapes, fields, rows, work, FIXED, like)
        _evaluate(x, start, size, nodes, shapes, fields, rows, work, VARIED, like)
        sum_terms(work, factors, ends, SCALE, BENT)
        _add(work, BENT, weight, start, size, nodes, shapes, fields, rows, out, like)
