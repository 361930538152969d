"""Vector potentials and the scalar preconditioner: the gauge of a case does not matter."""

from dataclasses import replace

import numpy as np
import pytest

from usadel_fem import Case, kernels
from usadel_fem.device import build_device
from usadel_fem.solver.charge import phases
from usadel_fem.solver.energies import DeviceSolver


def device(potential, symmetry="auto", **sizes):
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "layers": [{"region": "N", "length": 2.0}, {"region": "F", "length": 1.5}],
                "resolution": 0.2 if "depth" not in sizes else 0.4,
                "order": 1,
                "width": 2.5,
                **sizes,
            },
            material={"N": {"D": 0.9}, "F": {"D": 1.3, "exchange": [0.3, 0.4, 0.45]}},
            region={"N": "N", "F": "F"},
            terminal={"left": {"Delta": 0.83}, "right": {"Delta": 0.83, "phase": 1.3}},
            interface={"N|F": {"conductance": 2.3}},
            field={"vector_potential": potential},
            solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.02, "symmetry": symmetry},
        )
    )


def turned(forms, phase):
    """c − K with e^{−iξ_i} c_ij e^{iξ_j} for c, relative to K."""
    charged = forms.stiffness.charged.multiply(phase.conj()[:, None]).multiply(phase)
    return abs(charged - forms.stiffness.plain).max() / abs(forms.stiffness.plain).max()


def test_a_potential_without_a_field_is_turned_away():
    """A = ∇(0.9xy − 0.7x)."""
    forms = device(["0.9*y - 0.7", "0.9*x", "0"]).forms
    assert turned(forms, np.ones(forms.size)) > 0.2
    assert turned(forms, phases(forms)) < 0.02


def test_both_sides_of_a_strong_barrier_have_one_phase():
    dev = device(["0.9*y - 0.7", "0.9*x", "0"])
    forms = replace(dev.forms, barriers=1e4 * dev.forms.barriers)
    order = np.lexsort(np.round(dev.nodes, 9).T)
    order = order[np.isclose(dev.nodes[order, 0], 2.0)]
    one, two = order[::2], order[1::2]
    assert one.size > 10
    assert np.allclose(dev.nodes[one], dev.nodes[two])
    phase = phases(forms)
    assert np.abs(phase[one] - phase[two]).max() < 1e-3 < np.ptp(np.angle(phase[one]))


def test_nothing_is_turned_without_a_potential():
    assert phases(device(["0", "0", "0"]).forms) is None
    assert (
        phases(replace(device(["0.1*y", "0", "0"]).forms, stiffness=device(["0", "0", "0"]).forms.stiffness))
        is None
    )


@pytest.mark.parametrize("symmetry", ["auto", "off"])
@pytest.mark.parametrize("sizes", [{}, {"depth": 1.2}])
def test_iterations_do_not_depend_on_the_gauge(symmetry, sizes):
    """A field B = 0.2 in the gauge A·n = 0 along the junction, and with ∇(0.9xy) added."""
    counts = []
    for potential in (["-0.2*(y - 1.25)", "0", "0"], ["0.7*y + 0.25", "0.9*x", "0"]):
        _, report = DeviceSolver(device(potential, symmetry, **sizes)).solve(0.3)
        assert report.ok
        counts.append(report.krylov_iterations / report.newton_iterations)
    assert max(counts) < 1.5 * min(counts)


@pytest.mark.parametrize("s", [1, 2])
def test_rows_are_turned(s):
    rng = np.random.default_rng(s)
    rows = rng.normal(size=(70, 2, 4, s**2)).astype(np.float32)
    phase = np.exp(1j * rng.normal(size=67))
    expected = rows[:, 0] + 1j * rows[:, 1].astype(float)
    expected[:67, 1] *= phase[:, None]
    expected[:67, 2] *= phase.conj()[:, None]
    kernels.compiled().steps.turn(rows.reshape(-1), phase, s)
    assert np.abs(rows[:, 0] + 1j * rows[:, 1] - expected).max() < 1e-6
