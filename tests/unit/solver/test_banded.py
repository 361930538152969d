"""Elimination along a line: against the assembled Hessian, in every copy, and in spite of rounding."""

import numpy as np
import pytest
from scipy import sparse

from usadel_fem import Case, action
from usadel_fem.device import Device, build_device
from usadel_fem.physics.nambu import frame, from_frame
from usadel_fem.solver import banded
from usadel_fem.solver.banded import Elimination, copies_of, inverse, repeated

FIELDS = {
    "no field": ({}, {}),
    "U(1)": ({"field": {"vector_potential": ["0.4*cos(x)", 0, 0]}}, {}),
    "SU(2)": ({}, {"rashba": 0.45, "dresselhaus": -0.3}),
    "across": ({"field": {"vector_potential": ["0.4*cos(x)", "-0.5*x", 0.3]}}, {"rashba": 0.45}),
}
"""Potentials along the line and, "across" and of SU(2), along axes that it does not have."""


def hybrid(order: int = 1, fields: str = "no field", elements: int = 4, **solve: object) -> Device:
    """S | filter | F with a rotating field and τ_so | mixing | N, a pinned and a tunnel terminal."""
    tables, keys = FIELDS[fields]
    lengths = {"S": 0.6, "F": 0.7, "N": 0.9}
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "order": order,
                "layers": [{"region": r, "length": d, "elements": elements} for r, d in lengths.items()],
            },
            material={
                "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": "0.4*x"}, "tau_so": 2.3, **keys},
                "F": {"D": 0.8, "exchange": ["0.6*cos(x)", 0.3, "0.5*sin(x)"], "tau_so": 1.7, **keys},
                "N": {"D": 2.1, "N_F": 0.9, **keys},
            },
            region={name: name for name in lengths},
            terminal={
                "left": {"Delta": 0.83, "phase": 0.3, "exchange": [0.1, 0, 0.2]},
                "right": {
                    "Delta": 0.6,
                    "phase": -0.8,
                    "contact": {"conductance": 0.7, "polarisation": [0.3, 0, 0.4]},
                },
            },
            interface={
                "S|F": {"conductance": 1.7, "polarisation": [0, 0.4, 0.3], "spin_mixing": [0.2, -0.1, 0.4]},
                "F|N": {"spin_mixing": [0.1, 0.3, 0]},
            },
            solve={"kind": "spectrum", "energies": [0.4], "broadening": 0.013, **solve},
            **tables,
        )
    )


@pytest.fixture(autouse=True, params=["compiled", "NumPy"])
def by_kernels_or_without(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(banded.kernels, "compiled", lambda: None)
    else:
        assert banded.kernels.compiled() is not None


def random_states(forms, copies, seed=3):
    """Any normalised fields of several copies, no two alike, and their Ω."""
    rng = np.random.default_rng(seed)
    n = forms.size * copies

    def complex_(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    m, inverse = frame(0.3 * complex_(n, 2, 2), 0.3 * complex_(n, 2, 2))
    return m, inverse, from_frame(m, inverse), complex_(n, 4, 4)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("fields", FIELDS)
def test_it_solves_the_assembled_hessian_of_every_copy(order, fields):
    forms, copies = hybrid(order, fields).forms, 3
    m, inverse, g, omega = random_states(forms, copies)
    lin = action.Linearisation.at(copies_of(forms, copies), m, inverse, g, omega)
    elimination = Elimination.of(forms)
    assert np.array_equal(np.sort(elimination.nodes), forms.free)
    _, w = elimination.step(lin, copies)
    unknown = (8 * elimination.nodes[:, None] + np.arange(8)).ravel()
    for copy in range(copies):
        nodes = np.arange(forms.size) * copies + copy
        one = action.Linearisation.at(forms, m[nodes], inverse[nodes], g[nodes], omega[nodes])
        assert np.abs(one.gradient() - lin.gradient()[nodes]).max() < 1e-12 * np.abs(g).max() ** 2
        matrix = one.matrix().toarray()[np.ix_(unknown, unknown)]
        right = -one.gradient()[elimination.nodes].ravel()
        error = np.abs(matrix @ w[:, copy].ravel() - right).max()
        assert error < 1e-13 * np.linalg.norm(matrix) * np.abs(w[:, copy]).max()


@pytest.mark.parametrize("order", [1, 2])
def test_rounding_does_not_grow_along_a_line(order):
    """Long, nearly singular: without symmetric pivots the error of P2 grows as (4/3)^n, to 1 here."""
    elements = 100
    case = Case(
        mesh={"shape": "wire", "length": 8.0, "elements": elements, "order": order},
        material={"N": {"D": 1.3, "N_F": 0.7, "exchange": [0.9, -1.2, 2.1]}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 0.83, "contact": {"conductance": 1e-3}}},
        solve={"kind": "spectrum", "energies": {"imaginary": [3e-4]}},
    )
    device = build_device(case)
    g, n = device.start(3e-4j), device.space.size
    omega = action.source(device.forms, 3e-4j, None, device.reservoirs(3e-4j))
    lin = action.Linearisation.at(device.forms, *frame(0 * g[:, :2, :2], 0 * g[:, :2, :2]), g, omega)
    elimination = Elimination.of(device.forms)
    expected = np.random.default_rng(2).normal(size=(n, 2, 2, 2)) + 0j
    right = lin.hessian(expected)[elimination.nodes].reshape(n, 1, 8)
    found = np.empty_like(expected)
    found[elimination.nodes] = elimination.factorise(lin, 1).solve(right).reshape(n, 2, 2, 2)
    error = np.abs(lin.hessian(found - expected)).max()
    assert error < 1e-13 * np.abs(elimination.diagonal).max() * np.abs(found).max()


def test_copies_keep_their_entries_apart():
    rng = np.random.default_rng(1)
    matrix = sparse.random(6, 9, density=0.4, random_state=1, format="csr")
    x = rng.normal(size=(9, 4))
    assert np.allclose((repeated(matrix, 4) @ x.ravel()).reshape(6, 4), matrix @ x, atol=1e-15)
    triplets = rng.normal(size=(3, 4, 3))
    found = repeated(matrix, 4, width=3) @ triplets.ravel()
    expected = np.stack([matrix @ triplets[:, copy].ravel() for copy in range(4)], axis=1)
    assert np.allclose(found.reshape(2, 4, 3), expected.reshape(2, 3, 4).swapaxes(1, 2), atol=1e-15)


def test_a_singular_block_spoils_no_other():
    blocks = np.stack([np.zeros((2, 2)), np.diag([2.0, 4.0])]).astype(complex)
    found = inverse(blocks)
    assert np.isnan(found[0]).all()
    assert np.array_equal(found[1], np.diag([0.5, 0.25]))


def test_a_singular_copy_spoils_no_other():
    forms, copies = hybrid().forms, 3
    m, inverse, g, omega = random_states(forms, copies)
    lin = action.Linearisation.at(copies_of(forms, copies), m, inverse, g, omega)
    elimination = Elimination.of(forms)
    _, expected = elimination.step(lin, copies)
    rows = np.arange(forms.size) * copies + 1  # copy 1: its frames are gone, its Hessian is zero
    lin.m[rows] = lin.inverse[rows] = lin.local[rows] = 0.0
    with np.errstate(all="ignore"):
        _, found = elimination.step(lin, copies)
    assert not np.isfinite(found[:, 1]).any()
    assert np.array_equal(found[:, ::2], expected[:, ::2])


def test_a_uniform_field_has_no_rounding_of_the_stiffness():
    """K of a thin film exceeds what drives it by 10⁷: F is then exactly the rest of the equation."""
    device = build_device(
        Case(
            mesh={"shape": "wire", "length": 0.002, "elements": 3},
            material={"N": {"D": 1.3, "N_F": 0.7}},
            region={"wire": "N"},
            terminal={"left": {"Delta": 0.83, "contact": {"conductance": 1e-5}}},
            solve={"kind": "spectrum", "energies": [0.02], "broadening": 1e-7},
        )
    )
    _, _, g, omega = random_states(device.forms, 1)
    g[:] = g[0]
    assert np.array_equal(action.force(device.forms, g, 1e-5 * omega, None), 1e-5 * omega)


@pytest.mark.parametrize("copies", [1, 2, 700])
def test_blocks_that_arise_stay_empty_before_the_elimination(copies):
    """Channels that relax into each other in a part of the line fill; few copies are taken in one piece."""
    device = build_device(
        Case(
            mesh={
                "shape": "layers",
                "resolution": 0.2,
                "layers": [{"region": r, "length": 0.7} for r in "FNR"],
            },
            material={
                "relaxing": {"D": 1.3, "N_F": 0.7, "exchange": [0, 0, 0.6], "tau_so": 1.7},
                "plain": {"D": 0.8},
            },
            region={"F": "relaxing", "N": "plain", "R": "relaxing"},
            terminal={"left": {"Delta": 0.83}},
            solve={"kind": "spectrum", "energies": [0.4], "broadening": 0.013},
        )
    )
    assert device.reduction is not None
    forms = device.reduction.whole
    elimination = Elimination.of(forms, 2)
    assert elimination.blocks > elimination.rows.size
    rng = np.random.default_rng(4)
    parts = 0.3 * rng.normal(size=(2, 2, forms.size * copies, 1, 1))
    m, inverse = frame(*(parts[0] + 1j * parts[1]))
    g = from_frame(m, inverse)
    lin = action.Linearisation.at(copies_of(forms, copies), m, inverse, g, 0.3 * g)
    _, w = elimination.step(lin, copies)
    unknown = (2 * elimination.nodes[:, None] + np.arange(2)).ravel()
    nodes = np.arange(forms.size) * copies + copies - 1
    one = action.Linearisation.at(forms, m[nodes], inverse[nodes], g[nodes], 0.3 * g[nodes])
    matrix = one.matrix().toarray()[np.ix_(unknown, unknown)]
    error = np.abs(matrix @ w[:, -1].ravel() + one.gradient()[elimination.nodes].ravel()).max()
    assert error < 1e-13 * np.linalg.norm(matrix) * np.abs(w[:, -1]).max()
