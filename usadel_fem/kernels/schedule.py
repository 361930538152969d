"""When each part of `kernels.stream` may go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.kernels.tiles import NODES

Index = NDArray[np.integer[Any]]


PACE = 64
"""Tiles in a turn: enough for the processor to see that memory is read in order, few enough for its cache."""


@dataclass(frozen=True)
class Schedule:
    """How far each part of `kernels.stream` has got after every turn, and before the first.

    Attributes:
        forth: tiles of δǧ, of points and of forces, and rows of a cycle, that are done; (turns + 1, 4).
        back: rows of a cycle and tiles of w that are left; (turns + 1, 2).
        mask: rows of the rings less 1, a power of two: row i stands at i & mask.
    """

    forth: Index
    back: Index
    mask: int

    @classmethod
    def whole(cls, tiles: int, points: int) -> Schedule:
        """All δǧ, then all forces, without a cycle."""
        forth = np.array([[0, 0, 0, 0], [tiles, 0, 0, 0], [tiles, points, tiles, 0]])
        return cls(forth, np.array([[0, tiles], [0, 0]]), _ring(NODES * tiles))

    @classmethod
    def of(
        cls,
        tiles: int,
        couplings: Sequence[tuple[Any, ...]],
        points: Index,
        asked: Index,
        above: int,
        pace: int = PACE,
    ) -> Schedule:
        """As soon as may be.

        Args:
            tiles: of free rows.
            couplings: row pointers and columns of the matrices between these.
            points: rows of the nodes of each quadrature point (16 per tile, L), those beyond the free rows
                are not waited for; sorted by the last of each.
            asked: the last row that each row of the cycle asks for, in its order.
            above: how many of these rows are above the coarsest level.
            pace: tiles of δǧ in a turn.
        """
        free, turn = NODES * tiles, np.arange(tiles + 1)
        points_ready, after = _of_points(points, tiles)
        first, ready = _of_forces(couplings, tiles)
        ready = np.maximum.accumulate(np.maximum(ready, after))
        bent, forced = (np.searchsorted(x, turn, side="right") for x in (points_ready, ready))
        # a point that waits adds to forces that wait: these ask for all that it does
        low = np.minimum.accumulate(np.append(first, free)[::-1])[::-1][forced]
        rows = np.searchsorted(asked, NODES * forced)
        rows[-1] = asked.size
        turns = np.append(np.arange(0, tiles, pace), tiles)
        most = int((NODES * turns[1:] - low[turns[:-1]]).max())
        left = np.minimum(np.searchsorted(asked, NODES * turns[::-1]), above)
        left[0] = above
        forth = np.stack([turn, bent, forced, rows], axis=1)[turns]
        return cls(forth, np.stack([left, turns[::-1]], axis=1), _ring(most))


def _of_forces(couplings: Sequence[tuple[Any, ...]], tiles: int) -> tuple[Index, Index]:
    """The first row that each tile asks for, and the tiles of δǧ that must be there."""
    rows = np.arange(NODES * tiles)
    first, last = rows[::NODES].copy(), rows[NODES - 1 :: NODES].copy()
    for indptr, indices in couplings:
        tile = np.repeat(rows // NODES, np.diff(indptr))
        np.minimum.at(first, tile, indices)
        np.maximum.at(last, tile, indices)
    return first, last // NODES + 1


def _of_points(points: Index, tiles: int) -> tuple[Index, Index]:
    """The tiles of δǧ that must be there for each tile of points, and for all those that add to each tile of
    forces."""
    rows = points.reshape(-1, NODES * points.shape[1])
    free = rows < NODES * tiles
    ready = np.maximum.accumulate(np.where(free, rows // NODES + 1, 1).max(axis=1))
    after = np.zeros(tiles + 1, dtype=int)
    np.maximum.at(after, np.where(free, rows // NODES, tiles), ready[:, None])
    return ready, after[:-1]


def _ring(rows: int) -> int:
    """The mask of a ring for so many."""
    return (1 << (max(rows, NODES) - 1).bit_length()) - 1
