"""The scalar preconditioner: exact where it can be, few iterations where the potentials differ much."""

import numpy as np
import pytest

from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.linearise import linearise
from usadel_fem.solver import linear
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import NewtonSystem, ScalarPreconditioner


def hybrid(contrast: float, order: int = 1, h: float = 3.0) -> Case:
    """Superconductor and ferromagnet with a rotating field, 10 coherence lengths wide each."""
    return Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "S", "length": 5.0}, {"region": "F", "length": 5.0}],
            "width": 10.0,
            "resolution": 0.5,
            "order": order,
        },
        material={
            "S": {"D": 1.0, "Delta": 1.0},
            "F": {"D": contrast, "exchange": [f"{h}*cos(1.3*y)", f"{h}*sin(1.3*y)", 0.0]},
        },
        region={"S": "S", "F": "F"},
        solve={"kind": "spectrum", "energies": [0.5], "broadening": 0.01},
    )


@pytest.mark.parametrize("energy", [0.3, 1.7, 0.6j])
def test_it_is_exact_in_a_bulk_superconductor(energy, monkeypatch):
    """H = −4(K/2 + √(Δ² − ε²)) up to the order of the unknowns, above the gap as well as below."""
    monkeypatch.setattr(linear, "cycles_pay", lambda *unknowns: False)
    device = build_device(
        Case(
            mesh={"shape": "rectangle", "length": 2.0, "width": 1.0, "resolution": 0.3, "order": 1},
            material={"S": {"D": 1.2, "Delta": 0.83}},
            region={"rectangle": "S"},
            solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.02},
        )
    )
    solver = DeviceSolver(device)
    g, report = solver.solve(energy)
    assert report.ok
    omega = solver.source(energy)
    tangents = linearise(device.forms, g, omega, device.forms.free)
    preconditioner = ScalarPreconditioner(device.forms, device.forms.free, 2)
    preconditioner.prepare(tangents, omega)
    system = NewtonSystem(tangents, preconditioner)
    rng = np.random.default_rng(4)
    w = rng.normal(size=(device.space.size, 2, 2, 2)) + 1j * rng.normal(size=(device.space.size, 2, 2, 2))
    assert np.abs(system.preconditioned(tangents.hessian(w)) - w).max() < 1e-7


@pytest.mark.parametrize(
    ("contrast", "order", "most"), [(1.0, 1, 16), (1e-4, 1, 16), (1.0, 2, 16), (1e4, 1, 16)]
)
def test_iterations_per_step_stay_few_in_hybrids_of_unlike_materials(contrast, order, most):
    """Four orders of magnitude in D, P2, a field of three gaps: Krylov iterations per Newton step."""
    _, report = DeviceSolver(build_device(hybrid(contrast, order))).solve(0.5)
    assert report.ok
    assert report.krylov_iterations < most * report.newton_iterations


def test_multigrid_and_factorisation_lead_to_the_same_field(monkeypatch):
    device = build_device(hybrid(1e-2))
    cycled, one = DeviceSolver(device).solve(0.5)
    monkeypatch.setattr(linear, "cycles_pay", lambda *unknowns: False)
    factorised, other = DeviceSolver(device).solve(0.5)
    assert one.ok
    assert other.ok
    assert other.residual_history != one.residual_history  # it was another preconditioner
    assert np.abs(cycled - factorised).max() < 1e-7


def test_a_small_island_without_terminals_keeps_its_mean():
    """Δ, h and ε of 10⁻⁴ Thouless energies: K would amplify the rounding of cycles in single precision."""
    scale = 1e-4
    device = build_device(
        Case(
            mesh={
                "shape": "layers",
                "layers": [{"region": "S", "length": 0.5}, {"region": "F", "length": 0.5}],
                "width": 1.0,
                "resolution": 0.05,
                "order": 1,
            },
            material={
                "S": {"D": 1.0, "Delta": scale},
                "F": {
                    "D": 1.0,
                    "exchange": [f"{0.3 * scale}*cos(1.3*y)", f"{0.3 * scale}*sin(1.3*y)", 0.0],
                },
            },
            region={"S": "S", "F": "F"},
            solve={"kind": "spectrum", "energies": [0.5], "broadening": 1e-6 * scale},
        )
    )
    solver = DeviceSolver(device)
    _, report = solver.solve(0.85 * scale)
    assert report.ok
    assert report.newton_iterations <= 5
