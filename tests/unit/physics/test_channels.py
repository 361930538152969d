"""Channels of spin against the matrices they make up, and the two symmetries of complex conjugation."""

import numpy as np
import pytest

from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.channels import Channels, at_minus_energy, mirrored
from usadel_fem.physics.nambu import SIGMA, TAU, dot_sigma, normalisation_defect

AXIS = (0.48, 0.6, 0.64)
DELTA = 0.83 * np.exp(0.4j)
X = TAU[2] @ SIGMA[1]


def random(*shape):
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize("axis", [AXIS, (0.0, 0.0, 1.0), None])
def test_channels_and_matrices_are_one_to_one(axis):
    channels = Channels(axis)
    x = random(len(channels.signs) * 7, 2, 2)
    whole = channels.lift(x)
    assert whole.shape == (7, 4, 4)
    assert np.abs(channels.project(whole) - x).max() < 1e-14
    assert channels.lost(whole) < 1e-15
    generators = SIGMA if axis is None else [dot_sigma(np.array(axis))]
    for sigma in generators:  # they know no other axis
        assert np.abs(sigma @ whole - whole @ sigma).max() < 1e-14
    product = channels.lift(x @ x[::-1])
    other = channels.lift(x[::-1])
    if axis is None:
        assert np.abs(product - whole @ other).max() < 1e-13


def test_matrix_products_are_products_of_the_channels():
    channels = Channels(AXIS)
    x, y = random(14, 2, 2), random(14, 2, 2) + 0.3
    assert np.abs(channels.lift(x @ y) - channels.lift(x) @ channels.lift(y)).max() < 1e-13


def test_what_is_across_the_axis_is_noticed():
    along, across = np.array(AXIS), np.array([0.8, 0.0, -0.6])
    channels = Channels(AXIS)
    assert abs(along @ across) < 1e-15
    assert channels.lost(dot_sigma(along)[None]) < 1e-15
    assert channels.lost((dot_sigma(along) + 0.3 * dot_sigma(across))[None]) > 0.1


@pytest.mark.parametrize("axis", [AXIS, None])
def test_fields_along_the_axis_are_what_their_matrices_project_to(axis):
    channels, h = Channels(axis), 0.31 * np.array([[1.0], [-0.7]]) * np.array(axis or (0.0, 0.0, 0.0))
    expected = channels.project(dot_sigma(h)).reshape(-1, 2, 2, 2)
    assert np.abs(channels.along(h) * np.eye(2) - expected).max() < 1e-15


def test_channels_of_a_bulk_superconductor_have_the_energies_shifted_by_the_field():
    h = 0.31
    up, down = Channels(AXIS).project(bulk(0.5 + 0.02j, DELTA, h * np.array(AXIS))[None])
    for g, energy in ((up, 0.5 + h), (down, 0.5 - h)):
        expected = bulk(energy + 0.02j, DELTA)
        assert np.abs(g - expected[::2, ::2]).max() < 1e-14
        assert normalisation_defect(g) < 1e-13


@pytest.mark.parametrize("energy", [0.47j, 0.5 + 0.02j])
def test_one_channel_is_the_image_of_the_other_at_the_opposite_energy(energy):
    h = 0.31 * np.array(AXIS)
    up, down = Channels(AXIS).project(bulk(energy, DELTA, h)[None])
    image_up, image_down = Channels(AXIS).project(bulk(-np.conj(energy), DELTA, h)[None])
    assert np.abs(mirrored(up) - image_down).max() < 1e-14
    assert np.abs(mirrored(down) - image_up).max() < 1e-14


def test_minus_energy_is_the_conjugation_by_x():
    g = random(5, 4, 4)
    assert np.array_equal(at_minus_energy(g), -X @ g.conj() @ X)
    h = np.array([0.2, -0.1, 0.3])
    found = at_minus_energy(bulk(0.5 + 0.02j, DELTA, h))
    assert np.abs(found - bulk(-0.5 + 0.02j, DELTA, h)).max() < 1e-14
