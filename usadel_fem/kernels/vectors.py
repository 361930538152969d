"""Short vectors of floats of any precision and length, as numbers of kernels: a + b, a − b, a * b.

A vector is loaded from a flat array; the array gives the precision and a tuple of that length, `like`, the
number of floats: a kernel that takes `like` is compiled for each of them.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

_FLOATS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


class Vector(types.Type):
    """The type of `count` floats."""

    def __init__(self, dtype: Any, count: int) -> None:
        self.dtype, self.count = dtype, count
        super().__init__(f"Vector({dtype}, {count})")

    @property
    def llvm(self) -> Any:
        return ir.VectorType(_FLOATS[self.dtype], self.count)


LANES = Vector(types.float64, 8)
"""Eight doubles, one vector of the processor: those of eight nodes."""

TILE = Vector(types.float32, 16)
"""Sixteen singles: those of a tile of sixteen nodes."""


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, fe_type.llvm)


def place(context: Any, builder: Any, vector: Vector, array_type: Any, array: Any, index: Any) -> Any:
    """Pointer to a vector in a flat array; nothing is checked."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.llvm.as_pointer())


@intrinsic
def load(typing: Any, array: Any, index: Any, like: Any) -> Any:
    """x[index : index + len(like)] of a flat array; nothing is checked."""
    vector = Vector(array.dtype, like.count)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start = place(context, builder, vector, signature.args[0], *args[:2])
        return builder.load(start, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp, like), build


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """x[index : index + its length] = vector."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start = place(context, builder, vector, signature.args[0], *args[:2])
        builder.store(args[2], start, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), build


@intrinsic
def spread(typing: Any, x: Any, like: Any) -> Any:
    """The same number everywhere."""
    vector = Vector(x, like.count)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        none, first = ir.Constant(vector.llvm, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), like.count), [0] * like.count)
        return builder.shuffle_vector(builder.insert_element(none, args[0], first), none, zeros)

    return vector(x, like), build


def _define(function: Any, instruction: str) -> None:
    @type_callable(function)
    def typed(context: Any) -> Any:
        return lambda a, b: a if isinstance(a, Vector) and a == b else None

    @lower_builtin(function, Vector, Vector)
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=("contract",))


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")


@type_callable(operator.neg)
def _typed_negative(context: Any) -> Any:
    return lambda a: a if isinstance(a, Vector) else None


@lower_builtin(operator.neg, Vector)
def _negative(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.fneg(args[0])


@intrinsic
def converted(typing: Any, vector: Any, array: Any) -> Any:
    """The vector in the precision of an array."""
    result = Vector(array.dtype, vector.count)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if result == vector:
            return args[0]
        change = builder.fpext if result.dtype == types.float64 else builder.fptrunc
        return change(args[0], result.llvm)

    return result(vector, array), build


@intrinsic
def times_i(typing: Any, vector: Any) -> Any:
    """(−b, a, −d, c, ...) of (a, b, c, d, ...), complex numbers in pairs."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = [k + 1 - 2 * (k % 2) for k in range(vector.count)]
        signs = ir.Constant(vector.llvm, [-1.0, 1.0] * (vector.count // 2))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), places)
        return builder.fmul(signs, builder.shuffle_vector(args[0], args[0], mask))

    return vector(vector), build


@intrinsic
def halves_times_i(typing: Any, vector: Any) -> Any:
    """(−b, a) of (a, b): complex numbers, real parts in the first half."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        half = vector.count // 2
        mask = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), list(range(half, 3 * half)))
        return builder.shuffle_vector(builder.fneg(args[0]), args[0], mask)

    return vector(vector), build


@intrinsic
def summed(typing: Any, vector: Any) -> Any:
    """The sum of its floats, in double precision and always in the same order."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total = ir.Constant(ir.DoubleType(), 0.0)
        for k in range(vector.count):
            x = builder.extract_element(args[0], ir.Constant(ir.IntType(32), k))
            x = x if vector.dtype == types.float64 else builder.fpext(x, ir.DoubleType())
            total = builder.fadd(total, x)
        return total

    return types.float64(vector), build
