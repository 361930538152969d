"""What a Newton step needs once: frames, M⁻¹FMτ₃, the residual, and ǧ after it; s = 2."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import WIDTH, spread
from usadel_fem.kernels.matrices import inverse, joined, one_minus, one_plus, turned_over
from usadel_fem.kernels.storage import get_lanes, get_rows, put_lanes, put_rows
from usadel_fem.kernels.tangents import BLOCK, DIAGONAL, FRAME, ROW, gather, scatter, spin_matrices


@inline
def blocks(rows, at):
    """ee, eh, he, hh of eight 4×4 matrices."""
    ee, eh = joined(get_rows(rows, at, ROW), get_rows(rows, at + 8, ROW))
    he, hh = joined(get_rows(rows, at + 16, ROW), get_rows(rows, at + 24, ROW))
    return ee, eh, he, hh


@inline
def put_blocks(rows, at, ee, eh, he, hh):
    one, two = joined(ee, eh)
    put_rows(rows, at, ROW, one)
    put_rows(rows, at + 8, ROW, two)
    one, two = joined(he, hh)
    put_rows(rows, at + 16, ROW, one)
    put_rows(rows, at + 24, ROW, two)


@inline
def _frame(gamma, gamma_tilde):
    """N and Ñ."""
    return inverse(one_minus(gamma * gamma_tilde)), inverse(one_minus(gamma_tilde * gamma))


@kernel
def tangents_of(g, force, omega, nodes, places, frames, diagonal, residual):
    """γ, γ̃, N, Ñ and the blocks ee and hh of M⁻¹FMτ₃ of some nodes, lane by lane, and their residual at
    `places`, (n, 16 floats), for ǧ, the components of a part of F, and the rest of it."""
    rows, parts, rest = np.empty(ROW * BLOCK), np.empty(ROW * BLOCK), np.empty(ROW * BLOCK)
    unknowns, minus_two = np.empty(16 * BLOCK), spread(-2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(g, nodes, first, count, ROW, rows)
        gather(force, nodes, first, count, ROW, parts)
        gather(omega, nodes, first, count, ROW, rest)
        for k in range(0, count, WIDTH):
            at, lane = ROW * k, (first + k) // WIDTH
            ee, eh, he, hh = blocks(rows, at)
            gamma_tilde, gamma = he * inverse(one_plus(ee)), -(eh * inverse(one_minus(hh)))
            n, n_tilde = _frame(gamma, gamma_tilde)
            put_frame(frames, FRAME * lane, gamma, gamma_tilde, n, n_tilde)
            a, b, c, d = spin_matrices(parts, at)
            ee, eh, he, hh = blocks(rest, at)
            ee, eh, he, hh = ee + a, eh + b, he + c, hh + d
            ee, eh = ee + eh * gamma_tilde, ee * gamma + eh
            he, hh = he + hh * gamma_tilde, he * gamma + hh
            put_lanes(diagonal, DIAGONAL * lane, WIDTH, n * (ee - gamma * he))
            put_lanes(diagonal, DIAGONAL * lane + 64, WIDTH, n_tilde * (gamma_tilde * eh - hh))
            put_rows(unknowns, 16 * k, 16, turned_over(n_tilde * (he - gamma_tilde * ee)) * minus_two)
            put_rows(unknowns, 16 * k + 8, 16, turned_over(n * (gamma * hh - eh)) * minus_two)
        scatter(unknowns, places, first, count, 16, residual)


@inline
def put_frame(frames, at, gamma, gamma_tilde, n, n_tilde):
    put_lanes(frames, at, WIDTH, gamma)
    put_lanes(frames, at + 64, WIDTH, gamma_tilde)
    put_lanes(frames, at + 128, WIDTH, n)
    put_lanes(frames, at + 192, WIDTH, n_tilde)


@kernel
def moved(frames, nodes, places, w, g):
    """Into ǧ at `nodes`: M(1 + w)τ₃(1 + w)⁻¹M⁻¹ for w (n, 16 floats) at `places`."""
    unknowns, rows, two = np.empty(16 * BLOCK), np.empty(ROW * BLOCK), spread(2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(w, places, first, count, 16, unknowns)
        for k in range(0, count, WIDTH):
            gamma, gamma_tilde = get_rows(unknowns, 16 * k, 16), get_rows(unknowns, 16 * k + 8, 16)
            n, n_tilde = _frame(gamma, gamma_tilde)
            ee, hh = one_plus(gamma * gamma_tilde) * n, -(one_plus(gamma_tilde * gamma) * n_tilde)
            eh, he = -(gamma * n_tilde * two), gamma_tilde * n * two
            at = (first + k) * FRAME // WIDTH
            gamma, gamma_tilde = get_lanes(frames, at, WIDTH), get_lanes(frames, at + 64, WIDTH)
            n, n_tilde = get_lanes(frames, at + 128, WIDTH), get_lanes(frames, at + 192, WIDTH)
            ee, eh, he, hh = ee + gamma * he, eh + gamma * hh, gamma_tilde * ee + he, gamma_tilde * eh + hh
            put_blocks(
                rows,
                ROW * k,
                (ee - eh * gamma_tilde) * n,
                (eh - ee * gamma) * n_tilde,
                (he - hh * gamma_tilde) * n,
                (hh - he * gamma) * n_tilde,
            )
        scatter(rows, nodes, first, count, ROW, g)
