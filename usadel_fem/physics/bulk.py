"""Homogeneous solutions of the Usadel equation: reservoirs and starting points."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from usadel_fem.physics.matsubara import matsubara_rule
from usadel_fem.physics.nambu import TAU3, Complex, dot_sigma, pair_matrix


def bulk(energy: complex, delta: Any, exchange: ArrayLike = (0.0, 0.0, 0.0)) -> Complex:
    """ǧ of a bulk superconductor in an exchange field, any shape (..., 4, 4).

    ǧ = Σ_s ½(1 + s h·σ/|h|) (ε_sτ₃ − Δ̌)/√(ε_s² − |Δ|²),  ε_s = ε + s|h|, on the branch
    ǧ → τ₃ far above the gap.

    Args:
        energy: ε + iΓ (retarded) or iω_n (Matsubara); Im > 0.
        delta: pair potential Δ, complex, shape (...).
        exchange: h, shape (..., 3).

    >>> g = bulk(0.83j, 0.0)
    >>> bool(np.allclose(g, TAU3))
    True
    """
    delta = np.asarray(delta, dtype=complex)
    h = np.broadcast_to(np.asarray(exchange, dtype=float), (*delta.shape, 3))
    size = np.linalg.norm(h, axis=-1)
    direction = np.divide(h, size[..., None], out=np.zeros_like(h), where=size[..., None] > 0)
    direction[size == 0, 2] = 1.0
    along = dot_sigma(direction)
    g = np.zeros((*delta.shape, 4, 4), dtype=complex)
    for sign in (1, -1):
        shifted = np.asarray(energy + sign * size)
        root = np.asarray(1j * np.sqrt(np.abs(delta) ** 2 - shifted**2 + 0j))
        part = (shifted[..., None, None] * TAU3 - pair_matrix(delta)) / root[..., None, None]
        g += 0.5 * (np.eye(4) + sign * along) @ part
    return g


@lru_cache(maxsize=256)
def bcs_gap(temperature: float, critical_temperature: float) -> float:
    """Δ(T) of a bulk superconductor from ln(T/T_c) = 2πT Σ [1/√(ω² + Δ²) − 1/ω]; 0 above T_c.

    >>> round(bcs_gap(1e-3, 1.0), 4)  # π e^{−γ}
    1.7639
    """
    if temperature >= critical_temperature:
        return 0.0
    ratio = np.log(temperature / critical_temperature)
    rule = matsubara_rule(temperature, 2 * critical_temperature, tolerance=1e-12)

    def equation(delta: float) -> float:
        summand = 1 / np.sqrt(rule.frequencies**2 + delta**2) - 1 / rule.frequencies
        return float(ratio - 2 * np.pi * temperature * rule.total(summand))

    return float(brentq(equation, 0.0, 2 * critical_temperature, xtol=1e-13))
