"""Compiled kernels against the NumPy reference, which other tests hold against the action itself."""

import numpy as np
import pytest

from tests.verification.test_action import ENERGY, FIELDS, device, random_state
from usadel_fem import action, kernels
from usadel_fem.linearise import hessian, linearise, moved, tangent_frames
from usadel_fem.physics.frames import Frames
from usadel_fem.physics.nambu import TAU3_DIAGONAL, frame, tau3_signs

SINGLE = 1e-5
"""Rounding of a few products of numbers in single precision, that are large where ǧ is."""


def linearisation(dim, order, fields="no field", frozen=False):
    dev = device(dim, order, fields)
    omega = action.source(dev.forms, ENERGY, None, dev.reservoirs(ENERGY))
    m, inverse, g, w = random_state(dev.forms)
    return action.Linearisation.at(dev.forms, m, inverse, g, omega, frozen), w


def compiled_hessian(lin, nodes):
    frames = tangent_frames(lin.m, lin.inverse, nodes)
    assert not isinstance(frames, Frames)
    return hessian(lin, nodes, frames)


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_every_term_of_the_hessian_is_that_of_the_reference(dim, order, fields):
    lin, w = linearisation(dim, order, fields)
    expected = lin.hessian(w)
    found = compiled_hessian(lin, np.arange(lin.forms.size))(w)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("dim", [2, 3])
def test_with_the_outer_field_of_the_spin_hall_form_held_fixed(dim):
    lin, w = linearisation(dim, 1, frozen=True)
    expected = lin.hessian(w)
    found = compiled_hessian(lin, np.arange(lin.forms.size))(w)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 98])
def test_any_number_of_nodes_in_any_order(count):
    """Lanes are filled up, blocks end anywhere; what stands at other nodes does not enter."""
    lin, w = linearisation(2, 2)
    nodes = np.random.default_rng(count).permutation(lin.forms.size)[:count]
    everywhere = np.zeros_like(w)
    everywhere[nodes] = w[nodes]
    expected = lin.hessian(everywhere)[nodes]
    product = compiled_hessian(lin, nodes)
    for _ in range(2):
        found = product(w[nodes])
        assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("dim", [2, 3])
def test_the_compiled_hessian_is_symmetric(dim):
    lin, w = linearisation(dim, 2)
    product = compiled_hessian(lin, np.arange(lin.forms.size))
    other = w[::-1] * 0.7
    one, two = other * product(w), w * product(other)
    assert abs(one.sum() - two.sum()) < 1e-13 * np.abs(one).sum()


@pytest.mark.parametrize("count", [1, 8, 67])
def test_frames_around_the_scalar_inverse(count):
    lin, w = linearisation(2, 2)
    nodes = np.random.default_rng(count).permutation(lin.forms.size)[:count]
    reference = Frames.of(lin.m[nodes], lin.inverse[nodes])
    frames = tangent_frames(lin.m, lin.inverse, nodes)
    expected, found = reference.columns(w[nodes]), frames.columns(w[nodes])
    blocks = expected.reshape(-1, 2, 2, 2, 2).swapaxes(2, 3).reshape(-1, 16)
    assert found.flags.f_contiguous
    assert np.abs(found - blocks).max() < 1e-13 * np.abs(blocks).max()
    back = reference.unknowns(expected)
    assert np.abs(frames.unknowns(found) - back).max() < 1e-13 * np.abs(back).max()
    rows = np.full((-(-count // 8) * 8, 2, 16), np.nan, dtype=np.float32)
    frames.rows(w[nodes], rows.reshape(-1))
    assert np.array_equal(rows[:count, 0] + 1j * rows[:count, 1], blocks.astype(np.complex64))
    frames.of_rows(rows.reshape(-1), out := np.empty_like(back))
    assert np.abs(out - back).max() < SINGLE * np.abs(back).max()


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 1), (2, 2), (3, 1)])
def test_a_linearisation_is_that_of_the_reference(dim, order, fields):
    """Frames, forces of every term, ǧ after a step."""
    dev = device(dim, order, fields)
    omega = action.source(dev.forms, ENERGY, None, dev.reservoirs(ENERGY))
    m, inverse, g, w = random_state(dev.forms)
    expected = action.Linearisation.at(dev.forms, m, inverse, g, omega)
    found = linearise(dev.forms, g, omega)
    for name in ("m", "inverse", "local"):
        one, two = getattr(expected, name), getattr(found, name)
        assert np.abs(one - two).max() < 1e-13 * np.abs(one).max()
    nodes = np.arange(0, dev.forms.size, 2)
    step = 0.2 * w[nodes]
    e = frame(step[:, 0], step[:, 1])[0]
    after = g.copy()
    turned = m[nodes] @ e
    after[nodes] = turned * TAU3_DIAGONAL @ np.linalg.inv(turned)
    assert np.abs(moved(found, nodes, step) - after).max() < 1e-12 * np.abs(after).max()


@pytest.mark.parametrize("size", [2, 4])
def test_a_singular_frame_is_not_a_number_and_no_exception(size):
    """ǧ = −τ₃ has no Riccati amplitudes."""
    g = np.stack([-np.diag(tau3_signs(size)), np.diag(tau3_signs(size))]) + 0j
    m, inverse = kernels.compiled().frames_of(g)
    assert not np.isfinite(m[0]).all()
    assert np.array_equal(m[1], np.eye(size))
    assert np.array_equal(inverse[1], np.eye(size))
