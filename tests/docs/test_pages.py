"""What the pages say exists: links, commands, keys, fields, cases. Building them is `make docs`."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

import usadel_fem as uf
from tests.docs.pages import (
    DOCS,
    GENERATED,
    NAMES,
    PAGES,
    ROOT,
    blocks,
    command_lines,
    entries,
    inline,
    links,
)
from usadel_fem.case import case_schema, check_fields
from usadel_fem.cli import main
from usadel_fem.errors import CaseError
from usadel_fem.observables.fields import FIELDS

SCHEMA = case_schema()

each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)

BASES: tuple[dict[str, Any], ...] = tuple(
    {
        "units": {"energy": "meV", "length": "nm"},
        "mesh": {"shape": "wire", "length": 1.0, "elements": 4},
        "material": {"N": {"D": 1.0, **pairing}},
        "region": {"wire": "N"},
        "solve": solve,
    }
    for pairing in ({}, {"Delta": 1.0}, {"Tc": 0.5})
    for solve in (
        {"kind": "spectrum", "energies": [0.1], "broadening": 0.01},
        {"kind": "equilibrium", "temperature": 0.1, "self_consistent": "Tc" in pairing},
        {
            "kind": "nonequilibrium",
            "temperature": 0.1,
            "broadening": 0.01,
            "self_consistent": "Tc" in pairing,
        },
    )
)
"""Cases that a fragment may be part of: with one of them it has to be accepted."""


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if DOCS in file.parents and file.relative_to(DOCS).as_posix() in GENERATED:
            continue
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in headings(file), target


def headings(page: Path) -> set[str]:
    """Anchors of a page."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in found}


def test_every_page_is_in_the_table_of_contents() -> None:
    named = set(entries(DOCS / "index.md"))
    pages = {p.relative_to(DOCS).with_suffix("").as_posix() for p in PAGES if DOCS in p.parents}
    assert named == pages - {"index", "README"} | {name.removesuffix(".md") for name in GENERATED}


@each_page
def test_commands_parse(page: Path) -> None:
    for line in command_lines(page):
        words = shlex.split(line, comments=True)[1:]
        if words == ["--version"]:
            continue
        command = main.commands[words[0]]
        complete = len(words) > 1 or not any(p.required for p in command.params)
        if complete and "--help" not in words:
            context = command.make_context(words[0], words[1:], parent=click.Context(main))
            check_settings(context.params.get("settings") or ())


def check_settings(settings: tuple[str, ...]) -> None:
    """Keys of --set exist, values are TOML."""
    for setting in settings:
        key, _, value = setting.partition("=")
        assert key == "KEY" or known(key), setting
        if value != "VALUE":
            tomllib.loads(f"x = {value}")


def known(key: str) -> bool:
    """Whether a dotted key can occur in a case file; upper-case parts and numbers stand for any name."""
    schema = SCHEMA
    nodes: list[Mapping[str, Any]] = [schema]
    for part in key.replace("[", ".").replace("]", "").split("."):
        nodes = [child for node in nodes for child in children(node, part, schema["$defs"])]
    return bool(nodes)


def children(node: Mapping[str, Any], part: str, defs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Schemas of a part of a key."""
    if "$ref" in node:
        return children(defs[node["$ref"].rsplit("/", 1)[1]], part, defs)
    found = []
    for word in ("anyOf", "oneOf", "allOf"):
        for item in node.get(word, ()):
            found += children(item, part, defs)
    if part in node.get("properties", {}):
        found.append(node["properties"][part])
    if isinstance(node.get("additionalProperties"), dict):
        found.append(node["additionalProperties"])
    if isinstance(node.get("items"), dict) and (part.isdigit() or node.get("type") == "array"):
        found.append(node["items"]) if part.isdigit() else found.extend(children(node["items"], part, defs))
    return found


SECTION = re.compile(
    r"(case|units|mesh|material|region|terminal|interface|field|vortex|solve|output)(\.[\w]+)+( = .*)?"
)


@each_page
def test_keys_exist(page: Path) -> None:
    """Dotted keys in backticks, and tables in brackets."""
    for code in inline(page):
        table = re.fullmatch(r"\[+([\w.]+)\]+", code)
        if SECTION.fullmatch(code):
            assert known(code.partition(" ")[0]), code
        elif table and table[1].split(".")[0] in SCHEMA["properties"]:
            assert known(table[1]), code


@each_page
def test_case_files_are_accepted(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            data = tomllib.loads(block.text)
            case = fragment(data) if block.fragment else uf.Case.model_validate(data)
            assert check_fields(case, FIELDS) == []


def fragment(data: dict[str, Any]) -> uf.Case:
    """A fragment has to be accepted as a part of one of the plain cases."""
    refused = []
    for base in BASES:
        try:
            return uf.Case.model_validate(merged(base, data))
        except CaseError as error:
            refused.append(str(error))
    pytest.fail("\n".join(refused))


def merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` over `base`; a table with a kind, a file or a shape of its own replaces the other."""
    out = dict(base)
    for key, value in more.items():
        whole = isinstance(value, Mapping) and {"kind", "file", "shape"} & set(value)
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = merged(out[key], value) if both and not whole else value
    return out


@each_page
def test_python_is_python(page: Path) -> None:
    """Blocks of Python can be read, and what they take from the package is there."""
    of_solution = {*dir(uf.Solution), *uf.Solution.__dataclass_fields__}
    there = {"uf": set(uf.__all__), "solution": of_solution, "again": of_solution}
    for block in blocks(page):
        if block.language in ("python", "ipython3") and "import tdgl" not in block.text:
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    assert node.attr in there.get(node.value.id, {node.attr}), node.attr


WORDS = set(re.findall(r"`(\w+)`", (DOCS / "guide" / "results.md").read_text(encoding="utf-8")))
"""Names that the page on results explains."""

PICTURES = set(
    re.findall(r'"(\w+)"', "".join(p.read_text() for p in (ROOT / "usadel_fem" / "plot").glob("*.py")))
)
"""Words of the package that draws."""


@each_page
def test_observables_are_explained(page: Path) -> None:
    for block in blocks(page):
        for name in re.findall(r'observables\["([\w:]+)"\]', block.text):
            assert name in WORDS or name.partition(":")[0] in ("probe", "vortex"), name


@each_page
def test_pictures_exist(page: Path) -> None:
    """What `usadel-fem plot` is asked for is a field, a scalar (of a terminal), or a word of its own."""
    for line in command_lines(page):
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "plot" and len(words) > 1:
            context = main.commands["plot"].make_context("plot", words[1:], parent=click.Context(main))
            for name in context.params["arguments"][1:]:
                base = name.partition(":")[0]
                scalar = any(base.startswith(word) for word in WORDS if word.startswith("terminal_"))
                assert base in WORDS | PICTURES | {"probe", "vortex"} or scalar or ".out" in base, name


@each_page
def test_cases_and_files_exist(page: Path) -> None:
    """Names of files of this repository in backticks."""
    for code in inline(page):
        if re.fullmatch(r"(cases|tests|meshes|docs(?!/_build)|usadel_fem)/[\w./-]+", code):
            assert list(ROOT.glob(f"{code}*")), code


@each_page
def test_equations_are_of_the_paper(page: Path) -> None:
    """It has 84 of them."""
    for number in re.findall(r"Eqs?\. \((\d+)", page.read_text(encoding="utf-8")):
        assert 1 <= int(number) <= 84
