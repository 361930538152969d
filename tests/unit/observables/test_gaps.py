"""Gaps read off a spectrum."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.observables.spectrum import gap_edges


def test_edges_are_interpolated_and_missing_ones_are_nan() -> None:
    energies = np.array([0.0, 0.2, 0.4, 0.6])
    dos = np.array([[0.0, 0.5, 0.0], [0.05, 0.6, 0.0], [0.25, 0.7, 0.0], [1.0, 0.8, 0.0]])
    np.testing.assert_allclose(gap_edges(energies, dos), [0.25, 0.0, np.nan])
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(gap_edges(energies[order], dos[order]), [0.25, 0.0, np.nan])


def test_a_bulk_superconductor_has_one_gap() -> None:
    case = Case(
        mesh={"shape": "wire", "length": 1.0, "resolution": 0.5},
        material={"S": {"D": 1.3, "Delta": 0.83}},
        region={"wire": "S"},
        solve={"kind": "spectrum", "energies": {"start": 0.0, "stop": 1.0, "num": 201}, "broadening": 1e-4},
    )
    found = uf.solve(case).observables
    assert float(found["gap"]) == pytest.approx(0.83, abs=0.005)
    assert float(found["min_gap"]) == pytest.approx(float(found["gap"]))
    np.testing.assert_allclose(found["local_gap"], found["gap"])
