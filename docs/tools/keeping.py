"""Where generated things go, and results that are kept between builds."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import usadel_fem

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
GENERATED = DOCS / "generated"
"""Pages and pictures that a build writes; nothing in it is kept under version control."""
KEPT = DOCS / "_build" / "kept"
"""Results of runs, by what decides them."""

APART = ("cli", "plot", "templates", "citations")
"""Rooms of the package that no number depends on."""


@cache
def version() -> str:
    """Of the program: its number, and what its files say where numbers depend on them."""
    return f"{usadel_fem.__version__} {_digest_of(lambda room: room not in APART)}"


@cache
def drawing_version() -> str:
    """The same of what draws."""
    return _digest_of(lambda room: room == "plot")


def _digest_of(wanted: Callable[[str], bool]) -> str:
    package = Path(usadel_fem.__file__).parent
    files = [p for p in sorted(package.rglob("*.py")) if wanted(p.relative_to(package).parts[0])]
    return digest(*(part for p in files for part in (p.relative_to(package).as_posix(), p.read_bytes())))


def digest(*parts: str | bytes) -> str:
    """A short name for what these texts say.

    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def kept(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` filled, now or in an earlier build; older ones of this kind and name are removed.

    Args:
        kind: such as "run"; a folder of its own.
        name: "what-digest": what comes before the last hyphen stays the same when the thing changes.
        make: fills an empty folder.
    """
    place = KEPT / kind / name
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    for old in place.parent.glob(f"{name.rpartition('-')[0]}-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        fresh = Path(folder) / "new"
        fresh.mkdir()
        make(fresh)
        fresh.rename(place)
    return place


def write(name: str, text: str) -> Path:
    """Write a generated page, unless it already says the same: Sphinx then knows that nothing changed."""
    path = GENERATED / name
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path
