"""Arrays that know what they are: the names of their axes, their unit and where they live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Location: TypeAlias = Literal["node", "cell", "energy", "time", "global"]
LOCATIONS: tuple[Location, ...] = ("node", "cell", "energy", "time", "global")

SERIES: tuple[Literal["energy", "time"], ...] = ("energy", "time")
"""Axes along which there is one field after another."""

EXPONENT = re.compile(r"\^(\d)")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Observable(np.ndarray[Any, np.dtype[Any]]):
    """A labelled array.

    Slices, copies, transposes and real or imaginary parts keep their labels as far as the axes are
    still there. Arithmetic gives plain arrays: the result is another quantity, and its unit is not known.

    Args:
        values: real or complex numbers, copied only where needed.
        dims: one name per axis: "energy", "time", "node", "cell", "component" (3: x, y, z) or any other.
            A spectral field has dims ("energy", "node"), a vector field ("node", "component"), a scalar ().
        unit: of the numbers, as text.
        description: one line.
        at: where the values live: "node" or "cell" (fields, which need the axis of that name),
            "energy" (spectra), "time" (series in time) or "global".

    Raises:
        ValueError: if `dims` does not fit the array or `at`.

    >>> dos = Observable(np.ones((3, 5)), dims=("energy", "node"), unit="2 N_F", at="node")
    >>> dos[1].dims, dos[:, 2].dims, dos[:, 2].at, dos.T.dims
    (('node',), ('energy',), 'energy', ('node', 'energy'))
    >>> type(2 * dos).__name__
    'ndarray'
    """

    dims: tuple[str, ...]
    unit: str
    description: str
    at: Location

    def __new__(
        cls,
        values: ArrayLike,
        dims: tuple[str, ...] = (),
        unit: str = "",
        description: str = "",
        at: Location = "global",
    ) -> Self:
        array = np.asarray(values).view(cls)
        array.unit, array.description = unit, description
        array.dims, array.at = tuple(dims), at
        _check(array)
        return array

    def __array_finalize__(self, source: NDArray[Any] | None) -> None:
        kept = source is not None and source.shape == self.shape
        self.unit = getattr(source, "unit", "")
        self.description = getattr(source, "description", "")
        self.dims = getattr(source, "dims", ()) if kept else ()
        self.at = getattr(source, "at", "global") if kept else "global"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        targets = kwargs.get("out")
        if targets is not None:
            kwargs["out"] = tuple(_plain(target) for target in targets)
        result = getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        return result if targets is None or len(targets) > 1 else targets[0]

    def __getitem__(self, key: Any) -> Any:
        item = super().__getitem__(key)
        if isinstance(item, Observable):
            item._relabel(_dims_after(self.dims, key, item.ndim), self.at)
        return item

    def transpose(self, *axes: Any) -> Observable:
        """The array with its axes permuted, labels included."""
        result = super().transpose(*axes)
        if self.dims:
            result._relabel(tuple(self.dims[i] for i in _order(self.ndim, axes)), self.at)
        return result

    @property
    def T(self) -> Observable:
        """The transposed array, labels included."""
        return self.transpose()

    def swapaxes(self, axis1: Any, axis2: Any, /) -> Observable:
        """The array with two axes exchanged, labels included."""
        order = list(range(self.ndim))
        order[axis1], order[axis2] = order[axis2], order[axis1]
        return self.transpose(order)

    def __reduce__(self) -> Any:
        return Observable, (np.array(self), self.dims, self.unit, self.description, self.at)

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Observable:
        return self.copy()

    def _relabel(self, dims: tuple[str, ...], at: Location) -> None:
        self.dims = dims
        if at == "global" or at in dims:
            self.at = at
        else:
            self.at = next((axis for axis in SERIES if axis in dims), "global")


Observables: TypeAlias = Mapping[str, Observable | Mapping[str, Observable]]
"""By name; quantities per terminal or per axis are mappings of their own."""


def unit_text(unit: str, base: tuple[str, str] | None = None) -> str:
    """A unit with the base units (energy, length) of a case in it, without exponents that say nothing.

    >>> unit_text("N_F energy²·length^1", ("meV", "nm")), unit_text("N_F energy·length^2")
    ('N_F meV²·nm', 'N_F energy·length²')
    """
    for name, own in zip(("energy", "length"), base or (), strict=False):
        unit = unit.replace(name, own)
    return EXPONENT.sub(lambda match: match[1].translate(SUPERSCRIPTS), unit.replace("^1", ""))


def _check(array: Observable) -> None:
    if array.at not in LOCATIONS:
        raise ValueError(f"at must be one of {', '.join(LOCATIONS)}; instead received {array.at!r}")
    if len(array.dims) != array.ndim:
        raise ValueError(f"dims must name the {array.ndim} axes of the array; instead received {array.dims}")
    if array.at != "global" and array.at not in array.dims:
        rule = f"an observable at {array.at!r} needs an axis of that name"
        raise ValueError(f"{rule}; instead received {array.dims}")


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Observable) else value


def _order(ndim: int, axes: tuple[Any, ...]) -> tuple[int, ...]:
    """The permutation meant by the arguments of `transpose`."""
    if axes in ((), (None,)):
        return tuple(reversed(range(ndim)))
    return tuple(axes[0]) if len(axes) == 1 and np.ndim(axes[0]) == 1 else axes


def _dims_after(dims: tuple[str, ...], key: Any, ndim: int) -> tuple[str, ...]:
    """Names of the axes that are left after indexing; () where they cannot be told."""
    keys = key if isinstance(key, tuple) else (key,)
    if not _keeps_order(keys):
        return ()
    spread = len(dims) - sum(k is not Ellipsis for k in keys)
    left: list[str] = []
    position = 0
    for k in keys:
        width = spread if k is Ellipsis else 1
        if not _is_integer(k):
            left.extend(dims[position : position + width])
        position += width
    left.extend(dims[position:])
    return tuple(left) if len(left) == ndim else ()


def _keeps_order(keys: tuple[Any, ...]) -> bool:
    """True for integers, slices and one-dimensional index arrays which NumPy leaves in place."""
    basic = [k is Ellipsis or isinstance(k, slice) for k in keys]
    if any(not plain and (k is None or np.ndim(k) > 1) for k, plain in zip(keys, basic, strict=True)):
        return False
    if all(plain or _is_integer(k) for k, plain in zip(keys, basic, strict=True)):
        return True
    advanced = [i for i, plain in enumerate(basic) if not plain]
    return advanced[-1] - advanced[0] == len(advanced) - 1


def _is_integer(key: Any) -> bool:
    return key is not Ellipsis and not isinstance(key, slice) and np.ndim(key) == 0
