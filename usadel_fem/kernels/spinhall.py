"""The spin Hall form at eight quadrature points at once: its force, and that for a change x of ǧ.

The form is the sum of w Tr ½{σ^a, g}[g_k, g_l] over the points and the planes (k, l, a) with ε_{kla} = 1; g_k
is ∂_kg. Its force is w times what `force_terms` writes down,

    with φ_i       ½{σ^a, [g_k, g_l]}
    with ∂_kφ_i    [g_l, ½{σ^a, g}]
    with ∂_lφ_i    the same with k instead of l and the other sign

and changes by w times what `terms` does:

    with φ_i       ½{σ^a, [x_k, g_l] − [x_l, g_k]}
    with ∂_kφ_i    [x_l, ½{σ^a, g}] + [g_l, ½{σ^a, x}]
    with ∂_lφ_i    the same with k instead of l and the other sign
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import WIDTH, item, load, plus_times, scratch, spread, store
from usadel_fem.kernels.matrices import anticommutator, commutator, times_i, zero_of
from usadel_fem.kernels.storage import get_lanes, get_rows, put_lanes, put_rows
from usadel_fem.kernels.tangents import AHEAD, ROW, fetch
from usadel_fem.kernels.tiles import WHOLE, get_tile, put_tile

FIELD = ROW * WIDTH
"""Floats of a field at eight points."""

PART = 8 * WIDTH
"""Floats of one of its components on 1, σ_x, σ_y, σ_z."""

FIXED, VARIED, BENT = 0, 4 * FIELD, 8 * FIELD
"""Places of g and its gradient, of x and its gradient, and of what multiplies φ and its gradient."""


@cache
def terms(planes: tuple[tuple[int, int, int], ...], frozen: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """The change of the force by components: sums of [u, v], then of i{u, v}, then of −i{u, v}.

    [uσ^μ, vσ^ν] is [u, v]σ^μσ^ν where σ^μ and σ^ν commute, else {u, v}σ^μσ^ν.

    Args:
        planes: (k, l, a) with ε_{kla} = 1.
        frozen: the outer g of the form is held fixed.

    Returns:
        Places of u and v, (T, 2), and the four ends of the three kinds for each component in turn of what
        multiplies φ and its gradient, (12 or 16, 4).
    """
    outer = [(VARIED, FIXED)] if frozen else [(VARIED, FIXED), (FIXED, VARIED)]
    return _terms(planes, outer, [] if frozen else [(1, VARIED), (-1, VARIED)])


@cache
def force_terms(planes: tuple[tuple[int, int, int], ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same of the force."""
    return _terms(planes, [(FIXED, FIXED)], [(1, FIXED)])


def _terms(
    planes: Sequence[tuple[int, int, int]], outer: Sequence[tuple[int, int]], inner: Sequence[tuple[int, int]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of [u_l, ½{σ^a, v}] for the pairs u, v in `outer`, and ½{σ^a, ±[u_k, g_l]} for the ±1 and u in `inner`,
    where k and l change places for −1."""
    sums: list[tuple[list[Any], ...]] = [([], [], []) for _ in range(12 if len(planes) == 1 else 16)]

    def add(sign: int, u: int, v: int, imaginary: int, field: int, component: int) -> None:
        """sign · ([u, v] or, if imaginary = ±1, ±i{u, v}); −[u, v] is [v, u]."""
        pair = (v, u) if sign < 0 and imaginary == 0 else (u, v)
        sums[4 * field + component][sign * imaginary].append(pair)

    for k, l, a in planes:
        half = {0: a + 1, a + 1: 0}  # ½{σ^a, v} = v_a + v_0σ^a
        for sign, p, q in ((1, k + 1, l + 1), (-1, l + 1, k + 1)):
            for mu in range(4):
                for nu, of_v in half.items():
                    for u, v in outer:  # [u_q, ½{σ^a, v}] with ∂_pφ
                        component, imaginary = _product(mu, nu)
                        u, v = u + FIELD * q + PART * mu, v + PART * of_v
                        add(sign, u, v, imaginary, p, component)
                for which, u in inner:
                    for nu in range(4 if which == sign else 0):  # ½{σ^a, [u_p, g_q]} with φ
                        component, imaginary = _product(mu, nu)
                        if component in half:
                            places = u + FIELD * p + PART * mu, FIXED + FIELD * q + PART * nu
                            add(sign, *places, imaginary, 0, half[component])
    lengths = np.array([[0, *(len(kind) for kind in each)] for each in sums])
    ends = np.cumsum(lengths).reshape(lengths.shape)
    return np.array([pair for each in sums for kind in each for pair in kind]), ends


@cache
def channel_terms(plane: tuple[int, int, int], frozen: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same for one channel of spin, where σ^a is a number and a field is a Nambu matrix: ends (3, 4)."""
    k, l = plane[0] + 1, plane[1] + 1

    def pairs(u: int, v: int, flip: bool = False) -> list[tuple[int, int]]:
        """[x_u, g_v], and [g_u, x_v] where it is not fixed, or minus these."""
        both = [(VARIED + PART * u, FIXED + PART * v)]
        both += [] if frozen else [(FIXED + PART * u, VARIED + PART * v)]
        return [pair[::-1] if flip else pair for pair in both]

    sums = {0: [] if frozen else pairs(k, l), k: pairs(l, 0), l: pairs(k, 0, flip=True)}
    ends, factors = list[list[int]](), list[tuple[int, int]]()
    for field in range(3):
        ends.append([len(factors), *[len(factors) + len(sums[field])] * 3])
        factors += sums[field]
    return np.array(factors), np.array(ends)


def _product(mu: int, nu: int) -> tuple[int, int]:
    """c and e of σ^μσ^ν = σ^c where the two commute, e = 0, else e·iσ^c; σ^0 = 1."""
    if mu * nu == 0 or mu == nu:
        return (mu + nu if mu != nu else 0), 0
    return 6 - mu - nu, 1 if (nu - mu) % 3 == 1 else -1


@inline
def _load_row(x, at):
    return load(x, at), load(x, at + 8), load(x, at + 16), load(x, at + 24)


@inline
def _store_row(x, at, row):
    a, b, c, d = row
    store(x, at, a)
    store(x, at + 8, b)
    store(x, at + 16, c)
    store(x, at + 24, d)


@inline
def _plus_times(row, factor, other):
    (a, b, c, d), (e, f, g, h) = row, other
    return (
        plus_times(a, factor, e),
        plus_times(b, factor, f),
        plus_times(c, factor, g),
        plus_times(d, factor, h),
    )


@inline
def _evaluate(x, start, count, size, nodes, value, first, second, third, fields, rows, work, out):
    """x and its gradient at some points, lane by lane."""
    zero = spread(0.0)
    for lane in range(WIDTH):
        point, at = start + min(lane, count - 1), ROW * lane
        a = b = c = d = (zero, zero, zero, zero)
        fetch(x, ROW * item(nodes, min(size * (start + lane + AHEAD + 1), nodes.size) - 1), ROW)
        for n in range(size * point, size * (point + 1)):
            row = _load_row(x, ROW * item(nodes, n))
            a = _plus_times(a, spread(item(value, n)), row)
            b = _plus_times(b, spread(item(first, n)), row)
            c = _plus_times(c, spread(item(second, n)), row)
            if fields == 4:
                d = _plus_times(d, spread(item(third, n)), row)
        _store_row(rows, at, a)
        _store_row(rows, at + FIELD, b)
        _store_row(rows, at + 2 * FIELD, c)
        _store_row(rows, at + 3 * FIELD, d)
    for field in range(0, FIELD * fields, FIELD):
        for k in range(4):
            put_lanes(work, out + field + PART * k, WIDTH, get_rows(rows, field + 8 * k, ROW))


@inline
def _add(work, bent, weight, start, count, size, nodes, value, first, second, third, fields, rows, out):
    """Times the weights, back to the nodes."""
    for lane in range(count):
        rows[lane] = weight[start + lane]
    factor = load(rows, 0)
    for field in range(0, FIELD * fields, FIELD):
        for k in range(4):
            x = get_lanes(work, bent + field + PART * k, WIDTH) * factor
            put_rows(rows, field + 8 * k, ROW, x)
    for lane in range(count):
        point, at = start + lane, ROW * lane
        a, b, c = _load_row(rows, at), _load_row(rows, at + FIELD), _load_row(rows, at + 2 * FIELD)
        d = _load_row(rows, at + 3 * FIELD)
        fetch(out, ROW * item(nodes, min(size * (point + AHEAD + 1), nodes.size) - 1), ROW)
        for n in range(size * point, size * (point + 1)):
            place = ROW * item(nodes, n)
            row = _plus_times(_load_row(out, place), spread(item(value, n)), a)
            row = _plus_times(row, spread(item(first, n)), b)
            row = _plus_times(row, spread(item(second, n)), c)
            if fields == 4:
                row = _plus_times(row, spread(item(third, n)), d)
            _store_row(out, place, row)


@inline
def _factors(work, factors, t, scale):
    u, v = scale * item(factors, 2 * t), scale * item(factors, 2 * t + 1)
    return get_tile(work, u, WHOLE), get_tile(work, v, WHOLE)


@inline
def sum_terms(work, factors, ends, scale, out):
    """The sums of `terms`: a few instructions that stay in registers, whatever the planes; the floats of a
    component are `scale` times eight."""
    nothing = zero_of(get_tile(work, 0, WHOLE))
    for n in range(ends.shape[0]):
        total = nothing
        for t in range(ends[n, 0], ends[n, 1]):
            u, v = _factors(work, factors, t, scale)
            total = total + commutator(u, v)
        for t in range(ends[n, 1], ends[n, 2]):
            u, v = _factors(work, factors, t, scale)
            total = total + times_i(anticommutator(u, v))
        for t in range(ends[n, 2], ends[n, 3]):
            u, v = _factors(work, factors, t, scale)
            total = total - times_i(anticommutator(u, v))
        put_tile(work, scale * (out + PART * n), total)


@kernel
def bend(nodes, value, first, second, third, weight, factors, ends, g, x, out):
    """Add to `out` the change of F_i for a change x of ǧ, or F_i where x is None.

    nodes (Q, L); value, first, second, third (Q, L): φ, ∂_1φ, ∂_2φ, ∂_3φ of these nodes, in 2D the last is
    not read; weight (Q,) with the factor of the form; factors and ends of `terms`, or of `force_terms`;
    g, x, out: rows.
    """
    fields, size = ends.shape[0] // 4, nodes.shape[1]
    nodes, value, first = nodes.reshape(-1), value.reshape(-1), first.reshape(-1)
    second, third, factors = second.reshape(-1), third.reshape(-1), factors.reshape(-1)
    rows, work = scratch(4 * FIELD), scratch(12 * FIELD)
    for start in range(0, weight.size, WIDTH):
        count = min(WIDTH, weight.size - start)
        _evaluate(g, start, count, size, nodes, value, first, second, third, fields, rows, work, FIXED)
        if x is not None:
            _evaluate(x, start, count, size, nodes, value, first, second, third, fields, rows, work, VARIED)
        sum_terms(work, factors, ends, 1, BENT)
        _add(work, BENT, weight, start, count, size, nodes, value, first, second, third, fields, rows, out)
