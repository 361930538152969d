"""Gauge fields of a case: along the mesh, across it, and the ones that are refused."""

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.errors import CaseError
from usadel_fem.gauge import uniform_field


def case(mesh: dict[str, object] | None = None, theta: float = 0.0, **parts: object) -> Case:
    return Case(
        mesh=mesh or {"shape": "wire", "length": 2.0, "resolution": 0.5},
        material={"S": {"D": 1.3, "Delta": 0.83, "theta": theta}},
        region={"wire" if mesh is None else str(mesh["shape"]): "S"},
        solve={"kind": "spectrum", "energies": [0.2, 0.7], "broadening": 0.02},
        **parts,
    )


def depaired(energy: complex, delta: float, rate: float) -> complex:
    """cos θ with the depairing rate Γ = 2DA²: ω sin θ = Δ cos θ − Γ sin θ cos θ, ω = −iε."""
    theta = np.arctan(delta / 3.0 + 0j)
    for extra in np.append(np.geomspace(3.0, 1e-3, 60), np.zeros(5)):
        w = extra - 1j * energy
        for _ in range(20):
            s, c = np.sin(theta), np.cos(theta)
            theta -= (w * s - delta * c + rate * s * c) / (w * c + delta * s + rate * np.cos(2 * theta))
    return complex(np.cos(theta))


def test_a_field_across_the_mesh_pairs_down_like_one_along_it() -> None:
    """A uniform A_y of a layer that is uniform in y: the depairing rate is 2DA_y²."""
    a = 0.31
    solution = uf.solve(case(field={"vector_potential": [0, a, 0]}))
    for k, energy in enumerate((0.2, 0.7)):
        expected = depaired(energy + 0.02j, 0.83, 2 * 1.3 * a**2).real
        np.testing.assert_allclose(solution.observables["dos"][k], expected, rtol=1e-7)


def test_rashba_of_a_uniform_layer_relaxes_spins_across_the_mesh_too() -> None:
    """A_y^x of a wire mesh enters without a mesh axis y; singlets alone do not feel it."""
    mesh = {"shape": "wire", "length": 2.0, "resolution": 0.5}
    material = {"S": {"D": 1.3, "Delta": 0.83, "exchange": [0, 0, 0.3], "rashba": 0.7}}
    device = build_device(
        Case(
            mesh=mesh,
            material=material,
            region={"wire": "S"},
            solve={"kind": "spectrum", "energies": [0.2], "broadening": 0.02},
        )
    )
    assert len(device.forms.transverse) == 1
    assert device.surroundings.spin_field is not None


@pytest.mark.parametrize("gauge", ["symmetric", "landau_x", "landau_y"])
@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (0, 2)])
def test_every_gauge_has_the_curl_of_the_field(gauge: str, axes: tuple[int, int]) -> None:
    a = uniform_field(0.83, gauge, axes)
    curl = np.array([a[2, 1] - a[1, 2], a[0, 2] - a[2, 0], a[1, 0] - a[0, 1]])
    expected = np.full(3, 0.83)
    expected[list(axes)] = 0.0
    np.testing.assert_allclose(curl, expected)


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"field": {"B": 0.2}}, "field.B"),
        ({"field": {"vector_potential": [0, 0.2, 0]}, "theta": 0.1}, "field.vector_potential"),
        (
            {
                "field": {"B": [0.2, 0, 0]},
                "mesh": {"shape": "rectangle", "length": 1.0, "width": 1.0, "resolution": 0.5},
            },
            "field.B",
        ),
    ],
)
def test_fields_without_a_meaning_on_the_mesh_are_refused(parts: dict[str, object], key: str) -> None:
    with pytest.raises(CaseError) as error:
        build_device(case(**parts))
    assert [problem.key for problem in error.value.problems] == [key]
