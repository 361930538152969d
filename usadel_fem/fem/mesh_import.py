"""Meshes of any format that meshio reads, as `GmshMesh`: named groups kept, numbers turned into names."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
from numpy.typing import NDArray

from usadel_fem.errors import did_you_mean
from usadel_fem.fem.mesh_gmsh import DIMENSION, GmshMesh, fail, quietly
from usadel_fem.fem.mesh_named import Index, Real

NUMBERS = (
    "gmsh:physical",
    "medit:ref",
    "cell_tags",
    "region",
    "material",
    "nastran:ref",
    "su2:tag",
    "flac3d:group",
    "netgen:index",
    "CellEntityIds",
    "attribute",
)
"""Cell data that number the groups, in the order in which they are looked for."""

STRANGE = "does its extension tell its format, and is it complete?"

Groups = dict[int, dict[str, Index]]
"""By dimension and name: rows of the cells of that dimension."""


@dataclass(frozen=True)
class Imported:
    """A mesh file of any format.

    Attributes:
        mesh: points (n, 3), elements, named groups of elements and of their sides.
        notes: what was done to get there, a sentence each.
    """

    mesh: GmshMesh
    notes: tuple[str, ...]


def read_any(path: Path, *, scale: float = 1.0, numbers: str | None = None) -> Imported:
    """Read a mesh.

    Groups come from names of the file (physical groups, element sets, node sets whose nodes make up
    sides of elements, MED families) or else from a number at every cell, and are then called region_NUMBER
    and boundary_NUMBER. Elements without any are the region "region". Quadrilaterals are split into
    triangles; a plane or a line that lies askew is turned into the xy plane or the x axis.

    Args:
        path: the file; its name says the format.
        scale: what all coordinates are multiplied by.
        numbers: name of the cell data that number the groups; None for the usual ones.

    Raises:
        CaseError: key `mesh.file`: no such file, unknown format, elements of a kind that cannot be used.
    """
    source = _split_quadrilaterals(_read(path))
    dim = _dimension(source, path)
    cells = {d: _stacked(source, d) for d in (dim, dim - 1)}
    notes: list[str] = []
    groups, unnamed = _groups(source, dim, cells, numbers, path)
    if unnamed:
        notes.append(f"{', '.join(unnamed)}: groups without a name, called after their numbers")
    if not groups[dim]:
        groups[dim] = {"region": np.arange(len(cells[dim]))}
        notes.append("no regions in the file: all elements are the region 'region'")
    points, turned = _upright(_in_space(source.points) * scale, cells[dim], dim)
    if turned:
        notes.append(turned)
    if scale != 1.0:
        notes.append(f"coordinates multiplied by {scale:g}")
    mesh = GmshMesh(points, cells[dim], cells[dim - 1][:, :dim], groups[dim], groups[dim - 1], dim)
    return Imported(_without_clashes(mesh), tuple(notes))


def _read(path: Path) -> meshio.Mesh:
    if not path.is_file():
        raise fail("must be a file" if path.exists() else "names a file that does not exist", str(path))
    suffix = path.suffix.casefold()
    if suffix not in meshio.extension_to_filetypes:
        known = sorted(meshio.extension_to_filetypes)
        hint = did_you_mean(suffix, known) or f"such as {', '.join(s for s in known if len(s) == 4)}"
        raise fail("must have the extension of a mesh format", suffix or str(path), hint)
    if not path.stat().st_size:
        raise fail("must be a readable mesh", str(path), "the file is empty")
    try:
        with quietly():
            return meshio.read(path)
    except PermissionError as error:
        raise fail("must be a readable mesh", str(path), (error.strerror or "").lower()) from None
    except (SystemExit, NameError, IndexError, KeyError):  # meshio exits, or stumbles in its own words
        raise fail("must be a readable mesh", str(path), STRANGE) from None
    except Exception as error:  # it also raises whatever the parser says
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise fail("must be a readable mesh", f"{path} ({said})", STRANGE) from None


def _split_quadrilaterals(mesh: meshio.Mesh) -> meshio.Mesh:
    """Every quadrilateral as two triangles, cut along its shorter diagonal; they keep groups and numbers."""
    quads = [block.type == "quad" for block in mesh.cells]
    if not any(quads):
        return mesh
    points = _in_space(mesh.points)

    def halved(cells: Index) -> Index:
        first, second = points[cells[:, 0]] - points[cells[:, 2]], points[cells[:, 1]] - points[cells[:, 3]]
        turned = np.linalg.norm(first, axis=1) > np.linalg.norm(second, axis=1)
        cells = np.where(turned[:, None], np.roll(cells, -1, axis=1), cells)
        return np.concatenate([cells[:, [0, 1, 2]], cells[:, [0, 2, 3]]])

    def twice(rows: Any, block: Any) -> Any:
        return rows if rows is None else np.concatenate([rows, np.asarray(rows) + len(block.data)])

    new = copy.copy(mesh)
    new.cells = [
        meshio.CellBlock("triangle", halved(block.data)) if quad else block
        for block, quad in zip(mesh.cells, quads, strict=True)
    ]
    new.cell_data = {
        name: [
            np.concatenate([part, part]) if quad else part for part, quad in zip(parts, quads, strict=True)
        ]
        for name, parts in mesh.cell_data.items()
    }
    new.cell_sets = {
        name: [
            twice(rows, block) if quad else rows
            for rows, block, quad in zip(parts, mesh.cells, quads, strict=True)
        ]
        for name, parts in mesh.cell_sets.items()
    }
    return new


def _in_space(points: NDArray[Any]) -> Real:
    """Coordinates in three columns."""
    points = np.asarray(points, dtype=np.float64)
    return np.pad(points, ((0, 0), (0, 3 - points.shape[1])))


def _dimension(mesh: meshio.Mesh, path: Path) -> int:
    types = {block.type for block in mesh.cells if len(block.data)}
    strange = sorted(types - set(DIMENSION))
    if strange:
        hint = "mesh it with triangles or tetrahedra of first or second order"
        raise fail("must consist of lines, triangles or tetrahedra", f"{', '.join(strange)} in {path}", hint)
    dim = max((DIMENSION[name] for name in types), default=0)
    if dim == 0:
        raise fail("must hold elements: lines (1D), triangles (2D) or tetrahedra (3D)", f"none in {path}")
    kinds = sorted(name for name in types if DIMENSION[name] == dim)
    if len(kinds) > 1:
        raise fail("must consist of elements of one order", f"{' and '.join(kinds)} in {path}")
    return dim


def _blocks(mesh: meshio.Mesh, dim: int) -> list[int]:
    return [k for k, block in enumerate(mesh.cells) if DIMENSION.get(block.type) == dim and len(block.data)]


def _stacked(mesh: meshio.Mesh, dim: int) -> Index:
    """All cells of one dimension; of sides the nodes that all of them have."""
    blocks = [np.asarray(mesh.cells[k].data, dtype=np.int64) for k in _blocks(mesh, dim)]
    if not blocks:
        return np.zeros((0, dim + 1), dtype=np.int64)
    width = min(block.shape[1] for block in blocks)
    return np.concatenate([block[:, :width] for block in blocks])


def _groups(
    mesh: meshio.Mesh, dim: int, cells: dict[int, Index], numbers: str | None, path: Path
) -> tuple[Groups, list[str]]:
    """Named groups of elements and of sides, and the names that were made up; adds sides of node sets."""
    found: Groups = {d: dict(_of_sets(mesh, d)) for d in (dim, dim - 1)} if numbers is None else {}
    unnamed: list[str] = []
    for d in (dim, dim - 1):
        groups = found.setdefault(d, {})
        named = np.concatenate([*groups.values(), np.zeros(0, dtype=np.int64)])
        for name, rows, own in _of_numbers(mesh, d, dim, numbers, path):
            rows = rows if own else np.setdiff1d(rows, named)
            if rows.size:
                groups[name] = np.union1d(groups.get(name, rows), rows)
                unnamed += [] if own or name in unnamed else [name]
    if numbers is None:
        cells[dim - 1], found[dim - 1] = _with_node_sets(mesh, dim, cells, found[dim - 1])
    return found, unnamed


def _of_sets(mesh: meshio.Mesh, dim: int) -> Iterator[tuple[str, Index]]:
    """Named sets of cells."""
    for name, parts in mesh.cell_sets.items():
        rows, start = [], 0
        for k in _blocks(mesh, dim):
            if len(parts) > k and parts[k] is not None:
                rows.append(np.asarray(parts[k], dtype=np.int64) + start)
            start += len(mesh.cells[k].data)
        if not name.startswith("gmsh:") and any(part.size for part in rows):
            yield name, np.unique(np.concatenate(rows))


def _of_numbers(
    mesh: meshio.Mesh, dim: int, highest: int, numbers: str | None, path: Path
) -> Iterator[tuple[str, Index, bool]]:
    """(name, rows, whether the file has the name) of every number at the cells of a dimension; 0 is none."""
    if numbers is not None and numbers not in mesh.cell_data:
        hint = did_you_mean(numbers, mesh.cell_data) or f"it has {', '.join(mesh.cell_data) or 'none'}"
        raise fail("must have the cell data that --numbers names", f"{numbers} in {path}", hint)
    data = next((mesh.cell_data[key] for key in (numbers, *NUMBERS) if key in mesh.cell_data), None)
    blocks = _blocks(mesh, dim)
    if data is None or not blocks:
        return
    values = np.concatenate([np.asarray(data[k]).reshape(len(mesh.cells[k].data), -1)[:, 0] for k in blocks])
    known = _names_of_numbers(mesh, dim)
    kind = "region" if dim == highest else "boundary"
    for value in np.unique(values[np.isfinite(values)]).astype(np.int64):
        rows = np.flatnonzero(values == value)
        names = known.get(int(value), [])
        for name in names:
            yield name, rows, True
        if not names and (value != 0 or dim == highest):
            yield f"{kind}_{abs(value)}", rows, False


def _names_of_numbers(mesh: meshio.Mesh, dim: int) -> Mapping[int, list[str]]:
    """Names of the numbers at cells: physical groups of Gmsh, families of MED."""
    names: dict[int, list[str]] = {}
    for name, entry in mesh.field_data.items():
        if np.size(entry) == 2 and int(entry[1]) == dim:
            names.setdefault(int(entry[0]), []).append(name)
    for number, family in getattr(mesh, "cell_tags", {}).items():
        names.setdefault(int(number), []).extend(family)
    return names


def _with_node_sets(
    mesh: meshio.Mesh, dim: int, cells: dict[int, Index], groups: dict[str, Index]
) -> tuple[Index, dict[str, Index]]:
    """Sides of elements all of whose corners are in a set of nodes, added as groups of their own."""
    facets = cells[dim - 1][:, :dim]
    corners = cells[dim][:, : dim + 1]
    every = np.concatenate([np.delete(corners, k, axis=1) for k in range(dim + 1)])
    every = np.unique(np.sort(every, axis=1), axis=0)
    for name, nodes in getattr(mesh, "point_sets", {}).items():
        inside = np.isin(every, np.asarray(nodes)).all(axis=1)
        if name not in groups and inside.any() and not inside.all():
            groups[name] = np.arange(inside.sum()) + len(facets)
            facets = np.concatenate([facets, every[inside]])
    return facets, groups


def _upright(points: Real, cells: Index, dim: int) -> tuple[Real, str]:
    """The points with an askew plane turned into z = 0, an askew line into the x axis, and a note on that."""
    used = points[np.unique(cells)]
    size = np.ptp(used, axis=0)
    if dim == 3 or np.sum(size > 1e-9 * size.max()) <= dim:
        return points, ""
    middle = used.mean(axis=0)
    _, spread, axes = np.linalg.svd(used - middle, full_matrices=False)
    if spread[dim] > 1e-9 * spread[0]:
        return points, ""  # no plane, or no line: the caller says so
    if np.linalg.det(axes) < 0:
        axes[2] *= -1
    turned = (points - middle) @ axes.T
    turned[:, dim:] = 0.0
    where = "plane was turned into the xy plane" if dim == 2 else "line was turned into the x axis"
    return turned, f"the askew {where}; its middle is the origin"


def _without_clashes(mesh: GmshMesh) -> GmshMesh:
    """Names that a file can hold, and another one for sides that are called like a region."""
    regions = {_plain(name): rows for name, rows in mesh.regions.items()}
    sides = {_plain(name): rows for name, rows in mesh.boundaries.items()}
    sides = {f"{name}_side" if name in regions else name: rows for name, rows in sides.items()}
    return replace(mesh, regions=regions, boundaries=sides)


def _plain(name: str) -> str:
    return "".join(char if char.isprintable() and char != '"' else "_" for char in name).strip() or "_"
