"""Complex s×s matrices of a few nodes side by side, as numbers of the kernels: a + b, a − b, a * b, −a.

s is 2, or 1 for a single channel of spin. Real and imaginary parts of the entries are vectors, one float for
each node: `LANES` in double precision, `TILE` in single.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from usadel_fem.kernels.vectors import LANES, Vector

Number: TypeAlias = tuple[Any, Any]
"""Real and imaginary vectors while a kernel is built."""

FUSED = ("contract",)
"""Lets a product and the sum it goes into be one instruction."""


class Matrices(types.Type):
    """The type of such matrices, (a₀₀, a₀₁, a₁₀, a₁₁) for s = 2."""

    def __init__(self, vector: Vector, s: int) -> None:
        self.vector, self.s = vector, s
        super().__init__(f"Matrices({vector}, {s})")

    @property
    def llvm(self) -> Any:
        return ir.ArrayType(self.vector.llvm, 2 * self.s**2)


MATRICES = Matrices(LANES, 2)


@register_model(Matrices)
class _MatricesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, fe_type.llvm)


def entries(builder: Any, value: Any) -> list[Number]:
    floats = [builder.extract_value(value, k) for k in range(value.type.count)]
    return list(zip(floats[::2], floats[1::2], strict=True))


def value_of(builder: Any, entries: list[Number]) -> Any:
    floats = [part for number in entries for part in number]
    value = ir.Constant(ir.ArrayType(floats[0].type, len(floats)), ir.Undefined)
    for k, part in enumerate(floats):
        value = builder.insert_value(value, part, k)
    return value


def _plus(builder: Any, a: Number, b: Number) -> Number:
    return builder.fadd(a[0], b[0]), builder.fadd(a[1], b[1])


def _minus(builder: Any, a: Number, b: Number) -> Number:
    return builder.fsub(a[0], b[0]), builder.fsub(a[1], b[1])


def _minus_number(builder: Any, a: Number) -> Number:
    return builder.fneg(a[0]), builder.fneg(a[1])


def _times(builder: Any, a: Number, b: Number) -> Number:
    """The product with one rounding less where the processor can."""

    def product(k: int, l: int) -> Any:
        return builder.fmul(a[k], b[l], flags=FUSED)

    real = builder.fsub(product(0, 0), product(1, 1), flags=FUSED)
    return real, builder.fadd(product(0, 1), product(1, 0), flags=FUSED)


def _onto(builder: Any, total: Number, a: Number, b: Number, less: bool = False) -> Number:
    """total + ab, or total − ab, by four instructions where the processor can."""
    real, imaginary = total
    plus, minus = (builder.fsub, builder.fadd) if less else (builder.fadd, builder.fsub)
    for k, part in enumerate((plus, minus)):
        real = part(real, builder.fmul(a[k], b[k], flags=FUSED), flags=FUSED)
        imaginary = plus(imaginary, builder.fmul(a[k], b[1 - k], flags=FUSED), flags=FUSED)
    return real, imaginary


def _product(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    s = 1 if len(a) == 1 else 2
    first = [_times(builder, a[s * i], b[j]) for i in range(s) for j in range(s)]
    return first if s == 1 else _sum_of(builder, first, a[1::2], b[2:], False)


def _sum_of(builder: Any, totals: list[Number], left: list[Number], top: list[Number], less: bool) -> Any:
    """Each total plus a number of a column times one of a row."""
    return [_onto(builder, totals[2 * i + j], left[i], top[j], less) for i in (0, 1) for j in (0, 1)]


def _with_product(less: bool) -> Callable[..., list[Number]]:
    def rule(builder: Any, c: list[Number], a: list[Number], b: list[Number]) -> list[Number]:
        if len(a) == 1:
            return [_onto(builder, c[0], a[0], b[0], less)]
        c = _sum_of(builder, c, a[::2], b[:2], less)
        return list(_sum_of(builder, c, a[1::2], b[2:], less))

    return rule


def _commutator(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    """ab − ba with six products of numbers instead of sixteen."""

    def difference(p: Number, q: Number, r: Number, s: Number) -> Number:
        return _minus(builder, _times(builder, p, q), _times(builder, r, s))

    of_a, of_b = _minus(builder, a[0], a[3]), _minus(builder, b[0], b[3])
    diagonal = difference(a[1], b[2], b[1], a[2])
    upper, lower = difference(of_a, b[1], a[1], of_b), difference(a[2], of_b, of_a, b[2])
    return [diagonal, upper, lower, (builder.fneg(diagonal[0]), builder.fneg(diagonal[1]))]


def _anticommutator(builder: Any, a: list[Number], b: list[Number]) -> list[Number]:
    """ab + ba with eight products of numbers."""
    both = _plus(builder, _times(builder, a[1], b[2]), _times(builder, a[2], b[1]))
    of_a, of_b = _plus(builder, a[0], a[3]), _plus(builder, b[0], b[3])

    def diagonal(k: int) -> Number:
        product = _times(builder, a[k], b[k])
        return _plus(builder, _plus(builder, product, product), both)

    upper, lower = (_plus(builder, _times(builder, of_a, b[k]), _times(builder, of_b, a[k])) for k in (1, 2))
    return [diagonal(0), upper, lower, diagonal(3)]


def _by_entries(rule: Callable[..., list[Number]]) -> Callable[..., Any]:
    """A rule on values from one on entries."""
    return lambda builder, *values: value_of(builder, rule(builder, *(entries(builder, v) for v in values)))


def _each(rule: Callable[..., Number]) -> Callable[..., Any]:
    """A rule on values from one on numbers."""
    return _by_entries(lambda builder, *m: [rule(builder, *numbers) for numbers in zip(*m, strict=True)])


def _function(rule: Callable[..., Any], count: int) -> Any:
    """A rule on values of matrices as a function of kernels."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return rule(builder, *args)

    if count == 1:
        return intrinsic(lambda typing, a: (a(a), build))
    if count == 2:
        return intrinsic(lambda typing, a, b: (a(a, b), build))
    return intrinsic(lambda typing, a, b, c: (a(a, b, c), build))


def _scaled(builder: Any, value: Any, factor: Any) -> Any:
    return value_of(
        builder, [tuple(builder.fmul(x, factor) for x in number) for number in entries(builder, value)]
    )


def _define(function: Any, other: type, rule: Callable[..., Any]) -> None:
    """Give an operator of matrices and of others, or of vectors, a meaning: how its result is built."""

    @type_callable(function)
    def typed(context: Any) -> Any:
        def result(a: Any, b: Any) -> Any:
            fits = isinstance(a, Matrices) and isinstance(b, other) and b in (a, a.vector)
            return a if fits else None

        return result

    @lower_builtin(function, Matrices, other)
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return rule(builder, *args)


_define(operator.add, Matrices, _each(_plus))
_define(operator.sub, Matrices, _each(_minus))
_define(operator.mul, Matrices, _by_entries(_product))
_define(operator.mul, Vector, _scaled)


@type_callable(operator.neg)
def _typed(context: Any) -> Any:
    return lambda a: a if isinstance(a, Matrices) else None


@lower_builtin(operator.neg, Matrices)
def _negative(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return _each(_minus_number)(builder, *args)


def _inverse(builder: Any, a: list[Number]) -> list[Number]:
    """The adjugate over the determinant."""
    if len(a) == 1:
        real, imaginary = a[0]
    else:
        real, imaginary = _minus(builder, _times(builder, a[0], a[3]), _times(builder, a[1], a[2]))
    square = builder.fadd(builder.fmul(real, real), builder.fmul(imaginary, imaginary))
    over = builder.fdiv(real, square), builder.fneg(builder.fdiv(imaginary, square))
    if len(a) == 1:
        return [over]
    b, c = ((builder.fneg(x[0]), builder.fneg(x[1])) for x in (a[1], a[2]))
    return [_times(builder, x, over) for x in (a[3], b, c, a[0])]


def _from_one(sign: int) -> Callable[..., Any]:
    """1 + a or 1 − a."""

    def rule(builder: Any, a: list[Number]) -> list[Number]:
        def shifted(x: Number, by: float) -> Number:
            part = builder.fadd if sign > 0 else builder.fsub
            constants = [ir.Constant(x[0].type, [value] * x[0].type.count) for value in (by, 0.0)]
            return part(constants[0], x[0]), part(constants[1], x[1])

        return [shifted(x, float(k in (0, len(a) - 1))) for k, x in enumerate(a)]

    return rule


inverse = _function(_by_entries(_inverse), 1)
"""a⁻¹."""

one_plus, one_minus = (_function(_by_entries(_from_one(sign)), 1) for sign in (1, -1))
"""1 + a and 1 − a."""

plus_product, minus_product = (_function(_by_entries(_with_product(less)), 3) for less in (False, True))
"""c + ab and c − ab of c, a, b."""

commutator = _function(_by_entries(_commutator), 2)
"""[a, b]."""


zero_of = _function(lambda builder, a: ir.Constant(a.type, None), 1)
"""0, of the same kind."""

anticommutator = _function(_by_entries(_anticommutator), 2)
"""ab + ba."""

times_i = _function(_each(lambda builder, a: (builder.fneg(a[1]), a[0])), 1)
"""ia."""


def _turned_over(builder: Any, a: list[Number]) -> list[Number]:
    return [a[0], a[2], a[1], a[3]] if len(a) == 4 else a


turned_over = _function(_by_entries(_turned_over), 1)
"""The transposed matrices."""


@intrinsic
def exchange(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Entry k of matrix l becomes entry l of matrix k: from Nambu matrices to spin matrices and back."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        columns = zip(*(entries(builder, value) for value in args), strict=True)
        values = [value_of(builder, list(column)) for column in columns]
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(a, 4)(a, b, c, d), build


@intrinsic
def parts(typing: Any, a: Any) -> Any:
    """The entries of 2×2 matrices, as four of size 1."""
    number = Matrices(a.vector, 1)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [value_of(builder, [entry]) for entry in entries(builder, args[0])]
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(number, 4)(a), build


@intrinsic
def whole(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """2×2 matrices of such entries."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return value_of(builder, [entries(builder, value)[0] for value in args])

    return Matrices(a.vector, 2)(a, a, a, a), build


def _floats_as(places: list[int]) -> Any:
    """2×2 matrices with their floats in another order, as of another kind of row."""

    @intrinsic
    def other(typing: Any, a: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            floats = [builder.extract_value(args[0], k) for k in places]
            return value_of(builder, list(zip(floats[::2], floats[1::2], strict=True)))

        return a(a), build

    return other


real_first, pair_by_pair = _floats_as([0, 2, 4, 6, 1, 3, 5, 7]), _floats_as([0, 4, 1, 5, 2, 6, 3, 7])
"""Four real and then four imaginary parts instead of pairs, and back."""


@intrinsic
def joined(typing: Any, a: Any, b: Any) -> Any:
    """(a₀₀, a₀₁, b₀₀, b₀₁) and (a₁₀, a₁₁, b₁₀, b₁₁): two blocks of two rows of 4×4 matrices, and back."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y = (entries(builder, value) for value in args)
        pair = [value_of(builder, x[k : k + 2] + y[k : k + 2]) for k in (0, 2)]
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(a, 2)(a, b), build
