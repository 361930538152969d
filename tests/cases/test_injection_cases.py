"""The numbers that the headers of driven superconducting devices promise, by other means."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import skfem
from numpy.typing import NDArray
from scipy.integrate import simpson
from scipy.linalg import solve_banded
from scipy.sparse.linalg import spsolve

from tests.cases.common import field, profile, promised, solved

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


# 22, 23 --------------------------------------------------------

CONTACT, WIDTH = 2e-4, 0.8
"""Conductance of the injector, width of the strip of case 22."""


def bulk(energy: Real, dynes: float) -> tuple[Real, Real, Real, Real]:
    """N, Re f, D_L and D_T of a bulk superconductor with Δ = 1."""
    z = energy + 1j * dynes
    root = np.sqrt(1 - z**2)
    g, f = -1j * z / root, 1 / root
    return g.real, f.real, (1 + abs(g) ** 2 - abs(f) ** 2) / 2, (1 + abs(g) ** 2 + abs(f) ** 2) / 2


def driven(energy: Real, v: float, temperature: float) -> Real:
    return (np.tanh((energy + v) / (2 * temperature)) - np.tanh((energy - v) / (2 * temperature))) / 2


@functools.cache
def energies(points: int = 24) -> tuple[Real, Real]:
    """Gauss points and weights between marks that crowd at the gap."""
    marks = np.array([0.0, 0.5, 0.8, 0.93, 0.98, 1.0, 1.02, 1.07, 1.2, 1.5, 2.0, 4.0])
    x, w = np.polynomial.legendre.leggauss(points)
    half = np.diff(marks)[:, None] / 2
    return (marks[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def spin_density(x: Real, v: float) -> Real:
    """S_z of case 22 along the strip, to first order in the conductance of the contact."""
    e, w = energies()
    n, _, d_l, _ = bulk(e, 0.02)
    k, length = 1 / np.sqrt(1.5), 2.5
    shape = np.sinh(k * (length - x)) / (k * np.cosh(k * length))
    return 2 * CONTACT * 0.5 * np.sum(w * n**2 * driven(e, v, 0.05) / d_l) * shape


def charge_across(at: Real) -> Real:
    """Charge density at the upper edge less that at the lower one, to first order in the Hall angle too."""
    theta, length, k = 0.1, 2.5, 1 / np.sqrt(1.5)
    mesh = skfem.MeshTri.init_tensor(np.linspace(0, length, 21), np.linspace(0, WIDTH, 7))
    element = skfem.ElementTriP2()
    basis = skfem.Basis(mesh, element)
    stiffness = skfem.BilinearForm(lambda u, v, w: u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1]).assemble(
        basis
    )
    mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(basis)
    slope = skfem.LinearForm(lambda v, w: -np.cosh(k * (length - w.x[0])) / np.cosh(k * length) * v)
    edges = [mesh.facets_satisfying(lambda x, y=y: np.abs(x[1] - y) < 1e-9) for y in (0.0, WIDTH)]
    lower, upper = (slope.assemble(skfem.FacetBasis(mesh, element, facets=f)) for f in edges)
    free = np.flatnonzero(basis.doflocs[0] < length - 1e-9)
    where = [basis.probes(np.array([at, np.full_like(at, y)])) for y in (WIDTH, 0.0)]
    total = np.zeros(at.size)
    for e, w in zip(*energies(8), strict=True):
        n, f, d_l, d_t = bulk(e, 0.02)
        spin = CONTACT * 0.5 * n * driven(e, 1.4, 0.05) / d_l
        h3 = np.zeros(basis.N)
        matrix = (d_t * stiffness + 2 * f * mass)[free][:, free]
        h3[free] = spsolve(matrix.tocsc(), (theta * n * spin * (lower - upper))[free])
        total += 2 * w * n * (where[0] @ h3 - where[1] @ h3)
    return total


def edges(solution: Any, name: str) -> tuple[Real, Real, Real]:
    """x of the nodes on both edges of the strip, and a field at the lower and at the upper one."""
    x, y = solution.nodes[:, 0], solution.nodes[:, 1]
    value = field(solution, name)
    low, high = (np.flatnonzero(np.abs(y - side) < 1e-9) for side in (0.0, WIDTH))
    low, high = (nodes[np.argsort(x[nodes])] for nodes in (low, high))
    assert np.allclose(x[low], x[high])
    return x[low], value[low], value[high]


def test_22_spins_in_the_superconductor() -> None:
    """Above and below the gap, without θ: GN/(D D_L k) < 1 % is neglected; with it θ² = 1 % more."""
    found = promised(
        "22", r"spin current of ([\d.e-]+) enters at V = 1.4 and ([\d.e-]+) below .*S_z = ([\d.e-]+) at"
    )
    e, w = energies()
    for v, header in zip((1.4, 0.5), found, strict=False):
        charge = 2 * CONTACT * WIDTH * np.sum(w * bulk(e, 0.02)[0] * driven(e, v, 0.05))
        assert header == pytest.approx(0.5 * charge, rel=1e-3)
        solution = solved("22", ("terminal.left.voltage", str(v)), ("material.S.theta", "0"))
        o = solution.observables
        assert float(o["terminal_current"]["left"]) == pytest.approx(charge, rel=1e-2)
        assert float(o["terminal_spin_current"]["left"][2]) == pytest.approx(0.5 * charge, rel=1e-2)
        x, low, high = edges(solution, "spin_density")
        expected = spin_density(x, v)
        assert np.abs(low[:, 2] - expected).max() < 1e-2 * expected[0]
        assert np.abs(high - low).max() < 1e-9 * expected[0]
    expected = spin_density(x, 1.4)
    assert found[2] == pytest.approx(expected[0], rel=1e-3)
    x, low, high = edges(solved("22"), "spin_density")
    assert np.abs((low + high)[:, 2] / 2 - expected).max() < 2e-2 * expected[0]


def test_22_charge_across_the_strip() -> None:
    """The spin Hall effect of quasiparticles, odd in θ; none without."""
    (header,) = promised("22", r"density there is ([\d.e-]+) more at the upper")
    x, low, high = edges(solved("22"), "charge_density")
    expected = charge_across(x)
    assert header == pytest.approx(expected[0], rel=1e-3)
    assert np.abs(high - low - expected).max() < 2e-2 * expected[0]
    still = solved("22", ("terminal.left.voltage", "1.4"), ("material.S.theta", "0"))
    _, low, high = edges(still, "charge_density")
    assert np.abs(high - low).max() < 1e-6 * header


def test_23_the_charge_imbalance() -> None:
    """Q(x) to first order in the contact's conductance, and how far it reaches."""
    density, decay = promised(
        "23", r"density is ([\d.e-]+) at the contact and falls by a factor e over ([\d.]+) "
    )
    e, w = energies()
    n, f, _, d_t = bulk(e, 0.04)
    k, length = np.sqrt(2 * f / d_t), 8.0

    def charge(x: Real) -> Real:
        shape = np.sinh(k * (length - x[:, None])) / np.cosh(k * length)
        return 2 * CONTACT * np.sum(w * n**2 * driven(e, 1.5, 0.1) * shape / (d_t * k), axis=1)

    first, second = charge(np.array([0.0, 2.0]))
    assert density == pytest.approx(first, rel=1e-3)
    assert decay == pytest.approx(2 / np.log(first / second), rel=1e-3)
    x, found = profile(solved("23"), "charge_density", "along")
    assert np.abs(found - charge(x)).max() < 2e-3 * first
