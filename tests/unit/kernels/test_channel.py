"""One channel of spin: compiled kernels against the NumPy reference."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.kernels.test_hessian import assert_alike, compiled, everything
from tests.verification.test_action import ENERGY
from usadel_fem import Case, action
from usadel_fem.device import build_device
from usadel_fem.fem.collinear import spin_axis
from usadel_fem.fem.reduction import channel_forms
from usadel_fem.linearise import PlainTangents
from usadel_fem.physics.channels import Channels
from usadel_fem.physics.frames import Frames
from usadel_fem.physics.nambu import frame, from_frame


def channels(dim, order, potential=None):
    """Both channels of a collinear device with every term, coupled by spin relaxation."""
    sizes = {1: {}, 2: {"width": 0.7}, 3: {"width": 0.5, "depth": 0.6}}[dim]
    spin_hall = {"theta": "0.3 + 0.2*x", "kappa": -0.35} if dim == 2 else {}
    device = build_device(
        Case(
            mesh={
                "shape": "layers",
                "order": order,
                "distortion": 0.5,
                "layers": [{"region": r, "length": 0.6, "elements": 2} for r in ("S", "F")],
                **sizes,
            },
            material={
                "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": "0.4*x"}, "tau_so": 2.3},
                "F": {"D": "0.8 + 0.1*sin(x)", "exchange": [0, 0, "0.6*cos(x)"], "tau_so": 1.7, **spin_hall},
            },
            region={"S": "S", "F": "F"},
            terminal={"left": {"Delta": 0.83, "phase": 0.3}},
            interface={"S|F": {"conductance": 1.3, "polarisation": [0, 0, 0.3]}},
            solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.05},
            **({"field": {"vector_potential": [*potential[:dim], *[0] * (3 - dim)]}} if potential else {}),
        )
    )
    assert spin_axis(device.forms) == (True, (0.0, 0.0, 1.0))
    return channel_forms(device.forms, Channels((0.0, 0.0, 1.0)), (1, -1))


def state(forms, frozen=False):
    rng = np.random.default_rng(5)

    def complex_(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    n = forms.size
    m, inverse = frame(0.3 * complex_(n, 1, 1), 0.3 * complex_(n, 1, 1))
    g, omega = from_frame(m, inverse), complex_(n, 2, 2)
    return action.Linearisation.at(forms, m, inverse, g, omega, frozen), omega, complex_(n, 2, 1, 1)


@pytest.mark.parametrize("potential", [None, ["0.4 + 0.3*sin(x)", "0.5*x", "0.2 - 0.3*x"]])
@pytest.mark.parametrize(("dim", "order"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)])
def test_every_term_is_that_of_the_reference(dim, order, potential):
    forms = channels(dim, order, potential)
    for frozen in (False, True):
        lin, omega, w = state(forms, frozen)
        for count in (forms.size, forms.size // 2):
            nodes = np.random.default_rng(2).permutation(forms.size)[:count]
            expected, found = PlainTangents(lin, nodes), compiled(lin, omega, nodes)
            assert_alike(everything(found, w[nodes]), everything(expected, w[nodes]))


def test_the_plane_of_a_spin_hall_form_is_there():
    forms = channels(2, 1)
    lin, _, w = state(forms)
    without = replace(lin, forms=replace(forms, spin_hall=None))
    change = np.abs(lin.hessian(w) - without.hessian(w)).max()
    assert change > 1e-2 * np.abs(lin.hessian(w)).max()


@pytest.mark.parametrize("count", [1, 8, 27, 300])
def test_frames_around_the_scalar_inverse_and_the_step(count):
    forms = channels(2, 2)
    lin, omega, w = state(forms)
    nodes = np.random.default_rng(count).integers(forms.size, size=count)
    w = w[nodes]
    reference = Frames.of(lin.m[nodes], lin.inverse[nodes])
    frames = compiled(lin, omega, nodes).frames
    expected, found = reference.columns(w), frames.columns(w)
    assert found.shape == (count, 3)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()
    back = reference.unknowns(expected)
    assert np.abs(frames.unknowns(found) - back).max() < 1e-13 * np.abs(back).max()
    rows = np.full((-(-count // 8) * 8, 2, 4), np.nan, dtype=np.float32)
    frames.rows(w, rows.reshape(-1))
    assert np.array_equal(rows[:count, 0, :3] + 1j * rows[:count, 1, :3], found.astype(np.complex64))
    assert np.array_equal(rows[:count, :, 3], -rows[:count, :, 0])
    tangents = compiled(lin, omega, np.unique(nodes))
    product, size = tangents.hessian, 8 * tangents.nodes.size
    image = product(tangents.residual)
    direct, again = np.full((2, size), np.nan, dtype=np.float32)
    product.in_rows(tangents.residual, direct)
    tangents.frames.rows(image, again)
    assert np.array_equal(direct, again)
    frames.of_rows(rows.reshape(-1), out := np.empty_like(back))
    assert np.abs(out - back).max() < 1e-5 * np.abs(back).max()
    step = 0.2 * w[:1]
    after = compiled(lin, omega, nodes[:1]).moved(step)[nodes[0]]
    turned = lin.m[nodes[0]] @ frame(step[:, 0], step[:, 1])[0][0]
    assert np.abs(after - turned @ np.diag([1, -1]) @ np.linalg.inv(turned)).max() < 1e-13
