"""Newton, its linear solvers, and what it says when it fails."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from usadel_fem import Case
from usadel_fem.device import Device, build_device
from usadel_fem.outcomes import Outcome
from usadel_fem.physics.nambu import normalisation_defect
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.newton import EnergySolver, Options


def device(**solve: object) -> Device:
    return build_device(
        Case(
            mesh={"shape": "rectangle", "length": 2.1, "width": 1.0, "resolution": 0.3, "distortion": 0.2},
            material={
                "F": {
                    "D": 1.3, "exchange": [0.3, "0.2*y", 0.1], "tau_so": 2.1,
                    "theta": "0.2*(1+0.2*y)", "kappa": 0.2,
                }
            },
            region={"rectangle": "F"},
            terminal={"left": {"Delta": 0.83}, "right": {"Delta": 0.83, "phase": 1.2}},
            solve={"kind": "spectrum", "energies": [0.2], "broadening": 0.013, **solve},
        )
    )  # fmt: skip


def test_krylov_direct_and_picard_agree() -> None:
    results = [
        DeviceSolver(device(**options)).solve(0.2)
        for options in ({}, {"linear": "direct"}, {"method": "picard"})
    ]
    reference, _ = results[0]
    assert all(report.ok for _, report in results)
    for g, _ in results[1:]:
        assert np.abs(g - reference).max() < 1e-7
    assert normalisation_defect(reference) < 1e-12
    newton, picard = results[0][1].newton_iterations, results[2][1].newton_iterations
    assert picard > newton


def test_convergence_is_quadratic() -> None:
    """With exact linear solves the error of ǧ is squared in every late step, until it is round-off."""
    dev = device(linear="direct")
    reference, omega = DeviceSolver(dev).solve(0.2)[0], DeviceSolver(dev).source(0.2)
    errors = []
    for steps in range(1, 9):
        solver = EnergySolver(dev.forms, dev.nodes, 2, Options(max_iterations=steps, linear="direct"))
        g, _ = solver.solve(0.2, omega, dev.start(0.2))
        errors.append(np.abs(g - reference).max())
    late = [(e, after) for e, after in pairwise(errors) if 1e-5 < e < 0.1]
    assert len(late) >= 2
    assert all(after < 3 * e**2 for e, after in late)


def test_a_warm_start_takes_fewer_steps_than_a_cold_one() -> None:
    solver = DeviceSolver(device())
    g, cold = solver.solve(0.2)
    _, warm = solver.solve(0.21, g)
    assert warm.newton_iterations < cold.newton_iterations
    assert warm.krylov_iterations < cold.krylov_iterations


def test_too_few_steps_are_reported_with_place_history_and_hint() -> None:
    solver = DeviceSolver(device())
    solver.solver.options = replace(solver.solver.options, max_iterations=2)
    inside = solver.device
    _, report = solver.solver.solve(0.2, solver.source(0.2), inside.start(0.2))
    assert report.outcome is Outcome.MAX_ITERATIONS
    assert len(report.residual_history) == 3
    assert "max_iterations" in report.hint
    x, y, _ = report.location
    assert 0 < x < 2.1
    assert 0 <= y <= 1.0


def test_a_failed_gmres_hands_over_to_the_direct_solver() -> None:
    solver = DeviceSolver(device())
    solver.solver.options = replace(solver.solver.options, max_krylov=2)
    _, report = solver.solve(0.2)
    assert report.ok


def test_not_a_number_is_noticed() -> None:
    solver = DeviceSolver(device())
    omega = solver.source(0.2)
    omega[7] = np.nan
    _, report = solver.solver.solve(0.2, omega, solver.device.start(0.2))
    assert report.outcome is Outcome.NOT_A_NUMBER


def test_the_physical_branch_is_found_from_a_warm_start_on_another_one() -> None:
    """A case whose plain sweep runs onto a root that is not continuous with ε + i∞."""
    case = Case(
        mesh={"shape": "rectangle", "length": 2.0, "width": 1.0, "resolution": 0.25},
        material={"N": {"D": 1.0, "exchange": [0.3, "0.2*y", 0.1], "theta": "0.3*(1+0.2*y)", "kappa": 0.2}},
        region={"rectangle": "N"},
        terminal={"left": {"Delta": 1.0}, "right": {"Delta": 1.0, "phase": 1.2}},
        solve={"kind": "spectrum", "energies": [0.5], "broadening": 0.01},
    )
    solver = DeviceSolver(build_device(case))
    start, _ = solver.solve(0.5)
    cold, _ = solver.solve(0.6)
    swept, _ = solver.solve(0.6, start)
    assert np.abs(swept - cold).max() < 1e-6


@pytest.mark.parametrize("options", [Options(), Options(linear="direct")])
def test_a_device_held_everywhere_is_solved_already(options: Options) -> None:
    case = Case(
        mesh={"shape": "wire", "length": 1.0, "elements": 1, "order": 1},
        material={"N": {"D": 1.3}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 0.83}, "right": {"normal": True}},
        solve={"kind": "spectrum", "energies": {"imaginary": [0.31]}},
    )
    solver = DeviceSolver(build_device(case))
    solver.solver.options = options
    assert solver.solve(0.31j)[1].ok


def test_an_island_at_zero_energy_takes_as_few_steps_as_elsewhere() -> None:
    """No terminal holds a node and Δ is a result: K alone, the preconditioner at ε = 0, would be singular."""
    island = build_device(
        Case(
            mesh={"shape": "wire", "length": 0.7, "elements": 4},
            material={"S": {"D": 1.3, "Tc": 0.47}},
            region={"wire": "S"},
            terminal={"left": {"normal": True, "contact": 0.001}},
            solve={
                "kind": "spectrum",
                "energies": [0.0],
                "temperature": 0.1,
                "self_consistent": True,
                "broadening": 0.01,
            },
        )
    )
    assert island.forms.pairing is not None
    solver = DeviceSolver(island, np.full(island.forms.pairing.node.size, 0.83 + 0j))
    for energy in (0.0, 0.05):
        _, report = solver.solve(energy)
        assert report.ok
        assert report.newton_iterations <= 8


def test_iterations_end_as_near_to_the_solution_as_a_direct_solver():
    """A soft mode, of a rotating field behind a good contact, shows little in the preconditioned residual."""

    def field(linear):
        lengths = {"A": 0.8, "B": 0.68, "F": 2.47}
        layers = [{"region": r, "length": d, "resolution": 0.12} for r, d in lengths.items()]
        rotating = ["2.32*cos(1.555*y)", "2.32*sin(1.555*y)", -0.1]
        case = Case(
            mesh={"shape": "layers", "layers": layers, "order": 2, "axes": ["y"]},
            material={
                "A": {"D": 0.866, "N_F": 0.274},
                "B": {"D": 3.39, "N_F": 0.503},
                "F": {"D": 0.133, "N_F": 7.27, "exchange": rotating},
            },
            region={r: r for r in lengths},
            terminal={"left": {"Delta": 0.97}},
            interface={"A|B": {"conductance": 55.6, "polarisation": [-0.24, 0.24, -0.54]}},
            solve={"kind": "spectrum", "energies": {"imaginary": [0.0924]}, "linear": linear},
        )
        g, report = DeviceSolver(build_device(case)).solve(0.0924j)
        assert report.ok
        return g

    difference = np.abs(field("krylov") - field("direct")).max()
    assert difference < 10 * 1e-9 * np.abs(field("direct")).max() ** 2


@pytest.mark.parametrize("phase", [0.0, 3.1])
def test_cold_starts_at_a_gap_edge_end_on_the_physical_root(phase):
    """A positive root beside it is nearer to the normal state: against a broadening halved from 0.5 down."""

    def wire(broadening):
        return DeviceSolver(
            build_device(
                Case(
                    mesh={"shape": "wire", "length": 1.0 if phase else 5.0, "elements": 20},
                    material={"N": {"D": 1.0, "exchange": [0.0, 0.3, 0.4]}},
                    region={"wire": "N"},
                    terminal={"left": {"Delta": 1.0}, "right": {"Delta": 1.0, "phase": phase}},
                    solve={
                        "kind": "spectrum",
                        "energies": [1.01],
                        "broadening": broadening,
                        "linear": "krylov",
                    },
                )
            )
        )

    energy = 1.01 if phase else 1.0001
    found, report = wire(1e-6).solve(energy)
    assert report.ok
    g, broadening = None, 0.5
    while broadening > 1e-6:
        g, last = wire(broadening).solve(energy, g)
        assert last.ok
        broadening = max(0.5 * broadening, 1e-6)
    g, last = wire(1e-6).solve(energy, g)
    assert np.abs(found - g).max() < 20 * 1e-9 * np.abs(g).max() ** 2
