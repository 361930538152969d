"""The mesh of a device: elements, regions, outer boundaries and interfaces, each with its name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skfem
from skfem.quadrature import get_quadrature

from usadel_fem.errors import CaseError, Problem, did_you_mean
from usadel_fem.fem import mesh_check
from usadel_fem.fem.mesh_gmsh import GmshMesh, fail, read_gmsh
from usadel_fem.fem.mesh_named import (
    Index,
    NamedMesh,
    Real,
    find_facets,
    is_curved,
    outer_facets,
    simplex_mesh,
)
from usadel_fem.fem.mesh_refine import refine as refine_once
from usadel_fem.fem.mesh_split import cut_open, sides

__all__ = ["DeviceMesh", "InterfaceFacets", "load_mesh", "named_mesh", "named_to_device", "summary"]

AXES = "xyz"
LARGEST = 20_000_000  # elements after refinement: beyond this the number is a mistake


@dataclass(frozen=True)
class InterfaceFacets:
    """Facets of a named interior interface.

    Attributes:
        facets: facets of the interface; of its side 1 where the mesh is cut open.
        partners: the facets of side 2 that lie on `facets`, in the same order; None where the two sides
            share their nodes.
    """

    facets: Index
    partners: Index | None = None

    @property
    def split(self) -> bool:
        """Whether the two sides carry separate nodes."""
        return self.partners is not None


@dataclass(frozen=True)
class DeviceMesh:
    """A mesh with named parts, tunnel interfaces already cut open.

    Attributes:
        mesh: MeshLine1, MeshTri1, MeshTet1, or the isoparametric MeshTri2, MeshTet2 of scikit-fem.
        axes: physical axis (0, 1, 2) of every mesh coordinate.
        regions: elements of every region; each element is in exactly one.
        boundaries: outer facets of every named boundary; the sides of a cut are not among them.
        interfaces: named interior facets.  Side 1 of a cut belongs to the region whose name comes first
            in the alphabet, within one region to the element of lower number.
    """

    mesh: skfem.Mesh
    axes: tuple[int, ...]
    regions: dict[str, Index]
    boundaries: dict[str, Index]
    interfaces: dict[str, InterfaceFacets]

    @property
    def curved(self) -> bool:
        """Whether elements are isoparametric of second order."""
        return is_curved(self.mesh)


def load_mesh(
    path: str | Path,
    *,
    axes: Sequence[int] | None = None,
    split: Collection[str] = (),
    refine: int = 0,
) -> DeviceMesh:
    """Load a Gmsh MSH 4.1 file with named physical groups.

    Groups of the highest dimension are regions; groups one dimension below are outer boundaries or
    interior interfaces, by where they lie.  Second-order meshes stay isoparametric where they are
    curved; straight ones become first-order meshes of the same geometry (this says nothing about the
    order of the Lagrange elements on them).  Nodes without an element are dropped.

    Args:
        path: the file.
        axes: physical axis of every mesh coordinate; None takes the columns of the file that vary, (0, 1)
            for a mesh of the xy plane, (0, 2) for one of the xz plane.
        split: interfaces whose two sides get separate nodes.
        refine: how often every edge is halved before that.

    Returns:
        The mesh, coordinates in the units of the file.

    Raises:
        CaseError: keys `mesh.file`, `mesh.axes`, `mesh.refine` or `interface.NAME`.
    """
    path = Path(path)
    named, own_axes = named_mesh(read_gmsh(path), str(path))
    return named_to_device(named, axes=own_axes if axes is None else axes, split=split, refine=refine)


def named_mesh(raw: GmshMesh, path: str) -> tuple[NamedMesh, tuple[int, ...]]:
    """The checked mesh of what a file holds, and the columns of its coordinates that vary.

    Raises:
        CaseError: key `mesh.file`.
    """
    columns = _columns(raw, path)
    named = _named(raw, columns, path)
    problems = mesh_check.check_mesh(named, "mesh.file")
    if problems:
        raise CaseError(problems)
    return named, tuple(columns)


def _columns(raw: GmshMesh, path: str) -> list[int]:
    """The columns of the file's coordinates that the mesh lives in."""
    used = raw.points[np.unique(raw.cells)]
    extent = np.ptp(used, axis=0)
    varying = [k for k in range(3) if extent[k] > 1e-9 * extent.max()]
    if len(varying) > raw.dim:
        flat = "in a plane x, y or z = constant" if raw.dim == 2 else "along the x, y or z axis"
        rule = f"must have a {raw.dim}D mesh that lies {flat}"
        received = f"{', '.join(AXES[k] for k in varying)} vary in {path}"
        raise fail(rule, received, "did you name the volumes?" if raw.dim == 2 else "")
    if len(varying) < raw.dim:
        raise fail(
            "must have no degenerate elements", f"all nodes of {path} lie in {len(varying)} dimensions"
        )
    return varying


def _named(raw: GmshMesh, columns: list[int], path: str) -> NamedMesh:
    """The mesh of a file; orphan nodes fall away, facets are found by their corners."""
    dim = raw.dim
    used, cells = np.unique(raw.cells[:, : dim + 1], return_inverse=True)
    cells = cells.reshape(-1, dim + 1).T
    points = raw.points[:, columns].T
    middles = points[:, raw.cells[:, dim + 1 :].T] if raw.cells.shape[1] > dim + 1 else None
    mesh = simplex_mesh(points[:, used], cells, middles)
    place = np.minimum(np.searchsorted(used, raw.facets), used.size - 1)
    known = (used[place] == raw.facets).all(axis=1)
    facet = np.full(len(raw.facets), -1, dtype=np.int64)
    facet[known] = find_facets(mesh, place[known].T)
    groups = {name: facet[rows] for name, rows in raw.boundaries.items()}
    loose = [name for name, facets in groups.items() if facets.min() < 0]
    if loose:
        hint = "embed the entity in the region (mesh.embed) or take it out of the group"
        raise fail("must have groups made of sides of elements", f"{', '.join(loose)} in {path}", hint)
    return NamedMesh(mesh, raw.regions, {name: np.unique(facets) for name, facets in groups.items()})


def named_to_device(
    named: NamedMesh, *, axes: Sequence[int] = (), split: Collection[str] = (), refine: int = 0
) -> DeviceMesh:
    """Refine, sort facets into boundaries and interfaces, and cut.

    Args:
        named: a checked mesh.
        axes: physical axes of the coordinates; empty for the first ones.
        split: interfaces to cut open.
        refine: number of uniform refinements.

    Raises:
        CaseError: keys `mesh.axes`, `mesh.refine`, `mesh.file` or `interface.NAME`.

    Example:
        >>> import numpy as np, skfem
        >>> line = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
        >>> regions = {"S": np.array([0]), "N": np.array([1])}
        >>> device = named_to_device(NamedMesh(line, regions, {"SN": np.array([1])}), split=["SN"])
        >>> device.mesh.p.tolist(), device.interfaces["SN"].facets.tolist()      # side 1 is N
        ([[0.0, 1.0, 1.0, 2.0]], [2])
    """
    dim = named.mesh.dim()
    chosen = tuple(int(axis) for axis in axes) or tuple(range(dim))
    problems = [*_check_axes(chosen, dim), *_check_refine(refine, named.mesh)]
    if problems:
        raise CaseError(problems)
    for _ in range(refine):
        named = refine_once(named)
    outer = outer_facets(named.mesh)
    mixed = [name for name, facets in named.facets.items() if np.ptp(outer[facets].astype(int))]
    if mixed:
        hint = "give the outer and the interior part separate groups"
        rule = "must have groups that lie either on the outer boundary or inside"
        raise CaseError([Problem("mesh.file", rule, ", ".join(mixed), hint)])
    boundaries = {name: facets for name, facets in named.facets.items() if outer[facets].all()}
    interfaces = {name: facets for name, facets in named.facets.items() if name not in boundaries}
    problems = _check_split(split, boundaries, interfaces)
    if problems:
        raise CaseError(problems)
    return _cut(named, chosen, boundaries, interfaces, sorted(set(split)))


def _cut(
    named: NamedMesh,
    axes: tuple[int, ...],
    boundaries: dict[str, Index],
    interfaces: dict[str, Index],
    split: list[str],
) -> DeviceMesh:
    """Cut the interfaces of `split`, and find every facet again."""
    if not split:
        kept = {name: InterfaceFacets(facets) for name, facets in interfaces.items()}
        return DeviceMesh(named.mesh, axes, named.regions, boundaries, kept)
    cut = cut_open(named.mesh, np.unique(np.concatenate([interfaces[name] for name in split])))
    problems = [
        Problem(
            f"interface.{name}",
            "must be wide enough to be cut open",
            f"{np.isin(interfaces[name], cut.closed).sum()} sides of elements with all corners on its rim",
            "refine the mesh there",
        )
        for name in split
        if np.isin(interfaces[name], cut.closed).any()
    ]
    if problems:
        raise CaseError(problems)
    local, element = sides(named.mesh)
    swapped = _second_first(named, element)
    new_facet = cut.mesh.t2f[local, element]  # both sides of every old facet
    new_facet[:, swapped] = new_facet[::-1, swapped]

    def found(name: str, facets: Index) -> InterfaceFacets:
        partners = new_facet[1, facets] if name in split else None
        return InterfaceFacets(new_facet[0, facets], partners)

    outer = cut.mesh.t2f[local[0], element[0]]
    return DeviceMesh(
        cut.mesh,
        axes,
        named.regions,
        {name: outer[facets] for name, facets in boundaries.items()},
        {name: found(name, facets) for name, facets in interfaces.items()},
    )


def _second_first(named: NamedMesh, element: Index) -> Index:
    """Interior facets whose second element has the region that comes first in the alphabet."""
    rank = np.zeros(named.mesh.nelements, dtype=np.int64)
    for number, name in enumerate(sorted(named.regions)):
        rank[named.regions[name]] = number
    return np.flatnonzero((element[1] >= 0) & (rank[element[1]] < rank[element[0]]))


def _check_axes(axes: tuple[int, ...], dim: int) -> list[Problem]:
    shown = "[" + ", ".join(AXES[a] if 0 <= a < 3 else str(a) for a in axes) + "]"
    if len(axes) != dim:
        return [Problem("mesh.axes", f"must name {dim} axes for a {dim}D mesh", shown)]
    if len(set(axes)) != dim or not set(axes) <= {0, 1, 2}:
        return [Problem("mesh.axes", 'must name different axes out of "x", "y", "z"', shown)]
    return []


def _check_refine(times: int, mesh: skfem.Mesh) -> list[Problem]:
    if times < 0:
        return [Problem("mesh.refine", "must be >= 0", str(times))]
    most = max(0, int(np.log2(LARGEST / mesh.nelements) / mesh.dim()))
    if times > most:
        rule = f"must be <= {most} for a mesh of {mesh.nelements} elements"
        return [Problem("mesh.refine", rule, str(times), "each step halves every edge")]
    return []


def _check_split(
    split: Collection[str], boundaries: dict[str, Index], interfaces: dict[str, Index]
) -> list[Problem]:
    problems = []
    for name in sorted(set(split)):
        key = f"interface.{name}"
        if name in boundaries:
            hint = f"for a tunnel contact to a reservoir set terminal.{name}.contact"
            problems.append(
                Problem(key, "must be an interior interface of the mesh", "an outer boundary", hint)
            )
        elif name not in interfaces:
            hint = did_you_mean(name, interfaces) or f"the mesh has {', '.join(interfaces) or 'none'}"
            problems.append(Problem(key, "must be an interior interface of the mesh", name, hint))
    known = [name for name in sorted(set(split)) if name in interfaces]
    for number, name in enumerate(known):
        for other in known[:number]:
            if np.intersect1d(interfaces[name], interfaces[other]).size:
                rule = "must share no facets with another tunnel interface"
                problems.append(Problem(f"interface.{name}", rule, f"some that are in {other} too"))
    return problems


def summary(device: DeviceMesh) -> dict[str, Any]:
    """Plain numbers about a mesh, for a report.

    Returns:
        dimension, axes (letters), curved, elements, vertices, h_min, h_max (edges); per region its
        elements and measure (length, area or volume); per boundary and interface its facets and measure
        (1 for a point), in the units of the mesh.

    Example:
        >>> import numpy as np, skfem
        >>> line = skfem.MeshLine(np.array([0.0, 1.0, 3.0]))
        >>> device = named_to_device(NamedMesh(line, {"N": np.array([0, 1])}, {"left": np.array([0])}))
        >>> summary(device)["regions"], summary(device)["h_max"]
        ({'N': {'elements': 2, 'measure': 3.0}}, 2.0)
    """
    mesh = device.mesh
    edges = mesh_check.edge_lengths(mesh)
    volume = element_measures(mesh)

    def region(elements: Index) -> dict[str, Any]:
        return {"elements": len(elements), "measure": float(volume[elements].sum())}

    def side(facets: Index) -> dict[str, Any]:
        return {"facets": len(facets), "measure": float(facet_measures(mesh, facets).sum())}

    return {
        "dimension": mesh.dim(),
        "axes": [AXES[axis] for axis in device.axes],
        "curved": device.curved,
        "elements": mesh.nelements,
        "vertices": int(mesh.nvertices),
        "h_min": float(edges.min()),
        "h_max": float(edges.max()),
        "regions": {name: region(group) for name, group in device.regions.items()},
        "boundaries": {name: side(group) for name, group in device.boundaries.items()},
        "interfaces": {
            name: {**side(group.facets), "split": group.split} for name, group in device.interfaces.items()
        },
    }


def element_measures(mesh: skfem.Mesh) -> Real:
    """Length, area or volume of every element; exact for curved ones too."""
    points, weights = get_quadrature(mesh.refdom, 3)
    if not is_curved(mesh):
        points, weights = points[:, :1], weights.sum(keepdims=True)
    return np.asarray(np.abs(mesh_check.jacobians(mesh, points)) @ weights)


def facet_measures(mesh: skfem.Mesh, facets: Index) -> Real:
    """Area or length of some facets (1 in one dimension)."""
    if mesh.dim() == 1 or not facets.size:
        return np.ones(facets.size)
    basis = skfem.FacetBasis(mesh, mesh.elem(), facets=facets, intorder=6)
    return np.asarray(basis.dx.sum(axis=1))
