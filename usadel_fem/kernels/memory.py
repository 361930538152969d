"""Arrays that begin where a line of the processor's cache does: no vector of theirs takes two lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64
"""Bytes."""


def empty(shape: int | tuple[int, ...], dtype: DTypeLike = float) -> NDArray[Any]:
    """Like `numpy.empty`.

    >>> empty((3, 5), np.float32).ctypes.data % LINE
    0
    """
    kind = np.dtype(dtype)
    count = math.prod(shape) if isinstance(shape, tuple) else shape
    room = np.empty(count * kind.itemsize + LINE, dtype=np.uint8)
    skip = -room.ctypes.data % LINE
    return room[skip : skip + count * kind.itemsize].view(kind).reshape(shape)


def zeros(shape: int | tuple[int, ...], dtype: DTypeLike = float) -> NDArray[Any]:
    """Like `numpy.zeros`.

    >>> bool(zeros(7).any())
    False
    """
    out = empty(shape, dtype)
    out.fill(0)
    return out
