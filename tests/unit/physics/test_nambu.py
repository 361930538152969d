"""Frames, Riccati amplitudes and the algebra they rest on."""

import numpy as np
import pytest

from usadel_fem.physics.nambu import (
    EPSILON,
    PAULI,
    SIGMA,
    TAU,
    TAU3,
    at_minus_frequency,
    commutator,
    dot_sigma,
    frame,
    from_frame,
    from_pauli,
    inverse_small,
    normalisation_defect,
    pair_matrix,
    pauli_components,
    riccati,
    trace,
)


def random_complex(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(83)


def test_spin_and_nambu_matrices_commute_and_obey_their_algebra() -> None:
    for tau in TAU:
        for sigma in SIGMA:
            np.testing.assert_array_equal(commutator(tau, sigma), 0)
    for i in range(3):
        for j in range(3):
            expected = (i == j) * np.eye(4) + 1j * sum(EPSILON[i, j, a] * SIGMA[a] for a in range(3))
            np.testing.assert_array_equal(SIGMA[i] @ SIGMA[j], expected)


def test_a_frame_gives_a_normalised_matrix_and_riccati_gives_the_amplitudes_back(rng) -> None:
    gamma, tilde = 0.7 * random_complex(rng, 50, 2, 2), 0.7 * random_complex(rng, 50, 2, 2)
    m, inverse = frame(gamma, tilde)
    np.testing.assert_allclose(m @ inverse, np.broadcast_to(np.eye(4), m.shape), atol=1e-11)
    g = from_frame(m, inverse)
    assert normalisation_defect(g) < 1e-10
    np.testing.assert_allclose(np.abs(trace(TAU[0], g)), 0, atol=1e-11)
    back, tilde_back = riccati(g)
    np.testing.assert_allclose(back, gamma, atol=1e-9)
    np.testing.assert_allclose(tilde_back, tilde, atol=1e-9)


def test_small_helpers(rng) -> None:
    a, b = random_complex(rng, 5, 4, 4), random_complex(rng, 5, 4, 4)
    np.testing.assert_allclose(trace(a, b), np.trace(a @ b, axis1=1, axis2=2))
    one = random_complex(rng, 5, 1, 1)
    np.testing.assert_allclose(inverse_small(one), np.linalg.inv(one))
    x = random_complex(rng, 5, 2, 2)
    np.testing.assert_allclose(inverse_small(x), np.linalg.inv(x))
    np.testing.assert_allclose(from_pauli(pauli_components(x)), x)
    np.testing.assert_allclose(
        dot_sigma([0.3, -0.2, 0.83])[:2, :2], 0.3 * PAULI[1] - 0.2 * PAULI[2] + 0.83 * PAULI[3]
    )


def test_the_pair_matrix_is_equation_17() -> None:
    delta = 0.83 * np.exp(0.4j)
    expected = np.kron(np.array([[0, delta], [-np.conj(delta), 0]]), np.eye(2))
    np.testing.assert_array_equal(pair_matrix(np.array(delta)), expected)


def test_minus_frequency_is_an_involution_that_keeps_the_normalisation(rng) -> None:
    g = from_frame(*frame(0.4 * random_complex(rng, 7, 2, 2), 0.4 * random_complex(rng, 7, 2, 2)))
    flipped = at_minus_frequency(g)
    assert normalisation_defect(flipped) < 1e-11
    np.testing.assert_allclose(at_minus_frequency(flipped), g)
    np.testing.assert_array_equal(at_minus_frequency(TAU3), -TAU3)
