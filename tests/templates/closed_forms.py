"""The numbers that the headers of the templates promise, from closed forms and a few equations by hand.

Energies in meV and lengths in nm where the template has units, else reduced.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, fsolve

from tests.cases.linear import matsubara_sum
from tests.cases.vortex import current, grid

HBAR = 0.6582119569  # meV ps
K_B = 0.08617333262  # meV/K
NM2 = 100.0  # nm²/ps in cm²/s

Real = NDArray[np.float64]


def common_gap() -> float:
    """sn_bilayer: the pair potential averaged over both films."""
    return 0.18 / (1 + 0.7 * 10.0 / 10.0)


def short_junction() -> float:
    """sns_junction: Kulik and Omel'yanchuk's current for G_N = 2 N_F D/L."""
    temperature, gap, half = 0.3 * K_B, 0.18, 1.9 / 2

    def term(omega: float) -> float:
        w = np.hypot(omega, gap * np.cos(half))
        return float(gap * np.cos(half) / w * np.arctan(gap * np.sin(half) / w))

    normal = 2 * HBAR * 100 * NM2 / 20.0
    return float(4 * np.pi * temperature * normal * matsubara_sum(term, temperature))


def pi_junction() -> float:
    """sfs_junction: pair amplitudes of first order in a ferromagnet between two ends."""
    temperature, gap, d, length = 8.7 * K_B, 0.3, HBAR * 5 * NM2, 18.0

    def term(omega: float) -> float:
        k = np.sqrt(2 * (omega + 10.0j) / d)
        decay = np.exp(-k * length)
        return float(gap**2 / (omega**2 + gap**2) * (2 * k * decay / (1 - decay**2)).real)

    return float(4 * np.pi * temperature * d * matsubara_sum(term, temperature))


def edge_spin() -> float:
    """spin_hall_bar: D'yakonov and Perel'."""
    diffusion, theta, length, width = 5 * NM2, 0.1, 60.0, 20.0
    decay = np.sqrt(diffusion * 0.03)
    return float(2 * 1.0 * theta / length * decay * np.tanh(width / (2 * decay)))


def nonlocal_resistance() -> float:
    """lateral_spin_valve: spin voltage U at the detector by a network of thin arms, times its polarisation.

    In an arm D U'' = U/τ, the spin current is −2N_F D U'; a contact of conductance G and polarisation P with
    a charge current I through it passes the spin current P I − 2G(1 − P²)U.
    """
    d, tau, width, length = 1.0, 1.3, 0.1, 1.0
    decay = np.sqrt(d * tau)
    y, t = 2 * d / decay, np.tanh(length / decay)
    sinh, cosh = np.sinh(length / decay), np.cosh(length / decay)
    g_injector, g_detector = 2 * 0.5 * (1 - 0.6**2), 2 * 0.1 * (1 - 0.4**2)
    load = g_detector / y
    middle = y * (t + 1 / t + (t + load) / (1 + load * t))  # north, south, east
    # unknown: U at the injector and in the middle; unit charge current per width
    matrix = np.array(
        [
            [cosh + g_injector / y * sinh, -1.0],  # U(L) = U₀ cosh − (J₀/y) sinh, J₀ = P − g U₀
            [-g_injector * cosh - y * sinh, -middle],  # J(L) = J₀ cosh − y U₀ sinh = middle·U(L)
        ]
    )
    _, centre = np.linalg.solve(matrix, [0.6 / y * sinh, -0.6 * cosh])
    return float(0.4 * centre / (cosh + load * sinh) / width)


def vortex_current() -> tuple[float, float]:
    """vortex_disk: largest current and its radius."""
    r = grid(5.0, 600)
    flow = current(r, 0.2, 1.0, np.tanh(r))
    return float(flow.max()), float(r[np.argmax(flow)])


def core_gap(core: float, shell: float, barrier: float) -> float:
    """nanowire_3d: McMillan's equations, for the volumes and the area of the mesh."""
    delta, broadening = 0.2, 1e-3
    rate_core, rate_shell = 0.12 * barrier / (0.02 * core), 0.12 * barrier / shell
    start = [np.pi / 4, 0.0, np.pi / 2, 0.0]

    def density(energy: float) -> float:
        nonlocal start
        omega = broadening - 1j * energy

        def mismatch(x: Real) -> list[float]:
            c, s = x[0] + 1j * x[1], x[2] + 1j * x[3]
            one = 2 * omega * np.sin(c) - rate_core * np.sin(s - c)
            two = 2 * omega * np.sin(s) - 2 * delta * np.cos(s) + rate_shell * np.sin(s - c)
            return [one.real, one.imag, two.real, two.imag]

        start = fsolve(mismatch, start, xtol=1e-12)
        return float(np.cos(start[0] + 1j * start[1]).real)

    energies = np.linspace(0.0, 0.15, 301)
    above = next(i for i, e in enumerate(energies) if density(float(e)) > 0.1)
    return float(brentq(lambda e: density(e) - 0.1, energies[above - 1], energies[above]))


def spins_at_the_detector() -> complex:
    """spin_pulse: S_x + iS_y of a Gaussian packet, N_F µeV."""
    diffusion, width, r, t, tau = 0.02, 0.5, 2.0, 100.0, 150.0  # µm²/ps
    spread = np.sqrt(width**2 + 2 * diffusion * t)
    decay = np.exp(-(r**2) / (2 * spread**2) - t / tau)
    return complex(2 * 20 * width / spread * decay * np.exp(-2j * 5.0 * t / (HBAR * 1e3)))
