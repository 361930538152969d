"""S–N–S junctions: the minigap and the supercurrent against length, phase and temperature.

R_N = L/(2N_FD) per area, E_Th = D/L².
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.cases import DELTA, N_F, D, T, gap_edge, junction
from tests.verification.minigap import minigap
from tests.verification.table import compare

XI = np.sqrt(D / DELTA)


def package_gap(length: float, phase: float, near: float, elements: int, peaked: bool = False) -> float:
    """Edge of the density of states in the middle, from energies 1e-3 to 3e-3 above `near`.

    There N² is a parabola in ε to 1e-6 of E_g; the broadening adds 1e-6, P2 elements (h/ξ_ε)⁴ < 1e-5.
    """
    energies = near * (1 + np.array([0.001, 0.002, 0.003]))
    solution = junction(
        phase,
        length,
        DELTA,
        elements,
        kind="spectrum",
        energies=energies.tolist(),
        broadening=1e-6 * near,
    )
    middle = int(np.argmin(np.abs(solution.nodes[:, 0] - length / 2)))
    return gap_edge(energies, solution.observables["dos"][:, middle], peaked)


def test_minigap_of_a_long_junction() -> None:
    """E_g = 3.1216 E_Th (e.g. Zhou, Charlat, Spivak, Pannetier, J. Low Temp. Phys. 110, 841 (1998): 3.122).

    At L = 300 ξ the reservoirs' θ_S = π/2 + iε/Δ lowers E_g by about E_g/Δ: 4e-5 of it.
    """
    length = 300 * XI
    thouless = D / length**2
    compare("minigap of a long junction / E_Th, quadrature", minigap(1.0, 1.0, 1e9), 3.1216, atol=5e-5)
    got = package_gap(length, 0.0, 3.1216 * thouless, 48) / thouless
    compare("minigap of a long junction / E_Th", got, 3.1216, atol=4e-4)


def test_minigap_at_small_phase() -> None:
    """E_g = 3.122 E_Th (1 − 0.0921 φ²) (Zhou et al. 1998); the next order is 1e-4 φ⁴ of it at φ = 0.5."""
    length, phase = 300 * XI, 0.5
    thouless = D / length**2
    expected = minigap(length, D, DELTA, phase)
    got = package_gap(length, phase, expected, 48) / thouless
    compare("minigap coefficient of φ²", (1 - got / 3.1216) / phase**2, 0.0921, atol=1e-3)


@pytest.mark.parametrize(("length", "phase"), [(1.1, 0.0), (3.0, 0.0), (3.0, 1.9), (9.0, 2.7)])
def test_minigap_against_length_and_phase(length: float, phase: float) -> None:
    """Against the quadratures of `minigap.py`, reservoirs of finite gap."""
    expected = minigap(length * XI, D, DELTA, phase)
    got = package_gap(length * XI, phase, expected, 40)
    compare(f"minigap/Δ at L = {length} ξ, φ = {phase}", got / DELTA, expected / DELTA, rel=2e-5)


@pytest.mark.parametrize(
    ("length", "phase", "part"), [(3.0, 0.0, 0.9), (3.0, 0.0, 1.05), (0.02, 1.4, 1.001), (0.02, 2.7, 0.9)]
)
def test_cold_start_finds_the_causal_branch(length: float, phase: float, part: float) -> None:
    """The equation has other solutions, with N < 0 somewhere: none may be accepted.

    N(ε + iΓ) > 0 everywhere for the retarded function (here Γ = 1e-4 E_g).
    """
    near = minigap(length * XI, D, DELTA, phase)
    solution = junction(
        phase, length * XI, DELTA, 80, kind="spectrum", energies=[part * near], broadening=1e-4 * near
    )
    lowest = float(np.asarray(solution.observables["dos"]).min())
    name = f"causal branch, L = {length} ξ, φ = {phase}, {part} E_g: N below 0"
    compare(name, min(lowest, 0.0), 0.0, atol=1e-9)


def test_minigap_of_a_short_junction() -> None:
    """E_g → Δ|cos φ/2| (Kulik and Omelyanchuk 1975); lower by O(L²/ξ²) = 1e-4, where N peaks."""
    phase, length = 1.4, 0.02 * XI
    expected = DELTA * np.cos(phase / 2)
    got = minigap(length, D, DELTA, phase)
    compare("minigap/Δ of a short junction, quadrature", got / DELTA, expected / DELTA, rel=4e-4)
    package = package_gap(length, phase, got, 12, peaked=True)
    compare("minigap/Δ of a short junction", package / DELTA, expected / DELTA, rel=4e-4)


def resistance_times_current(phase: float, length: float, delta: float, t: float, elements: int) -> float:
    """e R_N I, charge current into the device at its left end."""
    grading = 4.0 if length > XI else 1.0
    solution = junction(phase, length, delta, elements, kind="equilibrium", temperature=t, grading=grading)
    left, right = (float(solution.observables["terminal_current"][side]) for side in ("left", "right"))
    rounding = np.finfo(float).eps * elements * N_F * D * grading * elements / length
    assert abs(left + right) < 1e-9 * abs(left) + rounding
    return left * length / (2 * N_F * D)


@pytest.mark.parametrize("phase", [0.9, 2.2])
def test_short_junction_of_kulik_and_omelyanchuk(phase: float) -> None:
    """KO-1, Sov. Phys. JETP Lett. 21, 96 (1975): eR_NI = 4πT Σ Δ cos(φ/2)/Ω arctan(Δ sin(φ/2)/Ω).

    Ω² = ω² + Δ² cos²(φ/2).  A finite length changes it by O(L²/ξ² ln ξ/L): 1e-5 here.
    """
    w = (2 * np.arange(200_000) + 1) * np.pi * T
    root = np.hypot(w, DELTA * np.cos(phase / 2))
    summand = DELTA * np.cos(phase / 2) / root * np.arctan(DELTA * np.sin(phase / 2) / root)
    tail = DELTA**2 * np.sin(phase) / 2 / (4 * np.pi**2 * T**2) / w.size
    expected = 4 * np.pi * T * (summand.sum() + tail)
    got = resistance_times_current(phase, 0.002 * XI, DELTA, T, 6)
    compare(f"KO-1 current at φ = {phase}", got, expected, rel=2e-5)


def test_critical_current_of_a_short_junction() -> None:
    """eR_NI_c = 1.32 πΔ/2 at T → 0, φ = 1.97 (KO-1; K. K. Likharev, RMP 51, 101 (1979)): two decimals."""
    got = resistance_times_current(1.97, 0.02 * XI, DELTA, 0.01, 6) / (np.pi * DELTA / 2)
    compare("short junction eR_NI_c/(πΔ/2)", got, 1.32, atol=6e-3)


@pytest.mark.parametrize("phase", [0.7, 2.3])
def test_warm_long_junction(phase: float) -> None:
    """Zaikin and Zharkov, Sov. J. Low Temp. Phys. 7, 184 (1981); Eq. (1) of Dubos et al., PRB 63, 064502.

    eR_NI = 64πT Σ kL e^{−kL} tan²(θ_S/4) sin φ, k² = 2ω/D; corrections e^{−kL} ≈ 1e-5 at T = 20 E_Th.
    """
    length = 6 * XI
    t = 20 * D / length**2
    w = (2 * np.arange(60) + 1) * np.pi * t
    kl = np.sqrt(2 * w / D) * length
    quarter = np.tan(np.arctan2(DELTA, w) / 4)
    expected = 64 * np.pi * t * (kl * np.exp(-kl) * quarter**2).sum() * np.sin(phase)
    got = resistance_times_current(phase, length, DELTA, t, 60)
    compare(f"warm long junction eR_NI at φ = {phase}", got / DELTA, expected / DELTA, rel=1e-4)


def test_long_junction_of_dubos() -> None:
    """eR_NI_c = 10.82 E_Th at φ = 1.27·π/2, T → 0 and L → ∞ (Dubos et al., PRB 63, 064502 (2001)).

    The gap of the reservoirs makes the junction longer by a part of ξ: lengths 16, 32 and 64 ξ are
    extrapolated in ξ/L.  T = 0.12 E_Th is far below the minigap.
    """
    phase = 1.27 * np.pi / 2
    lengths = np.array([16.0, 32.0, 64.0])
    currents = []
    for length in lengths * XI:
        thouless = D / length**2
        currents.append(resistance_times_current(phase, length, DELTA, 0.12 * thouless, 40) / thouless)
    got = np.polynomial.polynomial.polyfit(1 / lengths, currents, 2)[0]
    compare("long junction eR_NI_c/E_Th", got, 10.82, atol=0.02)


def test_phase_of_the_largest_current() -> None:
    """φ = 1.27·π/2 (Dubos et al. 2001); at L = 32 ξ within 0.01 of it, from three phases."""
    length = 32 * XI
    phases = np.array([1.17, 1.27, 1.37])
    t = 0.3 * D / length**2
    currents = [resistance_times_current(p * np.pi / 2, length, DELTA, t, 30) for p in phases]
    c = np.polynomial.polynomial.polyfit(phases - 1.27, currents, 2)
    compare("long junction: phase of I_c over π/2", 1.27 - c[1] / (2 * c[2]), 1.27, atol=0.01)


def test_current_is_the_derivative_of_the_free_energy() -> None:
    """I = (2e/ħ) ∂F/∂φ, with q = 1: ∂F/∂φ = I/2; a central difference of four points errs by 1e-7."""
    phase, step, length = 1.3, 0.05, 2.1 * XI

    def solve(p: float) -> tuple[float, float]:
        solution = junction(p, length, DELTA, 12, kind="equilibrium", temperature=T, free_energy=True)
        observables = solution.observables
        return float(observables["free_energy"]), float(observables["terminal_current"]["left"])

    energy = {k: solve(phase + k * step)[0] for k in (-2, -1, 1, 2)}
    slope = (8 * (energy[1] - energy[-1]) - (energy[2] - energy[-2])) / (12 * step)
    compare("∂F/∂φ of an S–N–S junction", slope, solve(phase)[1] / 2, rel=2e-6)
