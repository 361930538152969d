"""Cells cut into small pieces: what elements of second order say is drawn, not what their corners say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh

Real = NDArray[np.float64]
Index = NDArray[np.int64]

PIECES = 4
"""Pieces along each edge of an element of second order."""

MANY = 8000
"""Cells from which on half as many pieces do."""

# local nodes of the faces of a tetrahedron in the order of VTK: corners, then middles of edges
_FACES = {
    "tetra": ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)),
    "tetra10": ((0, 1, 2, 4, 5, 6), (0, 1, 3, 4, 8, 7), (0, 2, 3, 6, 9, 7), (1, 2, 3, 5, 9, 8)),
}
# integrals of the shape functions over a cell, relative to its measure
_WEIGHTS = {
    "line": (1 / 2,) * 2,
    "line3": (1 / 6, 1 / 6, 2 / 3),
    "triangle": (1 / 3,) * 3,
    "triangle6": (0.0,) * 3 + (1 / 3,) * 3,
    "tetra": (1 / 4,) * 4,
    "tetra10": (-1 / 20,) * 4 + (1 / 5,) * 6,
}


def per_cell(mesh: FieldMesh, values: NDArray[Any], at: str) -> NDArray[Any]:
    """Values at the nodes of every cell, (cells, k, ...), of what lives at "node", "cell" or "corner"."""
    if at == "corner":
        return values
    if at == "node":
        return np.asarray(values[mesh.cells])
    return np.repeat(values[:, None], mesh.cells.shape[1], axis=1)


def corners(mesh: FieldMesh) -> int:
    """How many corners a cell has."""
    return {"l": 2, "t": 4 if "tetra" in mesh.cell_type else 3}[mesh.cell_type[0]]


def measures(mesh: FieldMesh) -> Real:
    """Length, area or volume of the straight cells."""
    first, *others = (mesh.nodes[mesh.cells[:, i]] for i in range(corners(mesh)))
    edges = np.stack([corner - first for corner in others], axis=1)
    gram = edges @ edges.transpose(0, 2, 1)
    factor = {1: 1, 2: 2, 3: 6}[len(others)]
    return np.sqrt(np.maximum(np.linalg.det(gram), 0.0)) / factor


def mean(mesh: FieldMesh, values: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
    """Mean over some cells of nodal values, nodes in the last axis: (..., N) to (...)."""
    weight = np.zeros(len(mesh.nodes))
    shape = np.array(_WEIGHTS[mesh.cell_type])
    np.add.at(weight, mesh.cells[kept], measures(mesh)[kept, None] * shape)
    return np.asarray(values @ weight / weight.sum())


def shape_functions(barycentric: Real, order: int) -> Real:
    """Lagrange functions (points, k) at barycentric coordinates (points, 2 or 3), in the order of VTK."""
    if order == 1:
        return barycentric
    count = barycentric.shape[1]
    edges = [(0, 1)] if count == 2 else [(0, 1), (1, 2), (2, 0)]
    at_corners = barycentric * (2 * barycentric - 1)
    return np.column_stack([at_corners, *(4 * barycentric[:, i] * barycentric[:, j] for i, j in edges)])


def along_line(
    mesh: FieldMesh, kept: NDArray[np.bool_], axis: int, pieces: int = 2 * PIECES
) -> tuple[Real, Index, Real]:
    """How to draw on a mesh of one dimension, elements of second order cut into `pieces`.

    Returns:
        coordinates (cells, m) of points from left to right, numbers (cells,) of the cells from left to right,
        shape functions (cells, m, k): values at the points of a cell are `shape @ per_cell`.
    """
    order = mesh.cells.shape[1] - 1
    t = np.linspace(0.0, 1.0, (pieces if order == 2 else 1) + 1)
    shape = shape_functions(np.column_stack([1 - t, t]), order)
    chosen = np.flatnonzero(kept)
    ends = mesh.nodes[mesh.cells[chosen][:, :2], axis]
    rising = np.argsort(ends.mean(axis=1), kind="stable")
    chosen, backwards = chosen[rising], (ends[:, 0] > ends[:, 1])[rising]
    shapes = np.where(backwards[:, None, None], shape[::-1], shape)
    x = np.einsum("csk,ck->cs", shapes, mesh.nodes[mesh.cells[chosen], axis])
    return x, chosen, shapes


def joined(mesh: FieldMesh, cells: Index) -> NDArray[np.bool_]:
    """Whether each of these cells of a line shares a node with the one before; False for the first."""
    together = [bool(set(mesh.cells[a]) & set(mesh.cells[b])) for a, b in pairwise(cells)]
    return np.array([False, *together], dtype=bool)


@dataclass(frozen=True)
class Patches:
    """Triangles, or outer faces of tetrahedra, cut into small triangles.

    Attributes:
        points: (m, 3) positions; pieces of different cells share none, so that fields may jump.
        triangles: (t, 3) into `points`.
        cell: (t,) the cell of the mesh of every small triangle.
        owner, pick: (f,) cell and (f, k) its local nodes of every element that was cut.
        shape: (s, k) shape functions at the points of an element.
    """

    points: Real
    triangles: Index
    cell: Index
    owner: Index
    pick: Index
    shape: Real

    def at_points(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values (m, ...) at the points from those at the nodes of every cell, (cells, k, ...)."""
        local = values[self.owner[:, None], self.pick]
        cut = np.einsum("sk,fk...->fs...", self.shape, local)
        return cut.reshape(-1, *values.shape[2:])


def patches(mesh: FieldMesh, kept: NDArray[np.bool_], pieces: int = 0) -> Patches:
    """Cut the kept triangles, or the surface of the kept tetrahedra, `pieces` along each edge (0: choose)."""
    chosen = np.flatnonzero(kept)
    if mesh.cell_type in _FACES:
        owner, pick = _surface(mesh, chosen)
    else:
        owner, pick = chosen, np.tile(np.arange(mesh.cells.shape[1]), (len(chosen), 1))
    order = 1 if pick.shape[1] == 3 else 2
    n = pieces or (1 if order == 1 else PIECES if len(owner) < MANY else PIECES // 2)
    barycentric, small = _grid(n)
    shape = shape_functions(barycentric, order)
    nodes = mesh.nodes[mesh.cells[owner[:, None], pick]]
    points = np.einsum("sk,fkc->fsc", shape, nodes).reshape(-1, 3)
    shift = len(barycentric) * np.arange(len(owner))[:, None, None]
    triangles = (small + shift).reshape(-1, 3)
    return Patches(points, triangles, np.repeat(owner, len(small)), owner, pick, shape)


def _grid(n: int) -> tuple[Real, Index]:
    """Barycentric coordinates of a triangle cut n-fold, and the small triangles."""
    number = {}
    points: list[tuple[int, int, int]] = []
    for i in range(n + 1):
        for j in range(n + 1 - i):
            number[i, j] = len(points)
            points.append((n - i - j, i, j))
    small = [(number[i, j], number[i + 1, j], number[i, j + 1]) for i in range(n) for j in range(n - i)]
    small += [
        (number[i + 1, j], number[i + 1, j + 1], number[i, j + 1])
        for i in range(n - 1)
        for j in range(n - 1 - i)
    ]
    return np.array(points) / n, np.array(small, dtype=np.int64)


def _surface(mesh: FieldMesh, chosen: Index) -> tuple[Index, Index]:
    """Faces that belong to one of the chosen tetrahedra only: cell, and local nodes in it."""
    faces = np.array(_FACES[mesh.cell_type])
    owner = np.repeat(chosen, 4)
    pick = np.tile(faces, (len(chosen), 1))
    ends = np.sort(mesh.cells[owner[:, None], pick[:, :3]], axis=1)
    _, first, count = np.unique(ends, axis=0, return_index=True, return_counts=True)
    outer = np.sort(first[count == 1])
    return owner[outer], pick[outer]


def outlines(mesh: FieldMesh, kept: NDArray[np.bool_]) -> Real:
    """Edges of triangles where a region or the mesh ends, as curves (edges, m, 3)."""
    order = 1 if mesh.cells.shape[1] == 3 else 2
    chosen = np.flatnonzero(kept)
    local = np.array([(0, 1), (1, 2), (2, 0)])
    ends = np.sort(mesh.cells[chosen][:, local].reshape(-1, 2), axis=1)
    region = np.repeat(mesh.cell_region[chosen], 3)
    _, inverse, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    low = np.full(len(count), np.iinfo(np.int64).max)
    high = np.full(len(count), -1)
    np.minimum.at(low, inverse, region)
    np.maximum.at(high, inverse, region)
    first = np.unique(inverse, return_index=True)[1]
    shown = first[(count == 1) | (low < high)]
    cell, edge = chosen[shown // 3], shown % 3
    nodes = mesh.cells[cell[:, None], local[edge]]
    if order == 2:
        nodes = np.column_stack([nodes, mesh.cells[cell, 3 + edge]])
    t = np.linspace(0.0, 1.0, PIECES * (order - 1) + 1 if order == 2 else 2)
    shape = shape_functions(np.column_stack([1 - t, t]), order)
    return np.einsum("sk,ekc->esc", shape, mesh.nodes[nodes])


def smoothed(mesh: FieldMesh, values: NDArray[Any]) -> NDArray[Any]:
    """Values of cells (cells, ...) averaged at the nodes, region by region: (cells, k, ...)."""
    found = np.empty((len(mesh.cells), mesh.cells.shape[1], *values.shape[1:]), dtype=values.dtype)
    weight = measures(mesh)
    for number in range(len(mesh.region_names)):
        inside = np.flatnonzero(mesh.cell_region == number)
        total = np.zeros((len(mesh.nodes), *values.shape[1:]), dtype=values.dtype)
        share = np.zeros(len(mesh.nodes))
        shaped = weight[inside].reshape(-1, *(1,) * (values.ndim - 1))
        for i in range(mesh.cells.shape[1]):
            np.add.at(total, mesh.cells[inside, i], shaped * values[inside])
            np.add.at(share, mesh.cells[inside, i], weight[inside])
        here = mesh.cells[inside]
        found[inside] = total[here] / share[here].reshape(*here.shape, *(1,) * (values.ndim - 1))
    return found


def raster(points: Real, triangles: Index, x: Real, y: Real) -> tuple[Index, Real]:
    """Which triangle each point of a regular grid lies in.

    Args:
        points: (m, 2).
        triangles: (t, 3).
        x, y: rising, evenly spaced.

    Returns:
        (ny, nx) numbers of triangles, −1 outside, and (ny, nx, 3) barycentric coordinates there.
    """
    where = np.full((len(y), len(x)), -1, dtype=np.int64)
    weights = np.zeros((len(y), len(x), 3))
    corner = points[triangles]
    low, high = corner.min(axis=1), corner.max(axis=1)
    left, right = np.searchsorted(x, low[:, 0]), np.searchsorted(x, high[:, 0], side="right")
    bottom, top = np.searchsorted(y, low[:, 1]), np.searchsorted(y, high[:, 1], side="right")
    for t in np.flatnonzero((right > left) & (top > bottom)):
        a, b, c = corner[t]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if area == 0:
            continue
        px, py = x[None, left[t] : right[t]] - a[0], y[bottom[t] : top[t], None] - a[1]
        second = (px * (c[1] - a[1]) - py * (c[0] - a[0])) / area
        third = (py * (b[0] - a[0]) - px * (b[1] - a[1])) / area
        inside = (second >= -1e-9) & (third >= -1e-9) & (second + third <= 1 + 1e-9)
        where[bottom[t] : top[t], left[t] : right[t]][inside] = t
        part = np.stack([1 - second - third, second, third], axis=-1)
        weights[bottom[t] : top[t], left[t] : right[t]][inside] = part[inside]
    return where, weights
