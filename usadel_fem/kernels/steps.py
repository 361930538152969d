"""A Krylov step in single precision: NumPy arrays in and out; see `kernels.single`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from usadel_fem.kernels import packing, reduction, single, spinhall, stream
from usadel_fem.kernels.frames import Array
from usadel_fem.kernels.memory import Rooms
from usadel_fem.kernels.schedule import Schedule
from usadel_fem.kernels.tiles import NODES, ROWS

FRAMES = {1: (6, [0, 1, 2, 3, 4, 5, 4, 5]), 2: (32, range(32))}
"""By s: how many numbers `kernels.channel` or `kernels.tangents` keeps of the frames of a node, and which of
them are γ, γ̃, N, Ñ."""


def _tiles(nodes: int, s: int) -> int:
    """As many as make whole stretches of `kernels.reduction`."""
    least = reduction.STRETCH // (4 * s**2 * NODES)
    return -(-nodes // (NODES * least)) * least


@dataclass(frozen=True)
class Sandwiches:
    """Forces −Σ_j M_ij Xx_jY: the rows that they concern, and M between these, X and Y of each."""

    rows: Array
    terms: tuple[tuple[Any, Array, Array], ...]

    def add(self, change: Array, out: Array, s: int) -> None:
        """Those of δǧ, in rows."""
        size = 8 * s**2
        x = _matrices(change.reshape(-1, size)[self.rows], s)
        force = np.zeros_like(x)
        for matrix, left, right in self.terms:
            force -= left @ (matrix @ x.reshape(len(x), -1)).reshape(x.shape) @ right
        out.reshape(-1, size)[self.rows] += _floats(force, s)


def _matrices(rows: Array, s: int) -> Array:
    """(n, 2s, 2s) of rows of δǧ."""
    real, imaginary = np.split(rows.astype(float), 2, axis=1)
    x = real + 1j * imaginary
    if s == 1:
        return x.reshape(-1, 2, 2)
    out = np.empty((len(x), 4, 4), dtype=complex)
    packing.from_components(x.reshape(-1, 4, 2, 2), out)
    return out


def _floats(x: Array, s: int) -> Array:
    """And back."""
    if s == 2:
        components = np.empty((len(x), 4, 2, 2), dtype=complex)
        packing.to_components(x, components)
        x = components
    flat = x.reshape(len(x), -1)
    return np.concatenate([flat.real, flat.imag], axis=1)


def _few(sandwiches: Sequence[tuple[Any, Array, Array]], free: Array) -> Sandwiches | None:
    """Of free nodes."""
    inside = [(matrix[free][:, free], left, right) for matrix, left, right in sandwiches]
    rows = np.unique(np.concatenate([np.zeros(0, int), *(matrix.nonzero()[0] for matrix, _, _ in inside)]))
    if not rows.size:
        return None
    return Sandwiches(rows, tuple((m[rows][:, rows].tocsr(), left, right) for m, left, right in inside))


@dataclass(frozen=True)
class FreeRows:
    """What does not change with ǧ, for rows of the free nodes, of none up to whole tiles, and of the others.

    Attributes:
        s: size of the spin matrices.
        order: the node of each row; any where there is none.
        tiles: of the free nodes.
        coupling: as `single.hessian` takes it.
        spin_hall: as `single_hall.bend` takes it, in the order of the last row of each point; or nothing.
        planes: of it.
        sandwiches: terms without kernels, or None.
    """

    s: int
    order: Array
    tiles: int
    coupling: tuple[Array | None, ...]
    spin_hall: tuple[Array, ...]
    planes: tuple[tuple[int, int, int], ...]
    sandwiches: Sandwiches | None

    def schedule(self, cycle: Any) -> Schedule:
        """With the cycles of `solver.multigrid.Rows`."""
        places = [self.coupling[k : k + 2] for k in (0, 6, 10)]
        couplings = [pair for pair in places if pair[0] is not None]
        points = self.spin_hall[0] if self.spin_hall else np.zeros((0, 1), int)
        return Schedule.of(self.tiles, couplings, points, cycle.asked, cycle.upper[0].size - 1)

    @classmethod
    def of(
        cls,
        coupling: tuple[Array, ...],
        sums: Array,
        spin_hall: tuple[Any, ...],
        free: Array,
        s: int,
        charged: Any = None,
        sandwiches: Sequence[tuple[Any, Array, Array]] = (),
    ) -> FreeRows:
        """For `Coupling.arrays` and `sums`, `SpinHall.dense`, and the rest of `fem.single`, of all nodes."""
        size = sums.shape[1]
        tiles = _tiles(free.size, s)
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
        charge: tuple[Array | None, ...] = (None,) * 4
        if charged is not None:
            places = charged.indptr, charged.indices
            charge_ptr, charge_columns, kept = _between(places, row, NODES * tiles, own=True)
            x = charged.data[kept]
            charge = charge_ptr, charge_columns, _single(x.real), _single(x.imag)
        row[others] = NODES * tiles + np.arange(others.size)
        in_rows = *(_single(x) for x in diagonal[:count]), *none
        parts = *pairs, *in_rows, *(bend if some.size else (None,) * 4), *charge
        return cls(s, order, tiles, parts, *_points(spin_hall, row, NODES * tiles), _few(sandwiches, free))


def _single(x: Array) -> Array:
    return np.ascontiguousarray(x, dtype=np.float32)


def _between(
    matrix: tuple[Array, ...], row: Array, size: int, own: bool = False
) -> tuple[Array, Array, Array]:
    """Row pointers, columns and places of the entries of a matrix between nodes that have a row; with those
    on the diagonal, if `own`."""
    pointers, columns = matrix
    old = np.repeat(np.arange(pointers.size - 1), np.diff(pointers))
    kept = np.flatnonzero((row[old] >= 0) & (row[columns] >= 0) & (own | (old != columns)))
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


def _points(spin_hall: tuple[Any, ...], row: Array, free: int) -> tuple[Any, Any]:
    """Nodes, shapes and weights of whole tiles of points, and the planes."""
    if not spin_hall:
        return (), ()
    nodes, (value, *gradient), weight, planes = spin_hall
    count, size = nodes.shape
    rows = row[nodes]
    order = np.argsort(np.where(rows < free, rows, -1).max(axis=1), kind="stable")
    places = np.pad(order, (0, -count % NODES), mode="edge")
    shapes = np.zeros((places.size, size, 4), np.float32)
    for k, x in enumerate((value, *gradient)):
        shapes[..., k] = x[places]
    weights = np.zeros(places.size, np.float32)
    weights[:count] = weight[order]
    return (row[nodes[places]].astype(np.int32), shapes, weights), planes


FEW = (0.0,)
"""One shift for all columns of a node, see `kernels.multigrid`."""

_ROW, _NUMBER = np.zeros(1, np.int32), np.zeros(1, np.float32)
NO_DESCENT = _ROW, (_ROW, _ROW, _NUMBER), _NUMBER, 0, _NUMBER
NO_ASCENT = _ROW, (_ROW, _ROW, _NUMBER), _NUMBER, _NUMBER
"""Of a cycle that does not go."""


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
        like = ROWS[rows.s]
        self._rows, self._like, self._row, self._rooms = rows, like, len(like), rooms
        self._frames = rooms.empty(rows.tiles * NODES * self._row, np.float32)
        self._diagonal = rooms.empty(self.size, np.float32)
        for x, out, kept, some in (
            (frames, self._frames, *FRAMES[rows.s]),
            (diagonal, self._diagonal, self._row // 2, range(self._row // 2)),
        ):
            single.narrow(x, kept, np.array(some), out)
        self._kept: dict[int, tuple[Array, Array]] = {}
        self._begin, self._end, self._hall = 0, 0, None
        concerned: list[Array] = [*rows.spin_hall[:1]]
        if rows.sandwiches is not None:
            concerned.append(rows.sandwiches.rows)
        if concerned:
            self._begin = min(int(nodes.min()) for nodes in concerned)
            self._end = max(int(nodes.max()) for nodes in concerned) + 1
        if rows.spin_hall:
            field = rooms.empty(rows.order.size * self._row, np.float32)
            single.halves(g, rows.order, like, field)
            whole = rows.s == 2
            terms = (
                spinhall.terms(rows.planes, frozen) if whole else spinhall.channel_terms(*rows.planes, frozen)
            )
            nodes, shapes, weight = rows.spin_hall
            form = nodes.shape[1], nodes.reshape(-1), shapes.reshape(-1), weight
            self._hall = *form, terms[0].reshape(-1), terms[1], field

    @property
    def s(self) -> int:
        """Size of the spin matrices."""
        return self._rows.s

    @property
    def size(self) -> int:
        """Floats of w."""
        return self._rows.tiles * NODES * self._row // 2

    def forces(self, w: Array, out: Array) -> None:
        """Of H w, into rows."""
        schedule = Schedule.whole(self._rows.tiles, self._points)
        rings = self._rings(schedule)
        self._forth(w, schedule.forth[:2], schedule.mask, rings, NO_DESCENT, out)
        if self._rows.sandwiches is not None:
            self._rows.sandwiches.add(*rings, self.s)
        self._forth(w, schedule.forth[1:], schedule.mask, rings, NO_DESCENT, out)

    def forth(self, w: Array, schedule: Schedule, descent: tuple[Any, ...], out: Array) -> None:
        """The same and down a multigrid cycle, the `descent` of `CompiledCycle`, in one pass."""
        self._forth(w, schedule.forth, schedule.mask, self._rings(schedule), descent, out)

    @property
    def streams(self) -> bool:
        """Whether there is `forth`."""
        return self._rows.sandwiches is None

    @property
    def _points(self) -> int:
        """Tiles of them."""
        return self._rows.spin_hall[2].size // NODES if self._rows.spin_hall else 0

    def _rings(self, schedule: Schedule) -> tuple[Array, Array]:
        """For δǧ and what is added to its force: zeros, which each use leaves."""
        if schedule.mask not in self._kept:
            floats = (schedule.mask + 2) * self._row
            zeros = self._rooms.zeros
            self._kept[schedule.mask] = zeros(floats, np.float32), zeros(floats, np.float32)
        return self._kept[schedule.mask]

    def _forth(self, w: Array, turns: Array, mask: int, rings: Any, descent: Any, out: Array) -> None:
        nodal, sums = (self._frames, self._diagonal), (self._begin, self._end)
        into = self._like, descent, FEW, out
        stream.forth(turns, self._rows.coupling, self._hall, *nodal, w, rings, mask, *sums, *into)

    def unknowns(self, rows: Array, splitting: Splitting | None, out: Array) -> None:
        """w of rows."""
        self._back(rows, np.array([[0, self._rows.tiles], [0, 0]]), NO_ASCENT, splitting, out)

    def back(
        self,
        rows: Array,
        schedule: Schedule,
        ascent: tuple[Any, ...],
        splitting: Splitting | None,
        out: Array,
    ) -> None:
        """Up a multigrid cycle, the `ascent` of `CompiledCycle`, and w, in one pass."""
        self._back(rows, schedule.back, ascent, splitting, out)

    def _back(self, rows: Array, turns: Array, ascent: Any, splitting: Splitting | None, out: Array) -> None:
        split = (None, None) if splitting is None else (splitting.places, splitting.factors)
        stream.back(turns, ascent, FEW, rows, self._frames, *split, self._like, out)


@dataclass(frozen=True)
class Splitting:
    """`solver.splitting` for tiles: the place of each tile's factors or −1, and the factors."""

    places: Array
    factors: Array

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


def turn(rows: Array, phases: Array, s: int) -> None:
    """eh of rows of forces times numbers of the size 1, he times their conjugates, in place."""
    single.turn(rows, _single(phases.real), _single(phases.imag), ROWS[s])


def packed(w: Array, rooms: Rooms, floats: int) -> Array:
    """Tiles of w (n, 2, s, s)."""
    out = rooms.empty(floats, np.float32)
    single.pack(np.ascontiguousarray(w).view(np.float64).reshape(-1), ROWS[w.shape[-1]], out)
    return out


def unpacked(tiles: Array, rooms: Rooms, shape: tuple[int, ...]) -> Array:
    """w (n, 2, s, s) of tiles."""
    w = rooms.empty(shape, complex)
    single.unpack(tiles, ROWS[shape[-1]], w.view(np.float64).reshape(-1))
    return w
