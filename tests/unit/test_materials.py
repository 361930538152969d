"""Materials given by impurities, as coefficients of a device and in a solution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem.case import Case, Material
from usadel_fem.describe import describe
from usadel_fem.device import COEFFICIENTS, Device, build_device
from usadel_fem.errors import CaseError
from usadel_fem.materials import couples_currents
from usadel_fem.physics.microscopics import impurity_scattering

GIVEN = {"p_F": 31.0, "v_F": 0.83, "n_im": 570.0, "a": 0.019, "B": 0.00037}
WITHIN = {"p_F": 5000.0, "v_F": 600.0, "n_im": 8.8e8, "a": 6e-4, "B": 4.2e-6}
"""Impurities within the regime: ξ ≫ l ≫ 1/p_F ≫ λ by factors of 300, 12 and 10."""


def strip(middle: dict[str, Any], first: dict[str, Any] | None = None, **changes: Any) -> Case:
    """S|N on a strip: N twice as long as wide, an exchange field that turns so that θ and κ matter."""
    solve = {"kind": "spectrum", "energies": [0.31], "broadening": 0.04, "tolerance": 1e-11}
    values: dict[str, Any] = {
        "mesh": {
            "shape": "layers",
            "layers": [{"region": "S", "length": 0.7}, {"region": "N", "length": 1.3}],
            "width": 0.8,
            "resolution": 0.4,
        },
        "material": {
            "S": {"D": 0.71, "Delta": 0.83, **(first or {})},
            "N": {"exchange": ["0.4*cos(y)", "0.3*x", 0.2], **middle},
        },
        "region": {"S": "S", "N": "N"},
        "terminal": {"left": {"Delta": 0.83}},
        "solve": solve,
    }
    return Case(**{**values, **changes})


def points(device: Device) -> tuple[Any, Any]:
    at = device.space.evaluation(4)
    return at.position, at.element


def values(device: Device) -> dict[str, Any]:
    x, element = points(device)
    return {name: device.coefficient(name, x, element) for name in COEFFICIENTS}


def test_the_same_numbers_given_directly() -> None:
    """A whole solution, θ, κ and τ_so included."""
    s = impurity_scattering(31.0, 0.83, 570.0, 0.019, vertex=0.00037)
    direct = {
        "D": float(s.D),
        "theta": float(s.theta),
        "kappa": float(s.kappa),
        "tau_so": 1 / float(s.relaxation_rate),
    }
    by_impurities, by_numbers = uf.solve(strip({"impurities": GIVEN})), uf.solve(strip(direct))
    g = by_impurities.green_function(0)
    np.testing.assert_allclose(g, by_numbers.green_function(0), atol=1e-10)
    plain = uf.solve(strip({"D": direct["D"], "tau_so": direct["tau_so"]})).green_function(0)
    assert np.abs(g - plain).max() > 1e-5  # θ and κ are felt, or the test would not see them


def test_coefficients_depend_on_position() -> None:
    """n_im(x) and a(y), evaluated point by point."""
    table = {**GIVEN, "n_im": "570 + 40*x", "a": "0.019 - 0.003*y"}
    device = build_device(strip({"impurities": table}))
    x, element = points(device)
    inside = device.space.region_of_element[element] == sorted(device.mesh.regions).index("N")
    px, py = (device.space.physical(x)[k][inside] for k in (0, 1))
    expected = impurity_scattering(31.0, 0.83, 570 + 40 * px, 0.019 - 0.003 * py, vertex=0.00037)
    found = values(device)
    assert np.ptp(expected.D) > 0.1 * expected.D.max()
    for name in ("D", "theta", "kappa"):
        np.testing.assert_allclose(found[name][inside], getattr(expected, name), rtol=1e-12)
    np.testing.assert_allclose(found["spin_relaxation_rate"][inside], expected.relaxation_rate, rtol=1e-12)
    np.testing.assert_allclose(found["D"][~inside], 0.71)
    assert device.largest_energy >= float(expected.relaxation_rate.max()) / 2


def test_resonance_reaches_the_solver_finite() -> None:
    found = values(build_device(strip({"impurities": {**GIVEN, "a": -np.inf}})))
    assert all(np.isfinite(value).all() for value in found.values())


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        (None, {"impurities": GIVEN}, 1.0),
        ({"N_F": 0.7}, {"impurities": GIVEN}, 1 / 0.7),
        ({"N_F": 0.7}, {"impurities": GIVEN, "N_F": 2.1}, 3.0),
        ({"impurities": GIVEN, "D": None}, {"impurities": {**GIVEN, "p_F": 62.0}}, 4.0),
        ({"impurities": GIVEN, "D": None}, {"impurities": {**GIVEN, "v_F": 1.66}}, 0.5),
        ({"impurities": GIVEN, "D": None}, {"impurities": {**GIVEN, "v_F": 1.66}, "N_F": 3.0}, 3.0),
    ],
)
def test_densities_of_states(first: Any, second: dict[str, Any], ratio: float) -> None:
    """m p_F relative to the first material with impurities; an explicit N_F wins."""
    device = build_device(strip(second, first))
    x, element = points(device)
    found = np.asarray(device.coefficient("N_F", x, element))
    inside = device.space.region_of_element[element] == sorted(device.mesh.regions).index("N")
    assert found[inside].max() / found[~inside].min() == pytest.approx(ratio, rel=1e-12)


def test_which_materials_couple_currents() -> None:
    assert couples_currents(Material(impurities=GIVEN))
    assert couples_currents(Material(D=0.83, kappa="x"))
    assert not couples_currents(Material(impurities={**GIVEN, "B": 0.0}))
    assert not couples_currents(Material(D=0.83, theta=0))


def test_transverse_fields_beside_impurities_are_refused() -> None:
    changes = {"field": {"vector_potential": [0, 0, "0.3*x"]}}
    with pytest.raises(CaseError, match="theta or kappa is finite"):
        build_device(strip({"impurities": GIVEN}, **changes))
    build_device(strip({"impurities": {**GIVEN, "B": 0}}, **changes))


def test_a_resonance_with_a_length_on_the_mesh_is_refused() -> None:
    table = {"p_F": 31.0, "v_F": 0.83, "n_im": 570.0, "a": "1/(x - 0.7)", "lambda": 0.001}
    with pytest.raises(CaseError, match=r"material.N.impurities.a: must be a finite real number everywhere"):
        build_device(strip({"impurities": table}))


@pytest.mark.parametrize("a", [np.inf, -np.inf])
def test_a_resonance_with_a_length_is_not_solved(tmp_path: Path, a: float) -> None:
    """Every such material is named, whether a region is made of it or not, and nothing is left behind."""
    table = {"p_F": 31.0, "v_F": 0.83, "n_im": 570.0, "a": a, "lambda": 0.001}
    case = strip({"impurities": table})
    spare = case.model_copy(update={"material": {**case.material, "spare": case.material["N"]}})
    for action in (lambda: uf.solve(spare, output=tmp_path / "out"), lambda: describe(spare)):
        with pytest.raises(CaseError) as caught:
            action()
        assert [str(problem) for problem in caught.value.problems] == [
            f"material.{name}.impurities.a: must be finite beside lambda, "
            "whose vertex B = lambda^2 p_F^2 2 pi a/m has no limit there; "
            f"received {a} (give B instead of lambda)"
            for name in ("N", "spare")
        ]
    assert not any(tmp_path.iterdir())


def test_check_and_summary_warn_alike() -> None:
    """A mean free path that is not short against ξ = √(D/Δ); the good material says nothing."""
    clean = strip({"impurities": {**GIVEN, "n_im": 57.0}})
    s = impurity_scattering(31.0, 0.83, 57.0, 0.019, vertex=0.00037)
    ratio = float(np.sqrt(s.D / 0.83) / s.l)
    line = f"material.N: xi / l = {ratio:.3g}: the diffusive limit needs ≫ 1"
    assert f"  warning: {line}" in describe(clean).splitlines()
    assert line in uf.solve(clean).summary["notes"]
    good = strip({"impurities": WITHIN})
    assert "warning" not in describe(good)
    assert "material.N: D = " in describe(good)
    assert not any("needs" in note for note in uf.solve(good).summary["notes"])
