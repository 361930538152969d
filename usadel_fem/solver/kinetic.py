"""Distributions at one real energy after another: ǧ^R by Newton, then ĥ by one linear solve.

ĥ = tanh(ε/2T) + δĥ with T the temperature of [solve].  The first part is in equilibrium and belongs to the
Matsubara sums; δĥ is what the terminals drive, and it ends exponentially above voltages and temperatures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from usadel_fem.device import Device
from usadel_fem.keldysh import KineticOperator
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.keldysh import (
    components,
    integrated_reservoir,
    integrated_slope,
    reservoir,
    voltage_slope,
)
from usadel_fem.physics.nambu import TAU3, Complex, Real
from usadel_fem.solver.energies import DeviceSolver, options_of
from usadel_fem.solver.extrapolation import Track
from usadel_fem.solver.kinetic_linear import KineticResult, KineticSystem

HINT = 'a larger broadening, a finer mesh, or linear = "direct"'


@dataclass(frozen=True)
class KineticState:
    """What is known at one real energy.

    Attributes:
        g: ǧ^R (N, 4, 4).
        h: ĥ (N, 8), tanh(ε/2T) included.
        driven: terminal → ¼ Tr B_α of the Keldysh matrix current into the device by δĥ, (8,).
        resting: the same by tanh(ε/2T): the spectral supercurrents.
        imbalance: largest |Σ| over the free nodes of each component of the balance, (8,).
        noise: rounding of the currents.
        stored: sums of the driven charge and spin over the device, and what they could be at most, (5,).
        slopes: terminal → ¼ Tr B_α of the currents into all terminals per voltage on that one, (t, 8), where
            conductances are asked for.
    """

    g: Complex
    h: Real
    driven: dict[str, Real]
    resting: dict[str, Real]
    imbalance: Real
    noise: float
    stored: Real
    slopes: dict[str, Real] = field(default_factory=dict)


@dataclass
class KineticSolver:
    """Solves the device out of equilibrium, energy by energy.

    Attributes:
        device: forms, terminals, case.
        delta: self-consistent Δ_p, or None.
    """

    device: Device
    delta: Complex | None = None

    def __post_init__(self) -> None:
        self.spectral = DeviceSolver(self.device, self.delta)
        temperature = self.device.case.solve.temperature
        assert temperature is not None
        self.temperature = temperature

    def hold(self, delta: Complex | None) -> None:
        """Solve for another Δ_p from now on, with the options of the case."""
        self.delta = delta
        self.spectral.hold(delta)

    def source(self, energy: complex) -> Complex:
        """Ω_i of ǧ^R."""
        return self.spectral.source(energy)

    def resting(self, energy: float) -> Real:
        """tanh(ε/2T) in components, (8,)."""
        return reservoir(energy, self.temperature)

    def outside(self, energy: float) -> dict[str, Real]:
        """δĥ (8,) of every reservoir: exactly zero where it is neither biased nor at another temperature."""
        rest = self.resting(energy)
        return {name: reservoir(energy, *self._bias(name)) - rest for name in self.device.case.terminal}

    def operator(self, energy: float, g: Complex) -> KineticOperator:
        """The kinetic operator at a converged ǧ^R."""
        omega, reservoirs = self.source(energy), self.device.reservoirs(energy)
        rate = self.device.case.solve.relaxation
        return KineticOperator.at(self.device.forms, g, omega, energy, reservoirs, rate)

    def solve(self, energy: float, start: Complex | None = None) -> tuple[KineticState | None, EnergyReport]:
        """ǧ^R and ĥ at one energy, from the ǧ^R of a near one."""
        g, report = self.spectral.solve(energy, start)
        if not report.ok:
            return None, report
        operator, outside = self.operator(energy, g), self.outside(energy)
        result = self._linear(operator, outside)
        report = replace(report, krylov_iterations=report.krylov_iterations + result.iterations)
        if not result.ok:
            return None, replace(report, outcome=Outcome.LINEAR_SOLVER_FAILED, hint=HINT)
        state = self._state(operator, energy, g, result.h, outside)
        slopes = {name: voltage_slope(energy, *self._bias(name)) for name in self._swept()}
        found = self._slopes(operator, slopes)
        if not all(np.isfinite(slope).all() for slope in found.values()):
            return None, replace(report, outcome=Outcome.LINEAR_SOLVER_FAILED, hint=HINT)
        return replace(state, slopes=found), report

    def _bias(self, name: str) -> tuple[float, float, tuple[float, float, float]]:
        t = self.device.case.terminal[name]
        return t.temperature or self.temperature, t.voltage, t.spin_voltage

    def _swept(self) -> list[str]:
        """Terminals whose voltage conductances are asked for: the normal ones."""
        case = self.device.case
        return [n for n, t in case.terminal.items() if not t.Delta] if case.solve.conductance else []

    def _slopes(self, operator: KineticOperator, slopes: dict[str, Real]) -> dict[str, Real]:
        """Currents per voltage on each terminal, one more linear solve each; NaN where it failed."""
        found = {}
        for swept, slope in slopes.items():
            outside = {name: slope * (name == swept) for name in self.device.case.terminal}
            result = self._linear(operator, outside)
            currents, _ = self.currents(operator, result.h, outside)
            slopes_ = np.array([currents[name] for name in self.device.case.terminal])
            found[swept] = slopes_ if result.ok else np.full_like(slopes_, np.nan)
        return found

    def solve_at_once(self) -> tuple[KineticState | None, EnergyReport]:
        """The normal state, where nothing depends on energy: ∫₀^∞ dε of δĥ by one linear solve.

        Components that are odd in ε (energy and its spin) are integrated with ε; see
        `physics.keldysh.integrated_reservoir`. h of the state is this integral.
        """
        began = time.perf_counter()
        operator, outside = self.normal_operator(), self.integrated_outside()
        g = operator.r
        result = self._linear(operator, outside)
        outcome = Outcome.CONVERGED if result.ok else Outcome.LINEAR_SOLVER_FAILED
        hint = "" if result.ok else HINT
        seconds = time.perf_counter() - began
        report = EnergyReport(
            0j, outcome, 1, result.iterations, (result.residual,), seconds, (0.0, 0.0, 0.0), hint
        )
        driven, balance = self.currents(operator, result.h, outside)
        imbalance = np.abs(balance[self.device.forms.free].sum(axis=0))
        resting = {name: np.zeros(8) for name in driven}
        slopes = self._slopes(operator, {n: integrated_slope(*self._bias(n)[1:]) for n in self._swept()})
        noise = self.system(operator).rounding(result.h)
        stored = self._stored(operator, result.h, outside)
        state = KineticState(g, result.h, driven, resting, imbalance, noise, stored, slopes)
        return state if result.ok else None, report

    def normal_operator(self) -> KineticOperator:
        """The operator at ǧ^R = τ₃, the same at every energy."""
        return self.operator(0.0, np.broadcast_to(TAU3, (self.device.forms.size, 4, 4)).copy())

    def integrated_outside(self) -> dict[str, Real]:
        """∫₀^∞ dε of δĥ of every reservoir, (8,)."""
        names = self.device.case.terminal
        return {name: integrated_reservoir(*self._bias(name), self.temperature) for name in names}

    def _linear(self, operator: KineticOperator, outside: dict[str, Real]) -> KineticResult:
        options = options_of(self.device)
        direct = options.linear == "direct"
        system = self.system(operator)
        return system.solve(self.held(outside), outside, None, direct, options.direct_below)

    def system(self, operator: KineticOperator, load: Real | None = None) -> KineticSystem:
        """The linear system of an operator on the free nodes."""
        return KineticSystem(operator, self.device.forms.near, self.device.space.dimension, load)

    def measure(self, energy: float, g: Complex, h: Real) -> KineticState:
        """The state that a stored ǧ^R and ĥ stand for."""
        operator = self.operator(energy, g)
        state = self._state(operator, energy, g, h - self.resting(energy), self.outside(energy))
        slopes = {name: voltage_slope(energy, *self._bias(name)) for name in self._swept()}
        return replace(state, slopes=self._slopes(operator, slopes))

    def _state(
        self, operator: KineticOperator, energy: float, g: Complex, h: Real, outside: dict[str, Real]
    ) -> KineticState:
        rest = self.resting(energy)
        driven, balance = self.currents(operator, h, outside)
        resting, _ = self.currents(operator, np.tile(rest, (h.shape[0], 1)), dict.fromkeys(outside, rest))
        imbalance = np.abs(balance[self.device.forms.free].sum(axis=0))
        noise = self.system(operator).rounding(h)
        return KineticState(
            g, h + rest, driven, resting, imbalance, noise, self._stored(operator, h, outside)
        )

    def _stored(self, operator: KineticOperator, h: Real, outside: dict[str, Real]) -> Real:
        """Sums of the driven charge and spin densities, and what they could be at most, (5,)."""
        weight = self.device.forms.lumped.weight
        total = weight @ components(operator.keldysh(h)[1])
        most = 2 * weight.sum() * max((float(np.abs(x).max()) for x in outside.values()), default=0.0)
        return np.array([total[0], *total[5:], most])

    def held(self, outside: dict[str, Real]) -> Real:
        """δĥ (N, 8) of the reservoirs at the nodes of transparent terminals, 0 elsewhere."""
        held = np.zeros((self.device.forms.size, 8))
        for name, nodes in self.device.forms.pinned.items():
            held[nodes] = outside[name]
        return held

    def currents(
        self, operator: KineticOperator, h: Real, outside: dict[str, Real]
    ) -> tuple[dict[str, Real], Real]:
        """¼ Tr B_α of the current into the device at each terminal, (8,), and of the whole balance."""
        balance = operator(h, outside)
        currents = {name: balance[nodes].sum(axis=0) for name, nodes in self.device.forms.pinned.items()}
        return currents | operator.contact_currents(h, outside), balance

    def sweep(
        self, energies: Sequence[complex], start: Complex | None = None, track: Track | None = None
    ) -> Iterator[tuple[int, KineticState | None, EnergyReport]]:
        """Real energies in the given order; see `DeviceSolver.sweep`."""
        track = Track() if track is None else track
        for index, energy in enumerate(energies):
            guess = track.guess(energy)
            state, report = self.solve(float(np.real(energy)), start if guess is None else guess)
            if state is not None:
                track.add(energy, state.g)
            yield index, state, report
