"""The algebra stored entry by entry against products of 4×4 matrices."""

import numpy as np
import pytest

from usadel_fem.physics import frames
from usadel_fem.physics.nambu import SIGMA, frame, tau3_signs

N = 7


def random(*shape):
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture(params=[1, 2])
def matrices(request):
    """One spin channel and both."""
    s = request.param
    m, inverse = frame(0.3 * random(N, s, s), 0.4 * random(N, s, s))
    return m, inverse, frames.Frames.of(m, inverse)


def test_a_change_of_g_is_the_product_of_matrices(matrices):
    m, inverse, stored = matrices
    s = m.shape[-1] // 2
    eh, he = random(N, s, s), 0.7 * random(N, s, s) + 0.2
    w = np.zeros_like(m)
    w[:, :s, s:], w[:, s:, :s] = eh, he
    expected = -2 * (m * tau3_signs(2 * s)) @ w @ inverse
    found = np.moveaxis(stored.change(frames.by_entry(eh), frames.by_entry(he)), -1, 0)
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


def test_turning_into_the_frame_is_the_product_of_matrices(matrices):
    m, inverse, stored = matrices
    s = m.shape[-1] // 2
    x = random(N, 2 * s, 2 * s)
    expected = inverse @ x @ m
    eh, he = (np.moveaxis(block, -1, 0) for block in stored.turned(frames.by_entry(x)))
    assert np.abs(eh - expected[:, :s, s:]).max() < 1e-13 * np.abs(expected).max()
    assert np.abs(he - expected[:, s:, :s]).max() < 1e-13 * np.abs(expected).max()


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
