"""Complex 2×2 matrices of eight nodes side by side, as numbers of the kernels: a + b, a − b, a * b, −a.

Their eight floats each are stored lane by lane (64 consecutive floats) or row by row (a row for each node).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from usadel_fem.kernels.lanes import (
    FUSED,
    LANES,
    VECTOR,
    WIDTH,
    overload_operator,
)

Number: TypeAlias = tuple[Any, Any]
"""Real and imaginary vectors while a kernel is built."""

_ARRAY = ir.ArrayType(VECTOR, 8)


class Matrices(types.Type):
    """The type of eight 2×2 matrices (a₀₀, a₀₁, a₁₀, a₁₁)."""


MATRICES = Matrices("Matrices")
FOUR = types.UniTuple(MATRICES, 4)


@register_model(Matrices)
class _MatricesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _ARRAY)


def entries(builder: Any, value: Any) -> list[Number]:
    floats = [builder.extract_value(value, k) for k in range(8)]
    return list(zip(floats[::2], floats[1::2], strict=True))


def value_of(builder: Any, entries: list[Number]) -> Any:
    value = ir.Constant(_ARRAY, ir.Undefined)
    for k, number in enumerate(entries):
        for part in (0, 1):
            value = builder.insert_value(value, number[part], 2 * k + part)
    return value


def _plus(builder: Any, a: Number, b: Number) -> Number:
    return builder.fadd(a[0], b[0]), builder.fadd(a[1], b[1])


def _minus(builder: Any, a: Number, b: Number) -> Number:
    return builder.fsub(a[0], b[0]), builder.fsub(a[1], b[1])


def _times(builder: Any, a: Number, b: Number, flags: tuple[str, ...] = ()) -> Number:
    def product(k: int, l: int) -> Any:
        return builder.fmul(a[k], b[l], flags=flags)

    real = builder.fsub(product(0, 0), product(1, 1), flags=flags)
    return real, builder.fadd(product(0, 1), product(1, 0), flags=flags)


def _fused(builder: Any, a: Number, b: Number) -> Number:
    """The product with one rounding less where the processor can."""
    return _times(builder, a, b, FUSED)


def _product(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    def entry(i: int, j: int) -> Number:
        first = _times(builder, a[2 * i], b[j])
        return _plus(builder, first, _times(builder, a[2 * i + 1], b[2 + j]))

    return [entry(i, j) for i in (0, 1) for j in (0, 1)]


def _commutator(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    """ab − ba with six products of numbers instead of sixteen."""

    def difference(p: Number, q: Number, r: Number, s: Number) -> Number:
        return _minus(builder, _fused(builder, p, q), _fused(builder, r, s))

    of_a, of_b = _minus(builder, a[0], a[3]), _minus(builder, b[0], b[3])
    diagonal = difference(a[1], b[2], b[1], a[2])
    upper, lower = difference(of_a, b[1], a[1], of_b), difference(a[2], of_b, of_a, b[2])
    return [diagonal, upper, lower, (builder.fneg(diagonal[0]), builder.fneg(diagonal[1]))]


def _anticommutator(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    """ab + ba with eight products of numbers."""
    both = _plus(builder, _fused(builder, a[1], b[2]), _fused(builder, a[2], b[1]))
    of_a, of_b = _plus(builder, a[0], a[3]), _plus(builder, b[0], b[3])

    def diagonal(k: int) -> Number:
        product = _fused(builder, a[k], b[k])
        return _plus(builder, _plus(builder, product, product), both)

    upper, lower = (_plus(builder, _fused(builder, of_a, b[k]), _fused(builder, of_b, a[k])) for k in (1, 2))
    return [diagonal(0), upper, lower, diagonal(3)]


def _by_entries(rule: Callable[..., list[Number]]) -> Callable[..., Any]:
    """A rule on values from one on entries."""
    return lambda builder, *values: value_of(builder, rule(builder, *(entries(builder, v) for v in values)))


def _each(rule: Callable[..., Number]) -> Callable[..., Any]:
    """A rule on values from one on numbers."""
    return _by_entries(lambda builder, *m: [rule(builder, *numbers) for numbers in zip(*m, strict=True)])


def _function(rule: Callable[..., Any], count: int) -> Any:
    """A rule on values of matrices as a function of kernels."""
    names = ["a", "b"][:count]

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return rule(builder, *args)

    if count == 1:
        return intrinsic(lambda typing, a: (MATRICES(MATRICES), build))
    assert len(names) == 2
    return intrinsic(lambda typing, a, b: (MATRICES(MATRICES, MATRICES), build))


def _scaled(builder: Any, value: Any, factor: Any) -> Any:
    floats = [builder.fmul(builder.extract_value(value, k), factor) for k in range(8)]
    return value_of(builder, list(zip(floats[::2], floats[1::2], strict=True)))


_PAIR = (MATRICES, MATRICES)
overload_operator(operator.add, _PAIR, MATRICES, _each(_plus))
overload_operator(operator.sub, _PAIR, MATRICES, _each(_minus))
overload_operator(operator.mul, _PAIR, MATRICES, _by_entries(_product))
overload_operator(operator.mul, (MATRICES, LANES), MATRICES, _scaled)
overload_operator(
    operator.neg, (MATRICES,), MATRICES, _each(lambda builder, a: (builder.fneg(a[0]), builder.fneg(a[1])))
)


def _inverse(builder: Any, a: list[Number]) -> list[Number]:
    """The adjugate over the determinant."""
    real, imaginary = _minus(builder, _times(builder, a[0], a[3]), _times(builder, a[1], a[2]))
    square = builder.fadd(builder.fmul(real, real), builder.fmul(imaginary, imaginary))
    over = builder.fdiv(real, square), builder.fneg(builder.fdiv(imaginary, square))
    b, c = ((builder.fneg(x[0]), builder.fneg(x[1])) for x in (a[1], a[2]))
    return [_times(builder, x, over) for x in (a[3], b, c, a[0])]


def _from_one(sign: int) -> Callable[..., Any]:
    """1 + a or 1 − a."""

    def rule(builder: Any, a: list[Number]) -> list[Number]:
        def shifted(x: Number, by: float) -> Number:
            part = builder.fadd if sign > 0 else builder.fsub
            constants = [ir.Constant(VECTOR, [value] * WIDTH) for value in (by, 0.0)]
            return part(constants[0], x[0]), part(constants[1], x[1])

        return [shifted(x, float(k in (0, 3))) for k, x in enumerate(a)]

    return rule


inverse = _function(_by_entries(_inverse), 1)
"""a⁻¹."""

one_plus, one_minus = (_function(_by_entries(_from_one(sign)), 1) for sign in (1, -1))
"""1 + a and 1 − a."""

commutator = _function(_by_entries(_commutator), 2)
"""[a, b]."""


@intrinsic
def no_matrices(typing: Any) -> Any:
    """Zero."""
    return MATRICES(), lambda context, builder, signature, args: ir.Constant(_ARRAY, None)


anticommutator = _function(_by_entries(_anticommutator), 2)
"""ab + ba."""

times_i = _function(_each(lambda builder, a: (builder.fneg(a[1]), a[0])), 1)
"""ia."""

turned_over = _function(_by_entries(lambda builder, a: [a[0], a[2], a[1], a[3]]), 1)
"""The transposed matrices."""


@intrinsic
def exchange(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Entry k of matrix l becomes entry l of matrix k: from Nambu matrices to spin matrices and back."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        columns = zip(*(entries(builder, value) for value in args), strict=True)
        return context.make_tuple(builder, FOUR, [value_of(builder, list(column)) for column in columns])

    return FOUR(MATRICES, MATRICES, MATRICES, MATRICES), build


@intrinsic
def joined(typing: Any, a: Any, b: Any) -> Any:
    """(a₀₀, a₀₁, b₀₀, b₀₁) and (a₁₀, a₁₁, b₁₀, b₁₁): two blocks of two rows of 4×4 matrices, and back."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y = (entries(builder, value) for value in args)
        pair = [value_of(builder, x[k : k + 2] + y[k : k + 2]) for k in (0, 2)]
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(MATRICES, 2)(MATRICES, MATRICES), build
