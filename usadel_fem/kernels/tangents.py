"""The maps between w and δǧ in the frames of eight nodes at once, and the Hessian's rows: s = 2.

Nodal matrices are kept as rows of 32 floats: for 1, σ_x, σ_y, σ_z in turn the complex Nambu matrix
(ee, eh, he, hh) of that component.  Frames are kept lane by lane: γ, γ̃, N, Ñ of eight nodes, 64 floats each.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel, part
from usadel_fem.kernels.lanes import WIDTH, item, load, plus_times, prefetch, scratch, spread, store
from usadel_fem.kernels.matrices import exchange, times_i, turned_over
from usadel_fem.kernels.storage import get_lanes, get_rows, put_halves, put_rows

ROW = 32
"""Floats of a nodal matrix."""

FRAME = 256
"""Floats of the frames of eight nodes."""

DIAGONAL = 128
"""Floats of the blocks ee and hh of eight nodes."""

BLOCK = 8 * WIDTH
"""Nodes that a part handles in one call."""

AHEAD = 16
"""Nodes or points ahead whose last neighbour's field is asked for."""


@inline
def change(frames, at, eh, he):
    """Blocks ee, eh, he, hh of Mτ₃wM⁻¹ for those of w."""
    gamma, gamma_tilde = get_lanes(frames, at, WIDTH), get_lanes(frames, at + 64, WIDTH)
    u, v = eh * get_lanes(frames, at + 192, WIDTH), he * get_lanes(frames, at + 128, WIDTH)
    left, right = u * gamma_tilde, v * gamma
    return -(left + gamma * v), u + gamma * right, -(v + gamma_tilde * left), right + gamma_tilde * u


@inline
def turned(frames, at, ee, eh, he, hh):
    """Blocks eh and he of M⁻¹xM for those of x."""
    gamma, gamma_tilde = get_lanes(frames, at, WIDTH), get_lanes(frames, at + 64, WIDTH)
    right = ee * gamma + eh - gamma * (he * gamma + hh)
    left = hh * gamma_tilde + he - gamma_tilde * (eh * gamma_tilde + ee)
    return get_lanes(frames, at + 128, WIDTH) * right, get_lanes(frames, at + 192, WIDTH) * left


@inline
def spin_matrices(rows, at):
    """Blocks ee, eh, he, hh of eight rows."""
    a, x = get_rows(rows, at, ROW), get_rows(rows, at + 8, ROW)
    iy, z = times_i(get_rows(rows, at + 16, ROW)), get_rows(rows, at + 24, ROW)
    return exchange(a + z, x - iy, x + iy, a - z)


@inline
def to_rows(rows, at, ee, eh, he, hh, factor):
    """Eight rows from blocks; the factor, real Lanes, is on the sums that are twice the components."""
    uu, ud, du, dd = exchange(ee, eh, he, hh)
    put_rows(rows, at, ROW, (uu + dd) * factor)
    put_rows(rows, at + 8, ROW, (ud + du) * factor)
    put_rows(rows, at + 16, ROW, times_i(ud - du) * factor)
    put_rows(rows, at + 24, ROW, (uu - dd) * factor)


@part
def gather(x, nodes, first, count, size, rows):
    """Rows of `size` floats of some nodes; those beyond the last repeat it."""
    for lane in range(count + -count % WIDTH):
        start = size * nodes[first + min(lane, count - 1)]
        for k in range(0, size, WIDTH):
            store(rows, size * lane + k, load(x, start + k))


@part
def scatter(rows, nodes, first, count, size, x):
    """Rows back to their nodes."""
    for lane in range(count):
        start = size * nodes[first + lane]
        for k in range(0, size, WIDTH):
            store(x, start + k, load(rows, size * lane + k))


@inline
def fetch(x, at, count):
    """Ask for some floats that will be needed soon."""
    for k in range(at, at + count, WIDTH):
        prefetch(x, k)


@kernel
def change_rows(frames, w, nodes, places, out):
    """δǧ = −2Mτ₃wM⁻¹ at `nodes`, (N, 32) floats, for w (n, 16 floats) at `places`."""
    unknowns, rows = scratch(16 * BLOCK), scratch(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(w, places, first, count, 16, unknowns)
        for k in range(0, count, WIDTH):
            at = (first + k) * FRAME // WIDTH
            ahead = first + BLOCK + k
            if ahead + WIDTH <= nodes.size:
                fetch(frames, ahead * FRAME // WIDTH, FRAME)
                fetch(w, 16 * places[ahead], 16 * WIDTH)
                fetch(out, ROW * nodes[ahead], ROW * WIDTH)
            ee, eh, he, hh = change(
                frames, at, get_rows(unknowns, 16 * k, 16), get_rows(unknowns, 16 * k + 8, 16)
            )
            to_rows(rows, ROW * k, ee, eh, he, hh, spread(-1.0))
        scatter(rows, nodes, first, count, ROW, out)


@part
def couple(coupling, sums, x, nodes, first, count, start, begin, end, rows):
    """Rows of F_i = Σ_j q_ij (x_j − x_i) + sums_i x_i of some nodes, added to those of `start` from node
    `begin` to `end`.

    Rows of a stiffness matrix sum to 0: what rounding makes of that would drown weak terms.
    """
    indptr, indices, singlet, triplet, bend_ptr, bend_indices, bend_axis, bend = coupling
    for lane in range(count + -count % WIDTH):
        node, at = nodes[first + min(lane, count - 1)], ROW * lane
        i = ROW * node
        a_i, b_i, c_i, d_i = load(x, i), load(x, i + 8), load(x, i + 16), load(x, i + 24)
        of_singlet, of_triplet = spread(sums[0, node]), spread(sums[1, node])
        a, b, c, d = of_singlet * a_i, of_triplet * b_i, of_triplet * c_i, of_triplet * d_i
        last = indptr[nodes[min(first + lane + AHEAD, nodes.size - 1)] + 1] - 1
        if last >= 0:
            fetch(x, ROW * item(indices, last), ROW)
        if begin <= node < end:
            a, b = a + load(start, i), b + load(start, i + 8)
            c, d = c + load(start, i + 16), d + load(start, i + 24)
        for k in range(indptr[node], indptr[node + 1]):
            j = ROW * item(indices, k)
            of_singlet, of_triplet = spread(item(singlet, k)), spread(item(triplet, k))
            a = plus_times(a, of_singlet, load(x, j) - a_i)
            b = plus_times(b, of_triplet, load(x, j + 8) - b_i)
            c = plus_times(c, of_triplet, load(x, j + 16) - c_i)
            d = plus_times(d, of_triplet, load(x, j + 24) - d_i)
        store(rows, at, a)
        store(rows, at + 8, b)
        store(rows, at + 16, c)
        store(rows, at + 24, d)
        for k in range(bend_ptr[node], bend_ptr[node + 1]):
            j, value = ROW * bend_indices[k], spread(bend[k])
            one, two = 8 + 8 * ((bend_axis[k] + 1) % 3), 8 + 8 * ((bend_axis[k] + 2) % 3)
            store(rows, at + one, load(rows, at + one) + value * load(x, j + two))
            store(rows, at + two, load(rows, at + two) - value * load(x, j + one))


@kernel
def couple_rows(coupling, sums, x, nodes, start, begin, end, out):
    """F_i of `couple` at `nodes`, (N, 32) floats."""
    rows = scratch(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        couple(coupling, sums, x, nodes, first, count, start, begin, end, rows)
        scatter(rows, nodes, first, count, ROW, out)


@kernel
def hessian_rows(coupling, sums, frames, diagonal, nodes, places, x, start, begin, end, w, out, singles):
    """r at `nodes`: blocks of M⁻¹FM and the nodal term, for δǧ = x and w at `places`.

    Or, where `singles` is not None, at once what `columns.rows_of` makes of r, in the order of the nodes.
    """
    rows, unknowns = scratch(ROW * BLOCK), scratch(16 * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        couple(coupling, sums, x, nodes, first, count, start, begin, end, rows)
        gather(w, places, first, count, 16, unknowns)
        for k in range(0, count, WIDTH):
            ee, eh, he, hh = spin_matrices(rows, ROW * k)
            ahead = first + BLOCK + k
            if ahead + WIDTH <= nodes.size:
                fetch(frames, ahead * FRAME // WIDTH, FRAME)
                fetch(diagonal, ahead * DIAGONAL // WIDTH, DIAGONAL)
                fetch(w, 16 * places[ahead], 16 * WIDTH)
                fetch(out, 16 * places[ahead], 16 * WIDTH)
            upper, lower = turned(frames, (first + k) * FRAME // WIDTH, ee, eh, he, hh)
            w_eh, w_he = get_rows(unknowns, 16 * k, 16), get_rows(unknowns, 16 * k + 8, 16)
            at = (first + k) * DIAGONAL // WIDTH
            ee, hh = get_lanes(diagonal, at, WIDTH), get_lanes(diagonal, at + 64, WIDTH)
            upper = upper + (ee * w_eh + w_eh * hh)
            lower = lower - (hh * w_he + w_he * ee)
            if singles is None:
                put_rows(unknowns, 16 * k, 16, turned_over(lower) * spread(-2.0))
                put_rows(unknowns, 16 * k + 8, 16, turned_over(upper) * spread(2.0))
            else:
                ee, eh, he, hh = change(frames, (first + k) * FRAME // WIDTH, upper, -lower)
                put_halves(singles, ROW * (first + k), ROW, ee, eh)
                put_halves(singles, ROW * (first + k) + 8, ROW, he, hh)
        if singles is None:
            scatter(unknowns, places, first, count, 16, out)
