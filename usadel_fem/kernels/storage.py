"""Where matrices of eight nodes stand in memory: lane by lane, row by row, in columns, in halves of rows."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from usadel_fem.kernels.lanes import VECTOR, WIDTH, pointer, shuffled, transposed
from usadel_fem.kernels.matrices import MATRICES, entries, value_of


def _load(context: Any, builder: Any, signature: Any, array: Any, at: Any, offset: int) -> Any:
    at = builder.add(at, at.type(offset))
    return builder.load(pointer(context, builder, signature.args[0], array, at), align=8)


def _store(context: Any, builder: Any, signature: Any, array: Any, at: Any, offset: int, x: Any) -> None:
    at = builder.add(at, at.type(offset))
    builder.store(x, pointer(context, builder, signature.args[0], array, at), align=8)


def _getter(by_rows: bool) -> Any:
    @intrinsic
    def get(typing: Any, array: Any, index: Any, stride: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array, at, stride = args
            floats = []
            for _ in range(8):
                floats.append(_load(context, builder, signature, array, at, 0))
                at = builder.add(at, stride)
            floats = transposed(builder, floats) if by_rows else floats
            return value_of(builder, list(zip(floats[::2], floats[1::2], strict=True)))

        return MATRICES(array, types.intp, types.intp), build

    return get


def _putter(by_rows: bool) -> Any:
    @intrinsic
    def put(typing: Any, array: Any, index: Any, stride: Any, value: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array, at, stride, value = args
            floats = [builder.extract_value(value, k) for k in range(8)]
            for x in transposed(builder, floats) if by_rows else floats:
                _store(context, builder, signature, array, at, 0, x)
                at = builder.add(at, stride)
            return context.get_dummy_value()

        return types.void(array, types.intp, types.intp, MATRICES), build

    return put


get_lanes, put_lanes = _getter(False), _putter(False)
"""(x, at, stride): float k of the matrices at x[at + k stride], eight lanes each."""

get_rows, put_rows = _getter(True), _putter(True)
"""(x, at, stride): the matrix of lane l at x[at + l stride], eight floats."""


@intrinsic
def get_columns(typing: Any, array: Any, index: Any, stride: Any) -> Any:
    """(x, at, stride): entry k of lanes 0 to 7 as consecutive complex numbers from x[at + k stride]."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, at, stride = args
        numbers = []
        for _ in range(4):
            a, b = (_load(context, builder, signature, array, at, k) for k in (0, WIDTH))
            numbers.append(tuple(shuffled(builder, a, b, range(k, 2 * WIDTH, 2)) for k in (0, 1)))
            at = builder.add(at, stride)
        return value_of(builder, numbers)

    return MATRICES(array, types.intp, types.intp), build


@intrinsic
def put_columns(typing: Any, array: Any, index: Any, stride: Any, value: Any) -> Any:
    """Store them so."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, at, stride, value = args
        for real, imaginary in entries(builder, value):
            for k in (0, WIDTH):
                places = [place for i in range(k // 2, k // 2 + WIDTH // 2) for place in (i, i + WIDTH)]
                mixed = shuffled(builder, real, imaginary, places)
                _store(context, builder, signature, array, at, k, mixed)
            at = builder.add(at, stride)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, MATRICES), build


_SINGLES = ir.VectorType(ir.FloatType(), WIDTH)


def _singles(context: Any, builder: Any, array_type: Any, array: Any, at: Any, offset: int) -> Any:
    """Pointer to eight floats in single precision."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [builder.add(at, at.type(offset))]), _SINGLES.as_pointer())


@intrinsic
def put_halves(typing: Any, array: Any, index: Any, stride: Any, a: Any, b: Any) -> Any:
    """(x, at, stride, a, b): real parts of the entries of a and b of lane l in single precision from
    x[at + l stride] on, imaginary parts from x[at + 16 + l stride] on."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, at, stride, *matrices = args
        numbers = [number for value in matrices for number in entries(builder, value)]
        halves = [transposed(builder, list(part)) for part in zip(*numbers, strict=True)]
        for lanes in zip(*halves, strict=True):
            for offset, x in zip((0, 16), lanes, strict=True):
                place = _singles(context, builder, signature.args[0], array, at, offset)
                builder.store(builder.fptrunc(x, _SINGLES), place, align=4)
            at = builder.add(at, stride)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, MATRICES, MATRICES), build


@intrinsic
def get_halves(typing: Any, array: Any, index: Any, stride: Any) -> Any:
    """(x, at, stride): a and b so stored."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, at, stride = args
        halves: list[list[Any]] = [[], []]
        for _ in range(WIDTH):
            for offset, half in zip((0, 16), halves, strict=True):
                place = _singles(context, builder, signature.args[0], array, at, offset)
                half.append(builder.fpext(builder.load(place, align=4), VECTOR))
            at = builder.add(at, stride)
        numbers = list(zip(*(transposed(builder, half) for half in halves), strict=True))
        pair = [value_of(builder, numbers[:4]), value_of(builder, numbers[4:])]
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(MATRICES, 2)(array, types.intp, types.intp), build
