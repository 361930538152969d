"""Single passes over all nodes against what NumPy makes of many."""

import numpy as np
import pytest

from usadel_fem import kernels, linearise
from usadel_fem.physics import spectral
from usadel_fem.physics.nambu import frame, from_frame

SIZES = [1, 7, 8, 9, 41]


def random(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize("size", [0.1, 0.4, 3.0])
def test_positivity(size):
    """Small and large amplitudes, either of which can be the one that is not positive."""
    rng = np.random.default_rng(3)
    gamma, gamma_tilde = size * random(rng, 2, 60, 2, 2)
    gamma[::3] *= 0.2
    gamma_tilde[1::3] *= 0.2
    g = from_frame(*frame(gamma, gamma_tilde))
    smallest = [
        np.linalg.eigvalsh(np.eye(2) - x @ x.conj().swapaxes(1, 2))[:, 0] for x in (gamma, gamma_tilde)
    ]
    expected = np.minimum(*smallest)
    # rounding of γ from ǧ grows with |ǧ| and with |γ|
    scale = (
        np.abs(g).max(axis=(1, 2))
        * (1 + np.abs(gamma).max(axis=(1, 2)) + np.abs(gamma_tilde).max(axis=(1, 2))) ** 3
    )
    assert (np.abs(spectral.positivity(g) - expected) < 1e-13 * scale).all()


@pytest.mark.parametrize("entry", [(0, 0), (0, 3), (2, 1), (3, 3)])
def test_positivity_of_what_is_not_a_number(entry):
    rng = np.random.default_rng(3)
    g = from_frame(*frame(0.4 * random(rng, 9, 2, 2), 0.4 * random(rng, 9, 2, 2)))
    expected = spectral.positivity(g)
    g[5][entry] = np.nan
    found = spectral.positivity(g)
    assert np.isnan(found[5])
    assert np.array_equal(np.delete(found, 5), np.delete(expected, 5))


@pytest.mark.parametrize("count", SIZES)
def test_mean_and_spread_of_the_nodal_term(count):
    """Of w ↦ ee w + w hh, whose eigenvalues are sums of those of ee and hh."""
    rng = np.random.default_rng(count)
    blocks = random(rng, 2, 2, 2, count)
    lanes = np.full((-(-count // 16) * 2, 8, 2, 8), np.nan)
    for n in range(count):
        parts = blocks[..., n].reshape(8)
        lanes[n // 8, :, 0, n % 8], lanes[n // 8, :, 1, n % 8] = parts.real, parts.imag
    mean, spread = kernels.compiled().mean_and_spread(lanes.reshape(-1), count, 2)
    expected = linearise.mean_and_spread(*blocks)
    assert np.abs(mean - expected[0]).max() < 1e-14 * np.abs(blocks).max()
    assert np.abs(spread - expected[1]).max() < 1e-13 * np.abs(blocks).max() ** 2
    eigenvalues = [np.linalg.eigvals(np.moveaxis(x, -1, 0)) for x in blocks]
    sums = (eigenvalues[0][:, :, None] + eigenvalues[1][:, None, :]).reshape(count, 4)
    assert np.abs(mean - sums.mean(axis=1) / 2).max() < 1e-13 * np.abs(blocks).max()


@pytest.mark.parametrize("count", SIZES)
def test_the_largest_number(count):
    rng = np.random.default_rng(count)
    x = random(rng, count)
    assert np.isclose(linearise.largest(x), np.abs(x).max(), rtol=1e-15)
    for k in {0, count // 2, count - 1}:
        y = x.copy()
        y[k] = -3.7 - 11j
        assert np.isclose(linearise.largest(y), abs(y[k]), rtol=1e-15)
        y[k] = complex(0.3, np.nan)
        assert np.isnan(linearise.largest(y))
        y[k] = complex(np.inf, 0.3)
        assert linearise.largest(y) == np.inf
    assert linearise.largest(x[:0]) == 0.0


@pytest.mark.parametrize("count", SIZES)
def test_the_largest_part(count):
    rng = np.random.default_rng(count)
    x = random(rng, count)
    assert linearise.largest_part(x) == max(np.abs(x.real).max(), np.abs(x.imag).max())
    for k in {0, count // 2, count - 1}:
        for value in (-17 + 0.2j, 0.2 + 17j, 17 - 3j, 3 - 17j):
            y = x.copy()
            y[k] = value
            assert linearise.largest_part(y) == 17.0
