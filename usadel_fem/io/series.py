"""Series in result.h5: rows are written as they come, and read by mapping the file into memory."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from usadel_fem.io import layout

MAPPED_ABOVE = 2**20
"""Bytes above which an array stays in the file until it is used."""


class StoredSeries:
    """A series of an open file; what an earlier run left under its name is overwritten in place."""

    def __init__(self, file: h5py.File, name: str, shape: tuple[int, ...], kind: DTypeLike) -> None:
        self._file = file
        key, old = series_key(name), f"{layout.OBSERVABLES}/{layout.escaped(name)}"
        if key not in file and old in file:
            file.move(old, key)
        if key in file and not _fits(file[key], shape, kind):
            del file[key]
        if key not in file:
            file.create_dataset(key, shape, kind, fillvalue=np.array(np.nan, dtype=kind)[()])
        else:
            empty = np.full(shape[1:], np.nan, dtype=kind)
            for i in range(shape[0]):
                file[key][i] = empty
        self._data = file[key]

    def __setitem__(self, index: int, row: ArrayLike) -> None:
        self._data[index] = row

    def read(self, count: int | None = None) -> NDArray[Any]:
        self._file.flush()
        return mapped(self._data)[:count]


def series_key(name: str) -> str:
    """Where a series is while it is being made."""
    return f"{layout.SERIES}/{layout.escaped(name)}"


def mapped(data: h5py.Dataset) -> NDArray[Any]:
    """The values of a dataset; large ones are read where they are used, and changes stay in memory."""
    place = None if data.chunks is not None else data.id.get_offset()
    if place is None or data.nbytes <= MAPPED_ABOVE:
        return np.asarray(data[()])
    return np.asarray(np.memmap(data.file.filename, data.dtype, "c", place, data.shape))


def _fits(data: h5py.Dataset, shape: tuple[int, ...], kind: DTypeLike) -> bool:
    return data.chunks is None and data.shape == shape and data.dtype == np.dtype(kind)
