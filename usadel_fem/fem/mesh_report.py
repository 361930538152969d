"""What a mesh holds and what a case on it would need, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from usadel_fem.fem.mesh import AXES, DeviceMesh, facet_measures, summary
from usadel_fem.fem.mesh_named import Index, NamedMesh, outer_facets
from usadel_fem.fem.mesh_quality import aspect_ratios, smallest_angles

MEASURE = {1: "length", 2: "area", 3: "volume"}
SIDE = {1: "points", 2: "length", 3: "area"}
SIDES = (("left", "right"), ("bottom", "top"), ("front", "back"))
"""Names of the outer sides at both ends of each coordinate."""
ELEMENTS = {1: "segments", 2: "triangles", 3: "tetrahedra"}


def with_interfaces(named: NamedMesh, *, sides: bool = False) -> tuple[NamedMesh, tuple[str, ...]]:
    """The mesh with names for the sides between two regions that have none: "A|B", in alphabetical order.

    Args:
        named: a checked mesh.
        sides: also name nameless outer sides that stand at the ends of a coordinate: left and right, ...

    Returns:
        The mesh, and the names that were added.
    """
    mesh = named.mesh
    free = np.ones(mesh.nfacets, dtype=bool)
    for facets in named.facets.values():
        free[facets] = False
    added: dict[str, Index] = {}
    names = sorted(named.regions)
    region = np.zeros(mesh.nelements, dtype=np.int64)
    for number, name in enumerate(names):
        region[named.regions[name]] = number
    inner = np.flatnonzero(free & ~outer_facets(mesh))
    pairs = np.sort(region[mesh.f2t[:, inner]], axis=0)
    for one, two in np.unique(pairs[:, pairs[0] != pairs[1]], axis=1).T:
        between = inner[(pairs[0] == one) & (pairs[1] == two)]
        added[f"{names[one]}|{names[two]}"] = between
    if sides:
        added |= _ends(named, np.flatnonzero(free & outer_facets(mesh)))
    added = {name: facets for name, facets in added.items() if name not in named.facets}
    return NamedMesh(mesh, named.regions, {**named.facets, **added}), tuple(added)


def _ends(named: NamedMesh, facets: Index) -> dict[str, Index]:
    """Outer facets that lie flat at an end of a coordinate."""
    points = named.mesh.p[:, named.mesh.facets[:, facets]]  # (dim, corners, facets)
    found: dict[str, Index] = {}
    for axis in range(named.mesh.dim()):
        low, high = named.mesh.p[axis].min(), named.mesh.p[axis].max()
        for name, end in zip(SIDES[axis], (low, high), strict=True):
            there = (np.abs(points[axis] - end) <= 1e-9 * (high - low)).all(axis=0)
            if there.any():
                found[name] = facets[there]
    return found


def mesh_lines(info: Mapping[str, Any], roles: Mapping[str, str]) -> Iterator[str]:
    """Regions, boundaries and interfaces with their sizes; `roles` adds a word on some of them."""
    dim = info["dimension"]
    for name, region in info["regions"].items():
        yield f"  region {name}: {region['elements']} elements, {MEASURE[dim]} {region['measure']:.6g}"
    for kind, parts in (("boundary", info["boundaries"]), ("interface", info["interfaces"])):
        for name, side in parts.items():
            role = f", {roles[name]}" if name in roles else ""
            yield f"  {kind} {name}: {SIDE[dim]} {side['measure']:.6g}{role}"


def report(device: DeviceMesh) -> str:
    """Dimension, nodes, elements, quality, regions, boundaries and interfaces."""
    info, mesh = summary(device), device.mesh
    dim = info["dimension"]
    shape = "curved " if info["curved"] else ""
    lines = [
        f"mesh: {dim}D, {info['vertices']} nodes, {info['elements']} {shape}{ELEMENTS[dim]}, "
        f"edges {info['h_min']:.4g} to {info['h_max']:.4g}, coordinates {', '.join(info['axes'])}"
    ]
    if dim > 1:
        kind = "angle" if dim == 2 else "dihedral angle"
        lines.append(
            f"  quality: smallest {kind} {smallest_angles(mesh).min():.1f} degrees, "
            f"worst aspect ratio {aspect_ratios(mesh).max():.3g} (1 is regular)"
        )
    lines += mesh_lines(info, {})
    known = np.concatenate([*device.boundaries.values(), np.zeros(0, dtype=np.int64)])
    rest = np.setdiff1d(mesh.boundary_facets(), known)
    if rest.size:
        lines.append(
            f"  outer boundary without a name: {SIDE[dim]} {facet_measures(mesh, rest).sum():.6g}, vacuum"
        )
    return "\n".join(lines)


def skeleton(device: DeviceMesh, file: str) -> str:
    """The tables of a case on this mesh, to be filled in; valid as it is."""
    axes = ", ".join(f'"{AXES[axis]}"' for axis in device.axes)
    lines = ["[mesh]", f"file = {_quoted(file)}", f"axes = [{axes}]", "", "[region]"]
    lines += [f"{_key(name)} = {_quoted(name)}" for name in device.regions]
    for name in device.regions:
        lines += ["", f"[material.{_key(name)}]", "D = 1.0"]
    if device.boundaries:
        lines += ["", "# a boundary without a terminal lets nothing through"]
    for name in device.boundaries:
        lines += [f"# [terminal.{_key(name)}]", "# normal = true        # or Delta = 1.0"]
    if device.interfaces:
        lines += ["", "# an interface without a table is transparent"]
    for name in device.interfaces:
        lines += [f"# [interface.{_key(name)}]", "# conductance = 1.0"]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    """A key of TOML, in quotes where it needs them."""
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _quoted(name)
