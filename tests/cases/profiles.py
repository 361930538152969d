"""Expected numbers of single cases: a formula, and an ordinary differential equation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_bvp

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

SX = np.array([[0, 1], [1, 0]], dtype=complex)
SZ = np.array([[1, 0], [0, -1]], dtype=complex)


def amplitudes_behind_a_contact(
    x: Real, omega: float, h: float, d: float, length: float, gap: float, conductance: float
) -> tuple[Complex, Complex]:
    """Singlet and triplet amplitude f_s ± f_z of a ferromagnetic wire, to first order in f.

    D f'' = 2(ω ∓ ih)f with −D f'(0) = G (F − c f(0)) and f'(L) = 0; F = iΔ/√(ω²+Δ²) and c = ω/√(ω²+Δ²) are
    the reservoir's.
    """
    bulk = np.hypot(omega, gap)
    spins = []
    for sign in (1, -1):
        k = np.sqrt(2 * (omega - 1j * sign * h) / d)
        at_contact = d * k * np.sinh(k * length) + conductance * omega / bulk * np.cosh(k * length)
        spins.append(conductance * 1j * gap / bulk * np.cosh(k * (length - x)) / at_contact)
    return (spins[0] + spins[1]) / 2, (spins[0] - spins[1]) / 2


def rotating_field(
    x: Real, omega: float, h: Callable[[Real], Real], d: float, gap: float
) -> tuple[Real, Complex]:
    """Density of states and γ (2, 2, n) of a wire whose exchange field lies in the xz plane, gap at x[0].

    Riccati amplitudes at an imaginary energy, where γ̃ = γ = ia + b_x σ_x + b_z σ_z with real a, b:
    γ'' + 2γ'γ(1 − γ²)⁻¹γ' = {ω − ih·σ, γ}/D, γ' = 0 at x[-1].
    """
    bulk = np.hypot(omega, gap)
    start = -gap / (bulk + omega)  # f̂ = −2γ/(1 − γ²)

    def matrices(rows: Real) -> Complex:
        """(n, 2, 2) of rows (a, b_x, b_z)."""
        a, bx, bz = rows[:, :, None, None]
        return 1j * a * np.eye(2) + bx * SX + bz * SZ

    def right(at: Real, y: Real) -> Real:
        value, slope = matrices(y[:3]), matrices(y[3:])
        hx, hz = h(at)[:, :, None, None]
        w = omega * np.eye(2) - 1j * (hx * SX + hz * SZ)
        bent = (w @ value + value @ w) / d - 2 * slope @ value @ np.linalg.solve(
            np.eye(2) - value @ value, slope
        )
        parts = (np.trace(bent @ s, axis1=1, axis2=2) / 2 for s in (np.eye(2), SX, SZ))
        scalar, across, along = parts
        return np.concatenate([y[3:], [scalar.imag, across.real, along.real]])

    def ends(left: Real, free: Real) -> Real:
        return np.concatenate([left[:3] - [start, 0, 0], free[3:]])

    guess = np.zeros((6, x.size))
    guess[0] = start * np.exp(-(x - x[0]) * 4)
    found = solve_bvp(right, ends, x, guess, tol=1e-6, max_nodes=20_000)
    assert found.success, found.message
    gamma = matrices(found.sol(x)[:3])
    g = np.linalg.solve(np.eye(2) - gamma @ gamma, np.eye(2) + gamma @ gamma)
    return np.trace(g, axis1=1, axis2=2).real / 2, gamma
