"""The pair potential from the gap equation: Δ ln(T/T_c) + 2πT Σ_{n≥0} [Δ/ω_n + if₀(ω_n)] = 0.

Each superconducting region keeps a nodal Δ of its own.  The sum is a Gauss rule that runs to infinity, or
to a cutoff where the case gives one.  Fixed-point steps are accelerated by Anderson mixing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from usadel_fem.device import Device
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.bulk import bcs_gap
from usadel_fem.physics.matsubara import MatsubaraRule
from usadel_fem.physics.nambu import Complex, Real, frame, from_frame, riccati
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.pool import Workers
from usadel_fem.solver.worker import Bench, forget

MEMORY = 10
"""Steps that Anderson mixing remembers."""

MOST_STEPS = 200

INNER = 1e-2
"""Tolerance of Newton's method in units of the last change of Δ: no step is solved better than it needs."""


@dataclass(frozen=True)
class GapResult:
    """Self-consistent Δ.

    Attributes:
        delta: (P,) on `forms.pairing`.
        converged: whether every frequency and the fixed point converged.
        history: largest change of Δ relative to the largest bulk gap, per step.
        reports: the last report of every frequency.
    """

    delta: Complex
    converged: bool
    history: tuple[float, ...]
    reports: tuple[EnergyReport, ...]


class GapEquation:
    """The map Δ → Δ of the gap equation at one temperature.

    Each worker has its share of the frequencies and keeps their ǧ, as Riccati amplitudes, for the next Δ.

    Args:
        device: with `forms.pairing`.
        rule: Matsubara rule of the temperature.
        workers: where frequencies are solved; None for this process.
    """

    def __init__(self, device: Device, rule: MatsubaraRule, workers: Workers | None = None) -> None:
        self.device, self.rule = device, rule
        self.workers = Workers(device) if workers is None else workers
        self.frequencies = rule.frequencies[rule.below_cutoff]
        self.shares = self.workers.shares(range(self.frequencies.size)[::-1])
        self.reports: list[EnergyReport] = []

    def __call__(self, delta: Complex, change: float = 0.0) -> Complex:
        """The next Δ: 2πT Σ (−if₀) over ln(T/T_c) + 2πT Σ 1/ω; `change` is the last relative one of Δ."""
        pairing = self.device.forms.pairing
        assert pairing is not None
        t, weights = self.rule.temperature, self.rule.weights[self.rule.below_cutoff]
        parts = [(delta, change, self.frequencies[share]) for share in self.shares]
        found: dict[int, tuple[Complex, EnergyReport]] = {}
        for share, answers in zip(self.shares, self.workers.gather(frequencies_at, parts), strict=True):
            found.update(zip(share, answers, strict=True))
        total = np.zeros(delta.size, dtype=complex)
        for k in range(self.frequencies.size)[::-1]:
            total += weights[k] * -1j * found[k][0]
        self.reports = [found[k][1] for k in range(self.frequencies.size)]
        inverse_coupling = np.log(t / pairing.tc) + 2 * np.pi * t * inverse_sum(self.rule)
        return 2 * np.pi * t * total / inverse_coupling


def frequencies_at(
    bench: Bench, delta: Complex, change: float, frequencies: Real
) -> list[tuple[Complex, EnergyReport]]:
    """f₀ at the pairing nodes, (P,), and the report of falling frequencies, each from its own last ǧ."""
    solver = bench.solver(DeviceSolver, delta)
    newton = solver.solver
    newton.options = replace(newton.options, tolerance=max(newton.options.tolerance, INNER * change))
    pairing = bench.device.forms.pairing
    assert pairing is not None
    amplitudes: dict[float, Complex] = bench.kept.setdefault("gap", {})
    found = []
    last: Complex | None = None
    for frequency in frequencies.tolist():
        known = amplitudes.get(frequency)
        start = last if known is None else from_frame(*frame(*known))
        last, report = solver.solve(1j * frequency, start)
        amplitudes[frequency] = np.stack(riccati(last))
        found.append((singlet(last[pairing.node]), report))
    return found


def inverse_sum(rule: MatsubaraRule) -> float:
    """Σ_{ω_n < ω_c} 1/ω_n by the rule itself: its error on 1/ω then cancels that on f₀ ≈ iΔ/ω."""
    return float(rule.total(1 / rule.frequencies, below_cutoff=True))


def solve_gap(
    device: Device,
    rule: MatsubaraRule,
    tolerance: float = 1e-7,
    each: Callable[[float], None] | None = None,
    workers: Workers | None = None,
) -> GapResult:
    """Self-consistent Δ of all regions with a T_c.

    Args:
        device: with `forms.pairing`.
        rule: Matsubara rule of the temperature.
        tolerance: on the change of Δ, relative to the largest bulk gap.
        each: called with the relative change after every step.
        workers: where frequencies are solved; None for this process.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    bulk_gap = np.array([bcs_gap(rule.temperature, tc) for tc in pairing.tc])
    scale = max(float(bulk_gap.max()), 1e-3 * float(pairing.tc.max()))
    phase = np.exp(1j * device.initial_phase()[pairing.node])
    fixed = device.case.solve.fixed_phase or any(v.pinned for v in device.case.vortex)
    equation = GapEquation(device, rule, workers)

    history: list[float] = []

    def step(x: Real) -> Real:
        new = equation(_complex(x), history[-1] if history else 1.0)
        if fixed:
            new = phase * np.real(new * np.conj(phase))
        return _real(new)

    mixing = Anderson(MEMORY)
    x = _real(np.maximum(bulk_gap, 0.05 * scale) * phase)
    for _ in range(MOST_STEPS):
        f = step(x)
        history.append(float(np.abs(_complex(f - x)).max()) / scale)
        if each is not None:
            each(history[-1])
        if history[-1] <= tolerance or not all(r.ok for r in equation.reports):
            break
        x = mixing.next(x, f)
    equation.workers.gather(forget, [("gap",)] * equation.workers.count)
    fine = all(r.ok for r in equation.reports)
    return GapResult(
        delta=_complex(x),
        converged=fine and history[-1] <= tolerance,
        history=tuple(history),
        reports=tuple(equation.reports),
    )


class Anderson:
    """Anderson mixing of a fixed point x = f(x): least squares over the last differences of residuals."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.x: list[Real] = []
        self.r: list[Real] = []

    def next(self, x: Real, f: Real) -> Real:
        """The next x from the latest pair (x, f(x))."""
        self.x.append(x)
        self.r.append(f - x)
        self.x, self.r = self.x[-self.memory :], self.r[-self.memory :]
        if len(self.x) < 2:
            return f
        dx, dr = np.diff(np.array(self.x), axis=0).T, np.diff(np.array(self.r), axis=0).T
        coefficients = np.linalg.lstsq(dr, self.r[-1], rcond=1e-10)[0]
        return np.asarray(f - (dx + dr) @ coefficients)


def _real(z: Complex) -> Real:
    return np.ascontiguousarray(z).view(np.float64)


def _complex(x: Real) -> Complex:
    return np.ascontiguousarray(x).view(np.complex128)
