"""Processes of this machine, forked from one that has imported what they need and has no threads.

Importing and loading kernels takes as long as many an energy. The fork server of `multiprocessing` does it
once, while this process does something else, and lives as long as this process for the next run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import current_process, forkserver, get_context, resource_tracker
from typing import Any

from usadel_fem.parallel.lanes import Crew, Lane

AHEAD = ["usadel_fem.ahead"]
"""What the fork server imports."""

NO_THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A process with threads must not fork; what it forks has as few."""

PIPE = 2**20
"""Bytes of results on their way; more needs privileges."""

_lock = threading.Lock()


def prepare() -> None:
    """Begin to start the fork server, unless there is one: this returns at once.

    It finds modules where this process does, whatever directory it runs in, and leaves Ctrl-C to it.
    """
    paths = os.pathsep.join(map(os.path.abspath, sys.path))
    with _lock, _environment({"PYTHONPATH": paths, "PYTHONSAFEPATH": "1", **NO_THREADS}):
        get_context("forkserver").set_forkserver_preload(AHEAD)
        resource_tracker.ensure_running()  # which else unblocks signals below
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def processes(count: int) -> Crew:
    """A lane for each of some processes.

    Raises:
        SystemExit: in a worker that only imports the script it was started by: one without a guard.
    """
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit('keep what the script runs under `if __name__ == "__main__":`')
    prepare()
    context = get_context("forkserver")

    def one() -> Executor:
        return OneProcess(1, context, initializer=begin)

    return Crew([Lane(one) for _ in range(count)], own_processes=True)


class OneProcess(ProcessPoolExecutor):
    """A worker that goes on while its results are taken, and whose end is noticed even while it sends one.

    This process would else wait for the rest of it for ever, because it holds the pipe's other end itself.
    """

    _worker: Any = None

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future = super().submit(work, *arguments, **named)
        self._worker = next(iter((getattr(self, "_processes", None) or {}).values()), None)
        writer = getattr(getattr(self, "_result_queue", None), "_writer", None)
        if writer is not None and not writer.closed:
            widen(writer.fileno())
            writer.close()  # the worker has its own
        return future

    @property
    def exit_status(self) -> int | None:
        """Of the worker, once it has ended; below 0 where a signal ended it. To be asked after `shutdown`."""
        return None if self._worker is None else self._worker.exitcode


def widen(pipe: int) -> None:
    """Room for a large result in a pipe, where the system can make it."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def begin() -> None:
    """In a new worker process: Ctrl-C is left to the process that gives the tasks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
