"""Keldysh algebra: ǧ^A and ǧ^K from ǧ^R, distribution matrices, reservoirs.

ǧ = [[ǧ^R, ǧ^K], [0, ǧ^A]], ǧ^A = −τ₃ǧ^R†τ₃, ǧ^K = ǧ^Rĥ − ĥǧ^A, and ĥ is block-diagonal in Nambu: eight real
numbers, on τ₀(1, σ_x, σ_y, σ_z) and τ₃(1, σ_x, σ_y, σ_z) in this order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem.physics.nambu import PAULI, SIGMA, TAU3_DIAGONAL, Complex, Real, from_pauli, pauli_components

EIGHT: Complex = np.stack([np.kron(tau, sigma) for tau in (PAULI[0], PAULI[3]) for sigma in PAULI])
"""B_α: τ₀(1, σ), τ₃(1, σ) as 4×4 matrices, (8, 4, 4)."""

NAMES = ("0_0", "0_x", "0_y", "0_z", "3_0", "3_x", "3_y", "3_z")
"""Components of ĥ as names: Nambu index, spin index."""

ENERGY, SPIN, CHARGE = 0, slice(1, 4), 4
"""Which of the eight components of the Keldysh matrix current carry energy, spin and charge."""


def advanced(g: Complex) -> Complex:
    """−τ₃x†τ₃ of (..., 4, 4): ǧ^A from ǧ^R, and F^A from F^R.

    >>> from usadel_fem.physics.nambu import TAU3
    >>> bool(np.allclose(advanced(TAU3), -TAU3))
    True
    """
    sign = -TAU3_DIAGONAL[:, None] * TAU3_DIAGONAL
    return np.ascontiguousarray(np.conj(np.swapaxes(g, -1, -2)) * sign)


def matrices(h: Real) -> Complex:
    """ĥ = Σ h_αB_α, (..., 4, 4) from (..., 8)."""
    out = np.zeros((*h.shape[:-1], 4, 4), dtype=complex)
    out[..., :2, :2] = from_pauli(h[..., :4] + h[..., 4:])
    out[..., 2:, 2:] = from_pauli(h[..., :4] - h[..., 4:])
    return out


def components(x: Complex) -> Real:
    """¼ Re Tr B_αx, (..., 8) from (..., 4, 4): the inverse of `matrices`.

    >>> h = np.arange(8.0)
    >>> bool(np.allclose(components(matrices(h)), h))
    True
    """
    e, h = pauli_components(x[..., :2, :2]), pauli_components(x[..., 2:, 2:])
    return np.concatenate([0.5 * (e + h).real, 0.5 * (e - h).real], axis=-1)


def keldysh(g: Complex, a: Complex, h: Complex) -> Complex:
    """ǧ^K = ǧ^Rĥ − ĥǧ^A."""
    return g @ h - h @ a


def commutator_keldysh(x: tuple[Complex, Complex, Complex], y: tuple[Complex, Complex, Complex]) -> Complex:
    """Keldysh block of [x, y]; x and y are (retarded, Keldysh, advanced)."""
    return x[0] @ y[1] + x[1] @ y[2] - y[0] @ x[1] - y[1] @ x[2]


def triangular(r: Complex, k: Complex, a: Complex) -> Complex:
    """[[R, K], [0, A]], (..., 8, 8)."""
    out = np.zeros((*r.shape[:-2], 8, 8), dtype=complex)
    out[..., :4, :4], out[..., :4, 4:], out[..., 4:, 4:] = r, k, a
    return out


def reservoir(
    energy: float, temperature: float, voltage: float = 0.0, spin_voltage: ArrayLike = (0.0, 0.0, 0.0)
) -> Real:
    """tanh((ε − Vτ₃ − V_s·σ)/2T) in components, (8,).

    >>> reservoir(0.3, 0.1, 0.3).round(3).tolist()
    [0.498, 0.0, 0.0, 0.0, -0.498, 0.0, 0.0, 0.0]
    """
    vector = np.asarray(spin_voltage, dtype=float)
    size = float(np.linalg.norm(vector))
    direction = vector / size if size else vector
    out = np.zeros(8)
    for nambu in (1, -1):
        up, down = (np.tanh((energy - nambu * voltage - s * size) / (2 * temperature)) for s in (1, -1))
        block = np.concatenate([[0.5 * (up + down)], 0.5 * (up - down) * direction])
        out[:4] += 0.5 * block
        out[4:] += 0.5 * nambu * block
    return out


def voltage_slope(
    energy: float, temperature: float, voltage: float = 0.0, spin_voltage: ArrayLike = (0.0, 0.0, 0.0)
) -> Real:
    """∂ĥ/∂V of `reservoir`, (8,).

    >>> step = (reservoir(0.3, 0.1, 0.2001) - reservoir(0.3, 0.1, 0.1999)) / 2e-4
    >>> bool(np.allclose(voltage_slope(0.3, 0.1, 0.2), step, atol=1e-5))
    True
    """
    vector = np.asarray(spin_voltage, dtype=float)
    size = float(np.linalg.norm(vector))
    direction = vector / size if size else vector
    out = np.zeros(8)
    for nambu in (1, -1):
        x = [(energy - nambu * voltage - s * size) / (2 * temperature) for s in (1, -1)]
        up, down = (-nambu / (2 * temperature * np.cosh(min(abs(v), 300.0)) ** 2) for v in x)
        block = np.concatenate([[0.5 * (up + down)], 0.5 * (up - down) * direction])
        out[:4] += 0.5 * block
        out[4:] += 0.5 * nambu * block
    return out


def integrated_slope(voltage: float, spin_voltage: ArrayLike) -> Real:
    """∂/∂V of `integrated_reservoir`, (8,)."""
    return np.concatenate([[-voltage], np.zeros(3), [-1.0], -np.asarray(spin_voltage, dtype=float)])


def integrated_reservoir(
    temperature: float, voltage: float, spin_voltage: ArrayLike, reference: float
) -> Real:
    """∫₀^∞ dε of `reservoir` less tanh(ε/2T₀), times ε for the components that are odd in ε, (8,).

    Even: −V on τ₃ and −V_s on σ. Odd: −½[(π²/3)(T² − T₀²) + V² + V_s²] on 1 and −V V_s on τ₃σ.

    >>> integrated_reservoir(0.1, 0.3, [0, 0, 0.2], 0.1).round(12).tolist()
    [-0.065, -0.0, -0.0, -0.2, -0.3, -0.0, -0.0, -0.06]
    """
    vector = np.asarray(spin_voltage, dtype=float)
    heat = np.pi**2 / 3 * (temperature**2 - reference**2)
    energy = -0.5 * (heat + voltage**2 + float(vector @ vector))
    return np.concatenate([[energy], -vector, [-voltage], -voltage * vector])


def at_minus_energy(h: Real) -> Real:
    """ĥ(−ε) = −Xĥ(ε)*X, X = τ₂σ_y: components on 1 and τ₃σ are odd, those on σ and τ₃ even in ε."""
    return h * np.array([-1.0, 1, 1, 1, 1, -1, -1, -1])


SIGMA_8: Complex = np.stack([np.kron(np.eye(2), s) for s in SIGMA])
"""σ^a of 8×8 matrices, (3, 8, 8)."""
