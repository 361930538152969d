"""`kind = "nonequilibrium"`: a grid of real energies that refines itself, and what is integrated over it.

Terminal currents, and the charge and spin that are driven inside, steer the grid; fields are summed on it
when it is done.  The part of ĥ that is tanh(ε/2T)
is left to Matsubara frequencies, which need no Γ and have no tail: without bias the results of
kind = "equilibrium" remain, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from usadel_fem.device import Device, at_voltages
from usadel_fem.io.result import ResultWriter
from usadel_fem.labelled import Observable
from usadel_fem.observables.defects import Defects, DefectsAt
from usadel_fem.observables.equilibrium import EquilibriumSums
from usadel_fem.observables.kinetic import KineticFields, conductances, terminal_scalars
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.keldysh import CHARGE, ENERGY, SPIN
from usadel_fem.physics.matsubara import MatsubaraRule
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.progress import Progress
from usadel_fem.series import InMemory
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.kinetic import KineticSolver, KineticState
from usadel_fem.solver.panels import Group, Integral, integrate
from usadel_fem.solver.pool import Workers
from usadel_fem.solver.window import bias, edges
from usadel_fem.solver.worker import Change

SETTLING = 20
"""Newton steps for the voltages of floating terminals."""

LEAST = 1e-4
"""Part of what terminals could drive into the device that counts as nothing where the grid is refined."""

BALANCED = ("charge", "spin_x", "spin_y", "spin_z", "energy")
_ROWS = [CHARGE, *range(8)[SPIN], ENERGY]


@dataclass
class KineticRun:
    """One device out of equilibrium.

    Attributes:
        device: what is solved.
        rule: the Matsubara rule of the equilibrium part.
        delta: self-consistent Δ_p or None.
        workers: where energies are solved.
        writer: where energies are kept; None keeps them in memory.
        progress: is told of every energy.
        change: of the terminals of the workers' device, where this one's were changed.
        trial: whether only the integrals count; ǧ and ĥ are not kept.
    """

    device: Device
    rule: MatsubaraRule
    delta: Complex | None
    workers: Workers
    writer: ResultWriter | None
    progress: Progress
    change: Change = None
    trial: bool = False
    energies: list[float] = field(default_factory=list)
    reports: list[EnergyReport] = field(default_factory=list)
    kept: list[tuple[Complex, Real] | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    converged: bool = True

    def __post_init__(self) -> None:
        self.solver = KineticSolver(self.device, self.delta)
        self.terminals = list(self.device.case.terminal)
        self.currents: dict[float, Real] = {}
        self.spectral: dict[float, Real] = {}
        self.imbalance = np.zeros(8)
        self.largest = 0.0
        self.slopes: dict[float, Real] = {}
        self.noise: dict[float, float] = {}
        self.stored: dict[float, Real] = {}
        solve, terminals = self.device.case.solve, self.device.case.terminal
        self.swept = [n for n, t in terminals.items() if solve.conductance and not t.Delta]
        self.integrated: KineticState | None = None
        self.defects = Defects()

    def run(self) -> dict[str, Observable | dict[str, Observable]]:
        """Solve everything; labelled observables in rising order of the energies."""
        if self.writer is not None:
            self._recall(self.writer)
        found = self.integral()
        self.order = np.argsort(self.energies)
        if self.writer is not None:
            self.writer.write_order(self.order)
        self._judge(found)
        return self._observables(found)

    def integral(self) -> Integral:
        """Integrals over energy: currents and conductances as `_integrand` orders them."""
        solve = self.device.case.solve
        self.progress.start(None, "energies")
        if self.device.normal:
            self._evaluate(sorted(e.real for e in solve.energies or ()))
            return self._at_once()
        return integrate(
            self._evaluate,
            edges(self.device, self.delta),
            solve.energy_tolerance,
            solve.max_energies,
            (Group(slice(0, -6), -2), Group(slice(-6, -2), -1)),
        )

    def charges(self, found: Integral) -> tuple[Real, Real]:
        """Driven charge currents (t,) of the terminals, and ∂I_a/∂V_b (swept b, t)."""
        count, width = 5 * len(self.terminals), len(self.swept) * len(self.terminals)
        slopes = found.value[count : count + width].reshape(-1, len(self.terminals)) / bias(self.device)
        return found.value[:count].reshape(-1, 5)[:, 0], slopes

    def _at_once(self) -> Integral:
        """The normal state: the integral over energy is one linear solve."""
        state, report = self.solver.solve_at_once()
        self.progress.advance(report)
        value, slopes = np.zeros((len(self.terminals), 5)), np.zeros(len(self.swept) * len(self.terminals))
        if state is None:
            self.converged = False
            self.notes.append(f"all energies at once: {report}")
        else:
            self.integrated = state
            self.imbalance = np.maximum(self.imbalance, state.imbalance)
            self.largest = max((float(np.abs(c).max()) for c in state.driven.values()), default=0.0)
            value = -np.array([state.driven[n][_ROWS] for n in self.terminals]).reshape(value.shape)
            value[:, 4] /= bias(self.device)
            slopes = -bias(self.device) * self._charge_slopes(state).ravel()
        none = np.zeros(0)
        return Integral(none, none, np.concatenate([value.ravel(), slopes]), 0.0, True)

    def _charge_slopes(self, state: KineticState) -> Real:
        """¼ Tr τ₃ of currents per voltage, (swept terminals, terminals)."""
        shape = (len(self.swept), len(self.terminals))
        return np.array([state.slopes[n][:, CHARGE] for n in self.swept]).reshape(shape)

    def _recall(self, writer: ResultWriter) -> None:
        """Go on with the energies that an interrupted run left; those that failed are tried again."""
        for place, (energy, kept) in enumerate(writer.written()):
            if kept:
                g, h = writer.stored(place)
                state = self.solver.measure(energy.real, g, h)
                self._take(state, energy.real, writer.report(place), stored=True)
            else:
                self._take(*self._again(energy.real))

    def _again(self, energy: float) -> tuple[KineticState | None, float, EnergyReport]:
        state, report = self.solver.solve(energy)
        return state, energy, report

    def _evaluate(self, new: list[float]) -> Mapping[float, Real]:
        """Integrands at new energies; those that failed count as zero and are reported."""
        todo = [e for e in new if e not in self.currents]
        energies = np.array(todo, dtype=complex)
        found = self.workers.sweep(KineticSolver, self.delta, energies, range(len(todo)), self.change)
        for index, state, report in found:
            self._take(state, todo[index], report)
        return {e: self._integrand(e) for e in new}

    def _integrand(self, energy: float) -> Real:
        """Driven currents of charge, spin and energy at every terminal, conductances, sums, and floors, (m,).

        Energy stands over its scale and conductances by it: all are of the size of the charge current. The
        sums of the driven charge and spin in the device steer the grid for the fields. The floors keep it
        from being refined for rounding errors of what vanishes.
        """
        scale = np.array([1.0, 1.0, 1.0, 1.0, energy / bias(self.device)])
        currents = -self.currents[energy][:, _ROWS] * scale
        slopes = -bias(self.device) * self.slopes[energy].ravel()
        *sums, most = self.stored[energy]
        floors = [self.noise[energy] / self.device.case.solve.energy_tolerance, LEAST * most]
        return np.concatenate([currents.ravel(), slopes, sums, floors])

    def _take(
        self, state: KineticState | None, energy: float, report: EnergyReport, stored: bool = False
    ) -> None:
        place = len(self.energies)
        self.energies.append(energy)
        self.reports.append(report)
        self.progress.advance(report)
        driven = np.zeros((len(self.terminals), 8))
        total = np.full_like(driven, np.nan)
        slopes, noise, stored_ = np.zeros((len(self.swept), len(self.terminals))), 0.0, np.zeros(5)
        if state is not None:
            noise, stored_ = state.noise, state.stored
            driven = np.array([state.driven[n] for n in self.terminals]).reshape(driven.shape)
            total = driven + np.array([state.resting[n] for n in self.terminals]).reshape(driven.shape)
            slopes = self._charge_slopes(state)
            self.imbalance = np.maximum(self.imbalance, state.imbalance)
            self.defects.add(DefectsAt.of(state.g))  # `_judge` knows what is conserved
        self.currents[energy], self.spectral[energy], self.slopes[energy] = driven, total, slopes
        self.noise[energy], self.stored[energy] = noise, stored_
        if self.trial:
            return
        if self.writer is None:
            self.kept.append(None if state is None else (state.g, state.h))
        elif not stored:
            g, h = (None, None) if state is None else (state.g, state.h)
            self.writer.write_energy(place, complex(energy), g, report, h)

    def fields(self, place: int) -> tuple[Complex, Real] | None:
        """ǧ^R and ĥ of an energy, by the order in which it was solved."""
        if not self.reports[place].ok:
            return None
        return self.kept[place] if self.writer is None else self.writer.stored(place)

    def _judge(self, found: Integral) -> None:
        if found.points.size:
            self.notes.append(
                f"{found.points.size} energies up to {found.points[-1]:.4g}; estimated error "
                f"{found.error:.1e} of the largest terminal current, and of the charge and spin driven inside"
            )
        else:
            self.notes.append("the normal state: all energies at once, by one linear solve")
        if not found.fine:
            self.converged = False
            self.notes.append(
                "the grid of energies did not reach solve.energy_tolerance: raise solve.max_energies, "
                "or the broadening"
            )
        if not all(report.ok for report in self.reports):
            self.notes.append("the integrals leave out the energies that failed")
        largest = max([self.largest, *(float(np.abs(c).max()) for c in self.currents.values())])
        for name, row in zip(BALANCED, _ROWS, strict=True):
            self.defects.conservation[name] = float(self.imbalance[row]) / largest if largest else 0.0

    def _equilibrium(self) -> dict[str, Observable | Mapping[str, Observable]]:
        """The Matsubara sums of the temperature of [solve]."""
        sums = EquilibriumSums(self.device, self.rule, self.delta)
        if self.device.normal:
            return dict(sums.observables())
        frequencies = 1j * self.rule.frequencies
        self.progress.start(frequencies.size, "Matsubara frequencies")
        todo, change = range(frequencies.size), self.change
        for index, found, report in self.workers.sweep(
            DeviceSolver, self.delta, frequencies, todo, change, sums.observer
        ):
            self.progress.advance(report)
            if report.ok:
                sums.add(index, found.values)
            else:
                self.converged = False
                self.notes.append(str(report))
        return dict(sums.observables())

    def _observables(self, found: Integral) -> dict[str, Observable | dict[str, Observable]]:
        rest = self._equilibrium()
        fields = KineticFields(self.device)
        self.progress.start(found.points.size, "integrals")
        place = {e: i for i, e in enumerate(self.energies)}
        for energy, weight in zip(found.points.tolist(), found.weights.tolist(), strict=True):
            kept = self.fields(place[energy])
            if kept is not None and weight:
                fields.add(weight, energy, kept[0], kept[1] - self.solver.resting(energy))
            self.progress.advance(f"energy {energy:.4g}")
        if self.integrated is not None:
            fields.add(1.0, 1.0, self.integrated.g, self.integrated.h)
        plain = {name: v for name, v in rest.items() if isinstance(v, Observable)}
        value = found.value[: 5 * len(self.terminals)].reshape(-1, 5)
        slopes = self.charges(found)[1]
        charge, spin = _labelled(rest, "terminal_current"), _labelled(rest, "terminal_spin_current")
        observables: dict[str, Observable | dict[str, Observable]] = {
            **fields.observables(plain),
            **terminal_scalars(
                self.device,
                {n: float(charge[n]) + value[i, 0] for i, n in enumerate(self.terminals)},
                {n: np.asarray(spin[n]) + value[i, 1:4] for i, n in enumerate(self.terminals)},
                {n: value[i, 4] * bias(self.device) for i, n in enumerate(self.terminals)},
            ),
            "terminal_spectral_current": self._spectra(),
            "integration_error": Observable(
                found.error, description="estimated error of the integrals that steer the grid, relative"
            ),
        }
        if "distribution" in (self.device.case.output.fields or ()):
            observables["distribution"] = self._distributions()
        if self.swept:
            observables["terminal_conductance"] = conductances(
                self.device, self.terminals, self.swept, slopes
            )
        return observables

    def _distributions(self) -> Observable:
        """ĥ at every energy, (n, N, 8), NaN where it failed: large, and made only where it is asked for."""
        make = InMemory if self.writer is None else self.writer.series
        table = make("distribution", (len(self.order), self.device.space.size, 8), float)
        for i, place in enumerate(self.order.tolist()):
            kept = self.fields(place)
            if kept is not None:
                table[i] = kept[1]
        text = "distribution ĥ on τ₀(1, σ_x, σ_y, σ_z), τ₃(1, σ_x, σ_y, σ_z)"
        return Observable(table.read(), ("energy", "node", "kind"), "", text, "node")

    def _spectra(self) -> dict[str, Observable]:
        unit = f"N_F energy·length^{self.device.space.dimension}"
        text = "Keldysh matrix current into the device, c in Σ c_αB_α; the current is −∫₀^∞ c dε"
        table = np.array([self.spectral[self.energies[i]] for i in self.order])
        table = table.reshape(len(self.order), len(self.terminals), 8)
        return {
            name: Observable(table[:, i], ("energy", "kind"), unit, text, "energy")
            for i, name in enumerate(self.terminals)
        }


def _labelled(
    rest: Mapping[str, Observable | Mapping[str, Observable]], name: str
) -> Mapping[str, Observable]:
    found = rest[name]
    assert not isinstance(found, Observable)
    return found


def settle(device: Device, run: Callable[[Device, Change], KineticRun]) -> tuple[Device, Change, bool]:
    """The device with the voltages at which no charge flows through its floating terminals.

    Newton with the differential conductances: exact after one step in the normal state.

    Args:
        run: builds what solves a device that differs so from the workers'.

    Returns:
        the device, how it differs, and whether the currents vanish to `energy_tolerance` of the largest.
    """
    terminals = device.case.terminal
    floating = [name for name, t in terminals.items() if t.floating]
    if not floating:
        return device, None, True
    tolerance = device.case.solve.energy_tolerance
    voltages, settled = dict.fromkeys(floating, 0.0), False
    for _ in range(SETTLING):
        trial = run(at_voltages(device, voltages, True), (tuple(voltages.items()), True))
        currents, slopes = trial.charges(trial.integral())
        rows = [trial.terminals.index(name) for name in floating]
        columns = [trial.swept.index(name) for name in floating]
        step = -np.linalg.solve(slopes[np.ix_(columns, rows)].T, currents[rows])
        voltages = {n: v + float(s) for (n, v), s in zip(voltages.items(), step, strict=True)}
        small = np.abs(step).max() <= 0.1 * tolerance * bias(trial.device)
        settled = bool(small) or (device.normal and trial.converged)
        if settled:
            break
    conductance = device.case.solve.conductance
    change = tuple(voltages.items()), conductance
    return at_voltages(device, voltages, conductance), change, settled
