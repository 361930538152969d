"""What a run writes: fields, formats and probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, StrictInt, StringConstraints, WrapValidator
from pydantic import Field as Described

from ..errors import show
from .base import Broken, FrozenDict, Model
from .quantities import Quantity, Vector

__all__ = ["Line", "Output", "Point", "Probe"]

_Text = Annotated[str, StringConstraints(strict=True, min_length=1)]


class Point(Model):
    """A point probe: [x, y]."""

    at: Annotated[tuple[float, ...], Vector(Quantity("length"), least=1, most=3, hint="mesh coordinates")]
    """Mesh coordinates [length]."""

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        return data if isinstance(data, Mapping) else {"at": data}


class Line(Model):
    """A line probe: {from = [x, y], to = [x, y], num = n}."""

    start: Annotated[tuple[float, ...], Vector(Quantity("length"), least=1, most=3)] = Described(alias="from")
    """First point in mesh coordinates [length]."""
    stop: Annotated[tuple[float, ...], Vector(Quantity("length"), least=1, most=3)] = Described(alias="to")
    """Last point in mesh coordinates [length]."""
    num: Annotated[StrictInt, Described(ge=2, le=1_000_000)] = 101
    """How many points, ends included."""

    def _relations(self) -> Iterable[Broken]:
        if len(self.start) != len(self.stop):
            yield Broken(("to",), "must have as many coordinates as from", show(self.stop))
        elif self.start == self.stop:
            yield Broken(("to",), "must differ from from", show(self.stop))


def _probe(value: Any, _: Callable[[Any], Any]) -> Point | Line:
    if isinstance(value, Point | Line):
        return value
    if isinstance(value, Mapping) and "at" not in value:
        return Line.model_validate(value)
    return Point.model_validate(value)


Probe = Annotated[Point | Line, WrapValidator(_probe)]


class Output(Model):
    """What is written, and where."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {"dir": "directory", "folder": "directory", "format": "formats"}

    directory: _Text = "case.out"
    """Folder of the results, relative to where the program runs. Absent: the case file's name with ".out"."""
    fields: tuple[_Text, ...] | None = None
    """Names of the fields to write. Absent: all."""
    formats: tuple[Literal["vtu", "vtkhdf", "csv"], ...] = ("vtu",)
    """Formats of the field files beside result.h5; see `usadel-fem export`."""
    at: Annotated[dict[_Text, Probe], AfterValidator(FrozenDict)] = Described(default_factory=FrozenDict)
    """Named probes: a point [x, y], or a line {from =, to =, num =}."""
