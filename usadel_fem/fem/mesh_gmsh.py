"""Gmsh MSH 4.1 files, read through meshio: the only place that knows about either."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import meshio
import numpy as np
from numpy.typing import NDArray

from usadel_fem.errors import CaseError, Problem
from usadel_fem.fem.mesh_named import Index, Real

KEY = "mesh.file"
DIMENSION = {"vertex": 0, "line": 1, "line3": 1, "triangle": 2, "triangle6": 2, "tetra": 3, "tetra10": 3}
SHAPES = {0: "vertex", 1: "lines", 2: "triangles", 3: "tetrahedra"}
SAVE = "in Gmsh set Mesh.MshFileVersion = 4.1 and save again"


@dataclass(frozen=True)
class GmshMesh:
    """What a file holds, dimension by dimension.

    Attributes:
        points: all nodes (n, 3).
        cells: nodes of the elements of highest dimension (elements, k).
        facets: corner nodes of the elements one dimension below (facets, dim), 0 rows where there are none.
        regions: elements of every named group of highest dimension.
        boundaries: rows of `facets` of every named group one dimension below.
        dim: highest dimension of the elements.
    """

    points: Real
    cells: Index
    facets: Index
    regions: dict[str, Index]
    boundaries: dict[str, Index]
    dim: int


def fail(rule: str, received: str = "", hint: str = "") -> CaseError:
    """The error of a mesh file."""
    return CaseError([Problem(KEY, rule, received, hint)])


def read_gmsh(path: Path) -> GmshMesh:
    """Read a mesh file with named physical groups.

    Raises:
        CaseError: the file is missing, is no Gmsh MSH 4.1 file, is cut short, has no named groups, holds
            cells other than lines, triangles and tetrahedra of first or second order, ...
    """
    names = _check_header(path)
    mesh = _read(path)
    return _sort_out(mesh, names, str(path))


def _check_header(path: Path) -> dict[int, list[str]]:
    """Check what can be checked before parsing; returns the group names of every dimension."""
    if not path.exists():
        raise fail("names a file that does not exist", str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise fail("must be a readable file", str(path), (error.strerror or "").lower()) from None
    if not data.strip():
        raise fail("must be a Gmsh mesh, but the file is empty", str(path))
    version = re.match(
        rb"(?:\s*\$Comments.*?\$EndComments)?\s*\$MeshFormat\s+(\S+)\s+(\d)\s+(\d+)", data, re.DOTALL
    )
    if version is None:
        raise fail("must be a Gmsh MSH 4.1 file, which begins with $MeshFormat", str(path), SAVE)
    number = version.group(1).decode(errors="replace")
    if number != "4.1":
        raise fail("must be of version 4.1 of the MSH format", f"version {number} in {path}", SAVE)
    for section in (b"Nodes", b"Elements"):
        if b"$End" + section not in data:
            missing = f"its $End{section.decode()} is missing"
            raise fail("must be a complete mesh file", str(path), f"the file is cut short: {missing}")
    return _group_names(data, str(path))


def _group_names(data: bytes, path: str) -> dict[int, list[str]]:
    """Names of the physical groups of every dimension."""
    section = re.search(rb"\$PhysicalNames\s(.*?)\$EndPhysicalNames", data, re.DOTALL)
    if section is None:
        hint = 'in Gmsh: Physical Surface("N") = {...}; in Python: addPhysicalGroup(2, [...], name="N")'
        raise fail(
            "must hold named physical groups: one per region, one per boundary that is used", path, hint
        )
    found = re.findall(rb'^\s*(\d)\s+(-?\d+)\s+"([^"\r\n]*)"', section.group(1), re.MULTILINE)
    names: dict[int, list[str]] = {}
    for dim, _, name in found:
        names.setdefault(int(dim), []).append(name.decode("utf-8", errors="replace"))
    everything = [name for group in names.values() for name in group]
    twice = sorted({name for name in everything if everything.count(name) > 1})
    if twice:
        hint = "rename one of them, or put all of its parts into one group"
        raise fail(
            "must give every physical group a name of its own", f"{', '.join(twice)} twice in {path}", hint
        )
    return names


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep what meshio and NumPy print about a damaged file away from the user."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _read(path: Path) -> meshio.Mesh:
    try:
        with quietly():
            return meshio.gmsh.read(path)
    except ValueError as error:
        if "Incompatible cell data" in str(error):
            hint = "give every part a physical group, and save with Mesh.SaveAll = 0"
            raise fail("must hold no elements outside physical groups", str(path), hint) from None
        raise _damaged(path, error) from None
    except Exception as error:  # meshio raises whatever the parser stumbled upon
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> CaseError:
    what = " ".join(str(error).split())[:120] or type(error).__name__
    return fail("must be a readable MSH 4.1 file", str(path), f"the file seems to be damaged: {what}")


def _sort_out(mesh: meshio.Mesh, names: dict[int, list[str]], path: str) -> GmshMesh:
    """Pick the elements of highest dimension, the facets, and their groups."""
    types = sorted({block.type for block in mesh.cells if len(block.data)})
    strange = [name for name in types if name not in DIMENSION]
    if strange:
        hint = "in Gmsh set Mesh.RecombineAll = 0 and Mesh.ElementOrder = 1 or 2"
        rule = "must consist of lines, triangles or tetrahedra of first or second order"
        raise fail(rule, f"{', '.join(strange)} in {path}", hint)
    dim = max((DIMENSION[name] for name in types), default=0)
    if dim == 0:
        raise fail("must hold elements: lines (1D), triangles (2D) or tetrahedra (3D)", f"none in {path}")
    kinds = [name for name in types if DIMENSION[name] == dim]
    if len(kinds) > 1:
        raise fail("must consist of elements of one order", f"{' and '.join(kinds)} in {path}")
    if dim not in names:
        given = ", ".join(sorted(name for group in names.values() for name in group))
        rule = f"must have named physical groups of its {SHAPES[dim]}: they are the regions"
        raise fail(rule, f"only {given} in {path}")
    if not np.all(np.isfinite(mesh.points)):
        raise fail("must have finite coordinates", path)
    cells, regions = _stack(mesh, dim, names[dim])
    facets, boundaries = _stack(mesh, dim - 1, names.get(dim - 1, []))
    for kept in (cells, facets):
        if kept.size and (kept.min() < 0 or kept.max() >= len(mesh.points)):
            raise fail("must have elements of nodes that exist", path, "the file seems to be damaged")
    points = np.asarray(mesh.points, dtype=np.float64)
    return GmshMesh(points, cells, facets[:, :dim], regions, boundaries, dim)


def _stack(mesh: meshio.Mesh, dim: int, names: list[str]) -> tuple[Index, dict[str, Index]]:
    """All elements of one dimension in one array, and the rows of every named group."""
    chosen = [k for k, block in enumerate(mesh.cells) if DIMENSION.get(block.type) == dim and len(block.data)]
    if not chosen:
        return np.zeros((0, dim + 1), dtype=np.int64), {}
    width = min(mesh.cells[k].data.shape[1] for k in chosen)
    cells = np.concatenate([np.asarray(mesh.cells[k].data, dtype=np.int64)[:, :width] for k in chosen])
    start = np.cumsum([0, *(len(mesh.cells[k].data) for k in chosen)])
    groups: dict[str, Index] = {}
    for name in names:
        sets: list[NDArray[np.integer]] = mesh.cell_sets.get(name, [])
        rows = [np.asarray(sets[k], dtype=np.int64) + start[n] for n, k in enumerate(chosen) if len(sets) > k]
        groups[name] = np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)
    return cells, {name: group for name, group in groups.items() if group.size}
