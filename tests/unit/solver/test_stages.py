"""The pieces of the integration in time."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem.case.expressions import Signal
from usadel_fem.device import build_device
from usadel_fem.normal import ACTIVE, NormalOperator, eight
from usadel_fem.physics.nambu import TAU3
from usadel_fem.solver.drive import Drive
from usadel_fem.solver.kinetic import KineticSolver
from usadel_fem.solver.transient import B_EMBEDDED, GAMMA, A, B, C

MATERIALS = {
    "A": {"D": "0.8 + 0.1*x", "N_F": 1.2, "tau_so": 0.9, "theta": "0.1*y", "exchange": [0.2, 0.3, "x"]},
    "B": {"D": 0.6, "theta": 0.2, "kappa": 0.3, "tau_so": 2.1},
}


def device(rashba=0.0, field=None, kappa=0.2):
    return build_device(
        uf.Case(
            mesh={
                "shape": "layers",
                "layers": [{"region": "A", "length": 0.7}, {"region": "B", "length": 0.9}],
                "width": 0.8,
                "resolution": 0.4,
            },
            material={
                "A": {**MATERIALS["A"], "rashba": rashba, "kappa": kappa},
                "B": {**MATERIALS["B"], "rashba": rashba},
            },
            region={"A": "A", "B": "B"},
            terminal={
                "left": {"normal": True},
                "right": {
                    "normal": True,
                    "contact": {
                        "conductance": 0.7,
                        "polarisation": [0.1, 0.2, 0.3],
                        "spin_mixing": [0.3, 0.1, -0.2],
                    },
                },
            },
            interface={
                "A|B": {"conductance": 0.8, "polarisation": [0, 0.2, 0.3], "spin_mixing": [0.1, 0, 0]}
            },
            field=field,
            solve={"kind": "nonequilibrium", "temperature": 0.1},
        )
    )


@pytest.mark.parametrize(
    "made",
    [{}, {"rashba": 0.7}, {"field": {"vector_potential": ["0.3*y", "0", "0"]}}],
    ids=["plain", "SU(2) links", "U(1) links"],
)
def test_scalar_matrices_give_the_kinetic_operator(made):
    """On spin and charge, to rounding, with every term, an interface and a contact; nothing else is met."""
    d = device(**made)
    n = d.forms.size
    full = KineticSolver(d).operator(0.0, np.broadcast_to(TAU3, (n, 4, 4)).copy())
    normal = NormalOperator.of(full)
    assert (normal.terms is None) == bool(made)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 4))
    outside = {name: eight(rng.normal(size=(1, 4)))[0] for name in ("left", "right")}
    expected = full(eight(x), outside)
    scale = np.abs(expected).max()
    assert np.abs(expected[:, ACTIVE] - normal(x, outside)).max() < 1e-13 * scale
    assert np.abs(expected[:, [0, 5, 6, 7]]).max() < 1e-13 * scale
    flow = full.contact_currents(eight(x), outside)["right"][ACTIVE]
    assert np.allclose(normal.contact_currents(x, outside)["right"], flow, atol=1e-13 * scale)


def test_the_method_has_its_order():
    """Conditions of order 4 and, for the embedded method, 3; L-stable: R(−∞) = 0; one matrix."""
    ac = A @ C
    for weights, order in ((B, 4), (B_EMBEDDED, 3)):
        assert np.isclose(weights.sum(), 1)
        assert np.isclose(weights @ C, 1 / 2)
        assert np.isclose(weights @ C**2, 1 / 3)
        assert np.isclose(weights @ ac, 1 / 6)
        fourth = np.array([weights @ C**3, weights @ (C * ac), weights @ (A @ C**2), weights @ (A @ ac)])
        assert np.allclose(fourth, [1 / 4, 1 / 8, 1 / 12, 1 / 24]) == (order == 4)
    assert np.isclose(1 - B @ np.linalg.solve(A, np.ones(5)), 0, atol=1e-13)
    assert np.all(np.diag(A) == GAMMA)


def test_jumps_are_found_and_kinks_are_not():
    signals = {
        "a": Signal("1 if t < 0.3 else 0.5"),
        "b": Signal("abs(t - 0.2) + exp(-t/0.001)"),
        "c": Signal("step(t - 0.3) + step(t - 0.7)"),
        "d": Signal("sin(40*t)"),
    }
    drive = Drive({}, signals, 0.83)
    assert np.allclose(drive.jumps(), [0.3, 0.7], atol=1e-12)
    assert Drive({}, {"d": signals["d"]}, 0.83).jumps() == []


def test_the_drive_at_and_beside_a_jump():
    potentials = {"left": np.arange(8.0), "right": np.zeros(8)}
    drive = Drive(potentials, {"left": Signal("t**3 if t < 0.4 else 2")}, 0.83)
    assert np.allclose(drive.inside(0.4, (0.0, 0.4))["left"], 0.064 * np.arange(8), atol=1e-8)
    assert np.array_equal(drive.inside(0.4, (0.4, 0.83))["left"], 2 * np.arange(8))
    for time in (0.0, 0.2, 0.4):
        slope = drive.rate(time, (0.0, 0.4))["left"]
        assert np.allclose(slope, 3 * time**2 * np.arange(8), atol=1e-8)
    assert not drive.rate(0.5, (0.4, 0.83))["left"].any()
    assert drive.amplitude == pytest.approx(2 * 4)
    assert drive.problems() == []
    (problem,) = Drive(potentials, {"left": Signal("1/(t - 0.415)")}, 0.83).problems()
    assert "terminal.left.signal: must be a finite real number" in str(problem)
