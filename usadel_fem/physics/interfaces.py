"""Spin filters of tunnel barriers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem.physics.nambu import TAU3, Complex, dot_sigma


def spin_filter(polarisation: ArrayLike) -> Complex:
    """Γ = t + u m·σ τ₃ with t² + u² = 1 and 2tu = P, for a polarisation vector P m, |P| ≤ 1, (4, 4).

    A barrier adds −(G/2) Tr ǧ₁Γǧ₂Γ per area to the action; the supercurrent through it is √(1 − P²) of
    that of a barrier without filter, and P = 1 passes one spin only.

    >>> gamma = spin_filter([0, 0, 0.6])
    >>> bool(np.allclose((gamma @ gamma).diagonal().real, [1.6, 0.4, 0.4, 1.6]))
    True
    """
    vector = np.asarray(polarisation, dtype=float)
    p = min(float(np.linalg.norm(vector)), 1.0)
    if p == 0.0:
        return np.eye(4, dtype=complex)
    t, u = (np.sqrt(1 + p) + np.sqrt(1 - p)) / 2, (np.sqrt(1 + p) - np.sqrt(1 - p)) / 2
    return t * np.eye(4) + u * dot_sigma(vector / np.linalg.norm(vector)) @ TAU3
