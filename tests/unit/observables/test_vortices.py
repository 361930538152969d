"""Profiles around vortices: which circles there are, and what becomes of vectors on them."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.observables.vortices import VortexProfile

RING = {"shape": "annulus", "inner": 0.9, "outer": 2.3, "resolution": 0.3}
DISK = {"shape": "disk", "radius": 2.3, "resolution": 0.4}


def case(
    mesh: dict[str, object], *vortices: dict[str, object], h: object = (0.3, 0.4, 0.1), **axes: object
) -> Case:
    return Case(
        mesh={**mesh, **axes},
        material={"S": {"D": 1.3, "Delta": 0.83, "kappa": 0.2, "exchange": h}},
        region={str(mesh["shape"]): "S"},
        vortex=list(vortices),
        solve={"kind": "spectrum", "energies": {"imaginary": [0.37]}},
        output={"fields": ["spin_torque"]},
    )


def profile(given: Case, number: int = 0) -> VortexProfile | None:
    return VortexProfile.around(build_device(given), given.vortex[number])


def test_of_a_hole_are_the_circles_in_the_ring() -> None:
    found = profile(case(RING, {"at": [0, 0], "winding": 2}))
    assert found is not None
    assert found.radius.min() == pytest.approx(0.9, abs=0.05)
    assert found.radius.max() == pytest.approx(2.3, abs=0.05)
    solution = uf.solve(case(RING, {"at": [0, 0], "winding": 2}))
    values = solution.observables["vortex:1"]
    assert isinstance(values, dict)
    assert np.asarray(values["spin_torque"]).shape == (1, found.radius.size)


def test_off_the_centre_they_end_at_the_boundary_and_half_way_to_the_next() -> None:
    alone = profile(case(DISK, {"at": [0.8, 0], "winding": 1}))
    assert alone is not None
    assert alone.radius.max() == pytest.approx(1.5, abs=0.05)
    pair = case(DISK, {"at": [0.8, 0], "winding": 1}, {"at": [-0.4, 0], "winding": -1})
    first = profile(pair)
    assert first is not None
    assert first.radius.max() == pytest.approx(0.6, abs=0.05)


def test_none_outside_the_mesh_or_without_a_field_across_the_axis() -> None:
    assert profile(case(DISK, {"at": [9.0, 0], "winding": 1})) is None
    assert profile(case(DISK, {"at": [0, 0], "winding": 1}, h=(0, 0, 0.3))) is None
    solution = uf.solve(case(DISK, {"at": [9.0, 0], "winding": 1}))
    assert "vortex:1" not in solution.observables


def test_function_of_a_vector_field() -> None:
    """F of F(r) n ẑ×ĥ, what lies across does not count; in the plane z, x the normal is y."""
    for axes, normal in ((("x", "y"), [0, 0, 1]), (("z", "x"), [0, 1, 0])):
        found = profile(case(DISK, {"at": [0, 0], "winding": -2}, axes=list(axes)))
        assert found is not None
        along = -2 * np.cross(normal, np.array([0.3, 0.4, 0.1]) / np.linalg.norm([0.3, 0.4, 0.1]))
        f = np.exp(-found.radius)
        vectors = np.repeat(f, found.direction.shape[1])[:, None] * along + 0.83 * np.array(normal)
        assert found.of(vectors) == pytest.approx(f)
