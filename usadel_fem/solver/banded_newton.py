"""Newton's method along a line for many energies at once: `EnergySolver` in lock-step, with direct solves.

A factorisation serves until it stops contracting: what a step leaves over is estimated, and if need be taken
off, with the factorisation at hand, at a fifth of the cost of a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from usadel_fem.action import Linearisation
from usadel_fem.fem.forms import Forms
from usadel_fem.linearise import moved
from usadel_fem.physics.nambu import Complex, Real, frame, riccati
from usadel_fem.solver.banded import Elimination, copies_of
from usadel_fem.solver.newton import STEP_CAP, Options, accuracy

MOST_STEPS = 15
"""Steps after which an energy is left to the solver of single energies, which can search and continue."""

CONTRACTION = 0.2
"""A factorisation serves on while each step is at most this part of the one before."""

REMAINDER = 0.01
"""What an old factorisation may leave, in tolerances: a new one would square the error instead."""

FEW = 0.25
"""Part of the energies below which those that still go on are better taken apart from the others."""


@dataclass
class BandedNewton:
    """Solves δS = 0 on a one-dimensional mesh at many energies at once.

    Attributes:
        forms: the assembled device.
        elimination: of its free nodes.
    """

    forms: Forms
    elimination: Elimination
    _copies: dict[int, Forms] = field(default_factory=dict, init=False)

    def solve(
        self, energies: Sequence[complex], omega: Complex, start: Complex, options: Options
    ) -> tuple[Complex, list[list[float]], list[bool]]:
        """ǧ at every energy from starting fields that already hold the reservoirs' values.

        Args:
            energies: (E,).
            omega: `action.source` of each, (n, E, 2s, 2s).
            start: (n, E, 2s, 2s), normalised.

        Returns:
            ǧ (n, E, 2s, 2s), the history of the largest |w| of each energy, and which of them converged; the
            others are left where they failed.
        """
        return _Iteration(self, energies, omega, start, options).run()

    def copies(self, count: int) -> Forms:
        """The forms of `count` energies, those of the last counts kept."""
        if count not in self._copies:
            self._copies = dict(list(self._copies.items())[-7:])
            self._copies[count] = copies_of(self.forms, count)
        return self._copies[count]


class _Iteration:
    """One run; `active` are the energies that neither converged nor failed."""

    def __init__(
        self,
        solver: BandedNewton,
        energies: Sequence[complex],
        omega: Complex,
        start: Complex,
        options: Options,
    ) -> None:
        self.solver, self.omega, self.options = solver, omega, options
        self.tolerance = np.array([options.tolerance_at(energy) for energy in energies])
        self.g = start.copy()
        self.active = np.arange(len(energies))
        self.converged = np.zeros(len(energies), dtype=bool)
        self.histories: list[list[float]] = [[] for _ in energies]

    def run(self) -> tuple[Complex, list[list[float]], list[bool]]:
        with np.errstate(all="ignore"):  # an energy that fails says so by numbers that are not finite
            lin = self._linearise()
            while self.active.size:
                lin = self._with_one_factorisation(lin)
        return self.g, self.histories, self.converged.tolist()

    def _with_one_factorisation(self, lin: Linearisation) -> Linearisation:
        """Steps until it does not serve all energies any more; the linearisation of those that go on."""
        factor, w = self.solver.elimination.step(lin, self.active.size)
        size = largest(w)
        going = self._unsettled(lin, w, size, 0 * size, np.ones(self.active.size, dtype=bool))
        while going.any():
            self._note(size, going)
            self._move(lin, w, size, going)
            lin, before = self._linearise(), size
            w = factor.step(lin)
            size = largest(w)
            ratio = size / before
            serving = ratio <= CONTRACTION
            going = (going & ~serving) | self._unsettled(lin, w, size, ratio, going & serving)
            if not serving[going].all() or going.sum() < FEW * going.size:
                break
        self.active = self.active[going]
        return self._selected(lin, going)

    def _linearise(self) -> Linearisation:
        g, omega = (x[:, self.active].reshape(-1, *x.shape[2:]) for x in (self.g, self.omega))
        return Linearisation.at(self.solver.copies(self.active.size), *frame(*riccati(g)), g, omega)

    def _selected(self, lin: Linearisation, going: NDArray[np.bool_]) -> Linearisation:
        """Of some of the energies."""

        def part(x: Complex) -> Complex:
            return x.reshape(-1, going.size, *x.shape[1:])[:, going].reshape(-1, *x.shape[1:])

        forms = self.solver.copies(int(going.sum()))
        return Linearisation(forms, part(lin.m), part(lin.inverse), part(lin.g), part(lin.local))

    def _unsettled(
        self, lin: Linearisation, w: Complex, size: Real, ratio: Real, which: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which go on.  From those that converged the step is taken off that is known to be left.

        Then `ratio` of it remains, the contraction of a factorisation in use, 0 for a new one.
        """
        least = accuracy(self.tolerance[self.active], largest(self.g[:, self.active]))
        small = (size <= least) & (ratio * size <= REMAINDER * least)
        steps = np.array([len(self.histories[e]) for e in self.active])
        failed = ~np.isfinite(size) | (steps >= min(MOST_STEPS, self.options.max_iterations))
        settled = which & (small | failed)
        self.converged[self.active[settled & small]] = True
        self._note(size, settled)
        self._move(lin, w, size, settled & small)
        return which & ~settled

    def _note(self, size: Real, which: NDArray[np.bool_]) -> None:
        for e, value in zip(self.active[which].tolist(), size[which].tolist(), strict=True):
            self.histories[e].append(value)

    def _move(self, lin: Linearisation, w: Complex, size: Real, which: NDArray[np.bool_]) -> None:
        """Take the step of some of the energies, |w| capped."""
        nodes, energies = self.solver.elimination.nodes[:, None], np.flatnonzero(which)
        places = nodes * which.size + energies
        w = w[:, which] * np.minimum(1.0, STEP_CAP / size[which])[:, None, None, None]
        g = moved(lin, places.ravel(), w.reshape(-1, *w.shape[2:]))
        self.g[nodes, self.active[which]] = g[places]


def largest(x: Complex) -> Real:
    """Largest |entry| of each energy, (E,), of x (n, E, ...)."""
    return np.asarray(np.abs(x).max(axis=(0, *range(2, x.ndim))))
