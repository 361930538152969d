"""Depairing by a vector potential: Abrikosov and Gorkov, Sov. Phys. JETP 12, 1243 (1961); Maki (1964).

With ǧ = cos θ τ₃ − sin θ τ₂ and a uniform A that no phase gradient compensates, the action's
D/4 Tr(∂̃ǧ)² is 4DA² sin²θ against −4ω cos θ − 4Δ sin θ of the rest, so that

    ω sin θ − Δ cos θ + Γ sin θ cos θ = 0,   Γ = 2DA²:   ω/Δ = u (1 − z/√(1 + u²)),  u = cot θ,  z = Γ/Δ.

Two devices hold such an A: the middle of a long wire whose Δ is given (a screening current relaxes within
ξ of its ends), and a ring with A along its circles, where the uniform state is exact: ∂_kA_k = 0, A ∥ rims.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma

from tests.verification.cases import DELTA, N_F, TC, D, T, gap_edge, package_tc, run
from tests.verification.table import compare
from usadel_fem import solve
from usadel_fem.case import Case
from usadel_fem.solution import Solution

XI = np.sqrt(D / (2 * DELTA))


def abrikosov_gorkov_dos(energy: complex, z: float) -> float:
    """Re u/√(u² − 1) with ε/Δ = u(1 − z/√(1 − u²)): the root followed from u = 8i to the energy."""
    first = 8.0j
    u, start, target = first, first * (1 - z / np.sqrt(1 - first**2)), energy / DELTA
    for part in np.linspace(0, 1, 400):
        for _ in range(6):
            root = np.sqrt(1 - u * u)
            u -= (u * (1 - z / root) - start - part * (target - start)) / (1 - z / root**3)
    return float(np.real(u / (1j * np.sqrt(1 - u * u))))


def long_wire(a: float, **wanted: Any) -> tuple[Solution, float]:
    """An open wire of 40 ξ with Δ and A given, and where its middle is."""
    length = 40 * XI
    solution = run(
        mesh={"shape": "wire", "length": length, "elements": 161},
        material={"S": {"D": D, "N_F": N_F, "Delta": DELTA}},
        region={"wire": "S"},
        field={"vector_potential": [a, 0, 0]},
        solve=wanted,
    )
    return solution, length / 2


def ring(a: float, material: dict[str, Any], resolution: float, **wanted: Any) -> Case:
    """A ring with A_φ = a; a·r < ¼ everywhere, so that no winding lowers its energy."""
    return Case(
        mesh={"shape": "annulus", "inner": 0.5, "outer": 0.7, "resolution": resolution},
        material={"S": {"D": D, "N_F": N_F, **material}},
        region={"annulus": "S"},
        field={"vector_potential": [f"{-a:.15g}*y/sqrt(x*x + y*y)", f"{a:.15g}*x/sqrt(x*x + y*y)", 0]},
        solve=wanted,
    )


def dos_of_ring(z: float, energies: Sequence[float], broadening: float) -> np.ndarray[Any, Any]:
    """Mean density of states of a ring with Γ = zΔ."""
    case = ring(
        np.sqrt(z * DELTA / (2 * D)),
        {"Delta": DELTA},
        0.15,
        kind="spectrum",
        energies=list(energies),
        broadening=broadening,
    )
    solution = solve(case)
    assert solution.converged
    return np.asarray(solution.observables["dos"]).mean(axis=1)


@pytest.mark.parametrize("z", [0.2, 0.7])
def test_density_of_states_of_abrikosov_and_gorkov(z: float) -> None:
    """At complex energies; P2 elements of size h err by (2Ah)⁴ ≲ 1e-5."""
    energies, width = [0.1, 0.35, 0.6, 0.9], 0.02
    expected = np.array([abrikosov_gorkov_dos(e + 1j * width, z) for e in energies])
    worst = np.abs(dos_of_ring(z, energies, width) - expected).max()
    compare(f"Abrikosov–Gorkov density of states, z = {z}", worst, 0.0, atol=2e-5)


@pytest.mark.parametrize("z", [0.2, 0.5])
def test_gap_of_abrikosov_and_gorkov(z: float) -> None:
    """E_g = Δ(1 − z^{2/3})^{3/2}, N² extrapolated over 6e-3 E_g; (2Ah)⁴ ≲ 1e-5 from the mesh."""
    expected = DELTA * (1 - z ** (2 / 3)) ** 1.5
    energies = expected * (1 + np.array([0.002, 0.004, 0.006]))
    got = gap_edge(energies, dos_of_ring(z, energies.tolist(), 1e-7))
    compare(f"Abrikosov–Gorkov gap, z = {z}", got, expected, rel=5e-5)


@pytest.mark.parametrize("gamma", [0.06, 0.2])
def test_critical_temperature_of_abrikosov_and_gorkov(gamma: float) -> None:
    """ln(T_c0/T_c) = ψ(½ + Γ/2πT_c) − ψ(½) on the ring; 12 P2 elements around it: 2e-4."""

    def equation(t: float) -> float:
        return float(np.log(TC / t) - digamma(0.5 + gamma / (2 * np.pi * t)) + digamma(0.5))

    expected = brentq(equation, 0.05 * TC, TC)
    case = ring(
        np.sqrt(gamma / (2 * D)),
        {"Tc": TC},
        0.3,
        kind="equilibrium",
        temperature=TC,
        critical_temperature=True,
    )
    compare(f"T_c of Abrikosov and Gorkov, Γ = {gamma}", package_tc(case, expected), expected, rel=3e-4)


def test_self_consistent_gap_with_pair_breaking() -> None:
    """ln(Δ/Δ₀) = −πΓ/4Δ at T → 0 for Γ < Δ (AG); finite T below e^{−E_g/T}, mesh 3e-4."""
    gamma = 0.21
    expected = brentq(lambda x: np.log(x / DELTA) + np.pi * gamma / (4 * x), 0.5 * DELTA, DELTA)
    case = ring(
        np.sqrt(gamma / (2 * D)), {"Tc": TC}, 0.3, kind="equilibrium", temperature=0.02, self_consistent=True
    )
    solution = solve(case)
    assert solution.converged
    gap = np.asarray(solution.observables["Delta_abs"])
    compare("Δ(T → 0) with pair breaking", gap.mean(), expected, rel=5e-4)
    compare("its variation over the ring", np.ptp(gap) / expected, 0.0, atol=1e-3)


def test_supercurrent_of_a_uniform_vector_potential() -> None:
    """j = −8πT N_F D A Σ_{ω>0} sin²θ_ω: (πTσ_N/q) Σ_ω sin²θ (∂φ − 2qA), σ_N = 2N_F D, both signs of ω."""
    a, z = 0.28, 2 * D * 0.28**2 / DELTA
    frequencies = (2 * np.arange(60_000) + 1) * np.pi * T
    u = frequencies / DELTA + z
    for _ in range(60):
        root = np.sqrt(1 + u * u)
        u -= (u * (1 - z / root) - frequencies / DELTA) / (1 - z / root**3)
    # Σ beyond the last frequency: sin²θ ≈ Δ²/ω²
    tail = DELTA**2 / (2 * np.pi * T) ** 2 / frequencies.size
    total = float((1 / (1 + u * u)).sum()) + tail
    # the ends of the wire reach e^{−20} into its middle; elements of ξ/4
    solution, middle = long_wire(a, kind="equilibrium", temperature=T)
    current = solution.observables["charge_current"]
    element = int(np.argmin(np.abs(solution.nodes[solution.cells[:, :2], 0].mean(axis=1) - middle)))
    expected = -8 * np.pi * T * N_F * D * a * total
    compare("supercurrent of a uniform A", current[element, 0], expected, rel=1e-5)


def test_vector_potential_along_an_open_wire_is_a_gauge() -> None:
    """With vacuum at both ends A = ∂_xχ and T_c = T_c0; P2 represents e^{2iχ} to (2Ah)⁴ = 2e-5."""
    case = Case(
        mesh={"shape": "wire", "length": 2.3, "elements": 7},
        material={"S": {"D": D, "N_F": N_F, "Tc": TC}},
        region={"wire": "S"},
        field={"vector_potential": [0.31, 0, 0]},
        solve={"kind": "equilibrium", "temperature": TC, "critical_temperature": True},
    )
    compare("T_c of an open wire with A along it", package_tc(case, TC), TC, rel=2e-5)
