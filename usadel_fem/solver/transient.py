"""The normal state in time: 2M ∂_tĥ + E(ĥ) = 0 after the terminals have been switched on.

The equation is linear and does not depend on energy, so that integrals of ĥ over energy are followed.
Steps are implicit Euler with 1, 2, 3, 4 substeps, extrapolated to fourth order; the change of the last
extrapolation measures the error and sets the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from usadel_fem.physics.nambu import Real
from usadel_fem.solver.kinetic import KineticSolver

SUBSTEPS = (1, 2, 3, 4)
TOLERANCE = 1e-6
"""Error of a step, relative to the largest ĥ of the reservoirs."""

SMALLEST = 1e-10
"""Step, relative to the whole time, below which it is not cut any more."""

GROWTH, CAUTION = 4.0, 0.8


class TransientError(Exception):
    """A step in time could not be solved."""


@dataclass(frozen=True)
class Moment:
    """∫₀^∞ dε of δĥ (N, 8) at a time, and ¼ Tr B_α of the currents into the device at each terminal."""

    time: float
    h: Real
    currents: dict[str, Real]


class Transient:
    """Follows a device whose terminals are biased from t = 0 on; before, it is in equilibrium."""

    def __init__(self, solver: KineticSolver) -> None:
        self.solver = solver
        self.operator = solver.normal_operator()
        self.outside = solver.integrated_outside()
        self.scale = max((float(np.abs(h).max()) for h in self.outside.values()), default=0.0)
        self.steps = 0

    def follow(self, times: Sequence[float]) -> Iterator[Moment]:
        """The state at rising times > 0.

        Raises:
            TransientError: where the linear solver fails.
        """
        now, h = 0.0, self.solver.held(self.outside)
        step = 1e-4 * times[-1]
        currents: dict[str, Real] = {}
        for stop in times:
            while now < stop:
                # the rest in equal parts: no sliver of a step is left before the stop
                parts = max(int(np.ceil((stop - now) / step * (1 - 1e-9))), 1)
                size = (stop - now) / parts
                trial, flow, error = self._step(h, size)
                self.steps += 1
                accepted = error <= TOLERANCE * self.scale or size <= SMALLEST * times[-1]
                if accepted:
                    h, currents = trial, flow
                    now = stop if parts == 1 else now + size
                ratio = CAUTION * (TOLERANCE * self.scale / max(error, 1e-300)) ** 0.25
                step = size * min(max(ratio, 0.1), GROWTH)
            yield Moment(stop, h, currents)

    def _step(self, h: Real, size: float) -> tuple[Real, dict[str, Real], float]:
        """ĥ and the currents after one step, and its error."""
        names = list(self.outside)
        rows: list[tuple[Real, Real]] = []
        table: list[tuple[Real, Real]] = []
        for j, n in enumerate(SUBSTEPS):
            end, flow = self._euler(h, size / n, n)
            rows = [(end, np.array([flow[name] for name in names]))]
            for k in range(1, j + 1):
                factor = SUBSTEPS[j] / SUBSTEPS[j - k] - 1
                rows.append(
                    (
                        rows[k - 1][0] + (rows[k - 1][0] - table[k - 1][0]) / factor,
                        rows[k - 1][1] + (rows[k - 1][1] - table[k - 1][1]) / factor,
                    )
                )
            table = rows
        error = float(np.abs(rows[-1][0] - rows[-2][0]).max())
        return rows[-1][0], dict(zip(names, rows[-1][1], strict=True)), error

    def _euler(self, h: Real, size: float, count: int) -> tuple[Real, dict[str, Real]]:
        operator = replace(self.operator, inertia=1 / size)
        mass, options = self.operator.forms.mass, self.solver.spectral.solver.options
        held = self.solver.held(self.outside)
        currents: dict[str, Real] = {}
        for _ in range(count):
            system = self.solver.system(operator, 2 / size * (mass @ h))
            result = system.solve(held, self.outside, h, options.linear == "direct", options.direct_below)
            if not result.ok:
                raise TransientError(f"a step of {size:.3g} in time could not be solved")
            balance, h = system.balance(result.h, self.outside), result.h
            pinned = self.operator.forms.pinned
            currents = {name: balance[nodes].sum(axis=0) for name, nodes in pinned.items()}
            currents |= self.operator.contact_currents(h, self.outside)
        return h, currents
