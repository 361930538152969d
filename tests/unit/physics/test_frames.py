"""The algebra stored entry by entry against products of 4×4 matrices."""

import numpy as np
import pytest

from usadel_fem.physics import frames
from usadel_fem.physics.nambu import SIGMA, TAU3, frame

N = 7


def random(*shape):
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def matrices():
    m, inverse = frame(0.3 * random(N, 2, 2), 0.4 * random(N, 2, 2))
    return m, inverse, frames.Frames.of(m, inverse)


def test_a_change_of_g_is_the_product_of_matrices(matrices):
    m, inverse, stored = matrices
    eh, he = random(N, 2, 2), 0.7 * random(N, 2, 2) + 0.2
    w = np.zeros((N, 4, 4), dtype=complex)
    w[:, :2, 2:], w[:, 2:, :2] = eh, he
    expected = -2 * m @ TAU3 @ w @ inverse
    found = np.moveaxis(stored.change(frames.by_entry(eh), frames.by_entry(he)), -1, 0)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


def test_turning_into_the_frame_is_the_product_of_matrices(matrices):
    m, inverse, stored = matrices
    x = random(N, 4, 4)
    expected = inverse @ x @ m
    eh, he = (np.moveaxis(block, -1, 0) for block in stored.turned(frames.by_entry(x)))
    assert np.abs(eh - expected[:, :2, 2:]).max() < 1e-13 * np.abs(expected).max()
    assert np.abs(he - expected[:, 2:, :2]).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("a", [0, 1, 2])
def test_half_the_anticommutator_with_a_spin_matrix_is_diagonal_in_its_eigenstates(a):
    x = random(N, 4, 4)
    expected = 0.5 * (SIGMA[a] @ x + x @ SIGMA[a])
    turned = frames.along(a, frames.spin_blocks(x))
    whole = np.stack([turned[0, 0], turned[1, 1]])
    found = frames.from_spin_blocks(frames.along(a, frames.on_diagonal(whole), back=True))
    assert np.abs(found - expected).max() < 1e-14 * N
    blocks = frames.both_sides(turned)
    assert np.array_equal(blocks[0], turned[0, 0])
    assert np.array_equal(blocks[1], -turned[1, 1])


@pytest.mark.parametrize("a", [0, 1, 2])
def test_products_of_spin_blocks_are_those_of_the_matrices(a):
    x, y = random(N, 4, 4), random(N, 4, 4) + 0.3
    product = frames.along(a, frames.spin_blocks(x @ y))
    found = frames.round_trip(frames.along(a, frames.spin_blocks(x)), frames.along(a, frames.spin_blocks(y)))
    assert np.abs(found - np.stack([product[0, 0], product[1, 1]])).max() < 1e-13 * np.abs(product).max()
