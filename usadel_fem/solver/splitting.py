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
from usadel_fem.fem.space import Index
from usadel_fem.linearise import Tangents
from usadel_fem.physics.frames import Frames, by_entry, multiply
from usadel_fem.physics.nambu import Complex

OF_FIELD, OF_STIFFNESS, OF_SHIFT = 6.0, 0.5, 0.01
"""κ: the smaller one, about, of these multiples of |h| and of K's diagonal, and a little of the shift. Less
of |h| helps strong fields more, and costs iterations where a device is short against √(D/h)."""

LEAST = 1e-12
"""Part of K's diagonal below which a field is rounding."""

BLOCKS = slice(0, 2), slice(2, 4)
"""ee and hh of nodal matrices."""


def spin_splitting(tangents: Tangents, omega: Complex, mean: Complex) -> Callable[[Complex], None] | None:
    """Turns w into T w, (n, 2, 2, 2), at a linearisation; None for single channels and where no field splits
    spins.

    Args:
        omega: the `action.source` of the linearisation.
        mean: of the eight potentials of its nodes, (n,), Re ≥ 0.
    """
    if omega.shape[-1] == 2:
        return None
    nodes = tangents.nodes
    fields = [_traceless(by_entry(omega[nodes, block, block])) for block in BLOCKS]
    strength = np.sqrt(sum((np.abs(x) ** 2).sum(axis=(0, 1)) for x in fields) / 4)
    stiffness = tangents.forms.half_diagonal[nodes]
    places = np.flatnonzero(strength > LEAST * stiffness)
    if not places.size:
        return None
    strength, stiffness, mean = (x[places] for x in (strength, stiffness, mean))
    ee, hh = _in_frames(tangents.amplitudes(places), *(x[..., places] for x in fields))
    kappa = 1 / (1 / (OF_FIELD * strength) + 1 / (OF_STIFFNESS * stiffness))
    spread = np.sqrt(sum((np.abs(x) ** 2).sum(axis=(0, 1)) for x in (ee, hh)) / 4)
    kappa += OF_SHIFT * np.abs(mean + spread)
    return sandwich(inverse_factors(ee, hh, kappa + mean, kappa + mean + spread), places)


def _in_frames(frames: Frames, ee: Complex, hh: Complex) -> tuple[Complex, Complex]:
    """The blocks ee and hh of M⁻¹xMτ₃, without trace, for x with only such blocks, each (2, 2, n)."""
    upper = ee - multiply(multiply(frames.gamma, hh), frames.gamma_tilde)
    lower = multiply(multiply(frames.gamma_tilde, ee), frames.gamma) - hh
    return _traceless(multiply(frames.n, upper)), _traceless(multiply(frames.n_tilde, lower))


def sandwich(factors: Complex, places: Index) -> Callable[[Complex], None]:
    """w (n, 2, 2, 2) becomes a w_eh b + w_eh c and d w_he e + w_he f at some places; a to f: (6, 2, 2, n)."""
    compiled = kernels.compiled()
    if compiled is not None:
        return cast(Callable[[Complex], None], compiled.Sandwich(factors, places))
    a, b, c, d, e, f = factors

    def product(w: Complex) -> None:
        eh, he = by_entry(w[places, 0]), by_entry(w[places, 1])
        w[places, 0] = np.moveaxis(multiply(multiply(a, eh), b) + multiply(eh, c), -1, 0)
        w[places, 1] = np.moveaxis(multiply(multiply(d, he), e) + multiply(he, f), -1, 0)

    return product


def _traceless(x: Complex) -> Complex:
    return x - 0.5 * (x[0, 0] + x[1, 1]) * np.eye(2)[:, :, None]


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
