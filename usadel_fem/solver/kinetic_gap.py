"""The pair potential out of equilibrium: the gap equation with the driven part of ǧ^K.

    Δ [ln(T/T_c) + 2πT Σ 1/ω] = 2πT Σ (−if₀)(ω) − ¼ ∫ dε δf₀^K(ε),   δǧ^K = ǧ^Rδĥ − δĥǧ^A

The symmetry ǧ^K(−ε) = Xǧ^K(ε)*X gives f₀^K(−ε) = −(f̃₀^K)* with the lower left block, and leaves ε > 0.
The solution is followed from equilibrium, by Anderson's mixing; each Δ has a grid of energies of its own, as
the edges of the gap move with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from usadel_fem.device import Device
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.bulk import bcs_gap
from usadel_fem.physics.keldysh import advanced, keldysh, matrices
from usadel_fem.physics.matsubara import MatsubaraRule
from usadel_fem.physics.nambu import Complex, Real, frame, from_frame, riccati
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.kinetic import KineticSolver
from usadel_fem.solver.panels import integrate
from usadel_fem.solver.pool import Workers
from usadel_fem.solver.selfconsistency import (
    MEMORY,
    Anderson,
    GapEquation,
    GapResult,
    inverse_sum,
)
from usadel_fem.solver.window import edges
from usadel_fem.solver.worker import Bench, forget

FINER = 0.02
"""Tolerance of the integrals over that of Δ, so that the map is smooth enough for the mixing."""

MOST_DRIVEN = 60
"""Steps that are tried."""


class DrivenGap:
    """The map Δ → Δ with the driven part on a grid of real energies."""

    def __init__(self, device: Device, rule: MatsubaraRule, workers: Workers | None = None) -> None:
        self.device = device
        self.equation = GapEquation(device, rule, workers)
        self.workers = self.equation.workers
        self.reports: list[EnergyReport] = []
        self.step = 0
        pairing = device.forms.pairing
        assert pairing is not None
        t = rule.temperature
        self.inverse_coupling = np.log(t / pairing.tc) + 2 * np.pi * t * inverse_sum(rule)

    def __call__(self, delta: Complex, change: float) -> tuple[Complex, bool]:
        """The next Δ, and whether its integral over energy is as fine as asked for."""
        equilibrium = self.equation(delta, change)
        self.reports = list(self.equation.reports)
        self.step += 1
        solve = self.device.case.solve

        def evaluate(new: list[float]) -> Mapping[float, Real]:
            shares = [share.tolist() for share in np.array_split(new, min(self.workers.count, len(new)))]
            answers = self.workers.gather(sources_at, [(delta, self.step, share) for share in shares])
            found = {}
            for share, answer in zip(shares, answers, strict=True):
                self.reports += [report for _, report in answer]
                found.update(
                    {e: source.view(np.float64) for e, (source, _) in zip(share, answer, strict=True)}
                )
            return found

        marks = edges(self.device, delta)
        found = integrate(evaluate, marks, FINER * solve.energy_tolerance, solve.max_energies)
        driven = np.ascontiguousarray(found.value).view(np.complex128)
        return equilibrium + driven / self.inverse_coupling, found.error <= solve.energy_tolerance


def sources_at(
    bench: Bench, delta: Complex, step: int, energies: list[float]
) -> list[tuple[Complex, EnergyReport]]:
    """−¼ (f₀^K − (f̃₀^K)*) of the driven part at the pairing nodes, (P,), 0 where it failed; and the reports.

    An energy starts from the nearest one here, of this step or of the last: Riccati amplitudes are kept.
    """
    solver = bench.solver(KineticSolver, delta)
    pairing = bench.device.forms.pairing
    assert pairing is not None
    node = pairing.node
    kept_step, before, amplitudes = bench.kept.get("driven", (0, {}, {}))
    if kept_step != step:
        before, amplitudes = amplitudes, {}
        bench.kept["driven"] = step, before, amplitudes
    found = []
    for energy in energies:
        known = before if energy in before else before | amplitudes
        start = None
        if known:
            start = from_frame(*frame(*known[min(known, key=lambda e: abs(e - energy))]))
        state, report = solver.solve(energy, start)
        source = np.zeros(node.size, dtype=complex)
        if state is not None:
            amplitudes[energy] = np.stack(riccati(state.g))
            g = state.g[node]
            k = keldysh(g, advanced(g), matrices(state.h[node] - solver.resting(energy)))
            lower = 0.5 * (k[:, 2, 0] + k[:, 3, 1])
            source = np.ascontiguousarray(-0.25 * (singlet(k) - np.conj(lower)))
        found.append((source, report))
    return found


def solve_driven_gap(
    device: Device,
    rule: MatsubaraRule,
    equilibrium: GapResult,
    each: Callable[[float], None] | None = None,
    workers: Workers | None = None,
) -> GapResult:
    """Self-consistent Δ between driven terminals, from the one in equilibrium.

    Args:
        device: with `forms.pairing`, of kind "nonequilibrium".
        rule: Matsubara rule of the reference temperature.
        equilibrium: of `solve_gap`, where the iteration starts.
        each: called with the relative change after every step.
        workers: where energies are solved; None for this process.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    scale = max(float(bcs_gap(1e-3 * float(tc), float(tc))) for tc in np.unique(pairing.tc))
    phase = np.exp(1j * device.initial_phase()[pairing.node])
    fixed = device.case.solve.fixed_phase or any(v.pinned for v in device.case.vortex)

    def kept(delta: Complex) -> Complex:
        return phase * np.real(delta * np.conj(phase)) if fixed else delta

    gap, mixing = DrivenGap(device, rule, workers), Anderson(MEMORY)
    tolerance = device.case.solve.energy_tolerance
    x, history = equilibrium.delta.astype(complex), list(equilibrium.history)
    converged = fine = False
    for _ in range(MOST_DRIVEN):
        f, fine = gap(x, history[-1])
        following = _complex(mixing.next(_real(x), _real(kept(f))))
        history.append(float(np.abs(mixing.r[-1]).max()) / scale)
        if each is not None:
            each(history[-1])
        converged = _error(mixing) <= tolerance * scale
        if converged or not all(r.ok for r in gap.reports):
            break
        x = following
    gap.workers.gather(forget, [("gap", "driven")] * gap.workers.count)
    reports = tuple(gap.reports)
    done = converged and fine and equilibrium.converged and all(r.ok for r in reports)
    return replace(equilibrium, delta=following, converged=done, history=tuple(history), reports=reports)


def _error(mixing: Anderson) -> float:
    """How far the fixed point is, by the slope between the last two steps: a slow map has small steps too."""
    residual = float(np.abs(mixing.r[-1]).max())
    if len(mixing.x) < 2:
        return residual if residual < 1e-12 else np.inf
    moved, changed = (float(np.abs(v[-1] - v[-2]).max()) for v in (mixing.x, mixing.r))
    return max(residual, residual * moved / max(changed, 1e-300))


def _real(z: Complex) -> Real:
    return np.ascontiguousarray(z).view(np.float64)


def _complex(x: Real) -> Complex:
    return np.ascontiguousarray(x).view(np.complex128)
