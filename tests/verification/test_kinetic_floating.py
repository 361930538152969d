"""Voltage probes: terminals that float at the voltage at which no charge flows."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

import usadel_fem as uf
from tests.verification.table import compare
from tests.verification.test_kinetic_tunnel import GAMMA, G, dos, occupied

PROBE = {"normal": True, "floating": True, "contact": {"conductance": 0.3}}


def test_a_probe_reads_the_potential_under_it():
    """Two probes on a long strip: V/2 in the middle by symmetry, and no current through either."""
    case = uf.Case(
        mesh={"shape": "rectangle", "length": 2.3, "width": 0.6, "elements": [6, 2]},
        material={"N": {"D": 0.9}},
        region={"rectangle": "N"},
        terminal={"left": {"normal": True, "voltage": 0.4}, "right": {"normal": True}, "top": PROBE},
        solve={"kind": "nonequilibrium", "temperature": 0.1},
    )
    o = uf.solve(case).observables
    compare("voltage probe in the middle", o["terminal_voltage"]["top"], 0.2, rel=1e-10)
    assert abs(o["terminal_current"]["top"]) < 1e-12
    compare(
        "current past the probe", o["terminal_current"]["left"], -o["terminal_current"]["right"], rel=1e-10
    )


def test_inverse_spin_hall_voltage():
    """Spins that enter through the bottom relax across a strip whose ends float against each other.

    The charge current through the sections of the strip, integrated over its length L, vanishes:
    Lθ ⟨S_z(top) − S_z(bottom)⟩ = w ⟨n(right) − n(left)⟩ with averages over the edges.
    """
    theta, length, width = 0.02, 1.7, 0.6
    side = {"normal": True, "floating": True, "contact": {"conductance": 1e-4}}
    case = uf.Case(
        mesh={"shape": "rectangle", "length": length, "width": width, "elements": [12, 6]},
        material={"N": {"D": 0.9, "theta": theta, "tau_so": 0.8}},
        region={"rectangle": "N"},
        terminal={
            "left": side,
            "right": side,
            "bottom": {"normal": True, "spin_voltage": [0, 0, 0.2], "contact": {"conductance": 1e-3}},
        },
        solve={"kind": "nonequilibrium", "temperature": 0.1},
    )
    s = uf.solve(case)
    o = s.observables
    x, y = s.nodes[:, 0], s.nodes[:, 1]
    spin, charge = np.asarray(o["spin_density"])[:, 2], np.asarray(o["charge_density"])

    def mean(nodes, along, values):
        order = nodes[np.argsort(along[nodes])]
        return np.trapezoid(values[order], along[order]) / np.ptp(along[order])

    top, bottom = np.flatnonzero(y > width - 1e-9), np.flatnonzero(y < 1e-9)
    left, right = np.flatnonzero(x < 1e-9), np.flatnonzero(x > length - 1e-9)
    drift = width * (mean(right, y, charge) - mean(left, y, charge))
    hall = length * theta * (mean(top, x, spin) - mean(bottom, x, spin))
    compare("inverse spin Hall: drift cancels the Hall current", drift, hall, rel=1e-2)
    voltage = float(o["terminal_voltage"]["right"] - o["terminal_voltage"]["left"])
    compare("inverse spin Hall voltage", voltage, hall / width / 2, rel=0.1)
    assert abs(voltage) > 1e-7
    for name in ("left", "right"):
        assert abs(o["terminal_current"][name]) < 1e-9 * np.abs(o["terminal_spin_current"]["bottom"]).max()


def test_thermovoltage_of_a_spin_split_superconductor():
    """The voltage at which the golden-rule current vanishes: ∫ (N₀ + P N_z)(f_N(ε − V) − f_S) = 0."""
    gap, h, p, t_n, t_s = 0.83, 0.21, 0.6, 0.12, 0.2
    case = uf.Case(
        mesh={"shape": "wire", "length": 0.4, "elements": 2},
        material={"N": {"D": 1.3, "N_F": 0.8}},
        region={"wire": "N"},
        terminal={
            "left": {"normal": True, "floating": True, "temperature": t_n},
            "right": {
                "Delta": gap,
                "exchange": [0, 0, h],
                "temperature": t_s,
                "contact": {"conductance": G, "polarisation": [0, 0, p]},
            },
        },
        solve={"kind": "nonequilibrium", "temperature": 0.1, "broadening": GAMMA, "energy_tolerance": 1e-5},
    )
    s = uf.solve(case)
    assert s.converged

    def current(v):
        def flow(e):
            up, down = dos(e, gap, h)
            return (0.5 * (up + down) + 0.5 * p * (up - down)) * (occupied(e, t_n, v) - occupied(e, t_s))

        return quad(flow, -8, 8, points=[-gap - h, h - gap, 0, gap - h, gap + h], limit=500)[0]

    exact = brentq(current, -0.3, 0.3, xtol=1e-10)
    assert abs(exact) > 0.01
    compare("thermovoltage of a spin-split S", s.observables["terminal_voltage"]["left"], exact, rel=1e-3)
