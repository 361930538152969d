"""Energies in worker processes: contiguous pieces of the grid, each swept with warm starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from usadel_fem.case import Case
from usadel_fem.device import Device, build_device
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.energies import DeviceSolver

Solved = tuple[int, Complex, EnergyReport]

LARGEST_PIECE = 8
"""Energies that a worker solves in a row: what an interruption can lose."""

PIECES_PER_WORKER = 4

_worker: dict[str, DeviceSolver] = {}


def solve_energies(
    device: Device,
    energies: Complex,
    todo: Sequence[int],
    delta: Complex | None,
    jobs: int = 1,
    start: Complex | None = None,
) -> Iterator[Solved]:
    """(index, ǧ, report) of the energies numbered in `todo`, as they are finished.

    Args:
        device: the device; workers assemble their own from its case.
        energies: all energies, (n,).
        todo: which to solve, in the order of the sweep.
        delta: self-consistent Δ_p or None.
        jobs: worker processes; 1 stays in this one.
        start: ǧ to start the sweep from.
    """
    jobs = min(jobs, len(todo))
    if jobs <= 1:
        solver = DeviceSolver(device, delta)
        for k, g, report in solver.sweep([complex(energies[i]) for i in todo], start):
            yield todo[k], g, report
        return
    pieces = [
        p.tolist()
        for p in np.array_split(
            np.asarray(todo), min(len(todo), max(jobs * PIECES_PER_WORKER, len(todo) // LARGEST_PIECE))
        )
    ]
    context = get_context("forkserver")
    with ProcessPoolExecutor(jobs, context, initializer=_prepare, initargs=(device.case, delta)) as pool:
        futures = [pool.submit(_sweep, piece, energies[piece]) for piece in pieces]
        try:
            for future in as_completed(futures):
                yield from future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _prepare(case: Case, delta: Complex | None) -> None:
    threadpool_limits(1)
    _worker["solver"] = DeviceSolver(build_device(case), delta)


def _sweep(indices: list[int], energies: Complex) -> list[Solved]:
    found = _worker["solver"].sweep([complex(e) for e in energies])
    return [(indices[k], g, report) for k, g, report in found]
