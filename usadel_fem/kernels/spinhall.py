"""The spin Hall form at eight quadrature points at once: its force for a change of ǧ."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import WIDTH, load, spread, store
from usadel_fem.kernels.matrices import commutator, get_rows, put_rows, times_i
from usadel_fem.kernels.tangents import ROW

FIELD = ROW * WIDTH
"""Floats of a field at eight points."""


@part
def _evaluate(x, start, count, nodes, value, first, second, axis, out):
    """x, ∂_kx and ∂_lx at some points: rows of three fields, their spin turned so that `axis` is z."""
    i, j, k = 8 + 8 * ((axis + 1) % 3), 8 + 8 * ((axis + 2) % 3), 8 + 8 * axis
    for lane in range(WIDTH):
        point, at = start + min(lane, count - 1), ROW * lane
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = spread(0.0)
        for n in range(nodes.shape[1]):
            place = ROW * nodes[point, n]
            x0, x1, x2, x3 = load(x, place), load(x, place + i), load(x, place + j), load(x, place + k)
            a, b, c = spread(value[point, n]), spread(first[point, n]), spread(second[point, n])
            a0, a1, a2, a3 = a0 + a * x0, a1 + a * x1, a2 + a * x2, a3 + a * x3
            b0, b1, b2, b3 = b0 + b * x0, b1 + b * x1, b2 + b * x2, b3 + b * x3
            c0, c1, c2, c3 = c0 + c * x0, c1 + c * x1, c2 + c * x2, c3 + c * x3
        _store_row(out, at, a0, a1, a2, a3)
        _store_row(out, at + FIELD, b0, b1, b2, b3)
        _store_row(out, at + 2 * FIELD, c0, c1, c2, c3)


@inline
def _store_row(x, at, a, b, c, d):
    store(x, at, a)
    store(x, at + 8, b)
    store(x, at + 16, c)
    store(x, at + 24, d)


@part
def _add(rows, start, count, nodes, value, first, second, axis, out):
    """Back to the nodes."""
    for lane in range(count):
        point, at = start + lane, ROW * lane
        for n in range(nodes.shape[1]):
            place = ROW * nodes[point, n]
            a, b, c = spread(value[point, n]), spread(first[point, n]), spread(second[point, n])
            for component in range(4):
                k = 8 * component
                i = place + (8 + 8 * ((axis + component) % 3) if component else 0)
                field = load(out, i) + a * load(rows, at + k)
                field = field + b * load(rows, at + k + FIELD)
                store(out, i, field + c * load(rows, at + k + 2 * FIELD))


@inline
def _blocks(rows, at):
    """Nambu matrices uu, ud, du, dd of the rows of a field."""
    singlet, z = get_rows(rows, at, ROW), get_rows(rows, at + 24, ROW)
    x, iy = get_rows(rows, at + 8, ROW), times_i(get_rows(rows, at + 16, ROW))
    return singlet + z, x - iy, x + iy, singlet - z


@inline
def _both_sides(rows, at):
    """Matrices uu and dd of ½{σ, x}."""
    singlet, z = get_rows(rows, at, ROW), get_rows(rows, at + 24, ROW)
    return z + singlet, z - singlet


@inline
def _put(rows, at, x, factor):
    """Matrices uu, ud, du, dd as rows of a field; the factor is on sums that are twice the components."""
    uu, ud, du, dd = x
    put_rows(rows, at, ROW, (uu + dd) * factor)
    put_rows(rows, at + 8, ROW, (ud + du) * factor)
    put_rows(rows, at + 16, ROW, times_i(ud - du) * factor)
    put_rows(rows, at + 24, ROW, (uu - dd) * factor)


@inline
def _with(x, s, t):
    """[x, diag(s, t)], uu, ud, du, dd."""
    uu, ud, du, dd = x
    return commutator(uu, s), ud * t - s * ud, du * s - t * du, commutator(dd, t)


@inline
def _diagonal(x, y):
    """uu and dd of [x, y]."""
    up = commutator(x[0], y[0]) + (x[1] * y[2] - y[1] * x[2])
    return up, commutator(x[3], y[3]) + (x[2] * y[1] - y[2] * x[1])


@inline
def _sum(x, y):
    return x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]


@part
def _bend(fixed, varied, factors, frozen, out):
    """What multiplies φ_i, ∂_kφ_i, ∂_lφ_i in dF_i, times the factors: rows of three fields."""
    s, t = _both_sides(fixed, 0)
    ds, dt = _both_sides(varied, 0)
    zero = s - s
    up = down = zero
    sign = load(factors, 0)
    for one in range(1, 3):  # k and then l, with the other sign: one piece of code fits the processor's cache
        other = FIELD * (3 - one)
        d, g = _blocks(varied, FIELD * one), _blocks(fixed, FIELD * one)
        bent = _with(d, s, t)
        if not frozen:
            bent = _sum(bent, _with(g, ds, dt))
            a, b = _diagonal(d, _blocks(fixed, other))
            up, down = up + a * sign, down + b * sign
        sign = -sign
        _put(out, other, bent, sign)
    _put(out, 0, (up, zero, zero, -down), spread(1.0))


@kernel
def bend_plane(nodes, value, first, second, weight, axis, frozen, g, x, out):
    """Add to `out` the change of F_i for a change x of ǧ: one plane (k, l) of coordinates with normal `axis`.

    nodes (Q, L); value, first, second (Q, L): φ, ∂_kφ, ∂_lφ of these nodes; weight (Q,) with the factor of
    the form; g, x, out: rows.
    """
    fixed, varied, bent = np.empty(3 * FIELD), np.empty(3 * FIELD), np.empty(3 * FIELD)
    factors = np.zeros(WIDTH)
    for start in range(0, weight.size, WIDTH):
        count = min(WIDTH, weight.size - start)
        _evaluate(g, start, count, nodes, value, first, second, axis, fixed)
        _evaluate(x, start, count, nodes, value, first, second, axis, varied)
        for lane in range(count):
            factors[lane] = 0.5 * weight[start + lane]
        _bend(fixed, varied, factors, frozen, bent)
        _add(bent, start, count, nodes, value, first, second, axis, out)
