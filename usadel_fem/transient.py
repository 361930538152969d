"""[solve.time]: charge and spin of a normal device from t = 0 on, Eqs. (79)–(81) with −S/τ_so in (79).

    ∂_tS^a + ∂_kJ^a_k = −S^a/τ_so − 2(h×S)^a,   ∂_tn + ∂_kJ_k = 0,   n = 2N_Fμ,  S = 2N_Fμ_s,

by the nodal equations of the stationary state with a mass matrix.  Nothing depends on energy, so that the
potentials μ and μ_s, integrals of ĥ over energy, are all that is followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from usadel_fem.case.expressions import evaluate
from usadel_fem.case.units import reduced_unit
from usadel_fem.device import Device
from usadel_fem.errors import CaseError
from usadel_fem.keldysh import KineticOperator
from usadel_fem.labelled import Observable
from usadel_fem.normal import ACTIVE, NormalOperator, eight
from usadel_fem.observables.kinetic import AXES, ElementCurrents
from usadel_fem.observables.points import nodal_average
from usadel_fem.physics.keldysh import CHARGE, SPIN, keldysh, matrices
from usadel_fem.physics.nambu import Real
from usadel_fem.progress import Progress
from usadel_fem.series import InMemory, NewSeries, Series
from usadel_fem.solver.drive import Drive
from usadel_fem.solver.energies import options_of
from usadel_fem.solver.kinetic import HINT, KineticSolver
from usadel_fem.solver.stages import StageSolver
from usadel_fem.solver.transient import Integrator, Snapshot

TIME = "ħ/energy"

CURRENT_OF = {"charge_current": "charge", **{f"spin_current_{axis}": f"S_{axis}" for axis in AXES}}


@dataclass
class TransientRun:
    """One device in time.

    Attributes:
        device: what is solved.
        progress: is told of every time.
        make: begins a series of fields.
        notes, conservation, converged: what the summary is to say.
    """

    device: Device
    progress: Progress
    make: NewSeries = InMemory
    notes: list[str] = field(default_factory=list)
    conservation: dict[str, float] = field(default_factory=dict)
    converged: bool = True

    def __post_init__(self) -> None:
        asked = self.device.case.solve.time
        assert asked is not None
        self.asked = asked
        self.drive = Drive.of(self.device.case.terminal, asked.stop)
        self.solver = KineticSolver(self.device)
        self.operator: KineticOperator = self.solver.normal_operator()

    def run(self) -> dict[str, Observable | dict[str, Observable]]:
        """Integrate from 0 to `stop`; labelled observables of the times that were reached."""
        device, asked = self.device, self.asked
        problems = self.drive.problems()
        if problems:
            raise CaseError(problems)
        start = self._start()
        amplitude = max(self.drive.amplitude, _largest(start)) or 1.0
        direct = device.case.solve.linear == "direct"
        forms = device.forms
        stages = StageSolver(
            NormalOperator.of(self.operator), forms.near, device.space.dimension, amplitude, direct
        )
        integrator = Integrator(stages, self.drive, forms.pinned, amplitude, asked.tolerance, asked.max_steps)
        self.progress.start(len(asked.times), "times")
        fields = TransientFields(device, self.operator, len(asked.times), self.make)
        kept: list[Snapshot] = []
        for snapshot in integrator.run(start, asked.times.tolist()):
            fields.add(len(kept), snapshot.value)
            kept.append(replace(snapshot, value=np.zeros((0, 4))))
            self.progress.advance(f"t = {snapshot.time:.4g}, {integrator.steps} steps")
        self._judge(integrator, kept, amplitude)
        return self._observables(kept, integrator, fields)

    def _start(self) -> Real:
        """μ (N, 4) at t = 0: at rest or stationary, and the fields of the case."""
        device, asked = self.device, self.asked
        value = np.zeros((device.forms.size, 4))
        if asked.start == "steady":
            value = self._steady()
        place, axes = device.nodes.T, device.space.axes
        for k in range(3):
            value[:, k] += evaluate(asked.spin_voltage[k], place, axes, f"solve.time.spin_voltage[{k}]")
        value[:, 3] += evaluate(asked.voltage, place, axes, "solve.time.voltage")
        return value

    def _steady(self) -> Real:
        """The stationary state of the terminals as they are at t = 0."""
        device, outside = self.device, self.drive.inside(0.0, (0.0, self.asked.stop))
        system, options = self.solver.system(self.operator), options_of(device)
        held = self.solver.held(outside)
        found = system.solve(held, outside, None, options.linear == "direct", options.direct_below)
        if not found.ok:
            self.converged = False
            self.notes.append(f"the stationary state to start from could not be solved; try: {HINT}")
        return np.ascontiguousarray(found.h[:, ACTIVE])

    def _judge(self, integrator: Integrator, kept: list[Snapshot], amplitude: float) -> None:
        """Balances of what is stored against what came in, relative to what the device could hold."""
        if integrator.reason:
            self.converged = False
            self.notes.append(f"{integrator.reason}; the run ended before t = {self.asked.stop:g}")
        worst = np.zeros(4)
        for snapshot in kept:
            came = sum(snapshot.transferred.values(), np.zeros(4))
            came[:3] += snapshot.torque[:3]
            worst = np.maximum(worst, np.abs(snapshot.stored - integrator.before - came))
        worst /= amplitude * integrator.counts.sum()
        self.conservation = dict(zip(("spin_x", "spin_y", "spin_z", "charge"), worst.tolist(), strict=True))
        self.notes.append(
            f"{integrator.steps} steps in time, {integrator.rejected} rejected, {integrator.iterations} "
            f"Krylov iterations; estimated error of the potentials {integrator.error:.1e} of the largest"
        )
        units = self.device.case.units
        if units is not None:
            one = reduced_unit("time", units.energy, units.length) * 1e12
            self.notes.append(f"times are in units of ħ/{units.energy} = {one:.6g} ps")

    def _observables(
        self, kept: list[Snapshot], integrator: Integrator, fields: TransientFields
    ) -> dict[str, Observable | dict[str, Observable]]:
        return {
            "time": Observable(np.array([s.time for s in kept]), ("time",), TIME, "time", "time"),
            **fields.observables(len(kept)),
            **self._terminals(kept),
            **self._totals(kept),
            "time_steps": Observable(integrator.steps, description="steps in time"),
            "rejected_steps": Observable(integrator.rejected, description="steps that were repeated shorter"),
            "integration_error": Observable(
                integrator.error,
                description="estimated error of the potentials (rms), relative to the largest",
            ),
        }

    def _terminals(self, kept: list[Snapshot]) -> dict[str, dict[str, Observable]]:
        """Currents into the device through each terminal, and their integrals from t = 0."""
        length = f"length^{self.device.space.dimension}"
        current, moved = f"N_F energy²·{length}", f"N_F energy·{length}"
        names = list(self.drive.potentials)

        def table(name: str, what: str) -> Real:
            return np.array([getattr(s, what)[name] for s in kept]).reshape(-1, 4)

        def charge(what: str, unit: str, text: str) -> dict[str, Observable]:
            return {n: Observable(table(n, what)[:, 3], ("time",), unit, text, "time") for n in names}

        def spin(what: str, unit: str, text: str) -> dict[str, Observable]:
            dims = ("time", "component")
            return {n: Observable(table(n, what)[:, :3], dims, unit, text, "time") for n in names}

        return {
            "terminal_current": charge("currents", current, "charge current into the device"),
            "terminal_spin_current": spin("currents", current, "spin current into the device"),
            "terminal_charge": charge("transferred", moved, "charge that came in since t = 0"),
            "terminal_spin": spin("transferred", moved, "spin that came in since t = 0"),
        }

    def _totals(self, kept: list[Snapshot]) -> dict[str, Observable]:
        """What the device holds, and what relaxation and torques gave it."""
        unit = f"N_F energy·length^{self.device.space.dimension}"
        stored = np.array([s.stored for s in kept]).reshape(-1, 4)
        torque = np.array([s.torque[:3] for s in kept]).reshape(-1, 3)
        dims = ("time", "component")
        return {
            "total_charge": Observable(stored[:, 3], ("time",), unit, "charge in the device", "time"),
            "total_spin": Observable(
                stored[:, :3], dims, unit, "spin in the device, less the Pauli part 2N_F h", "time"
            ),
            "spin_given": Observable(
                torque, dims, unit, "spin given by relaxation, precession and interfaces since t = 0", "time"
            ),
        }


class TransientFields:
    """Densities and currents at one time after another.

    Args:
        device: the device.
        operator: the kinetic operator of the normal state.
        times: how many.
        make: begins a series.
    """

    def __init__(self, device: Device, operator: KineticOperator, times: int, make: NewSeries) -> None:
        self.operator, self.currents = operator, ElementCurrents(device)
        self.n_f, self.h = nodal_average(device, "N_F"), nodal_average(device, "exchange")
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(CURRENT_OF, (times, device.mesh.mesh.nelements, 3))
        shapes |= {"charge_density": (times, self.n_f.size), "spin_density": (times, self.n_f.size, 3)}
        self.series: dict[str, Series] = {name: make(name, shape, float) for name, shape in shapes.items()}

    def add(self, index: int, value: Real) -> None:
        """Take the potentials (N, 4) of a time."""
        self.series["charge_density"][index] = 2 * self.n_f * value[:, 3]
        self.series["spin_density"][index] = 2 * self.n_f[:, None] * (self.h + value[:, :3])
        r, a = self.operator.r, self.operator.a
        j, _ = self.currents(r, keldysh(r, a, matrices(eight(value))))
        self.series["charge_current"][index] = j[:, :, CHARGE]
        for axis, current in zip(AXES, np.moveaxis(j[:, :, SPIN], 2, 0), strict=True):
            self.series[f"spin_current_{axis}"][index] = current

    def observables(self, count: int) -> dict[str, Observable]:
        """Labelled fields of the times that were reached."""
        density, text = "N_F energy", "charge density, 2N_F times the electrochemical potential"
        read = {name: series.read(count) for name, series in self.series.items()}
        found = {
            "charge_density": Observable(read["charge_density"], ("time", "node"), density, text, "node"),
            "spin_density": Observable(
                read["spin_density"],
                ("time", "node", "component"),
                density,
                "spin density, Pauli part included",
                "node",
            ),
        }
        for name, what in CURRENT_OF.items():
            text = f"current density of {what} along x, y, z"
            dims = ("time", "cell", "component")
            found[name] = Observable(read[name], dims, "N_F energy²·length", text, "cell")
        return found


def _largest(value: Real) -> float:
    """The largest potential of charge or modulus of spin."""
    return float(max(np.abs(value[:, 3]).max(), np.linalg.norm(value[:, :3], axis=1).max()))
