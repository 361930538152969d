"""The arithmetic a case file may contain: names, operators, functions, and nothing else.

Text goes through Python's own parser; every node of the tree is then checked against the lists below. All
values are floats, so that a tower of powers overflows to infinity instead of growing.
"""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import did_you_mean, show

__all__ = [
    "CALLS",
    "CONSTANTS",
    "FUNCTIONS",
    "NAMES",
    "OPERATORS",
    "POSITION",
    "TIME_NAMES",
    "ExpressionError",
    "parsed",
]

_LONGEST = 1000
_DEEPEST = 60

POSITION = ("x", "y", "z", "r", "phi")
CONSTANTS = {"pi": np.float64(np.pi), "e": np.float64(np.e)}
NAMES = (*POSITION, *CONSTANTS)
TIME_NAMES = ("t", *CONSTANTS)


class ExpressionError(ValueError):
    """A text that is no expression: ``rule`` says what is allowed, ``hint`` what may have been meant."""

    def __init__(self, rule: str, hint: str = "") -> None:
        self.rule, self.hint = rule, hint
        super().__init__(f"{rule} ({hint})" if hint else rule)


def _truth(operator: Callable[..., Any]) -> Callable[..., Any]:
    """Truth values as 0.0 and 1.0, so that they can be multiplied and subtracted."""
    return lambda *values: np.multiply(1.0, operator(*values))


def _smallest(*values: Any) -> Any:
    return functools.reduce(np.minimum, values)


def _largest(*values: Any) -> Any:
    return functools.reduce(np.maximum, values)


def _step(value: Any) -> Any:
    return np.heaviside(value, 0.5)


def _choose(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition, yes, no)


_CIRCULAR = ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "asin", "acos", "atan")
_HYPERBOLIC = ("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh")
_PLAIN = ("exp", "log", "log10", "sqrt", "cbrt", "abs", "sign", "floor", "ceil")

CALLS: dict[str, tuple[Callable[..., Any], int, int]] = {
    **{name: (getattr(np, name), 1, 1) for name in (*_CIRCULAR, *_HYPERBOLIC, *_PLAIN)},
    "ln": (np.log, 1, 1),
    "step": (_step, 1, 1),
    "heaviside": (np.heaviside, 2, 2),
    "arctan2": (np.arctan2, 2, 2),
    "atan2": (np.arctan2, 2, 2),
    "hypot": (np.hypot, 2, 2),
    "minimum": (_smallest, 2, 20),
    "maximum": (_largest, 2, 20),
    "min": (_smallest, 2, 20),
    "max": (_largest, 2, 20),
    "where": (_choose, 3, 3),
    "clip": (np.clip, 3, 3),
}
"""Functions by name, with the fewest and the most arguments."""
FUNCTIONS = tuple(CALLS)

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.float_power,
    ast.Mod: np.mod,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
    ast.Not: _truth(np.logical_not),
    ast.And: _truth(np.logical_and),
    ast.Or: _truth(np.logical_or),
    ast.Lt: _truth(np.less),
    ast.LtE: _truth(np.less_equal),
    ast.Gt: _truth(np.greater),
    ast.GtE: _truth(np.greater_equal),
    ast.Eq: _truth(np.equal),
    ast.NotEq: _truth(np.not_equal),
    ast.IfExp: _choose,
}
_NODES = (
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.Call,
)
_HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "a power is written **",
    ast.BitAnd: "write 'and'",
    ast.BitOr: "write 'or'",
    ast.Tuple: "numbers take a point, not a comma",
}
_SYNONYMS = {"Pi": "pi", "PI": "pi", "theta": "phi", "rho": "r", "arg": "phi"}


@functools.lru_cache(maxsize=512)
def parsed(text: str, names: tuple[str, ...] = NAMES) -> ast.Expression:
    """The checked syntax tree of an expression of these names.

    Raises
    ------
    ExpressionError : too long, too deep, a syntax error, an unknown name, or anything but arithmetic
    """
    if len(text) > _LONGEST:
        raise ExpressionError(
            f"must be an expression of at most {_LONGEST} characters", f"it has {len(text)}"
        )
    if not text.strip():
        raise ExpressionError("must be a number or an expression", "it is empty")
    tree = _syntax_tree(text.strip())
    nodes = list(_nodes(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if id(node) not in called:
            _check_node(node, names)
    return tree


def _syntax_tree(text: str) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval")
    except SyntaxError as exc:
        where = f" at character {exc.offset}" if exc.offset else ""
        raise ExpressionError("must be an expression", f"{exc.msg}{where}") from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise ExpressionError("must be an expression", "it cannot be parsed") from None


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    level = [tree]
    for _ in range(_DEEPEST):
        yield from level
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError("must be a simpler expression", f"it is nested more than {_DEEPEST} deep")


def _check_node(node: ast.AST, names: tuple[str, ...]) -> None:
    if isinstance(node, ast.Constant):
        _check_constant(node.value)
    elif isinstance(node, ast.Name):
        if node.id not in names:
            raise ExpressionError(
                f"must use known names only; {node.id!r} is not one", _known(node.id, names)
            )
    elif isinstance(node, ast.Call):
        _check_call(node, names)
    elif not isinstance(node, _NODES) and type(node) not in OPERATORS:
        variables = ", ".join(name for name in names if name not in CONSTANTS)
        rule = f"must be arithmetic of numbers, {variables} and the usual functions"
        raise ExpressionError(rule, _HINTS.get(type(node), f"{type(node).__name__} is not allowed"))


def _check_constant(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError("must be real arithmetic", f"{show(value)} is not a real number")
    try:
        finite = bool(np.isfinite(float(value)))
    except OverflowError:
        finite = False
    if not finite:
        raise ExpressionError("must be real arithmetic", "a number in it is too large")


def _check_call(node: ast.Call, names: tuple[str, ...]) -> None:
    if not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)[:30]
        raise ExpressionError(f"must call known functions only; {name!r} is not one", _known(name, names))
    _, fewest, most = CALLS[node.func.id]
    if node.keywords or not fewest <= len(node.args) <= most:
        count = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise ExpressionError(
            f"must call {node.func.id!r} with {count} argument(s)", f"{len(node.args)} given"
        )


def _known(name: str, names: tuple[str, ...]) -> str:
    return did_you_mean(name, (*names, *FUNCTIONS), _SYNONYMS) or f"known names: {', '.join(names)}"
