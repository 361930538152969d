"""Matsubara rules against sums known in closed form."""

import numpy as np
import pytest
from scipy.special import digamma, zeta

from usadel_fem.physics.matsubara import matsubara_rule


@pytest.mark.parametrize("temperature", [0.41, 0.083, 0.0071])
@pytest.mark.parametrize("energy", [0.21, 0.83])
def test_a_lorentzian_sum(temperature: float, energy: float) -> None:
    rule = matsubara_rule(temperature, 0.83, tolerance=1e-9)
    exact = np.tanh(energy / (2 * temperature)) / (4 * temperature * energy)
    assert rule.total(1 / (rule.frequencies**2 + energy**2)) == pytest.approx(exact, rel=1e-8)
    assert rule.error < 1e-9


def test_an_odd_power() -> None:
    rule = matsubara_rule(0.21, 0.83)
    exact = zeta(3, 0.5) / (2 * np.pi * 0.21) ** 3
    assert rule.total(rule.frequencies**-3.0) == pytest.approx(exact, rel=1e-8)


def test_far_fewer_frequencies_than_the_plain_sum() -> None:
    rule = matsubara_rule(0.0071, 0.83)
    assert rule.frequencies.size < 70
    assert rule.frequencies[0] == pytest.approx(np.pi * 0.0071, rel=1e-9)


def test_with_a_cutoff_the_two_parts_add_up() -> None:
    rule = matsubara_rule(0.21, 0.83, cutoff=30.0)
    count = round(rule.cutoff / (2 * np.pi * 0.21))
    assert rule.cutoff == pytest.approx(30.0, abs=np.pi * 0.21)
    below = rule.total(rule.frequencies**-2.0, below_cutoff=True)
    n = np.arange(count)
    assert below == pytest.approx(np.sum(((2 * n + 1) * np.pi * 0.21) ** -2.0), rel=1e-8)
    whole = rule.total(rule.frequencies**-2.0)
    assert whole == pytest.approx(np.pi**2 / 8 / (np.pi * 0.21) ** 2, rel=1e-8)


def test_a_cutoff_of_few_frequencies_sums_them_one_by_one() -> None:
    rule = matsubara_rule(0.21, 0.83, cutoff=4.0)
    kept = rule.frequencies[rule.below_cutoff]
    np.testing.assert_allclose(kept, (2 * np.arange(kept.size) + 1) * np.pi * 0.21)
    total = rule.total(1 / rule.frequencies, below_cutoff=True)
    assert total == pytest.approx((digamma(kept.size + 0.5) - digamma(0.5)) / (2 * np.pi * 0.21))
