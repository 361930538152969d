"""The kernels for one channel of spin, s = 1, in double precision.

Nodal matrices are rows of eight floats, ee, eh, he, hh; frames are kept lane by lane: γ, γ̃ and N = Ñ of eight
nodes, 16 floats each.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import WIDTH, item, load, plus_times, scratch, spread, store
from usadel_fem.kernels.matrices import (
    commutator,
    inverse,
    one_minus,
    one_plus,
    pair_by_pair,
    parts,
    real_first,
    whole,
)
from usadel_fem.kernels.single import changed, turned
from usadel_fem.kernels.storage import get_rows, put_rows
from usadel_fem.kernels.tangents import gather, scatter
from usadel_fem.kernels.tiles import ROWS, get_tile, put_tile
from usadel_fem.kernels.vectors import converted
from usadel_fem.kernels.vectors import load as load_floats
from usadel_fem.kernels.vectors import store as store_floats

ROW = 8
"""Floats of a nodal matrix."""

FRAME = 48
"""Floats of the frames of eight nodes."""

DIAGONAL = 32
"""Floats of their blocks ee and hh, or of their w."""

BLOCK = 128
"""Nodes that a part handles in one call."""

FIELD = ROW * WIDTH
"""Floats of a field at eight points."""

LIKE = ROWS[1]


@inline
def _frames(frames, node):
    """γ, γ̃, N, Ñ of eight nodes."""
    at = FRAME * node // WIDTH
    n = get_tile(frames, at + 32, LIKE)
    return get_tile(frames, at, LIKE), get_tile(frames, at + 16, LIKE), n, n


@part
def _take(w, first, count, lanes):
    """w of consecutive nodes, (n, 4 floats), lane by lane; those beyond the last repeat it."""
    for lane in range(count + -count % WIDTH):
        start, at = 4 * (first + min(lane, count - 1)), DIAGONAL * (lane // WIDTH) + lane % WIDTH
        for k in range(4):
            lanes[at + WIDTH * k] = w[start + k]


@part
def _give(lanes, first, count, w):
    """And back."""
    for lane in range(count):
        start, at = 4 * (first + lane), DIAGONAL * (lane // WIDTH) + lane % WIDTH
        for k in range(4):
            w[start + k] = lanes[at + WIDTH * k]


@kernel
def change_rows(frames, w, nodes, out):
    """δǧ = −2Mτ₃wM⁻¹ at `nodes`, (N, 8) floats, for w (n, 4 floats)."""
    rows, lanes, minus_two = scratch(ROW * BLOCK), scratch(4 * BLOCK), spread(-2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _take(w, first, count, lanes)
        for k in range(0, count, WIDTH):
            eh, he = get_tile(lanes, 4 * k, LIKE), get_tile(lanes, 4 * k + 16, LIKE)
            x = whole(*changed(*_frames(frames, first + k), eh, he))
            put_rows(rows, ROW * k, ROW, x * minus_two)
        scatter(rows, nodes, first, count, ROW, out)


@part
def _couple(indptr, indices, q, sums, x, nodes, first, count, start, begin, end, rows):
    """Rows of F_i = Σ_j q_ij (x_j − x_i) + sums_i x_i of some nodes, added to those of `start` from node
    `begin` to `end`; see `tangents.couple`."""
    for lane in range(count + -count % WIDTH):
        node = nodes[first + min(lane, count - 1)]
        one = load(x, ROW * node)
        total = spread(sums[node]) * one
        if begin <= node < end:
            total = total + load(start, ROW * node)
        for k in range(indptr[node], indptr[node + 1]):
            total = plus_times(total, spread(item(q, k)), load(x, ROW * item(indices, k)) - one)
        store(rows, ROW * lane, total)


@kernel
def couple_rows(coupling, sums, x, nodes, start, begin, end, out):
    """F_i of `_couple` at `nodes`, (N, 8) floats."""
    rows = scratch(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _couple(*coupling, sums, x, nodes, first, count, start, begin, end, rows)
        scatter(rows, nodes, first, count, ROW, out)


@kernel
def hessian_rows(coupling, sums, frames, diagonal, nodes, x, start, begin, end, w, out):
    """r at `nodes`: blocks of M⁻¹FM and the nodal term, for δǧ = x and w (n, 4 floats)."""
    rows, lanes, two = scratch(ROW * BLOCK), scratch(4 * BLOCK), spread(2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _couple(*coupling, sums, x, nodes, first, count, start, begin, end, rows)
        _take(w, first, count, lanes)
        for k in range(0, count, WIDTH):
            upper, lower = turned(*_frames(frames, first + k), *parts(get_rows(rows, ROW * k, ROW)))
            at = DIAGONAL * (first + k) // WIDTH
            both = get_tile(diagonal, at, LIKE) + get_tile(diagonal, at + 16, LIKE)
            eh, he = get_tile(lanes, 4 * k, LIKE), get_tile(lanes, 4 * k + 16, LIKE)
            put_tile(lanes, 4 * k, (both * he - lower) * two)
            put_tile(lanes, 4 * k + 16, (both * eh + upper) * two)
        _give(lanes, first, count, out)


@inline
def _forces(frames, first, lanes, k):
    """Blocks of −½δǧ for the transposed residual of eight nodes."""
    half = spread(0.5)
    he, eh = get_tile(lanes, 4 * k, LIKE) * half, get_tile(lanes, 4 * k + 16, LIKE) * half
    return whole(*changed(*_frames(frames, first + k), eh, he))


@kernel
def columns_of(frames, residual, out):
    """−½ of δǧ for the transposed residual (n, 4 floats): ee, eh, he in columns (3, n)."""
    n, rows, lanes = residual.size // 4, scratch(ROW * BLOCK), scratch(4 * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        _take(residual, first, count, lanes)
        for k in range(0, count, WIDTH):
            put_rows(rows, ROW * k, ROW, _forces(frames, first, lanes, k))
        for lane in range(count):
            for c in range(3):
                place = 2 * (first + lane + n * c)
                out[place], out[place + 1] = rows[ROW * lane + 2 * c], rows[ROW * lane + 2 * c + 1]


@kernel
def rows_of(frames, residual, out):
    """The same as rows (n, 8 floats): real and then imaginary parts of ee, eh, he, hh."""
    n, rows, lanes = residual.size // 4, scratch(ROW * BLOCK), scratch(4 * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        _take(residual, first, count, lanes)
        for k in range(0, count, WIDTH):
            put_rows(rows, ROW * k, ROW, real_first(_forces(frames, first, lanes, k)))
        for lane in range(count):
            store_floats(out, ROW * (first + lane), converted(load(rows, ROW * lane), out))


@inline
def _amplitudes(frames, first, x, lanes, k):
    """w = −½τ₃ of the blocks eh and he of M⁻¹xM."""
    half = spread(0.5)
    eh, he = turned(*_frames(frames, first + k), *parts(x))
    put_tile(lanes, 4 * k, -(eh * half))
    put_tile(lanes, 4 * k + 16, he * half)


@kernel
def unknowns_of(frames, columns, out):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM, (n, 4 floats), for δǧ without a trace."""
    n, rows, lanes = out.size // 4, np.zeros(ROW * BLOCK), scratch(4 * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        for lane in range(count):
            at = ROW * lane
            for c in range(3):
                place = 2 * (first + lane + n * c)
                rows[at + 2 * c], rows[at + 2 * c + 1] = columns[place], columns[place + 1]
            rows[at + 6], rows[at + 7] = -rows[at], -rows[at + 1]
        for k in range(0, count, WIDTH):
            _amplitudes(frames, first, get_rows(rows, ROW * k, ROW), lanes, k)
        _give(lanes, first, count, out)


@kernel
def of_rows(frames, singles, out):
    """The same for rows."""
    n, rows, lanes = out.size // 4, np.zeros(ROW * BLOCK), scratch(4 * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        for lane in range(count):
            store(rows, ROW * lane, converted(load_floats(singles, ROW * (first + lane), LIKE), rows))
        for k in range(0, count, WIDTH):
            _amplitudes(frames, first, pair_by_pair(get_rows(rows, ROW * k, ROW)), lanes, k)
        _give(lanes, first, count, out)


@inline
def _evaluate(x, start, count, size, nodes, value, first, second, out):
    """x, ∂_kx and ∂_lx at some points, rows of three fields."""
    for lane in range(WIDTH):
        point, at = start + min(lane, count - 1), ROW * lane
        a = b = c = spread(0.0)
        for n in range(size * point, size * (point + 1)):
            field = load(x, ROW * item(nodes, n))
            a = plus_times(a, spread(item(value, n)), field)
            b = plus_times(b, spread(item(first, n)), field)
            c = plus_times(c, spread(item(second, n)), field)
        store(out, at, a)
        store(out, at + FIELD, b)
        store(out, at + 2 * FIELD, c)


@inline
def _add(rows, start, count, size, nodes, value, first, second, out):
    """Back to the nodes."""
    for lane in range(count):
        point, at = start + lane, ROW * lane
        a, b, c = load(rows, at), load(rows, at + FIELD), load(rows, at + 2 * FIELD)
        for n in range(size * point, size * (point + 1)):
            place = ROW * item(nodes, n)
            field = plus_times(load(out, place), spread(item(value, n)), a)
            field = plus_times(field, spread(item(first, n)), b)
            store(out, place, plus_times(field, spread(item(second, n)), c))


@kernel
def bend(nodes, value, first, second, weight, frozen, g, x, out):
    """The same as `spinhall.bend` for the only plane that there can be; σ^a is a sign in the weight."""
    fixed, varied, bent = scratch(3 * FIELD), scratch(3 * FIELD), scratch(3 * FIELD)
    factors, one, size = np.zeros(WIDTH), 0.0 if frozen else 1.0, nodes.shape[1]
    nodes, value = nodes.reshape(-1), value.reshape(-1)
    first, second = first.reshape(-1), second.reshape(-1)
    for start in range(0, weight.size, WIDTH):
        count = min(WIDTH, weight.size - start)
        _evaluate(g, start, count, size, nodes, value, first, second, fixed)
        _evaluate(x, start, count, size, nodes, value, first, second, varied)
        for lane in range(count):
            factors[lane] = weight[start + lane]
        factor = load(factors, 0)
        s, g_k, g_l = (
            get_rows(fixed, 0, ROW), get_rows(fixed, FIELD, ROW), get_rows(fixed, 2 * FIELD, ROW)
        )  # fmt: skip
        y, d_k, d_l = (
            get_rows(varied, 0, ROW), get_rows(varied, FIELD, ROW), get_rows(varied, 2 * FIELD, ROW)
        )  # fmt: skip
        y = y * spread(one)
        by_value = commutator(d_k, g_l) + commutator(g_k, d_l)
        put_rows(bent, 0, ROW, by_value * (factor * spread(one)))
        put_rows(bent, FIELD, ROW, (commutator(d_l, s) + commutator(g_l, y)) * factor)
        put_rows(bent, 2 * FIELD, ROW, (commutator(d_k, s) + commutator(g_k, y)) * -factor)
        _add(bent, start, count, size, nodes, value, first, second, out)


@kernel
def tangents_of(g, force, rest, nodes, frames, diagonal, residual):
    """γ, γ̃, N and the blocks ee and hh of M⁻¹FMτ₃ of some nodes, lane by lane, and their residual, (n, 4
    floats), for ǧ and F = force + rest in rows."""
    rows, one, two = scratch(ROW * BLOCK), scratch(ROW * BLOCK), scratch(ROW * BLOCK)
    lanes, minus_two = scratch(4 * BLOCK), spread(-2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(g, nodes, first, count, ROW, rows)
        gather(force, nodes, first, count, ROW, one)
        gather(rest, nodes, first, count, ROW, two)
        for k in range(0, count, WIDTH):
            ee, eh, he, hh = parts(get_rows(rows, ROW * k, ROW))
            gamma, gamma_tilde = -(eh * inverse(one_minus(hh))), he * inverse(one_plus(ee))
            n, at = inverse(one_minus(gamma * gamma_tilde)), FRAME * (first + k) // WIDTH
            put_tile(frames, at, gamma)
            put_tile(frames, at + 16, gamma_tilde)
            put_tile(frames, at + 32, n)
            ee, eh, he, hh = parts(get_rows(one, ROW * k, ROW) + get_rows(two, ROW * k, ROW))
            ee, eh, he, hh = ee + eh * gamma_tilde, ee * gamma + eh, he + hh * gamma_tilde, he * gamma + hh
            at = DIAGONAL * (first + k) // WIDTH
            put_tile(diagonal, at, n * (ee - gamma * he))
            put_tile(diagonal, at + 16, n * (gamma_tilde * eh - hh))
            put_tile(lanes, 4 * k, n * (he - gamma_tilde * ee) * minus_two)
            put_tile(lanes, 4 * k + 16, n * (gamma * hh - eh) * minus_two)
        _give(lanes, first, count, residual)


@kernel
def moved(frames, nodes, w, g):
    """Into ǧ at `nodes`: M(1 + w)τ₃(1 + w)⁻¹M⁻¹ for w (n, 4 floats)."""
    rows, lanes, two = scratch(ROW * BLOCK), scratch(4 * BLOCK), spread(2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _take(w, first, count, lanes)
        for k in range(0, count, WIDTH):
            a, b = get_tile(lanes, 4 * k, LIKE), get_tile(lanes, 4 * k + 16, LIKE)
            n = inverse(one_minus(a * b))
            ee, eh, he = one_plus(a * b) * n, -(a * n * two), b * n * two
            gamma, gamma_tilde, n, _ = _frames(frames, first + k)
            ee, eh, he, hh = ee + gamma * he, eh - gamma * ee, gamma_tilde * ee + he, gamma_tilde * eh - ee
            ee, eh = (ee - eh * gamma_tilde) * n, (eh - ee * gamma) * n
            he, hh = (he - hh * gamma_tilde) * n, (hh - he * gamma) * n
            put_rows(rows, ROW * k, ROW, whole(ee, eh, he, hh))
        scatter(rows, nodes, first, count, ROW, g)
