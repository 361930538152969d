"""Where the mesh of a case comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field as Described
from pydantic import PlainValidator, StrictInt, StringConstraints, WithJsonSchema
from pydantic_core import InitErrorDetails

from ..errors import did_you_mean, show
from .base import Broken, Model, broken_rule
from .shapes import Shape

__all__ = ["AXES", "MeshSpec"]

AXES = ("x", "y", "z")

_Text = Annotated[str, StringConstraints(strict=True, min_length=1)]


def _axis(value: object) -> int:
    if isinstance(value, str) and value in AXES:
        return AXES.index(value)
    if isinstance(value, int) and not isinstance(value, bool) and value in range(3):
        return value
    raise broken_rule('must be "x", "y" or "z"', show(value))


_Axis = Annotated[int, PlainValidator(_axis), WithJsonSchema({"enum": list(AXES)})]


class MeshSpec(Model):
    """Where the mesh comes from: a file, or a built-in shape with its own keys beside these."""

    file: _Text | None = None
    """Gmsh MSH 4.1 file with named physical groups; a relative path starts at the case file."""
    shape: Shape | None = None
    """Built-in shape; its sizes and names stand beside it."""
    axes: tuple[_Axis, ...] | None = None
    """Physical axes of the mesh coordinates, such as ["x", "y"]. Absent: x, y, z in this order."""
    order: StrictInt = 2
    """Lagrange order of ǧ: 1 or 2."""
    refine: Annotated[StrictInt, Described(ge=0, le=8)] = 0
    """How many times every element is split uniformly; 0 to 8."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "mesh": "file",
        "path": "file",
        "degree": "order",
        "type": "shape",
    }

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("shape"), str):
            return data
        own = {key: value for key, value in data.items() if key in cls.model_fields and key != "shape"}
        return {**own, "shape": {key: value for key, value in data.items() if key not in own}}

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        if data.get("file") is None and data.get("shape") is None:
            yield Broken((), "must have a file or a shape", show(dict(data)))
        if data.get("file") is not None and data.get("shape") is not None:
            yield Broken(("file",), "must not stand beside a shape: give one of the two", show(data["file"]))

    @classmethod
    def _in_words(cls, error: Any) -> InitErrorDetails:
        where = error["loc"]
        if len(where) < 2 or where[0] != "shape":
            return super()._in_words(error)
        # the keys of a shape stand beside it: drop "shape" and its name from the location
        context = error.get("ctx", {})
        if len(where) == 3 and context.get("rule") == "is not a known key":
            own = did_you_mean(str(where[2]), cls.keys(), cls._SYNONYMS)
            context["hint"] = own if own and "did you mean" not in context["hint"] else context["hint"]
        error["loc"] = where[2:]
        return super()._in_words(error)

    def _relations(self) -> Iterable[Broken]:
        if self.order not in (1, 2):
            yield Broken(("order",), "must be 1 or 2", str(self.order))
        if self.axes is not None and len(set(self.axes)) < len(self.axes):
            yield Broken(("axes",), "must not repeat an axis", show([AXES[axis] for axis in self.axes]))
        elif self.axes is not None and not 1 <= len(self.axes) <= 3:
            yield Broken(("axes",), "must name 1 to 3 axes", show(self.axes))
