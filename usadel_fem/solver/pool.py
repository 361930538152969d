"""Energies in worker processes: contiguous pieces of the grid, each swept with warm starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from threadpoolctl import threadpool_limits

from usadel_fem.case import Case
from usadel_fem.device import Device, build_device
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.energies import DeviceSolver

Solved = tuple[int, Any, EnergyReport]

LARGEST_PIECE = 8
"""Energies that a worker solves in a row: what an interruption can lose."""

PIECES_PER_WORKER = 4


class Sweeper(Protocol):
    """What solves energies one after another: `DeviceSolver`, `KineticSolver`."""

    def sweep(self, energies: Sequence[Any], start: Any = None) -> Iterator[Solved]: ...


_worker: dict[str, Sweeper] = {}


class Workers:
    """Worker processes, each with a device of its own; use it in a `with` block.

    Args:
        device: the device; workers assemble their own from its case.
        make: builds the solver from a device; it is sent to the workers.
        jobs: processes; 1 stays in this one.
    """

    def __init__(self, device: Device, make: Callable[[Device], Sweeper], jobs: int) -> None:
        self.jobs = jobs
        self._here = make(device) if jobs <= 1 else None
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1:
            context = get_context("forkserver")
            self._pool = ProcessPoolExecutor(
                jobs, context, initializer=_prepare, initargs=(device.case, make)
            )

    def solve(self, energies: Complex, todo: Sequence[int], start: Any = None) -> Iterator[Solved]:
        """(index, result, report) of the energies numbered in `todo`, as they are finished.

        Args:
            energies: all energies, (n,).
            todo: which to solve, in the order of the sweep.
            start: what to start the sweep from, in this process.
        """
        if self._here is not None:
            for k, result, report in self._here.sweep([complex(energies[i]) for i in todo], start):
                yield todo[k], result, report
            return
        assert self._pool is not None
        count = min(len(todo), max(self.jobs * PIECES_PER_WORKER, len(todo) // LARGEST_PIECE))
        pieces = [p.tolist() for p in np.array_split(np.asarray(todo), max(count, 1))]
        futures = [self._pool.submit(_sweep, piece, energies[piece]) for piece in pieces]
        for future in as_completed(futures):
            yield from future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def solve_energies(
    device: Device,
    energies: Complex,
    todo: Sequence[int],
    delta: Complex | None,
    jobs: int = 1,
    start: Complex | None = None,
) -> Iterator[Solved]:
    """(index, ǧ, report) of the energies numbered in `todo`: see `Workers`."""
    with Workers(device, partial(DeviceSolver, delta=delta), min(jobs, len(todo))) as workers:
        yield from workers.solve(energies, todo, start)


def _prepare(case: Case, make: Callable[[Device], Sweeper]) -> None:
    threadpool_limits(1)
    _worker["solver"] = make(build_device(case))


def _sweep(indices: list[int], energies: Complex) -> list[Solved]:
    found = _worker["solver"].sweep([complex(e) for e in energies])
    return [(indices[k], result, report) for k, result, report in found]
