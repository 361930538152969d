"""One Krylov step of the full problem in single precision, sixteen nodes at once; see `kernels.tiles`.

The nodes are the free ones in their order, so that nothing is gathered but neighbours; the twin in double
precision is `kernels.tangents`. Rows hold δǧ by its components on 1, σ_x, σ_y, σ_z, four numbers each (ee,
eh, he, hh), or the forces that a multigrid cycle takes.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.matrices import exchange, minus_product, plus_product, times_i
from usadel_fem.kernels.memory import LINE
from usadel_fem.kernels.tiles import (
    BLOCK,
    NODES,
    ROW,
    about_x,
    about_y,
    about_z,
    get_blocks,
    get_tile,
    mixed,
    narrowed,
    put_blocks,
    put_tile,
    turn_over,
)
from usadel_fem.kernels.vectors import converted, load, spread, store

LIKE = (0.0,) * NODES

FRAMES = 4 * BLOCK
"""Floats of γ, γ̃, N, Ñ of a tile."""

PAIR = 2 * BLOCK
"""Floats of its w, or of its blocks ee and hh."""

FACTORS = 6 * BLOCK
"""Floats of the factors of `splitting` of a tile."""

ROWS = ROW * NODES

AHEAD = 8
"""Nodes ahead whose last neighbour is asked for."""


@inline
def scratch(size):
    """Room for singles that starts with a line of the cache."""
    x = np.empty(size + NODES, np.float32)
    skip = (-x.ctypes.data % LINE) // 4
    return x[skip : skip + size]


@inline
def fetch(x, at, count):
    """Ask for some floats that will be needed soon, if they are there."""
    if at + count <= x.size:
        for k in range(at, at + count, NODES):
            prefetch(x, k)


@inline
def _frames(frames, at):
    """γ, γ̃, N, Ñ of a tile."""
    one, two = get_tile(frames, at), get_tile(frames, at + BLOCK)
    return one, two, get_tile(frames, at + 2 * BLOCK), get_tile(frames, at + 3 * BLOCK)


@inline
def _changed(gamma, gamma_tilde, n, n_tilde, eh, he):
    """Blocks ee, eh, he, hh of Mτ₃wM⁻¹ for those of w."""
    u, v = eh * n_tilde, he * n
    left, right = u * gamma_tilde, v * gamma
    ee, he = -plus_product(left, gamma, v), -plus_product(v, gamma_tilde, left)
    return ee, plus_product(u, gamma, right), he, plus_product(right, gamma_tilde, u)


@inline
def _turned(gamma, gamma_tilde, n, n_tilde, ee, eh, he, hh):
    """Blocks eh and he of M⁻¹xM for those of x."""
    right = minus_product(plus_product(eh, ee, gamma), gamma, plus_product(hh, he, gamma))
    left = minus_product(plus_product(he, hh, gamma_tilde), gamma_tilde, plus_product(ee, eh, gamma_tilde))
    return n * right, n_tilde * left


@kernel
def change(frames, w, x):
    """δǧ = −2Mτ₃wM⁻¹, in rows."""
    for t in range(w.size // PAIR):
        at, row = FRAMES * t, ROWS * t
        fetch(frames, at + 2 * FRAMES, FRAMES)
        fetch(w, PAIR * (t + 2), PAIR)
        fetch(x, row + 2 * ROWS, ROWS)
        eh, he = get_tile(w, PAIR * t), get_tile(w, PAIR * t + BLOCK)
        ee, eh, he, hh = _changed(*_frames(frames, at), eh, he)
        uu, ud, du, dd = exchange(ee, eh, he, hh)
        put_blocks(x, row, -(uu + dd), -(ud + du), times_i(du - ud), dd - uu)


@inline
def _couple(
    indptr,
    indices,
    singlet,
    triplet,
    singlet_sum,
    triplet_sum,
    bend_ptr,
    bend_indices,
    bend_axis,
    bend,
    x,
    start,
    begin,
    end,
    tile,
    rows,
    frames,
    diagonal,
    w,
    forces,
):
    """F_i = Σ_j q_ij (x_j − x_i) + sum_i x_i of a tile, added to those of `start` from node `begin` to `end`;
    see `tangents.couple`. Beside it, what the next tile needs is asked for, a little at a time."""
    for lane in range(NODES):
        i, at = NODES * tile + lane, ROW * lane
        x_i, y_i = load(x, ROW * i, LIKE), load(x, ROW * i + NODES, LIKE)
        q = spread(item(singlet_sum, i), LIKE)
        if triplet is not None:
            q = mixed(q, spread(item(triplet_sum, i), LIKE))
        a, b = q * x_i, q * y_i
        last = max(item(indptr, min(i + AHEAD, indptr.size - 1)) - 1, 0)
        ahead = ROW * item(indices, last)
        prefetch(x, ahead)
        prefetch(x, ahead + NODES)
        soon = i + NODES
        prefetch(frames, FRAMES // NODES * soon)
        prefetch(frames, FRAMES // NODES * soon + NODES)
        prefetch(diagonal, PAIR // NODES * soon)
        prefetch(w, PAIR // NODES * soon)
        prefetch(forces, ROW * soon)
        prefetch(forces, ROW * soon + NODES)
        if begin <= i < end:
            a, b = a + load(start, ROW * i, LIKE), b + load(start, ROW * i + NODES, LIKE)
        for k in range(item(indptr, i), item(indptr, i + 1)):
            j = ROW * item(indices, k)
            q = spread(item(singlet, k), LIKE)
            if triplet is not None:
                q = mixed(q, spread(item(triplet, k), LIKE))
            a, b = a + q * (load(x, j, LIKE) - x_i), b + q * (load(x, j + NODES, LIKE) - y_i)
        if bend is not None:
            for k in range(item(bend_ptr, i), item(bend_ptr, i + 1)):
                j, axis, value = ROW * item(bend_indices, k), item(bend_axis, k), spread(item(bend, k), LIKE)
                c, d = load(x, j, LIKE), load(x, j + NODES, LIKE)
                if axis == 0:
                    c, d = about_x(c), about_x(d)
                elif axis == 1:
                    c, d = about_y(c), about_y(d)
                else:
                    c, d = about_z(c), about_z(d)
                a, b = a + value * c, b + value * d
        store(rows, at, a)
        store(rows, at + NODES, b)


@kernel
def hessian(coupling, frames, diagonal, w, x, start, begin, end, forces):
    """The forces, in rows, of H w with δǧ = x: blocks of M⁻¹FM and the nodal term."""
    rows = scratch(ROWS)
    for t in range(w.size // PAIR):
        at, pair = FRAMES * t, PAIR * t
        _couple(*coupling, x, start, begin, end, t, rows, frames, diagonal, w, forces)
        singlet, along_x, along_y, along_z = get_blocks(rows, 0)
        iy = times_i(along_y)
        ee, eh, he, hh = exchange(singlet + along_z, along_x - iy, along_x + iy, singlet - along_z)
        upper, lower = _turned(*_frames(frames, at), ee, eh, he, hh)
        w_eh, w_he = get_tile(w, pair), get_tile(w, pair + BLOCK)
        ee, hh = get_tile(diagonal, pair), get_tile(diagonal, pair + BLOCK)
        upper = plus_product(plus_product(upper, ee, w_eh), w_eh, hh)
        lower = minus_product(minus_product(lower, hh, w_he), w_he, ee)
        ee, eh, he, hh = _changed(*_frames(frames, at), upper, -lower)
        put_blocks(forces, ROWS * t, ee, eh, he, hh)


@kernel
def unknowns(frames, rows, splitting, split, w):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM for δǧ in rows, and T w where `splitting` has a tile for it:
    the place of its factors a to f of a w_eh b + w_eh c and d w_he e + w_he f, or −1."""
    half = spread(np.float32(0.5), LIKE)
    for t in range(w.size // PAIR):
        at, pair, place = FRAMES * t, PAIR * t, FACTORS * item(splitting, t)
        fetch(frames, at + 2 * FRAMES, FRAMES)
        fetch(rows, ROWS * (t + 2), ROWS)
        fetch(w, pair + 2 * PAIR, PAIR)
        ee, eh, he, hh = get_blocks(rows, ROWS * t)
        eh, he = _turned(*_frames(frames, at), ee, eh, he, hh)
        eh, he = -(eh * half), he * half
        if place >= 0:
            fetch(split, place + FACTORS, FACTORS)
            a, b, c = (
                get_tile(split, place),
                get_tile(split, place + BLOCK),
                get_tile(split, place + 2 * BLOCK),
            )
            eh = plus_product(a * eh * b, eh, c)
            place += 3 * BLOCK
            a, b, c = (
                get_tile(split, place),
                get_tile(split, place + BLOCK),
                get_tile(split, place + 2 * BLOCK),
            )
            he = plus_product(a * he * b, he, c)
        put_tile(w, pair, eh)
        put_tile(w, pair + BLOCK, he)


@kernel
def narrow(lanes, floats, out):
    """Groups of eight nodes with `floats` numbers each become tiles of two groups."""
    for t in range(out.size // (NODES * floats)):
        for k in range(floats):
            store(out, NODES * (floats * t + k), narrowed(lanes, 8 * (2 * floats * t + k), 8 * floats))


@kernel
def pack(w, out):
    """Tiles of w (n, 16 floats)."""
    rows = scratch(NODES * NODES)
    for t in range(out.size // PAIR):
        for lane in range(NODES):
            at = NODES * (NODES * t + lane)
            if at < w.size:
                store(rows, NODES * lane, narrowed(w, at, 8))
            else:
                store(rows, NODES * lane, spread(np.float32(0.0), LIKE))
        turn_over(rows, 0, out, PAIR * t)


@kernel
def unpack(tiles, w):
    """And back, to double precision."""
    rows = scratch(NODES * NODES)
    for t in range(tiles.size // PAIR):
        turn_over(tiles, PAIR * t, rows, 0)
        for lane in range(NODES):
            at = NODES * (NODES * t + lane)
            if at < w.size:
                store(w, at, converted(load(rows, NODES * lane, LIKE), w))


@kernel
def halves(x, order, out):
    """Rows in single precision, real parts first, of some rows (N, 16, 2) in double precision."""
    for i in range(order.size):
        for k in range(NODES):
            out[ROW * i + k] = x[ROW * order[i] + 2 * k]
            out[ROW * i + NODES + k] = x[ROW * order[i] + 2 * k + 1]
