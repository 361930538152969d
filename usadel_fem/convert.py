"""`usadel-fem mesh`: meshes of other programs as MSH 4.1 files that a case can name, and what they hold."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from usadel_fem.errors import CaseError, Problem
from usadel_fem.fem.mesh import named_mesh, named_to_device
from usadel_fem.fem.mesh_import import read_any
from usadel_fem.fem.mesh_report import report, skeleton, with_interfaces
from usadel_fem.fem.mesh_write import gmsh_lines
from usadel_fem.io.atomic import atomic_path

__all__ = ["convert_mesh"]


def convert_mesh(
    source: Path,
    target: Path | None = None,
    *,
    scale: float = 1.0,
    numbers: str | None = None,
    sides: bool = False,
    force: bool = False,
) -> str:
    """Read a mesh, write it as MSH 4.1, and say what it holds.

    Interfaces between regions that have no name get one, "A|B".

    Args:
        source: a file of any format that meshio reads.
        target: the .msh file; None writes nothing.
        scale: what all coordinates are multiplied by.
        numbers: name of the cell data that number the groups; None for the usual ones.
        sides: name nameless outer sides at the ends of the coordinates left, right, bottom, top, front, back.
        force: replace a target that exists.

    Returns:
        The report: nodes, elements, quality, regions, boundaries, interfaces, what was changed, and the
        tables that a case on this mesh starts with.

    Raises:
        CaseError: the file cannot be read, is no mesh that a case could use, or the target exists already.
    """
    _check_target(source, target, force)
    try:
        found = read_any(source, scale=scale, numbers=numbers)
        named, axes = named_mesh(found.mesh, str(source))
        named, added = with_interfaces(named, sides=sides)
        device = named_to_device(named, axes=axes)
    except CaseError as error:
        raise CaseError(replace(problem, key="", file=str(source)) for problem in error.problems) from None
    notes = [*found.notes, *([f"named here: {', '.join(added)}"] if added else [])]
    if target is not None:
        with atomic_path(target) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(gmsh_lines(named, axes))
        notes.append(f"written: {target}")
    shown = source if target is None else target
    return "\n".join([report(device), *(f"  {note}" for note in notes), "", skeleton(device, shown.name)])


def _check_target(source: Path, target: Path | None, force: bool) -> None:
    if target is None:
        return
    if target.suffix != ".msh":
        raise CaseError([Problem("", "must end in .msh", str(target), file="OUT")])
    if target.exists() and source.exists() and os.path.samefile(source, target):
        raise CaseError([Problem("", "must be another file than IN", str(target), file="OUT")])
    if target.is_dir():
        raise CaseError([Problem("", "must be a file", "a directory", file=str(target))])
    if target.exists() and not force:
        hint = "--force replaces it"
        raise CaseError([Problem("", "exists already, and is left as it is", hint=hint, file=str(target))])
