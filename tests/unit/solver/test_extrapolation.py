"""Starts along a sweep: polynomials are continued exactly, results stay those of cold starts."""

import numpy as np
import pytest

from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import frame, from_frame, riccati
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.extrapolation import Track


def on_a_polynomial(energy: float, degree: int):
    rng = np.random.default_rng(3)
    c = 0.2 * (rng.normal(size=(degree + 1, 2, 5, 2, 2)) + 1j * rng.normal(size=(degree + 1, 2, 5, 2, 2)))
    return from_frame(*frame(*sum(c[k] * energy**k for k in range(degree + 1))))


@pytest.mark.parametrize("degree", [1, 2])
def test_amplitudes_on_a_polynomial_are_continued_exactly(degree):
    track = Track()
    assert track.guess(0.1) is None
    for energy in (0.0, 0.11, 0.17, 0.31, 0.38):
        track.add(energy, on_a_polynomial(energy, degree))
    expected = np.stack(riccati(on_a_polynomial(0.47, degree)))
    found = np.stack(riccati(track.guess(0.47)))
    assert np.abs(found - expected).max() < 1e-11 * np.abs(expected).max()


def test_after_a_jump_the_last_result_is_the_start():
    track = Track()
    for energy in (0.0, 0.1, 0.2):
        track.add(energy, on_a_polynomial(energy, 1))
    edge = -0.6 * on_a_polynomial(0.3, 1)[:, :2, 2:]
    jumped = from_frame(*frame(edge, 0.5 * edge))
    for energy in (0.3, 0.31):
        track.add(energy, jumped)
    assert np.abs(track.guess(0.32) - jumped).max() < 1e-13


def test_an_energy_met_again_starts_anew():
    track = Track()
    for energy in (0.1, 0.2, 0.2):
        track.add(energy, on_a_polynomial(energy, 1))
    assert np.abs(track.guess(0.3) - on_a_polynomial(0.2, 1)).max() < 1e-13


def test_a_sweep_takes_less_work_than_single_energies_and_finds_the_same():
    case = Case(
        mesh={"shape": "rectangle", "length": 2.1, "width": 0.9, "resolution": 0.3},
        material={"F": {"D": 1.3, "exchange": [0.1, "0.2*y", 0.1], "tau_so": 2.0}},
        region={"rectangle": "F"},
        terminal={"left": {"Delta": 0.83}, "right": {"Delta": 0.83, "phase": 1.2}},
        solve={"kind": "spectrum", "energies": [0.2], "broadening": 0.013},
    )
    device = build_device(case)
    energies = [complex(e) for e in np.linspace(0.0, 0.4, 9)]
    swept, work, last = [], [], None
    single = DeviceSolver(device)
    for _, g, report in DeviceSolver(device).sweep(energies):
        swept.append(g)
        work.append(report.krylov_iterations)
    from_the_last = []
    for energy, g in zip(energies, swept, strict=True):
        cold, _ = single.solve(energy)
        assert np.abs(g - cold).max() < 1e-8 * np.abs(cold).max() ** 2
        last, report = single.solve(energy, last)
        from_the_last.append(report.krylov_iterations)
    assert sum(work) < sum(from_the_last)
