"""What every generator here does: options of the command line, settings of Gmsh, the file."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gmsh

HERE = Path(__file__).parent


def options(text: str | None, out: str) -> argparse.ArgumentParser:
    """A parser with --size and --out; `text` is the docstring of the script."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=1.0, help="scale of the element size (default 1)")
    parser.add_argument("--out", default=str(HERE / out), help="the file (default %(default)s)")
    return parser


@contextmanager
def mesh_file(path: str, dim: int, order: int = 1) -> Iterator[None]:
    """An empty Gmsh model, meshed and written when the block ends: the same bytes every time.

    Args:
        path: the .msh file.
        dim: dimension of the mesh.
        order: 2 for curved elements.
    """
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Verbosity", 2)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.option.setNumber("Mesh.ElementOrder", order)
        yield
        gmsh.model.mesh.generate(dim)
        gmsh.write(path)
    finally:
        gmsh.finalize()


def name(dim: int, label: str, tags: Iterable[int]) -> None:
    """Make a physical group, unless there is nothing in it."""
    found = sorted(tags)
    if found:
        gmsh.model.addPhysicalGroup(dim, found, name=label)


def middles(dim: int) -> dict[int, tuple[float, float, float]]:
    """Centre of mass of every entity of a dimension, by tag (after occ.synchronize)."""
    return {tag: gmsh.model.occ.getCenterOfMass(dim, tag) for _, tag in gmsh.model.getEntities(dim)}


def between(one: Iterable[int], two: Iterable[int], dim: int) -> set[int]:
    """Entities of dimension `dim` − 1 that bound both one of `one` and one of `two`."""
    return sides(one, dim) & sides(two, dim)


def sides(tags: Iterable[int], dim: int) -> set[int]:
    """Entities of dimension `dim` − 1 that bound any of the given ones."""
    found: set[int] = set()
    for tag in tags:
        found |= {side for _, side in gmsh.model.getBoundary([(dim, tag)], oriented=False)}
    return found
