"""One Krylov step in single precision, sixteen nodes at once, for s = 1 and 2; see `kernels.tiles`.

The nodes are the free ones in their order, so that nothing is gathered but neighbours; the twins in double
precision are `kernels.tangents` and `kernels.channel`. Rows hold the forces that a multigrid cycle takes, or
δǧ, for s = 2 by its components on 1, σ_x, σ_y, σ_z, four numbers each (ee, eh, he, hh).

A tile has NODES·len(like) floats of frames γ, γ̃, N, Ñ, half of that of w, or of its blocks ee and hh.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import item, prefetch
from usadel_fem.kernels.matrices import exchange, minus_product, plus_product, times_i
from usadel_fem.kernels.memory import LINE
from usadel_fem.kernels.tiles import (
    NODES,
    about_x,
    about_y,
    about_z,
    get_blocks,
    get_tile,
    mixed,
    narrowed,
    pair_blocks,
    pair_blocks_times_i,
    pairs_of,
    pairs_times_i,
    put_blocks,
    put_tile,
    turn_over,
)
from usadel_fem.kernels.vectors import converted, load, spread, store

LIKE = (0.0,) * NODES

FACTORS = 48 * NODES
"""Floats of the factors of `splitting` of a tile."""


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
def block(like):
    """Floats of the s×s matrices of a tile."""
    return NODES * len(like) // 4


@inline
def _frames(frames, at, like):
    """γ, γ̃, N, Ñ of a tile."""
    step = block(like)
    one, two = get_tile(frames, at, like), get_tile(frames, at + step, like)
    return one, two, get_tile(frames, at + 2 * step, like), get_tile(frames, at + 3 * step, like)


@inline
def changed(gamma, gamma_tilde, n, n_tilde, eh, he):
    """Blocks ee, eh, he, hh of Mτ₃wM⁻¹ for those of w."""
    u, v = eh * n_tilde, he * n
    left, right = u * gamma_tilde, v * gamma
    ee, he = -plus_product(left, gamma, v), -plus_product(v, gamma_tilde, left)
    return ee, plus_product(u, gamma, right), he, plus_product(right, gamma_tilde, u)


@inline
def turned(gamma, gamma_tilde, n, n_tilde, ee, eh, he, hh):
    """Blocks eh and he of M⁻¹xM for those of x."""
    right = minus_product(plus_product(eh, ee, gamma), gamma, plus_product(hh, he, gamma))
    left = minus_product(plus_product(he, hh, gamma_tilde), gamma_tilde, plus_product(ee, eh, gamma_tilde))
    return n * right, n_tilde * left


@inline
def _spin_matrices(rows, like):
    """Blocks ee, eh, he, hh of sixteen rows by components."""
    singlet, along_x, along_y, along_z = get_blocks(rows, 0, like)
    if len(like) > 8:
        iy = times_i(along_y)
        return exchange(singlet + along_z, along_x - iy, along_x + iy, singlet - along_z)
    return singlet, along_x, along_y, along_z


@inline
def _minus_twice(ee, eh, he, hh, like):
    """Components of what has these blocks, times −2."""
    if len(like) > 8:
        uu, ud, du, dd = exchange(ee, eh, he, hh)
        return -(uu + dd), -(ud + du), times_i(du - ud), dd - uu
    return -(ee + ee), -(eh + eh), -(he + he), -(hh + hh)


@part
def change(frames, w, begin, end, like, x, mask):
    """δǧ = −2Mτ₃wM⁻¹ of some tiles, in rows i & mask of x."""
    size = NODES * len(like)
    for tile in range(begin, end):
        pair = size // 2 * tile
        fetch(frames, size * (tile + 4), size)
        fetch(w, pair + 2 * size, size // 2)
        eh, he = get_tile(w, pair, like), get_tile(w, pair + block(like), like)
        blocks = changed(*_frames(frames, size * tile, like), eh, he)
        put_blocks(x, len(like) * (NODES * tile & mask), *_minus_twice(*blocks, like))


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
    charge_ptr,
    charge_indices,
    charge,
    charge_imaginary,
    x,
    start,
    mask,
    begin,
    end,
    tile,
    rows,
    frames,
    diagonal,
    w,
    forces,
    like,
):
    """F_i = Σ_j q_ij (x_j − x_i) + sum_i x_i of a tile, added to those of `start` from node `begin` to `end`,
    which become 0; see `tangents.couple`, and `fem.coupling` for what vector potentials add. Beside it,
    what the next tile needs is asked for, a little at a time."""
    size, zero = len(like), spread(np.float32(0.0), like)
    for lane in range(NODES):
        i = NODES * tile + lane
        at = size * (i & mask)
        x_i = load(x, at, like)
        q = spread(item(singlet_sum, i), like)
        if triplet is not None:
            q = mixed(q, spread(item(triplet_sum, i), like))
        total = q * x_i
        soon = size * (i + NODES)
        for k in range(0, size, NODES):
            prefetch(frames, soon + k)
            prefetch(forces, soon + k)
        prefetch(diagonal, soon // 2)
        prefetch(w, soon // 2)
        if begin <= i < end:
            total = total + load(start, at, like)
            store(start, at, zero)
        for k in range(item(indptr, i), item(indptr, i + 1)):
            q = spread(item(singlet, k), like)
            if triplet is not None:
                q = mixed(q, spread(item(triplet, k), like))
            total = total + q * (load(x, size * (item(indices, k) & mask), like) - x_i)
        if bend is not None:
            for k in range(item(bend_ptr, i), item(bend_ptr, i + 1)):
                turned, axis = load(x, size * (item(bend_indices, k) & mask), like), item(bend_axis, k)
                if axis == 0:
                    turned = about_x(turned)
                elif axis == 1:
                    turned = about_y(turned)
                else:
                    turned = about_z(turned)
                total = total + spread(item(bend, k), like) * turned
        if charge is not None:
            for k in range(item(charge_ptr, i), item(charge_ptr, i + 1)):
                x_j = load(x, size * (item(charge_indices, k) & mask), like)
                total = total + spread(item(charge, k), like) * pairs_of(x_j)
                total = total + spread(item(charge_imaginary, k), like) * pairs_times_i(x_j)
        store(rows, size * lane, total)


@part
def hessian(coupling, frames, diagonal, w, x, start, mask, first, last, begin, end, like, forces):
    """The forces, in rows, of H w on some tiles: blocks of M⁻¹FM and the nodal term. Row i of δǧ and, from
    `first` to `last`, of what is added to its force stands at i & mask of x and `start`."""
    size, step = NODES * len(like), block(like)
    rows = scratch(size)
    for tile in range(begin, end):
        at, pair = size * tile, size // 2 * tile
        _couple(*coupling, x, start, mask, first, last, tile, rows, frames, diagonal, w, forces, like)
        upper, lower = turned(*_frames(frames, at, like), *_spin_matrices(rows, like))
        w_eh, w_he = get_tile(w, pair, like), get_tile(w, pair + step, like)
        ee, hh = get_tile(diagonal, pair, like), get_tile(diagonal, pair + step, like)
        upper = plus_product(plus_product(upper, ee, w_eh), w_eh, hh)
        lower = minus_product(minus_product(lower, hh, w_he), w_he, ee)
        put_blocks(forces, at, *changed(*_frames(frames, at, like), upper, -lower))


@part
def unknowns(frames, rows, splitting, split, begin, end, like, w):
    """w = −½τ₃ of the blocks eh and he of M⁻¹δǧM for δǧ in rows, on some tiles, the last first, and T w where
    `splitting` has a tile for it: the place of its factors a to f of a w_eh b + w_eh c and d w_he e + w_he f,
    or −1."""
    half, size, step = spread(np.float32(0.5), LIKE), NODES * len(like), block(like)
    for t in range(end - 1, begin - 1, -1):
        at, pair = size * t, size // 2 * t
        if t > 1:
            fetch(frames, at - 2 * size, size)
            fetch(w, pair - size, size // 2)
        eh, he = turned(*_frames(frames, at, like), *get_blocks(rows, at, like))
        eh, he = -(eh * half), he * half
        if split is not None:
            place = FACTORS * item(splitting, t)
            if place >= 0:
                fetch(split, max(place - FACTORS, 0), FACTORS)
                eh = _split(split, place, eh, like)
                he = _split(split, place + 3 * step, he, like)
        put_tile(w, pair, eh)
        put_tile(w, pair + step, he)


@inline
def _split(split, at, x, like):
    """a x b + x c."""
    step = block(like)
    a, b, c = (
        get_tile(split, at, like),
        get_tile(split, at + step, like),
        get_tile(split, at + 2 * step, like),
    )
    return plus_product(a * x * b, x, c)


@kernel
def turn(rows, cosine, sine, like):
    """eh of the rows of forces of some nodes times e^{iξ}, he times e^{−iξ}."""
    size = len(like)
    for i in range(cosine.size):
        x, change = load(rows, size * i, like), item(cosine, i) - np.float32(1.0)
        y = x + spread(change, like) * pair_blocks(x)
        store(rows, size * i, y + spread(item(sine, i), like) * pair_blocks_times_i(x))


@kernel
def narrow(lanes, floats, some, out):
    """Groups of eight nodes with `floats` numbers each become tiles of two groups, with some of these numbers
    each; zeros beyond them."""
    count = lanes.size // (NODES * floats)
    for t in range(count):
        for k in range(some.size):
            place = 8 * (2 * floats * t + some[k])
            store(out, NODES * (some.size * t + k), narrowed(lanes, place, 8 * floats))
    out[NODES * some.size * count :] = 0.0


@kernel
def pack(w, like, out):
    """Tiles of w (n, 4s² floats), zeros beyond them."""
    if len(like) > 8:
        _pack_whole(w, out)
    else:
        out[:] = 0.0
        for k in range(w.size):
            out[4 * NODES * (k // (4 * NODES)) + NODES * (k % 4) + k // 4 % NODES] = w[k]


@inline
def _pack_whole(w, out):
    rows = scratch(NODES * NODES)
    for t in range(out.size // (NODES * NODES)):
        for lane in range(NODES):
            at = NODES * (NODES * t + lane)
            if at < w.size:
                store(rows, NODES * lane, narrowed(w, at, 8))
            else:
                store(rows, NODES * lane, spread(np.float32(0.0), LIKE))
        turn_over(rows, 0, out, NODES * NODES * t)


@kernel
def unpack(tiles, like, w):
    """And back, to double precision."""
    if len(like) > 8:
        _unpack_whole(tiles, w)
    else:
        for k in range(w.size):
            w[k] = tiles[4 * NODES * (k // (4 * NODES)) + NODES * (k % 4) + k // 4 % NODES]


@inline
def _unpack_whole(tiles, w):
    rows = scratch(NODES * NODES)
    for t in range(tiles.size // (NODES * NODES)):
        turn_over(tiles, NODES * NODES * t, rows, 0)
        for lane in range(NODES):
            at = NODES * (NODES * t + lane)
            if at < w.size:
                store(w, at, converted(load(rows, NODES * lane, LIKE), w))


@kernel
def halves(x, order, like, out):
    """Rows in single precision, real parts first, of some rows of complex numbers in double precision."""
    size, half = len(like), len(like) // 2
    for i in range(order.size):
        for k in range(half):
            out[size * i + k] = x[size * order[i] + 2 * k]
            out[size * i + half + k] = x[size * order[i] + 2 * k + 1]
