"""Cases to start from: commented case files, some with a mesh, that `usadel-fem new` writes.

Every `NAME.toml` beside this file is a template; a mesh of it has the same name.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from usadel_fem.errors import CaseError, Problem, did_you_mean

__all__ = ["new_case", "template_names", "titles"]

FOLDER = Path(__file__).parent


def template_names() -> list[str]:
    """The names of the templates.

    >>> "sn_bilayer" in template_names()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def titles() -> dict[str, str]:
    """What each template shows, in one line.

    >>> titles()["vortex_disk"]
    'Vortex in a disk: the current around its core'
    """
    return {name: str(tomllib.loads(_text(name))["case"]["title"]) for name in template_names()}


def new_case(template: str, name: str | Path) -> list[Path]:
    """Write a template as NAME.toml, and its mesh, if it has one, as NAME.msh; returns the files.

    Args:
        template: one of `template_names`, hyphens for underscores are fine.
        name: of the case, with or without .toml; may lead into another folder.

    Raises:
        CaseError: there is no such template, or one of the files exists already.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = new_case("nanowire-3d", os.path.join(folder, "wire"))
    ...     [path.name for path in files]
    ['wire.toml', 'wire.msh']
    """
    known = template_names()
    source = template.replace("-", "_")
    if source not in known:
        hint = did_you_mean(source, known) or f"there are {', '.join(known)}"
        raise CaseError([Problem("", "must be a template", repr(template), hint, "new")])
    file = Path(str(name).removesuffix(".toml") + ".toml")
    if not file.stem or file.stem.startswith("."):
        raise CaseError([Problem("", "must be the name of a case", repr(str(name)), file="new")])
    text, mesh = _text(source), FOLDER / f"{source}.msh"
    written = {file: text.encode()}
    if mesh.exists():
        written = {
            file: text.replace(f'"{mesh.name}"', f'"{file.stem}.msh"').encode(),
            file.with_suffix(".msh"): mesh.read_bytes(),
        }
    there = [path for path in written if path.exists()]
    if there:
        rule = "exists already, and is left as it is"
        raise CaseError(
            Problem("", rule, hint="give the case another name", file=str(path)) for path in there
        )
    for path, content in written.items():
        with path.open("xb") as target:
            target.write(content)
    return list(written)


def _text(name: str) -> str:
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
