"""Tiles: sixteen nodes side by side in single precision, and rows of single nodes.

A tile keeps float k of all its nodes in x[at + 16k : at + 16(k + 1)], real and imaginary parts in turn. A row
keeps the blocks ee, eh, he, hh of one node, entry after entry: 4s² real parts, then 4s² imaginary parts. The
tuple `like` that kernels take has the length of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from usadel_fem.kernels.lanes import shuffled
from usadel_fem.kernels.lanes import transposed as transposed_halves
from usadel_fem.kernels.matrices import Matrices, entries, value_of
from usadel_fem.kernels.vectors import LANES, TILE, Vector, place

NODES = 16
"""Of a tile."""

EIGHT = Vector(TILE.dtype, 8)

ROWS = {1: (0.0,) * 8, 2: (0.0,) * 32}
"""`like` for s×s matrices of spin."""

WHOLE = ROWS[2]


def spins(like: Any) -> int:
    """s of the type of a `like`."""
    return next(s for s, row in ROWS.items() if len(row) == like.count)


def _load(
    context: Any, builder: Any, array_type: Any, array: Any, at: Any, offset: int, vector: Vector = TILE
) -> Any:
    """A line of a tile."""
    at = builder.add(at, at.type(offset))
    return builder.load(place(context, builder, vector, array_type, array, at), align=4)


def _store(
    context: Any,
    builder: Any,
    array_type: Any,
    array: Any,
    at: Any,
    offset: int,
    x: Any,
    vector: Vector = TILE,
) -> None:
    at = builder.add(at, at.type(offset))
    builder.store(x, place(context, builder, vector, array_type, array, at), align=4)


@intrinsic
def get_tile(typing: Any, array: Any, index: Any, like: Any) -> Any:
    """An s×s matrix of each node of a tile from x[at] on; of each of eight nodes in double precision."""
    vector, s = LANES if array.dtype == LANES.dtype else TILE, spins(like)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        floats = []
        for k in range(2 * s**2):
            at = builder.add(args[1], args[1].type(vector.count * k))
            pointer = place(context, builder, vector, signature.args[0], args[0], at)
            floats.append(builder.load(pointer, align=vector.dtype.bitwidth // 8))
        return value_of(builder, list(zip(floats[::2], floats[1::2], strict=True)))

    return Matrices(vector, s)(array, types.intp, like), build


@intrinsic
def put_tile(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Store it so."""
    vector = value.vector

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for k in range(2 * value.s**2):
            at = builder.add(args[1], args[1].type(vector.count * k))
            pointer = place(context, builder, vector, signature.args[0], args[0], at)
            builder.store(builder.extract_value(args[2], k), pointer, align=vector.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), build


@intrinsic
def get_blocks(typing: Any, array: Any, index: Any, like: Any) -> Any:
    """ee, eh, he, hh of sixteen rows from x[at] on."""
    matrices = Matrices(TILE, spins(like))

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        halves = _get_halves(
            matrices.s, builder, partial(_load, context, builder, signature.args[0], *args[:2])
        )
        numbers = list(zip(*halves, strict=True))
        each = matrices.s**2
        blocks = [value_of(builder, numbers[k : k + each]) for k in range(0, 4 * each, each)]
        return context.make_tuple(builder, signature.return_type, blocks)

    return types.UniTuple(matrices, 4)(array, types.intp, like), build


@intrinsic
def put_blocks(typing: Any, array: Any, index: Any, ee: Any, eh: Any, he: Any, hh: Any) -> Any:
    """Store them so."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = [number for value in args[2:] for number in entries(builder, value)]
        halves = [list(part) for part in zip(*numbers, strict=True)]
        _put_halves(ee.s, builder, halves, partial(_store, context, builder, signature.args[0], *args[:2]))
        return context.get_dummy_value()

    return types.void(array, types.intp, ee, ee, ee, ee), build


def _get_halves(s: int, builder: Any, line: Callable[..., Any]) -> list[list[Any]]:
    """Real and imaginary parts of all entries in sixteen rows."""
    if s == 2:
        places = [range(half, 32 * NODES, 32) for half in (0, NODES)]
        return [transposed(builder, [line(k) for k in half]) for half in places]
    eights = [line(8 * lane, EIGHT) for lane in range(NODES)]
    rows = [shuffled(builder, a, b, range(NODES)) for a, b in zip(eights[:8], eights[8:], strict=True)]
    floats = transposed_halves(builder, rows)
    return [floats[:4], floats[4:]]


def _put_halves(s: int, builder: Any, halves: list[list[Any]], put: Callable[..., None]) -> None:
    """Store them so."""
    if s == 2:
        for half, parts in zip((0, NODES), halves, strict=True):
            for lane, row in enumerate(transposed(builder, parts)):
                put(32 * lane + half, row)
        return
    for lane, pair in enumerate(transposed_halves(builder, halves[0] + halves[1])):
        for first in (0, 8):
            row = shuffled(builder, pair, pair, range(first, first + 8))
            put(8 * (lane + first), row, EIGHT)


@intrinsic
def narrowed(typing: Any, array: Any, index: Any, stride: Any) -> Any:
    """Eight doubles from x[at] on and eight more from x[at + stride] on, as sixteen singles."""
    half = ir.VectorType(ir.FloatType(), 8)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, at, stride = args
        parts = []
        for start in (at, builder.add(at, stride)):
            pointer = place(context, builder, LANES, signature.args[0], array, start)
            parts.append(builder.fptrunc(builder.load(pointer, align=8), half))
        return shuffled(builder, parts[0], parts[1], range(NODES))

    return TILE(array, types.intp, types.intp), build


@intrinsic
def mixed(typing: Any, a: Any, b: Any) -> Any:
    """a for the components of a row of 32 floats on 1, b for the others."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = [k if k % NODES < 4 else k + a.count for k in range(a.count)]
        return shuffled(builder, args[0], args[1], places)

    return a(a, a), build


@intrinsic
def turn_over(typing: Any, array: Any, index: Any, out: Any, start: Any) -> Any:
    """Sixteen rows of sixteen floats from x[at] on become columns, from out[start] on."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        rows = [_load(context, builder, kinds[0], args[0], args[1], NODES * k) for k in range(NODES)]
        for k, row in enumerate(transposed(builder, rows)):
            _store(context, builder, kinds[2], args[2], args[3], NODES * k, row)
        return context.get_dummy_value()

    return types.void(array, types.intp, out, types.intp), build


def _about(axis: int) -> Any:
    one, two = 4 * (1 + (axis + 1) % 3), 4 * (1 + (axis + 2) % 3)
    places, signs = list(range(2 * NODES)), [0.0] * (2 * NODES)
    for k in (*range(4), *range(NODES, NODES + 4)):
        places[one + k], signs[one + k] = two + k, 1.0
        places[two + k], signs[two + k] = one + k, -1.0

    @intrinsic
    def about(typing: Any, x: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.fmul(shuffled(builder, args[0], args[0], places), ir.Constant(x.llvm, signs))

        return x(x), build

    return about


about_x, about_y, about_z = (_about(axis) for axis in range(3))
"""ε_{bac} x_b in the components c on σ^c of a row of 32 floats, for an axis a."""


def _on_pairs(from_other: bool) -> Any:
    signs = {1: (1.0, 1.0), 2: (1.0, 1.0)} if not from_other else {1: (-1.0, 1.0), 2: (1.0, -1.0)}

    @intrinsic
    def on_pairs(typing: Any, x: Any) -> Any:
        half = x.count // 2

        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            other = [(k + half) % x.count if from_other else k for k in range(x.count)]
            factors = [signs.get(k % 4, (0.0, 0.0))[k // half] for k in range(x.count)]
            return builder.fmul(shuffled(builder, args[0], args[0], other), ir.Constant(x.llvm, factors))

        return x(x), build

    return on_pairs


pairs_of, pairs_times_i = _on_pairs(False), _on_pairs(True)
"""eh and he of a row, 0 for ee and hh; and i times eh and −i times he."""


def transposed(builder: Any, rows: Sequence[Any]) -> list[Any]:
    """Number k of vector l becomes number l of vector k, by 64 shuffles that are one instruction each."""

    def quarters(*places: int) -> list[int]:
        """The same for each four numbers of a and of b, whose places begin at 4."""
        return [4 * q + k % 4 + NODES * (k // 4) for q in range(4) for k in places]

    def halves(first: int) -> list[int]:
        """Two of the four fours of a, and then of b."""
        return [NODES * v + 4 * q + k for v in (0, 1) for q in (first, first + 2) for k in range(4)]

    def crossed(x: Sequence[Any], distance: int, masks: Sequence[Sequence[int]]) -> list[Any]:
        """x[i] and x[i + distance] become what two masks take of both."""
        out = list(x)
        for i in range(NODES):
            if not i & distance:
                pair = x[i], x[i + distance]
                out[i], out[i + distance] = (shuffled(builder, *pair, mask) for mask in masks)
        return out

    x = crossed(rows, 1, [quarters(0, 4, 1, 5), quarters(2, 6, 3, 7)])
    x = crossed(x, 2, [quarters(0, 1, 4, 5), quarters(2, 3, 6, 7)])
    x = [x[4 * (i // 4) + (0, 2, 1, 3)[i % 4]] for i in range(NODES)]
    x = crossed(x, 4, [halves(0), halves(1)])
    return crossed(x, 8, [halves(0), halves(1)])
