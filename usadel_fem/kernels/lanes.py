"""Eight floats side by side: one vector of the processor, or a few, for eight nodes at once.

Compilers do not vectorise the algebra of small matrices node by node. Written with `Lanes` for numbers it is
vectorised as it stands, on any processor, and all lanes round alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from usadel_fem.kernels.compiler import inline
from usadel_fem.kernels.vectors import LANES

WIDTH = 8
"""Floats of a `Lanes`; the transposition below is written for eight."""

INT = ir.IntType(32)
FUSED = ("contract",)
"""Lets a product and the sum it goes into be one instruction."""

VECTOR = LANES.llvm


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
def item(typing: Any, array: Any, index: Any) -> Any:
    """x[index] of a flat array, index ≥ 0; nothing is checked."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load(builder.gep(data, [args[1]]))

    return array.dtype(array, types.intp), build


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the line of x[index], wherever that is: what comes of it is never wrong, only late."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(
            pointer(context, builder, signature.args[0], *args), ir.IntType(8).as_pointer()
        )
        kind = ir.FunctionType(ir.VoidType(), [place.type, INT, INT, INT])
        function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(function, [place, INT(0), INT(3), INT(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), build


@intrinsic
def spread(typing: Any, x: Any) -> Any:
    """The same number in every lane."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        none = ir.Constant(VECTOR, ir.Undefined)
        return shuffled(
            builder, builder.insert_element(none, args[0], ir.Constant(INT, 0)), none, [0] * WIDTH
        )

    return LANES(types.float64), build


@inline
def scratch(size):
    """Room for floats that starts with a line of the cache: vectors across two take twice the time."""
    x = np.empty(size + WIDTH)
    skip = -(x.ctypes.data // 8) % WIDTH
    return x[skip : skip + size]


@intrinsic
def plus_times(typing: Any, x: Any, a: Any, b: Any) -> Any:
    """x + ab, rounded once where the processor can."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, a, b = args
        return builder.fadd(x, builder.fmul(a, b, flags=FUSED), flags=FUSED)

    return LANES(LANES, LANES, LANES), build


def shuffled(builder: Any, a: Any, b: Any, places: Sequence[int]) -> Any:
    """The numbers of a and then of b at these places."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, len(places)), list(places)))


def transposed(builder: Any, rows: Sequence[Any]) -> list[Any]:
    """Number k of vector l becomes number l of vector k, by 24 shuffles that are one instruction each.

    In vectors of sixteen, the first eight and the last eight numbers each for themselves.
    """
    count = rows[0].type.count
    unpacked = [(0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15)]
    halves = [(0, 1, 4, 5, 8, 9, 12, 13), (2, 3, 6, 7, 10, 11, 14, 15)]

    def crossed(vectors: Sequence[Any], masks: Sequence[Sequence[int]]) -> list[Any]:
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        places = [
            [k % 8 + first + count * (k // 8) for first in range(0, count, 8) for k in m] for m in masks
        ]
        return [shuffled(builder, x, y, mask) for x, y in pairs for mask in places]

    a, b, c, d, e, f, g, h = crossed(rows, unpacked)
    a, b, c, d, e, f, g, h = crossed((a, c, e, g, b, d, f, h), halves)
    a, b, c, d, e, f, g, h = crossed((a, c, b, d, e, g, f, h), halves)
    return [a, e, c, g, b, f, d, h]
