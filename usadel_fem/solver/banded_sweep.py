"""Many energies of a one-dimensional device: from a coarse grid to the fine one, each level at once.

Every 16th energy of a batch is solved first, then those halfway between and so on: each level starts from
polynomials in the energy through the Riccati amplitudes around it, so that one factorisation per energy is
enough.  An energy that does not converge, or not to a positive spectral matrix, is left to
`DeviceSolver.solve`, which continues it from imaginary energies.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.nambu import Complex, frame, from_frame, riccati
from usadel_fem.solver.angle_sweep import solve_angles
from usadel_fem.solver.banded import Elimination
from usadel_fem.solver.banded_newton import BandedNewton
from usadel_fem.solver.channels import ChannelSolver, he_over_eh
from usadel_fem.solver.extrapolation import lagrange_weights
from usadel_fem.solver.newton import Options

if TYPE_CHECKING:
    from usadel_fem.solver.energies import DeviceSolver

BATCH = 128
"""Energies found together, on large meshes fewer: what an interruption can lose."""

STRIDE = 16
"""Of the first level of a batch."""

AT_ONCE = 10_000
"""Nodes times energies whose matrices are eliminated at once: more would not stay in the cache."""

KEPT = 40_000
"""Nodes times energies whose amplitudes are kept to start others from."""

POINTS = 4
"""Of an interpolation polynomial."""

LARGEST_WEIGHTS = 1.7
"""Sum of |weights| of a polynomial above which it extrapolates, and the nearest point is taken instead."""

Found = tuple[Complex, EnergyReport]


@dataclass
class BandedSweep:
    """Solves lists of energies of one device; results serve later lists as starting points.

    Attributes:
        solver: of single energies; its Δ and its options hold here too.
    """

    solver: DeviceSolver
    _energies: Complex = field(default_factory=lambda: np.empty(0, dtype=complex), init=False)
    _amplitudes: Complex | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        forms, size = self.solver.device.forms, 4
        if self.solver.device.reduction is not None:
            forms, size = self.solver.device.reduction.whole, 2
        self.newton = BandedNewton(forms, Elimination.of(forms, size))

    def run(
        self, energies: Sequence[complex], start: Complex | None = None
    ) -> Iterator[tuple[int, Complex, EnergyReport]]:
        """(index, field, report) in order, batch by batch; `start` serves where nothing is known."""
        together = min(BATCH, max(STRIDE, KEPT // self.newton.forms.size))
        for first in range(0, len(energies), together):
            batch = np.array(energies[first : first + together], dtype=complex)
            order = np.lexsort((batch.imag, batch.real))
            found: dict[int, Found] = {}
            for level in levels(batch.size):
                chosen = order[level]
                guesses = self._guesses(batch[chosen], start)
                found.update(zip(chosen.tolist(), self.each(batch[chosen], guesses), strict=True))
            for k in range(batch.size):
                yield first + k, *found[k]

    def each(self, energies: Complex, starts: Complex) -> Iterator[Found]:
        """The field of every energy (E,) from its own start, (E, n, 2s, 2s)."""
        parts = -(-energies.size * starts.shape[1] // AT_ONCE)
        for part in np.array_split(np.arange(energies.size), min(parts, energies.size)):
            yield from self._together(energies[part], starts[part])

    def _together(self, energies: Complex, starts: Complex) -> list[Found]:
        began = time.perf_counter()
        options = self.solver.solver.options
        prepared = [self.solver.prepared(e, g) for e, g in zip(energies.tolist(), starts, strict=True)]
        omega, g = (np.stack(x, axis=1) for x in zip(*prepared, strict=True))
        g, histories, converged = self._newton(energies.tolist(), omega, g, options)
        with np.errstate(all="ignore"):
            physical = self.solver.physical(g)
        seconds = (time.perf_counter() - began) / energies.size
        found: list[Found] = []
        for e, energy in enumerate(energies.tolist()):
            outcome = Outcome.CONVERGED if converged[e] else Outcome.STAGNATED
            steps = len(histories[e]) - 1
            report = EnergyReport(energy, outcome, steps, 0, tuple(histories[e]), seconds)
            found.append(
                (g[:, e], report) if report.ok and physical[e] else self._alone(energy, g[:, e], report)
            )
        self._keep(energies, found)
        return found

    def _newton(
        self, energies: list[complex], omega: Complex, start: Complex, options: Options
    ) -> tuple[Complex, list[list[float]], list[bool]]:
        """In angles where there is a real gauge."""
        solver, forms = self.solver.solver, self.newton.forms
        if isinstance(solver, ChannelSolver):
            ratio = he_over_eh(forms, *(x.reshape(-1, 2, 2) for x in (omega, start)))
            if ratio is not None:
                root = np.sqrt(complex(ratio))
                return solve_angles(solver.angles.gauge, energies, omega, start, root, options)
        return self.newton.solve(energies, omega, start, options)

    def _alone(self, energy: complex, g: Complex, report: EnergyReport) -> Found:
        """An energy that failed among the others, with the work it has cost so far."""
        g, last = self.solver.find(energy, g if report.ok else None)
        steps = last.newton_iterations + report.newton_iterations
        return g, replace(last, newton_iterations=steps, seconds=last.seconds + report.seconds)

    def _keep(self, energies: Complex, found: list[Found]) -> None:
        good = [e for e, (_, report) in enumerate(found) if report.ok]
        if not good:
            return
        new = np.stack(riccati(np.stack([found[e][0] for e in good])), axis=1)
        if self._amplitudes is None:
            self._energies, self._amplitudes = energies[good], new
            return
        most = max(STRIDE, KEPT // new.shape[2])
        fresh = ~np.isin(self._energies, energies[good])
        self._energies = np.concatenate([self._energies[fresh], energies[good]])[-most:]
        self._amplitudes = np.concatenate([self._amplitudes[fresh], new])[-most:]

    def _guesses(self, energies: Complex, start: Complex | None) -> Complex:
        """Where to start from, (E, n, 2s, 2s)."""
        if self._amplitudes is None:
            if start is None:
                start = self.solver.normal(complex(energies[0]))
            return np.repeat(start[None], energies.size, axis=0)
        weights = np.stack([interpolation_weights(self._energies, e) for e in energies])
        used = np.flatnonzero(weights.any(axis=0))
        gamma, gamma_tilde = np.tensordot(weights[:, used], self._amplitudes[used], 1).swapaxes(0, 1)
        return from_frame(*frame(gamma, gamma_tilde))


def interpolation_weights(known: Complex, energy: complex) -> Complex:
    """Weights (K,) of results at distinct energies in a guess at another one.

    >>> interpolation_weights(np.array([0.0, 1.0, 2.0, 3.0]), 1.5).real.tolist()
    [-0.0625, 0.5625, 0.5625, -0.0625]
    >>> interpolation_weights(np.array([0.0, 1.0, 2.0, 3.0]), 4.0).real.tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    nearest = np.argsort(np.abs(known - energy), kind="stable")
    weights = np.zeros(known.size, dtype=complex)
    for count in (POINTS, 2):
        points = nearest[:count]
        found = lagrange_weights(known[points], energy)
        if np.abs(found).sum() < LARGEST_WEIGHTS:
            weights[points] = found
            return weights
    weights[nearest[0]] = 1.0
    return weights


def levels(count: int) -> list[Complex]:
    """Positions 0 … count − 1, each once, from coarse to fine.

    >>> [level.tolist() for level in levels(6)][-3:]
    [[4], [2], [1, 3, 5]]
    """
    strides = [STRIDE >> k for k in range(STRIDE.bit_length() - 1)]
    found = [np.arange(0, count, STRIDE), *(np.arange(s // 2, count, s) for s in strides)]
    return [level for level in found if level.size]
