"""Fields at probes, on straight and curved meshes, and probes that do not fit the mesh."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.errors import CaseError

MESHES = {
    "wire": {"shape": "wire", "length": 2.0, "resolution": 0.2},
    "rectangle": {"shape": "rectangle", "length": 2.0, "width": 1.0, "resolution": 0.25},
    "disk": {"shape": "disk", "radius": 2.0, "resolution": 0.4},
    "box": {"shape": "box", "length": 2.0, "width": 1.0, "depth": 0.8, "resolution": 0.4},
}


def case(name: str, **output: object) -> Case:
    return Case(
        mesh=MESHES[name],
        material={"N": {"D": 1.3}},
        region={name: "N"},
        terminal={"left": {"Delta": 0.83}} if name != "disk" else {"rim": {"Delta": 0.83}},
        solve={"kind": "spectrum", "energies": {"imaginary": [0.31]}},
        output=output,
    )


@pytest.mark.parametrize("name", MESHES)
def test_linear_fields_are_exact_everywhere(name: str) -> None:
    space = build_device(case(name)).space
    rng = np.random.default_rng(5)
    low, high = space.doflocs.min(axis=1), space.doflocs.max(axis=1)
    points = low[:, None] + (high - low)[:, None] * rng.random((space.dimension, 300))
    if name == "disk":
        points = points[:, np.hypot(*points) < 1.99]
    slope = np.array([0.3, -0.7, 0.83])[: space.dimension]
    np.testing.assert_allclose(
        space.at_points(points).value @ (slope @ space.doflocs), slope @ points, atol=1e-9
    )


def test_a_probe_on_a_curved_mesh_reports_the_symmetric_field() -> None:
    solution = uf.solve(
        case("disk", at={"ring": {"from": [-1.5, 0], "to": [1.5, 0], "num": 7}, "centre": [0, 0]})
    )
    ring = np.asarray(solution.observables["probe:ring"]["dos"])[0]
    np.testing.assert_allclose(ring, ring[::-1], rtol=1e-3)
    assert solution.observables["probe:centre"]["dos"].shape == (1, 1)
    assert ring[3] == pytest.approx(float(solution.observables["probe:centre"]["dos"][0, 0]))


@pytest.mark.parametrize(
    ("name", "probe"),
    [
        ("disk", [3.0, 0.0]),
        ("rectangle", [0.5, 1.2]),
        ("rectangle", [0.5]),
        ("wire", {"from": [0.0], "to": [2.5]}),
        ("box", [0.5, 0.5, 0.9]),
    ],
)
def test_a_probe_that_does_not_fit_is_refused_before_the_solve(name: str, probe: object) -> None:
    with pytest.raises(CaseError) as error:
        uf.solve(case(name, at={"mine": probe}))
    assert [problem.key for problem in error.value.problems] == ["output.at.mine"]
