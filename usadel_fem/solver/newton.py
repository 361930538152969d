"""Newton's method on the manifold ǧ² = 1: ǧ_i = M_iτ₃M_i⁻¹, M_i → M_i(1 + w_i), frames rebuilt each step.

Globalised by a cap on the step; when the residual stalls, a line search on its norm takes over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.kernels.memory import Rooms
from usadel_fem.linearise import largest, largest_part, linearise
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.banded import Elimination
from usadel_fem.solver.linear import LinearResult, NewtonSystem, ScalarPreconditioner

STEP_CAP = 0.7
"""Largest |w| of a step."""

ROUNDING = 1e3 * np.finfo(float).eps
"""Rounding of w relative to |ǧ|²: measured at gap edges, where |ǧ| reaches hundreds."""

LAST = 0.1
"""The part of what is accepted as an end that the last linear solve may leave."""

TIGHTEST = 2e-5
"""Accuracy of a linear solve that is to be the last: a basis in single precision still reaches it."""

PATIENCE = 6
"""Steps without a new smallest residual before the line search begins."""


@dataclass(frozen=True)
class Options:
    """How one energy is solved.

    Attributes:
        tolerance: on the largest |w| that is still to come, estimated by the preconditioned residual.
        scale: energy above which the tolerance falls like scale/|ε|, as the amplitudes themselves do.
        max_iterations: Newton (Picard) steps.
        picard: hold the outer ǧ of the spin Hall form fixed in every step.
        linear: "auto", "krylov" or "direct"; "auto" is "krylov", or elimination along a line.
        max_krylov: GMRES iterations per step; a step that needs more is near a singular point.
        direct_below: nodes up to which the direct solver replaces a failed GMRES. On larger meshes the run
            ends there, for another start to be tried.
    """

    tolerance: float = 1e-9
    scale: float = np.inf
    max_iterations: int = 60
    picard: bool = False
    linear: str = "auto"
    max_krylov: int = 120
    direct_below: int = 3_000

    def tolerance_at(self, energy: complex) -> float:
        """The tolerance of one energy."""
        return self.tolerance * min(1.0, self.scale / max(abs(energy), 1e-300))


def accuracy(tolerance: Real | float, largest: Real | float) -> Real:
    """|w| to be reached: the tolerance, or rounding where the largest |ǧ| is large."""
    return np.maximum(tolerance, ROUNDING * largest**2)


@dataclass
class EnergySolver:
    """Solves δS = 0 on one set of forms, energy after energy.

    Attributes:
        forms: the assembled device.
        nodes: positions (N, 3), to say where a residual sits.
        dimension: of the mesh.
        options: see `Options`.
    """

    forms: Forms
    nodes: Real
    dimension: int
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.free: Index = self.forms.free if self.dimension == 1 else self.forms.near
        self.preconditioner = ScalarPreconditioner(self.forms, self.free, self.dimension)
        self.rooms = Rooms()
        self._elimination: Elimination | None = None

    def _elimination_for(self, size: int) -> Elimination | None:
        """Along a line, for nodal matrices of a size that is the same every time."""
        if self.dimension > 1 or self.options.linear != "auto":
            return None
        if self._elimination is None:
            self._elimination = Elimination.of(self.forms, size)
        return self._elimination

    def solve(self, energy: complex, omega: Complex, start: Complex) -> tuple[Complex, EnergyReport]:
        """ǧ at one energy from a starting field that already holds the reservoirs' values.

        Args:
            energy: for the report and the tolerance.
            omega: `action.source` of this energy, (N, 4, 4).
            start: (N, 4, 4), normalised.

        Returns:
            ǧ (N, 4, 4) and a report; the last iterate where it did not converge.
        """
        return Iteration(self, energy, omega).run(start)

    def system(self, g: Complex, omega: Complex, keep: bool) -> NewtonSystem:
        """The linear system at ǧ; `keep`: with the preconditioner as it is."""
        tangents = linearise(self.forms, g, omega, self.free, self.options.picard, self.rooms)
        if not keep:
            self.preconditioner.prepare(tangents, omega)
        return NewtonSystem(tangents, self.preconditioner, self._elimination_for(g.shape[-1]))

    def moved(self, system: NewtonSystem, w: Complex) -> Complex:
        """ǧ after a step from where a system is."""
        return system.tangents.moved(w)

    def settled(self, system: NewtonSystem, step: Complex) -> Complex:
        """ǧ where a step is small enough to be left."""
        return system.tangents.g


class System(Protocol):
    """H w = −r of one Newton step; w and r are (n_free, ...)."""

    def residual(self) -> Complex:
        """r."""

    def preconditioned(self, residual: Complex) -> Complex:
        """An estimate of the Newton step, up to its sign, and the norm in which residuals are measured."""

    def solve(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """P⁻¹H w = right to the relative tolerance, right = −P⁻¹r; or exactly where that is cheap."""

    def direct(self, residual: Complex) -> LinearResult:
        """H w = −r by a factorisation."""


class Problem(Protocol):
    """What Newton's method is given: `EnergySolver`, or another choice of unknowns.

    Attributes:
        nodes, free: positions (N, 3) and the free ones of them.
    """

    options: Options
    nodes: Real
    free: Index

    def system(self, g: Complex, omega: Complex, keep: bool) -> Any:
        """The `System` at a field; `keep`: in the norm of the last one."""

    def moved(self, system: Any, w: Complex) -> Complex:
        """The field after a step from where a system is."""

    def settled(self, system: Any, step: Complex) -> Complex:
        """The field where −step is small enough to be left, or with it where it is exact."""


class Iteration:
    """One run of Newton's method; keeps the history that the report shows."""

    def __init__(self, solver: Problem, energy: complex, omega: Complex) -> None:
        self.solver, self.energy, self.omega = solver, energy, omega
        self.options = solver.options
        self.tolerance = self.options.tolerance_at(energy)
        self.history: list[float] = []
        self.krylov = 0
        self.searching = False
        self.underrated = 1.0
        self.began = time.perf_counter()

    def run(self, start: Complex) -> tuple[Complex, EnergyReport]:
        solver, options = self.solver, self.options
        if solver.free.size == 0:
            return start, self._report(Outcome.CONVERGED, None)
        g = start
        system, step = self._linearise(g)
        for _ in range(options.max_iterations):
            size = largest(step)
            self.history.append(size)
            if not np.isfinite(size):
                return g, self._report(Outcome.NOT_A_NUMBER, None)
            accepted = self._accepted(g)
            if size <= accepted:
                return solver.settled(system, step), self._report(Outcome.CONVERGED, step)
            result = self._solve(system, step, size, accepted)
            if not result.ok or not np.isfinite(result.largest):
                return g, self._report(Outcome.LINEAR_SOLVER_FAILED, step)
            w = result.w if result.largest <= STEP_CAP else result.w * (STEP_CAP / result.largest)
            self.searching = self.searching or self._stalled()
            g, system, step, moved = self._move(g, system, step, w)
            if not moved:
                return g, self._report(Outcome.STAGNATED, step)
        self.history.append(largest(step))
        done = self.history[-1] <= self._accepted(g)
        return g, self._report(Outcome.CONVERGED if done else Outcome.MAX_ITERATIONS, step)

    def _linearise(self, g: Complex) -> tuple[System, Complex]:
        system: System = self.solver.system(g, self.omega, self.searching)
        return system, system.preconditioned(system.residual())

    def _solve(self, system: System, step: Complex, size: float, accepted: float) -> LinearResult:
        options = self.options
        if options.linear == "direct":
            return system.direct(system.residual())
        result = system.solve(-step, _forcing(size, accepted), options.max_krylov)
        self.krylov += result.iterations
        if result.largest < STEP_CAP:
            self.underrated = max(self.underrated, result.largest / size)
        if result.ok or len(self.solver.nodes) > options.direct_below:
            return result
        return system.direct(system.residual())

    def _accepted(self, g: Complex) -> float:
        """Preconditioned residual of a step within the tolerance, or within rounding where |ǧ| is large.

        In a weakly coupled or nearly singular device it is far smaller than the step it stands for, by a
        factor that the linear solves near the end have shown.
        """
        return float(accuracy(self.tolerance / self.underrated, largest_part(g)))

    def _stalled(self) -> bool:
        return len(self.history) > PATIENCE and min(self.history[-PATIENCE:]) > min(self.history[:-PATIENCE])

    def _move(
        self, g: Complex, system: System, step: Complex, w: Complex
    ) -> tuple[Complex, System, Complex, bool]:
        before = np.linalg.norm(step)
        for halving in range(12):
            trial = self.solver.moved(system, w * 0.5**halving if halving else w)
            trial_system, trial_step = self._linearise(trial)
            after = np.linalg.norm(trial_step)
            if not self.searching and np.isfinite(after):
                return trial, trial_system, trial_step, True
            if after < (1 - 1e-4 * 0.5**halving) * before:
                return trial, trial_system, trial_step, True
        return g, system, step, False

    def _report(self, outcome: Outcome, step: Complex | None) -> EnergyReport:
        location = (0.0, 0.0, 0.0)
        if step is not None and step.size:
            worst = self.solver.free[int(np.argmax(np.abs(step).reshape(step.shape[0], -1).max(axis=1)))]
            x, y, z = self.solver.nodes[worst]
            location = (float(x), float(y), float(z))
        steps = max(len(self.history) - 1, 0)
        seconds = time.perf_counter() - self.began
        return EnergyReport(
            complex(self.energy),
            outcome,
            steps,
            self.krylov,
            tuple(self.history),
            seconds,
            location,
            HINTS.get(outcome, ""),
        )


def _forcing(size: float, accepted: float) -> float:
    """Relative accuracy of a linear solve: what the quadratic error of the step makes of it anyway, and no
    more than the end of the iteration asks for.

    Ten times looser far from the solution, a cold start on a large mesh often leads to another root.
    """
    quadratic, last = 0.3 * size, LAST * accepted / size
    if quadratic <= last:
        return float(np.clip(last, TIGHTEST, 0.3))
    return float(np.clip(quadratic, 1e-4, 0.01))


HINTS = {
    Outcome.MAX_ITERATIONS: "a larger solve.max_iterations, or a larger broadening",
    Outcome.STAGNATED: 'a finer mesh where the residual sits, a larger broadening, or linear = "direct"',
    Outcome.LINEAR_SOLVER_FAILED: 'linear = "direct", or a mesh without very flat elements',
    Outcome.NOT_A_NUMBER: "a larger broadening; check the material parameters for extreme values",
    Outcome.BROKEN_CAUSALITY: "a finer mesh or a larger broadening",
}
