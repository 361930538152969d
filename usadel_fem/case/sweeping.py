"""The [sweep] table: dotted keys of the case and the values that each of them takes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from ..errors import did_you_mean, show
from .base import FrozenDict, broken_rule, dotted

__all__ = ["Sweep", "grid"]

MOST = 100_000
"""Points of a sweep."""

_RANGE = ("start", "stop", "num")
_RULE = "must be a list of values or {start =, stop =, num =}"
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*?)\s*")


def _read(value: object) -> FrozenDict:
    if not isinstance(value, Mapping):
        raise broken_rule("must be a table of keys and their values", show(value))
    found = FrozenDict(_flat(value, ()))
    count = np.prod([float(len(values)) for values in found.values()])
    if count > MOST:
        raise broken_rule(f"must have at most {MOST} points", f"{count:.0f}")
    for key in found:
        if key.split(".")[0] in ("sweep", "output", "case", "source"):
            raise broken_rule("must name keys that change the result", show(key))
    return found


def _flat(table: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(dotted key, values): a key may be written in quotes or as TOML tables."""
    for name, value in table.items():
        here = (*place, str(name))
        if isinstance(value, Mapping) and not set(value) & set(_RANGE):
            yield from _flat(value, here)
        else:
            # a key in quotes holds its own dots
            yield (name if not place else dotted(here)), _values(value, ".".join(here))


def _values(value: object, key: str) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        return _range(value, key)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise broken_rule(_RULE, f"{key} = {show(value)}")
    return tuple(value)


def _range(value: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    for name in value:
        if name not in _RANGE:
            raise broken_rule(_RULE, f"{key} = {show(value)}", did_you_mean(name, _RANGE))
    num = value.get("num")
    if set(value) != set(_RANGE) or isinstance(num, bool) or not isinstance(num, int) or num < 2:
        raise broken_rule(_RULE + " with num ≥ 2", f"{key} = {show(value)}")
    (start, unit), (stop, other) = (_quantity(value[name], key) for name in _RANGE[:2])
    if unit != other:
        raise broken_rule("must have start and stop in the same unit", f"{key} = {show(value)}")
    numbers = np.linspace(start, stop, num).tolist()
    return tuple(f"{number!r} {unit}" for number in numbers) if unit else tuple(numbers)


def _quantity(value: object, key: str) -> tuple[float, str]:
    """A number and its unit, empty where it has none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), ""
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise broken_rule('must start and stop at numbers, such as 0.3 or "1.2 K"', f"{key}: {show(value)}")
    return float(match[1]), match[2]


Sweep = Annotated[
    Mapping[str, Any],
    BeforeValidator(_read),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    {"type": "array", "minItems": 1},
                    {"type": "object", "description": "{start, stop, num}, or a table of further keys"},
                ]
            },
        }
    ),
]
"""Annotation: dotted key → its values; several keys make a grid."""


def grid(sweep: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """All points of a sweep, the last key fastest.

    >>> grid({"solve.temperature": (0.1, 0.2), "material.F.D": (1, 2)})[1]
    {'solve.temperature': 0.1, 'material.F.D': 2}
    """
    return [dict(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]
