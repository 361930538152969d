"""What is asked of a run in time: how long, which times to keep, where to start; signals of terminals."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Described
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StrictInt
from pydantic_core import CoreSchema, core_schema

from ..errors import show
from .base import Broken, Model, broken_rule
from .expressions import ExpressionError, Scalar, Signal
from .quantities import Quantity, Vector

__all__ = ["Time", "TimeSignal"]

_MOST = 100_000
_TIMES = Vector(Quantity("time", least=0), least=1, most=_MOST)
_COUNT = f"must be a whole number from 2 to {_MOST}, or a list of times"


class _Output:
    """Annotation: a number of times, or the times themselves."""

    def read(self, value: object) -> int | tuple[float, ...]:
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(_TIMES.read(value))
        if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= _MOST:
            raise broken_rule(_COUNT, show(value))
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        times = {"type": "array", "items": Quantity("time", least=0).json_schema(), "minItems": 1}
        return {"anyOf": [{"type": "integer", "minimum": 2, "maximum": _MOST}, times]}


class _SignalText:
    """Annotation: an expression of t."""

    def read(self, value: object) -> Signal:
        if isinstance(value, Signal):
            return value
        if not isinstance(value, str):
            raise broken_rule("must be an expression of the time t", show(value), 'such as "sin(3*t)"')
        try:
            return Signal(value)
        except ExpressionError as exc:
            raise broken_rule(exc.rule, show(value), exc.hint) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            lambda signal: getattr(signal, "text", None), when_used="json"
        )
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": ["1 if t < 2 else 0"]}


TimeSignal = Annotated[Signal, _SignalText()]


class Time(Model):
    """Charge and spin of a normal device from t = 0 on, where the terminals are switched on.

    >>> Time(stop=0.8, output=5).times.tolist()
    [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "end": "stop",
        "duration": "stop",
        "times": "output",
        "num": "output",
        "tol": "tolerance",
        "initial": "start",
        "charge": "voltage",
        "potential": "voltage",
        "spin": "spin_voltage",
        "spin_potential": "spin_voltage",
    }

    stop: Annotated[float, Quantity("time", above=0)]
    """The last time, as t/ħ [1/energy]; > 0."""
    output: Annotated[int | tuple[float, ...], _Output()] = 21
    """Times that are kept: how many, evenly from 0 to stop, or a rising list [1/energy]."""
    tolerance: Annotated[float, Quantity("number", above=0, below=1)] = 1e-5
    """Largest estimated error of a step: root mean square of the potentials, relative to the largest of the
    drive and the start."""
    start: Literal["rest", "steady"] = "rest"
    """The device before t = 0: at rest, or stationary with the terminals as they are at t = 0."""
    voltage: Annotated[Scalar, Quantity("voltage", field=True)] = 0.0
    """Electrochemical potential added to `start` at t = 0: charge density over 2N_F [energy]."""
    spin_voltage: Annotated[
        tuple[Scalar, Scalar, Scalar],
        Vector(Quantity("voltage", field=True), hint="components along x, y and z"),
    ] = (0.0, 0.0, 0.0)
    """Spin potential added to `start` at t = 0: spin density over 2N_F, less the exchange field [energy]."""
    max_steps: Annotated[StrictInt, Described(ge=1)] = 20_000
    """Most steps, rejected ones included."""

    def _relations(self) -> Iterable[Broken]:
        if isinstance(self.output, int):
            return
        if any(b <= a for a, b in itertools.pairwise(self.output)):
            yield Broken(("output",), "must rise", show(self.output))
        elif self.output[-1] > self.stop:
            yield Broken(("output",), f"must not go beyond stop = {self.stop:g}", show(self.output[-1]))

    @property
    def times(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The times that are kept."""
        if isinstance(self.output, int):
            return np.linspace(0.0, self.stop, self.output)
        return np.array(self.output)
