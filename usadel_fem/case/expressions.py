"""Functions of position or time in a case file: ``"0.3*cos(pi*x/4)"``, checked once, evaluated on arrays."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from simpleeval import SimpleEval

from ..errors import CaseError, Problem, show
from .grammar import (
    CALLS,
    CONSTANTS,
    FUNCTIONS,
    NAMES,
    OPERATORS,
    POSITION,
    TIME_NAMES,
    ExpressionError,
    parsed,
)

__all__ = ["FUNCTIONS", "NAMES", "Expression", "ExpressionError", "Scalar", "Signal", "evaluate"]

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expression:
    """A real function of position.

    Names: x, y, z (physical coordinates, in the case's length), r and phi (polar coordinates of the first two
    mesh axes), pi, e. Operators: + - * / % **, comparisons, ``and or not``, ``a if condition else b``.
    Functions: see `FUNCTIONS`.

    Raises
    ------
    ExpressionError : a syntax error, an unknown name, or anything but arithmetic

    >>> import numpy as np
    >>> Expression("2 if x < 0 else y")(np.array([[-1.0, 1.0], [5.0, 6.0], [0.0, 0.0]]))
    array([2., 6.])
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise ExpressionError("must be a string")
        parsed(self.text)

    @property
    def uses_position(self) -> bool:
        """Whether any coordinate occurs in it."""
        return any(isinstance(node, ast.Name) and node.id in POSITION for node in ast.walk(parsed(self.text)))

    def __call__(self, position: npt.ArrayLike, axes: Sequence[int] = (0, 1)) -> Array:
        """Values at points.

        Parameters
        ----------
        position : (3, ...) physical coordinates
        axes : physical axes of the mesh coordinates; r and phi are taken in the plane of the first two

        Returns
        -------
        (...) real array; not a number or infinite where the expression is undefined (see `evaluate`)
        """
        points = np.asarray(position, dtype=np.float64)
        first = points[axes[0]]
        second = points[axes[1]] if len(axes) > 1 else np.zeros_like(first)
        names = {**CONSTANTS, **dict(zip("xyz", points, strict=True))}
        names |= {"r": np.hypot(first, second), "phi": np.arctan2(second, first)}
        value = _value(self.text, parsed(self.text), names)
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), points.shape[1:]))

    def constant(self) -> float:
        """Its value when no coordinate occurs.

        Raises
        ------
        ExpressionError : it depends on position, or is not a finite real number

        >>> Expression("2*pi/3").constant()
        2.0943951023931953
        """
        if self.uses_position:
            raise ExpressionError("must not depend on position")
        value = float(self(np.zeros((3, 1)))[0])
        if not np.isfinite(value):
            raise ExpressionError("must be a finite real number", f"its value is {value}")
        return value


@dataclass(frozen=True)
class Signal:
    """A real function of the time t, with the operators and functions of `Expression`.

    Raises
    ------
    ExpressionError : a syntax error, an unknown name, or anything but arithmetic

    >>> import numpy as np
    >>> Signal("1 if t < 2 else exp(2 - t)")(np.array([0.0, 2.0])).tolist()
    [1.0, 1.0]
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise ExpressionError("must be a string")
        parsed(self.text, TIME_NAMES)

    def __call__(self, time: npt.ArrayLike) -> Array:
        """Values at times (...), not finite where the expression is undefined."""
        t = np.asarray(time, dtype=np.float64)
        value = _value(self.text, parsed(self.text, TIME_NAMES), {**CONSTANTS, "t": t})
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), t.shape))


Scalar: TypeAlias = float | Expression


def evaluate(value: Scalar, position: npt.ArrayLike, axes: Sequence[int] = (0, 1), key: str = "") -> Array:
    """A number or an expression at points, finite everywhere.

    Parameters
    ----------
    value : number or expression
    position : (3, ...) physical coordinates
    axes : physical axes of the mesh coordinates
    key : dotted key to blame

    Returns
    -------
    (...) real array

    Raises
    ------
    CaseError : the expression is infinite or undefined at one of the points

    >>> import numpy as np
    >>> evaluate(0.83, np.zeros((3, 2)))
    array([0.83, 0.83])
    """
    points = np.asarray(position, dtype=np.float64)
    if not isinstance(value, Expression):
        return np.full(points.shape[1:], float(value))
    values = value(points, axes)
    wrong = np.flatnonzero(~np.isfinite(values.ravel()))
    if wrong.size:
        where = ", ".join(f"{c:g}" for c in points.reshape(3, -1)[:, wrong[0]])
        hint = f"its value at ({where}) is {values.ravel()[wrong[0]]}"
        rule = "must be a finite real number everywhere in its region"
        raise CaseError([Problem(key, rule, show(value.text), hint)])
    return values


def _value(text: str, tree: ast.Expression, names: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return _Arithmetic(names).eval(text, tree.body)


class _Arithmetic(SimpleEval):  # type: ignore[misc]
    """simpleeval on arrays: a handful of node kinds, floats only, no short circuits."""

    def __init__(self, names: dict[str, Any]) -> None:
        functions = {name: function for name, (function, _, _) in CALLS.items()}
        super().__init__(operators=OPERATORS, functions=functions, names=names)
        self.nodes: dict[type[ast.AST], Any] = {
            ast.Name: self._eval_name,
            ast.Constant: self._eval_constant,
            ast.UnaryOp: self._eval_unaryop,
            ast.BinOp: self._eval_binop,
            ast.BoolOp: self._eval_boolop,
            ast.Compare: self._eval_compare,
            ast.IfExp: self._eval_ifexp,
            ast.Call: self._eval_call,
        }

    @staticmethod
    def _eval_constant(node: ast.Constant) -> np.float64:
        return np.float64(cast(float, node.value))

    def _eval_boolop(self, node: ast.BoolOp) -> Any:
        return functools.reduce(OPERATORS[type(node.op)], map(self._eval, node.values))

    def _eval_compare(self, node: ast.Compare) -> Any:
        sides = [self._eval(side) for side in (node.left, *node.comparators)]
        holds = [
            OPERATORS[type(op)](*pair) for op, pair in zip(node.ops, itertools.pairwise(sides), strict=True)
        ]
        return functools.reduce(OPERATORS[ast.And], holds)

    def _eval_ifexp(self, node: ast.IfExp) -> Any:
        return OPERATORS[ast.IfExp](self._eval(node.test), self._eval(node.body), self._eval(node.orelse))
