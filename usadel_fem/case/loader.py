"""Read a case file, lay overrides over it, validate: everything wrong in it comes back in one `CaseError`."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import CaseError, Problem, did_you_mean, show
from .base import dotted
from .models import Case, Source

__all__ = ["load_case", "varied"]

_OVERRIDE = "--set"
_LARGEST = 4_000_000
_NONE: Mapping[str, str] = MappingProxyType({})


def load_case(path: str | Path, overrides: Mapping[str, Any] = _NONE) -> Case:
    """The case in a TOML file.

    Args:
        path: case file.
        overrides: dotted key -> value, as TOML text ("[0, 0, 0.3]", '"2*x"') or a number or list; laid over
            the file before it is validated; entries of a list are counted from 0 ("vortex.0.winding").

    Raises:
        CaseError: every mistake of the file and of the overrides at once.

    >>> import pathlib, tempfile
    >>> text = '''
    ... mesh = {file = "wire.msh"}
    ... material.N = {D = 1.0}
    ... region = {wire = "N"}
    ... terminal.left = {Delta = 1.0, phase = "pi/2"}
    ... solve = {kind = "spectrum", energies = [0.0, 0.5]}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "wire.toml")
    ...     _ = file.write_text(text)
    ...     case = load_case(file, {"material.N.D": "0.83"})
    >>> case.material["N"].D, case.output.directory
    (0.83, 'wire.out')
    """
    file = str(path)
    changes = tuple(
        (key, value if isinstance(value, str) else _toml(value)) for key, value in overrides.items()
    )
    text = _text(Path(path), file)
    return _resolved(_parsed(text, file), Source(text, str(Path(path).parent), file, changes))


def varied(case: Case, changes: Mapping[str, Any]) -> Case:
    """The case with some keys set anew: a point of a sweep, without its [sweep] table.

    Parameters
    ----------
    case : from a file, whose text is read again, or built in Python
    changes : dotted key -> value

    Raises
    ------
    CaseError : every mistake that the changes make

    >>> case = Case(
    ...     mesh={"file": "wire.msh"}, material={"N": {"D": 1.0}}, region={"wire": "N"},
    ...     terminal={"left": {"Delta": 1.0}}, solve={"kind": "spectrum", "energies": [0.3]},
    ... )
    >>> varied(case, {"material.N.D": 0.83}).material["N"].D
    0.83
    """
    source = case.source
    if source.text:
        table = _parsed(source.text, source.file)
    else:
        table = json.loads(case.model_dump_json(by_alias=True, exclude_defaults=True))
    table.pop("sweep", None)
    overrides = {**dict(source.overrides), **{key: _toml(value) for key, value in changes.items()}}
    return _resolved(table, replace(source, overrides=tuple(overrides.items())))


def _toml(value: Any) -> str:
    """A value as TOML text: JSON but for inline tables."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _resolved(table: dict[str, Any], source: Source) -> Case:
    file, overrides = source.file, dict(source.overrides)
    problems = (
        [Problem("source", "is not a known key", show(table.pop("source")), file=file)]
        if "source" in table
        else []
    )
    given = {section: _names(table.get(section)) for section in ("material", "terminal")}
    table, refused = _overlaid(table, overrides)
    problems += refused + _idle_materials(table, overrides, given["material"])
    try:
        case = Case.model_validate({**_with_directory(table, Path(file or "case").stem), "source": source})
    except CaseError as exc:
        told = [_of_new_terminal(problem, given["terminal"]) for problem in exc.problems]
        problems += [problem.within(_blamed(problem.key, overrides, file)) for problem in told]
    if problems:
        raise CaseError(problems)
    return case


def _names(table: Any) -> list[str]:
    return list(table) if isinstance(table, dict) else []


def _idle_materials(
    table: Mapping[str, Any], overrides: Mapping[str, str], given: Sequence[str]
) -> list[Problem]:
    """Overrides of materials that neither the file nor a region knows: they would change nothing."""
    used = table.get("region")
    known = {*given, *(map(str, used.values()) if isinstance(used, dict) else ())}
    parts = [_key_parts_or_empty(key) for key in overrides]
    names = dict.fromkeys(p[1] for p in parts if len(p) > 1 and p[0] == "material" and p[1] not in known)
    rule = "must be a material of the case, or of a region"
    return [
        Problem(dotted(("material", n)), rule, show(n), did_you_mean(n, sorted(known)), _OVERRIDE)
        for n in names
    ]


def _of_new_terminal(problem: Problem, given: Sequence[str]) -> Problem:
    """An incomplete terminal that the file lacks is most likely a slip of the pen: say which was meant."""
    parts = _key_parts_or_empty(problem.key)
    if len(parts) != 2 or parts[0] != "terminal" or parts[1] in given:
        return problem
    hint = did_you_mean(parts[1], given)
    rule = "is not a terminal of the case"
    return replace(problem, rule=rule, received=show(parts[1]), hint=hint) if hint else problem


def _text(path: Path, file: str) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise CaseError([Problem("", f"must be a case file of at most {_LARGEST} bytes", file=file)])
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CaseError(
            [Problem("", "must be an existing case file", "nothing", _other_file(path), file)]
        ) from None
    except UnicodeDecodeError as exc:
        raise CaseError(
            [Problem("", "must be text in UTF-8", f"byte {exc.start} is not", file=file)]
        ) from None
    except OSError as exc:
        reason = "a directory" if path.is_dir() else exc.strerror or type(exc).__name__
        raise CaseError([Problem("", "must be a readable case file", reason, file=file)]) from None


def _other_file(path: Path) -> str:
    folder = path.parent
    return did_you_mean(path.name, sorted(p.name for p in folder.glob("*.toml"))) if folder.is_dir() else ""


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise CaseError(
            [Problem("", "must be valid TOML", *_toml_mistake(str(exc), text), file=file)]
        ) from None
    except RecursionError:
        raise CaseError([Problem("", "must be valid TOML", "tables nested too deeply", file=file)]) from None


def _toml_mistake(message: str, text: str) -> tuple[str, str]:
    """What tomllib says, and the line it stopped at."""
    place = re.search(r"\(at line (\d+)", message)
    lines = text.splitlines()
    number = int(place[1]) if place else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    said = message[0].lower() + message[1:]
    said = said.replace("(at end of document)", f"(at the end, line {number})")
    return f"line {number}: {line[:60]}".rstrip(": "), said.replace("(", "").replace(")", "")


def _with_directory(table: dict[str, Any], stem: str) -> dict[str, Any]:
    output = table.get("output", {})
    return {**table, "output": {"directory": f"{stem}.out", **output}} if isinstance(output, dict) else table


def _overlaid(table: dict[str, Any], overrides: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    table = copy.deepcopy(table)
    problems: list[Problem] = []
    for key, text in overrides.items():
        try:
            _put(table, _key_parts(key), _override_value(key, text))
        except CaseError as exc:
            problems += exc.problems
    return table, problems


def _override_value(key: str, text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}\n")
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    if list(parsed) != ["value"]:
        hint = f"strings need their quotes: {key}='\"...\"'"
        raise CaseError([Problem(key, "must be one TOML value", text[:80] or "nothing", hint, _OVERRIDE)])
    return parsed["value"]


def _key_parts(key: str) -> list[str]:
    try:
        node: Any = tomllib.loads(f"{key} = 0\n")
    except (tomllib.TOMLDecodeError, RecursionError):
        node = {}
    parts = []
    while isinstance(node, dict) and len(node) == 1:
        [(part, node)] = node.items()
        parts.append(part)
    if node != 0 or not parts:
        hint = "such as material.F.exchange"
        raise CaseError([Problem(key, "must be a dotted key", show(key), hint, _OVERRIDE)])
    return parts


def _put(table: dict[str, Any], parts: list[str], value: Any) -> None:
    node: Any = table
    for depth, part in enumerate(parts):
        index = _index(node, part)
        if index is None:
            key = dotted(tuple(parts[: depth + 1]))
            raise CaseError(
                [
                    Problem(
                        key, "must be a table or an entry of a list in the file", show(node), file=_OVERRIDE
                    )
                ]
            )
        if depth == len(parts) - 1:
            node[index] = value
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        else:
            node = node[index]


def _index(node: Any, part: str) -> str | int | None:
    if isinstance(node, dict):
        return part
    if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
        return int(part)
    return None


def _blamed(key: str, overrides: Mapping[str, str], file: str) -> str:
    for override in overrides:
        name = _indexed(override)
        if key == name or key.startswith((f"{name}.", f"{name}[")):
            return _OVERRIDE
    return file


def _indexed(override: str) -> str:
    parts: Iterator[str | int] = (int(p) if p.isdecimal() else p for p in _key_parts_or_empty(override))
    return dotted(tuple(parts))


def _key_parts_or_empty(key: str) -> list[str]:
    try:
        return _key_parts(key)
    except CaseError:
        return []
