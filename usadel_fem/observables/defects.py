"""How well a solution keeps what must be kept: ǧ² = 1, the nodal Noether balances, causality."""

from __future__ import annotations

import numpy as np

from usadel_fem.device import Device
from usadel_fem.observables.points import nodal_balance
from usadel_fem.physics.nambu import SIGMA, TAU3, Complex, normalisation_defect, trace
from usadel_fem.physics.spectral import density_of_states, positivity

NAMES = ("charge", "spin_x", "spin_y", "spin_z")
NOT_POSITIVE = -1e-3
COARSE_DOS = -1e-4
"""A density of states below this at a node says that the mesh is too coarse for its interpolation."""


class Defects:
    """Largest defects over all energies.

    Attributes:
        conservation: per symmetry, max |Tr generator [ǧ_i, F_i]| over free nodes, relative to the largest
            ‖F_i‖ of the field: zero where sum of edge currents = source holds.
        normalisation: max |ǧ² − 1|.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.conservation = dict.fromkeys(NAMES, 0.0)
        self.normalisation = 0.0
        self.lowest_dos = self.positivity = np.inf

    def add(self, g: Complex, omega: Complex) -> None:
        """Take the converged ǧ (N, 4, 4) of one energy."""
        self.normalisation = max(self.normalisation, normalisation_defect(g))
        self.lowest_dos = min(self.lowest_dos, float(density_of_states(g).min()))
        self.positivity = min(self.positivity, float(positivity(g).min()))
        if not self.device.forms.free.size:
            return
        balance = nodal_balance(self.device, g, omega)
        scale = float(np.abs(omega).max() + 0.5 * self.device.forms.scalar_stiffness.diagonal().max())
        for name, generator in zip(NAMES, (TAU3, *SIGMA), strict=True):
            worst = float(np.abs(trace(generator, balance[self.device.forms.free])).max()) / scale
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
