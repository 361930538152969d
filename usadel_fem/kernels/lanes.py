"""Eight floats side by side: one vector of the processor, or a few, for eight nodes at once.

Compilers do not vectorise the algebra of small matrices node by node. Written with `Lanes` for numbers it is
vectorised as it stands, on any processor, and all lanes round alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

WIDTH = 8
"""Floats of a `Lanes`; the transposition below is written for eight."""

INT = ir.IntType(32)
VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)


class Lanes(types.Type):
    """The type of eight floats."""


LANES = Lanes("Lanes")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, VECTOR)


def pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Of eight floats of a flat array; nothing is checked."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """x[index : index + 8] of a flat array."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(pointer(context, builder, signature.args[0], *args), align=8)

    return LANES(array, types.intp), build


@intrinsic
def store(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """x[index : index + 8] = lanes."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], pointer(context, builder, signature.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), build


@intrinsic
def spread(typing: Any, x: Any) -> Any:
    """The same number in every lane."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        none = ir.Constant(VECTOR, ir.Undefined)
        return shuffled(
            builder, builder.insert_element(none, args[0], ir.Constant(INT, 0)), none, [0] * WIDTH
        )

    return LANES(types.float64), build


def shuffled(builder: Any, a: Any, b: Any, places: Sequence[int]) -> Any:
    """The lanes of a (0 to 7) and b (8 to 15) at these places."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, WIDTH), list(places)))


def transposed(builder: Any, rows: Sequence[Any]) -> list[Any]:
    """Number k of vector l becomes number l of vector k: a perfect shuffle, three times."""
    low = [place for i in range(WIDTH // 2) for place in (i, i + WIDTH)]
    high = [place + WIDTH // 2 for place in low]
    rows = list(rows)
    for _ in range(3):
        pairs = list(zip(rows[: WIDTH // 2], rows[WIDTH // 2 :], strict=True))
        rows = [shuffled(builder, a, b, places) for a, b in pairs for places in (low, high)]
    return rows


def overload_operator(function: Any, arguments: Sequence[Any], result: Any, rule: Callable[..., Any]) -> None:
    """Give an operator a meaning for these types: `rule(builder, *values)` builds it."""

    @type_callable(function)
    def typed(context: Any) -> Any:
        return lambda *given: result if given == tuple(arguments) else None

    @lower_builtin(function, *arguments)
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return rule(builder, *args)


overload_operator(operator.add, (LANES, LANES), LANES, lambda builder, a, b: builder.fadd(a, b))
overload_operator(operator.sub, (LANES, LANES), LANES, lambda builder, a, b: builder.fsub(a, b))
overload_operator(operator.mul, (LANES, LANES), LANES, lambda builder, a, b: builder.fmul(a, b))
overload_operator(operator.neg, (LANES,), LANES, lambda builder, a: builder.fneg(a))
