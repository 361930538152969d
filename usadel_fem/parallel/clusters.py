"""Workers elsewhere: a Dask cluster by the address of its scheduler, and the ranks of an MPI run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any

from usadel_fem.errors import CaseError, Problem
from usadel_fem.parallel.lanes import Crew, Lane, shared_lanes

CONNECT = 10.0
"""Seconds in which a scheduler must answer."""

MPI_COMMAND = "mpiexec -n 4 python -m mpi4py.futures -m usadel_fem run CASE --scheduler mpi"


def refused(rule: str, received: str, hint: str = "") -> CaseError:
    """What to raise where there is no such scheduler."""
    return CaseError([Problem("", rule, received, hint, file="--scheduler")])


def dask(address: str, most: int | None, ready: Callable[[], Any]) -> Crew:
    """A lane for every thread of every worker of a Dask cluster.

    A task is bound to the worker of its lane as long as that lives; then the scheduler gives it to another.

    Args:
        address: of the scheduler, "tcp://HOST:PORT".
        most: of the lanes, or None.
        ready: a first task for every worker, which shows that it can import the package.

    Raises:
        CaseError: without `distributed`, a scheduler, or workers that can import the package.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise refused("needs the package distributed", address, "pip install 'usadel_fem[dask]'") from None
    connect: Any = Client
    try:
        client = connect(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise refused("must be the address of a Dask scheduler that answers", address, reason) from None
    workers = client.scheduler_info(n_workers=-1)["workers"]
    places = [(name, int(w["nthreads"])) for name, w in workers.items() for _ in range(int(w["nthreads"]))]
    try:
        if not places:
            raise refused("has no workers", address, f"dask worker {address}")
        _check(client, ready, address)
    except CaseError:
        client.close()
        raise

    def opener(worker: str) -> Callable[[], Executor]:
        return lambda: _Quiet(client.get_executor(workers=[worker], allow_other_workers=True))

    lanes = [Lane(opener(worker), sticky=count == 1) for worker, count in places[:most]]
    lost = (KilledWorker, BrokenExecutor, CancelledError)
    return Crew(lanes, remote=True, lost=lost, closing=client.close)


def _check(client: Any, ready: Callable[[], Any], address: str) -> None:
    """Whether the workers can do anything at all."""
    try:
        client.run(ready)
    except ImportError as error:
        raise refused("has workers that cannot import the package", address, str(error)) from None


class _Quiet(Executor):
    """A Dask executor without the warning about large arguments: fields are large, and go once each."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")
            return self._inner.submit(task, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._inner.shutdown(wait=wait)


def mpi(most: int | None) -> Crew:
    """A lane for every rank but the first of a run under `python -m mpi4py.futures`.

    Raises:
        CaseError: without mpi4py, or where there are no other ranks.
    """
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPIPoolExecutor
    except (ImportError, RuntimeError) as error:
        hint = f"pip install 'usadel_fem[mpi]' ({error})"
        raise refused("needs the package mpi4py and an MPI library", "mpi", hint) from None
    if MPI.COMM_WORLD.Get_size() < 2 or not _under_futures():
        raise refused("needs ranks that wait for tasks", "mpi", f"run {MPI_COMMAND}")
    executor = MPIPoolExecutor()
    count = int(executor.num_workers)
    crew = Crew(shared_lanes(executor, min(count, most or count)), remote=True, shared=True)
    crew.closing = executor.shutdown
    return crew


def _under_futures() -> bool:
    """Whether the other ranks wait for tasks, as `python -m mpi4py.futures` makes them."""
    from mpi4py.futures import _core

    return getattr(_core, "SharedPool", None) is not None
