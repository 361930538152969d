"""The matrix current and the torque at points, Eqs. (2) and (3), and the balances they enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usadel_fem.physics.nambu import EPSILON, SIGMA, Complex, Real, commutator

_TERMS = [(int(a), int(k), int(j), EPSILON[a, k, j]) for a, k, j in np.argwhere(EPSILON)]
"""(a, k, j, ε_akj) of the six terms that do not vanish."""


@dataclass(frozen=True)
class PrintedWeights:
    """Dθ and Dκ (...) at points, and their slopes along the three physical axes (..., 3)."""

    theta: Real
    kappa: Real
    theta_slope: Real
    kappa_slope: Real


def printed_current(
    g: Complex, gradient: Complex, d: Real, theta: Real, kappa: Real, sigma: Complex = SIGMA
) -> Complex:
    """J_k of Eq. (2) as printed, (..., 3, 4, 4).

    J_k = −D(ǧ∂_kǧ − (θ/2) ε_akj {∂_jǧ, σ^a} − i(κ/2) ε_akj [ǧ∂_jǧ, σ^a])

    with ½[ǧ, ∂_kǧ] for ǧ∂_kǧ: the same where ǧ² = 1, and free of ½∂_kǧ² where ǧ is interpolated, which would
    outweigh the small θ and κ.

    Args:
        g: (..., 4, 4).
        gradient: ∂_jǧ along the three physical axes, (..., 3, 4, 4).
        d, theta, kappa: (...).
        sigma: σ^a of matrices of that size, (3, 8, 8) for [[R, K], [0, A]].
    """
    product = 0.5 * commutator(g[..., None, :, :], gradient)
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


def printed_defect(g: Complex, gradient: Complex, weight: PrintedWeights) -> Complex:
    """{ǧ, ∂_kJ_k − T} of Eqs. (2) and (3) as printed, (..., 4, 4): zero if they agreed with ǧ² = 1.

    Diffusion drops out, ∂_k∂_jǧ too, since ε_akj is antisymmetric; what is left is

    {ǧ, ½ε_akj (∂_k(Dθ){∂_jǧ, σ^a} + i∂_k(Dκ)[ǧ∂_jǧ, σ^a] + ½iDκ[∂_kǧ∂_jǧ, σ^a] − ½Dθ[σ^a, ǧ∂_kǧ∂_jǧ])}

    Args:
        g: (..., 4, 4).
        gradient: ∂_jǧ along the three physical axes, (..., 3, 4, 4).
        weight: Dθ and Dκ with their slopes, N_F included where materials differ in it.
    """
    rest = np.zeros_like(g)
    theta, kappa = weight.theta[..., None, None], weight.kappa[..., None, None]
    for a, k, j, sign in _TERMS:
        s, dg = SIGMA[a], gradient[..., j, :, :]
        bent = gradient[..., k, :, :] @ dg
        theta_k, kappa_k = (w[..., k, None, None] for w in (weight.theta_slope, weight.kappa_slope))
        rest += 0.5 * sign * (theta_k * (dg @ s + s @ dg) + 1j * kappa_k * commutator(g @ dg, s))
        rest += 0.25 * sign * (1j * kappa * commutator(bent, s) - theta * commutator(s, g @ bent))
    return g @ rest + rest @ g
