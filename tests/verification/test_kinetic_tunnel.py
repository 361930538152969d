"""Tunnel contacts out of equilibrium against the golden rule: integrals of densities of states."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import usadel_fem as uf
from tests.verification.table import compare

G = 1e-5
GAMMA = 0.02


def dos(energy, gap, split=0.0):
    """Densities of states of both spins of a bulk superconductor, ε ± h and Dynes Γ."""
    z = np.array([energy + split, energy - split]) + 1j * GAMMA
    return np.real(-1j * z / np.sqrt(gap**2 - z**2)) * np.array([1.0, 1.0])


def occupied(energy, temperature, v=0.0):
    return 0.5 * (1 - np.tanh((energy - v) / (2 * temperature)))


def integral(f, top):
    """∫ over all energies; the integrands have edges at ±Δ ± h."""
    marks = sorted({0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0})
    points = [-m for m in marks[::-1]] + marks[1:]
    return quad(f, -top, top, points=points, limit=800, epsabs=1e-12, epsrel=1e-9)[0]


def junction(normal, superconducting, contact, **solve):
    """A short normal wire on its reservoir, in tunnel contact with a superconducting one."""
    case = uf.Case(
        mesh={"shape": "wire", "length": 0.4, "elements": 2},
        material={"N": {"D": 1.3, "N_F": 0.8}},
        region={"wire": "N"},
        terminal={
            "left": {"normal": True, **normal},
            "right": {"contact": {"conductance": G, **contact}, **superconducting},
        },
        solve={
            "kind": "nonequilibrium",
            "temperature": 0.1,
            "broadening": GAMMA,
            "energy_tolerance": 1e-6,
            **solve,
        },
    )
    solution = uf.solve(case)
    assert solution.converged
    return solution.observables


@pytest.mark.parametrize("v", [0.3, 0.83, 1.2])
def test_current_and_cooling_of_a_tunnel_junction(v):
    """I = 2G ∫ N_S(ε)[f(ε − V) − f(ε)] dε, and the energy current with ε: Rowell and Tsui, Leivo et al."""
    gap, t_n, t_s = 0.83, 0.1, 0.16
    o = junction({"voltage": v, "temperature": t_n}, {"Delta": gap, "temperature": t_s}, {})

    def flow(e):
        return 2 * G * dos(e, gap)[0] * (occupied(e, t_n, v) - occupied(e, t_s))

    top = v + 40 * t_s
    current, energy = o["terminal_current"]["left"], o["terminal_energy_current"]["left"]
    compare(f"NIS: current at V = {v}", current, integral(flow, top), rel=4e-4)
    compare(f"NIS: energy current at V = {v}", energy, integral(lambda e: e * flow(e), top), rel=4e-4)
    heat = integral(lambda e: (e - v) * flow(e), top)
    compare(f"NIS: heat taken from N at V = {v}", o["terminal_heat_current"]["left"], heat, atol=4e-4 * G)


def test_thermoelectric_current_of_a_spin_split_superconductor():
    """I = 2G ∫ (N₀ + P N_z)(f_N − f_S): Ozaeta et al., Phys. Rev. Lett. 112, 057001 (2014).

    Without polarisation the current vanishes; it turns its sign with P, and its spin current does not.
    """
    gap, h, p, t_n, t_s = 0.83, 0.21, 0.6, 0.1, 0.18
    warm = {"Delta": gap, "exchange": [0, 0, h], "temperature": t_s}
    found = {x: junction({"temperature": t_n}, warm, {"polarisation": [0, 0, x]}) for x in (p, -p, 0.0)}

    def spins(e):
        up, down = dos(e, gap, h)
        return 2 * G * np.array([up + down, up - down]) / 2 * (occupied(e, t_n) - occupied(e, t_s))

    top = 40 * t_s
    charge = integral(lambda e: spins(e) @ [1, p], top)
    spin = integral(lambda e: spins(e) @ [p, 1], top)
    current = {x: float(o["terminal_current"]["left"]) for x, o in found.items()}
    assert abs(charge) > 0.01 * G
    compare("thermoelectric current of a spin-split S", current[p], charge, rel=1e-3)
    compare("thermoelectric current: sign of P", current[-p], -current[p], rel=1e-6)
    assert abs(current[0.0]) < 1e-9 * abs(charge)
    flow = float(found[p]["terminal_spin_current"]["left"][2])
    compare("thermospin current of a spin-split S", flow, spin, rel=1e-3)


def test_seebeck_and_peltier_are_reciprocal():
    """Onsager at small bias: the heat that a voltage drives is T times the charge that δT drives."""
    split = {"Delta": 0.83, "exchange": [0, 0, 0.21]}
    contact, t, small = {"polarisation": [0, 0, 0.6]}, 0.15, 1e-3
    by_voltage = [
        float(
            junction({"voltage": s * small}, split, contact, temperature=t, energy_tolerance=1e-7)[
                "terminal_heat_current"
            ]["left"]
        )
        for s in (1, -1)
    ]
    by_heat = [
        float(
            junction({"temperature": t + s * small}, split, contact, temperature=t, energy_tolerance=1e-7)[
                "terminal_current"
            ]["left"]
        )
        for s in (1, -1)
    ]
    peltier = (by_voltage[0] - by_voltage[1]) / 2
    seebeck = (by_heat[0] - by_heat[1]) / 2
    assert abs(seebeck) > 0.1 * G * small
    compare("Seebeck and Peltier: reciprocity", peltier, t * seebeck, rel=2e-4)


@pytest.mark.parametrize("v", [0.2, 0.9])
def test_differential_conductance_is_the_slope_of_the_current(v):
    """∂I/∂V of the linear response at a bias against differences of I, also across the device."""

    def solve(voltage, **options):
        case = uf.Case(
            mesh={"shape": "wire", "length": 0.9, "elements": 4},
            material={"N": {"D": 1.3, "exchange": [0, 0, 0.3]}},
            region={"wire": "N"},
            terminal={
                "left": {"normal": True, "voltage": voltage, "contact": {"conductance": 0.8}},
                "right": {"Delta": 0.83, "contact": {"conductance": 0.6, "polarisation": [0.2, 0, 0.3]}},
            },
            solve={
                "kind": "nonequilibrium",
                "temperature": 0.12,
                "broadening": 0.03,
                "energy_tolerance": 1e-7,
                **options,
            },
        )
        return uf.solve(case).observables

    step = 0.01
    found = solve(v, conductance=True)["terminal_conductance"]
    one, two = (solve(v + s * step)["terminal_current"] for s in (1, -1))
    wide, narrow = (solve(v + s * 2 * step)["terminal_current"] for s in (1, -1))
    for a in ("left", "right"):
        near = float(one[a] - two[a]) / (2 * step)
        far = float(wide[a] - narrow[a]) / (4 * step)
        expected = (4 * near - far) / 3
        compare(f"∂I/∂V at {a}, V = {v}", found[f"{a},left"], expected, rel=2e-5)
    assert list(found) == ["left,left", "right,left"]
