"""How channels of spin are solved: images for nothing, a real gauge in angles, few nodes at once."""

from dataclasses import replace

import numpy as np
import pytest

from tests.verification.test_collinear import IMAGINARY, REAL, TOLERANCE, device
from usadel_fem.fem import reduction
from usadel_fem.outcomes import Outcome
from usadel_fem.solver.channels import he_over_eh
from usadel_fem.solver.energies import DeviceSolver

PHASE = 0.4


def junction(symmetry="auto", difference=np.pi, **changes):
    """Given Δ and terminals of the phase 0.4, the left one at `difference` to that."""
    superconductor = {"S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": PHASE}}}
    dev = device(2, 1, symmetry=symmetry, left={"phase": PHASE + difference}, **changes)
    terminals = dev.case.terminal
    right = terminals["right"].model_copy(update={"phase": PHASE})
    material = type(dev.case.material["S"]).model_validate(superconductor["S"])
    case = dev.case.model_copy(
        update={
            "terminal": {**terminals, "right": right},
            "material": {**dev.case.material, "S": material},
        }
    )
    return type(dev)(case, dev.space, tuple(case.material_of(r) for r in sorted(dev.mesh.regions)))


def ratio_of(dev, energy=REAL):
    solver = DeviceSolver(dev)
    fields = [dev.reduction.channels.project(x) for x in (solver.source(energy), dev.start(energy))]
    return he_over_eh(dev.reduction.systems[0], *(x[: dev.reduction.systems[0].size] for x in fields))


@pytest.mark.parametrize("difference", [0.0, np.pi])
@pytest.mark.parametrize("energy", [REAL, IMAGINARY])
@pytest.mark.parametrize("relaxation", [{}, {"F": {"tau_so": 2.1}}])
def test_a_real_gauge_is_found_and_gives_the_same(difference, energy, relaxation):
    dev = junction(difference=difference, **relaxation)
    assert abs(ratio_of(dev, energy) + np.exp(-2j * PHASE)) < 1e-12
    (full, _), (reduced, report) = (
        DeviceSolver(d).solve(energy) for d in (junction("off", difference, **relaxation), dev)
    )
    assert report.ok
    assert np.abs(reduced - full).max() < 10 * TOLERANCE


def test_there_is_none_where_currents_flow():
    assert ratio_of(junction(difference=1.2)) is None
    assert ratio_of(junction(field={"vector_potential": [0.4, "0.5*x", 0]})) is None
    normal = np.array([0.0, 0.0, 1.0])
    assert ratio_of(device(2, 1, axis=normal, F={"theta": 0.2}, left={"phase": -0.8})) is None


def test_at_matsubara_frequencies_one_channel_is_solved(monkeypatch):
    solver = DeviceSolver(device())
    expected, _ = solver.solve(IMAGINARY)
    monkeypatch.setattr(solver.solver.solvers[1], "solve", None)
    found, report = solver.solve(IMAGINARY)
    assert report.ok
    assert np.array_equal(found, expected)


def test_channels_that_are_no_images_are_both_solved():
    """An Ω that no device has: something in the other channel alone."""
    solver = DeviceSolver(device())
    project = solver.channels.project
    start, omega = project(solver.device.start(IMAGINARY)), project(solver.source(IMAGINARY))
    before, _ = solver.solver.solve(IMAGINARY, omega, start)
    omega[-1] += np.diag([0.05j, -0.05j])
    after, report = solver.solver.solve(IMAGINARY, omega, start)
    assert report.ok
    assert np.abs(after - before)[: len(omega) // 2].max() < 10 * TOLERANCE
    assert np.abs(after - before)[-1].max() > 1e-3


def test_few_nodes_at_once_are_many_nodes_one_by_one(monkeypatch):
    together = DeviceSolver(device())
    assert together.device.reduction.together is not None
    one, _ = together.solve(REAL)
    monkeypatch.setattr(reduction, "FEW", 0)
    separate = DeviceSolver(device())
    assert separate.device.reduction.together is None
    other, report = separate.solve(REAL)
    assert report.ok
    assert np.abs(one - other).max() < 10 * TOLERANCE


def test_options_reach_every_channel_and_the_worst_one_is_reported(monkeypatch):
    monkeypatch.setattr(reduction, "FEW", 0)
    solver = DeviceSolver(device())
    solver.solver.options = replace(solver.solver.options, max_iterations=2)
    assert all(s.options.max_iterations == 2 for s in solver.solver.solvers)
    omega = solver.channels.project(solver.source(REAL))
    start = solver.channels.project(solver.device.start(REAL))
    _, report = solver.solver.solve(REAL, omega, start)
    assert report.outcome is Outcome.MAX_ITERATIONS
    x, _, _ = report.location
    assert 0 < x < 1.8
