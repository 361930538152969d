"""Self-convergence of the terminal currents of a device: S, F, N with θ, κ, a noncollinear h and barriers.

Where spin–orbit currents N_FDθ, N_FDκ jump at a vacuum edge, or a transparent terminal meets one, the natural
condition is an oblique one and ǧ has a weak corner singularity r^α, α ≲ 1: currents then converge as
h^{2α}.  Without such corners P2 is of fourth order.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.observables.points import charge_and_spin, terminal_currents
from usadel_fem.solver.energies import DeviceSolver

ENERGY = 0.31j


UNIFORM = 0.8 * 1.4 / (1.3 * 0.9)
"""N_FD of F over that of N."""


CONTACT = {"conductance": 1.4, "polarisation": [0.2, 0, 0.5]}


def currents(order, refine, jump):
    """Charge and spin currents at both terminals, (2, 4).

    Args:
        jump: θ and κ jump across a slanted face, and the left terminal is transparent.
    """
    theta, kappa = (-0.15, 0.3) if jump else (0.2 * UNIFORM, -0.25 * UNIFORM)
    case = Case(
        mesh={
            "shape": "layers",
            "order": order,
            "refine": refine,
            "width": 0.8,
            "distortion": 0.4,
            "layers": [
                {"region": "F", "length": 0.7, "elements": 2, "slant": 0.3 if jump else 0.0},
                {"region": "N", "length": 0.8, "elements": 2},
            ],
        },
        material={
            "F": {
                "D": 0.8,
                "N_F": 1.4,
                "tau_so": 1.7,
                "theta": 0.2,
                "kappa": -0.25,
                "exchange": ["0.6*cos(2*y)", "0.4 + 0.3*x", "0.5*sin(x)"],
            },
            "N": {"D": 1.3, "N_F": 0.9, "theta": theta, "kappa": kappa},
        },
        region={"F": "F", "N": "N"},
        terminal={
            "left": {"Delta": 0.83, "phase": 0.9, **({} if jump else {"contact": 1.1})},
            "right": {"Delta": 0.71, "phase": -0.4, "contact": CONTACT},
        },
        solve={"kind": "spectrum", "energies": {"imaginary": [ENERGY.imag]}, "tolerance": 1e-11},
    )
    device = build_device(case)
    solver = DeviceSolver(device)
    g, report = solver.solve(ENERGY)
    assert report.ok, report
    flows = terminal_currents(device, g, solver.source(ENERGY), ENERGY)
    return np.array([np.append(*charge_and_spin(flows[name])) for name in ("left", "right")])


@pytest.mark.parametrize(
    ("order", "jump", "expected", "room"), [(1, False, 2.0, 0.3), (2, False, 4.0, 0.4), (2, True, 1.8, 0.4)]
)
def test_terminal_currents_converge(order, jump, expected, room):
    found = [currents(order, level, jump) for level in range(4)]
    steps = [np.linalg.norm(b - a) for a, b in pairwise(found)]
    seen = -np.polyfit(np.arange(3), np.log2(steps), 1)[0]
    kind = "corners" if jump else "no corners"
    compare(f"terminal currents, P{order}, {kind}: rate", seen, expected, atol=room)
    charge = found[-1][:, 0]
    assert abs(charge.sum()) < 1e-8 * abs(charge[0])
    assert steps[-1] < 1e-3 * np.linalg.norm(found[-1])
