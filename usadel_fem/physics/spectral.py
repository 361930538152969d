"""What a Green function says at one energy: density of states, singlet and triplet amplitudes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem.physics.nambu import PAULI, TAU3, Complex, Real, pauli_components, trace


def density_of_states(g: Complex) -> Real:
    """N/(2N_F) = ¼ Re Tr τ₃ǧ^R, (...)."""
    return np.asarray(0.25 * trace(TAU3, g).real)


def spin_resolved_dos(g: Complex, axis: ArrayLike) -> tuple[Real, Real]:
    """Re tr ½(1 ± n·σ) ĝ of the electron block: each is 1 in the normal state, (...)."""
    components = pauli_components(g[..., :2, :2])
    along = components[..., 1:] @ np.asarray(axis, dtype=float)
    return (components[..., 0] + along).real, (components[..., 0] - along).real


def singlet(g: Complex) -> Complex:
    """f₀ = ½ tr_σ of the upper right block, (...)."""
    return np.asarray(0.5 * (g[..., 0, 2] + g[..., 1, 3]))


def triplet(g: Complex) -> Complex:
    """f = ½ tr_σ σ f̂, (..., 3)."""
    return np.asarray(0.5 * np.einsum("...ij,aji->...a", g[..., :2, 2:], PAULI[1:]))
