"""A Krylov step in single precision, for the full problem: NumPy arrays in and out; see `kernels.single`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from usadel_fem.kernels import single, single_hall, spinhall
from usadel_fem.kernels.frames import Array
from usadel_fem.kernels.memory import Rooms
from usadel_fem.kernels.tiles import NODES, ROW


@dataclass(frozen=True)
class FreeRows:
    """What does not change with ǧ, for rows of the free nodes, of none up to whole tiles, and of the others.

    Attributes:
        order: the node of each row; any where there is none.
        tiles: of the free nodes.
        coupling: as `single.hessian` takes it.
        spin_hall: as `single_hall.bend` takes it but for `frozen`, with the planes; or nothing.
    """

    order: Array
    tiles: int
    coupling: tuple[Array | None, ...]
    spin_hall: tuple[Array, ...]
    planes: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(
        cls, coupling: tuple[Array, ...], sums: Array, spin_hall: tuple[Any, ...], free: Array
    ) -> FreeRows:
        """For `Coupling.arrays` and `sums`, and `SpinHall.dense`, of all nodes."""
        size = sums.shape[1]
        tiles = -(-free.size // NODES)
        others = np.setdiff1d(np.arange(size), free) if spin_hall else free[:0]
        order = np.concatenate([free, np.zeros(NODES * tiles - free.size, int), others])
        row = np.full(size, -1)
        row[free] = np.arange(free.size)
        count = 1 + (coupling[2] is not coupling[3])
        data = list(coupling[2 : 2 + count])
        indptr, columns, kept = _between(coupling[:2], row, NODES * tiles)
        elsewhere = _sums(coupling[:2], row, data)
        diagonal = np.zeros((2, NODES * tiles))
        diagonal[:count, : free.size] = sums[:count, free] - elsewhere[:, free]
        none = [None] * (2 - count)
        pairs = (indptr, columns, *(_single(x[kept]) for x in data), *none)
        bend_ptr, bend_columns, some = _between(coupling[4:6], row, NODES * tiles)
        bend = (bend_ptr, bend_columns, coupling[6][some].astype(np.int32), _single(coupling[7][some]))
        row[others] = NODES * tiles + np.arange(others.size)
        in_rows = *(_single(x) for x in diagonal[:count]), *none
        parts = *pairs, *in_rows, *(bend if some.size else (None,) * 4)
        return cls(order, tiles, parts, *_points(spin_hall, row))


def _single(x: Array) -> Array:
    return np.ascontiguousarray(x, dtype=np.float32)


def _between(matrix: tuple[Array, ...], row: Array, size: int) -> tuple[Array, Array, Array]:
    """Row pointers, columns and places of the entries of a matrix between different nodes that have a row."""
    pointers, columns = matrix
    old = np.repeat(np.arange(pointers.size - 1), np.diff(pointers))
    kept = np.flatnonzero((row[old] >= 0) & (row[columns] >= 0) & (old != columns))
    kept = kept[np.argsort(row[old[kept]], kind="stable")]
    counts = np.bincount(row[old[kept]], minlength=size)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return indptr, row[columns[kept]].astype(np.int32), kept


def _sums(matrix: tuple[Array, ...], row: Array, data: list[Array]) -> Array:
    """Of each row, its entries with nodes that have no row."""
    pointers, columns = matrix
    old = np.repeat(np.arange(pointers.size - 1), np.diff(pointers))
    some = row[columns] < 0
    return np.array([np.bincount(old[some], x[some], minlength=row.size) for x in data])


def _points(spin_hall: tuple[Any, ...], row: Array) -> tuple[Any, Any]:
    """Nodes, shapes and weights of whole tiles of points, and the planes."""
    if not spin_hall:
        return (), ()
    nodes, (value, *gradient), weight, planes = spin_hall
    count, size = nodes.shape
    whole = -(-count // NODES) * NODES
    places = np.minimum(np.arange(whole), count - 1)
    shapes = np.zeros((whole, size, 4), np.float32)
    for k, x in enumerate((value, *gradient)):
        shapes[..., k] = x[places]
    weights = np.zeros(whole, np.float32)
    weights[:count] = weight
    return (row[nodes[places]].astype(np.int32), shapes, weights), planes


class SingleStep:
    """w ↦ forces of H w, and w of what comes back from the preconditioner, at one linearisation.

    w is a flat array in tiles, forces are rows of a multigrid cycle.

    Args:
        rows: of the mesh.
        frames, diagonal: see `kernels.tangents`.
        g: ǧ in rows of `kernels.tangents`, read if there is a spin Hall form.
        frozen: its outer ǧ is held fixed.
        rooms: where memory is kept.
    """

    def __init__(
        self,
        rows: FreeRows,
        frames: Array,
        diagonal: Array,
        g: Array,
        frozen: bool,
        rooms: Rooms,
    ) -> None:
        self._rows = rows
        self._frames = rooms.empty(rows.tiles * single.FRAMES, np.float32)
        self._diagonal = rooms.empty(rows.tiles * single.PAIR, np.float32)
        single.narrow(frames, single.FRAMES // NODES, self._frames)
        single.narrow(diagonal, single.PAIR // NODES, self._diagonal)
        self._change = rooms.zeros(rows.order.size * ROW, np.float32)
        self._start, self._begin, self._end = rooms.empty(0, np.float32), 0, 0
        if rows.spin_hall:
            nodes = rows.spin_hall[0]
            self._start = rooms.empty(rows.order.size * ROW, np.float32)
            self._begin, self._end = int(nodes.min()), int(nodes.max()) + 1
            self._field = rooms.empty(rows.order.size * ROW, np.float32)
            single.halves(g, rows.order, self._field)
            self._terms = spinhall.terms(rows.planes, frozen)

    @property
    def size(self) -> int:
        """Floats of w."""
        return self._rows.tiles * single.PAIR

    def forces(self, w: Array, out: Array) -> None:
        """Of H w, into rows."""
        single.change(self._frames, w, self._change)
        if self._rows.spin_hall:
            self._start[ROW * self._begin : ROW * self._end] = 0.0
            single_hall.bend(*self._rows.spin_hall, *self._terms, self._field, self._change, self._start)
        single.hessian(
            self._rows.coupling,
            self._frames,
            self._diagonal,
            w,
            self._change,
            self._start,
            self._begin,
            self._end,
            out,
        )

    def unknowns(self, rows: Array, splitting: Splitting, out: Array) -> None:
        """w of rows."""
        single.unknowns(self._frames, rows, splitting.places, splitting.factors, out)


@dataclass(frozen=True)
class Splitting:
    """`solver.splitting` for tiles: the place of each tile's factors or −1, and the factors."""

    places: Array
    factors: Array

    @classmethod
    def none(cls, tiles: int) -> Splitting:
        return cls(np.full(tiles, -1, np.int32), np.zeros(single.FACTORS, np.float32))

    @classmethod
    def of(cls, factors: Array, nodes: Array, tiles: int) -> Splitting:
        """Of factors (6, 2, 2, n) of some nodes."""
        some, inverse = np.unique(nodes // NODES, return_inverse=True)
        places = np.full(tiles, -1, np.int32)
        places[some] = np.arange(some.size)
        lanes = NODES * inverse + nodes % NODES
        parts = np.zeros((some.size, 48, NODES), np.float32)
        parts[:, [16, 22, 40, 46]] = 1.0  # the others: w_eh · 1, 1 · w_he
        line = np.empty(some.size * NODES, np.float32)
        for k, entry in enumerate(factors.reshape(24, -1)):
            for part, x in ((2 * k, entry.real), (2 * k + 1, entry.imag)):
                line[:] = parts[:, part].reshape(-1)
                line[lanes] = x
                parts[:, part] = line.reshape(-1, NODES)
        return cls(places, parts.reshape(-1))


def packed(w: Array, rooms: Rooms, floats: int) -> Array:
    """Tiles of w (n, 2, 2, 2)."""
    out = rooms.empty(floats, np.float32)
    single.pack(np.ascontiguousarray(w).view(np.float64).reshape(-1), out)
    return out


def unpacked(tiles: Array, rooms: Rooms, shape: tuple[int, ...]) -> Array:
    """w (n, 2, 2, 2) of tiles."""
    w = rooms.empty(shape, complex)
    single.unpack(tiles, w.view(np.float64).reshape(-1))
    return w
