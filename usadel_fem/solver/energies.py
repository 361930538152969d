"""One energy of a device for certain, and many energies in a row: warm starts, cold starts, continuation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.nambu import TAU3, Complex
from usadel_fem.physics.spectral import density_of_states, positivity
from usadel_fem.solver.extrapolation import Track
from usadel_fem.solver.newton import HINTS, EnergySolver, Options

LOWEST_DOS = -0.02
"""A density of states below this is no rounding or interpolation error."""

DOUBTFUL = -1e-9
"""A spectral matrix less positive than this asks for a check of the branch."""

FAR = 3.0
"""Continuation starts at ε + i·FAR energy scales, where every start leads to the physical branch."""

SHRINK = 0.3
"""Factor by which the extra imaginary energy falls; its root is tried where a stage fails."""

SLOWEST = 0.9
"""A factor closer to 1 than this is given up."""


def options_of(device: Device) -> Options:
    """Solver options of the case."""
    solve = device.case.solve
    return Options(
        tolerance=solve.tolerance,
        scale=device.largest_energy,
        max_iterations=solve.max_iterations,
        picard=solve.method == "picard",
        linear=solve.linear,
    )


@dataclass
class DeviceSolver:
    """Solves the device at one energy after another.

    Attributes:
        device: forms, reservoirs, starting fields.
        delta: self-consistent Δ_p on `device.forms.pairing`, or None.
    """

    device: Device
    delta: Complex | None = None

    def __post_init__(self) -> None:
        device = self.device
        self.solver = EnergySolver(device.forms, device.nodes, device.space.dimension, options_of(device))

    def hold(self, delta: Complex | None) -> None:
        """Solve for another Δ_p from now on, with the options of the case."""
        self.delta, self.solver.options = delta, options_of(self.device)

    def source(self, energy: complex, extra: float = 0.0) -> Complex:
        """Ω_i at ε + i·extra with the present Δ."""
        omega = action.source(self.device.forms, energy, self.delta, self.device.reservoirs(energy, extra))
        if extra:
            weight = self.device.forms.potentials(energy).weight
            omega -= extra * weight[:, None, None] * TAU3
        return omega

    def solve(self, energy: complex, start: Complex | None = None) -> tuple[Complex, EnergyReport]:
        """ǧ at one energy: from `start`, else from the normal state, else down from imaginary energies.

        The equation has other roots than the physical one, which alone is continuous from ε + i∞. A result
        whose spectral matrix is not positive is therefore checked by going that way.
        """
        tried: list[EnergyReport] = []
        starts = [self.device.start(energy)]
        if start is not None:
            starts.insert(0, start)
        for guess in starts:
            g, report = self._attempt(energy, guess)
            tried.append(report)
            if report.ok and positivity(g).min() > DOUBTFUL:
                return g, _with_effort(report, tried)
            if report.ok:
                break
        g, report = self._continue(energy, tried)
        if report.ok and density_of_states(g).min() < LOWEST_DOS:
            report = self._broken(g, report)
        return g, _with_effort(report, tried)

    def _attempt(self, energy: complex, start: Complex, extra: float = 0.0) -> tuple[Complex, EnergyReport]:
        """Newton at ε + i·extra, the terminals included."""
        start = self.device.with_reservoirs(start, energy, extra)
        return self.solver.solve(energy, self.source(energy, extra), start)

    def _broken(self, g: Complex, report: EnergyReport) -> EnergyReport:
        x, y, z = self.device.nodes[int(np.argmin(density_of_states(g)))]
        outcome = Outcome.BROKEN_CAUSALITY
        return replace(report, outcome=outcome, location=(float(x), float(y), float(z)), hint=HINTS[outcome])

    def _continue(self, energy: complex, tried: list[EnergyReport]) -> tuple[Complex, EnergyReport]:
        """Follow the physical branch from ε + 3i scales down to ε, in steps as long as they succeed."""
        nearest = 0.1 * max(complex(energy).imag, self.device.broadening)
        extra, factor = FAR * self.device.largest_energy, SHRINK
        g, report = self._attempt(energy, self.device.start(energy), extra)
        tried.append(report)
        while report.ok or factor < SLOWEST:
            target = extra * factor if extra * factor > nearest else 0.0
            trial, report = self._attempt(energy, g, target)
            tried.append(report)
            if report.ok and target == 0.0:
                return trial, report
            if report.ok:
                g, extra = trial, target
            else:
                factor = np.sqrt(factor)
                if target == 0.0:
                    nearest *= 0.01
        return g, report

    def sweep(
        self, energies: Sequence[complex], start: Complex | None = None, track: Track | None = None
    ) -> Iterator[tuple[int, Complex, EnergyReport]]:
        """Energies in the given order, each from where the last that converged lead to.

        Args:
            energies: (n,).
            start: ǧ to start the first from, where `track` knows no better.
            track: of the energies before these; it is led on.
        """
        track = Track() if track is None else track
        for index, energy in enumerate(energies):
            guess = track.guess(energy)
            g, report = self.solve(energy, start if guess is None else guess)
            if report.ok:
                track.add(energy, g)
            yield index, g, report


def _with_effort(report: EnergyReport, tried: list[EnergyReport]) -> EnergyReport:
    """The last report with the work of all attempts."""
    return replace(
        report,
        newton_iterations=sum(r.newton_iterations for r in tried),
        krylov_iterations=sum(r.krylov_iterations for r in tried),
        seconds=sum(r.seconds for r in tried),
    )
