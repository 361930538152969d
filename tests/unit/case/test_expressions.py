"""Expressions: values on arrays, piecewise forms, polar coordinates, constants, copies to other processes."""

import pickle

import numpy as np
import pytest

from usadel_fem.case import Expression, evaluate
from usadel_fem.case.expressions import FUNCTIONS, ExpressionError
from usadel_fem.errors import CaseError

RNG = np.random.default_rng(5)
POINTS = RNG.uniform(-2, 2, (3, 4, 7))
X, Y, Z = POINTS

VALUES = {
    "0.3*cos(pi*x/4) + exp(-y**2)": 0.3 * np.cos(np.pi * X / 4) + np.exp(-(Y**2)),
    "2 if x < 0 else y": np.where(X < 0, 2, Y),
    "1 if x < -1 else 2 if x < 1 else 3": np.where(X < -1, 1, np.where(X < 1, 2, 3)),
    "where(x > 0 and y > 0 or z > 1, 1, -1)": np.where((X > 0) & (Y > 0) | (Z > 1), 1, -1),
    "not x < 0": X >= 0,
    "-(x < 0) + (y <= 0)*3 - (z != 0)": -1.0 * (X < 0) + (Y <= 0) * 3 - 1,
    "-1 < x < 1": (X > -1) & (X < 1),
    "arctan2(y, x)": np.arctan2(Y, X),
    "phi + 2*r": np.arctan2(Y, X) + 2 * np.hypot(X, Y),
    "step(x) + heaviside(y, 1)": np.heaviside(X, 0.5) + np.heaviside(Y, 1),
    "minimum(x, y, z) - max(x, 0)": np.minimum(np.minimum(X, Y), Z) - np.maximum(X, 0),
    "abs(x)**1.5 % 1": (np.abs(X) ** 1.5) % 1,
    "clip(x, -1, 1)*sign(y)": np.clip(X, -1, 1) * np.sign(Y),
    "e**x": np.exp(X),
    "+x - -y": X + Y,
}


@pytest.mark.parametrize(("text", "expected"), VALUES.items(), ids=VALUES.keys())
def test_values(text, expected):
    value = Expression(text)(POINTS)
    assert value.shape == (4, 7)
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, expected, rtol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_works_on_arrays(name):
    for count in (1, 2, 3):
        try:
            expression = Expression(f"{name}({', '.join(['0.3 + x*x/40'] * count)})")
        except ExpressionError:
            continue
        assert np.isfinite(expression(POINTS)).any() or name == "arccosh"  # its argument stays below 1
        return
    pytest.fail("takes no count of arguments")


def test_a_constant_fills_the_shape():
    np.testing.assert_array_equal(Expression("2*pi")(POINTS), np.full((4, 7), 2 * np.pi))
    np.testing.assert_array_equal(evaluate(0.83, POINTS), np.full((4, 7), 0.83))


def test_the_result_can_be_written_to():
    value = Expression("x")(POINTS)
    value += 1
    np.testing.assert_array_equal(POINTS[0], X)
    assert Expression("1")(POINTS).flags.writeable


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0), (0, 1, 2)])
def test_polar_coordinates_follow_the_axes(axes):
    np.testing.assert_allclose(Expression("r")(POINTS, axes), np.hypot(POINTS[axes[0]], POINTS[axes[1]]))
    np.testing.assert_allclose(Expression("phi")(POINTS, axes), np.arctan2(POINTS[axes[1]], POINTS[axes[0]]))


def test_polar_coordinates_of_a_line():
    np.testing.assert_allclose(Expression("r")(POINTS, (2,)), np.abs(Z))


def test_undefined_values_are_reported_with_their_place():
    points = np.array([[1.0, 0.0, -4.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    with pytest.raises(CaseError, match=r"material.F.D: must be a finite.*1/sqrt\(x\).*\(0, 2, 0\) is inf"):
        evaluate(Expression("1/sqrt(x)"), points, key="material.F.D")


def test_branches_not_taken_may_be_undefined():
    points = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    np.testing.assert_array_equal(evaluate(Expression("1/x if x > 0 else 0"), points), [1, 0])


def test_equal_hashable_and_ready_to_travel():
    expression = Expression("sin(x)")
    copy = pickle.loads(pickle.dumps(expression))  # noqa: S301
    assert copy == expression
    assert hash(copy) == hash(expression)
    np.testing.assert_array_equal(copy(POINTS), np.sin(X))


def test_a_forged_copy_is_checked_when_used():
    expression = Expression("x")
    object.__setattr__(expression, "text", "x.__class__")
    with pytest.raises(ExpressionError):
        expression(POINTS)


def test_constants():
    assert Expression("pi/3").constant() == pytest.approx(np.pi / 3)
    assert not Expression("pi/3").uses_position
    with pytest.raises(ExpressionError, match="must not depend on position"):
        Expression("pi*r").constant()
    with pytest.raises(ExpressionError, match="must be a string"):
        Expression(3.0)
