"""What went wrong, said once: a `Problem` is one line, a `CaseError` carries all of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

__all__ = ["CaseError", "Problem", "did_you_mean", "show"]

_LONGEST_SHOWN = 80
_FEW = 3
"""Names that may be meant by one word."""


@dataclass(frozen=True)
class Problem:
    """One mistake of the user.

    Args:
        key: dotted key of the case file ("material.F.D"), empty where none applies.
        rule: what is allowed, as a phrase ("must be > 0").
        received: the value as given, empty where there is none to show.
        hint: a suggestion ("did you mean 'exchange'?").
        file: where the value came from.

    >>> print(Problem("material.F.D", "must be > 0", received="-1", file="x.toml"))
    x.toml: material.F.D: must be > 0; received -1
    """

    key: str
    rule: str
    received: str = ""
    hint: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = "".join(f"{part}: " for part in (self.file, self.key) if part)
        received = f"; received {self.received}" if self.received else ""
        hint = f" ({self.hint})" if self.hint else ""
        return _printable(f"{where}{self.rule}{received}{hint}")

    def within(self, file: str) -> Problem:
        """The same problem, placed in `file` unless it already names one."""
        return self if self.file else replace(self, file=file)


class CaseError(Exception):
    """Bad input: nothing was run. ``problems`` holds every mistake found, ``str()`` one line for each.

    >>> error = CaseError([Problem("solve.tolerance", "must be > 0", received="0")])
    >>> print(error)
    solve.tolerance: must be > 0; received 0
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def did_you_mean(word: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str:
    """A suggestion in words, or an empty string.

    >>> did_you_mean("exchage", ["D", "exchange"])
    "did you mean 'exchange'?"
    >>> did_you_mean("spin", ["spin_current_x", "net_spin_source", "triplet"])
    "did you mean 'spin_current_x' or 'net_spin_source'?"
    """
    names = list(known)
    synonym = (synonyms or {}).get(word)
    if synonym in names:
        return f"did you mean {synonym!r}?"
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    meant = [folded[close[0]]] if close else _longer(word, names)
    return f"did you mean {' or '.join(map(repr, meant))}?" if meant else ""


def _longer(word: str, names: Iterable[str]) -> list[str]:
    """Names that begin with a word of two letters or more, or have it between underscores; not if many do."""
    start, part = word.casefold(), re.compile(rf"(?:^|[\W_]){re.escape(word)}(?:[\W_]|$)", re.IGNORECASE)
    found = [name for name in names if name.casefold().startswith(start) or part.search(name)]
    return found if len(word) > 1 and len(found) <= _FEW else []


def show(value: object) -> str:
    """A received value as it would stand in a case file, cut to one short line.

    >>> show({"abs": 1.5, "on": True}), show("a")
    ('{abs = 1.5, on = true}', '"a"')
    """
    text = _printable(_toml(value))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{_printable(value)}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "nothing" if value is None else str(value)


def _printable(text: str) -> str:
    """Line breaks and control characters escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
