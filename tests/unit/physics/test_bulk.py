"""Bulk solutions against the equation they solve."""

import numpy as np
import pytest

from usadel_fem.physics.bulk import bcs_gap, bulk
from usadel_fem.physics.nambu import TAU3, commutator, dot_sigma, normalisation_defect, pair_matrix
from usadel_fem.physics.spectral import density_of_states, positivity, singlet, spin_resolved_dos, triplet

H = np.array([0.21, -0.33, 0.17])
DELTA = 0.83 * np.exp(0.7j)


@pytest.mark.parametrize("energy", [0.31j, 0.4 + 0.01j, -0.9 + 0.02j, 2.3 + 1e-6j])
def test_bulk_commutes_with_omega(energy: complex) -> None:
    g = bulk(energy, DELTA, H)
    omega = 1j * (energy * np.eye(4) + dot_sigma(H)) @ TAU3 - 1j * pair_matrix(np.array(DELTA))
    assert np.abs(commutator(omega, g)).max() < 1e-12
    assert normalisation_defect(g) < 1e-12
    assert positivity(g) > 0
    assert abs(positivity(g[::2, ::2]) - positivity(np.kron(g[::2, ::2], np.eye(2)))) < 1e-14


def test_branch_far_above_the_gap_and_far_below() -> None:
    np.testing.assert_allclose(bulk(200 + 1e-9j, DELTA), TAU3, atol=0.01)
    np.testing.assert_allclose(bulk(-200 + 1e-9j, DELTA), TAU3, atol=0.01)


def test_matsubara_value() -> None:
    omega = 0.31
    g = bulk(1j * omega, DELTA)
    np.testing.assert_allclose(singlet(g), 1j * DELTA / np.hypot(omega, abs(DELTA)))
    np.testing.assert_allclose(triplet(g), 0)


def test_spin_split_density_of_states() -> None:
    h, gamma = 0.3, 0.02
    energy = 1.02 + 1j * gamma
    up, down = spin_resolved_dos(bulk(energy, 0.83, [0, 0, h]), (0, 0, 1))
    for value, shifted in ((up, energy + h), (down, energy - h)):
        np.testing.assert_allclose(value, (shifted / np.sqrt(shifted**2 - 0.83**2)).real)
    np.testing.assert_allclose(density_of_states(bulk(energy, 0.83, [0, 0, h])), (up + down) / 2)


@pytest.mark.parametrize(("t", "ratio"), [(0.5, 0.9569), (0.7, 0.8288), (0.9, 0.5263)])
def test_bcs_gap_table(t: float, ratio: float) -> None:
    """Mühlschlegel, Z. Phys. 155, 313 (1959), four digits."""
    tc = 0.57
    assert bcs_gap(t * tc, tc) / (np.pi * np.exp(-np.euler_gamma) * tc) == pytest.approx(ratio, abs=6e-5)


def test_no_gap_above_tc() -> None:
    assert bcs_gap(0.6, 0.57) == 0.0
