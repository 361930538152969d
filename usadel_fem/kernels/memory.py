"""Arrays for kernels, that begin where a line of the processor's cache does, on memory that is used again.

A vector across two lines takes twice the time. New pages from the system cost up to ten times what a kernel
takes to write into them, and a large array gets new ones whenever it is made.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64
"""Bytes."""

Shape = int | tuple[int, ...]


class Rooms:
    """Memory for arrays of a few sizes, that is kept when they are gone.

    >>> rooms = Rooms()
    >>> x = rooms.empty((3, 5), np.float32)
    >>> place = x.ctypes.data
    >>> del x
    >>> rooms.zeros(15, np.float32).ctypes.data == place, place % LINE
    (True, 0)
    """

    def __init__(self) -> None:
        self._kept: dict[int, list[NDArray[np.uint8]]] = {}

    def empty(self, shape: Shape, dtype: DTypeLike = float) -> NDArray[Any]:
        """Like `numpy.empty`."""
        kind = np.dtype(dtype)
        size = (math.prod(shape) if isinstance(shape, tuple) else shape) * kind.itemsize
        kept = self._kept.setdefault(size, [])
        room = np.asarray(_Lease(kept.pop() if kept else _aligned(size), kept))
        return room.view(kind).reshape(shape)

    def zeros(self, shape: Shape, dtype: DTypeLike = float) -> NDArray[Any]:
        """Like `numpy.zeros`."""
        out = self.empty(shape, dtype)
        out.fill(0)
        return out


class _Lease:
    """What holds the memory of an array and of its views; the last one gives it back."""

    def __init__(self, room: NDArray[np.uint8], kept: list[NDArray[np.uint8]]) -> None:
        self._room, self._kept, self.__array_interface__ = room, kept, room.__array_interface__

    def __del__(self) -> None:
        self._kept.append(self._room)


def _aligned(size: int) -> NDArray[np.uint8]:
    room = np.empty(size + LINE, dtype=np.uint8)
    skip = -room.ctypes.data % LINE
    return room[skip : skip + size]
