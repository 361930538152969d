"""One energy in channels of spin: those that do not feel each other one by one, mirror images not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from usadel_fem.action import is_real
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.fem.reduction import Reduction
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.channels import mirrored
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.newton import EnergySolver, Options

ROUNDING = 1e-13
"""Relative to Ω: differences to its images under a symmetry that assembled integrals round to."""

STARTED = 1e-12
"""The same of a start: what many steps round to, and far below any tolerance."""


class ChannelSolver:
    """What `EnergySolver` is to full matrices, for fields of channels (C·N, 2, 2)."""

    def __init__(self, reduction: Reduction, nodes: Real, dimension: int, options: Options) -> None:

        def solver(forms: Forms) -> EnergySolver:
            places = np.tile(nodes, (forms.size // len(nodes), 1))
            return EnergySolver(forms, places, dimension, options)

        self._solvers = [solver(forms) for forms in reduction.systems]
        self._together = self._solvers if reduction.together is None else [solver(reduction.together)]

    @property
    def options(self) -> Options:
        return self._solvers[0].options

    @options.setter
    def options(self, options: Options) -> None:
        for solver in (*self._solvers, *self._together):
            solver.options = options

    def solve(self, energy: complex, omega: Complex, start: Complex) -> tuple[Complex, EnergyReport]:
        """All channels at one energy; see `EnergySolver.solve`.

        At Matsubara frequencies two channels that do not feel each other are mirror images.
        """
        if len(self._solvers) == 2 and not is_real(energy):
            up, down = np.split(omega, 2)
            if _are_images(up, down):
                g, report = _solved(self._solvers[0], energy, up, start[: len(up)])
                return np.concatenate([g, mirrored(g)]), report
        count = len(self._together)
        parts = zip(self._together, np.split(omega, count), np.split(start, count), strict=True)
        results = [_solved(solver, energy, o, s) for solver, o, s in parts]
        return np.concatenate([g for g, _ in results]), _in_one([report for _, report in results])


def _solved(
    solver: EnergySolver, energy: complex, omega: Complex, start: Complex
) -> tuple[Complex, EnergyReport]:
    solver.preconditioner.he_over_eh = he_over_eh(solver.forms, omega, start)
    return solver.solve(energy, omega, start)


def he_over_eh(forms: Forms, omega: Complex, start: Complex) -> complex | None:
    """−e^{−2iφ} where Δ has the phase φ or φ + π everywhere and no field turns it: a gauge makes all real.

    Then ǧ = cos ϑ τ₃ + sin ϑ τ₂ in that gauge: no currents flow, and the two anomalous parts are one.
    """
    if isinstance(forms.stiffness, LinkedMatrix) or forms.spin_hall is not None:
        return None
    eh, he = (np.concatenate([x[:, i, j] for x in (omega, start)]) for i, j in ((0, 1), (1, 0)))
    largest = int(np.argmax(np.abs(eh)))
    if eh[largest] == 0.0:
        return None
    ratio = complex(he[largest] / eh[largest])
    off = np.abs(he - ratio * eh)
    fixed = off[: len(omega)].max() <= ROUNDING * np.abs(omega).max()
    return ratio if fixed and off[len(omega) :].max() <= STARTED * np.abs(start).max() else None


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
