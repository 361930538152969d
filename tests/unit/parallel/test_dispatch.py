"""Dispatch and gather with workers that are lost at will, all in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

import pytest

from usadel_fem.parallel.dispatch import MOST_LOSSES, Answer, Dispatch, Untold, gather
from usadel_fem.parallel.lanes import Crew, Lane, LostWorkers, borrowed
from usadel_fem.parallel.pieces import Piece, Pieces


class Mortal(Executor):
    """Runs a task when it is submitted; after a task that raises BrokenExecutor it does nothing any more."""

    opened = 0

    def __init__(self) -> None:
        Mortal.opened += 1
        self.dead: BaseException | None = None

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        if self.dead is not None:
            raise self.dead
        future: Future[Any] = Future()
        try:
            future.set_result(task(*arguments))
        except BrokenExecutor as error:
            self.dead = error
            future.set_exception(error)
        return future


class Squares:
    """Squares; `deaths` says how often an item kills its worker."""

    def __init__(self, deaths: dict[int, int] | None = None) -> None:
        self.deaths = deaths or {}
        self.finished: list[int] = []
        self.squared: Counter[int] = Counter()

    def work(self, items: tuple[int, ...]) -> Any:
        for item in items:
            if self.deaths.get(item, 0) > 0:
                self.deaths[item] -= 1
                raise BrokenExecutor("killed")
        self.squared.update(items)
        return Answer([i * i for i in items], 0.1 * len(items))

    def submit(self, lane: Lane, piece: Piece) -> Future[Any]:
        return lane.executor.submit(self.work, piece.items)

    def take(self, lane: Lane, piece: Piece, value: Any) -> None:
        self.finished.extend(piece.items)


def crew(count: int = 2) -> Crew:
    return Crew([Lane(Mortal) for _ in range(count)])


def results(crew: Crew, job: Any, count: int = 20) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for piece, value in Dispatch(crew, Pieces(range(count), len(crew.lanes), 4), job):
        values = [None] if value is None else value
        assert not found.keys() & set(piece.items)
        found.update(zip(piece.items, values, strict=True))
    return found


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_all_squares(lanes: int) -> None:
    job = Squares()
    assert results(crew(lanes), job) == {i: i * i for i in range(20)}
    assert sorted(job.finished) == list(range(20))


@pytest.mark.parametrize("deaths", [{0: 1}, {3: 2, 4: 1, 17: 2}, {19: MOST_LOSSES - 1}])
def test_lost_workers_are_replaced(deaths: dict[int, int]) -> None:
    Mortal.opened = 0
    assert results(crew(), Squares(dict(deaths))) == {i: i * i for i in range(20)}
    assert Mortal.opened == 2 + sum(deaths.values())


def test_an_item_that_kills_every_worker_is_given_up_alone() -> None:
    job = Squares({7: 1000})
    found = results(crew(), job)
    assert found == {i: i * i if i != 7 else None for i in range(20)}
    assert 1000 - job.deaths[7] == MOST_LOSSES


def test_what_was_done_before_a_worker_was_lost_is_kept() -> None:
    """Both futures of a lane may be there at once, in any order; the piece that was done is not suspect."""
    for _ in range(50):
        job = Squares({7: 1000})
        results(crew(), job)
        assert 1000 - job.deaths[7] == MOST_LOSSES
        assert job.squared == Counter(i for i in range(20) if i != 7)


def test_workers_that_never_do_anything_end_the_run() -> None:
    with pytest.raises(LostWorkers, match=r"in a row \(killed\): did memory run out"):
        results(crew(), Squares(dict.fromkeys(range(20), 1000)))


def test_an_executor_of_others_is_not_replaced() -> None:
    with pytest.raises(LostWorkers, match="not ours"):
        results(borrowed(Mortal(), 2), Squares({3: 1}))


def test_who_is_not_told_is_told() -> None:
    class Forgetful(Squares):
        def submit(self, lane: Lane, piece: Piece) -> Future[Any]:
            told, lane.told = lane.told, True
            return lane.executor.submit(self.told_work, told, piece.items)

        def told_work(self, told: bool, items: tuple[int, ...]) -> Any:
            return self.work(items) if not told or 11 not in items else Untold()

    assert results(crew(), Forgetful({2: 1})) == {i: i * i for i in range(20)}


def test_other_errors_are_told() -> None:
    class Wrong(Squares):
        def work(self, items: tuple[int, ...]) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        results(crew(), Wrong())


def test_gathering_tries_again() -> None:
    job = Squares({1: 2})
    parts = [(0, 1), (2, 3)]
    assert gather(crew(), parts, lambda lane, part: lane.executor.submit(job.work, part)) == [[0, 1], [4, 9]]
    job = Squares({1: 1000})
    with pytest.raises(LostWorkers, match="3 workers"):
        gather(crew(), parts, lambda lane, part: lane.executor.submit(job.work, part))
