"""Critical temperature from the linearised gap equation: an eigenvalue problem, no bisection of full solves.

Around the normal state ǧ = τ₃ the response f₀ = iKΔ of every frequency is a linear solve, and T_c is the
highest temperature at which the operator 2πT Σ K / [ln(T/T_c0) + 2πT Σ 1/ω] has the eigenvalue 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from usadel_fem.device import Device
from usadel_fem.fem.forms import Pairing
from usadel_fem.physics.matsubara import MatsubaraRule, matsubara_rule
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.eigen import rightmost
from usadel_fem.solver.pool import Workers
from usadel_fem.solver.response import NormalState, Response
from usadel_fem.solver.selfconsistency import inverse_sum
from usadel_fem.solver.worker import Bench, forget

LOWEST = 1e-3
"""Temperatures below this part of the highest T_c0 count as no superconductivity."""

SHARED_ABOVE = 1000
"""Nodes above which the response is worth sending to workers, vector by vector."""

PRECISION = 1e-9
"""Residual of an eigenpair relative to the eigenvalue; ln T_c feels it some ten times."""

GENERIC = 0.005
"""Part of a vector without symmetry in the start: the mode of a symmetric device may be odd."""

SHORTEST, LONGEST = 0.1, 0.87
"""Steps of ln T on the way down to where superconductivity is."""

BEYOND = 1.2
"""How far such a step goes, in distances to where the excess is expected to vanish."""


@dataclass(frozen=True)
class CriticalTemperature:
    """T_c (0 without superconductivity) and the normalised Δ_p (P,) that appears there (None without)."""

    value: float
    mode: Complex | None


def critical_temperature(
    device: Device,
    tolerance: float = 1e-8,
    each: Callable[[float], None] | None = None,
    workers: Workers | None = None,
) -> CriticalTemperature:
    """Highest T at which an infinitesimal Δ solves the gap equation.

    Args:
        device: with self-consistent regions; no terminal may superconduct.
        tolerance: relative, on T.
        each: called with every temperature that is tried.
        workers: where frequencies are solved; None for this process.
    """
    workers = Workers(device) if workers is None or device.forms.size < SHARED_ABOVE else workers
    search = _Search(device, workers, each)
    found = search.highest_root(tolerance)
    workers.gather(forget, [("critical",)] * workers.count)
    if found is None:
        return CriticalTemperature(0.0, None)
    return CriticalTemperature(float(np.exp(found)), search.known[found][1])


class _Search:
    """The excess of the largest eigenvalue over 1 against ln T; each mode serves to start the next from."""

    def __init__(self, device: Device, workers: Workers, each: Callable[[float], None] | None) -> None:
        self.device, self.workers, self.each = device, workers, each
        self.mode = np.exp(1j * device.initial_phase()[_pairing(device).node])
        self.known: dict[float, tuple[float, Complex]] = {}

    def excess(self, log_t: float) -> float:
        """Near ln T_c/T, for a superconductor as a whole."""
        if log_t not in self.known:
            t = float(np.exp(log_t))
            if self.each is not None:
                self.each(t)
            value, self.mode = largest_eigenvalue(self.device, t, self.mode, self.workers)
            scale = float(inverse_coupling(self.device, t).mean())
            self.known[log_t] = (value - 1.0) * scale, self.mode
        return self.known[log_t][0]

    def highest_root(self, tolerance: float) -> float | None:
        """Down from the highest ln T_c0, in steps that get beyond the root if the excess is a line."""
        highest = float(np.log(_pairing(self.device).tc.max()))
        upper, above, slope = highest, self.excess(highest), -1.0
        if above >= 0:
            return highest
        while upper > highest + np.log(LOWEST):
            expected = BEYOND * above / slope if slope < 0 else LONGEST
            lower = upper - float(np.clip(expected, SHORTEST, LONGEST))
            below = self.excess(lower)
            if below > 0:
                return float(brentq(self.excess, lower, upper, xtol=tolerance, rtol=1e-14))
            slope, upper, above = (above - below) / (upper - lower), lower, below
        return None


def inverse_coupling(device: Device, temperature: float) -> Real:
    """ln(T/T_c0) + 2πT Σ 1/ω (P,)."""
    total = 2 * np.pi * temperature * inverse_sum(_rule(device, temperature))
    return np.asarray(np.log(temperature / _pairing(device).tc) + total)


def _pairing(device: Device) -> Pairing:
    assert device.forms.pairing is not None
    return device.forms.pairing


def _rule(device: Device, temperature: float) -> MatsubaraRule:
    return matsubara_rule(temperature, device.largest_energy, device.case.solve.cutoff, 1e-9)


def largest_eigenvalue(
    device: Device, temperature: float, start: Complex, workers: Workers | None = None
) -> tuple[float, Complex]:
    """Largest real part of the eigenvalues of the gap operator at T, and its mode.

    Each worker answers for its share of the frequencies.
    """
    rule, coupling = _rule(device, temperature), inverse_coupling(device, temperature)
    workers = Workers(device) if workers is None else workers
    below = rule.below_cutoff
    pairs = list(zip(rule.weights[below].tolist(), rule.frequencies[below].tolist(), strict=True))
    shares = workers.shares(pairs)

    def apply(delta: Complex, accuracy: float) -> Complex:
        total = sum(workers.gather(respond, [(temperature, share, delta, accuracy) for share in shares]))
        return np.asarray(2 * np.pi * temperature * total / coupling)

    generic = np.random.default_rng(0).normal(size=start.size)
    value, mode = rightmost(apply, start * (1 + GENERIC * generic), PRECISION)
    return value.real, mode / mode[np.argmax(np.abs(mode))]


def respond(
    bench: Bench, temperature: float, share: list[tuple[float, float]], delta: Complex, accuracy: float
) -> Complex:
    """Σ weight·(−if₀) at the pairing nodes, (P,), over (weight, frequency).

    What is prepared for a temperature is kept until another comes.
    """
    state: NormalState
    response: Response | None
    state, known, response = bench.kept.get("critical") or (NormalState(bench.device), None, None)
    if response is None or known != (temperature, share):
        weights, frequencies = zip(*share, strict=True)
        response = state.response(frequencies, weights)
        bench.kept["critical"] = state, (temperature, share), response
    return response(delta, accuracy)
