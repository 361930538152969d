"""What a lane does next: pieces of stretches, each consumed from both of its ends.

Neighbours start each other, so a lane goes on where its last piece ended. Two lanes that come from the two
ends of a stretch meet wherever they meet, and both are busy to the last item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

FIRST = 4
"""Items of a piece before it is known how long one takes."""

SECONDS = 1.0
"""Length of a piece: what an interruption can lose, and long against what it costs to hand it out."""

EVEN, LONG = 10, 100
"""How often the quickest item goes into the slowest; items above which the end of a stretch is far."""

DIVISIBLE = 4
"""A stretch of fewer items is not divided for a lane that has nothing to do: it would start from nothing."""


@dataclass(frozen=True)
class Piece:
    """Items in the order in which to do them.

    Attributes:
        items: numbers of what is to be done.
        after: the item that the same lane did just before and that lies beside the first, or None.
        alone: the items killed a worker before and go one by one.
    """

    items: tuple[int, ...]
    after: int | None = None
    alone: bool = False


@dataclass(eq=False)
class _Stretch:
    """Items in a row that nobody has begun."""

    items: deque[int]


_End = tuple[_Stretch, int]
"""A stretch and 0 for its first item, 1 for its last."""


class Pieces:
    """Hands out items to lanes.

    Args:
        items: in the order in which each starts the next.
        lanes: how many lanes ask.
        most: largest number of items in a piece.
    """

    def __init__(self, items: Sequence[int], lanes: int, most: int) -> None:
        self.count, self.most = lanes, most
        self.left = len(items)
        self._stretches: list[_Stretch] = []
        parts = min((lanes + 1) // 2, len(items))
        for k in range(parts):
            start, stop = (len(items) * j // parts for j in (k, k + 1))
            self._stretches.append(_Stretch(deque(items[start:stop])))
        self._alone: deque[int] = deque()
        self._places: dict[int, _End] = {}
        self._last: dict[int, int] = {}
        self._pace: float | None = None

    def take(self, lane: int) -> Piece | None:
        """The next piece of a lane, or None where nothing is left for it."""
        if self._alone:
            self._last.pop(lane, None)
            self.left -= 1
            return Piece((self._alone.popleft(),), alone=True)
        place = self._places.get(lane)
        if place is None or not place[0].items:
            place = self._find(lane)
            self._last.pop(lane, None)
        if place is None:
            return None
        stretch, side = place
        pop = stretch.items.pop if side else stretch.items.popleft
        items = tuple(pop() for _ in range(self._size(stretch)))
        self.left -= len(items)
        after, self._last[lane] = self._last.get(lane), items[-1]
        return Piece(items, after)

    def done(self, piece: Piece, seconds: float) -> None:
        """Learn from a piece how long an item takes."""
        pace = seconds / len(piece.items)
        self._pace = pace if self._pace is None else 0.5 * (self._pace + pace)

    def put_back(self, lane: int, piece: Piece, suspect: bool) -> None:
        """A piece that was not done; a suspect one is handed out item by item."""
        self.left += len(piece.items)
        self._last.pop(lane, None)
        if suspect or piece.alone:
            self._alone.extend(piece.items)
            return
        self._stretches.append(_Stretch(deque(piece.items)))

    def _size(self, stretch: _Stretch) -> int:
        """Few enough items that the lanes end together, and as many as take `SECONDS`.

        At the end of a stretch the k − 1 slowest items take no longer than all that k items leave to others,
        which then wait for one item at most.
        """
        left = len(stretch.items)
        fair = -(-left // (2 * min(2, self.count)))
        if self.count > 1 and left <= LONG:
            fair = (left + EVEN) // (EVEN + 1)
        timely = FIRST if self._pace is None else int(SECONDS / max(self._pace, 1e-9))
        return max(1, min(fair, timely, self.most))

    def _find(self, lane: int) -> _End | None:
        """A free end of the longest stretch that has one, else the middle of the longest."""
        self._stretches = [s for s in self._stretches if s.items]
        self._places.pop(lane, None)
        taken = {(id(stretch), side) for stretch, side in self._places.values()}
        ends = [(stretch, side) for stretch in self._stretches for side in (0, 1)]
        free = [end for end in ends if (id(end[0]), end[1]) not in taken]
        if free:
            self._places[lane] = max(free, key=lambda end: (len(end[0].items), -end[1]))
            return self._places[lane]
        longest = max(self._stretches, key=lambda s: len(s.items), default=None)
        if longest is None or len(longest.items) < DIVISIBLE:
            return None
        self._places[lane] = self._divide(longest), 0
        return self._places[lane]

    def _divide(self, stretch: _Stretch) -> _Stretch:
        """Cut the later half off; the lane at its far end goes with it."""
        upper: deque[int] = deque()
        while len(upper) < len(stretch.items):
            upper.appendleft(stretch.items.pop())
        half = _Stretch(upper)
        self._stretches.append(half)
        for lane, (place, side) in self._places.items():
            if place is stretch and side == 1:
                self._places[lane] = half, 1
        return half
