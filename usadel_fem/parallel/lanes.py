"""Lanes: executors of one worker each, so that what one of them has prepared is there at its next task.

A worker that is lost takes only its own lane with it, which is then opened anew.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

START = 10.0
"""Seconds in which a process that was asked for is there."""

UNGUARDED = (
    "a worker ended by itself before its first task (exit status {}): does the script keep what it runs "
    'under `if __name__ == "__main__":`, as workers import it?'
)


class LostWorkers(OSError):
    """Workers end again and again without a result."""


@dataclass(eq=False)
class Lane:
    """One task after another, as an executor sees it.

    Attributes:
        open: makes the executor; called again when its worker was lost.
        sticky: whether all tasks run in the same thread of the same process, as long as that lives.
        ready, greeting: the first task of our executors, which tells the process number, and its future.
        told: whether the worker has been sent what its tasks are about.
    """

    open: Callable[[], Executor]
    sticky: bool = True
    ready: Callable[[], int] | None = field(default=None, init=False)
    greeting: Future[int] | None = field(default=None, init=False)
    told: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.executor, self._waking = self.open(), Lock()

    def wake(self) -> None:
        """Hand in the first task, if there is one and that was not done."""
        with self._waking:
            if self.ready is not None and self.greeting is None:
                self.greeting = self.executor.submit(self.ready)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand in a task; the first one wakes the worker up."""
        self.wake()
        return self.executor.submit(work, *arguments)

    def renew(self) -> None:
        """Open the lane anew after its worker was lost.

        Raises:
            LostWorkers: if it was not killed but ended while it started, as the next one would.
        """
        self.close()
        status = getattr(self.executor, "exit_status", None)
        if status is not None and status > 0 and self.process() is None:
            raise LostWorkers(UNGUARDED.format(status)) from None
        self.executor, self.told, self.greeting = self.open(), False, None

    def process(self, seconds: float = 0.0) -> int | None:
        """The worker's process, if it is another one and has answered, or does so in some seconds."""
        answer = self.greeting
        with suppress(Exception):  # not in time, cancelled, or lost
            return None if answer is None else answer.result(seconds)
        return None

    def close(self, wait: bool = True) -> None:
        self.executor.shutdown(wait=wait)


@dataclass(eq=False)
class Crew:
    """The lanes of one run; use it in a `with` block.

    Attributes:
        lanes: at least one.
        own_processes: whether the workers are children of this process, which may be ended.
        remote: whether workers may be on other machines, without this one's files.
        lost: what a future raises when its worker was lost.
        shared: whether lanes share an executor that is not ours: it is neither opened anew nor closed.
        closing: called at the end.
    """

    lanes: Sequence[Lane]
    own_processes: bool = False
    remote: bool = False
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError)
    shared: bool = False
    closing: Callable[[], None] = lambda: None
    _waking: Thread | None = field(default=None, init=False, repr=False)

    def renew(self, lane: Lane) -> None:
        """A new worker for a lane.

        Raises:
            LostWorkers: if its executor is not ours to open, or a worker would not live long.
        """
        if self.shared:
            raise LostWorkers("the executor lost its workers, and is not ours to open anew")
        lane.renew()

    def wake(self) -> None:
        """Let workers start while this process does something else: this returns at once."""
        self._waking = Thread(target=self._wake)
        self._waking.start()

    def _wake(self) -> None:
        with suppress(RuntimeError, OSError):  # lost, as the next task will tell
            for lane in self.lanes:
                lane.wake()

    def close(self, at_once: bool = False) -> None:
        """End the workers; `at_once` without waiting for what they do, where that is possible."""
        if self._waking is not None:
            self._waking.join()
        if not self.shared:
            kill = at_once and self.own_processes
            processes = [lane.process(START) if kill else None for lane in self.lanes]
            for process in processes:
                if process is not None:
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGTERM)
            waits = [process is not None or not at_once for process in processes]
            closing = [
                Thread(target=lane.close, args=(w,)) for lane, w in zip(self.lanes, waits, strict=True)
            ]
            for thread in closing:
                thread.start()
            for thread in closing:
                thread.join()
        self.closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)


def threads(count: int) -> Crew:
    """Threads of this process."""
    return Crew([Lane(lambda: ThreadPoolExecutor(1)) for _ in range(count)])


def borrowed(executor: Executor, count: int | None) -> Crew:
    """Any executor, which stays open.

    Args:
        executor: whose workers can import this package.
        count: tasks it runs at a time; None asks it, or else takes the number of processors.
    """
    if count is None:
        count = int(getattr(executor, "_max_workers", 0) or 0) or os.cpu_count() or 1
    return Crew(shared_lanes(executor, count), remote=True, shared=True)


def shared_lanes(executor: Executor, count: int) -> list[Lane]:
    """Lanes over one executor, whose tasks may end up anywhere."""
    return [Lane(lambda: executor, sticky=False) for _ in range(count)]
