"""The gap equation and its linearisation."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.physics.bulk import bcs_gap
from usadel_fem.solver.selfconsistency import Anderson


def layers(**lengths: float) -> dict[str, object]:
    stack = [{"region": name, "length": length} for name, length in lengths.items()]
    return {"shape": "layers", "layers": stack, "resolution": 0.25}


def bulk_case(temperature: float, **solve: object) -> Case:
    return Case(
        mesh={"shape": "wire", "length": 1.0, "resolution": 0.5},
        material={"S": {"D": 1.3, "N_F": 0.7, "Tc": 0.47}},
        region={"wire": "S"},
        solve={"kind": "equilibrium", "temperature": temperature, "self_consistent": True, **solve},
    )


def test_anderson_solves_a_linear_fixed_point_in_as_many_steps_as_it_has_modes() -> None:
    rng = np.random.default_rng(3)
    matrix = np.diag([0.99, 0.5, -0.8])
    b = rng.normal(size=3)
    mixing, x = Anderson(6), np.zeros(3)
    for _ in range(5):
        x = mixing.next(x, matrix @ x + b)
    np.testing.assert_allclose(x, np.linalg.solve(np.eye(3) - matrix, b), rtol=1e-8)


def test_the_bulk_gap_comes_out() -> None:
    """The last change of Δ is 1e-7 of it; each step takes 0.035 of the error off, Δ∂ ln f/∂Δ = 0.965 here."""
    solution = uf.solve(bulk_case(0.31))
    assert solution.converged
    np.testing.assert_allclose(solution.observables["Delta_abs"], bcs_gap(0.31, 0.47), rtol=1e-7 / 0.035)


def test_no_gap_survives_above_tc() -> None:
    solution = uf.solve(bulk_case(0.49))
    assert np.abs(solution.observables.get("Delta_abs", np.zeros(1))).max() < 1e-6


def test_tc_of_the_bulk_is_tc() -> None:
    solution = uf.solve(bulk_case(0.3, critical_temperature=True))
    assert float(solution.observables["Tc"]) == pytest.approx(0.47, rel=1e-7)


def test_a_fixed_phase_is_kept() -> None:
    case = Case(
        mesh=layers(S=3.0, N=1.0),
        material={"S": {"D": 1.3, "Tc": 0.47}, "N": {"D": 0.9}},
        region={"S": "S", "N": "N"},
        terminal={"left": {"Delta": 0.8, "phase": 0.9}},
        solve={"kind": "equilibrium", "temperature": 0.2, "self_consistent": True, "fixed_phase": True},
    )
    solution = uf.solve(case)
    inside = solution.observables["Delta_abs"] > 1e-6
    np.testing.assert_allclose(np.asarray(solution.observables["Delta_phase"])[inside], 0.9, atol=1e-9)


def test_each_region_keeps_its_own_gap_at_a_shared_node() -> None:
    """At an S/S′ interface Δ jumps with T_c while ǧ is continuous: two pairing unknowns on one node."""
    from usadel_fem.device import build_device

    case = Case(
        mesh=layers(A=2.0, B=2.0),
        material={"A": {"D": 1.3, "Tc": 0.47}, "B": {"D": 1.3, "Tc": 0.3}},
        region={"A": "A", "B": "B"},
        solve={"kind": "equilibrium", "temperature": 0.2, "self_consistent": True},
    )
    pairing = build_device(case).forms.pairing
    assert pairing is not None
    nodes, counts = np.unique(pairing.node, return_counts=True)
    assert counts.max() == 2
    assert (counts == 2).sum() == 1
    assert nodes.size == pairing.node.size - 1
