"""GMRES for the distributions against the assembled operator, with every term of the equation."""

from __future__ import annotations

import numpy as np
import pytest

from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.keldysh import KineticOperator
from usadel_fem.physics.keldysh import reservoir
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.kinetic_linear import KineticSystem

TEMPERATURE = 0.13
LAYERS = [{"region": "S", "length": 2.3, "elements": 5}, {"region": "F", "length": 1.4, "elements": 4}]
FERROMAGNET = {"D": 0.7, "N_F": 1.3, "exchange": [0.2, 0.4, 0.3], "tau_so": 2.7, "theta": 0.15, "kappa": -0.2}


def system(energy, width, barrier):
    """A superconductor between a superconducting and a spin-active normal reservoir, S/F inside."""
    contact = {"conductance": 0.6, "polarisation": [0, 0.3, 0.4], "spin_mixing": [0.1, 0, 0.2]}
    case = Case(
        mesh={"shape": "layers", "layers": LAYERS} | ({"width": width} if width else {}),
        material={
            "S": {"D": 1.3, "Delta": 0.83},
            "F": FERROMAGNET | ({} if width else {"theta": 0, "kappa": 0}),
        },
        region={"S": "S", "F": "F"},
        terminal={"left": {"Delta": 0.83, "phase": 0.4}, "right": {"normal": True, "contact": contact}},
        interface={"S|F": {"conductance": 0.8, "polarisation": [0.2, 0, 0.3]}} if barrier else {},
        solve={"kind": "spectrum", "energies": [energy], "broadening": 0.003},
    )
    device = build_device(case)
    solver = DeviceSolver(device)
    g, report = solver.solve(energy)
    assert report.ok
    operator = KineticOperator.at(
        device.forms, g, solver.source(energy), energy, device.reservoirs(energy), relaxation=0.02
    )
    held = np.zeros((device.forms.size, 8))
    held[device.forms.pinned["left"]] = reservoir(energy, 2 * TEMPERATURE)
    outside = {"right": reservoir(energy, TEMPERATURE, 0.4, [0.1, -0.2, 0.3])}
    return KineticSystem(operator, device.forms.free, device.space.dimension), held, outside


@pytest.mark.parametrize("barrier", [False, True])
@pytest.mark.parametrize("width", [None, 1.1])
@pytest.mark.parametrize("energy", [0.06, 0.55, 0.83, 1.9])
def test_krylov_finds_what_the_factorisation_finds(energy, width, barrier):
    """From far below the gap through its edge; nothing of size 8N is built on the default path."""
    kinetic, held, outside = system(energy, width, barrier)
    krylov = kinetic.solve(held, outside, None, False, 0)
    direct = kinetic.solve(held, outside, None, True, 0)
    assert krylov.ok
    assert direct.ok
    assert direct.iterations == 0 < krylov.iterations < 160
    assert np.abs(krylov.h - direct.h).max() < 1e-9
    balance = kinetic.operator(krylov.h, outside)
    brought = kinetic.operator.contact_currents(krylov.h, outside)["right"]
    scale = np.abs(brought).max()
    assert np.abs(balance[kinetic.free].sum(axis=0)).max() < 1e-10 * scale


def test_a_warm_start_at_the_solution_costs_nothing():
    kinetic, held, outside = system(0.4, None, False)
    first = kinetic.solve(held, outside, None, False, 0)
    again = kinetic.solve(held, outside, first.h, False, 0)
    assert again.iterations == 0
    assert np.array_equal(again.h, first.h)
