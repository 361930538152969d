"""What the terminals impose as time goes on: potentials of charge and spin times a signal, and its jumps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from usadel_fem.case.expressions import Signal
from usadel_fem.case.physical import Terminal
from usadel_fem.errors import Problem
from usadel_fem.physics.keldysh import CHARGE, SPIN
from usadel_fem.physics.nambu import Real

SAMPLES = 2000
"""Intervals of the whole time in which a signal may jump once each."""

BISECTIONS = 40
JUMP = 1e-6
"""Of the largest value of a signal: what it changes by within 2^−40 of an interval is a jump."""

ASIDE = 1e-10
"""Of the whole time: distance from a jump at which its two sides are read."""

DIFFERENCE = 1e-5
"""Of a piece: distance of the times that its derivatives are taken from."""

Piece = tuple[float, float]
"""From one jump to the next."""


@dataclass(frozen=True)
class Drive:
    """Terminal → potentials in the eight components of ĥ, V on τ₃ and V_s on σ, with its signal.

    Attributes:
        potentials: (8,) of each terminal, without the signal.
        signals: of the terminals that have one.
        stop: the last time.
    """

    potentials: Mapping[str, Real]
    signals: Mapping[str, Signal]
    stop: float

    @classmethod
    def of(cls, terminals: Mapping[str, Terminal], stop: float) -> Drive:
        potentials = {}
        for name, terminal in terminals.items():
            value = np.zeros(8)
            value[CHARGE], value[SPIN] = terminal.voltage, terminal.spin_voltage
            potentials[name] = value
        return cls(potentials, {n: t.signal for n, t in terminals.items() if t.signal is not None}, stop)

    def at(self, time: float) -> dict[str, Real]:
        """Potentials (8,) of every terminal."""
        return {
            name: value * float(self.signals[name](time)) if name in self.signals else value
            for name, value in self.potentials.items()
        }

    def inside(self, time: float, piece: Piece) -> dict[str, Real]:
        """The same, with jumps at the ends of the piece kept out."""
        start, end = self._smooth(piece)
        return self.at(min(max(time, start), end))

    def rate(self, time: float, piece: Piece) -> dict[str, Real]:
        """Time derivative of the potentials: that of the parabola through three close times of the piece."""
        start, end = self._smooth(piece)
        step = DIFFERENCE * (end - start)
        middle = min(max(time, start + step), end - step)
        near = [self.at(middle + k * step) for k in (-1, 0, 1)]
        found = {}
        for name in self.potentials:
            low, here, high = (values[name] for values in near)
            bend = (min(max(time, start), end) - middle) * (low - 2 * here + high) / step**2
            found[name] = (high - low) / (2 * step) + bend
        return found

    def _smooth(self, piece: Piece) -> Piece:
        aside = min(ASIDE * self.stop, 0.1 * (piece[1] - piece[0]))
        return piece[0] + aside, piece[1] - aside

    def _samples(self) -> Real:
        return np.linspace(0.0, self.stop, SAMPLES + 1)

    @property
    def amplitude(self) -> float:
        """The largest potential of a terminal at any time."""
        found = [0.0]
        for name, value in self.potentials.items():
            signal = self.signals.get(name)
            largest = 1.0 if signal is None else float(np.abs(signal(self._samples())).max())
            found += [largest * abs(value[CHARGE]), largest * float(np.linalg.norm(value[SPIN]))]
        return max(found)

    def jumps(self) -> list[float]:
        """Times in (0, stop) where a signal jumps: intervals halved towards the larger change.

        >>> Drive({}, {"left": Signal("1 if t < 0.3 else 2 - t")}, 0.83).jumps()
        [0.3...]
        """
        found: set[float] = set()
        for signal in self.signals.values():
            t = self._samples()
            low, high = t[:-1], t[1:]
            for _ in range(BISECTIONS):
                middle = 0.5 * (low + high)
                left = np.abs(signal(middle) - signal(low)) >= np.abs(signal(high) - signal(middle))
                low, high = np.where(left, low, middle), np.where(left, middle, high)
            change = np.abs(signal(high) - signal(low))
            jumped = high[change > JUMP * np.abs(signal(t)).max()]
            found |= {float(x) for x in jumped if ASIDE * self.stop < x < (1 - ASIDE) * self.stop}
        merged: list[float] = []
        for x in sorted(found):
            if not merged or x - merged[-1] > ASIDE * self.stop:
                merged.append(x)
        return merged

    def problems(self) -> list[Problem]:
        """Signals that are not finite at all times."""
        found = []
        for name, signal in self.signals.items():
            values, t = signal(self._samples()), self._samples()
            wrong = np.flatnonzero(~np.isfinite(values))
            if wrong.size:
                hint = f"its value at t = {t[wrong[0]]:g} is {values[wrong[0]]}"
                rule = "must be a finite real number from t = 0 to solve.time.stop"
                found.append(Problem(f"terminal.{name}.signal", rule, f'"{signal.text}"', hint))
        return found
