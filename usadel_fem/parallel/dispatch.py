"""Tasks handed to the lanes of a crew, and handed out again where a worker was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol

from usadel_fem.parallel.lanes import Crew, Lane, LostWorkers
from usadel_fem.parallel.pieces import Piece, Pieces

MOST_LOSSES = 3
"""Workers that an item may take with it before it is given up."""

ADVICE = "did memory run out? fewer jobs at a time need less"


class Untold:
    """The answer of a worker that has not been told what its tasks are about."""


@dataclass(frozen=True)
class Answer:
    """What a task gave, and the seconds it took."""

    value: Any
    seconds: float


class Job(Protocol):
    """What the pieces are pieces of."""

    def submit(self, lane: Lane, piece: Piece) -> Future[Any]:
        """Hand a piece to a lane; the future gives an `Answer` or `Untold`."""

    def take(self, lane: Lane, piece: Piece, value: Any) -> None:
        """A piece was done; called before the next one is handed out."""


class Dispatch:
    """Iterates over (piece, value) as pieces are done; value is None for an item that was given up.

    Args:
        crew: who does it.
        pieces: what is to be done.
        job: hands them to the lanes.

    Raises:
        LostWorkers: while iterating, if workers are lost again and again without any result.
    """

    def __init__(self, crew: Crew, pieces: Pieces, job: Job) -> None:
        self.crew, self.pieces, self.job = crew, pieces, job
        self.pending: dict[Future[Any], tuple[int, Piece]] = {}
        self.losses: Counter[int] = Counter()
        self.in_a_row = 0

    def __iter__(self) -> Iterator[tuple[Piece, Any]]:
        try:
            self._fill()
            while self.pending:
                done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
                for future in [f for f in self.pending if f in done]:  # as handed out: results before losses
                    if future in self.pending:  # else it went with its lane
                        yield from self._settle(future)
        except LostWorkers:
            if self.crew.own_processes:
                self.pending.clear()  # the pools of the others fail these, and trip over cancelled ones
            raise
        finally:
            for future in self.pending:
                future.cancel()

    def _fill(self) -> None:
        """Work for every lane, and a piece ahead for those that keep what they know."""
        busy = Counter(number for number, _ in self.pending.values())
        for ahead in (0, 1):
            for number, lane in enumerate(self.crew.lanes):
                plenty = lane.sticky and self.pieces.left > 2 * len(self.crew.lanes)
                if busy[number] == ahead and (plenty or not ahead):
                    piece = self.pieces.take(number)
                    if piece is not None:
                        self._hand(number, piece)
                        busy[number] += 1

    def _hand(self, number: int, piece: Piece) -> None:
        try:
            future = self.job.submit(self.crew.lanes[number], piece)
        except self.crew.lost as error:  # its worker ended with nothing to do
            future = Future()
            future.set_exception(error)
        self.pending[future] = number, piece

    def _settle(self, future: Future[Any]) -> Iterator[tuple[Piece, Any]]:
        number, piece = self.pending[future]
        try:
            answer = future.result()
        except self.crew.lost as error:
            yield from self._lost(future, error)
            self._fill()
            return
        del self.pending[future]
        if isinstance(answer, Untold):
            self.crew.lanes[number].told = False
            self._hand(number, piece)
            return
        self.in_a_row = 0
        self.pieces.done(piece, answer.seconds)
        self.job.take(self.crew.lanes[number], piece, answer.value)
        self._fill()
        yield piece, answer.value

    def _lost(self, future: Future[Any], error: BaseException) -> Iterator[tuple[Piece, Any]]:
        """Hand out again what a lane was to do; the piece it was at is suspect."""
        number, piece = self.pending[future]
        lane = self.crew.lanes[number]
        self.in_a_row += 1
        if self.in_a_row > MOST_LOSSES * (len(self.crew.lanes) + 1):
            raise LostWorkers(f"workers were lost {self.in_a_row} times in a row ({error}): {ADVICE}")
        lane.told = False
        pieces, weight = [piece], 1
        if isinstance(error, BrokenExecutor):
            mine = [f for f, (n, _) in self.pending.items() if n == number]
            pieces = [self.pending.pop(f)[1] for f in mine]
            self.crew.renew(lane)
        else:  # a cluster has tried other workers already
            del self.pending[future]
            weight = MOST_LOSSES if piece.alone else 1
        for behind in pieces[1:]:
            self.pieces.put_back(number, behind, suspect=False)
        again = []
        for item in pieces[0].items:
            self.losses[item] += weight
            if self.losses[item] < MOST_LOSSES:
                again.append(item)
            else:
                yield Piece((item,)), None
        if again:
            self.pieces.put_back(number, Piece(tuple(again)), suspect=True)


def gather(crew: Crew, parts: Sequence[Any], submit: Callable[[Lane, Any], Future[Any]]) -> list[Any]:
    """Part k done by lane k, all at the same time; their values in order.

    Raises:
        LostWorkers: if the workers of one part are lost again and again.
    """
    futures = [_submitted(crew, crew.lanes[k], part, submit) for k, part in enumerate(parts)]
    return [_value(crew, k, parts[k], future, submit) for k, future in enumerate(futures)]


def _submitted(
    crew: Crew, lane: Lane, part: Any, submit: Callable[[Lane, Any], Future[Any]]
) -> Future[Any] | BaseException:
    try:
        return submit(lane, part)
    except crew.lost as error:
        return error


def _value(
    crew: Crew,
    number: int,
    part: Any,
    future: Future[Any] | BaseException,
    submit: Callable[[Lane, Any], Future[Any]],
) -> Any:
    """What a future gives, whose part is handed out again where its worker was lost."""
    lane, losses = crew.lanes[number], 0
    while True:
        try:
            if isinstance(future, BaseException):
                raise future
            answer = future.result()
        except crew.lost as error:
            losses += 1
            if losses >= MOST_LOSSES:
                raise LostWorkers(f"{losses} workers were lost at one task ({error}): {ADVICE}") from None
            if isinstance(error, BrokenExecutor):
                crew.renew(lane)
            lane.told = False
        else:
            if not isinstance(answer, Untold):
                return answer.value
            lane.told = False
        future = _submitted(crew, lane, part, submit)
