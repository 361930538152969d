"""One energy in channels of spin: those that do not feel each other one by one, mirror images not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from usadel_fem.action import is_real
from usadel_fem.fem.reduction import Reduction
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.channels import mirrored
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.newton import EnergySolver, Options

ROUNDING = 1e-13
"""Relative difference of Ω and its mirror image that assembled integrals round to."""


class ChannelSolver:
    """What `EnergySolver` is to full matrices, for fields of channels (C·N, 2, 2)."""

    def __init__(self, reduction: Reduction, nodes: Real, dimension: int, options: Options) -> None:
        self._solvers = []
        for forms in reduction.systems:
            places = np.tile(nodes, (forms.size // len(nodes), 1))
            self._solvers.append(EnergySolver(forms, places, dimension, options))

    @property
    def options(self) -> Options:
        return self._solvers[0].options

    @options.setter
    def options(self, options: Options) -> None:
        for solver in self._solvers:
            solver.options = options

    def solve(self, energy: complex, omega: Complex, start: Complex) -> tuple[Complex, EnergyReport]:
        """All channels at one energy; see `EnergySolver.solve`.

        At Matsubara frequencies two channels that do not feel each other are mirror images.
        """
        count = len(self._solvers)
        omegas, starts = np.split(omega, count), np.split(start, count)
        if count == 2 and not is_real(energy) and _are_images(*omegas):
            g, report = self._solvers[0].solve(energy, omegas[0], starts[0])
            return np.concatenate([g, mirrored(g)]), report
        results = [
            solver.solve(energy, o, s) for solver, o, s in zip(self._solvers, omegas, starts, strict=True)
        ]
        return np.concatenate([g for g, _ in results]), _together([report for _, report in results])


def _are_images(up: Complex, down: Complex) -> bool:
    return bool(np.abs(mirrored(up) - down).max(initial=0.0) <= ROUNDING * np.abs(up).max(initial=0.0))


def _together(reports: list[EnergyReport]) -> EnergyReport:
    """The report of the channel that went worst, with the steps of the longest and the time of all."""
    worst = max(reports, key=lambda r: (not r.ok, r.newton_iterations))
    return replace(
        worst,
        krylov_iterations=max(r.krylov_iterations for r in reports),
        seconds=sum(r.seconds for r in reports),
    )
