"""One energy in channels of spin: in angles where no current flows, mirror images not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from usadel_fem.action import is_real
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.fem.reduction import Reduction
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.channels import mirrored
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.angles import AngleSolver
from usadel_fem.solver.newton import EnergySolver, Options

ROUNDING = 1e-13
"""Relative to Ω: differences to its images under a symmetry that assembled integrals round to."""

STARTED = 1e-12
"""The same of a start: what many steps round to, and far below any tolerance."""


class ChannelSolver:
    """What `EnergySolver` is to full matrices, for fields of channels (C·N, 2, 2)."""

    def __init__(self, reduction: Reduction, nodes: Real, dimension: int, options: Options) -> None:
        self._reduction, self._nodes, self._dimension, self._options = reduction, nodes, dimension, options

    @cached_property
    def solvers(self) -> tuple[EnergySolver, ...]:
        """Of every system that does not feel the others."""
        return tuple(self._solver(forms) for forms in self._reduction.systems)

    @cached_property
    def together(self) -> tuple[EnergySolver, ...]:
        """Of all systems at once where that is faster."""
        forms = self._reduction.together
        return self.solvers if forms is None else (self._solver(forms),)

    @cached_property
    def angles(self) -> AngleSolver:
        """Of any number of equal systems in a real gauge."""
        return AngleSolver(self._reduction.systems[0], self._nodes, self._dimension, self._options)

    def _solver(self, forms: Forms) -> EnergySolver:
        places = np.tile(self._nodes, (forms.size // len(self._nodes), 1))
        return EnergySolver(forms, places, self._dimension, self._options)

    @property
    def options(self) -> Options:
        return self._options

    @options.setter
    def options(self, options: Options) -> None:
        self._options = options
        made = vars(self)
        for solver in (*made.get("solvers", ()), *made.get("together", ())):
            solver.options = options
        if "angles" in made:
            self.angles.options = options

    def solve(self, energy: complex, omega: Complex, start: Complex) -> tuple[Complex, EnergyReport]:
        """All channels at one energy; see `EnergySolver.solve`.

        At Matsubara frequencies two channels that do not feel each other are mirror images.
        """
        if len(self._reduction.systems) == 2 and not is_real(energy):
            up, down = np.split(omega, 2)
            if _are_images(up, down):
                g, report = self._solved(self.solvers[:1], energy, up, start[: len(up)])
                return np.concatenate([g, mirrored(g)]), report
        return self._solved(self.together, energy, omega, start)

    def _solved(
        self, solvers: Sequence[EnergySolver], energy: complex, omega: Complex, start: Complex
    ) -> tuple[Complex, EnergyReport]:
        """By angles in a real gauge, else by the solvers, each with its part."""
        forms = self._reduction.systems[0]
        ratio = he_over_eh(forms, omega, start) if forms.free.size else None
        if ratio is not None:
            return self.angles.solve(energy, omega, start, ratio)
        count = len(solvers)
        parts = zip(solvers, np.split(omega, count), np.split(start, count), strict=True)
        results = [solver.solve(energy, o, s) for solver, o, s in parts]
        return np.concatenate([g for g, _ in results]), _in_one([report for _, report in results])


def he_over_eh(forms: Forms, omega: Complex, start: Complex) -> complex | None:
    """−e^{−2iφ} where Δ has the phase φ or φ + π everywhere and no field turns it: a gauge makes all real.

    Then ǧ = cos ϑ τ₃ + sin ϑ τ₂ in that gauge: no currents flow, and the two anomalous parts are one.
    """
    if isinstance(forms.stiffness, LinkedMatrix) or forms.spin_hall is not None:
        return None
    largest = [x[int(np.argmax(np.abs(x[:, 0, 1])))] for x in (omega, start)]
    one = max(largest, key=lambda x: abs(x[0, 1]))
    if one[0, 1] == 0.0:
        return None
    ratio = complex(one[1, 0] / one[0, 1])
    for x, rounding in ((omega, ROUNDING), (start, STARTED)):
        off = np.abs(x[:, 1, 0] - ratio * x[:, 0, 1]).max()
        if not off <= rounding * np.abs(x).max():
            return None
    return ratio


def _are_images(up: Complex, down: Complex) -> bool:
    return bool(np.abs(mirrored(up) - down).max(initial=0.0) <= ROUNDING * np.abs(up).max(initial=0.0))


def _in_one(reports: list[EnergyReport]) -> EnergyReport:
    """The report of the channel that went worst, with the steps of the longest and the time of all."""
    worst = max(reports, key=lambda r: (not r.ok, r.newton_iterations))
    return replace(
        worst,
        krylov_iterations=max(r.krylov_iterations for r in reports),
        seconds=sum(r.seconds for r in reports),
    )
