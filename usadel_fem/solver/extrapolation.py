"""Where to start Newton at the next energy of a sweep: Riccati amplitudes extrapolated along the energies.

γ(ε) is analytic away from gap edges; whether it is followed with a constant, a line or a parabola is decided
by which of them would have predicted the last result best.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from usadel_fem.physics.nambu import Complex, Real, frame, from_frame, riccati

HIGHEST = 2
"""Degree of the polynomials; more would amplify what the tolerance leaves."""


@dataclass
class Track:
    """The last results of a sweep."""

    _energies: list[complex] = field(default_factory=list, init=False)
    _amplitudes: list[Complex] = field(default_factory=list, init=False)
    _degree: int = field(default=0, init=False)

    def add(self, energy: complex, g: Complex) -> None:
        """A converged ǧ (n, 2s, 2s) at an energy; one that is there already starts the track anew."""
        if energy in self._energies:
            self._energies, self._amplitudes, self._degree = [], [], 0
        new = np.stack(riccati(g))
        misses = [
            float(np.linalg.norm(self._predicted(energy, degree) - new))
            for degree in range(min(len(self._energies), HIGHEST + 1))
        ]
        self._degree = int(np.argmin(misses)) if misses else 0
        self._energies = [*self._energies[-HIGHEST:], complex(energy)]
        self._amplitudes = [*self._amplitudes[-HIGHEST:], new]

    def guess(self, energy: complex) -> Complex | None:
        """ǧ to start from, (n, 2s, 2s), or None before the first result."""
        if not self._energies:
            return None
        return from_frame(*frame(*self._predicted(energy, self._degree)))

    def _predicted(self, energy: complex, degree: int) -> Complex:
        """Amplitudes (2, n, s, s) of the polynomial through the last degree + 1 results."""
        weights = lagrange_weights(np.array(self._energies[-degree - 1 :]), energy)
        total = np.zeros_like(self._amplitudes[-1])
        for weight, amplitude in zip(weights, self._amplitudes[-degree - 1 :], strict=True):
            total += weight * amplitude
        return total


def lagrange_weights(points: Complex, at: complex) -> Complex | Real:
    """Weights of the values at distinct points in their interpolation polynomial.

    >>> (lagrange_weights(np.array([0.0, 1.0, 2.0]), 3.0) + 0.0).real.tolist()
    [1.0, -3.0, 3.0]
    """
    gaps = points[:, None] - points + np.eye(points.size)
    away = np.where(np.eye(points.size, dtype=bool), 1.0, at - points)
    return np.prod(away / gaps, axis=1)
