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
def _evaluate(x, start, count, nodes, value, first, second, out):
    """x, ∂_kx and ∂_lx at some points, rows of three fields."""
    for lane in range(WIDTH):
        point, at = start + min(lane, count - 1), ROW * lane
        for k in range(0, ROW, WIDTH):
            a = b = c = spread(0.0)
            for j in range(nodes.shape[1]):
                field = load(x, ROW * nodes[point, j] + k)
                a = a + spread(value[point, j]) * field
                b = b + spread(first[point, j]) * field
                c = c + spread(second[point, j]) * field
            store(out, at + k, a)
            store(out, at + k + FIELD, b)
            store(out, at + k + 2 * FIELD, c)


@part
def _add(rows, start, count, nodes, value, first, second, out):
    """Back to the nodes."""
    for lane in range(count):
        point, at = start + lane, ROW * lane
        for k in range(0, ROW, WIDTH):
            a, b, c = load(rows, at + k), load(rows, at + k + FIELD), load(rows, at + k + 2 * FIELD)
            for j in range(nodes.shape[1]):
                place = ROW * nodes[point, j] + k
                field = load(out, place) + spread(value[point, j]) * a
                field = field + spread(first[point, j]) * b
                store(out, place, field + spread(second[point, j]) * c)


@inline
def _along(rows, at, a, b, c):
    """Nambu matrices uu, ud, du, dd between the eigenstates of σ^a, of the rows of a field."""
    singlet, along = get_rows(rows, at, ROW), get_rows(rows, at + a, ROW)
    x, iy = get_rows(rows, at + b, ROW), times_i(get_rows(rows, at + c, ROW))
    return singlet + along, x - iy, x + iy, singlet - along


@inline
def _both_sides(rows, at, a):
    """Matrices uu and dd of ½{σ^a, x}."""
    singlet, along = get_rows(rows, at, ROW), get_rows(rows, at + a, ROW)
    return along + singlet, along - singlet


@inline
def _put(rows, at, a, b, c, x, factor):
    """Matrices uu, ud, du, dd as rows of a field; the factor is on sums that are twice the components."""
    uu, ud, du, dd = x
    put_rows(rows, at, ROW, (uu + dd) * factor)
    put_rows(rows, at + a, ROW, (uu - dd) * factor)
    put_rows(rows, at + b, ROW, (ud + du) * factor)
    put_rows(rows, at + c, ROW, times_i(ud - du) * factor)


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


@inline
def _bend(fixed, varied, axis, factor, frozen):
    """Into the place of the varied field: what multiplies φ_i, ∂_kφ_i, ∂_lφ_i in dF_i, times the factor."""
    a, b, c = 8 + 8 * axis, 8 + 8 * ((axis + 1) % 3), 8 + 8 * ((axis + 2) % 3)
    s, t = _both_sides(fixed, 0, a)
    g_k, g_l = _along(fixed, FIELD, a, b, c), _along(fixed, 2 * FIELD, a, b, c)
    d_k, d_l = _along(varied, FIELD, a, b, c), _along(varied, 2 * FIELD, a, b, c)
    by_k, by_l = _with(d_l, s, t), _with(d_k, s, t)
    ds, dt = _both_sides(varied, 0, a)
    for k in range(0, FIELD, WIDTH):
        store(varied, k, spread(0.0))
    if not frozen:
        by_k, by_l = _sum(by_k, _with(g_l, ds, dt)), _sum(by_l, _with(g_k, ds, dt))
        one, two = _diagonal(d_k, g_l), _diagonal(g_k, d_l)
        up, down = one[0] + two[0], one[1] + two[1]
        put_rows(varied, 0, ROW, (up - down) * factor)
        put_rows(varied, a, ROW, (up + down) * factor)
    _put(varied, FIELD, a, b, c, by_k, factor)
    _put(varied, 2 * FIELD, a, b, c, by_l, -factor)


@kernel
def bend_plane(nodes, value, first, second, weight, axis, frozen, g, x, out):
    """Add to `out` the change of F_i for a change x of ǧ: one plane (k, l) of coordinates with normal `axis`.

    nodes (Q, L); value, first, second (Q, L): φ, ∂_kφ, ∂_lφ of these nodes; weight (Q,) with the factor of
    the form; g, x, out: rows.
    """
    fixed, varied, factors = np.empty(3 * FIELD), np.empty(3 * FIELD), np.zeros(WIDTH)
    for start in range(0, weight.size, WIDTH):
        count = min(WIDTH, weight.size - start)
        _evaluate(g, start, count, nodes, value, first, second, fixed)
        _evaluate(x, start, count, nodes, value, first, second, varied)
        for lane in range(count):
            factors[lane] = 0.5 * weight[start + lane]
        _bend(fixed, varied, axis, load(factors, 0), frozen)
        _add(varied, start, count, nodes, value, first, second, out)
