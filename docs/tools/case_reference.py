"""The reference of the case file, from the models that read it: every key, type, unit, default and bound."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from docs.tools.keeping import write
from docs.tools.markdown import escaped, table
from usadel_fem.case import (
    Contact,
    Field,
    Impurities,
    Info,
    Interface,
    Line,
    Material,
    Output,
    PairPotential,
    Point,
    Solve,
    Terminal,
    Units,
    Vortex,
)
from usadel_fem.case.base import Model
from usadel_fem.case.meshing import MeshSpec
from usadel_fem.case.quantities import Quantity, Vector
from usadel_fem.case.shapes import Annulus, Box, Cross, Disk, Layer, Layers, Rectangle, Wire
from usadel_fem.case.timing import Time
from usadel_fem.case.units import DIMENSIONS, EXAMPLES

SECTIONS: tuple[tuple[str, type[Model]], ...] = (
    ("[case]", Info),
    ("[units]", Units),
    ("[mesh]", MeshSpec),
    ("[material.NAME]", Material),
    ("[material.NAME.Delta]", PairPotential),
    ("[material.NAME.impurities]", Impurities),
    ("[terminal.BOUNDARY]", Terminal),
    ("[terminal.BOUNDARY.contact]", Contact),
    ("[interface.NAME]", Interface),
    ("[field]", Field),
    ("[[vortex]]", Vortex),
    ("[solve]", Solve),
    ("[solve.time]", Time),
    ("[output]", Output),
    ("[output.at.NAME], a point", Point),
    ("[output.at.NAME], a line", Line),
)
SHAPES: tuple[type[Model], ...] = (Wire, Layers, Layer, Rectangle, Box, Cross, Disk, Annulus)

# types that are annotated with objects of their own, told in words
IN_WORDS = {
    "energies": "list of energies, {start, stop, num}, or {imaginary = …}",
    "output": "whole number ≥ 2, or rising list of times",
    "signal": "expression of the time `t`",
    "axes": 'list of "x", "y", "z"',
    "shape": "name of a shape, with its keys beside it",
    "at": "see below",
}
UNITS = {"energies": "energy", "output": "time"}


def case_reference() -> None:
    """Write the page."""
    parts = [HEAD]
    for title, model in SECTIONS:
        parts.append(section("##", title, model))
        if model is MeshSpec:
            parts += [section("###", shape_title(shape), shape) for shape in SHAPES]
            parts.append(REGION)
        if model is Time:
            parts.append(SWEEP)
    parts.append(dimensions())
    write("case.md", "\n\n".join(parts) + "\n")


HEAD = """# Every key of a case file

Made from the models that read case files. Numbers may be strings with units where the case has `[units]`;
those marked *expression* may depend on position. A key without a default is required; "–" stands for
absent. What each section is for is told in [](../guide/case_files.md)."""

REGION = """## \\[region\\]

`MESH_REGION = "MATERIAL"`: every region of the mesh, each with the name of a material."""

SWEEP = """## \\[sweep\\]

`"dotted.key" = [values]` or `{ start, stop, num }`: values of keys of the case, a grid of them where
several are named. Used by `usadel-fem sweep` only; see [](../guide/sweeps.md)."""


def section(level: str, title: str, model: type[Model]) -> str:
    """A heading, what the model says about itself, and its keys."""
    rows = [row(name, info) for name, info in sorted(fields(model), key=lambda f: not f[1].is_required())]
    text = (model.__doc__ or "").split(">>>")[0].split("Raises")[0]
    told = " ".join(text.split())
    head = ["key", "type", "unit", "default", "what it is"]
    return f"{level} {escaped(title)}\n\n{escaped(told)}\n\n{table(head, rows)}"


def shape_title(shape: type[Model]) -> str:
    """As written in a case."""
    if shape is Layer:
        return "an entry of layers"
    return f'shape = "{get_args(shape.model_fields["shape"].annotation)[0]}"'


def fields(model: type[Model]) -> Iterator[tuple[str, FieldInfo]]:
    """Keys as a user writes them."""
    for name, info in model.model_fields.items():
        if not info.exclude and not (name == "shape" and model is not MeshSpec):
            yield info.alias or name, info


def row(key: str, info: FieldInfo) -> list[str]:
    """A line of the table."""
    number = quantity(info)
    unit = UNITS.get(key, "") if number is None else number.dimension
    return [
        f"`{key}`",
        escaped(kind(key, info)),
        unit_text(unit),
        "required" if info.is_required() else default(info),
        escaped(" ".join((info.description or "").split())),
    ]


def parts_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The alternatives of a type, each with its annotations; None is left out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        yield from parts_of(inner, (*more, *metadata))
    elif origin in (Union, types.UnionType) and not any(isinstance(m, Quantity | Vector) for m in metadata):
        for item in get_args(annotation):
            if item is not type(None):
                yield from parts_of(item, metadata)
    else:
        yield annotation, metadata


def quantity(info: FieldInfo) -> Quantity | None:
    """The kind of number that a key takes."""
    for _, metadata in parts_of(info.annotation, tuple(info.metadata)):
        for note in metadata:
            if isinstance(note, Quantity):
                return note
            if isinstance(note, Vector):
                return note.entry
    return None


def kind(key: str, info: FieldInfo) -> str:
    """The type in words."""
    return " or ".join(
        dict.fromkeys(one_kind(key, *part) for part in parts_of(info.annotation, tuple(info.metadata)))
    )


def one_kind(key: str, annotation: Any, metadata: tuple[Any, ...]) -> str:
    """The same of one alternative."""
    for note in metadata:
        if isinstance(note, Quantity):
            return f"number{note.bounds()}" + (", expression" if note.field else "")
        if isinstance(note, Vector):
            return f"{note.describe()}{note.entry.bounds()}"
    if key in IN_WORDS:
        return IN_WORDS[key]
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in inside)
    if origin is tuple:
        return f"list of {one_kind(key, *next(iter(parts_of(inside[0]))))}s"
    if origin is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return "table"
    names = {bool: "true or false", int: "whole number", str: "text", float: "number"}
    bounds = "".join(
        f" {sign} {getattr(note, name)}"
        for note in metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if getattr(note, name, None) is not None
    )
    return names.get(annotation, str(annotation)) + bounds


def default(info: FieldInfo) -> str:
    """The default as TOML."""
    value = info.get_default(call_default_factory=True)
    if value is None or value == {} or isinstance(value, Model):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "–"
    if isinstance(value, tuple):
        texts = [f'"{v}"' if isinstance(v, str) else f"{v:g}" for v in value]
        return f"`[{', '.join(texts)}]`" if value else "–"
    return f"`{value:g}`"


def unit_text(dimension: str) -> str:
    """What a dimension is in units of energy and length."""
    if dimension in ("", "number"):
        return "" if dimension == "" else "1"
    if dimension == "angle":
        return "rad"
    _, energies, lengths = DIMENSIONS[dimension]
    powers = {1: "", 2: "²", 3: "³"}
    above = [n + powers[p] for n, p in (("energy", energies), ("length", lengths)) if p > 0]
    below = [n + powers[-p] for n, p in (("energy", energies), ("length", lengths)) if p < 0]
    text = "·".join(above) or "1"
    return (
        text if not below else f"{text}/" + ("·".join(below) if len(below) == 1 else f"({'·'.join(below)})")
    )


def dimensions() -> str:
    """How values of each dimension may be written."""
    constant = {"": "", "hbar": "ħ × ", "1/hbar": "1/ħ × ", "1/hbar^2": "1/ħ² × "}
    constant |= {"e": "e × ", "e/hbar": "e/ħ × ", "k": "k_B × "}
    rows = [
        [name, escaped(constant[forms[0][1]] + "value"), unit_text(name), f'`"{EXAMPLES[name]}"`']
        for name, (forms, _, _) in DIMENSIONS.items()
    ]
    return "## Dimensions\n\nWhat a number with a unit becomes, in units of the case.\n\n" + table(
        ["dimension", "is kept as", "in", "for instance"], rows
    )
