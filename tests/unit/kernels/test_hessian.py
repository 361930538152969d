"""Compiled kernels against the NumPy reference, which other tests hold against the action itself."""

import numpy as np
import pytest

from tests.verification.test_action import ENERGY, FIELDS, device, random_state
from usadel_fem import action
from usadel_fem.linearise import CompiledTangents, PlainTangents, linearise, moved
from usadel_fem.physics.frames import Frames
from usadel_fem.physics.nambu import TAU3, TAU3_DIAGONAL, frame

SINGLE = 1e-5
"""Rounding of a few products of numbers in single precision, that are large where ǧ is."""


def linearisation(dim, order, fields="no field", frozen=False):
    dev = device(dim, order, fields)
    omega = action.source(dev.forms, ENERGY, None, dev.reservoirs(ENERGY))
    m, inverse, g, w = random_state(dev.forms)
    return action.Linearisation.at(dev.forms, m, inverse, g, omega, frozen), omega, w


def compiled(lin, omega, nodes):
    found = linearise(lin.forms, lin.g, omega, nodes, lin.frozen)
    assert isinstance(found, CompiledTangents)
    return found


def everything(tangents, w):
    """What tangents give for a step w."""
    after, nodes = tangents.moved(0.2 * w), tangents.nodes
    assert np.array_equal(np.delete(after, nodes, axis=0), np.delete(tangents.g, nodes, axis=0))
    frames = tangents.amplitudes(np.arange(0, nodes.size, 2))
    return {
        "residual": tangents.residual,
        "hessian": tangents.hessian(w),
        "ee": tangents.nodal[0],
        "hh": tangents.nodal[1],
        "after": after,
        **vars(frames),
    }


def assert_alike(found, expected):
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() < 1e-13 * np.abs(value).max(), name


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_every_term_of_the_hessian_is_that_of_the_reference(dim, order, fields):
    lin, omega, w = linearisation(dim, order, fields)
    expected = lin.hessian(w)
    found = compiled(lin, omega, np.arange(lin.forms.size)).hessian(w)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("dim", [2, 3])
def test_with_the_outer_field_of_the_spin_hall_form_held_fixed(dim):
    lin, omega, w = linearisation(dim, 1, frozen=True)
    expected = lin.hessian(w)
    found = compiled(lin, omega, np.arange(lin.forms.size)).hessian(w)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 98])
def test_any_number_of_nodes_in_any_order(count):
    """Lanes are filled up, blocks end anywhere; what stands at other nodes does not enter."""
    lin, omega, w = linearisation(2, 2)
    nodes = np.random.default_rng(count).permutation(lin.forms.size)[:count]
    everywhere = np.zeros_like(w)
    everywhere[nodes] = w[nodes]
    expected = lin.hessian(everywhere)[nodes]
    product = compiled(lin, omega, nodes).hessian
    for _ in range(2):
        found = product(w[nodes])
        assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("dim", [2, 3])
def test_the_compiled_hessian_is_symmetric(dim):
    lin, omega, w = linearisation(dim, 2)
    product = compiled(lin, omega, np.arange(lin.forms.size)).hessian
    other = w[::-1] * 0.7
    one, two = other * product(w), w * product(other)
    assert abs(one.sum() - two.sum()) < 1e-13 * np.abs(one).sum()


@pytest.mark.parametrize("count", [1, 8, 67])
def test_frames_around_the_scalar_inverse(count):
    lin, omega, w = linearisation(2, 2)
    nodes = np.random.default_rng(count).permutation(lin.forms.size)[:count]
    reference = Frames.of(lin.m[nodes], lin.inverse[nodes])
    frames = compiled(lin, omega, nodes).frames
    expected, found = reference.columns(w[nodes]), frames.columns(w[nodes])
    blocks = expected.reshape(-1, 2, 2, 2, 2).swapaxes(2, 3).reshape(-1, 16)
    assert found.flags.f_contiguous
    assert np.abs(found - blocks).max() < 1e-13 * np.abs(blocks).max()
    back = reference.unknowns(expected)
    assert np.abs(frames.unknowns(found) - back).max() < 1e-13 * np.abs(back).max()
    rows = np.full((-(-count // 8) * 8, 2, 16), np.nan, dtype=np.float32)
    frames.rows(w[nodes], rows.reshape(-1))
    assert np.array_equal(rows[:count, 0] + 1j * rows[:count, 1], blocks.astype(np.complex64))
    direct = np.full_like(rows, np.nan)
    tangents = compiled(lin, omega, nodes)
    tangents.hessian.in_rows(w[nodes], direct.reshape(-1))
    frames.rows(tangents.hessian(w[nodes]), again := np.empty_like(rows).reshape(-1))
    difference = direct.reshape(-1)[: 32 * count] - again[: 32 * count]
    assert np.abs(difference).max() < 1e-6 * np.abs(again[: 32 * count]).max()
    frames.of_rows(rows.reshape(-1), out := np.empty_like(back))
    assert np.abs(out - back).max() < SINGLE * np.abs(back).max()


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 1), (2, 2), (3, 1)])
def test_tangents_are_those_of_the_reference(dim, order, fields):
    """Frames, residual, Hessian and potentials of some nodes, and ǧ after a step there."""
    lin, omega, w = linearisation(dim, order, fields)
    nodes = np.random.default_rng(1).permutation(lin.forms.size)[: lin.forms.size // 2]
    reference = PlainTangents(lin, nodes)
    assert_alike(everything(compiled(lin, omega, nodes), w[nodes]), everything(reference, w[nodes]))
    after = {"after": reference.moved(w[nodes])}
    assert_alike({"after": moved(lin, nodes, w[nodes])}, after)


def test_a_linearisation_of_tangents_is_that_of_the_reference():
    """At the nodes, for what wants matrices."""
    lin, omega, _ = linearisation(2, 1)
    nodes = np.random.default_rng(1).permutation(lin.forms.size)[: lin.forms.size // 2]
    found = compiled(lin, omega, nodes).lin
    for name in ("m", "inverse", "local"):
        one, two = getattr(lin, name)[nodes], getattr(found, name)[nodes]
        assert np.abs(one - two).max() < 1e-13 * np.abs(one).max(), name


def test_a_step_turns_the_frame():
    """M(1 + w)τ₃(1 + w)⁻¹M⁻¹."""
    lin, omega, w = linearisation(2, 1)
    nodes = np.arange(0, lin.forms.size, 2)
    step = 0.2 * w[nodes]
    turned = lin.m[nodes] @ frame(step[:, 0], step[:, 1])[0]
    after = turned * TAU3_DIAGONAL @ np.linalg.inv(turned)
    assert np.abs(compiled(lin, omega, nodes).moved(step)[nodes] - after).max() < 1e-12 * np.abs(after).max()


def test_a_singular_frame_is_not_a_number_and_no_exception():
    """ǧ = −τ₃ has no Riccati amplitudes."""
    lin, omega, _ = linearisation(2, 1)
    lin.g[0], lin.g[1] = -TAU3, TAU3
    found = compiled(lin, omega, np.arange(lin.forms.size))
    frames = found.amplitudes(np.arange(2))
    assert not np.isfinite(frames.gamma[..., 0]).all()
    assert np.array_equal(frames.gamma[..., 1], np.zeros((2, 2)))
    assert np.array_equal(frames.n[..., 1], np.eye(2))
    assert not np.isfinite(found.residual[0]).all()
