"""A homogeneous superconductor: the gap equation, its free energy, its spin response.

Uniform solutions are exact on any mesh, so the tolerances are those of the gap equation (1e-7 of Δ),
of the Matsubara rule (1e-8), and of what the closed form itself leaves out, said at each number.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from tests.verification.cases import DELTA, N_F, TC, TILTED, D, bcs_dos, grain
from tests.verification.table import compare

MUEHLSCHLEGEL = {0.3: 0.9971, 0.5: 0.9569, 0.7: 0.8288, 0.8: 0.7110, 0.9: 0.5263, 0.96: 0.3416}
"""Δ(T)/Δ(0) by T/T_c: B. Mühlschlegel, Z. Phys. 155, 313 (1959), table 1."""


@pytest.mark.parametrize("t", MUEHLSCHLEGEL)
def test_gap_follows_the_table_of_muehlschlegel(t: float) -> None:
    """Self-consistent Δ(T)/Δ(0), printed to four digits."""
    solution = grain({"Tc": TC}, kind="equilibrium", temperature=t * TC, self_consistent=True)
    gap = solution.observables["Delta_abs"]
    assert np.ptp(gap) < 1e-6
    compare(f"Δ(T)/Δ(0) at T = {t} T_c", gap[0] / DELTA, MUEHLSCHLEGEL[t], atol=6e-5)


def test_condensation_energy() -> None:
    """F_s − F_n = N_F(−Δ²/2 + π²T²/3) per volume for T ≪ Δ (BCS 1957, Eqs. 3.38–3.42).

    The excitations of the superconductor, left out, are of order e^{−Δ/T} = 1e-9 here.
    """
    length, t = 0.4, 0.04
    solution = grain(
        {"Tc": TC}, length, kind="equilibrium", temperature=t, self_consistent=True, free_energy=True
    )
    expected = length * N_F * (-(DELTA**2) / 2 + np.pi**2 * t**2 / 3)
    compare("condensation energy", solution.observables["free_energy"], expected, rel=1e-6)


def free_energy_in_field(h: float, t: float) -> float:
    """F_s − F_n per volume and N_F in an exchange field along a tilted axis."""
    solution = grain(
        {"Tc": TC, "exchange": h * TILTED},
        0.4,
        kind="equilibrium",
        temperature=t,
        self_consistent=True,
        free_energy=True,
    )
    return float(solution.observables["free_energy"]) / (0.4 * N_F)


def test_first_order_field_of_chandrasekhar_and_clogston() -> None:
    """F_s(h) = F_n(h) at h = Δ₀/√2 for T → 0 (Chandrasekhar 1962, Clogston 1962).

    Below Δ₀ the superconductor does not respond, F_s − F_n = −Δ²/2 + h² + π²T²/3: linear in h², so two
    fields give the crossing.  The Sommerfeld term is taken off; e^{−(Δ−h)/T} < 1e-6 is left out.
    """
    t = 0.016
    squares = np.array([0.6, 0.72]) * DELTA
    energies = np.array([free_energy_in_field(float(h), t) for h in squares]) - np.pi**2 * t**2 / 3
    slope = np.diff(energies)[0] / np.diff(squares**2)[0]
    compare("slope of F_s − F_n in h² over N_F", slope, 1.0, atol=1e-5)
    crossing = np.sqrt(squares[0] ** 2 - energies[0] / slope)
    compare("Chandrasekhar–Clogston field h/Δ₀", crossing / DELTA, 1 / np.sqrt(2), atol=1e-5)


def susceptibility(material: dict[str, object], t: float) -> float:
    """χ_s/χ_n in a small field along a tilted axis; the response is parallel to it."""
    h = 1e-3 * DELTA
    solution = grain({"exchange": h * TILTED, **material}, kind="equilibrium", temperature=t)
    spin = solution.observables["spin_density"]
    along = float(spin[0] @ TILTED)
    assert np.abs(spin - along * TILTED).max() < 1e-9
    return along / (2 * N_F * h)


@pytest.mark.parametrize("t", [0.07, 0.16, 0.3])
def test_spin_susceptibility_of_yosida(t: float) -> None:
    """χ_s/χ_n = Y(T) = ∫_Δ^∞ (1/2T) cosh⁻²(E/2T) E/√(E² − Δ²) dE (K. Yosida, Phys. Rev. 110, 769).

    Corrections of order (h/T)², below 3e-4 of Y; the rule's 1e-8 of the sum that is taken from 1.
    """
    expected = 2 * quad(lambda x: 0.25 / t / np.cosh(np.hypot(x, DELTA) / 2 / t) ** 2, 0, 60 * t + 8)[0]
    compare(f"Yosida function at T = {t}", susceptibility({"Delta": DELTA}, t), expected, rel=3e-4, atol=2e-7)


@pytest.mark.parametrize("beta", [0.13, 0.6, 2.7])
def test_knight_shift_with_spin_relaxation(beta: float) -> None:
    """χ_s/χ_n = 1 − (1/β)[π/2 − arccos β/√(1 − β²)], β = 1/(2τ_soΔ), T → 0.

    Abrikosov and Gorkov, Sov. Phys. JETP 15, 752 (1962).  At T = 0.02 the sums are integrals to e^{−2πΔ/2πT};
    nonlinear in h: relative (h/Δ)² = 1e-6.  For β > 1 the continuation is arcosh β/√(β² − 1).
    """
    angle = np.arccos(beta) if beta < 1 else np.arccosh(beta)
    expected = 1 - (np.pi / 2 - angle / np.sqrt(abs(1 - beta**2))) / beta
    got = susceptibility({"Delta": DELTA, "tau_so": 1 / (2 * beta * DELTA)}, 0.02)
    compare(f"Knight shift χ_s/χ_n at β = {beta}", got, expected, atol=3e-6)


def test_density_of_states_in_a_tilted_exchange_field() -> None:
    """N_±(ε) = BCS at ε ± h: Zeeman-split peaks along the axis of h (Meservey, Tedrow, Fulde 1970)."""
    h, width = 0.29, 0.017
    energies = np.array([0.07, 0.5, 0.61, 1.05, 1.4])
    material = {"Delta": DELTA, "exchange": h * TILTED, "dynes": width}
    solution = grain(material, kind="spectrum", energies=energies.tolist(), quantisation_axis=TILTED.tolist())
    up, down = (solution.observables[f"dos_{s}"][:, 1] for s in ("up", "down"))
    expected = [bcs_dos(energies + s * h + 1j * width) for s in (1, -1)]
    worst = max(np.abs(up - expected[0]).max(), np.abs(down - expected[1]).max())
    compare("Zeeman-split density of states, largest difference", worst, 0.0, atol=1e-8)
    total = solution.observables["dos"][:, 0]
    compare("their mean", np.abs(total - (up + down) / 2).max(), 0.0, atol=1e-8)


def test_spin_axis_across_the_field_sees_no_splitting() -> None:
    """Spins across h are half up, half down: N_↑ = N_↓ along any perpendicular axis."""
    across = np.cross(TILTED, [0, 0, 1.0])
    material = {"Delta": DELTA, "exchange": 0.29 * TILTED, "dynes": 0.017}
    solution = grain(material, kind="spectrum", energies=[0.5, 1.05], quantisation_axis=across.tolist())
    difference = np.abs(solution.observables["dos_up"] - solution.observables["dos_down"]).max()
    compare("splitting across the field", difference, 0.0, atol=1e-9)


def test_spectrum_at_imaginary_energies() -> None:
    """f₀ = iΔ/√(ω² + Δ²) and, in a field, its even and odd parts in h; the Dynes Γ stays out of them."""
    h, frequencies = 0.29, np.array([0.11, 0.54, 2.3])
    solution = grain(
        {"Delta": DELTA, "exchange": h * TILTED, "dynes": 0.05},
        kind="spectrum",
        energies={"imaginary": frequencies.tolist()},
    )
    up, down = (1j * DELTA / np.sqrt((frequencies - 1j * s * h) ** 2 + DELTA**2) for s in (1, -1))
    singlet = solution.observables["singlet"][:, 0]
    triplet = solution.observables["triplet"][:, 0]
    compare("singlet amplitude at iω", np.abs(singlet - (up + down) / 2).max(), 0.0, atol=1e-9)
    odd = triplet - 0.5 * (up - down)[:, None] * TILTED
    compare("triplet amplitudes at iω", np.abs(odd).max(), 0.0, atol=1e-9)


def test_gap_edge_of_a_superconductor_with_spin_relaxation() -> None:
    """Without a field τ_so leaves ǧ untouched (Anderson's theorem): the BCS density of states."""
    energies = np.array([0.2, 0.8, 0.95])
    solution = grain(
        {"Delta": DELTA, "tau_so": 0.6, "dynes": 0.01}, kind="spectrum", energies=energies.tolist()
    )
    difference = np.abs(solution.observables["dos"][:, 0] - bcs_dos(energies + 0.01j)).max()
    compare("Anderson theorem for τ_so", difference, 0.0, atol=1e-8)


def test_gap_at_finite_exchange_field_and_temperature() -> None:
    """ln(T_c/T) = 2πT Σ [1/ω − Re 1/√((ω − ih)² + Δ²)] (Sarma 1963), summed term by term here."""
    t, h = 0.13, 0.35
    n = np.arange(200_000)
    w = (2 * n + 1) * np.pi * t
    log = np.log(t / TC)

    def equation(gap: float) -> float:
        terms = 1 / w - np.real(1 / np.sqrt((w - 1j * h) ** 2 + gap**2))
        tail = (gap**2 / 2 - h**2) / (2 * np.pi * t) ** 2 / (2 * n.size**2)
        return float(log + 2 * np.pi * t * terms.sum() + tail)

    expected = brentq(equation, 0.2, DELTA)
    material = {"Tc": TC, "exchange": h * TILTED, "D": D}
    solution = grain(material, kind="equilibrium", temperature=t, self_consistent=True)
    compare("Δ(T, h) of Sarma", solution.observables["Delta_abs"][0], expected, rel=1e-6)
