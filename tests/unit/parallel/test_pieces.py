"""Pieces: everything once, neighbours in a row, lanes that end together."""

from __future__ import annotations

import heapq
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from usadel_fem.parallel.pieces import SECONDS, Piece, Pieces


def play(pieces: Pieces, lanes: int, seconds: list[float]) -> tuple[list[Piece], float, float]:
    """The pieces in the order of their begin, the end of the last lane, and the idle time before it."""
    clock = [(0.0, lane) for lane in range(lanes)]
    taken, ends = [], []
    while clock:
        now, lane = heapq.heappop(clock)
        piece = pieces.take(lane)
        if piece is None:
            ends.append(now)
            continue
        taken.append(piece)
        spent = sum(seconds[i] for i in piece.items)
        pieces.done(piece, spent)
        heapq.heappush(clock, (now + spent, lane))
    return taken, max(ends), sum(max(ends) - end for end in ends)


@given(st.lists(st.floats(1e-3, 5.0), max_size=60), st.integers(1, 7), st.integers(1, 9), st.randoms())
def test_every_item_once_and_in_a_row(seconds, lanes, most, random) -> None:
    items = random.sample(range(100, 200), len(seconds))
    pieces = Pieces(items, lanes, most)
    assert pieces.left == len(items)
    times = [0.0] * 200
    for item, time in zip(items, seconds, strict=True):
        times[item] = time
    taken, _, _ = play(pieces, lanes, times)
    assert sorted(i for piece in taken for i in piece.items) == sorted(items)
    assert pieces.left == 0
    place = {item: k for k, item in enumerate(items)}
    for piece in taken:
        assert len(piece.items) <= most
        row = [place[i] for i in ([] if piece.after is None else [piece.after]) + list(piece.items)]
        steps = {b - a for a, b in pairwise(row)}
        assert steps in (set(), {1}, {-1})


@given(st.lists(st.floats(0.05, 0.5), min_size=64, max_size=64))
def test_two_lanes_meet(seconds) -> None:
    """Two cold starts for two lanes, and the one that is done first waits for one item at most."""
    taken, _, idle = play(Pieces(range(64), 2, 100), 2, seconds)
    assert sum(piece.after is None for piece in taken) == 2
    assert idle <= max(seconds) * 1.0001


def test_pieces_last_about_as_long_as_an_interruption_may_lose() -> None:
    taken, _, _ = play(Pieces(range(1000), 2, 1000), 2, [0.004] * 1000)
    longest = max(len(piece.items) for piece in taken)
    assert 0.5 * SECONDS < 0.004 * longest <= SECONDS


def test_what_was_not_done_comes_again() -> None:
    pieces = Pieces(range(8), 1, 3)
    first, second = pieces.take(0), pieces.take(0)
    assert first is not None
    assert second is not None
    pieces.put_back(0, second, suspect=False)
    pieces.put_back(0, first, suspect=True)
    again = []
    while (piece := pieces.take(0)) is not None:
        again.append(piece)
    alone = [piece.items for piece in again if piece.alone]
    assert alone == [(i,) for i in first.items]
    assert sorted(i for piece in again for i in piece.items) == list(range(8))
