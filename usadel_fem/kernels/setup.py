"""What a Newton step needs once: frames of ǧ, M⁻¹FMτ₃, and ǧ after the step; rows of 4×4 matrices, s = 2."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import WIDTH, spread
from usadel_fem.kernels.matrices import get_rows, inverse, joined, one_minus, one_plus, put_rows
from usadel_fem.kernels.tangents import BLOCK, ROW, gather, scatter, spin_matrices


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
def frames_of(g, nodes, m, m_inverse):
    """M and M⁻¹ of all nodes."""
    rows, other = np.empty(ROW * BLOCK), np.empty(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(g, nodes, first, count, ROW, rows)
        for k in range(0, count, WIDTH):
            at = ROW * k
            ee, eh, he, hh = blocks(rows, at)
            gamma_tilde = he * inverse(one_plus(ee))
            gamma = -(eh * inverse(one_minus(hh)))
            n, n_tilde = _frame(gamma, gamma_tilde)
            one = one_plus(ee - ee)
            put_blocks(rows, at, one, gamma, gamma_tilde, one)
            put_blocks(other, at, n, -(gamma * n_tilde), -(gamma_tilde * n), n_tilde)
        scatter(rows, nodes, first, count, ROW, m)
        scatter(other, nodes, first, count, ROW, m_inverse)


@kernel
def local_of(components, omega, nodes, m, m_inverse, out):
    """M⁻¹FMτ₃ of all nodes, F = Ω + that of the components."""
    rows, force = np.empty(ROW * BLOCK), np.empty(ROW * BLOCK)
    frame, other = np.empty(ROW * BLOCK), np.empty(ROW * BLOCK)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(components, nodes, first, count, ROW, force)
        gather(omega, nodes, first, count, ROW, rows)
        gather(m, nodes, first, count, ROW, frame)
        gather(m_inverse, nodes, first, count, ROW, other)
        for k in range(0, count, WIDTH):
            at = ROW * k
            a, b, c, d = spin_matrices(force, at)
            ee, eh, he, hh = blocks(rows, at)
            ee, eh, he, hh = ee + a, eh + b, he + c, hh + d
            _, gamma, gamma_tilde, _ = blocks(frame, at)
            n, _, _, n_tilde = blocks(other, at)
            ee, eh = ee + eh * gamma_tilde, ee * gamma + eh
            he, hh = he + hh * gamma_tilde, he * gamma + hh
            put_blocks(
                rows,
                at,
                n * (ee - gamma * he),
                n * (gamma * hh - eh),
                n_tilde * (he - gamma_tilde * ee),
                n_tilde * (gamma_tilde * eh - hh),
            )
        scatter(rows, nodes, first, count, ROW, out)


@kernel
def moved(m, m_inverse, nodes, places, w, g):
    """Into ǧ at `nodes`: M(1 + w)τ₃(1 + w)⁻¹M⁻¹ for w (n, 16 floats) at `places`."""
    unknowns, rows = np.empty(16 * BLOCK), np.empty(ROW * BLOCK)
    frame, other = np.empty(ROW * BLOCK), np.empty(ROW * BLOCK)
    two = spread(2.0)
    for first in range(0, nodes.size, BLOCK):
        count = min(BLOCK, nodes.size - first)
        gather(w, places, first, count, 16, unknowns)
        gather(m, nodes, first, count, ROW, frame)
        gather(m_inverse, nodes, first, count, ROW, other)
        for k in range(0, count, WIDTH):
            at = ROW * k
            gamma, gamma_tilde = get_rows(unknowns, 16 * k, 16), get_rows(unknowns, 16 * k + 8, 16)
            n, n_tilde = _frame(gamma, gamma_tilde)
            ee, hh = one_plus(gamma * gamma_tilde) * n, -(one_plus(gamma_tilde * gamma) * n_tilde)
            eh, he = -(gamma * n_tilde * two), gamma_tilde * n * two
            _, gamma, gamma_tilde, _ = blocks(frame, at)
            n, _, _, n_tilde = blocks(other, at)
            ee, eh, he, hh = ee + gamma * he, eh + gamma * hh, gamma_tilde * ee + he, gamma_tilde * eh + hh
            put_blocks(
                rows,
                at,
                (ee - eh * gamma_tilde) * n,
                (eh - ee * gamma) * n_tilde,
                (he - hh * gamma_tilde) * n,
                (hh - he * gamma) * n_tilde,
            )
        scatter(rows, nodes, first, count, ROW, g)
