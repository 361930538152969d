"""What the pages are generated from: complete, and of the right form."""

from __future__ import annotations

import re

import pytest

from docs.tools import case_reference, cli_reference
from docs.tools.gallery import CASES, header
from docs.tools.gallery_cases import ENTRIES
from docs.tools.keeping import digest
from docs.tools.markdown import from_comment, table
from tests.docs.test_pages import known
from usadel_fem.case import case_schema
from usadel_fem.cli import main


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Pages by name, kept from the disk."""
    pages: dict[str, str] = {}
    for module in (case_reference, cli_reference):
        monkeypatch.setattr(module, "write", pages.__setitem__)
    return pages


def test_the_reference_has_every_key(written: dict[str, str]) -> None:
    case_reference.case_reference()
    listed = set(re.findall(r"^\| `([\w]+)` \|", written["case.md"], re.MULTILINE))
    keys: set[str] = set()
    for definition in case_schema()["$defs"].values():
        for variant in (definition, *definition.get("anyOf", ())):
            keys |= set(variant.get("properties", {}))
    assert keys - {"shape"} <= listed


def test_the_reference_tells_type_unit_and_default(written: dict[str, str]) -> None:
    case_reference.case_reference()
    lines = [line for line in written["case.md"].splitlines() if line.startswith("| `")]
    rows = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:6]] for line in lines}
    assert rows["`tau_so`"][:3] == ["number \\> 0, expression", "1/energy", "–"]
    assert rows["`energy_tolerance`"][:3] == ["number \\> 0 and \\< 1", "1", "`1e-05`"]
    assert rows["`winding`"][:3] == ["whole number", "", "required"]
    assert rows["`exchange`"][2] == "`[0, 0, 0]`"
    assert not [line for line in lines if "<class" in line or "typing" in line]


def test_the_reference_has_every_command_and_option(written: dict[str, str]) -> None:
    cli_reference.cli_reference()
    for name, command in main.commands.items():
        assert f"## {name}\n" in written["cli.md"]
        for option in command.params:
            if option.opts[0].startswith("--"):
                assert option.opts[0] in written["cli.md"]


def test_the_gallery_has_every_case_with_its_number() -> None:
    assert set(ENTRIES) == set(CASES)
    for number, entry in ENTRIES.items():
        text = header(CASES[number]).replace("\n", " ")
        assert entry.pictures
        assert entry.numbers
        for item in entry.numbers:
            found = re.search(item.promised, text)
            assert found is not None, (number, item.what)
            float(found[1])
            assert all(map(known, item.against))
        assert all(map(known, entry.settings))


def test_a_comment_becomes_paragraphs() -> None:
    text = "One *two*\nthree:\n    a = b\n    c\nfour.\n\nFive_six `x_y`."
    assert from_comment(text) == (
        "One \\*two\\* three:\n\n```text\n    a = b\n    c\n```\n\nfour.\n\nFive\\_six `x_y`."
    )


def test_tables_keep_their_cells() -> None:
    assert table(["a"], [["|x|"], ["\\|y"]]).splitlines()[2:] == ["| \\|x\\| |", "| \\|y |"]


def test_digests_tell_texts_apart() -> None:
    assert len({digest("a", "bc"), digest("ab", "c"), digest("abc"), digest(b"abc", "")}) == 4
