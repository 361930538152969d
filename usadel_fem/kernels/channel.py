"""The kernels for one channel of spin, s = 1: nodal matrices are rows of eight floats, ee, eh, he, hh.

Frames are M and M⁻¹ of eight nodes lane by lane, 64 floats each, and every product is one of 2×2 matrices.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import WIDTH, item, load, plus_times, scratch, spread, store
from usadel_fem.kernels.line import over
from usadel_fem.kernels.matrices import commutator
from usadel_fem.kernels.storage import get_lanes, get_rows, put_rows
from usadel_fem.kernels.tangents import scatter

ROW = 8
"""Floats of a nodal matrix."""

FRAME = 128
"""Floats of the frames of eight nodes."""

BLOCK = 256
"""Nodes that a part handles in one call."""

FIELD = ROW * WIDTH
"""Floats of a field at eight points."""


@part
def _off_diagonal(w, first, count, eh, upper, he, lower, rows):
    """Matrices with eh = upper·w[eh] and he = lower·w[he] of consecutive w (n, 4 floats)."""
    for lane in range(count + -count % WIDTH):
        start, at = 4 * (first + min(lane, count - 1)), ROW * lane
        rows[at] = rows[at + 1] = rows[at + 6] = rows[at + 7] = 0.0
        rows[at + 2], rows[at + 3] = upper * w[start + eh], upper * w[start + eh + 1]
        rows[at + 4], rows[at + 5] = lower * w[start + he], lower * w[start + he + 1]


@inline
def _changed(frames, at, x):
    """MxM⁻¹."""
    return get_lanes(frames, at, WIDTH) * x * get_lanes(frames, at + FIELD, WIDTH)


@inline
def _turned(frames, at, x):
    """M⁻¹xM."""
    return get_lanes(frames, at + FIELD, WIDTH) * x * get_lanes(frames, at, WIDTH)


@kernel
def pack(x, nodes, stride, offset, out):
    """Matrices of some nodes lane by lane, from rows."""
    for n in range(nodes.size):
        for k in range(ROW):
            out[stride * (n // WIDTH) + offset + WIDTH * k + n % WIDTH] = x[ROW * nodes[n] + k]


@kernel
def change_rows(frames, w, nodes, out):
    """δǧ = −2Mτ₃wM⁻¹ at `nodes`, (N, 8) floats, for w (n, 4 floats)."""
    rows = scratch(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _off_diagonal(w, first, count, 0, -2.0, 2, 2.0, rows)
        for k in range(0, count, WIDTH):
            x = _changed(frames, (first + k) * FRAME // WIDTH, get_rows(rows, ROW * k, ROW))
            put_rows(rows, ROW * k, ROW, x)
        scatter(rows, nodes, first, count, ROW, out)


@part
def _couple(indptr, indices, q, x, nodes, first, count, start, begin, end, rows):
    """Rows of F_i = Σ_j q_ij x_j of some nodes, added to those of `start` from node `begin` to `end`."""
    for lane in range(count + -count % WIDTH):
        node = nodes[first + min(lane, count - 1)]
        total = load(start, ROW * node) if begin <= node < end else spread(0.0)
        for k in range(indptr[node], indptr[node + 1]):
            total = plus_times(total, spread(item(q, k)), load(x, ROW * item(indices, k)))
        store(rows, ROW * lane, total)


@kernel
def couple_rows(indptr, indices, q, x, nodes, start, begin, end, out):
    """F_i = Σ_j q_ij x_j at `nodes`, (N, 8) floats."""
    rows = scratch(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _couple(indptr, indices, q, x, nodes, first, count, start, begin, end, rows)
        scatter(rows, nodes, first, count, ROW, out)


@kernel
def hessian_rows(indptr, indices, q, frames, diagonal, nodes, x, start, begin, end, w, out):
    """r at `nodes`: blocks of M⁻¹FM and the nodal term, for δǧ = x and w (n, 4 floats)."""
    rows, unknowns = scratch(ROW * BLOCK), scratch(ROW * BLOCK)
    half = spread(0.5)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        _couple(indptr, indices, q, x, nodes, first, count, start, begin, end, rows)
        _off_diagonal(w, first, count, 0, -2.0, 2, 2.0, unknowns)
        for k in range(0, count, WIDTH):
            turned = _turned(frames, (first + k) * FRAME // WIDTH, get_rows(rows, ROW * k, ROW))
            u, d = get_rows(unknowns, ROW * k, ROW), get_lanes(diagonal, (first + k) * ROW, WIDTH)
            put_rows(rows, ROW * k, ROW, turned - (d * u + u * d) * half)
        _residuals(rows, first, count, -2.0, 2.0, out)


@part
def _residuals(rows, first, count, lower, upper, out):
    """(n, 4 floats): lower times the blocks he, upper times the blocks eh."""
    for lane in range(count):
        at, place = ROW * lane, 4 * (first + lane)
        out[place], out[place + 1] = lower * rows[at + 4], lower * rows[at + 5]
        out[place + 2], out[place + 3] = upper * rows[at + 2], upper * rows[at + 3]


@kernel
def columns_of(frames, residual, out):
    """−½ of δǧ for the transposed residual (n, 4 floats): ee, eh, he in columns (3, n)."""
    n, rows = residual.size // 4, scratch(ROW * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        _forces(frames, first, count, residual, rows)
        for lane in range(count):
            for c in range(3):
                place = 2 * (first + lane + n * c)
                out[place], out[place + 1] = rows[ROW * lane + 2 * c], rows[ROW * lane + 2 * c + 1]


@kernel
def rows_of(frames, residual, out):
    """The same as rows (n, 8 floats): three real parts, three imaginary parts, a 0 after each."""
    n, rows = residual.size // 4, np.empty(ROW * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        _forces(frames, first, count, residual, rows)
        for lane in range(count):
            place = ROW * (first + lane)
            out[place + 3] = out[place + 7] = 0.0
            for c in range(3):
                out[place + c], out[place + 4 + c] = rows[ROW * lane + 2 * c], rows[ROW * lane + 2 * c + 1]


@part
def _forces(frames, first, count, residual, rows):
    _off_diagonal(residual, first, count, 2, 0.5, 0, -0.5, rows)
    for k in range(0, count, WIDTH):
        x = get_rows(rows, ROW * k, ROW)
        put_rows(rows, ROW * k, ROW, _changed(frames, (first + k) * FRAME // WIDTH, x))


@kernel
def unknowns_of(frames, columns, out):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM, (n, 4 floats), for δǧ without a trace."""
    n, rows = out.size // 4, np.zeros(ROW * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        for lane in range(count):
            for c in range(3):
                place = 2 * (first + lane + n * c)
                rows[ROW * lane + 2 * c], rows[ROW * lane + 2 * c + 1] = columns[place], columns[place + 1]
        _amplitudes(frames, first, count, rows, out)


@kernel
def of_rows(frames, singles, out):
    """The same for rows."""
    n, rows = out.size // 4, np.zeros(ROW * BLOCK)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        for lane in range(count):
            place = ROW * (first + lane)
            for c in range(3):
                rows[ROW * lane + 2 * c], rows[ROW * lane + 2 * c + 1] = (
                    singles[place + c], singles[place + 4 + c],
                )  # fmt: skip
        _amplitudes(frames, first, count, rows, out)


@part
def _amplitudes(frames, first, count, rows, out):
    for lane in range(count):
        at = ROW * lane
        rows[at + 6], rows[at + 7] = -rows[at], -rows[at + 1]
    for k in range(0, count, WIDTH):
        x = _turned(frames, (first + k) * FRAME // WIDTH, get_rows(rows, ROW * k, ROW))
        put_rows(rows, ROW * k, ROW, x)
    for lane in range(count):
        at, place = ROW * lane, 4 * (first + lane)
        out[place], out[place + 1] = -0.5 * rows[at + 2], -0.5 * rows[at + 3]
        out[place + 2], out[place + 3] = 0.5 * rows[at + 4], 0.5 * rows[at + 5]


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
    """M and M⁻¹ and the diagonal of M⁻¹FMτ₃ of some nodes, lane by lane, and their residual (n, 2), for
    ǧ and F = force + rest (N, 2, 2)."""
    diagonal[:] = 0.0
    for place in range(nodes.size):
        i, at, lane = nodes[place], FRAME * (place // WIDTH), place % WIDTH
        gamma, gamma_tilde = -g[i, 0, 1] * over(1 - g[i, 1, 1]), g[i, 1, 0] * over(1 + g[i, 0, 0])
        n = over(1 - gamma * gamma_tilde)
        _put(frames, at, lane, 1.0, gamma, gamma_tilde, 1.0)
        _put(frames, at + FIELD, lane, n, -gamma * n, -gamma_tilde * n, n)
        ee, eh = force[i, 0, 0] + rest[i, 0, 0], force[i, 0, 1] + rest[i, 0, 1]
        he, hh = force[i, 1, 0] + rest[i, 1, 0], force[i, 1, 1] + rest[i, 1, 1]
        ee, eh, he, hh = ee + eh * gamma_tilde, ee * gamma + eh, he + hh * gamma_tilde, he * gamma + hh
        residual[place, 0], residual[place, 1] = -2 * n * (he - gamma_tilde * ee), -2 * n * (gamma * hh - eh)
        _put(diagonal, at // 2, lane, n * (ee - gamma * he), 0j, 0j, n * (gamma_tilde * eh - hh))


@inline
def _put(x, at, lane, ee, eh, he, hh):
    """One matrix into one lane."""
    entries = (complex(ee), complex(eh), complex(he), complex(hh))
    for k in range(4):
        x[at + 2 * WIDTH * k + lane] = entries[k].real
        x[at + 2 * WIDTH * k + WIDTH + lane] = entries[k].imag


@inline
def _get(x, at, lane):
    return complex(x[at + lane], x[at + WIDTH + lane])


@kernel
def moved(frames, nodes, w, g):
    """Into ǧ at `nodes`: M(1 + w)τ₃(1 + w)⁻¹M⁻¹ for w (n, 2)."""
    for place in range(nodes.size):
        i, a, b, at, lane = nodes[place], w[place, 0], w[place, 1], FRAME * (place // WIDTH), place % WIDTH
        n = over(1 - a * b)
        ee, eh, he = (1 + a * b) * n, -2 * a * n, 2 * b * n
        gamma, gamma_tilde = _get(frames, at + 2 * WIDTH, lane), _get(frames, at + 4 * WIDTH, lane)
        n = _get(frames, at + FIELD, lane)
        ee, eh, he, hh = ee + gamma * he, eh - gamma * ee, gamma_tilde * ee + he, gamma_tilde * eh - ee
        g[i, 0, 0], g[i, 0, 1] = (ee - eh * gamma_tilde) * n, (eh - ee * gamma) * n
        g[i, 1, 0], g[i, 1, 1] = (he - hh * gamma_tilde) * n, (hh - he * gamma) * n
