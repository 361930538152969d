"""Many energies along a line at once: the results of single ones, their order, what happens to failures."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.solver.test_banded import FIELDS, hybrid
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.outcomes import Outcome
from usadel_fem.physics.matsubara import matsubara_rule
from usadel_fem.solver import banded_sweep
from usadel_fem.solver.banded import Elimination
from usadel_fem.solver.banded_newton import BandedNewton
from usadel_fem.solver.banded_sweep import BandedSweep
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import NewtonSystem
from usadel_fem.solver.selfconsistency import solve_gap

TOLERANCE = 1e-9


def agree(device, energies, found):
    """Against single energies by GMRES, within 10 tolerances of |w|: |δǧ| ≤ 2|w||ǧ|²."""
    alone = DeviceSolver(device)
    alone.solver.options = replace(alone.solver.options, linear="krylov")
    for energy, g in zip(energies, found, strict=True):
        expected, report = alone.solve(energy)
        assert report.ok
        assert np.abs(g - expected).max() < 20 * TOLERANCE * np.abs(expected).max() ** 2


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("broadening", [0.013, 1e-6])
def test_a_sweep_finds_what_single_energies_do(order, fields, broadening, monkeypatch):
    alone, plain = [], BandedSweep._alone
    monkeypatch.setattr(BandedSweep, "_alone", lambda *x: alone.append(x[1]) or plain(*x))
    device = hybrid(order, fields, broadening=broadening)
    energies = [complex(e) for e in np.linspace(0.0, 1.1, 40)]
    found = list(DeviceSolver(device).sweep(energies))
    assert [index for index, _, _ in found] == list(range(40))
    assert [report.energy for _, _, report in found] == energies
    assert all(report.ok for _, _, report in found)
    assert all(report.krylov_iterations == 0 for _, _, report in found)
    assert len(alone) < 20
    agree(device, energies[::6], [g for _, g, _ in found[::6]])


@pytest.mark.parametrize("fields", ["no field", "across"])
@pytest.mark.parametrize("broadening", [0.013, 1e-6])
def test_single_energies_are_eliminated_too(fields, broadening, monkeypatch):
    """From cold and warm starts and by way of imaginary energies; GMRES and SuperLU are not called."""
    device = hybrid(2, fields, broadening=broadening)
    energies = [complex(e) for e in (0.0, 0.41, 0.83, 1.1)] + [0.2j]
    with monkeypatch.context() as patch:
        patch.delattr(NewtonSystem, "krylov")
        patch.delattr(NewtonSystem, "direct")
        solver = DeviceSolver(device)
        cold = [solver.solve(energy) for energy in energies]
        warm = [solver.solve(energy, g) for energy, (g, _) in zip(energies, cold, strict=True)]
        down = [solver._continue(energy, []) for energy in energies[:2]]
    assert all(report.ok for _, report in cold + warm + down)
    assert all(report.newton_iterations <= 1 for _, report in warm)
    agree(device, energies, [g for g, _ in cold])
    agree(device, energies[:2], [g for g, _ in down])


@pytest.mark.parametrize("tau_so", [None, 1.7])
def test_single_energies_in_channels_of_spin_are_eliminated_too(tau_so, monkeypatch):
    """Coupled by spin relaxation or not."""
    device = collinear(tau_so)
    assert device.reduction is not None
    energies = [0.0j, 0.41 + 0j, 0.9 + 0j, 0.3j]
    with monkeypatch.context() as patch:
        patch.delattr(NewtonSystem, "krylov")
        found = [DeviceSolver(device).solve(energy) for energy in energies]
    assert all(report.ok for _, report in found)
    agree(device, energies, [g for g, _ in found])


def collinear(tau_so):
    return build_device(
        Case(
            mesh={"shape": "wire", "length": 2.1, "elements": 12},
            material={
                "F": {"D": 1.3, "N_F": 0.7, "exchange": [0, 0, "0.6*cos(x)"]}
                | ({} if tau_so is None else {"tau_so": tau_so})
            },
            region={"wire": "F"},
            terminal={"left": {"Delta": 0.83}, "right": {"Delta": 0.6}},
            solve={"kind": "spectrum", "energies": [0.4], "broadening": 0.013},
        )
    )


def test_any_order_repeated_energies_and_frequencies():
    device = hybrid()
    energies = [0.7 + 0j, 0.1 + 0j, 0.7 + 0j, 0.31j, 0.4 + 0j, 2.9j, 0.1 + 0j]
    found = [g for _, g, _ in DeviceSolver(device).sweep(energies)]
    agree(device, energies, found)


def test_close_energies_take_one_step_each():
    """Levels of an interpolation: all but the first few of 128 start near their result."""
    device = hybrid(elements=10)
    reports = [r for _, _, r in DeviceSolver(device).sweep(np.linspace(0.9, 1.3, 128).astype(complex))]
    steps = np.array([report.newton_iterations for report in reports])
    assert np.median(steps) <= 1
    assert steps.mean() < 2
    assert all(len(r.residual_history) == r.newton_iterations + 1 for r in reports)
    assert all(r.residual_history[-1] <= TOLERANCE for r in reports)


def test_results_come_batch_by_batch(monkeypatch):
    """What an interruption loses is the batch at hand."""
    monkeypatch.setattr(banded_sweep, "BATCH", 8)
    solver, solved = DeviceSolver(hybrid()), []
    solve = solver.along_a_line.newton.solve
    monkeypatch.setattr(
        solver.along_a_line.newton, "solve", lambda e, *rest: solved.append(len(e)) or solve(e, *rest)
    )
    sweep = solver.sweep([complex(e) for e in np.linspace(0.0, 0.5, 20)])
    done = [sum(solved) for _ in sweep]
    assert done == [8] * 8 + [16] * 8 + [20] * 4


def test_an_energy_that_fails_spoils_no_other():
    """Numbers that are not finite, in the equation and in a start, stand beside an energy that converges."""
    device = hybrid()
    solver = DeviceSolver(device)
    options = solver.solver.options
    energies = [0.2 + 0j, 0.3 + 0j, 0.4 + 0j]
    omega = np.stack([solver.source(e) for e in energies], axis=1)
    start = np.stack([device.start(e) for e in energies], axis=1)
    newton = BandedNewton(device.forms, Elimination.of(device.forms))
    expected, _, converged = newton.solve(energies[2:], omega[:, 2:], start[:, 2:], options)
    assert converged == [True]
    omega[3, 0] = np.nan
    start[3, 1, 0, 2] = np.inf
    g, histories, converged = newton.solve(energies, omega, start, options)
    assert converged == [False, False, True]
    assert not np.isfinite([histories[0][-1], histories[1][-1]]).any()
    assert np.abs(g[:, 2] - expected[:, 0]).max() < 10 * TOLERANCE


def test_what_fails_among_the_others_is_solved_alone(monkeypatch):
    """An unphysical root, and an energy that needs more steps than a batch gives it."""
    device = hybrid()
    energies = [complex(e) for e in (0.2, 0.3, 0.4)]
    plain = list(DeviceSolver(device).sweep(energies))
    solver = DeviceSolver(device)
    physical, alone = solver.physical, []
    monkeypatch.setattr(
        solver, "physical", lambda g: physical(g) & (np.arange(3) != 1 if g.ndim == 4 else True)
    )
    find = solver.find
    monkeypatch.setattr(solver, "find", lambda e, start=None: alone.append((e, start)) or find(e, start))
    monkeypatch.setattr(banded_sweep, "STRIDE", 1)
    found = list(solver.sweep(energies))
    assert [e for e, _ in alone] == [0.3]
    assert alone[0][1] is not None
    for (_, g, report), (_, expected, _) in zip(found, plain, strict=True):
        assert report.ok
        assert np.abs(g - expected).max() < 10 * TOLERANCE
    assert found[1][2].newton_iterations >= found[0][2].newton_iterations


def test_too_few_steps_are_reported_by_the_solver_of_single_energies():
    device = hybrid(max_iterations=2)
    for _, _, report in DeviceSolver(device).sweep([0.2 + 0j, 0.3 + 0j]):
        assert report.outcome is Outcome.MAX_ITERATIONS
        assert "max_iterations" in report.hint


@pytest.mark.parametrize("order", [1, 2])
def test_a_self_consistent_gap_is_the_same(order):
    gaps = []
    for linear in ("auto", "krylov"):
        device = build_device(
            Case(
                mesh={
                    "shape": "layers",
                    "order": order,
                    "layers": [
                        {"region": "S", "length": 1.3, "elements": 4},
                        {"region": "F", "length": 0.7, "elements": 3},
                    ],
                },
                material={
                    "S": {"D": 1.3, "Tc": 0.47},
                    "F": {"D": 0.9, "exchange": [0.3, 0, 0.4], "tau_so": 2},
                },
                region={"S": "S", "F": "F"},
                interface={"S|F": {"conductance": 0.8}},
                solve={"kind": "equilibrium", "temperature": 0.13, "self_consistent": True, "linear": linear},
            )
        )
        result = solve_gap(
            device, matsubara_rule(0.13, device.largest_energy, tolerance=1e-7), tolerance=1e-9
        )
        assert result.converged
        gaps.append(result.delta)
    assert np.abs(gaps[0] - gaps[1]).max() < 1e-6 * np.abs(gaps[0]).max()


def test_levels_take_every_position_once():
    for count in (1, 2, 15, 16, 17, 100):
        assert sorted(np.concatenate(banded_sweep.levels(count)).tolist()) == list(range(count))


@pytest.mark.parametrize(
    "material", [{}, {"exchange": [0.3, 0.4, 0.0]}, {"exchange": [0, 0, 0.4], "tau_so": 2.1}]
)
def test_channels_of_spin_are_eliminated_too(material):
    """Collinear devices, with channels that feel each other or not: against full matrices."""
    case = Case(
        mesh={"shape": "wire", "length": 1.7, "elements": 12},
        material={"N": {"D": 0.83, **material}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 0.9}, "right": {"Delta": 0.7, "phase": 0.8}},
        solve={"kind": "spectrum", "energies": [0.0], "broadening": 0.013},
    )
    device = build_device(case)
    assert device.reduction is not None
    energies = [complex(e) for e in np.linspace(-0.2, 1.1, 20)]
    found = list(DeviceSolver(device).sweep(energies))
    assert all(report.ok for _, _, report in found)
    full = case.model_copy(update={"solve": case.solve.model_copy(update={"symmetry": "off"})})
    agree(build_device(full), energies[::4], [g for _, g, _ in found[::4]])
