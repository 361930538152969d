"""The numbers that the headers of the cases out of equilibrium promise, by other means."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad, simpson
from scipy.linalg import solve_banded

import usadel_fem as uf
from tests.cases.common import FILES, promised, solved


def test_13_the_spin_at_the_edge() -> None:
    """S_z of the drift-diffusion equation, and the potential between the terminals."""
    theta, width, length, v, lam = 0.1, 1.3, 6.0, 0.37, np.sqrt(0.8 * 0.55)
    (header,) = promised("13", r"at the edge ([\d.]+) for")
    edge = 2 * v * theta / length * lam * np.tanh(width / (2 * lam))
    assert abs(header / edge - 1) < 1e-3
    probe = solved("13").observables["probe:across"]
    y = np.asarray(probe["position"])[:, 1] - width / 2
    exact = 2 * v * theta / length * lam * np.sinh(y / lam) / np.cosh(width / (2 * lam))
    found = np.asarray(probe["spin_density"])[:, 2]
    assert np.abs(found - exact).max() < 5e-3 * edge
    potential = np.asarray(probe["charge_density"]) / 2
    assert np.abs(potential - v / 2).max() < 1e-9
    assert len(solved("13").energies) == 0


def wire_conductance(energy: float, n: int = 800) -> float:
    """[∫dx/cosh² Im θ]⁻¹ of θ″ = −2iE sin θ, θ(0) = π/2, θ(1) = 0, by Numerov's differences and Newton."""
    x = np.linspace(0, 1, n + 1)
    theta = 4 * np.arctan(np.tan(np.pi / 8) * np.exp(-np.sqrt(-2j * energy) * x))
    theta[-1] = 0.0
    h2 = 1 / n**2
    for _ in range(40):
        f, slope = -2j * energy * np.sin(theta), -2j * energy * np.cos(theta)
        mean = (f[:-2] + 10 * f[1:-1] + f[2:]) / 12
        residual = theta[:-2] - 2 * theta[1:-1] + theta[2:] - h2 * mean
        bands = np.zeros((3, n - 1), dtype=complex)
        bands[0, 1:] = 1 - h2 * slope[2:-1] / 12
        bands[1] = -2 - 10 * h2 * slope[1:-1] / 12
        bands[2, :-1] = 1 - h2 * slope[1:-2] / 12
        step = solve_banded((1, 1), bands, residual)
        theta[1:-1] -= step
        if np.abs(step).max() < 1e-11:
            break
    assert np.abs(step).max() < 1e-11
    return float(1 / simpson(1 / np.cosh(theta.imag) ** 2, x=x))


def test_14_the_conductance_of_the_wire() -> None:
    """dI/dV = ∫ G(E)/(4T cosh²((E − V)/2T)) dE by finite differences."""
    top, at, smeared = promised("14", r"maximum ([\d.]+) G_N at E = ([\d.]+) E_Th.*leaves ([\d.]+) ")
    assert abs(wire_conductance(at) - top) < 5e-5
    grid = at + 0.25 * np.linspace(-16, 16, 65)
    values = [wire_conductance(e) for e in grid]
    weight = 1 / np.cosh((grid - at) / 0.5) ** 2
    average = simpson(weight * values, x=grid)
    assert abs(average - smeared) < 1e-4
    o = solved("14").observables
    assert abs(float(o["terminal_conductance"]["right,right"]) / 2 - average) < 2e-5
    assert abs(float(o["terminal_balance"]["charge"])) < 1e-10


def test_15_the_thermoelectric_current() -> None:
    """The golden rule with Dynes densities of states."""
    (header,) = promised("15", r"of both spins, (-[\d.e-]+) for")

    def flow(e: float) -> float:
        z = np.array([e + 0.25, e - 0.25]) + 0.01j
        up, down = np.real(-1j * z / np.sqrt(1 - z**2))
        warm, cold = (0.5 * (1 - np.tanh(e / (2 * t))) for t in (0.2, 0.12))
        return float(2e-3 * (0.5 * (up + down) + 0.6 * 0.5 * (up - down)) * (cold - warm))

    marks = [-1.25, -0.75, 0.0, 0.75, 1.25]
    exact = quad(flow, -7, 7, points=marks, limit=500)[0]
    assert abs(header / exact - 1) < 1e-3
    current = solved("15").observables["terminal_current"]
    assert abs(float(current["left"]) / exact - 1) < 0.02
    assert abs(float(current["left"]) + float(current["right"])) < 1e-10 * abs(exact)


def test_16_the_supercurrent_turns_around() -> None:
    """I_S(V) − I_S(0) = ∫ j (h_L(V) − h_L(0)) dε with the spectral supercurrent of kind = "spectrum"."""
    at_rest, driven = promised("16", r"supercurrent is (-[\d.]+), at V = 7 it is ([\d.]+) ")

    def supercurrent(solution: uf.Solution) -> float:
        current = solution.observables["terminal_current"]
        return 0.5 * float(current["left"] - current["right"])

    rest = supercurrent(solved("16", ("terminal.top.voltage", "0")))
    assert abs(rest - at_rest) < 1e-3
    found = supercurrent(solved("16"))
    assert abs(found - driven) < 1e-3
    grid = np.linspace(0.0, 24.0, 241)
    spectrum = uf.load_case(
        FILES["16"],
        {
            "solve": f'{{kind = "spectrum", energies = {grid.tolist()}, broadening = 1e-3}}',
            "terminal.top": "{normal = true, contact = 0.02}",
        },
    )
    j = np.asarray(uf.solve(spectrum).observables["spectral_current"]["left"])
    h = 0.5 * (np.tanh((grid + 7) / 0.8) + np.tanh((grid - 7) / 0.8)) - np.tanh(grid / 0.8)
    assert abs(found - rest - simpson(h * j, x=grid)) < 5e-3
    assert rest * found < 0


def test_24_the_spins_at_the_detector() -> None:
    """A Gaussian packet that spreads, decays and turns."""
    number = r"(-?[\d.]+)"
    said = promised(
        "24", rf"S_x = {number} and S_y = {number} N_F ueV at 100 ps, S_x = {number} and S_y = {number}"
    )
    solution = solved("24")
    d, tau, rate, width, r = 0.02, 150.0, 2 * 17.365 / 658.2119569, 0.4, 3.0  # um^2/ps, ps, 1/ps, um
    t = np.linspace(0, 300, 31)
    assert np.allclose(solution.times * 658.2119569, t, rtol=1e-8)
    square = width**2 + 2 * d * t
    exact = 40 * width / np.sqrt(square) * np.exp(-(r**2) / (2 * square) - (1 / tau + 1j * rate) * t)
    assert np.allclose(said, [exact[10].real, exact[10].imag, exact[30].real, exact[30].imag], atol=1e-4)
    spin = np.asarray(solution.observables["probe:detector"]["spin_density"])[:, 0]
    assert np.abs(spin[:, 0] + 1j * spin[:, 1] - exact).max() < 1.5e-4
    assert np.allclose(spin[:, 2], 2 * 17.365)
