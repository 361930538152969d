"""The matrix current and the torque at points, Eqs. (2) and (3), and the balances they enter."""

from __future__ import annotations

import numpy as np

from usadel_fem.physics.nambu import EPSILON, SIGMA, Complex, Real, commutator

_TERMS = [(int(a), int(k), int(j), EPSILON[a, k, j]) for a, k, j in np.argwhere(EPSILON)]
"""(a, k, j, ε_akj) of the six terms that do not vanish."""


def printed_current(
    g: Complex, gradient: Complex, d: Real, theta: Real, kappa: Real, sigma: Complex = SIGMA
) -> Complex:
    """J_k of Eq. (2) as printed, (..., 3, 4, 4).

    J_k = −D(ǧ∂_kǧ − (θ/2) ε_akj {∂_jǧ, σ^a} − i(κ/2) ε_akj [ǧ∂_jǧ, σ^a])

    Args:
        g: (..., 4, 4).
        gradient: ∂_jǧ along the three physical axes, (..., 3, 4, 4).
        d, theta, kappa: (...).
        sigma: σ^a of matrices of that size, (3, 8, 8) for [[R, K], [0, A]].
    """
    product = g[..., None, :, :] @ gradient
    current = product.copy()
    half_theta, half_kappa = 0.5 * theta[..., None, None], 0.5j * kappa[..., None, None]
    for a, k, j, sign in _TERMS:
        s, dg = sigma[a], gradient[..., j, :, :]
        if np.any(theta):
            current[..., k, :, :] -= sign * half_theta * (dg @ s + s @ dg)
        if np.any(kappa):
            current[..., k, :, :] -= sign * half_kappa * commutator(product[..., j, :, :], s)
    return -d[..., None, None, None] * current


def matrix_current(
    g: Complex, gradient: Complex, d: Real, theta: Real, kappa: Real, sigma: Complex = SIGMA
) -> Complex:
    """½(J_k − ǧJ_kǧ), the part of Eq. (2) that anticommutes with ǧ and is conserved with ǧ² = 1."""
    current = printed_current(g, gradient, d, theta, kappa, sigma)
    around = g[..., None, :, :]
    return 0.5 * (current - around @ current @ around)


def matrix_torque(
    g: Complex, gradient: Complex, d: Real, theta: Real, kappa: Real, sigma: Complex = SIGMA
) -> Complex:
    """T of Eq. (3): (D/4)θ ε_akj [σ^a, ǧ∂_kǧ∂_jǧ] + (D/4)κ ε_akj i[∂_kǧ∂_jǧ, σ^a], (..., 4, 4).

    ǧ stands on both sides, ½{ǧ, ∂_kǧ∂_jǧ}, as in the discrete action: the same where ǧ² = 1, which makes them
    commute, and what balances the spin to rounding where ǧ is interpolated.
    """
    torque = np.zeros_like(g)
    theta_d, kappa_d = 0.25 * (d * theta)[..., None, None], 0.25j * (d * kappa)[..., None, None]
    for a, k, j, sign in _TERMS:
        product = gradient[..., k, :, :] @ gradient[..., j, :, :]
        torque += sign * theta_d * commutator(sigma[a], 0.5 * (g @ product + product @ g))
        torque += sign * kappa_d * commutator(product, sigma[a])
    return torque
