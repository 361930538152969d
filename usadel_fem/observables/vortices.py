"""Radial profiles around a vortex: F(r) of Eq. (84), Tr στ₃T = F(r) n ẑ×ĥ, and the same of other vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from usadel_fem.case.physical import Vortex
from usadel_fem.device import Device
from usadel_fem.fem.forms import planes
from usadel_fem.physics.nambu import Complex, Real

RADII, ANGLES = 60, 24

TRIALS = 400
"""Circles tried to find how far the mesh reaches."""


@dataclass(frozen=True)
class VortexProfile:
    """Circles around `vortex.at`, where the phase winds at the start, and n ẑ×ĥ on them.

    Attributes:
        radius: (R,).
        points: mesh coordinates (2, R·A), A angles for each radius.
        direction: n ẑ×ĥ with ẑ the normal of the mesh and ĥ the local direction of h, (R, A, 3).
    """

    radius: Real
    points: Real
    direction: Real

    @classmethod
    def around(cls, device: Device, vortex: Vortex) -> VortexProfile | None:
        """The circles that lie in the mesh, as far as half way to the next vortex; None without h across."""
        space, centre = device.space, np.array(vortex.at)
        reach = float(np.linalg.norm(space.doflocs - centre[:, None], axis=0).max())
        others = [np.array(v.at) for v in device.case.vortex if v is not vortex]
        reach = min([reach, *(0.5 * float(np.linalg.norm(o - centre)) for o in others)])
        angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
        circle = np.stack([np.cos(angle), np.sin(angle)])

        def circles(radius: Real) -> Real:
            return (centre[:, None, None] + circle[:, None] * radius[None, :, None]).reshape(2, -1)

        def inside(radius: Real) -> NDArray[np.bool_]:
            return np.asarray(space.contains(circles(radius)).reshape(-1, ANGLES).all(axis=1))

        trial = reach * (np.arange(TRIALS) + 0.5) / TRIALS
        fits = trial[inside(trial)]
        if not fits.size:
            return None
        first = 0.0 if fits[0] == trial[0] else fits[0]
        radius = first + (fits[-1] - first) * (np.arange(RADII) + 0.5) / RADII
        radius = radius[inside(radius)]
        points = circles(radius)
        h = np.real(device.coefficient("exchange", points, space.at_points(points).element))
        size = np.linalg.norm(h, axis=0)
        along = np.divide(h, size, out=np.zeros_like(h), where=size > 0)
        ((_, _, a, sign),) = planes(space.axes)
        normal = sign * np.eye(3)[a]
        direction = vortex.winding * np.cross(normal, along.T).reshape(-1, ANGLES, 3)
        across = (direction**2).sum(axis=(1, 2)) > 1e-24
        if not across.any():
            return None
        return cls(radius[across], points.reshape(2, -1, ANGLES)[:, across].reshape(2, -1), direction[across])

    def of(self, vectors: Complex) -> Complex:
        """F (R,) of vectors (R·A, 3) at the points: the best fit of F(r) n ẑ×ĥ on each circle."""
        shaped = vectors.reshape(*self.direction.shape)
        fitted = (shaped * self.direction).sum(axis=(1, 2)) / (self.direction**2).sum(axis=(1, 2))
        return np.asarray(fitted)
