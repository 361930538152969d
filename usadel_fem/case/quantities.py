"""Types of the numbers in a case: plain, with a unit, or an expression; all end in reduced units."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from ..errors import show
from .base import broken_rule
from .expressions import Expression, ExpressionError, Scalar
from .units import EXAMPLES, UnitError, looks_like_quantity, to_reduced

__all__ = [
    "Energy",
    "Length",
    "PositiveLength",
    "Quantity",
    "Triple",
    "UnitSystem",
    "Vector",
    "units_of_case",
]

UnitSystem = tuple[str, str]
"""The base units of a case: those of energy and length."""


@dataclass(frozen=True)
class _Reading:
    units: UnitSystem | None = None
    broken: bool = False
    hint: str = "give Case(units=...) a plain table instead of a model: only a case knows its units"


_OUTSIDE = _Reading()
_INFINITE = ("inf", "+inf", "-inf")
_UNITS_HINT = 'add a [units] table, such as energy = "meV" and length = "nm"'
_READING: ContextVar[_Reading] = ContextVar("reading", default=_OUTSIDE)


@contextmanager
def units_of_case(units: UnitSystem | None, broken: bool = False, hint: str = _UNITS_HINT) -> Iterator[None]:
    """Read quantities in these units; `broken` units were reported already and convert everything to 1.

    `hint` tells those who write a unit where there are none how to say what plain numbers are in.
    """
    token = _READING.set(_Reading(units, broken, hint))
    try:
        yield
    finally:
        _READING.reset(token)


@dataclass(frozen=True)
class Quantity:
    """Annotation of a number: its dimension, its bounds, and whether it may depend on position.

    >>> from pydantic import TypeAdapter
    >>> TypeAdapter(Annotated[float, Quantity("length", above=0)]).validate_python("pi/2") > 1.5
    True
    """

    dimension: str = "number"
    above: float | None = None
    least: float | None = None
    below: float | None = None
    other_than: float | None = None
    infinite: bool = False
    field: bool = False

    def read(self, value: object) -> Scalar:
        """The value in reduced units.

        Raises
        ------
        PydanticCustomError : not a number, out of bounds, unknown or wrong unit, not a safe expression
        """
        if isinstance(value, Expression):
            result: Scalar = value
        elif isinstance(value, str):
            endless = self.infinite and value.strip() in _INFINITE
            result = float(value) if endless else self._from_text(value)
        elif isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise broken_rule(f"must be {self.describe()}", show(value))
        else:
            result = _as_float(value)
        if isinstance(result, Expression) and not self.field:
            raise broken_rule(
                f"must be {self.describe()}", show(value), "this value cannot depend on position"
            )
        if isinstance(result, float):
            self._check(result, value)
        return result

    def describe(self) -> str:
        """What is allowed, as a phrase."""
        infinite = ", inf or -inf" if self.infinite else ""
        return f"a number{self.bounds()}{infinite}" + (" or an expression of position" if self.field else "")

    def bounds(self) -> str:
        """The bounds, as `` > 0``, or an empty string."""
        limits = ((">", self.above), (">=", self.least), ("<", self.below), ("other than", self.other_than))
        return " and".join(f" {sign} {limit:g}" for sign, limit in limits if limit is not None)

    def allows(self, number: float) -> bool:
        """Whether a finite number keeps the bounds."""
        return not (
            (self.above is not None and not number > self.above)
            or (self.least is not None and not number >= self.least)
            or (self.below is not None and not number < self.below)
            or number == self.other_than
        )

    def _check(self, number: float, value: object) -> None:
        if not math.isfinite(number) and not (self.infinite and math.isinf(number)):
            raise broken_rule(f"must be {'a' if self.infinite else 'a finite'} number", show(value))
        if not self.allows(number):
            raise broken_rule(f"must be{self.bounds()}", show(value))

    def _from_text(self, text: str) -> Scalar:
        if looks_like_quantity(text):
            return self._from_quantity(text)
        try:
            expression = Expression(text)
            return expression if expression.uses_position else expression.constant()
        except ExpressionError as exc:
            raise broken_rule(exc.rule, show(text), exc.hint) from None

    def _from_quantity(self, text: str) -> float:
        reading = _READING.get()
        if self.dimension == "number":
            raise broken_rule("must be a number without a unit", show(text))
        if reading.broken:
            return 1.0
        if reading.units is None and self.dimension != "angle":
            raise broken_rule("may carry a unit only in a case with [units]", show(text), reading.hint)
        energy, length = reading.units or ("", "")
        try:
            return to_reduced(text, self.dimension, energy, length)
        except UnitError as exc:
            raise broken_rule(exc.rule, show(text), exc.hint) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read, serialization=_JSON_TEXT)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return self.json_schema()

    def json_schema(self) -> dict[str, Any]:
        """JSON schema: a number within the bounds, or a string (constant, unit or expression)."""
        number: dict[str, Any] = {"type": "number"}
        for name, limit in (
            ("exclusiveMinimum", self.above),
            ("minimum", self.least),
            ("exclusiveMaximum", self.below),
        ):
            if limit is not None:
                number[name] = limit
        if self.other_than is not None:
            number["not"] = {"const": self.other_than}
        text: dict[str, Any] = {"type": "string"}
        examples = [EXAMPLES[self.dimension]] if self.dimension in EXAMPLES else []
        if examples + (["0.3*cos(pi*x/4)"] if self.field else []):
            text["examples"] = examples + (["0.3*cos(pi*x/4)"] if self.field else [])
        return {"anyOf": [number, text]}


@dataclass(frozen=True)
class Vector:
    """Annotation of a list of quantities, `least` to `most` of them, or of one alone where `scalar`."""

    entry: Quantity
    least: int = 3
    most: int = 3
    hint: str = ""
    finish: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None = None
    scalar: bool = False

    def read(self, value: object) -> Any:
        """The components in reduced units; every wrong component is reported."""
        if self.scalar and isinstance(value, numbers.Real | str):
            return self.entry.read(value)
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise broken_rule(f"must be {self.describe()}", show(value), self.hint)
        if not self.least <= len(value) <= self.most:
            raise broken_rule(f"must be {self.describe()}", show(value), f"{len(value)} given")
        components: list[Scalar] = []
        errors: list[InitErrorDetails] = []
        for index, item in enumerate(value):
            try:
                components.append(self.entry.read(item))
            except PydanticCustomError as exc:
                errors.append({"type": exc, "loc": (index,), "input": item})
        if errors:
            raise ValidationError.from_exception_data("vector", errors)
        return self.finish(tuple(components)) if self.finish else tuple(components)

    def describe(self) -> str:
        """What is allowed, as a phrase."""
        count = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        one = "a number or " if self.scalar else ""
        return f"{one}a list of {count} numbers" + (" or expressions" if self.entry.field else "")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read, serialization=_JSON_TEXT)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        entry = self.entry.json_schema()
        array = {"type": "array", "items": entry, "minItems": self.least, "maxItems": self.most}
        return {"anyOf": [*entry["anyOf"], array]} if self.scalar else array


def _as_float(value: numbers.Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return str(value)  # JSON has no word for it; `Quantity.read` knows this one
    return value.text if isinstance(value, Expression) else value


_JSON_TEXT = core_schema.plain_serializer_function_ser_schema(_plain, when_used="json")

Energy = Annotated[float, Quantity("energy")]
Length = Annotated[float, Quantity("length")]
PositiveLength = Annotated[float, Quantity("length", above=0)]
Triple = tuple[float, float, float]
