"""Built-in shapes, one model per shape: the keys that stand in [mesh] beside `shape`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictInt, StringConstraints

from ..errors import show
from .base import Broken, Model
from .quantities import Length, PositiveLength, Quantity, Vector

__all__ = ["Annulus", "Box", "Cross", "Disk", "Layer", "Layers", "Rectangle", "Shape", "Wire"]

_Name = Annotated[str, StringConstraints(strict=True, min_length=1)]
_Count = Annotated[StrictInt, Field(ge=1, le=100_000)]
_Grading = Annotated[float, Quantity("number", above=0)]
_Distortion = Annotated[float, Quantity("number", least=0, below=1)]
_Origin = Annotated[tuple[float, ...], Vector(Quantity("length"), least=1, most=3)]


class _Shape(Model):
    """What the shapes share."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "size": "resolution",
        "h": "resolution",
        "mesh_size": "resolution",
        "n": "elements",
        "height": "width",
        "thickness": "length",
        "angle": "slant",
        "center": "centre",
        "name": "region",
    }

    resolution: PositiveLength | None = None
    """Target edge length of the elements."""


class _Grid(_Shape):
    """What shapes made of a grid share."""

    distortion: _Distortion = 0.0
    """How irregular the grid is: 0 regular; towards 1 its nodes are moved, the same way in every run, as far
    as elements allow. Regions and boundaries keep their shape."""


class _Block(_Grid):
    """What a wire, a rectangle and a box share."""

    grading: _Grading = 1.0
    """Size of the elements in the middle over that at both ends, along every side."""
    origin: _Origin | None = None
    """Position of the lower corner; absent: zeros."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _one_of(data)


class Wire(_Block):
    """A line of one region, mesh coordinate 0 to length. Boundaries: left, right.

    >>> Wire(shape="wire", length=2.5, elements=50).region
    'wire'
    """

    shape: Literal["wire"]
    """A line of one region."""
    length: PositiveLength
    """Length."""
    region: _Name = "wire"
    """Name of the region."""
    elements: _Count | None = None
    """Number of elements, instead of a resolution."""


class Rectangle(_Block):
    """Boundaries: left, right (ends of the first coordinate), bottom, top (of the second).

    >>> Rectangle(shape="rectangle", length=2, width=1, resolution=0.25).distortion
    0.0
    """

    shape: Literal["rectangle"]
    """A rectangle of one region."""
    length: PositiveLength
    """Length along the first mesh coordinate."""
    width: PositiveLength
    """Width along the second."""
    region: _Name = "rectangle"
    """Name of the region."""
    elements: tuple[_Count, _Count] | None = None
    """Number of grid cells along either side, instead of a resolution."""


class Box(_Block):
    """Boundaries: left, right, bottom, top, front, back (ends of the first, second and third coordinate).

    >>> Box(shape="box", length=2, width=1, depth=1, elements=[8, 4, 4]).elements
    (8, 4, 4)
    """

    shape: Literal["box"]
    """A box of one region."""
    length: PositiveLength
    """Length along the first mesh coordinate."""
    width: PositiveLength
    """Width along the second."""
    depth: PositiveLength
    """Depth along the third."""
    region: _Name = "box"
    """Name of the region."""
    elements: tuple[_Count, _Count, _Count] | None = None
    """Number of grid cells along each side, instead of a resolution."""


class Layer(Model):
    """One layer of a stack."""

    _SYNONYMS: ClassVar[Mapping[str, str]] = _Shape._SYNONYMS

    region: _Name
    """Name of the region; layers of one name are one region."""
    length: PositiveLength
    """Thickness of the layer."""
    resolution: PositiveLength | None = None
    """Mean element size along the layer; absent: that of the shape."""
    elements: _Count | None = None
    """Number of elements along the layer, instead of a resolution."""
    grading: _Grading | None = None
    """Size of elements in the middle of the layer over that at its two faces; absent: that of the shape."""
    slant: Length = 0.0
    """Tilt of the face to the next layer: how far its top lies to the right of its bottom. The length is that
    at half the width."""
    interface: _Name | None = None
    """Name of the face to the next layer; absent: "<region>|<next region>" where the regions differ."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        if data.get("resolution") is not None and data.get("elements") is not None:
            yield Broken(("elements",), "must not stand beside a resolution", show(data["elements"]))


class Layers(_Grid):
    """Layers stacked along the first coordinate: a wire, with a width a strip, with a depth too a bar.

    Boundaries: left, right, with a width bottom and top, with a depth front and back.

    >>> stack = Layers(shape="layers", layers=[{"region": "S", "length": 3, "elements": 30},
    ...                                        {"region": "N", "length": 2, "elements": 20}])
    >>> stack.layers[1].region
    'N'
    """

    shape: Literal["layers"]
    """Layers stacked along the first mesh coordinate."""
    layers: tuple[Layer, ...]
    """The layers from left to right, each {region, length, resolution or elements, …}."""
    width: PositiveLength | None = None
    """Size along the second mesh coordinate; absent: one dimension."""
    depth: PositiveLength | None = None
    """Size along the third mesh coordinate; absent: two dimensions at most."""
    grading: _Grading = 1.0
    """Size of the elements in the middle of every layer over that at its two faces."""
    origin: _Origin | None = None
    """Position of the lower left corner; absent: zeros."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        if data.get("layers") in ([], ()):
            yield Broken(("layers",), "must name at least one layer", "none")

    def _relations(self) -> Iterable[Broken]:
        if self.depth is not None and self.width is None:
            yield Broken(("depth",), "must stand beside a width", show(self.depth))
        for number, layer in enumerate(self.layers):
            if layer.elements is None and layer.resolution is None and self.resolution is None:
                where = ("layers", number, "resolution")
                yield Broken(where, "is required, or a number of elements", "neither")


class Cross(_Grid):
    """A square around the origin with four arms; in three dimensions with a depth.

    Boundaries: west, east, south, north (the ends of the arms), with a depth front and back.
    Interfaces: "<centre>|<arm>" for every arm with a region of its own.

    >>> Cross(shape="cross", width=1.0, arm=2.0, resolution=0.5, west="S1", east="S2").north
    'north'
    """

    shape: Literal["cross"]
    """Four arms that meet in a square."""
    width: PositiveLength
    """Width of the arms, the side of the square."""
    arm: PositiveLength
    """Length of every arm."""
    depth: PositiveLength | None = None
    """Size along the third mesh coordinate; absent: two dimensions."""
    centre: _Name = "centre"
    """Region of the square."""
    west: _Name = "west"
    """Region of the arm towards negative first coordinate."""
    east: _Name = "east"
    """Region of the arm towards positive first coordinate."""
    south: _Name = "south"
    """Region of the arm towards negative second coordinate."""
    north: _Name = "north"
    """Region of the arm towards positive second coordinate."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _needs_resolution(data)


class Disk(_Shape):
    """A disk around the origin, its circles exact to the fourth order. Boundary: rim.

    With a core: interface "<core_region>|<region>".

    >>> Disk(shape="disk", radius=3.0, core=0.5, resolution=0.25).core_region
    'core'
    """

    shape: Literal["disk"]
    """A disk with a curved rim."""
    radius: PositiveLength
    """Radius."""
    region: _Name = "disk"
    """Name of the region outside the core."""
    core: PositiveLength | None = None
    """Radius of an inner region; absent: none."""
    core_region: _Name = "core"
    """Name of the inner region."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _needs_resolution(data)

    def _relations(self) -> Iterable[Broken]:
        if self.core is not None and self.core >= self.radius:
            yield Broken(("core",), f"must be < {self.radius:g}, the radius", show(self.core))
        if self.core is not None and self.core_region == self.region:
            yield Broken(("core_region",), "must differ from region", show(self.core_region))


class Annulus(_Shape):
    """A ring around the origin, its circles exact to the fourth order. Boundaries: inner, outer.

    >>> Annulus(shape="annulus", inner=1.0, outer=2.0, resolution=0.25).region
    'annulus'
    """

    shape: Literal["annulus"]
    """A ring with curved rims."""
    inner: PositiveLength
    """Inner radius."""
    outer: PositiveLength
    """Outer radius."""
    region: _Name = "annulus"
    """Name of the region."""

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from _needs_resolution(data)

    def _relations(self) -> Iterable[Broken]:
        if self.inner >= self.outer:
            yield Broken(("inner",), f"must be < {self.outer:g}, the outer radius", show(self.inner))


def _one_of(data: Mapping[str, Any]) -> Iterable[Broken]:
    given = [key for key in ("resolution", "elements") if data.get(key) is not None]
    if not given:
        yield Broken(("resolution",), "is required, or a number of elements", "neither")
    if len(given) == 2:
        yield Broken(("elements",), "must not stand beside a resolution", show(data["elements"]))


def _needs_resolution(data: Mapping[str, Any]) -> Iterable[Broken]:
    if data.get("resolution") is None:
        yield Broken(("resolution",), "is required", "nothing")


Shape = Annotated[Layers | Wire | Rectangle | Box | Cross | Disk | Annulus, Field(discriminator="shape")]
