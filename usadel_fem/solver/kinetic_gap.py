"""The pair potential out of equilibrium: the gap equation with the driven part of ǧ^K.

    Δ [ln(T/T_c) + 2πT Σ 1/ω] = 2πT Σ (−if₀)(ω) − ¼ ∫ dε δf₀^K(ε),   δǧ^K = ǧ^Rδĥ − δĥǧ^A

The symmetry ǧ^K(−ε) = Xǧ^K(ε)*X gives f₀^K(−ε) = −(f̃₀^K)* with the lower left block, and leaves ε > 0.
The solution is followed from equilibrium; the grid of energies is made anew until it fits its Δ.
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
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.kinetic import KineticSolver, KineticState
from usadel_fem.solver.panels import integrate
from usadel_fem.solver.selfconsistency import (
    MEMORY,
    MOST_STEPS,
    Anderson,
    GapEquation,
    GapResult,
    inverse_sum,
)
from usadel_fem.solver.window import edges

ROUNDS = 6
"""Grids of energies that are tried."""


class DrivenGap:
    """The map Δ → Δ with the driven part on a grid of real energies."""

    def __init__(self, device: Device, rule: MatsubaraRule) -> None:
        self.device = device
        self.equation = GapEquation(device, rule)
        self.solver = KineticSolver(device)
        self.fields: dict[float, KineticState] = {}
        self.reports: list[EnergyReport] = []
        pairing = device.forms.pairing
        assert pairing is not None
        self.node = pairing.node
        t = rule.temperature
        self.inverse_coupling = np.log(t / pairing.tc) + 2 * np.pi * t * inverse_sum(rule)

    def on_grid(self, delta: Complex, points: Real, weights: Real, change: float) -> Complex:
        """The next Δ, on a grid that was made before."""
        equilibrium = self._begin(delta, change)
        driven = np.zeros(delta.size, dtype=complex)
        for energy, weight in zip(points.tolist(), weights.tolist(), strict=True):
            driven += weight * self._source(energy)
        return equilibrium + driven / self.inverse_coupling

    def adaptive(self, delta: Complex, change: float) -> tuple[Complex, Real, Real]:
        """The next Δ, and the points and weights of the grid that fits this Δ."""
        equilibrium = self._begin(delta, change)
        solve = self.device.case.solve

        def evaluate(new: list[float]) -> Mapping[float, Real]:
            return {e: np.ascontiguousarray(self._source(e)).view(np.float64) for e in new}

        found = integrate(evaluate, edges(self.device), solve.energy_tolerance, solve.max_energies)
        driven = np.ascontiguousarray(found.value).view(np.complex128)
        return equilibrium + driven / self.inverse_coupling, found.points, found.weights

    def _begin(self, delta: Complex, change: float) -> Complex:
        self.solver.spectral.delta = delta
        self.reports = []
        equilibrium = self.equation(delta, change)
        self.reports += self.equation.reports
        return equilibrium

    def _source(self, energy: float) -> Complex:
        """−¼ (f₀^K − (f̃₀^K)*) of the driven part at the pairing nodes, (P,); 0 where it failed."""
        state, report = self.solver.solve(energy, self._nearest(energy))
        self.reports.append(report)
        if state is None:
            return np.zeros(self.node.size, dtype=complex)
        self.fields[energy] = state
        g = state.g[self.node]
        k = keldysh(g, advanced(g), matrices(state.h[self.node] - self.solver.resting(energy)))
        lower = 0.5 * (k[:, 2, 0] + k[:, 3, 1])
        return np.asarray(-0.25 * (singlet(k) - np.conj(lower)))

    def _nearest(self, energy: float) -> KineticState | None:
        if energy in self.fields or not self.fields:
            return self.fields.get(energy)
        return self.fields[min(self.fields, key=lambda e: abs(e - energy))]


def solve_driven_gap(
    device: Device,
    rule: MatsubaraRule,
    equilibrium: GapResult,
    tolerance: float = 1e-6,
    each: Callable[[float], None] | None = None,
) -> GapResult:
    """Self-consistent Δ between driven terminals, from the one in equilibrium.

    Args:
        device: with `forms.pairing`, of kind "nonequilibrium".
        rule: Matsubara rule of the reference temperature.
        equilibrium: of `solve_gap`, where the iteration starts.
        tolerance: on the change of Δ, relative to the largest bulk gap.
        each: called with the relative change after every step.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    scale = max(float(bcs_gap(1e-3 * float(tc), float(tc))) for tc in np.unique(pairing.tc))
    phase = np.exp(1j * device.initial_phase()[pairing.node])
    fixed = device.case.solve.fixed_phase or any(v.pinned for v in device.case.vortex)

    def kept(delta: Complex) -> Complex:
        return phase * np.real(delta * np.conj(phase)) if fixed else delta

    gap = DrivenGap(device, rule)
    x, history = equilibrium.delta.astype(complex), list(equilibrium.history)

    def note(f: Complex) -> float:
        history.append(float(np.abs(f - x).max()) / scale)
        if each is not None:
            each(history[-1])
        return history[-1]

    converged = False
    for _ in range(ROUNDS):
        f, points, weights = gap.adaptive(x, history[-1])
        converged = note(kept(f)) <= max(tolerance, device.case.solve.energy_tolerance)
        if converged or not all(r.ok for r in gap.reports):
            break
        mixing = Anderson(MEMORY)
        f = kept(f)
        for _ in range(MOST_STEPS):
            if history[-1] <= tolerance or not all(r.ok for r in gap.reports):
                break
            x = _complex(mixing.next(_real(x), _real(f)))
            f = kept(gap.on_grid(x, points, weights, history[-1]))
            note(f)
    reports = tuple(gap.reports)
    fine = converged and equilibrium.converged and all(r.ok for r in reports)
    return replace(equilibrium, delta=x, converged=fine, history=tuple(history), reports=reports)


def _real(z: Complex) -> Real:
    return np.ascontiguousarray(z).view(np.float64)


def _complex(x: Real) -> Complex:
    return np.ascontiguousarray(x).view(np.complex128)
