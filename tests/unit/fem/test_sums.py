"""Assembly in handfuls: against scikit-fem on the whole mesh at once, and in other handfuls."""

from typing import Any

import numpy as np
import pytest
import skfem
from scipy import sparse
from skfem.helpers import dot, grad

from usadel_fem import Case
from usadel_fem.device import Device, build_device
from usadel_fem.fem import space as space_module
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.fem.space import ELEMENTS
from usadel_fem.fem.sums import MatrixSum, Pattern, ProductSum

TRANSVERSE = {2: {"width": 0.8}, 3: {"width": 0.8, "depth": 0.7}}


def layered(dim: int, order: int, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "mesh": {
            "shape": "layers",
            "layers": [{"region": "A", "length": 0.9}, {"region": "B", "length": 0.7}],
            "resolution": 0.31,
            "order": order,
            "distortion": 0.4,
            **TRANSVERSE.get(dim, {}),
        },
        "material": {
            "A": {"D": "1.3 + 0.4*x", "Tc": 0.23},
            "B": {
                "D": 0.6, "N_F": 0.7, "theta": 0.2, "kappa": 0.3, "tau_so": 1.7,
                "exchange": ["sin(x)", 0.4, 0.2],
            },
        },
        "region": {"A": "A", "B": "B"},
        "terminal": {"left": {"Delta": 0.83}, "right": {"Delta": 0.83, "contact": {"conductance": 0.6}}},
        "solve": {"kind": "equilibrium", "temperature": 0.1, "self_consistent": True},
    }  # fmt: skip
    return Case(**{**values, **changes})


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_matrices_agree_with_one_assembly_of_the_whole_mesh(dim: int, order: int) -> None:
    device = build_device(layered(dim, order))
    mesh, forms, two = device.mesh.mesh, device.forms, device.mesh.regions["B"]
    basis = skfem.Basis(mesh, ELEMENTS[dim, order](), intorder=2 * order + 2)
    x = np.asarray(basis.global_coordinates())
    second = np.isin(np.arange(mesh.nelements), two)[:, None] * np.ones(x.shape[1:])
    d = np.where(second, 0.6, 1.3 + 0.4 * x[0])
    n_f = np.where(second, 0.7, 1.0)

    def assembled(form: Any, c: Any) -> Any:
        whole = skfem.BilinearForm(lambda u, v, w: w.c * form(u, v)).assemble(basis, c=c)
        return whole.toarray()

    expected = {
        "scalar_stiffness": assembled(lambda u, v: dot(grad(u), grad(v)), n_f * d),
        "mass": assembled(lambda u, v: u * v, n_f),
        "spin_relaxation": assembled(lambda u, v: u * v, n_f * second / 1.7),
    }
    for name, matrix in expected.items():
        scale = np.abs(matrix).max()
        np.testing.assert_allclose(getattr(forms, name).toarray(), matrix, atol=1e-13 * scale)
    weight = skfem.LinearForm(lambda v, w: w.c * v)
    np.testing.assert_allclose(forms.consistent.weight, weight.assemble(basis, c=n_f), atol=1e-15)
    h = weight.assemble(basis, c=n_f * second * np.sin(x[0]))
    np.testing.assert_allclose(forms.consistent.exchange[:, 0], h, atol=1e-15)
    assert forms.lumped.weight.min() > 0
    assert forms.lumped.weight.sum() == pytest.approx(float((n_f * basis.dx).sum()), rel=1e-13)
    if dim == 1:
        return
    swapping = dict(forms.swapping)
    for a, (k, l) in {0: (1, 2), 1: (2, 0), 2: (0, 1)}.items():
        if max(k, l) < dim:
            matrix = assembled(
                lambda u, v, k=k, l=l: v.grad[k] * u.grad[l] - v.grad[l] * u.grad[k], n_f * d * second * 0.3
            )
            np.testing.assert_allclose(swapping[a].toarray(), matrix, atol=1e-13 * np.abs(matrix).max())


CASES = {
    "3D P2": layered(3, 2),
    "magnetic field": layered(2, 2, field={"B": 1.3}),
    "Rashba": layered(
        2,
        1,
        material={"A": {"D": 1.0, "Delta": 0.8}, "B": {"D": 0.6, "kappa": 0.3, "theta": 0.1, "rashba": 0.4}},
        solve={"kind": "spectrum", "energies": [0.3]},
    ),
    "disk": Case(
        mesh={"shape": "disk", "radius": 1.0, "core": 0.4, "resolution": 0.2, "order": 2},
        material={
            "S": {"D": 1.1, "Delta": 0.8},
            "F": {"D": 0.7, "exchange": [0, "x*y", 0.3], "theta": "0.1*x"},
        },
        region={"disk": "S", "core": "F"},
        solve={"kind": "spectrum", "energies": [0.3]},
    ),
}  # fmt: skip


def numbers(device: Device) -> dict[str, Any]:
    """Everything assembled, as dense arrays by name."""
    forms, found = device.forms, {}
    matrices = {name: getattr(forms, name) for name in ("stiffness", "mass", "spin_relaxation", "precession")}
    matrices |= {f"swapping {a}": matrix for a, matrix in forms.swapping}
    matrices |= {f"{n} pairing": getattr(forms, n).pairing for n in ("consistent", "lumped")}
    if forms.spin_hall is not None:
        at = forms.spin_hall.at
        matrices |= {"value": at.value, **{f"gradient {k}": m for k, m in enumerate(at.gradient)}}
        found["spin Hall weight"] = forms.spin_hall.weight
    for name, matrix in matrices.items():
        parts = vars(matrix) if isinstance(matrix, LinkedMatrix) else {"": matrix}
        found |= {f"{name} {part}": m.toarray() for part, m in parts.items() if m is not None}
    for kind in ("consistent", "lumped"):
        weights = getattr(forms, kind)
        found |= {f"{kind} {n}": getattr(weights, n) for n in ("weight", "dynes", "exchange", "delta")}
    return found | {"nodes": device.nodes, "scale": device.largest_energy, "gap": device.given_gap_squared}


@pytest.mark.parametrize("name", CASES)
def test_handfuls_do_not_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = numbers(build_device(CASES[name]))
    monkeypatch.setattr(space_module, "AT_ONCE", 7)
    few = numbers(build_device(CASES[name]))
    assert whole.keys() == few.keys()
    for key, value in whole.items():
        np.testing.assert_allclose(few[key], value, atol=1e-13 * np.abs(value).max(initial=0.0), err_msg=key)


def test_entries_that_cancel_are_left_out_and_small_ones_kept() -> None:
    pattern = Pattern.of(build_device(layered(1, 1)).space)
    nodes = np.array([[0], [1]])
    total = MatrixSum(pattern)
    where = pattern.where(nodes)
    total.add(where, np.array([0.3, 0.1, 0.7, 1e-30]))
    total.add(where, np.array([0.6, 0.2, -0.7, 0.0]))
    matrix = total.matrix()
    assert matrix.nnz == 3
    np.testing.assert_allclose(matrix[:2, :2].toarray(), [[0.9, 0.0], [0.3, 1e-30]], rtol=1e-15)


def test_pattern_is_that_of_shared_elements() -> None:
    space = build_device(layered(2, 2)).space
    expected = np.zeros((space.size, space.size), dtype=bool)
    for nodes in space.element_dofs.T:
        expected[np.ix_(nodes, nodes)] = True
    places = Pattern.of(space).places.tocoo()
    found = np.zeros_like(expected)
    found[places.row, places.col] = True
    assert np.array_equal(found, expected)
    assert np.array_equal(np.sort(places.data), np.arange(expected.sum()))


def test_products_add_up() -> None:
    random = np.random.default_rng(4)
    parts = [random.normal(size=(3, 3)) for _ in range(11)]
    total = ProductSum()
    assert total.matrix() is None
    for part in parts:
        total.add(sparse.csr_matrix(part))
    total.add(None)
    found = total.matrix()
    assert found is not None
    np.testing.assert_allclose(found.toarray(), sum(parts), rtol=1e-13)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_nodes_of_facets(dim: int, order: int) -> None:
    """Those whose coordinates lie in the plane of a side."""
    device = build_device(layered(dim, order))
    for name, place in {"left": 0.0, "right": 1.6}.items():
        expected = np.flatnonzero(np.isclose(device.space.doflocs[0], place))
        assert np.array_equal(device.space.facet_nodes(device.mesh.boundaries[name]), expected)
