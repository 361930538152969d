"""Distribution matrices against matrix functions and integrals done numerically."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import eigh

from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.keldysh import (
    advanced,
    at_minus_energy,
    components,
    integrated_reservoir,
    keldysh,
    matrices,
    reservoir,
    triangular,
)
from usadel_fem.physics.nambu import SIGMA, TAU3

V, SPIN, T = 0.31, np.array([0.1, -0.25, 0.2]), 0.13


def by_eigenvectors(energy, v=V, spin=SPIN):
    argument = energy * np.eye(4) - v * TAU3 - np.einsum("a,aij->ij", spin, SIGMA)
    values, vectors = eigh(argument)
    return (vectors * np.tanh(values / (2 * T))) @ vectors.conj().T


@pytest.mark.parametrize("energy", [-0.7, 0.0, 0.23])
def test_reservoirs_are_functions_of_a_matrix(energy):
    exact = by_eigenvectors(energy)
    found = matrices(reservoir(energy, T, V, SPIN))
    assert np.abs(found - exact).max() < 1e-14
    assert np.allclose(components(exact), reservoir(energy, T, V, SPIN))


def test_reservoirs_at_minus_the_energy():
    x = np.kron([[0, -1j], [1j, 0]], [[0, -1j], [1j, 0]])
    there, here = reservoir(-0.23, T, V, SPIN), reservoir(0.23, T, V, SPIN)
    assert np.allclose(at_minus_energy(here), there, atol=1e-15)
    assert np.allclose(matrices(there), -x @ matrices(here).conj() @ x, atol=1e-15)


def test_integrated_reservoirs():
    """Even components of ∫₀^∞ (ĥ − tanh ε/2T₀) dε, odd ones of ∫₀^∞ ε (…) dε."""
    reference = 0.09
    found = integrated_reservoir(T, V, SPIN, reference)
    for k in range(8):
        odd = k in (0, 5, 6, 7)

        def f(e, k=k, odd=odd):
            return (e if odd else 1.0) * (reservoir(e, T, V, SPIN) - reservoir(e, reference))[k]

        assert abs(quad(f, 0, 0.5, epsabs=1e-12)[0] + quad(f, 0.5, 6, epsabs=1e-12)[0] - found[k]) < 1e-10


def test_equilibrium_is_normalised():
    """With ĥ = tanh the 8×8 matrix squares to 1, and so it does with any ĥ."""
    g = bulk(0.4 + 0.02j, 0.83 * np.exp(0.3j), [0.1, 0, 0.2])
    for h in (reservoir(0.4, T), reservoir(0.4, T, V, SPIN)):
        whole = triangular(g, keldysh(g, advanced(g), matrices(h)), advanced(g))
        assert np.abs(whole @ whole - np.eye(8)).max() < 1e-13
