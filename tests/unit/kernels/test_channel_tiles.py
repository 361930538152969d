"""A Krylov step in single precision: one channel of spin, and full matrices, against double precision."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.kernels.test_channel import channels, state
from tests.unit.kernels.test_hessian import compiled, linearisation
from usadel_fem import action, kernels
from usadel_fem.fem.forms import Transverse
from usadel_fem.kernels.memory import Rooms
from usadel_fem.linearise import free_rows
from usadel_fem.physics.nambu import TAU3

SINGLE = 2e-6
"""Rounding of a sum of some tens of products in single precision."""


def one_channel(dim, order):
    """Two coupled channels, with a barrier that filters spins."""
    forms = channels(dim, order)
    assert any(tunnel.filtered for tunnel in forms.tunnels)
    lin, omega, w = state(forms, frozen=dim == 2 and order == 2)
    return lin, omega, w


def in_a_field(dim, order):
    """The same with U(1) links, and with a field across the mesh."""
    field = ["0.4 + 0.3*sin(x)", "0.5*x", "0.2 - 0.3*x"]
    forms = replace(channels(dim, order, field), spin_hall=None)
    return state(across(forms, np.diag([1.0, -1.0])))


def across(forms, tau3):
    return replace(forms, transverse=(Transverse(0.35 * forms.mass, tau3, tau3),))


def whole(dim, order):
    """With every term, and a barrier that filters spins."""
    lin, omega, w = linearisation(dim, order, frozen=order == 2)
    assert any(tunnel.filtered for tunnel in lin.forms.tunnels)
    return lin, omega, w


def whole_in_a_field(dim, order):
    lin, omega, w = linearisation(dim, order, "U(1)")
    forms = across(replace(lin.forms, swapping=(), spin_hall=None), TAU3)
    return action.Linearisation.at(forms, lin.m, lin.inverse, lin.g, omega), omega, w


CASES = [(one_channel, dim, order) for dim, order in ((1, 1), (2, 1), (2, 2), (3, 1))]
CASES += [(in_a_field, dim, order) for dim, order in ((1, 1), (2, 1), (2, 2), (3, 1))]
CASES += [(whole, dim, order) for dim, order in ((2, 1), (2, 2), (3, 1))]
CASES += [(whole_in_a_field, dim, order) for dim, order in ((2, 1), (2, 2), (3, 1))]


def step_and_tangents(make, dim, order, count=None):
    lin, omega, w = make(dim, order)
    nodes = np.random.default_rng(3).permutation(lin.forms.size)[: count or 2 * lin.forms.size // 3]
    nodes.sort()
    tangents = compiled(lin, omega, nodes)
    step = tangents.in_tiles(free_rows(lin.forms, nodes, w.shape[-1]))
    assert step is not None
    return step, tangents, w[nodes]


def in_double(tangents, w):
    """Forces of H w by the reference."""
    rows = np.zeros((w.shape[0] + 64, 2, 4 if w.shape[-1] == 1 else 16), dtype=np.float32)
    tangents.frames.rows(tangents.hessian(w), rows.reshape(-1))
    return rows[: w.shape[0]]


@pytest.mark.parametrize(("make", "dim", "order"), CASES)
def test_forces_of_every_term(make, dim, order):
    step, tangents, w = step_and_tangents(make, dim, order)
    tiles = kernels.compiled().steps.packed(w, Rooms(), step.size)
    width = 4 if w.shape[-1] == 1 else 16
    rows = np.full((2 * step.size // width // 2, 2, width), np.nan, dtype=np.float32)
    expected = in_double(tangents, w)
    used = 3 if width == 4 else 16  # a channel's fourth column is minus the first
    for _ in range(2):
        step.forces(tiles, rows.reshape(-1))
        found = rows[: len(w)]
        assert np.abs(found - expected)[..., :used].max() < SINGLE * np.abs(expected).max()
    if width == 4:
        assert np.abs(found[..., 3] + found[..., 0]).max() < SINGLE * np.abs(expected).max()
    assert not rows[len(w) :].any()


@pytest.mark.parametrize(("make", "dim", "order"), [(one_channel, 2, 2), (whole, 2, 2)])
@pytest.mark.parametrize("count", [1, 16, 17, 70])
def test_back_to_unknowns(make, dim, order, count):
    step, tangents, w = step_and_tangents(make, dim, order, count)
    s = w.shape[-1]
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(4 * step.size // (8 * s**2) + 64, 2, 4 * s**2)).astype(np.float32)
    if s == 1:
        rows[..., 3] = -rows[..., 0]
    tangents.frames.of_rows(rows.reshape(-1), expected := np.empty_like(w))
    step.unknowns(rows.reshape(-1), None, tiles := np.empty(step.size, dtype=np.float32))
    found = kernels.compiled().steps.unpacked(tiles, Rooms(), w.shape)
    assert np.abs(found - expected).max() < SINGLE * np.abs(expected).max()


@pytest.mark.parametrize("s", [1, 2])
@pytest.mark.parametrize("count", [1, 15, 16, 65])
def test_tiles_and_back(s, count):
    w = np.random.default_rng(count).normal(size=(count, 2, s, s, 2)).view(complex)[..., 0]
    steps, floats = kernels.compiled().steps, 256 * -(-count // (64 // s**2))
    tiles = steps.packed(w, Rooms(), floats)
    assert np.array_equal(steps.unpacked(tiles, Rooms(), w.shape), w.astype(np.complex64))
    assert np.count_nonzero(tiles) == 4 * s**2 * count
    one = tiles.reshape(-1, 4 * s**2, 16)[0, :, 0]
    assert np.array_equal(one, w[0].reshape(-1).view(float).astype(np.float32))


def test_terms_that_are_weak_against_the_stiffness_are_not_lost():
    """ǧ and w that differ between the channels only: K gives nothing, spin relaxation a little."""
    lin, omega, w = one_channel(2, 1)
    forms = replace(lin.forms, tunnels=())
    weak = 1e-6 * (forms.stiffness - forms.scalar_stiffness)
    forms = replace(forms, stiffness=forms.scalar_stiffness + weak, spin_hall=None)
    nodes, half = np.arange(forms.size), forms.size // 2
    g, w = (np.repeat(x[[0, half]], half, axis=0) for x in (lin.g, w))
    lin = replace(lin, forms=forms, g=g)
    tangents = compiled(lin, np.zeros_like(omega), nodes)
    expected = in_double(tangents, w)
    step = tangents.in_tiles(free_rows(forms, nodes, 1))
    tiles = kernels.compiled().steps.packed(w, Rooms(), step.size)
    rows = np.empty((step.size // 4, 2, 4), dtype=np.float32)
    step.forces(tiles, rows.reshape(-1))
    scale = np.abs(expected).max()
    assert 1e-8 < scale < 1e-5 * np.abs(forms.stiffness.data).max()
    assert np.abs(rows[: len(w)] - expected)[..., :3].max() < 1e-5 * scale
