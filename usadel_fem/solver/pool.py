"""The device at its workers: sweeps over energies in pieces, and tasks that every worker has a part of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from usadel_fem.device import Device
from usadel_fem.errors import CaseError, Problem
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.parallel.clusters import dask, mpi, refused
from usadel_fem.parallel.dispatch import ADVICE, Dispatch, gather
from usadel_fem.parallel.forks import processes
from usadel_fem.parallel.lanes import Crew, Lane, borrowed, threads
from usadel_fem.parallel.pieces import Piece, Pieces
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.worker import (
    Bench,
    Change,
    Observed,
    Observer,
    Solved,
    Sweeper,
    Told,
    field_of,
    keep_device,
    ready,
    sweep,
    swept,
    task,
)

LARGEST_PIECE = 2**28
"""Bytes of results that travel together, unless a single one is larger."""

FIELD = 512
"""Bytes at a node of ǧ and ĥ, and of what is made of them, about."""

LOCAL = ("processes", "threads")


def hire(jobs: int = 1, scheduler: str | None = None, executor: Executor | None = None) -> Crew | None:
    """Workers for a run, or None for one that needs none.

    Args:
        jobs: workers; 1 stands for this process alone, and for all that a scheduler or executor has.
        scheduler: "processes", "threads", "threads:N", "mpi", or the address of a Dask scheduler.
        executor: any executor instead.

    Raises:
        CaseError: if there is no such scheduler.
    """
    most = jobs if jobs > 1 else None
    if executor is not None:
        if scheduler is not None:
            rule = "must not stand beside an executor"
            raise CaseError([Problem("", rule, repr(scheduler), file="scheduler")])
        return borrowed(executor, most)
    if scheduler == "mpi":
        return mpi(most)
    if scheduler is not None and "://" in scheduler:
        return dask(scheduler, most, ready)
    kind, number = _local(scheduler, most)
    if number == 1 and kind == "processes":
        return None
    crew = processes(number) if kind == "processes" else threads(number)
    for lane in crew.lanes:
        lane.ready = ready
    crew.wake()
    return crew


def _local(scheduler: str | None, most: int | None) -> tuple[str, int]:
    """Processes or threads, and how many."""
    kind, colon, number = (scheduler or LOCAL[0]).partition(":")
    if kind not in LOCAL or (colon and not (number.isdecimal() and int(number) > 0)):
        rule = "must be processes, threads, threads:N, mpi or an address such as tcp://HOST:8786"
        raise refused(rule, str(scheduler))
    if colon and most is not None and most != int(number):
        raise refused(f"must agree with --jobs {most}", str(scheduler))
    return kind, int(number) if colon else most or 1


class Workers:
    """One device wherever it is worked on.

    Args:
        device: the device; workers elsewhere make their own from its case.
        crew: the workers, or None for this process alone.
    """

    def __init__(self, device: Device, crew: Crew | None = None) -> None:
        self.device, self.crew = device, crew
        self.count = 1 if crew is None else len(crew.lanes)
        self._bench = Bench(device)
        self._sweeps = count()
        if crew is not None:
            self._told = Told.of(device.case, crew.remote, device)
            keep_device(self._told.key, device)

    def sweep(
        self,
        kind: type[Sweeper],
        delta: Complex | None,
        energies: Complex,
        todo: Sequence[int],
        change: Change = None,
        observer: type[Observer] | None = None,
        images: Collection[int] = (),
    ) -> Iterator[Solved]:
        """(index, result, report) of the energies numbered in `todo`, as they are finished.

        Args:
            kind: of the solver.
            delta: self-consistent Δ_p, or None.
            energies: all energies, (n,).
            todo: which to solve, in the order of the sweep.
            change: of the terminals, see `Bench.solver`.
            observer: of every result, which is then `Observed`.
            images: numbers of energies of which it is to see the image at −ε too.

        Raises:
            LostWorkers: if workers are lost again and again.
        """
        if self.crew is None:
            solver = self._bench.solver(kind, delta, change)
            seen = [i in images for i in todo]
            for k, result, report in swept(self._bench, solver, energies[list(todo)], observer, seen):
                yield todo[k], result, report
            return
        most = max(1, LARGEST_PIECE // (FIELD * self.device.space.size))
        job = _Sweep(self, kind, delta, energies, change, next(self._sweeps), observer, images)
        for piece, found in Dispatch(self.crew, Pieces(todo, self.count, most), job):
            if found is None:
                index = piece.items[0]
                report = EnergyReport(complex(energies[index]), Outcome.WORKERS_LOST, hint=ADVICE)
                yield index, None if observer is None else Observed(None, None), report
                continue
            while found:
                index, (result, report) = piece.items[-len(found)], found.pop(0)
                yield index, result, report

    def shares(self, items: Sequence[Any]) -> list[list[Any]]:
        """Every count-th item for each worker: neighbours differ little in what they take."""
        return [list(items[k :: self.count]) for k in range(min(self.count, len(items)))]

    def gather(self, work: Callable[..., Any], parts: Sequence[tuple[Any, ...]]) -> list[Any]:
        """work(bench, *part) of every part, at most one for each worker and always the same one.

        What it leaves on its bench is there the next time, unless the worker was lost or lanes do not stick.
        """
        if self.crew is None:
            return [work(self._bench, *part) for part in parts]
        return gather(self.crew, parts, lambda lane, part: self.submit(lane, work, *part))

    def submit(self, lane: Lane, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """A task for a lane; the first one carries the case."""
        told = None if lane.told else self._told
        lane.told = True
        return lane.submit(task, self._told.key, told, work, *arguments)


@dataclass
class _Sweep:
    """The pieces of one sweep: a lane goes on where it was, or is sent a field to start from."""

    workers: Workers
    kind: type[Sweeper]
    delta: Complex | None
    energies: Complex
    change: Change
    number: int
    observer: type[Observer] | None
    images: Collection[int]
    ends: dict[int, Any] = field(default_factory=dict)

    def submit(self, lane: Lane, piece: Piece) -> Future[Any]:
        before = None if piece.after is None else (self.number, piece.after)
        start = None if piece.after is None else self.ends.pop(piece.after, None)
        here = self.number, piece.items[-1]
        energies, images = self.energies[list(piece.items)], [i in self.images for i in piece.items]
        what = self.kind, self.delta, energies, self.change, here, before, start, self.observer, images
        return self.workers.submit(lane, sweep, *what)

    def take(self, lane: Lane, piece: Piece, value: Any) -> None:
        if not lane.sticky:
            self.ends[piece.items[-1]] = field_of(value[-1][0])
