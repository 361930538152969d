"""The self-consistent pair potential between driven terminals: a small island against a scalar equation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import usadel_fem as uf
from tests.verification.table import compare
from usadel_fem.physics.bulk import bcs_gap

TC, GAMMA, REFERENCE = 0.47, 0.004, 0.12
CONTACT = 1e-6


def island(terminal, temperature=REFERENCE, **solve):
    """An island so small that nothing varies in it; its contacts fix ĥ and broaden nothing."""
    case = uf.Case(
        mesh={"shape": "wire", "length": 0.3, "elements": 1, "order": 1},
        material={"S": {"D": 1.3, "N_F": 0.8, "Tc": TC}},
        region={"wire": "S"},
        terminal={name: {"normal": True, "contact": CONTACT, **bias} for name, bias in terminal.items()},
        solve={
            "kind": "nonequilibrium",
            "temperature": temperature,
            "self_consistent": True,
            "broadening": GAMMA,
            "energy_tolerance": 2e-5,
            **solve,
        },
    )
    solution = uf.solve(case)
    assert solution.converged
    gap = solution.observables["Delta_abs"]
    assert np.ptp(gap) < 1e-3
    return solution, float(gap.mean())


def scalar_gap(distribution, start):
    """ln(T/T_c) + 2πT Σ [1/ω − 1/√(ω² + Δ²)] = ∫₀^∞ Re[1/√((ε + iΓ)² − Δ²)] (h − tanh(ε/2T)) dε."""

    def excess(delta):
        at_rest = np.log(REFERENCE / TC) + _sum(delta)

        def f(e):
            z = e + 1j * GAMMA
            return np.real(-1j / np.sqrt(delta**2 - z**2 + 0j)) * (
                distribution(e) - np.tanh(e / (2 * REFERENCE))
            )

        marks = [0.0, 0.3, delta, 1.2, 6.0]
        driven = sum(quad(f, a, b, limit=300)[0] for a, b in pairwise(marks))
        return at_rest - driven

    return brentq(excess, 0.9 * start, 1.1 * start, xtol=1e-9)


def _sum(delta):
    """2πT Σ [1/ω − 1/√(ω² + Δ²)] with an integral for the tail."""
    n = np.arange(4000)
    w = 2 * np.pi * REFERENCE * (n + 0.5)
    tail = np.arcsinh(2 * np.pi * REFERENCE * 4000 / delta) - np.log(4 * np.pi * REFERENCE * 4000 / delta)
    return 2 * np.pi * REFERENCE * np.sum(1 / w - 1 / np.sqrt(w**2 + delta**2)) + tail


@pytest.mark.slow
def test_a_warm_contact_warms_the_island():
    """ĥ = tanh(ε/2T) of the contact whatever the reference temperature: the BCS gap, up to O(Γ)."""
    warm = 0.31
    _, found = island({"left": {"temperature": warm}})
    expected = scalar_gap(lambda e: np.tanh(e / (2 * warm)), found)
    compare("warm island: Δ", found, expected, rel=3e-4)
    assert abs(expected / bcs_gap(warm, TC) - 1) < 0.01
    assert expected < 0.93 * bcs_gap(REFERENCE, TC)


@pytest.mark.parametrize(("v", "tolerance"), [(0.45, 1e-4), pytest.param(0.57, 2e-5, marks=pytest.mark.slow)])
def test_a_voltage_between_two_contacts_weakens_the_gap(v, tolerance):
    """ĥ = ½[tanh((ε + V)/2T) + tanh((ε − V)/2T)]: Keizer et al., Phys. Rev. Lett. 96, 147002 (2006)."""
    t = 0.12
    _, found = island({"left": {"voltage": v}, "right": {"voltage": -v}}, energy_tolerance=tolerance)

    def distribution(e):
        return 0.5 * (np.tanh((e + v) / (2 * t)) + np.tanh((e - v) / (2 * t)))

    expected = scalar_gap(distribution, found)
    compare(f"driven island: Δ at V = ±{v}", found, expected, rel=3e-4)


def test_without_bias_the_gap_of_equilibrium_is_left():
    """Δ agrees with kind = "equilibrium" to 1e-6, here between two superconducting leads."""
    found = []
    for kind in ("equilibrium", "nonequilibrium"):
        case = uf.Case(
            mesh={"shape": "wire", "length": 1.9, "elements": 6},
            material={"S": {"D": 1.3, "Tc": TC, "exchange": [0, 0.1, 0.1]}},
            region={"wire": "S"},
            terminal={"left": {"Delta": 0.7, "phase": 0.5}, "right": {"normal": True, "contact": 0.4}},
            solve={"kind": kind, "temperature": 0.13, "self_consistent": True, "broadening": 0.01}
            if kind == "nonequilibrium"
            else {"kind": kind, "temperature": 0.13, "self_consistent": True},
        )
        solution = uf.solve(case)
        assert solution.converged
        found.append(np.array(solution.observables["Delta_abs"]))
    assert np.ptp(found[0]) > 0.05
    assert np.abs(found[1] - found[0]).max() < 1e-6


def test_the_gap_is_as_good_as_the_tolerance_says():
    """A slow iteration does not stop where it began: the error of Δ, not its last step, is what counts."""
    warm, tolerance = 0.31, 1e-3
    _, found = island({"left": {"temperature": warm}}, energy_tolerance=tolerance)
    expected = scalar_gap(lambda e: np.tanh(e / (2 * warm)), found)
    assert abs(found / expected - 1) < 2 * tolerance
    assert abs(bcs_gap(REFERENCE, TC) / expected - 1) > 0.05
