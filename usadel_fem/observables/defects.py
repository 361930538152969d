"""How well a solution keeps what must be kept: ǧ² = 1, the nodal Noether balances, causality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usadel_fem.device import Device
from usadel_fem.physics.nambu import SIGMA, TAU3, Complex, normalisation_defect, trace
from usadel_fem.physics.spectral import density_of_states, positivity

NAMES = ("charge", "spin_x", "spin_y", "spin_z")
NOT_POSITIVE = -1e-3
COARSE_DOS = -1e-4
"""A density of states below this at a node says that the mesh is too coarse for its interpolation."""


@dataclass(frozen=True)
class DefectsAt:
    """Defects of one field ǧ.

    Attributes:
        normalisation: max |ǧ² − 1|.
        lowest_dos, positivity: smallest density of states and eigenvalue of the spectral matrix.
        conservation: per symmetry of `NAMES`, max |Tr generator [ǧ_i, F_i]| over free nodes, relative to the
            largest ‖F_i‖ of the field: zero where sum of edge currents = source holds.
    """

    normalisation: float
    lowest_dos: float
    positivity: float
    conservation: tuple[float, ...]

    @classmethod
    def of(cls, g: Complex, conservation: tuple[float, ...] = (0.0,) * len(NAMES)) -> DefectsAt:
        """Of a converged ǧ (N, 4, 4)."""
        dos, least = float(density_of_states(g).min()), float(positivity(g).min())
        return cls(normalisation_defect(g), dos, least, conservation)

    @classmethod
    def balanced(cls, device: Device, g: Complex, omega: Complex, balance: Complex) -> DefectsAt:
        """With those of its `nodal_balance`."""
        free = device.forms.free
        if not free.size:
            return cls.of(g)
        scale = float(np.abs(omega).max() + 0.5 * device.forms.scalar_stiffness.diagonal().max())
        traces = (trace(generator, balance[free]) for generator in (TAU3, *SIGMA))
        return cls.of(g, tuple(float(np.abs(t).max()) / scale for t in traces))


class Defects:
    """The largest of all energies: attributes as of `DefectsAt`, `conservation` by name."""

    def __init__(self) -> None:
        self.conservation = dict.fromkeys(NAMES, 0.0)
        self.normalisation = 0.0
        self.lowest_dos = self.positivity = np.inf

    def add(self, found: DefectsAt) -> None:
        """Take those of one energy."""
        self.normalisation = max(self.normalisation, found.normalisation)
        self.lowest_dos = min(self.lowest_dos, found.lowest_dos)
        self.positivity = min(self.positivity, found.positivity)
        for name, worst in zip(NAMES, found.conservation, strict=True):
            self.conservation[name] = max(self.conservation[name], worst)

    def notes(self) -> list[str]:
        """Sentences for the user where a defect is larger than it should be."""
        found = []
        if self.lowest_dos < COARSE_DOS:
            found.append(
                f"the density of states falls to {self.lowest_dos:.1e} at a node: the mesh is too coarse "
                "there, or the broadening too small for it; refine it (mesh.refine) or raise solve.broadening"
            )
        if self.positivity < NOT_POSITIVE:
            found.append(
                f"the spectral matrix has a negative eigenvalue ({self.positivity:.1e}): the equation, of "
                "first order in θ and κ, is used beyond its range, or the mesh is too coarse"
            )
        if self.normalisation > 1e-8:
            found.append(f"ǧ² differs from 1 by {self.normalisation:.1e}")
        return found
