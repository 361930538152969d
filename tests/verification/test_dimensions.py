"""One problem in one, two and three dimensions: a layered device with barriers, currents per area."""

from __future__ import annotations

import numpy as np

from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.observables.points import charge_and_spin, terminal_currents
from usadel_fem.physics.spectral import density_of_states
from usadel_fem.solver.energies import DeviceSolver

ENERGY = 0.37 + 0.0j
AREA = {1: 1.0, 2: 0.23, 3: 0.23 * 0.31}


def layered(dim):
    """S-terminal, N | barrier | F with a turning h and τ_so, N with a gap, tunnel contact; P2."""
    sizes = {1: {}, 2: {"width": 0.23}, 3: {"width": 0.23, "depth": 0.31}}[dim]
    layers = [("N", 0.5, 4), ("F", 0.4, 4), ("S", 0.6, 4)]
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "layers": [{"region": r, "length": d, "elements": n} for r, d, n in layers],
                **sizes,
            },
            material={
                "N": {"D": 2.1, "N_F": 0.9, "dynes": 0.07},
                "F": {"D": 0.8, "N_F": 1.4, "tau_so": 1.7, "exchange": ["0.6*cos(x)", 0.3, "0.5*sin(x)"]},
                "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.6, "phase": "0.3*x"}},
            },
            region={r: r for r, _, _ in layers},
            terminal={
                "left": {"Delta": 0.83, "phase": 0.7},
                "right": {"Delta": 0.71, "contact": {"conductance": 0.8, "polarisation": [0.3, 0, 0.4]}},
            },
            interface={
                "N|F": {"conductance": 1.3, "spin_mixing": [0.2, 0, 0.3], "polarisation": [0, 0.5, 0]},
            },
            solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.05, "tolerance": 1e-11},
        )
    )


def observed(dim):
    """(dos, x) at the vertices, and the currents of both terminals per area."""
    device = layered(dim)
    solver = DeviceSolver(device)
    g, report = solver.solve(ENERGY)
    assert report.ok, report
    flows = terminal_currents(device, g, solver.source(ENERGY), ENERGY)
    per_area = {}
    for name, flow in flows.items():
        charge, spin = charge_and_spin(flow / AREA[dim])
        per_area[name] = np.append(charge, spin)
    vertices = device.mesh.mesh.nvertices
    return device.nodes[:vertices, 0], density_of_states(g)[:vertices], per_area


def test_one_two_and_three_dimensions_agree():
    x, dos, currents = observed(1)
    at = np.round(x, 9)
    for dim in (2, 3):
        other_x, other_dos, other = observed(dim)
        difference = 0.0
        for place, value in zip(np.round(other_x, 9), other_dos, strict=True):
            difference = max(difference, np.abs(dos[at == place] - value).min())
        compare(f"1D = {dim}D, P2: density of states", difference, 0.0, atol=5e-5)
        for name, flow in currents.items():
            off = np.abs(other[name] - flow).max() / np.abs(flow).max()
            compare(f"1D = {dim}D, P2: charge and spin current at {name}", off, 0.0, atol=1e-6)
