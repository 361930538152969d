"""Matsubara sums by Gauss quadrature: few frequencies, a stated error.

A sum Σ_n F(ω_n) over fermionic ω_n = (2n+1)πT is an integral over a discrete measure.  F falls as
ω⁻² in the bulk and as ω^{−3/2} next to an interface, so with s = (πT/ω)^{1/2} the measure of points
s_n = (2n+1)^{−1/2} and weights s_n³ makes F/s³ smooth, and its Gauss rule (Lanczos on the measure; the idea
of H. Monien, Math. Comp. 79, 857 (2010)) is exact where F is ω^{−3/2} times a polynomial in ω^{−1/2}.
With a cutoff, the frequencies below it and the tail above have rules of
their own: the gap equation stops at the cutoff while currents run to infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from usadel_fem.physics.nambu import Real

SUMMED_EXACTLY = 4000
"""Points of a measure kept one by one; the rest is an integral, by the midpoint rule."""

TAIL_NODES = 20
FIRST_NODES = 32
MOST_NODES = 400


@dataclass(frozen=True)
class MatsubaraRule:
    """Σ_{n≥0} F(ω_n) ≈ Σ_m weight_m F(frequency_m).

    Attributes:
        temperature: T.
        frequencies: ω_m > 0, rising, (m,).
        weights: (m,).
        below_cutoff: which belong to the sum up to `cutoff`, (m,).
        cutoff: ω_c, between two Matsubara frequencies, or infinite.
        error: largest relative error over bulk, interface and proximity test sums of the given scales.
    """

    temperature: float
    frequencies: Real
    weights: Real
    below_cutoff: NDArray[np.bool_]
    cutoff: float
    error: float

    def total(self, values: Real, below_cutoff: bool = False) -> Real:
        """Σ_{n≥0} of values (m, ...), up to the cutoff or to infinity."""
        weights = self.weights * self.below_cutoff if below_cutoff else self.weights
        return np.tensordot(weights, values, axes=(0, 0))


@lru_cache(maxsize=256)
def matsubara_rule(
    temperature: float, scale: float, cutoff: float | None = None, tolerance: float = 1e-8
) -> MatsubaraRule:
    """The shortest rule whose test sums at energies from T to `scale` are within the tolerance.

    Args:
        temperature: T.
        scale: largest energy of the problem (Δ, h, 1/τ_so).
        cutoff: ω_c of the gap equation; None lets it run to infinity too.
        tolerance: relative.

    >>> rule = matsubara_rule(0.083, 1.0)
    >>> exact = np.tanh(1.0 / (2 * 0.083)) / (4 * 0.083)
    >>> bool(abs(rule.total(1 / (rule.frequencies**2 + 1)) / exact - 1) < 1e-8)
    True
    """
    unit = np.pi * temperature
    tests = _test_functions(unit, max(scale, unit))
    count = None if cutoff is None else max(round(cutoff / (2 * unit)), 1)
    low = _measure(0, count)
    tail = _measure(count, None) if count is not None else None
    exact = [_sum(f, unit, *low) + (0.0 if tail is None else _sum(f, unit, *tail)) for f in tests]
    t_tail, w_tail = (
        (np.zeros(0), np.zeros(0)) if tail is None else _gauss(*_lanczos(*tail, TAIL_NODES), TAIL_NODES)
    )
    jacobi = _lanczos(*low, FIRST_NODES)
    for nodes in range(1, min(MOST_NODES, low[0].size) + 1):
        if nodes > jacobi[1].size:
            jacobi = _lanczos(*low, 2 * nodes)
        t_low, w_low = _gauss(*jacobi, nodes)
        t, w = np.concatenate([t_low, t_tail]), np.concatenate([w_low, w_tail])
        error = max(abs(_sum(f, unit, t, w) / e - 1) for f, e in zip(tests, exact, strict=True))
        if error < tolerance:
            break
    order = np.argsort(-t)
    below = np.arange(t.size) < t_low.size
    limit = np.inf if count is None else 2 * unit * count
    return MatsubaraRule(temperature, unit / t[order], (w / t**2)[order], below[order], limit, float(error))


def _measure(first: int, end: int | None) -> tuple[Real, Real]:
    """Points t_n = 1/(2n+1) with weights t_n² for first ≤ n < end; far ones by ∫dt/2 (midpoint rule)."""
    single = SUMMED_EXACTLY if end is None else min(SUMMED_EXACTLY, end - first)
    t = 1.0 / (2 * np.arange(first, first + single) + 1.0)
    start = 1.0 / (2.0 * (first + single))
    stop = 0.0 if end is None else 1.0 / (2.0 * end)
    if stop >= start:
        return t, t**2
    x, w = np.polynomial.legendre.leggauss(12)
    edges = start * 0.5 ** np.arange(60)
    edges = np.append(edges[edges > stop], stop)
    width = edges[:-1] - edges[1:]
    far = (edges[1:, None] + 0.5 * width[:, None] * (x + 1)).ravel()
    return np.concatenate([t, far]), np.concatenate([t**2, (0.25 * width[:, None] * w).ravel()])


def _lanczos(t: Real, weights: Real, nodes: int) -> tuple[float, Real, Real]:
    """Total weight, diagonal and off-diagonal of the Jacobi matrix of the measure in s = √t."""
    nodes = min(nodes, t.size)
    points = np.sqrt(t)
    weights = weights / points
    basis = np.zeros((nodes, points.size))
    diagonal, off = np.zeros(nodes), np.zeros(nodes)
    total = float(weights.sum())
    q = np.sqrt(weights / total)
    for k in range(nodes):
        basis[k] = q
        r = points * q
        diagonal[k] = q @ r
        for _ in range(2):
            r = r - basis[: k + 1].T @ (basis[: k + 1] @ r)
        off[k] = np.linalg.norm(r)
        if off[k] < 1e-15 * points.max():
            return total, diagonal[: k + 1], off[: k + 1]
        q = r / off[k]
    return total, diagonal, off


def _gauss(total: float, diagonal: Real, off: Real, nodes: int) -> tuple[Real, Real]:
    """Gauss rule (t, weights) of the leading part of a Jacobi matrix in s (Golub and Welsch)."""
    s, vectors = eigh_tridiagonal(diagonal[:nodes], off[: nodes - 1])
    return s**2, total * vectors[0] ** 2 * s


def _sum(f, unit: float, t: Real, w: Real) -> float:  # type: ignore[no-untyped-def]
    return float((w / t**2) @ f(unit / t))


def _test_functions(low: float, high: float):  # type: ignore[no-untyped-def]
    """Summands of a current, of the gap equation in the bulk and at an interface, and of a decay."""
    functions = []
    for energy in np.geomspace(low, high, 4) if high > low else (low,):
        functions += [
            lambda w, e=energy: 1 / (w**2 + e**2),
            lambda w, e=energy: 1 / w - 1 / np.sqrt(w**2 + e**2),
            lambda w, e=energy: 1 / w - 1 / (w + np.sqrt(w * e)),
            lambda w, e=energy: np.exp(-np.sqrt(2 * w / e)),
        ]
    return functions
