"""Fields at one energy or time after another, each kept as it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


class Series(Protocol):
    """An array that is filled row by row; rows that are never filled are NaN."""

    def __setitem__(self, index: int, row: ArrayLike) -> None: ...

    def read(self, count: int | None = None) -> NDArray[Any]:
        """The first `count` rows, or all, as an array that need not be in memory."""


NewSeries: TypeAlias = Callable[[str, tuple[int, ...], DTypeLike], Series]
"""Begins the series of a name, with its shape and type."""


class InMemory:
    """A series in memory, for runs that write no file.

    >>> dos = InMemory("dos", (2, 3), float)
    >>> dos[1] = [0.1, 0.2, 0.3]
    >>> dos.read().tolist()
    [[nan, nan, nan], [0.1, 0.2, 0.3]]
    """

    def __init__(self, name: str, shape: tuple[int, ...], kind: DTypeLike) -> None:
        self._rows = np.full(shape, np.nan, dtype=kind)

    def __setitem__(self, index: int, row: ArrayLike) -> None:
        self._rows[index] = row

    def read(self, count: int | None = None) -> NDArray[Any]:
        return self._rows[:count]
