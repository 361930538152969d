"""Integrals that refine themselves."""

import numpy as np
import pytest

from usadel_fem.solver.panels import FINE, Group, integrate, romberg_weights


def evaluated(f, calls=None):
    def evaluate(points):
        if calls is not None:
            calls.extend(points)
        return {x: np.atleast_1d(f(x)) for x in points}

    return evaluate


@pytest.mark.parametrize("power", range(8))
def test_the_rule_is_exact_for_polynomials_of_degree_seven(power):
    x = np.linspace(0, 1, 9)
    assert abs(FINE @ x**power - 1 / (power + 1)) < 1e-15
    assert np.isclose(romberg_weights(3) @ [0, 1, 0], 2 / 3)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: np.exp(-9 * x), (1 - np.exp(-18)) / 9),
        (lambda x: np.sqrt(abs(x - 0.613)), (0.613**1.5 + 1.387**1.5) / 1.5),
        (lambda x: 1e-3 / ((x - 0.83) ** 2 + 1e-6), np.arctan(1170.0) + np.arctan(830.0)),
    ],
)
def test_the_stated_error_holds(f, exact, tolerance):
    found = integrate(evaluated(f), [0.0, 0.7, 2.0], tolerance, 4000)
    assert found.fine
    assert found.error <= tolerance
    assert abs(found.value[0] - exact) <= 2 * tolerance * exact
    assert np.isclose(found.weights.sum(), 2.0, rtol=1e-13)
    assert np.isclose(found.weights @ [f(x) for x in found.points], found.value[0], rtol=1e-12)


def test_no_point_is_evaluated_twice():
    calls = []
    found = integrate(evaluated(lambda x: np.sqrt(x), calls), [0.0, 0.31, 1.0], 1e-5, 1000)
    assert len(calls) == len(set(calls)) == found.points.size
    assert np.all(np.diff(found.points) > 0)


def test_the_largest_component_sets_the_scale_and_the_limit_is_kept():
    pair = integrate(evaluated(lambda x: np.array([1e6, np.sqrt(x)])), [0.0, 1.0], 1e-6, 1000)
    assert pair.points.size == 9
    few = integrate(evaluated(np.sqrt), [0.0, 1.0], 1e-9, 30)
    assert not few.fine
    assert few.points.size < 50
    nothing = integrate(evaluated(lambda x: 0.0), [0.0, 1.0], 1e-9, 30)
    assert nothing.fine
    assert nothing.error == 0.0


def test_a_floor_counts_for_the_scale_alone():
    def f(x):
        return np.array([1e-6 * np.sqrt(x), 1.0 + np.sin(900 * x)])

    fine = integrate(evaluated(f), [0.0, 1.0], 1e-4, 4000)
    floored = integrate(evaluated(f), [0.0, 1.0], 1e-4, 4000, [Group(slice(0, -1), -1)])
    assert floored.points.size == 9 < fine.points.size


def test_each_group_has_a_scale_of_its_own():
    """A small component of another kind is integrated as well as a large one."""

    def f(x):
        return np.array([1e6 * np.exp(-x), 1e-3 * np.sqrt(x)])

    both = integrate(evaluated(f), [0.0, 1.0], 1e-6, 4000, [Group(slice(0, 1)), Group(slice(1, 2))])
    assert both.fine
    assert abs(both.value[1] - 2e-3 / 3) < 2e-6 * 2e-3 / 3
    assert integrate(evaluated(f), [0.0, 1.0], 1e-6, 4000).points.size < both.points.size
