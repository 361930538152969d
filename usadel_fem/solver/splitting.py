"""What exchange fields do to a node's eight modes, and a scalar inverse cannot know.

In a ferromagnet the modes w_eh of a node, of spins s and t, have the potentials −iε − ½i(h_s + h_t), but one
scalar shift. With κ for what K does to a node, T = (κ + shift)(κ + potentials)⁻¹, an 8 × 8 matrix, puts their
ratio right where they outweigh K, and is 1 where K outweighs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from usadel_fem import kernels
from usadel_fem.action import Linearisation
from usadel_fem.fem.space import Index
from usadel_fem.physics.frames import by_entry, multiply
from usadel_fem.physics.nambu import TAU3_DIAGONAL, Complex

OF_FIELD, OF_STIFFNESS, OF_SHIFT = 4.0, 0.5, 0.01
"""κ: the smaller one, about, of these parts of |h| and of K's diagonal, and a little of the shift. Modes that
vary over lengths between the mesh width and √(D/h) are right for any of them."""


def spin_splitting(
    lin: Linearisation, omega: Complex, nodes: Index, mean: Complex
) -> Callable[[Complex], Complex] | None:
    """w ↦ T w, (n, 2, 2, 2), at a linearisation; None for single channels and where no field splits spins.

    Args:
        omega: the `action.source` of the linearisation.
        mean: of the eight potentials, (n,), Re ≥ 0.
    """
    field = spin_part(omega[nodes])
    strength = np.sqrt((np.abs(field) ** 2).sum(axis=(1, 2)) / 4)
    if omega.shape[-1] == 2 or not strength.any():
        return None
    in_frames = lin.inverse[nodes] @ field @ lin.m[nodes] * TAU3_DIAGONAL
    ee, hh = (by_entry(_traceless(in_frames[:, block, block])) for block in BLOCKS)
    stiffness = 0.5 * lin.forms.scalar_stiffness.diagonal()[nodes]
    with np.errstate(divide="ignore"):
        kappa = 1 / (1 / (OF_FIELD * strength) + 1 / (OF_STIFFNESS * stiffness))
    spread = np.sqrt(((np.abs(ee) ** 2).sum(axis=(0, 1)) + (np.abs(hh) ** 2).sum(axis=(0, 1))) / 4)
    kappa = kappa + OF_SHIFT * np.abs(mean + spread) + 1e-12 * stiffness
    return sandwich(inverse_factors(ee, hh, kappa + mean, kappa + mean + spread))


def sandwich(factors: Complex) -> Callable[[Complex], Complex]:
    """w (n, 2, 2, 2) ↦ a w_eh b + w_eh c and d w_he e + w_he f for factors a to f, (6, 2, 2, n)."""
    compiled = kernels.compiled()
    if compiled is not None:
        return cast(Callable[[Complex], Complex], compiled.Sandwich(factors))
    a, b, c, d, e, f = factors

    def product(w: Complex) -> Complex:
        eh, he = by_entry(w[:, 0]), by_entry(w[:, 1])
        eh = multiply(multiply(a, eh), b) + multiply(eh, c)
        he = multiply(multiply(d, he), e) + multiply(he, f)
        return np.ascontiguousarray(np.stack([eh, he]).transpose(3, 0, 1, 2))

    return product


BLOCKS = slice(0, 2), slice(2, 4)
"""ee and hh of nodal matrices."""


def spin_part(omega: Complex) -> Complex:
    """The traceless spin matrices in the blocks ee and hh, iN_F h·στ₃ of a source; zero elsewhere."""
    out = np.zeros_like(omega)
    if omega.shape[-1] == 4:
        for block in BLOCKS:
            out[:, block, block] = _traceless(omega[:, block, block])
    return out


def _traceless(x: Complex) -> Complex:
    return x - 0.5 * np.trace(x, axis1=1, axis2=2)[:, None, None] * np.eye(2)


def inverse_factors(ee: Complex, hh: Complex, base: Complex, scalar: Complex) -> Complex:
    """For `sandwich`: scalar·(base − ½(ee · + · hh))⁻¹ and the same with ee and hh exchanged, both traceless.

    With L = −½ee· and R = −½·hh, L² = −¼ det ee = l and R² = r are numbers, and (base + L + R)⁻¹ is
    (base − L − R)(x + 2LR)/(x² − 4lr), x = base² − l − r.
    """
    l, r = (-0.25 * (m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]) for m in (ee, hh))
    x = base**2 - l - r
    with np.errstate(all="ignore"):  # a field that is not finite is noticed by its residual
        scale = scalar / (x**2 - 4 * l * r)
    eye = np.eye(2)[:, :, None]
    both, of_ee, of_hh = 0.5 * scale * base, 0.5 * scale * (x + 2 * r), 0.5 * scale * (x + 2 * l)
    alone = scale * base * x * eye
    return np.stack(
        [ee, both * hh + of_ee * eye, of_hh * hh + alone, hh, both * ee + of_hh * eye, of_ee * ee + alone]
    )
