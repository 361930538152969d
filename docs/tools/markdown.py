"""Plain text as MyST."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\*_{}\[\]<>|$#~^])")


def escaped(text: str) -> str:
    """Text that shows as it is; what stands in backticks stays code.

    >>> escaped("a_b and `c_d`")
    'a\\\\_b and `c_d`'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _SPECIAL.sub(r"\\\1", text.replace("`", "'"))
    return "`".join(part if i % 2 else _SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped.

    >>> print(table(["a", "b"], [["1", "|x|"]]))
    | a | b |
    |---|---|
    | 1 | \\|x\\| |
    """
    lines = [head, *rows]
    text = ["| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(head), *text[1:]])


def from_comment(text: str) -> str:
    """The comment at the head of a case file as paragraphs; indented lines become formulas as they stand."""
    paragraphs: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        prose: list[str] = []
        for line in block.splitlines():
            if line.startswith("   "):
                if prose:
                    paragraphs.append(escaped(" ".join(prose)))
                    prose = []
                last = paragraphs[-1] if paragraphs else ""
                if last.startswith("```text"):
                    paragraphs[-1] = last.removesuffix("\n```") + f"\n{line}\n```"
                else:
                    paragraphs.append(f"```text\n{line}\n```")
            else:
                prose.append(line.strip())
        if prose:
            paragraphs.append(escaped(" ".join(prose)))
    return "\n\n".join(paragraphs)
