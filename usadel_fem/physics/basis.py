"""The two Nambu bases: (ψ↑, ψ↓, ψ↓†, −ψ↑†) of the paper, Eq. (12), and the plain (ψ↑, ψ↓, ψ↑†, ψ↓†).

Ψ_paper = UΨ_plain with U = exp[iπσ_y(1 − τ₃)/4] = diag(1, iσ_y), Section III; every operator X (ǧ, Ω, J_k, T)
goes over as X_plain = U†X_paper U.  In the plain basis

    τ_i, ε, D, Γ           unchanged
    σ^a                    diag(σ^a, −σ^a*),        σ^aτ₃ → diag(σ^a, σ^a*)
    h·σ τ₃                 diag(h·σ, h·σ*)
    Δ̌ = [[0, Δ], [−Δ*, 0]]  [[0, Δiσ_y], [Δ*iσ_y, 0]]
    f̂ = f₀ + f·σ            f̂iσ_y: ↑↓ f_z + f₀, ↓↑ f_z − f₀, ↑↑ −f_x + if_y, ↓↓ f_x + if_y
    ǧ = −τ₂σ_yǧ*τ₂σ_y      ǧ = −τ₁ǧ*τ₁             at Matsubara frequencies
"""

from __future__ import annotations

import numpy as np

from usadel_fem.physics.nambu import Complex

_U: Complex = np.eye(4, dtype=complex)
_U[2:, 2:] = [[0, 1], [-1, 0]]


def to_plain_basis(x: Complex) -> Complex:
    """U†xU: a matrix of the paper's basis in the basis (ψ↑, ψ↓, ψ↑†, ψ↓†), (..., 4, 4).

    >>> from usadel_fem.physics.nambu import pair_matrix
    >>> to_plain_basis(pair_matrix(0.83)).real
    array([[ 0.  ,  0.  ,  0.  ,  0.83],
           [ 0.  ,  0.  , -0.83,  0.  ],
           [ 0.  ,  0.83,  0.  ,  0.  ],
           [-0.83,  0.  ,  0.  ,  0.  ]])
    """
    return np.asarray(_U.T @ x @ _U)


def from_plain_basis(x: Complex) -> Complex:
    """UxU†: the way back, (..., 4, 4)."""
    return np.asarray(_U @ x @ _U.T)
