"""Channels of spin: a ǧ that knows one spin axis only is one 2×2 Nambu matrix for each spin along it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from usadel_fem.physics.nambu import Complex, Real, dot_sigma

Axis = tuple[float, float, float]
"""A unit vector."""


@dataclass(frozen=True)
class Channels:
    """ǧ = Σ_s ǧ_s ⊗ ½(1 + s n·σ) with s = 1, −1; or ǧ = ǧ_0 ⊗ 1 without any axis.

    Fields of channels are (C·N, 2, 2), one channel after the other.

    Attributes:
        axis: the unit vector n, or None.

    >>> Channels((0.0, 0.6, 0.8)).signs, Channels(None).signs
    ((1, -1), (0,))
    """

    axis: Axis | None

    @property
    def signs(self) -> tuple[int, ...]:
        return (0,) if self.axis is None else (1, -1)

    @cached_property
    def projectors(self) -> Complex:
        """½(1 + s n·σ) of each channel, or 1, (C, 2, 2)."""
        if self.axis is None:
            return np.eye(2, dtype=complex)[None]
        turn = dot_sigma(np.array(self.axis))[:2, :2]
        return np.stack([0.5 * (np.eye(2) + s * turn) for s in self.signs])

    def along(self, h: Real) -> Complex:
        """What the channels see of h·σ, s n·h as matrices (C, N, 1, 1) of vectors (N, 3)."""
        seen = h @ np.array(self.axis or (0.0, 0.0, 0.0))
        return np.stack([s * seen for s in self.signs]).astype(complex)[..., None, None]

    def project(self, x: Complex) -> Complex:
        """Channels (C·N, 2, 2) of matrices (N, 4, 4): the normalised trace with each projector."""
        p = self.projectors
        weights = p.transpose(2, 1, 0) / np.trace(p, axis1=1, axis2=2)
        parts = np.einsum("abc,pr,qt->paqbcrt", weights, np.eye(2), np.eye(2)).reshape(16, -1)
        flat = (x.reshape(-1, 16) @ parts).reshape(-1, len(p), 4)
        return np.ascontiguousarray(flat.swapaxes(0, 1)).reshape(-1, 2, 2)

    def lift(self, x: Complex) -> Complex:
        """The matrices (N, 4, 4) that have these channels (C·N, 2, 2)."""
        whole = np.einsum("cab,pr,qt->cprqabt", self.projectors, np.eye(2), np.eye(2))
        whole = np.einsum("cprqabt->crtpaqb", whole).reshape(-1, 4, 16)
        side_by_side = x.reshape(len(whole), -1, 4).swapaxes(0, 1).reshape(-1, 4 * len(whole))
        return np.asarray(side_by_side @ whole.reshape(-1, 16)).reshape(-1, 4, 4)

    def lost(self, x: Complex) -> float:
        """Largest entry of what is not in the channels, relative to the largest of x."""
        largest = float(np.abs(x).max(initial=0.0))
        return float(np.abs(x - self.lift(self.project(x))).max(initial=0.0)) / (largest or 1.0)


def mirrored(x: Complex) -> Complex:
    """−τ₂x*τ₂, (..., 2, 2): of ǧ_s at ε the other channel at −ε*, at Matsubara frequencies the same one.

    It is ǧ(ω) = −Xǧ(ω)*X, X = τ₂σ_y, in channels; Ω obeys it as well.
    """
    out = np.empty_like(x)
    out[..., 0, 0], out[..., 1, 1] = -x[..., 1, 1], -x[..., 0, 0]
    out[..., 0, 1], out[..., 1, 0] = x[..., 1, 0], x[..., 0, 1]
    return np.conj(out)


def at_minus_energy(g: Complex) -> Complex:
    """ǧ^R(−ε) = −Xǧ^R(ε)*X, X = τ₂σ_y, of the full matrices (..., 4, 4)."""
    x = np.kron(np.array([[0, -1j], [1j, 0]]), np.array([[0, -1j], [1j, 0]])).real
    return -x @ np.conj(g) @ x
