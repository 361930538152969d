import copy
from typing import Any

import numpy as np
import pytest

from usadel_fem.labelled import Observable


def field() -> Observable:
    values = np.arange(2 * 5 * 3, dtype=float).reshape(2, 5, 3) + 0.25j
    return Observable(values, ("energy", "node", "component"), "N_F", "a triplet", "node")


def rebuilt(value: Observable) -> Observable:
    """As on the way to another process."""
    build, arguments = value.__reduce__()
    return build(*arguments)


@pytest.mark.parametrize(
    ("key", "dims", "at"),
    [
        (0, ("node", "component"), "node"),
        (-1, ("node", "component"), "node"),
        (slice(1), ("energy", "node", "component"), "node"),
        ((..., 2), ("energy", "node"), "node"),
        ((slice(None), 3), ("energy", "component"), "energy"),
        ((1, 3), ("component",), "global"),
        ((0, [1, 4]), ("node", "component"), "node"),
        (np.array([True, False]), ("energy", "node", "component"), "node"),
        ((slice(None), np.array([0, 2])), ("energy", "node", "component"), "node"),
        ((0, slice(None), [0, 1]), (), "global"),  # NumPy puts the axis of the list first here
        ((slice(None), None), (), "global"),
    ],
)
def test_indexing_keeps_what_is_left(key: Any, dims: tuple[str, ...], at: str) -> None:
    item = field()[key]
    assert (item.dims, item.at, item.unit) == (dims, at, "N_F")
    assert np.array_equal(np.asarray(item), np.asarray(field())[key])


def test_a_single_number_is_a_number() -> None:
    assert type(field()[0, 1, 2]) is np.complex128


@pytest.mark.parametrize(
    "derived",
    [
        field().real,
        field().copy(),
        field().astype(np.complex64),
        copy.deepcopy(field()),
        rebuilt(field()),
    ],
)
def test_views_and_copies_keep_their_labels(derived: Observable) -> None:
    assert (derived.dims, derived.at, derived.description) == (field().dims, "node", "a triplet")


def test_transposes_carry_their_labels() -> None:
    assert field().T.dims == ("component", "node", "energy")
    assert field().transpose(1, 0, 2).dims == ("node", "energy", "component")
    assert field().transpose((2, 0, 1)).dims == ("component", "energy", "node")
    assert np.moveaxis(field(), 1, 0).dims == ("node", "energy", "component")
    assert field().swapaxes(0, -1).dims == ("component", "node", "energy")


def test_a_square_array_is_not_confused_by_a_transpose() -> None:
    square = Observable(np.eye(4), ("energy", "node"), at="node")
    assert square.T.dims == ("node", "energy")


@pytest.mark.parametrize(
    "result",
    [2 * field(), field() - field(), np.abs(field()), field().sum(axis=0), field().mean(), np.conj(field())],
)
def test_arithmetic_gives_plain_numbers(result: Any) -> None:
    assert not isinstance(result, Observable)


def test_in_place_arithmetic_stays_labelled() -> None:
    value = field()
    value *= 3
    assert isinstance(value, Observable)
    assert value.dims == field().dims
    assert np.array_equal(np.asarray(value), 3 * np.asarray(field()))


def test_reshaped_arrays_lose_their_axes() -> None:
    flat = field().reshape(-1)
    assert (flat.dims, flat.at) == ((), "global")


@pytest.mark.parametrize(
    ("dims", "at", "rule"),
    [
        (("node",), "node", "dims must name the 2 axes"),
        (("energy", "cell"), "node", "needs an axis of that name"),
        (("energy", "node"), "nodes", "at must be one of"),
    ],
)
def test_labels_have_to_fit(dims: tuple[str, ...], at: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Observable(np.zeros((2, 5)), dims, at=at)
