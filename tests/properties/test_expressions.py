"""Whatever is written, an expression is either refused or plain real arithmetic."""

import ast
import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from usadel_fem.case import Expression
from usadel_fem.case.expressions import FUNCTIONS, NAMES, ExpressionError

POINTS = np.random.default_rng(8).normal(size=(3, 5))
PLAIN = {
    "x": POINTS[0], "y": POINTS[1], "z": POINTS[2], "pi": np.pi, "e": np.e,
    "r": np.hypot(POINTS[0], POINTS[1]), "phi": np.arctan2(POINTS[1], POINTS[0]),
}  # fmt: skip

leaves = st.one_of(st.sampled_from(NAMES), st.floats(0.125, 9, allow_nan=False, width=16).map(repr))


def grown(inner):
    one = st.sampled_from(["({})", "-({})", "sin({})", "cos({})", "tanh({})", "abs({})"])
    two = st.sampled_from(["({}) + ({})", "({}) - ({})", "({}) * ({})", "({}) / ({})", "hypot({}, {})"])
    return st.one_of(
        st.builds(str.format, one, inner),
        st.builds(str.format, two, inner, inner),
        st.builds("({}) if ({}) < ({}) else ({})".format, inner, inner, inner, inner),
    )


arithmetic = st.recursive(leaves, grown, max_leaves=12)
HOSTILE = (
    "lambda", "import", "__class__", "for", "in", "if", "else", "and", "not", "1", "9", "1e9", "2j", "None",
    "open", "eval", "x.", ":=", "await", "yield", "f''", "**", "//",
)  # fmt: skip
tokens = st.sampled_from([*NAMES, *FUNCTIONS, *HOSTILE, *"+-*/%()[]{}.,:;'\"=<>^&|~@ \\\n_"])


def by_numpy(node):
    """An independent walk over the tree, for the arithmetic grown above."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return PLAIN[name]
        case ast.UnaryOp(operand=operand):
            return -by_numpy(operand)
        case ast.BinOp(left=left, op=op, right=right):
            function = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}[
                type(op)
            ]
            return function(by_numpy(left), by_numpy(right))
        case ast.Call(func=ast.Name(id=name), args=args):
            return getattr(np, name)(*map(by_numpy, args))
        case ast.IfExp(test=ast.Compare(left=left, comparators=[right]), body=body, orelse=orelse):
            return np.where(by_numpy(left) < by_numpy(right), by_numpy(body), by_numpy(orelse))
    raise AssertionError(ast.dump(node))


@given(arithmetic)
def test_arithmetic_means_what_it_says(text):
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(by_numpy(ast.parse(text, mode="eval").body), (5,))
    np.testing.assert_allclose(Expression(text)(POINTS), expected, rtol=1e-12, equal_nan=True)


def real_or_refused(text):
    try:
        expression = Expression(text)
    except ExpressionError:
        return
    value = expression(POINTS)
    assert value.shape == (5,)
    assert value.dtype == np.float64


@given(st.text(max_size=60))
def test_any_text_is_real_or_refused(text):
    real_or_refused(text)


@given(st.lists(tokens, max_size=14).map("".join))
def test_any_tokens_are_real_or_refused(text):
    real_or_refused(text)


@given(st.sampled_from(sorted(set(dir(builtins)) - set(FUNCTIONS))), arithmetic)
def test_no_builtin_can_be_reached(name, text):
    for attempt in (
        name,
        f"{name}({text})",
        f"x.{name}",
        f"({text}).{name}()",
        f"sin.{name}",
        f"{text} + {name}()",
    ):
        with pytest.raises(ExpressionError):
            Expression(attempt)


@given(st.lists(st.integers(2, 99), min_size=3, max_size=12))
def test_towers_of_powers_cost_nothing(numbers):
    assert Expression("**".join(map(str, numbers)))(POINTS).shape == (5,)
