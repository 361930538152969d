"""Complex numbers in short vectors of floats, real and imaginary parts in turn; see `kernels/vectors.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from usadel_fem.kernels.vectors import Vector

_FUSED = ("contract",)


def _chosen(builder: Any, a: Any, b: Any, places: Sequence[int]) -> Any:
    """The floats of a and then of b at these places."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(places)), list(places))
    return builder.shuffle_vector(a, b, mask)


def _products(builder: Any, kind: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Of b with the real parts of a, of ib with the imaginary ones; b, which may come late, waits least."""
    places = range(kind.count)
    real, imaginary = (_chosen(builder, a, a, [k - k % 2 + part for k in places]) for part in (0, 1))
    signs = ir.Constant(kind.llvm, [-1.0, 1.0] * (kind.count // 2))
    crossed = _chosen(builder, b, b, [k ^ 1 for k in places])
    return builder.fmul(real, b, flags=_FUSED), builder.fmul(
        builder.fmul(signs, imaginary), crossed, flags=_FUSED
    )


@intrinsic
def product(typing: Any, a: Any, b: Any) -> Any:
    """Of complex numbers, each with its own."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*_products(builder, a, *args), flags=_FUSED)

    return a(a, b) if a == b else None, build


@intrinsic
def less_product(typing: Any, total: Any, a: Any, b: Any) -> Any:
    """total − ab."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        one, two = _products(builder, a, *args[1:])
        return builder.fsub(builder.fsub(args[0], one, flags=_FUSED), two, flags=_FUSED)

    return a(total, a, b) if total == a == b else None, build


@intrinsic
def joined(typing: Any, a: Any, b: Any) -> Any:
    """a and then b."""
    both = Vector(a.dtype, 2 * a.count)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _chosen(builder, args[0], args[1], range(both.count))

    return both(a, b) if a == b else None, build


def _half(which: int) -> Any:
    def typed(typing: Any, vector: Any) -> Any:
        result = Vector(vector.dtype, vector.count // 2)
        start = which * result.count

        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _chosen(builder, args[0], args[0], range(start, start + result.count))

        return result(vector), build

    return intrinsic(typed)


first_half, second_half = _half(0), _half(1)


@intrinsic
def stretched(typing: Any, vector: Any, like: Any) -> Any:
    """Each number as many times as the length of the result asks for."""
    result = Vector(vector.dtype, like.count)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = [k * vector.count // like.count for k in range(like.count)]
        return _chosen(builder, args[0], args[0], places)

    return result(vector, like), build
