"""Nambu ⊗ spin algebra in the basis (Ψ, iσ_yΨ†) of the paper, Eqs. (12)–(15).

A Green function is an array (..., 4, 4): two Nambu blocks (e, h) of two spins each,
ǧ = [[ĝ, f̂], [−f̂ᶜ, −ĝᶜ]].  The frame of a normalised ǧ is a matrix M with ǧ = Mτ₃M⁻¹.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Complex: TypeAlias = NDArray[Any]
"""complex128; NumPy's types are too weak to say so through products."""

Real: TypeAlias = NDArray[Any]
"""float64."""

PAULI: Complex = np.array(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex
)
"""The 2×2 matrices 1, σ_x, σ_y, σ_z, shape (4, 2, 2)."""

TAU: Complex = np.stack([np.kron(tau, PAULI[0]) for tau in PAULI])
"""τ_0, τ_1, τ_2, τ_3 as 4×4 matrices, shape (4, 4, 4)."""

SIGMA: Complex = np.stack([np.kron(PAULI[0], sigma) for sigma in PAULI[1:]])
"""σ^a ⊗ τ_0 for a = x, y, z, shape (3, 4, 4)."""

TAU3 = TAU[3]
GENERATORS: Complex = np.stack([TAU3, *SIGMA])
"""τ₃ and σ^a: charge and spin rotations, (4, 4, 4)."""

TAU3_DIAGONAL: Real = np.array([1.0, 1.0, -1.0, -1.0])


def tau3_signs(size: int) -> Real:
    """Diagonal of τ₃ for matrices of any even size: 4, or 2 for one spin channel.

    >>> tau3_signs(2).tolist()
    [1.0, -1.0]
    """
    return np.repeat((1.0, -1.0), size // 2)


EPSILON: Real = np.zeros((3, 3, 3))
"""ε_{ija}, the totally antisymmetric tensor of the paper's Eqs. (2) and (3)."""
for _i, _j, _a in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    EPSILON[_i, _j, _a], EPSILON[_j, _i, _a] = 1.0, -1.0


def trace(a: Complex, b: Complex) -> Complex:
    """Tr ab over the last two axes, without forming the product."""
    return np.einsum("...ij,...ji->...", a, b)


def commutator(a: Complex, b: Complex) -> Complex:
    """[a, b] = ab − ba."""
    return a @ b - b @ a


_PARTNER = np.array([[1, 0, 3, 2], [1, 0, 3, 2], [0, 1, 2, 3]])
_LEFT: Complex = SIGMA[np.arange(3)[:, None], np.arange(4), _PARTNER]
_RIGHT: Complex = SIGMA[np.arange(3)[:, None], _PARTNER, np.arange(4)]


def sigma_left(a: int, x: Complex) -> Complex:
    """σ^a x for (..., 4, 4): each row of σ^a has one entry.

    >>> x = np.arange(16.0).reshape(4, 4)
    >>> all(np.array_equal(sigma_left(a, x), SIGMA[a] @ x) for a in range(3))
    True
    """
    return _LEFT[a][:, None] * x[..., _PARTNER[a], :]


def sigma_right(x: Complex, a: int) -> Complex:
    """x σ^a for (..., 4, 4).

    >>> x = np.arange(16.0).reshape(4, 4)
    >>> all(np.array_equal(sigma_right(x, a), x @ SIGMA[a]) for a in range(3))
    True
    """
    return x[..., :, _PARTNER[a]] * _RIGHT[a]


def dot_sigma(vector: NDArray[np.generic]) -> Complex:
    """v·σ as 4×4 matrices for vectors of shape (..., 3).

    >>> bool(np.allclose(dot_sigma(np.array([0.0, 0.0, 2.0])), 2 * SIGMA[2]))
    True
    """
    return np.tensordot(np.asarray(vector, dtype=complex), SIGMA, 1)


def spin_dot_sigma(vector: Real) -> Complex:
    """v·σ as 2×2 spin matrices of real vectors (n, 3).

    >>> v = np.array([[0.3, -0.2, 0.7]])
    >>> np.array_equal(spin_dot_sigma(v), dot_sigma(v)[:, :2, :2])
    True
    """
    return (vector @ PAULI[1:].reshape(3, 4)).reshape(-1, 2, 2)


def pair_matrix(delta: NDArray[np.generic]) -> Complex:
    """Δ̌ = [[0, Δ], [−Δ*, 0]], Eq. (17), for Δ of any shape."""
    delta = np.asarray(delta, dtype=complex)
    matrix = np.zeros((*delta.shape, 4, 4), dtype=complex)
    for spin in (0, 1):
        matrix[..., spin, spin + 2] = delta
        matrix[..., spin + 2, spin] = -np.conj(delta)
    return matrix


def local(scalar: Complex, spin: Complex, delta: Complex) -> Complex:
    """i(a + h)τ₃ − iΔ̌ (..., n, 2s, 2s) of numbers a (n,), spin matrices h (..., n, s, s) and Δ (n,).

    >>> h = dot_sigma(np.array([[0.1, 0.2, 0.3]]))
    >>> expected = 1j * (0.7 * np.eye(4) + h) @ TAU3 - 1j * pair_matrix(np.array([0.5j]))
    >>> bool(np.allclose(local(np.array([0.7]), h[:, :2, :2], np.array([0.5j])), expected))
    True
    """
    s = spin.shape[-1]
    k = np.arange(s)
    out = np.zeros((*spin.shape[:-2], 2 * s, 2 * s), dtype=complex)
    out[..., :s, :s] = 1j * spin
    out[..., k, k] += 1j * scalar[:, None]
    out[..., s:, s:] = -out[..., :s, :s]
    out[..., k, s + k], out[..., s + k, k] = -1j * delta[:, None], 1j * np.conj(delta)[:, None]
    return out


def inverse_small(a: Complex) -> Complex:
    """Inverse of spin matrices (..., s, s), s = 1 or 2, by the adjugate."""
    if a.shape[-1] == 1:
        return 1 / a
    out = np.empty_like(a)
    out[..., 0, 0], out[..., 1, 1] = a[..., 1, 1], a[..., 0, 0]
    out[..., 0, 1], out[..., 1, 0] = -a[..., 0, 1], -a[..., 1, 0]
    determinant = a[..., 0, 0] * a[..., 1, 1] - a[..., 0, 1] * a[..., 1, 0]
    return out / determinant[..., None, None]


def riccati(g: Complex) -> tuple[Complex, Complex]:
    """Riccati amplitudes (γ, γ̃), each (..., s, s), of a normalised ǧ (..., 2s, 2s).

    N = (1 + ǧ_ee)/2, γ̃ = ½ ǧ_he N⁻¹ and Ñ = (1 − ǧ_hh)/2, γ = −½ ǧ_eh Ñ⁻¹.
    """
    s = g.shape[-1] // 2
    eye = np.eye(s)
    gamma_tilde = g[..., s:, :s] @ inverse_small(eye + g[..., :s, :s])
    gamma = -g[..., :s, s:] @ inverse_small(eye - g[..., s:, s:])
    return gamma, gamma_tilde


def frame(gamma: Complex, gamma_tilde: Complex) -> tuple[Complex, Complex]:
    """M = [[1, γ], [γ̃, 1]] and its inverse, each (..., 2s, 2s)."""
    s = gamma.shape[-1]
    eye = np.eye(s)
    m = np.empty((*gamma.shape[:-2], 2 * s, 2 * s), dtype=complex)
    m[..., :s, :s] = m[..., s:, s:] = eye
    m[..., :s, s:], m[..., s:, :s] = gamma, gamma_tilde
    n = inverse_small(eye - gamma @ gamma_tilde)
    n_tilde = inverse_small(eye - gamma_tilde @ gamma)
    inverse = np.empty_like(m)
    inverse[..., :s, :s], inverse[..., s:, s:] = n, n_tilde
    inverse[..., :s, s:], inverse[..., s:, :s] = -gamma @ n_tilde, -gamma_tilde @ n
    return m, inverse


def from_frame(m: Complex, inverse: Complex) -> Complex:
    """ǧ = M τ₃ M⁻¹."""
    return (m * tau3_signs(m.shape[-1])) @ inverse


def normalisation_defect(g: Complex) -> float:
    """Largest entry of |ǧ² − 1|."""
    return float(np.abs(g @ g - np.eye(g.shape[-1])).max(initial=0.0))


def at_minus_frequency(g: Complex) -> Complex:
    """ǧ(−ω) = −τ₃ ǧ(ω)† τ₃ for Matsubara functions (physics: section 1 conventions)."""
    return -TAU3 @ np.conj(np.swapaxes(g, -1, -2)) @ TAU3


def pauli_components(block: Complex) -> Complex:
    """Components (..., 4) on (1, σ_x, σ_y, σ_z) of 2×2 spin matrices (..., 2, 2)."""
    return 0.5 * np.einsum("...ij,aji->...a", block, PAULI)


def from_pauli(components: Complex) -> Complex:
    """Σ_a c_a σ^a: 2×2 matrices from components (..., 4)."""
    return np.einsum("...a,aij->...ij", components, PAULI)
