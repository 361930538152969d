"""Observables as named real columns: the one place that knows how files spell complex numbers and vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from usadel_fem.labelled import SERIES, Observable, Observables

Columns = dict[str, NDArray[Any]]


def flatten(
    observables: Observables,
) -> Iterator[tuple[str, Observable]]:
    """(name, array) pairs; an entry of a dictionary is called name_key."""
    for name, value in observables.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}_{key}", item) for key, item in value.items())
        else:
            yield name, value


def columns(
    observables: Observables,
    at: Literal["node", "cell", "energy", "time"],
    step: int | None = None,
    only: Collection[str] | None = None,
) -> Columns:
    """Real arrays, (n,) or (n, 3), of what lives `at` nodes, cells, energies or times.

    Args:
        observables: labelled arrays.
        at: which of them.
        step: None for the fields without an axis of energies or times, else those with one, at this place
            of it.
        only: names of observables or of columns to keep; None for all.

    >>> f = Observable(np.array([[1j, 2.0]]), dims=("energy", "node"), at="node")
    >>> columns({"singlet": f}, "node", step=0)
    {'singlet_re': array([0., 2.]), 'singlet_im': array([1., 0.])}
    """
    found: Columns = {}
    for owner, entry in observables.items():
        for name, value in flatten({owner: entry}):
            series = at not in SERIES and not set(SERIES).isdisjoint(value.dims)
            if value.at != at or series != (step is not None):
                continue
            parts = split(name, value, at, step)
            found.update({key: part for key, part in parts.items() if _wanted(only, owner, name, key)})
    return found


def _wanted(only: Collection[str] | None, *names: str) -> bool:
    return only is None or any(name in only for name in names)


def split(name: str, value: Observable, at: str, step: int | None = None) -> Columns:
    """Real columns of one array along its axis `at`, at one energy or time if it has an axis of these."""
    array, dims = np.asarray(value), list(value.dims)
    if step is not None:
        series = next(axis for axis in SERIES if axis in dims)
        array = array.take(step, axis=dims.index(series))
        dims.remove(series)
    array = np.moveaxis(array, dims.index(at), 0)
    dims.remove(at)
    vector = "component" in dims and array.shape[1 + dims.index("component")] == 3
    if vector:
        array = np.moveaxis(array, 1 + dims.index("component"), -1)
    others = array.shape[1:-1] if vector else array.shape[1:]
    found: Columns = {}
    for index in product(*map(range, others)):
        label = name + "".join(f"_{i}" for i in index)
        place: tuple[slice | int, ...] = (slice(None), *index)
        found.update(_real(label, array[place]))
    return found


def _real(name: str, array: NDArray[Any]) -> Columns:
    if np.iscomplexobj(array):
        return {
            f"{name}_re": np.ascontiguousarray(array.real),
            f"{name}_im": np.ascontiguousarray(array.imag),
        }
    if array.dtype == bool:
        array = array.astype(np.int8)
    return {name: np.ascontiguousarray(array)}
