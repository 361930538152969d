"""Spin and charge of the normal state in time: an L-stable Runge–Kutta method with controlled steps.

SDIRK of order 4 with γ = ¼, stiffly accurate, with an embedded method of order 3 (Hairer, Wanner, Solving
Ordinary Differential Equations II, Table IV.6.5).  All stages are implicit with one and the same matrix, so a
step may begin at a jump, and the balance is exact: what is stored changes by τ Σ b_i of the currents of the
stages, which is what the charges of the terminals are made of.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from usadel_fem.fem.space import Index
from usadel_fem.normal import ACTIVE, Potentials
from usadel_fem.physics.nambu import Real
from usadel_fem.solver.drive import Drive, Piece
from usadel_fem.solver.stages import StageSolver

GAMMA = 0.25
A: Real = np.array(
    [
        [1 / 4, 0, 0, 0, 0],
        [1 / 2, 1 / 4, 0, 0, 0],
        [17 / 50, -1 / 25, 1 / 4, 0, 0],
        [371 / 1360, -137 / 2720, 15 / 544, 1 / 4, 0],
        [25 / 24, -49 / 48, 125 / 16, -85 / 12, 1 / 4],
    ]
)
B: Real = A[-1]
B_EMBEDDED: Real = np.array([59 / 48, -17 / 96, 225 / 32, -85 / 12, 0])
C: Real = A.sum(axis=1)

SAFETY, LEAST, MOST, KEEP = 0.9, 0.2, 5.0, 1.25
"""Of the next step relative to the last: safety, bounds, and the growth that is not worth a factorisation."""

SMALLEST = 1e-13
"""Of the whole time: a step below it has failed."""

LONGEST_DRIVEN = 0.01
"""Of the whole time: longest step under a signal, which stages must not step over."""


@dataclass(frozen=True)
class Snapshot:
    """The device at one time.

    Attributes:
        time: t.
        value: μ of spin and charge, (N, 4).
        currents: terminal → spin and charge currents into the device, (4,).
        transferred: terminal → their integrals from t = 0.
        torque: what relaxation, precession and magnetic interfaces gave, integrated from t = 0, (4,).
        stored: spin and charge in the device, (4,).
    """

    time: float
    value: Real
    currents: dict[str, Real]
    transferred: dict[str, Real]
    torque: Real
    stored: Real


@dataclass
class Integrator:
    """Steps from one snapshot to the next.

    The start is a jump like any other: nodes that a terminal holds are charged through it.

    Attributes:
        stages: the linear solver.
        drive: potentials of the terminals.
        pinned: terminal → nodes it holds.
        amplitude: the largest potential; errors are relative to it.
        tolerance: largest estimated error of a step, root mean square over the device.
        max_steps: most steps, rejected ones included.
        before: spin and charge in the device before terminals are switched on, (4,).
        steps, rejected, iterations, error: counts, and the sum of the estimated errors: the equation damps
            what a step leaves, so this bounds the error at the end.
        reason: why it stopped early, or "".
    """

    stages: StageSolver
    drive: Drive
    pinned: Mapping[str, Index]
    amplitude: float
    tolerance: float
    max_steps: int
    before: Real = field(default_factory=lambda: np.zeros(4), init=False)
    steps: int = field(default=0, init=False)
    rejected: int = field(default=0, init=False)
    iterations: int = field(default=0, init=False)
    error: float = field(default=0.0, init=False)
    reason: str = field(default="", init=False)

    def run(self, start: Real, times: Sequence[float]) -> Iterator[Snapshot]:
        """Snapshots at rising times, from μ (N, 4) at t = 0; fewer if a step fails (see `reason`).

        Where a signal jumps at such a time, the snapshot is the one before the jump.
        """
        self.counts = np.asarray(self.stages.mass.sum(axis=0)).ravel()
        jumps = [t for t in self.drive.jumps() if t < times[-1]]
        ends = sorted({*times, *jumps})
        pieces = list(itertools.pairwise([0.0, *jumps, self.drive.stop]))
        self.transferred = {name: np.zeros(4) for name in self.drive.potentials}
        self.torque = np.zeros(4)
        self.value, self.before = start, self.counts @ start
        self._jump(pieces.pop(0))
        if times[0] <= 0.0:
            yield self._first()
        now = 0.0
        for end in (e for e in ends if e > 0):
            if not self._advance(now, end):
                return
            now = end
            if end in times:
                yield self._snapshot(end, self.last)
            if end in jumps:
                self._jump(pieces.pop(0))

    def held(self, value: Real, potentials: Potentials) -> Real:
        """μ with the potentials of the terminals at the nodes they hold."""
        value = value.copy()
        for name, nodes in self.pinned.items():
            value[nodes] = potentials[name][ACTIVE]
        return value

    def _first_step(self) -> float:
        """A step within which the potentials change little."""
        speed = self._norm(self._rate())
        step = 0.01 * self.drive.stop
        return min(step, 0.5 * self.tolerance**0.25 / speed) if speed else step

    def _rate(self) -> Real:
        """∂_tμ at the start of the piece."""
        time = self.piece[0]
        held = self.held(np.zeros_like(self.value), self.drive.rate(time, self.piece))
        return self.stages.derivative(self.value, self.drive.inside(time, self.piece), held)

    def _first(self) -> Snapshot:
        """The start, with the currents that the nodal equations have there."""
        outside = self.drive.inside(0.0, self.piece)
        balance = self.stages.operator(self.value, outside)
        return self._snapshot(0.0, self._flows(self.value, self._rate(), balance, outside)[0])

    def _snapshot(self, time: float, currents: dict[str, Real]) -> Snapshot:
        moved = {name: total.copy() for name, total in self.transferred.items()}
        return Snapshot(time, self.value, currents, moved, self.torque.copy(), self.counts @ self.value)

    def _jump(self, piece: Piece) -> None:
        """Terminals jump, and a new piece begins."""
        self.piece = piece
        self._charge(piece[0])
        self.step = self._first_step()

    def _charge(self, time: float) -> None:
        """Bring the nodes that terminals hold to their potentials, by what these let in at once."""
        after = self.held(self.value, self.drive.inside(time, self.piece))
        for name, nodes in self.pinned.items():
            self.transferred[name] += self.counts[nodes] @ (after[nodes] - self.value[nodes])
        self.value = after

    def _advance(self, now: float, end: float) -> bool:
        """Step to `end`; False if that failed."""
        while now < end:
            if self.steps + self.rejected >= self.max_steps:
                self.reason = "more than solve.time.max_steps steps"
                return False
            if self.step < SMALLEST * self.drive.stop:
                self.reason = "the steps became too small: the linear system could not be solved"
                return False
            longest = LONGEST_DRIVEN * self.drive.stop if self.drive.signals else np.inf
            wanted = min(self.step, longest)
            count = max(1, int(np.ceil((end - now) / wanted * (1 - 1e-6))))
            step = (end - now) / count
            error = self._try(now, step)
            if error > self.tolerance:
                self.rejected += 1
                self.step = step * _factor(error / self.tolerance)
                continue
            self.steps += 1
            self.error += error
            now = end if count == 1 else now + step
            factor = _factor(error / self.tolerance)
            grown = step * factor if not 1.0 <= factor < KEEP else step
            self.step = max(self.step, grown) if factor >= 1.0 else grown
        return True

    def _try(self, now: float, step: float) -> float:
        """One step, taken where its error is allowed; the estimated error, infinite if it failed."""
        self.stages.prepare(1 / (GAMMA * step))
        rates: list[Real] = []
        flows: list[tuple[dict[str, Real], Real]] = []
        value, none = self.value, np.zeros_like(self.value)
        for i in range(len(C)):
            time = now + float(C[i]) * step
            outside = self.drive.inside(time, self.piece)
            known = self.value + step * sum((A[i, j] * rates[j] for j in range(i)), np.zeros_like(value))
            guess = known + GAMMA * step * self.held(
                rates[-1] if rates else none, self.drive.rate(time, self.piece)
            )
            result = self.stages.solve(guess, known, outside)
            self.iterations += result.iterations
            if not result.ok:
                return np.inf
            value = result.value
            rates.append((value - known) / (GAMMA * step))
            flows.append(self._flows(value, rates[-1], result.balance, outside))
        error = self._error(step, rates)
        if error <= self.tolerance:
            self.value, self.last = value, flows[-1][0]
            for b, (currents, torque) in zip(B, flows, strict=True):
                self.torque += b * step * torque
                for name, current in currents.items():
                    self.transferred[name] += b * step * current
            self._charge(now + step)
        return error

    def _flows(
        self, value: Real, rate: Real, balance: Real, outside: Potentials
    ) -> tuple[dict[str, Real], Real]:
        """Currents into the device at every terminal, and the torque on all its spins, (4,)."""
        currents = self.stages.operator.contact_currents(value, outside)
        torque = -balance.sum(axis=0) - sum(currents.values(), np.zeros(4))
        reaction = self.stages.mass @ rate + balance
        for name, nodes in self.pinned.items():
            currents[name] = reaction[nodes].sum(axis=0)
        return currents, torque

    def _error(self, step: float, rates: list[Real]) -> float:
        """The difference to the embedded method, with the stiff part damped by one scalar solve."""
        difference = step * sum(
            ((b - e) * k for b, e, k in zip(B, B_EMBEDDED, rates, strict=True)), np.zeros_like(rates[0])
        )
        free = self.stages.free
        if free.size:
            source = (self.stages.mass @ difference)[free] / (GAMMA * step)
            difference[free] = self.stages.approximate(source)
        return self._norm(difference)

    def _norm(self, value: Real) -> float:
        """Root mean square over the device, weighted with N_F, of the largest component."""
        squares = (value * (self.stages.mass @ value)).sum(axis=0)
        return float(np.sqrt(max(squares.max(), 0.0) / self.counts.sum())) / self.amplitude


def _factor(ratio: float) -> float:
    """What a step is changed by where its error is `ratio` of what is allowed."""
    if not np.isfinite(ratio):
        return LEAST
    return float(np.clip(SAFETY * max(ratio, 1e-10) ** -0.25, LEAST, MOST))
