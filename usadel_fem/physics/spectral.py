"""What a Green function says at one energy: density of states, singlet and triplet amplitudes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem import kernels
from usadel_fem.physics.nambu import PAULI, Complex, Real, pauli_components, riccati, tau3_signs


def density_of_states(g: Complex) -> Real:
    """N/(2N_F) = ¼ Re Tr τ₃ǧ^R, (...); of one spin channel ½ Re Tr τ₃ǧ."""
    signs = tau3_signs(g.shape[-1])
    return np.asarray((np.diagonal(g, axis1=-2, axis2=-1) * signs).real.mean(axis=-1))


def spin_resolved_dos(g: Complex, axis: ArrayLike) -> tuple[Real, Real]:
    """Re tr ½(1 ± n·σ) ĝ of the electron block: each is 1 in the normal state, (...)."""
    components = pauli_components(g[..., :2, :2])
    along = components[..., 1:] @ np.asarray(axis, dtype=float)
    return (components[..., 0] + along).real, (components[..., 0] - along).real


def positivity(g: Complex) -> Real:
    """Smallest eigenvalue of 1 − γγ† and 1 − γ̃γ̃†, (...): negative where τ₃ǧ + h.c. is not positive.

    Retarded and Matsubara functions of a Hamiltonian have it positive. The terms of θ and κ are of first
    order in spin–orbit coupling and can violate it slightly where they are large.
    """

    if g.shape[-1] == 2:  # the same without matrices
        ee, eh, he, hh = (g[..., i, j] for i in (0, 1) for j in (0, 1))
        return 1 - np.maximum(_squared(he) / _squared(1 + ee), _squared(eh) / _squared(1 - hh))
    compiled = kernels.compiled() if g.ndim == 3 and g.shape[-1] == 4 else None
    if compiled is not None:
        return np.asarray(compiled.positivity(g))

    def smallest(gamma: Complex) -> Real:
        p = np.eye(gamma.shape[-1]) - gamma @ np.conj(np.swapaxes(gamma, -1, -2))
        half_trace = 0.5 * (p[..., 0, 0] + p[..., 1, 1]).real
        half_gap = 0.5 * (p[..., 0, 0] - p[..., 1, 1]).real
        return half_trace - np.sqrt(half_gap**2 + np.abs(p[..., 0, 1]) ** 2)

    return np.minimum(*(smallest(gamma) for gamma in riccati(g)))


def _squared(x: Complex) -> Real:
    return np.asarray(x.real**2 + x.imag**2)


def singlet(g: Complex) -> Complex:
    """f₀ = ½ tr_σ of the upper right block, (...)."""
    return np.asarray(0.5 * (g[..., 0, 2] + g[..., 1, 3]))


def triplet(g: Complex) -> Complex:
    """f = ½ tr_σ σ f̂, (..., 3)."""
    return np.asarray(0.5 * np.einsum("...ij,aji->...a", g[..., :2, 2:], PAULI[1:]))
