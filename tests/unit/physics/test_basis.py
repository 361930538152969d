"""The two Nambu bases, against the exponential of Section III and the table of the module."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

import usadel_fem as uf
from tests.samples import wire_solution
from usadel_fem.physics.basis import from_plain_basis, to_plain_basis
from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.nambu import (
    PAULI,
    SIGMA,
    TAU,
    TAU3,
    at_minus_frequency,
    dot_sigma,
    pair_matrix,
    riccati,
)

SY = SIGMA[1]
U = expm(0.25j * np.pi * SY @ (np.eye(4) - TAU3))
H = np.array([0.3, -0.5, 0.83])


def blocks(a: object, b: object, c: object, d: object) -> NDArray[np.complex128]:
    return np.block([[np.asarray(a), np.asarray(b)], [np.asarray(c), np.asarray(d)]]).astype(complex)


def random() -> NDArray[np.complex128]:
    rng = np.random.default_rng(2)
    return rng.normal(size=(7, 4, 4)) + 1j * rng.normal(size=(7, 4, 4))


def test_both_ways() -> None:
    x = random()
    assert np.allclose(to_plain_basis(x), U.conj().T @ x @ U, atol=1e-14)
    assert np.allclose(from_plain_basis(to_plain_basis(x)), x)
    product = (np.eye(4) + 1j * SY) @ (np.eye(4) - 1j * TAU3 @ SY) / 2  # the other form the paper gives
    assert np.allclose(U, product, atol=1e-14)


def test_spinors() -> None:
    """Ψ_paper = (ψ↑, ψ↓, ψ↓†, −ψ↑†) of Eq. (12) is UΨ_plain: numbers in place of operators."""
    plain = np.array([0.1, 0.2, 0.3, 0.4])
    assert np.allclose(U @ plain, [0.1, 0.2, 0.4, -0.3])


def test_table() -> None:
    zero, sigma, h = np.zeros((2, 2)), PAULI[1:], np.einsum("a,aij->ij", H, PAULI[1:])
    for tau in TAU[[0, 3]]:
        assert np.allclose(to_plain_basis(tau), tau)
    for a in range(3):
        assert np.allclose(to_plain_basis(SIGMA[a]), blocks(sigma[a], zero, zero, -sigma[a].conj()))
    assert np.allclose(to_plain_basis(dot_sigma(H) @ TAU3), blocks(h, zero, zero, h.conj()))
    delta, isy = 0.7 - 0.4j, 1j * sigma[1]
    expected = blocks(zero, delta * isy, np.conj(delta) * isy, zero)
    assert np.allclose(to_plain_basis(pair_matrix(delta)), expected)
    f0, (fx, fy, fz) = 0.2 + 0.1j, np.array([0.3j, -0.5, 0.83])
    f = f0 * np.eye(2) + fx * sigma[0] + fy * sigma[1] + fz * sigma[2]
    corner = to_plain_basis(blocks(zero, f, zero, zero))[:2, 2:]
    assert np.allclose(corner, [[-fx + 1j * fy, fz + f0], [fz - f0, fx + 1j * fy]])


def test_symmetry_of_matsubara_functions() -> None:
    g = bulk(0.31j, 0.83 * np.exp(0.4j), H)
    x = TAU[2] @ SY
    assert np.allclose(g, -x @ g.conj() @ x)
    plain = to_plain_basis(g)
    assert np.allclose(plain, -TAU[1] @ plain.conj() @ TAU[1])
    assert np.allclose(to_plain_basis(at_minus_frequency(g)), at_minus_frequency(plain))


def test_symmetry_of_retarded_functions() -> None:
    above, below = (to_plain_basis(bulk(e + 0.03j, 0.83 * np.exp(0.4j), H)) for e in (0.41, -0.41))
    assert np.allclose(below, -TAU[1] @ above.conj() @ TAU[1])


def test_riccati_amplitudes_and_traces() -> None:
    """γ iσ_y and −iσ_yγ̃; Tr τ₃X and Tr σ^aX with the σ^a of the plain basis."""
    g = bulk(0.31j, 0.83 * np.exp(0.4j), H)
    isy = 1j * PAULI[2]
    (gamma, gamma_tilde), plain = riccati(g), riccati(to_plain_basis(g))
    assert np.allclose(plain[0], gamma @ isy)
    assert np.allclose(plain[1], -isy @ gamma_tilde)
    x = random()[0]
    for operator in (TAU3, *SIGMA):
        assert np.isclose(np.trace(operator @ x), np.trace(to_plain_basis(operator) @ to_plain_basis(x)))


def test_bulk_green_function_solves_the_equation_of_the_plain_basis() -> None:
    """[i(ε + diag(h·σ, h·σ*)τ₃) …]: Ω written down in the plain basis commutes with the transformed ǧ."""
    energy, delta = 0.41 + 0.02j, 0.83 * np.exp(0.4j)
    h, isy, zero = np.einsum("a,aij->ij", H, PAULI[1:]), 1j * PAULI[2], np.zeros((2, 2))
    omega = 1j * energy * TAU3 + 1j * blocks(h, zero, zero, h.conj())
    omega = omega - 1j * blocks(zero, delta * isy, np.conj(delta) * isy, zero)
    g = to_plain_basis(bulk(energy, delta, H))
    assert np.abs(omega @ g - g @ omega).max() < 1e-13
    assert np.allclose(g @ g, np.eye(4))


def test_green_function_of_a_solution() -> None:
    solution = wire_solution()
    assert np.array_equal(solution.green_function(1, "plain"), to_plain_basis(solution.green_function(1)))
    assert np.allclose(uf.from_plain_basis(uf.to_plain_basis(TAU3)), TAU3)
    with pytest.raises(ValueError, match='"paper" or "plain"'):
        solution.green_function(1, "spinor")  # type: ignore[arg-type]
