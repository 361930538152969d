"""Newton's method in angles along a line, for many energies at once: `BandedNewton` in a real gauge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from usadel_fem.angles import AngleLinearisation
from usadel_fem.fem.real_gauge import RealGauge
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.banded_newton import MOST_STEPS
from usadel_fem.solver.line import Band
from usadel_fem.solver.newton import STEP_CAP, Options, accuracy


def solve_angles(
    gauge: RealGauge,
    energies: Sequence[complex],
    omega: Complex,
    start: Complex,
    root: complex,
    options: Options,
) -> tuple[Complex, list[list[float]], list[bool]]:
    """See `BandedNewton.solve`; root is √ρ of `RealGauge`, its nodes along the line."""
    count = len(energies)
    x, source = (gauge.field(_by_energy(fields, gauge), root) for fields in (start, omega))
    tolerance = np.tile([options.tolerance_at(energy) for energy in energies], x.shape[2] // count)
    active, converged = np.arange(x.shape[2]), np.zeros(x.shape[2], dtype=bool)
    histories: list[list[float]] = [[] for _ in energies]
    with np.errstate(all="ignore"):  # an energy that fails says so by numbers that are not finite
        for _ in range(min(MOST_STEPS, options.max_iterations) + 1):
            field, omega = (np.ascontiguousarray(y[:, :, active]) for y in (x, source))
            lin = AngleLinearisation(gauge, field, omega)
            w = -Band(lin.band())(lin.residual)
            size, largest = (np.abs(y).max(axis=tuple(range(y.ndim - 1))) for y in (w, lin.field))
            _note(histories, active % count, size)
            x[:, :, active] = lin.moved(w * np.minimum(1.0, STEP_CAP / size))
            small = size <= accuracy(tolerance[active], largest)
            converged[active[small]] = True
            active = active[~small & np.isfinite(size)]
            if not active.size:
                break
    fine = converged.reshape(-1, count).all(axis=0)
    return _by_node(gauge.back(x, root), count, gauge), histories, list(map(bool, np.atleast_1d(fine)))


def _by_energy(fields: Complex, gauge: RealGauge) -> Complex:
    """(C·N, E, 2, 2) as matrices of E energies of every channel in turn, (C·E·N, 2, 2)."""
    parts = fields.reshape(-1, gauge.order.size, *fields.shape[1:])
    return parts.swapaxes(1, 2).reshape(-1, 2, 2)


def _by_node(matrices: Complex, energies: int, gauge: RealGauge) -> Complex:
    parts = matrices.reshape(-1, energies, gauge.order.size, 2, 2)
    return parts.swapaxes(1, 2).reshape(-1, energies, 2, 2)


def _note(histories: list[list[float]], energy: Complex, size: Complex) -> None:
    """The largest step among the channels of each energy."""
    for e in np.unique(energy).tolist():
        histories[e].append(float(size[energy == e].max()))
