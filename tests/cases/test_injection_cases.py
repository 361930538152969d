"""The numbers that the headers of driven superconducting devices promise, by other means."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import simpson
from scipy.linalg import solve_banded

from tests.cases.common import promised, solved

Real = NDArray[np.float64]

# 21 ------------------------------------------------------------

BARRIER, FERROMAGNET, THIN = 0.5, 0.6, 0.4
"""Conductance of the barrier; D and length of F. N has D = 1 and length 1."""


def spin_conductance(energy: float, split: float, cells: int) -> float:
    """[∫dx/(D cosh² Im θ) + 1/(G M_b)]⁻¹ of one spin, by finite volumes and Newton.

    θ stands on `cells` + 1 nodes of N and as many of F, with G sin(θ_F − θ_N) flowing between the two at the
    barrier; θ = 0 at the left, that of the bulk superconductor at the right.
    """
    z = energy + 1e-3j
    n = cells + 1
    step = np.repeat([1.0 / cells, THIN / cells], n)
    d = np.repeat([1.0, FERROMAGNET], n)
    volume = step.copy()
    volume[[0, cells, n, -1]] /= 2
    source = 2j * np.where(np.arange(2 * n) < n, energy, energy + split) * volume
    link = (d / step)[:-1]
    link[cells] = BARRIER
    theta = np.zeros(2 * n, dtype=complex)
    theta[n:] = np.linspace(0.1, 1.0, n)
    theta[-1] = np.arccos(-1j * z / np.sqrt(30.0**2 - z**2))
    for _ in range(60):
        jump = np.diff(theta)
        flow, slope = link * jump, link.astype(complex)
        flow[cells], slope[cells] = BARRIER * np.sin(jump[cells]), BARRIER * np.cos(jump[cells])
        residual = np.diff(flow) + (source * np.sin(theta))[1:-1]
        bands = np.zeros((3, 2 * n - 2), dtype=complex)
        bands[0, 1:], bands[2, :-1] = slope[1:-1], slope[1:-1]
        bands[1] = -slope[:-1] - slope[1:] + (source * np.cos(theta))[1:-1]
        change = solve_banded((1, 1), bands, residual)
        theta[1:-1] -= change / max(1.0, float(np.abs(change).max()) / 0.5)
        if np.abs(change).max() < 1e-11:
            break
    assert np.abs(change).max() < 1e-11
    a, b = theta.real, theta.imag
    barrier = np.cos(a[n] - a[cells]) * np.cosh(b[n]) * np.cosh(b[cells])
    wires = np.sum(volume / (d * np.cosh(b) ** 2))
    return float(1 / (wires + 1 / (BARRIER * barrier)))


def nfs_conductance(energy: float, split: float, cells: int = 60) -> float:
    """2 N_F times the mean over both spins; errors of second order in the step extrapolated away."""
    coarse, fine = (sum(spin_conductance(energy, s * split, n) for s in (1, -1)) for n in (cells, 2 * cells))
    return (4 * fine - coarse) / 3


def smeared(split: float, v: float = 0.4, temperature: float = 0.2) -> float:
    """dI/dV = ∫ G(E)/(4T cosh²((E − V)/2T)) dE."""
    grid = v + temperature * np.linspace(-14, 14, 113)
    weight = 1 / (4 * temperature * np.cosh((grid - v) / (2 * temperature)) ** 2)
    return float(simpson(weight * [nfs_conductance(e, split) for e in grid], x=grid))


def test_21_the_conductance_of_the_junction() -> None:
    """With and without the exchange field: from a dip to a peak."""
    values = promised("21", r"dI/dV = ([\d.]+) G_N at V, with exchange = \[0, 0, 0\] ([\d.]+) G_N")
    normal = 2 / (1.0 + THIN / FERROMAGNET + 1 / BARRIER)
    for split, header in zip((5.0, 0.0), values, strict=True):
        expected = smeared(split)
        assert header == pytest.approx(expected / normal, abs=1e-4)
        o = solved("21", ("material.F.exchange", f"[0, 0, {split}]")).observables
        assert float(o["terminal_conductance"]["left,left"]) == pytest.approx(expected, rel=1e-3)
        assert abs(float(o["terminal_balance"]["charge"])) < 1e-9
