"""Gradient and Hessian against the action itself, differentiated on a circle in the complex plane.

S is holomorphic in the step t of M_i → M_i(1 + tw_i): its derivatives at t = 0 are Fourier coefficients of
S(ρe^{iφ}), exact to round-off.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import solved
from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import frame, from_frame, tau3_signs

ENERGY = 0.57 + 0.0j

MATERIALS = {
    "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": "0.4*x"}, "tau_so": 2.3},
    "F": {
        "D": "0.8 + 0.1*sin(x)",
        "N_F": 1.4,
        "exchange": ["0.6*cos(x)", 0.3, "0.5*sin(x)"],
        "theta": "0.3 + 0.2*x",
        "kappa": -0.35,
        "tau_so": "1.7 + 0.2*cos(x)",
        "dynes": 0.07,
    },
    "N": {"D": 2.1, "N_F": 0.9, "kappa": 0.4, "theta": -0.2},
}
FIELDS = {
    "no field": ({}, {}),
    "U(1)": (("0.4 + 0.3*sin(x)", "0.5*x", "0.2 - 0.3*x"), {}),
    "SU(2)": (None, {"rashba": 0.45, "dresselhaus": -0.3}),
    "U(1) and SU(2)": (("0.4*cos(x)", "-0.5*x", 0.3), {"rashba": 0.45}),
    "across": (("0.4*cos(x)", "-0.5*x", 0.3), {"rashba": 0.45, "dresselhaus": -0.3}),
}
"""U(1) and SU(2) potentials; along the axes of the mesh, or "across" along all of them."""


def fields_of(name, dim):
    """Tables of the case, keys of its materials: A along other axes goes without θ and κ."""
    potential, spin_orbit = FIELDS[name]
    keys = dict(spin_orbit)
    if name == "across" or (dim == 1 and spin_orbit):
        keys |= {"theta": 0, "kappa": 0}
    elif potential:
        potential = [*potential[:dim], *[0] * (3 - dim)]
    return {"field": {"vector_potential": potential}} if potential else {}, keys


def device(dim, order, fields="no field"):
    """S | barrier with a spin filter | F, N with θ and κ, a spin-active contact at the end."""
    tables, keys = fields_of(fields, dim)
    layers = [("S", 0.6, 2), ("F", 0.5, 2), ("N", 0.7, 2)]
    sizes = {1: {}, 2: {"width": 0.7}, 3: {"width": 0.5, "depth": 0.6}}[dim]
    case = Case(
        mesh={
            "shape": "layers",
            "order": order,
            "distortion": 0.5,
            "layers": [{"region": r, "length": d, "elements": n} for r, d, n in layers],
            **sizes,
        },
        material={name: values | keys for name, values in MATERIALS.items()},
        region={"S": "S", "F": "F", "N": "N"},
        terminal={
            "left": {"Delta": 0.83, "phase": 0.3, "exchange": [0.1, 0, 0.2]},
            "right": {
                "Delta": 0.6,
                "phase": -0.8,
                "contact": {"conductance": 0.7, "polarisation": [0.3, 0, 0.4], "spin_mixing": [0, 0.3, 0.2]},
            },
        },
        interface={
            "S|F": {"conductance": 1.3, "polarisation": [0, 0.5, 0.3], "spin_mixing": [0.2, -0.1, 0.4]},
            "F|N": {"spin_mixing": [0.1, 0.3, 0]},
        },
        solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.05},
        **tables,
    )
    return build_device(case)


def random_state(forms, seed=5):
    """Any normalised nodal field, with no symmetry, and a random direction."""
    rng = np.random.default_rng(seed)

    def complex_(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    m, inverse = frame(0.3 * complex_(forms.size, 2, 2), 0.3 * complex_(forms.size, 2, 2))
    return m, inverse, from_frame(m, inverse), complex_(forms.size, 2, 2, 2)


def derivatives(forms, m, omega, w, radius=0.02, count=16):
    """First and second derivative of S along w."""
    t = radius * np.exp(2j * np.pi * np.arange(count) / count)
    values = []
    for step in t:
        moved = m @ frame(step * w[:, 0], step * w[:, 1])[0]
        values.append(action.action(forms, moved * tau3_signs(m.shape[-1]) @ np.linalg.inv(moved), omega))
    coefficients = np.fft.fft(values) / count
    return coefficients[1] / radius, 2 * coefficients[2] / radius**2


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_gradient_and_hessian_belong_to_the_action(dim, order, fields):
    dev = device(dim, order, fields)
    forms = dev.forms
    omega = action.source(forms, ENERGY, None, dev.reservoirs(ENERGY))
    m, inverse, g, w = random_state(forms)
    lin = action.Linearisation.at(forms, m, inverse, g, omega)
    first, second = derivatives(forms, m, omega, w)
    terms = lin.gradient() * w
    assert abs(terms.sum() - first) < 1e-9 * np.abs(terms).sum()
    bent = lin.hessian(w) * w
    assert abs(bent.sum() - second) < 1e-8 * np.abs(bent).sum()
    other = random_state(forms, 6)[3]
    assert abs(np.sum(other * lin.hessian(w)) - np.sum(w * lin.hessian(other))) < 1e-12 * np.abs(bent).sum()


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("frozen", [False, True])
def test_assembled_hessian_is_the_matrix_free_one(dim, order, fields, frozen):
    """Complex symmetric, Newton's and Picard's; they differ by a part of the spin Hall form."""
    dev = device(dim, order, fields)
    forms = dev.forms
    omega = action.source(forms, ENERGY, None, dev.reservoirs(ENERGY))
    m, inverse, g, w = random_state(forms)
    lin = action.Linearisation.at(forms, m, inverse, g, omega, frozen)
    matrix, expected = lin.matrix(), lin.hessian(w).ravel()
    assert np.abs(matrix @ w.ravel() - expected).max() < 1e-12 * np.abs(expected).max()
    assert abs(matrix - matrix.T).max() < 1e-13 * abs(matrix).max()
    newton = action.Linearisation.at(forms, m, inverse, g, omega).hessian(w).ravel()
    assert (np.abs(newton - expected).max() > 1e-3 * np.abs(expected).max()) == (
        frozen and forms.spin_hall is not None
    )


@pytest.mark.parametrize("dim", [2, 3])
def test_picard_and_the_direct_solver_find_the_solution_of_newton(dim):
    dev = device(dim, 1)
    omega = action.source(dev.forms, ENERGY, None, dev.reservoirs(ENERGY))
    start = dev.start(ENERGY)
    newton = solved(dev.space, dev.forms, omega, ENERGY, start)
    for options in ({"picard": True}, {"linear": "direct"}):
        other = solved(dev.space, dev.forms, omega, ENERGY, start, **options)
        assert np.abs(other - newton).max() < 1e-9


def test_action_is_the_sum_over_its_parts():
    """Cutting the spin Hall form out removes its own value: S is polynomial of degree 1 + 2 + 3."""
    dev = device(2, 2)
    forms = dev.forms
    omega = action.source(forms, ENERGY, None, dev.reservoirs(ENERGY))
    _, _, g, _ = random_state(forms)
    t = np.exp(2j * np.pi * np.arange(8) / 8)
    powers = np.fft.fft([action.action(forms, x * g, omega) for x in t]) / 8
    scale = np.abs(powers).max()
    assert np.all(np.abs(powers[[0, 4, 5, 6, 7]]) < 1e-13 * scale)
    force = action.force(forms, g, omega, action.spin_hall_state(forms, g))
    by_euler = np.sum(np.einsum("nij,nji->n", g, force))
    assert abs(by_euler - (powers[1] + 2 * powers[2] + 3 * powers[3])) < 1e-12 * scale
