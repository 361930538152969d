"""One energy of a device for certain, and many energies in a row: warm starts, cold starts, continuation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.channels import Channels
from usadel_fem.physics.nambu import Complex
from usadel_fem.physics.spectral import density_of_states, positivity
from usadel_fem.solver.banded_sweep import BandedSweep
from usadel_fem.solver.channels import ChannelSolver
from usadel_fem.solver.extrapolation import Track
from usadel_fem.solver.newton import HINTS, EnergySolver, Options

LOWEST_DOS = -0.02
"""A density of states below this is no rounding or interpolation error."""

DOUBTFUL = -1e-9
"""A spectral matrix less positive than this asks for a check of the branch."""

LARGE, LARGEST = 3.0, 10.0
"""Above these |ǧ|, near gap edges, positive roots beside the physical one lie close to the normal state, and
to the solution at another energy."""

NEAR = 0.2
"""First |w| of a start from another energy below which it leads where that one was, to the same branch."""

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

    Within, a field is ǧ (N, 4, 4), or (C·N, 2, 2) where the device reduces to channels of spin.

    Attributes:
        device: forms, reservoirs, starting fields.
        delta: self-consistent Δ_p on `device.forms.pairing`, or None.
    """

    device: Device
    delta: Complex | None = None

    def __post_init__(self) -> None:
        device, options = self.device, options_of(self.device)
        dimension = device.space.dimension
        self.solver: EnergySolver | ChannelSolver
        self.channels: Channels | None = None
        if device.reduction is None:
            self.solver = EnergySolver(device.forms, device.nodes, dimension, options)
        else:
            self.channels = device.reduction.channels
            self.solver = ChannelSolver(device.reduction, device.nodes, dimension, options)

    def hold(self, delta: Complex | None) -> None:
        """Solve for another Δ_p from now on, with the options of the case."""
        self.delta, self.solver.options = delta, options_of(self.device)

    @property
    def banded(self) -> bool:
        """Whether many energies are solved together, as along a line."""
        line = self.device.space.dimension == 1 and self.device.forms.free.size > 0
        return line and self.solver.options.linear == "auto"

    @cached_property
    def along_a_line(self) -> BandedSweep:
        """Many energies at once, of a one-dimensional device."""
        return BandedSweep(self)

    def source(self, energy: complex, extra: float = 0.0) -> Complex:
        """Ω_i at ε + i·extra with the present Δ."""
        reservoirs = self.device.reservoirs(energy, extra)
        return action.source(self.device.forms, energy, self.delta, reservoirs, extra)

    def solve(self, energy: complex, start: Complex | None = None) -> tuple[Complex, EnergyReport]:
        """ǧ (N, 4, 4) at one energy, from a start of that shape or none: see `find`."""
        g, report = self.find(energy, None if start is None else self._field(start))
        return self._full(g), report

    def find(self, energy: complex, start: Complex | None = None) -> tuple[Complex, EnergyReport]:
        """The field at one energy: from `start`, else the normal state, else down from imaginary energies.

        The equation has other roots than the physical one, which alone is continuous from ε + i∞. A result
        whose spectral matrix is not positive is therefore checked by going that way, and so is what a start
        from the normal state or from far away finds near a gap edge.
        """
        tried: list[EnergyReport] = []
        unchecked: tuple[Complex, EnergyReport] | None = None
        for guess in [None] if start is None else [start, None]:
            g, report = self._attempt(energy, self.normal(energy) if guess is None else guess)
            tried.append(report)
            if report.ok and self.physical(g):
                if self._certain(g, report, cold=guess is None):
                    return g, _with_effort(report, tried)
                unchecked = g, report
            if report.ok:
                break
        g, report = self._continue(energy, tried)
        if unchecked is not None and not report.ok:
            g, report = unchecked
        if report.ok and density_of_states(g).min() < LOWEST_DOS:
            report = self._broken(g, report)
        return g, _with_effort(report, tried)

    @staticmethod
    def _certain(g: Complex, report: EnergyReport, cold: bool) -> bool:
        """Whether a positive result is the physical one, by where it is and how far from its start."""
        if not cold and max(report.residual_history, default=0.0) < NEAR:
            return True
        return bool(np.abs(g).max() < (LARGE if cold else LARGEST))

    @staticmethod
    def physical(g: Complex) -> NDArray[np.bool_]:
        """Whether no spectral matrix is doubtful, (...) for ǧ (N, ..., 4, 4)."""
        return np.asarray(positivity(g).min(axis=0) > DOUBTFUL)

    def _attempt(self, energy: complex, start: Complex, extra: float = 0.0) -> tuple[Complex, EnergyReport]:
        """Newton at ε + i·extra, the terminals included."""
        return self.solver.solve(energy, *self.prepared(energy, start, extra))

    def prepared(self, energy: complex, start: Complex, extra: float = 0.0) -> tuple[Complex, Complex]:
        """Ω_i at ε + i·extra and a start with the reservoirs' values, as fields."""
        reservoirs = self.device.reservoirs(energy, extra)
        start = start.reshape(-1, len(self.device.nodes), *start.shape[1:]).copy()
        for name, nodes in self.device.forms.pinned.items():
            start[:, nodes] = self._field(reservoirs[name][None])[:, None]
        omega = action.source(self.device.forms, energy, self.delta, reservoirs, extra, self.channels)
        return omega, start.reshape(-1, *start.shape[2:])

    def normal(self, energy: complex) -> Complex:
        """The field to start from where nothing is known."""
        return self._field(self.device.start(energy))

    def _field(self, x: Complex) -> Complex:
        """Matrices (n, 4, 4) as a field."""
        return x if self.channels is None else self.channels.project(x)

    def _full(self, field: Complex) -> Complex:
        return field if self.channels is None else self.channels.lift(field)

    def _broken(self, g: Complex, report: EnergyReport) -> EnergyReport:
        x, y, z = self.device.nodes[int(np.argmin(density_of_states(g))) % len(self.device.nodes)]
        outcome = Outcome.BROKEN_CAUSALITY
        return replace(report, outcome=outcome, location=(float(x), float(y), float(z)), hint=HINTS[outcome])

    def _continue(self, energy: complex, tried: list[EnergyReport]) -> tuple[Complex, EnergyReport]:
        """Follow the physical branch from ε + 3i scales down to ε, in steps as long as they succeed."""
        nearest = 0.1 * max(complex(energy).imag, self.device.broadening)
        extra, factor = FAR * self.device.largest_energy, SHRINK
        g, report = self._attempt(energy, self.normal(energy), extra)
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

        Along a line many at once: what is found then comes batch by batch.

        Args:
            energies: (n,).
            start: ǧ to start the first from, where `track` (along a line, what was found before) knows no
                better.
            track: of the energies before these; it is led on.
        """
        first = None if start is None else self._field(start)
        if self.banded:
            for index, g, report in self.along_a_line.run(energies, first):
                yield index, self._full(g), report
            return
        track = Track() if track is None else track
        for index, energy in enumerate(energies):
            guess = track.guess(energy)
            g, report = self.find(energy, first if guess is None else guess)
            if report.ok:
                track.add(energy, g)
            yield index, self._full(g), report

    def each(
        self, energies: Sequence[complex], starts: Sequence[Complex | None]
    ) -> Iterator[tuple[Complex, EnergyReport]]:
        """ǧ of energies in the given order, each from its own start, or else from results before it."""
        given = [self._field(start) for start in starts if start is not None]
        if self.banded and len(given) == len(starts):
            for g, report in self.along_a_line.each(np.array(energies), np.stack(given)):
                yield self._full(g), report
        elif self.banded:
            for _, g, report in self.sweep(energies):
                yield g, report
        else:
            last: Complex | None = None
            for energy, start in zip(energies, starts, strict=True):
                last, report = self.solve(energy, last if start is None else start)
                yield last, report


def _with_effort(report: EnergyReport, tried: list[EnergyReport]) -> EnergyReport:
    """The last report with the work of all attempts."""
    return replace(
        report,
        newton_iterations=sum(r.newton_iterations for r in tried),
        krylov_iterations=sum(r.krylov_iterations for r in tried),
        seconds=sum(r.seconds for r in tried),
    )
