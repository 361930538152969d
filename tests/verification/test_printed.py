"""What the printed Eq. (2) would do: its current, and {ǧ, ∂_kJ_k − T}, which ǧ² = 1 wants to vanish."""

from __future__ import annotations

import numpy as np
import pytest

import usadel_fem as uf
from tests.verification.discrete import block, coefficient_of, fine, rate
from tests.verification.smooth import (
    anticommutator,
    constant,
    printed_current,
    random_setting,
    residual,
)
from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.errors import CaseError
from usadel_fem.fem.assemble import Surroundings
from usadel_fem.observables.traces import Sampler
from usadel_fem.physics import currents
from usadel_fem.physics.nambu import EPSILON, SIGMA, commutator
from usadel_fem.solver.energies import DeviceSolver

PLANES = [(0, 1), (2, 0), (0, 1, 2), (1, 0, 2)]


def everything(setting, r):
    """ǧ, ∂_kǧ and N_FDθ, N_FDκ with their slopes along the physical axes."""
    g, dg = setting.field(r)
    gradient = np.zeros((r.shape[1], 3, 4, 4), dtype=complex)
    for k, x in dg.items():
        gradient[:, k] = x.value
    n_f, d, theta, kappa = setting.kinetic(r)
    values, slopes = [], []
    for product in (n_f * d * theta, n_f * d * kappa):
        values.append(product.value[:, 0, 0])
        slope = np.zeros((r.shape[1], 3))
        slope[:, list(setting.axes)] = product.slope[..., 0, 0].T
        slopes.append(slope)
    return g.value, gradient, currents.PrintedWeights(*values, *slopes)


@pytest.mark.parametrize("varies", [False, True])
@pytest.mark.parametrize("axes", PLANES)
def test_defect_of_the_printed_equation(axes, varies):
    """The closed form with first derivatives only, against the residual differentiated by dual numbers."""
    even = {} if varies else {"theta": constant(0.37), "kappa": constant(-0.28), "n_f": constant(0.83)}
    setting = random_setting(31, axes, **even)
    r = np.random.default_rng(3).uniform(0, 1, (3, 50))
    g, gradient, weights = everything(setting, r)
    expected = anticommutator(g, residual(setting, r, printed_current))
    found = currents.printed_defect(g, gradient, weights)
    assert np.abs(expected).max() > 0.1
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_no_defect_without_spin_orbit_coupling_and_in_the_normal_state():
    setting = random_setting(32, (0, 1), theta=constant(0.0), kappa=constant(0.0))
    r = np.random.default_rng(4).uniform(0, 1, (3, 20))
    assert np.abs(currents.printed_defect(*everything(setting, r))).max() == 0
    zero = constant(np.zeros((2, 2), dtype=complex))
    normal = random_setting(32, (0, 1), gamma=zero, gamma_tilde=zero)
    assert np.abs(currents.printed_defect(*everything(normal, r))).max() < 1e-14


def test_projection_removes_what_commutes():
    """J = J_P + J_C with {ǧ, J_P} = 0 = [ǧ, J_C]; both are there."""
    setting = random_setting(33, (0, 1, 2))
    r = np.random.default_rng(5).uniform(0, 1, (3, 20))
    g, gradient, _ = everything(setting, r)
    at = (g, gradient, *(x.value[:, 0, 0] for x in setting.kinetic(r)[1:]))
    printed, kept = currents.printed_current(*at), currents.matrix_current(*at)
    around = g[:, None]
    assert np.abs(anticommutator(around, kept)).max() < 1e-13
    assert np.abs(commutator(around, printed - kept)).max() < 1e-13
    assert np.abs(printed - kept).max() > 0.05


@pytest.mark.parametrize(("axes", "order"), [((0, 1), 1), ((0, 1), 2), ((2, 0), 2), ((0, 1, 2), 2)])
def test_defect_as_a_field(axes, order):
    """The sampler on a mesh, coefficients varying: first derivatives of ǧ_h converge as h^p."""
    setting, cells, errors = random_setting(34, axes), (3, 5, 8) if len(axes) == 3 else (5, 10, 20), []
    for n in cells:
        space = block(n, axes, order)
        at, r = fine(space)
        sampler = Sampler(_Stand(space, setting), at)
        found = sampler(setting.green(space.nodes.T), ["printed_defect"])["printed_defect"]
        g, gradient, weights = everything(setting, r)
        expected = np.linalg.norm(currents.printed_defect(g, gradient, weights), axis=(1, 2))
        errors.append(np.sqrt(at.weight @ (found - expected) ** 2 / (at.weight @ expected**2)))
    compare(
        f"printed defect, {len(axes)}D, axes {axes}, P{order}: rate", rate(cells, errors), order, atol=0.4
    )
    assert errors[-1] < (0.15 if order == 1 else 0.02)


class _Stand:
    """What a sampler asks of a device."""

    def __init__(self, space, setting):
        self.space, self.coefficient = space, coefficient_of(space, setting)
        self.surroundings = Surroundings()


def test_fields_are_there_on_request_and_say_what_the_correction_changes():
    """Swapping around a vortex: the printed current is another one, its defect as large as the torque."""
    names = [
        "spin_torque",
        "spin_current_x",
        "printed_spin_current_x",
        "printed_charge_current",
        "printed_defect",
    ]
    case = Case(
        mesh={"shape": "disk", "radius": 3.1, "resolution": 0.4},
        material={"S": {"D": 1.3, "Delta": "0.83*tanh(r)", "kappa": 0.27, "exchange": [0.4, 0, 0.2]}},
        region={"disk": "S"},
        vortex=[{"at": [0, 0], "winding": 1}],
        solve={"kind": "equilibrium", "temperature": 0.19},
        output={"fields": names},
    )
    found = uf.solve(case).observables
    assert {n for n, o in found.items() if getattr(o, "at", "") == "cell"} == set(names)
    both = [np.asarray(found[name]) for name in ("spin_current_x", "printed_spin_current_x")]
    assert np.abs(both[0] - both[1]).max() > 1e-3
    assert float(found["max_printed_defect"]) == pytest.approx(np.asarray(found["printed_defect"]).max())
    assert float(found["max_printed_defect"]) > 0.1
    plain = uf.solve(case.model_copy(update={"output": type(case.output)()})).observables
    assert not [name for name in plain if "printed" in name]


def test_printed_current_at_points_is_free_of_the_error_of_the_normalisation():
    """½∂_kǧ_h² of the interpolated ǧ_h would outweigh the spin–orbit part of small θ and κ.

    On P2 what is printed and what is kept converge alike, at points: as h².
    """
    setting = random_setting(35, (0, 1), theta=constant(0.02), kappa=constant(-0.03))
    cells, errors = (5, 10, 20), []
    names = [f"{p}spin_current_{b}" for p in ("", "printed_") for b in "xyz"]
    for n in cells:
        space = block(n, (0, 1), 2)
        at, r = fine(space)
        found = Sampler(_Stand(space, setting), at)(setting.green(space.nodes.T), names)
        g, gradient, _ = everything(setting, r)
        n_f, d, theta, kappa = (x.value[:, 0, 0] for x in setting.kinetic(r))
        exact = currents.printed_current(g, gradient, n_f * d, theta, kappa)
        plain = currents.printed_current(g, gradient, n_f * d, 0 * theta, 0 * kappa)
        size = np.abs(np.einsum("bij,qkji->qbk", SIGMA, exact - plain)).max()
        expected = np.einsum("bij,qkji->qbk", SIGMA, exact)
        got = np.stack([found[f"printed_spin_current_{b}"] for b in "xyz"], axis=1)
        errors.append(np.sqrt(at.weight @ (np.abs(got - expected) ** 2).sum(axis=(1, 2))) / size)
    compare("printed spin current at points, P2: rate", rate(cells, errors), 2, atol=0.3)
    assert errors[-1] < 0.05


def test_defect_is_refused_beside_gauge_fields():
    case = {
        "mesh": {"shape": "rectangle", "length": 1.0, "width": 0.8, "resolution": 0.5},
        "region": {"rectangle": "S"},
        "solve": {"kind": "spectrum", "energies": {"imaginary": [0.3]}},
        "output": {"fields": ["dos", "printed_defect"]},
    }
    for field, keys in (({"field": {"B": 0.3}}, {}), ({}, {"rashba": 0.3})):
        with pytest.raises(CaseError) as error:
            uf.solve(Case(material={"S": {"D": 1.3, "Delta": 0.83, **keys}}, **field, **case))
        assert [problem.key for problem in error.value.problems] == ["output.fields[1]"]


def solved(order, elements):
    """Two materials, a slanted face, all coefficients different, a terminal on the left."""
    case = Case(
        mesh={
            "shape": "layers",
            "order": order,
            "width": 0.8,
            "distortion": 0.4,
            "layers": [
                {"region": "A", "length": 0.9, "slant": 0.3, "elements": elements},
                {"region": "B", "length": 0.8, "elements": elements},
            ],
        },
        material={
            "A": {
                "D": 1.3,
                "N_F": 0.7,
                "Delta": {"abs": 0.83, "phase": "0.7*x"},
                "theta": 0.25,
                "kappa": -0.3,
            }
            | {"exchange": [0.2, "0.3*x", 0.1]},
            "B": {"D": 0.6, "N_F": 1.6, "theta": -0.15, "kappa": 0.35, "tau_so": 1.9}
            | {"exchange": ["0.5*cos(x)", "0.4*sin(y)", 0.3]},
        },
        region={"A": "A", "B": "B"},
        terminal={"left": {"Delta": 0.83, "phase": -0.6, "exchange": [0, 0.2, 0.1]}},
        solve={"kind": "spectrum", "energies": {"imaginary": [0.47]}, "tolerance": 1e-11},
    )
    device = build_device(case)
    g, report = DeviceSolver(device).solve(0.47j)
    assert report.ok
    return device, g


@pytest.mark.parametrize("order", [1, 2])
def test_divergence_of_the_spin_current(order):
    """∫φ ∂_kJ^a_k = −∫ ∂_kφ J^a_k for φ that vanishes at the terminal: fluxes against the field of sources.

    The field is smooth but for the corners where the slanted face meets the vacuum.
    """
    cells, errors = (4, 8, 16), []
    for n in cells:
        device, g = solved(order, n)
        at, _ = fine(device.space)
        names = ["spin_current_divergence", *(f"spin_current_{b}" for b in "xyz")]
        found = Sampler(device, at)(g, names)
        x, y = at.position
        phi, slope = x**2 * np.cos(1.3 * y), (2 * x * np.cos(1.3 * y), -1.3 * x**2 * np.sin(1.3 * y))
        flow = np.stack([found[f"spin_current_{b}"] for b in "xyz"], axis=1)
        expected = -sum(np.einsum("q,q,qa->a", at.weight, slope[k], flow[:, :, k]) for k in (0, 1))
        got = np.einsum("q,q,qa->a", at.weight, phi, found["spin_current_divergence"])
        errors.append(np.abs(got - expected).max() / np.abs(expected).max())
    least = 1.6 if order == 1 else 2.6
    assert rate(cells, errors) > least, errors
    assert errors[-1] < (5e-3 if order == 1 else 1e-5), errors


def test_net_source_is_precession():
    """Tr σ^a[i h·σ τ₃, ǧ] = −2ε_abc h_b Tr σ^cτ₃ǧ for any ǧ."""
    rng = np.random.default_rng(8)
    g = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    h = np.array([0.3, -0.5, 0.83])
    tau3 = np.diag([1, 1, -1, -1])
    omega = 1j * np.einsum("a,aij->ij", h, SIGMA) @ tau3
    expected = np.einsum("aij,ji->a", SIGMA, omega @ g - g @ omega)
    spin = np.einsum("aij,ji->a", SIGMA @ tau3, g)
    assert np.allclose(expected, -2 * np.einsum("abc,b,c->a", EPSILON, h, spin))
