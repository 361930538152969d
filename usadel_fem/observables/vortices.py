"""Radial profiles around a vortex: F(r) of Eq. (84), Tr στ₃T = F(r) n ẑ×ĥ, and the same of other vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from usadel_fem.case.physical import Vortex
from usadel_fem.device import Device
from usadel_fem.fem.forms import planes
from usadel_fem.fem.space import Index
from usadel_fem.physics.nambu import Complex, Real

RADII, ANGLES = 60, 24

INSIDE = 0.995
"""How much of the way to the nearest boundary the largest circle takes: sides are chords."""


@dataclass(frozen=True)
class VortexProfile:
    """Circles around a core, and n ẑ×ĥ on them.

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
        """Circles as far as the boundary or half way to the next vortex; None without h in the plane."""
        centre = np.array(vortex.at)
        reach = INSIDE * _distance_to_boundary(device, centre)
        others = [np.array(v.at) for v in device.case.vortex if v is not vortex]
        reach = min([reach, *(0.5 * float(np.linalg.norm(o - centre)) for o in others)])
        radius = reach * (np.arange(RADII) + 0.5) / RADII
        angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
        circle = np.stack([np.cos(angle), np.sin(angle)])
        points = (centre[:, None, None] + circle[:, None] * radius[None, :, None]).reshape(2, -1)
        h = np.real(device.coefficient("exchange", points, device.space.at_points(points).element))
        size = np.linalg.norm(h, axis=0)
        along = np.divide(h, size, out=np.zeros_like(h), where=size > 0)
        ((_, _, a, sign),) = planes(device.space.axes)
        direction = vortex.winding * np.cross(sign * np.eye(3)[a], along.T).reshape(RADII, ANGLES, 3)
        if np.abs(direction).max() < 1e-12:
            return None
        return cls(radius, points, direction)

    def of(self, vectors: Complex) -> Complex:
        """F (R,) of vectors (R·A, 3) at the points: the best fit of F(r) n ẑ×ĥ on each circle."""
        shaped = vectors.reshape(*self.direction.shape)
        fitted = (shaped * self.direction).sum(axis=(1, 2)) / (self.direction**2).sum(axis=(1, 2))
        return np.asarray(fitted)


def _distance_to_boundary(device: Device, point: Real) -> float:
    facets: Index = device.mesh.mesh.boundary_facets()
    nodes = device.space.facet_nodes(facets)
    return float(cKDTree(np.asarray(device.space.basis.doflocs)[:, nodes].T).query(point)[0])
