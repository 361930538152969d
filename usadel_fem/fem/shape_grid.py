"""Simplex meshes on tensor grids: ticks along every axis, some cells left out, nodes moved off the grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fem.mesh_named import Index, NamedMesh, Real, outer_facets, simplex_mesh

Mask = NDArray[np.bool_]

# Nodes moved by less than this part of the grid step never turn an element over.
SAFE = {1: 0.45, 2: 0.25, 3: 1 / 6}


@dataclass(frozen=True)
class Grid:
    """Blocks of a tensor grid.

    Attributes:
        ticks: node positions along every axis.
        regions: mask of the grid cells of every region; cells in no region are left out.
        boundaries: name of an outer boundary -> (axis, tick) of the plane it lies in.
        interfaces: name of an interface -> planes it lies in; only interior facets between
            different blocks belong to it.
        straight: ticks of every axis where blocks end: nodes on them stay in that plane.
    """

    ticks: tuple[Real, ...]
    regions: Mapping[str, Mask]
    boundaries: Mapping[str, tuple[int, int]]
    interfaces: Mapping[str, list[tuple[int, int]]] = field(default_factory=dict)
    straight: tuple[Index, ...] = ()


def grid_mesh(
    grid: Grid, *, distortion: float = 0.0, move: Callable[[Real], Real] | None = None
) -> NamedMesh:
    """Mesh a grid: every cell gives 1 line, 2 triangles or 6 tetrahedra.

    Neighbouring cells are mirror images, so that a grid with an even number of cells is symmetric.

    Args:
        grid: the blocks.
        distortion: 0 keeps the grid; towards 1 nodes move, the same way each time, as far as elements
            allow without folding.  Blocks keep their shape.
        move: a map of all node positions (dim, n) at the end.

    Example:
        >>> import numpy as np
        >>> square = Grid((np.linspace(0, 1, 3),) * 2, {"N": np.ones((2, 2), bool)}, {"left": (0, 0)})
        >>> named = grid_mesh(square)
        >>> named.mesh.nelements, len(named.facets["left"])
        (8, 2)
    """
    dim = len(grid.ticks)
    random = np.random.default_rng(20180423)
    count = tuple(len(ticks) for ticks in grid.ticks)
    used = np.any(list(grid.regions.values()), axis=0)
    chosen = np.argwhere(used)  # (cells, dim)
    cells = _simplices(chosen, count, random if distortion and dim == 2 else None)
    in_use = np.zeros(np.prod(count), dtype=bool)
    in_use[cells] = True
    cells = (np.cumsum(in_use, dtype=np.int32) - 1)[cells]
    place = np.array(np.unravel_index(np.flatnonzero(in_use), count))
    points = np.array([ticks[k] for ticks, k in zip(grid.ticks, place, strict=True)])
    if distortion:
        points = points + distortion * SAFE[dim] * _jitter(grid, place, random)
    mesh = simplex_mesh(points if move is None else move(points), cells)
    owner = np.repeat(np.arange(len(chosen)), cells.shape[1] // len(chosen))
    regions = {name: np.flatnonzero(mask[tuple(chosen.T)][owner]) for name, mask in grid.regions.items()}
    outer = outer_facets(mesh)

    def on(axis: int, tick: int, mask: Mask) -> Index:
        return np.flatnonzero((place[axis, mesh.facets] == tick).all(axis=0) & mask)

    facets = {name: on(axis, tick, outer) for name, (axis, tick) in grid.boundaries.items()}
    for name, planes in grid.interfaces.items():
        facets[name] = np.unique(np.concatenate([on(axis, tick, ~outer) for axis, tick in planes]))
    return NamedMesh(mesh, regions, facets)


def _simplices(chosen: Index, count: tuple[int, ...], random: np.random.Generator | None) -> NDArray[Any]:
    """Grid nodes of the simplices of the chosen cells (dim + 1, n)."""
    dim = len(count)
    mirror = chosen % 2 if random is None else random.integers(0, 2, chosen.shape)
    pieces = []
    for order in permutations(range(dim)):
        corner = np.zeros(dim, dtype=np.int64)
        path = [corner]
        for axis in order:
            corner = corner.copy()
            corner[axis] = 1
            path.append(corner)
        where = [chosen + np.abs(mirror - step) for step in path]
        pieces.append([np.ravel_multi_index(tuple(w.T), count).astype(np.int32) for w in where])
    return np.array(pieces).transpose(1, 2, 0).reshape(dim + 1, -1)  # the simplices of a cell together


def _jitter(grid: Grid, place: Index, random: np.random.Generator) -> Real:
    """Random displacements up to the smaller of the two neighbouring steps; none off the straight ticks."""
    moves = np.empty(place.shape)
    for axis, ticks in enumerate(grid.ticks):
        steps = np.diff(ticks)
        room = np.minimum(np.append(steps[0], steps), np.append(steps, steps[-1]))
        fixed = grid.straight[axis] if grid.straight else np.zeros(0, dtype=np.int64)
        room[[0, -1]] = 0
        room[fixed] = 0
        moves[axis] = room[place[axis]] * random.uniform(-1, 1, place.shape[1])
    return moves


def graded(start: float, end: float, elements: int, grading: float = 1.0) -> Real:
    """Ticks from start to end; steps in the middle are `grading` times those at both ends.

    Example:
        >>> import numpy as np
        >>> steps = np.diff(graded(0.0, 2.0, 200, 5.0))
        >>> round(float(steps.max() / steps[0]), 2)
        5.0
    """
    s = np.linspace(0.0, 1.0, elements + 1)
    smooth = s + (grading - 1) * (s / 2 - np.sin(2 * np.pi * s) / (4 * np.pi))
    ticks = start + (end - start) * smooth / smooth[-1]
    ticks[-1] = end
    return np.asarray(ticks)
