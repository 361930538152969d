"""The pages for readers, taken apart: links, code blocks, words in code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in DOCS.rglob("*.md") if not {"_build", "generated"} & set(p.parts)),
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
FRAGMENT = "<!-- fragment -->"
"""Stands before a block of TOML that is no whole case."""

GENERATED = ("generated/case.md", "generated/cli.md", "generated/validation.md", "generated/gallery/index.md")
"""Pages that a build writes and others lead to."""

_FENCE = re.compile(
    r"^(?P<mark>```+|:::+)(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=mark)\s*$", re.DOTALL | re.MULTILINE
)
_INDENTED = re.compile(r"(?:^    [^\n]*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, whether it is declared a fragment."""

    language: str
    text: str
    fragment: bool


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """All blocks of code of a page, indented ones without a language."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language = match["info"].strip().removeprefix("{code-cell}").strip()
        before = text[: match.start()].rstrip().endswith(FRAGMENT)
        found.append(Block(language, match["body"], before))
    rest = _FENCE.sub("", text)
    found += [Block("", match[0], False) for match in _INDENTED.finditer(rest)]
    return tuple(found)


@cache
def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _INDENTED.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def inline(page: Path) -> list[str]:
    """What stands in single backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(page))


def links(page: Path) -> list[str]:
    """Targets of links and pictures that are no addresses of the web."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def command_lines(page: Path) -> Iterator[str]:
    """Every `usadel-fem …` of a page, in blocks and in backticks."""
    for block in blocks(page):
        if block.language in ("", "sh", "text", "console"):
            lines = block.text.replace("\\\n", " ").splitlines()
            shown = (line.strip().partition(" > ")[0] for line in lines)
            yield from (line for line in shown if line.startswith("usadel-fem "))
    yield from (code for code in inline(page) if code.startswith("usadel-fem "))


def entries(page: Path) -> list[str]:
    """Pages that the tables of contents of a page name."""
    found = []
    for block in blocks(page):
        if block.language == "{toctree}":
            found += [line for line in block.text.split("\n") if line and not line.startswith(":")]
    return found
