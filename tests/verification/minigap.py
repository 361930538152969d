"""The minigap of a diffusive S–N–S junction by quadratures, independent of any mesh.

Below the gap θ = π/2 + iψ with real ψ and phase χ(x).  D θ'' = 2ω sin θ + D χ'² sin θ cos θ with ω = −iε and
the conserved χ' sin²θ = j become Dψ'' = −2ε cosh ψ − Dj² sinh ψ/cosh³ψ, with the first integral

    ψ'² = (4ε/D)(sinh m − sinh ψ) + j²(1/cosh²ψ − 1/cosh²m),      ψ = m in the middle.

At the reservoirs sinh ψ = ε/√(Δ² − ε²).  Length and phase are ∫dψ/ψ' and ∫j dψ/(ψ' cosh²ψ); the minigap is
the largest ε that any m allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

_X, _W = np.polynomial.legendre.leggauss(60)


def _length_and_phase(m: float, start: float, ratio: float) -> tuple[float, float]:
    """√(4ε/D) L and φ for j² = (4ε/D)·ratio²; ψ = m − s² removes the root at the turning point."""
    end = np.sqrt(m - start)
    s, weight = 0.5 * end * (_X + 1), 0.5 * end * _W
    psi = m - s**2
    # differences written as products: no cancellation at the turning point
    sinh = 2 * np.cosh(m - s**2 / 2) * np.sinh(s**2 / 2)
    slope = np.sqrt(sinh * (1 + ratio**2 * (np.sinh(m) + np.sinh(psi)) / (np.cosh(m) * np.cosh(psi)) ** 2))
    dx = 2 * s * weight / slope
    return 2 * float(dx.sum()), 2 * float((ratio * dx / np.cosh(psi) ** 2).sum())


def _energy(m: float, phase: float, thouless: float, delta: float) -> float:
    """ε of the solution with ψ = m in the middle, by √(4ε/E_Th) = dimensionless length."""

    def mismatch(energy: float) -> float:
        start = float(np.arcsinh(energy / np.sqrt(delta**2 - energy**2)))
        if start >= m:
            return -1.0
        ratio = 0.0
        if phase > 0:
            top = 1.0
            while _length_and_phase(m, start, top)[1] < phase:
                top *= 2
                if top > 1e9:
                    return -1.0
            ratio = brentq(lambda r: _length_and_phase(m, start, r)[1] - phase, 0, top, xtol=1e-13)
        return _length_and_phase(m, start, ratio)[0] - np.sqrt(4 * energy / thouless)

    return float(brentq(mismatch, 1e-9 * min(thouless, delta), delta * (1 - 1e-12), xtol=1e-14 * delta))


def minigap(length: float, diffusion: float, delta: float, phase: float = 0.0) -> float:
    """E_g of a wire between transparent reservoirs of gap delta."""
    thouless = diffusion / length**2

    def negative(m: float) -> float:
        return -_energy(m, phase, thouless, delta)

    found: Any = minimize_scalar(negative, bounds=(0.05, 6.0), method="bounded", options={"xatol": 1e-7})
    return -float(found.fun)
