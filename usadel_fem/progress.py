"""Progress of a long run, as an object that the caller hands in.

The solver only knows :class:`Progress`; what is shown where is decided by the command line or the script.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """What a solver tells while it works. Stages may follow each other: each begins with `start`."""

    def start(self, total: int | None, what: str) -> None:
        """A stage of `total` steps begins (None: how many is not known)."""

    def advance(self, report: object) -> None:
        """One step has ended; `report` is usually an EnergyReport and is shown as str(report)."""

    def note(self, text: str) -> None:
        """Something worth a line of its own."""

    def finish(self) -> None:
        """The last stage has ended."""


class SilentProgress:
    """Says nothing.

    >>> SilentProgress().start(3, "energies")
    """

    def start(self, total: int | None, what: str) -> None:
        pass

    def advance(self, report: object) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def finish(self) -> None:
        pass


class PlainProgress:
    """One plain line every `interval` seconds: for logs and pipes.

    >>> progress = PlainProgress(sys.stdout, interval=0.0)
    >>> progress.start(2, "energies")
    >>> progress.advance("energy 0.1: converged")
    energies 1/2: energy 0.1: converged
    >>> progress.finish()
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        interval: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._interval = interval
        self._clock = clock
        self._total: int | None = None
        self._what = ""
        self._done = 0
        self._started = self._last = clock()

    def start(self, total: int | None, what: str) -> None:
        self._total, self._what, self._done = total, what, 0
        self._started = self._last = self._clock()

    def advance(self, report: object) -> None:
        self._done += 1
        now = self._clock()
        if now - self._last < self._interval and _is_fine(report):
            return
        self._last = now
        self._write(f"{self._what} {self._count()}: {report}{self._remaining(now)}")

    def note(self, text: str) -> None:
        self._write(text)

    def finish(self) -> None:
        pass

    def _count(self) -> str:
        return f"{self._done}" if self._total is None else f"{self._done}/{self._total}"

    def _remaining(self, now: float) -> str:
        if self._total is None or self._done >= self._total:
            return ""
        seconds = (now - self._started) / self._done * (self._total - self._done)
        return f" (about {seconds:.0f} s left)" if seconds >= 1.0 else ""

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class BarProgress:
    """A bar with the remaining time, drawn on standard error."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, total: int | None, what: str) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
        elif self._task is not None:
            self._bar.stop_task(self._task)
        self._task = self._bar.add_task(what, total=total)

    def advance(self, report: object) -> None:
        if self._bar is None or self._task is None:
            return
        self._bar.advance(self._task)
        if not _is_fine(report):
            self.note(str(report))

    def note(self, text: str) -> None:
        if self._bar is None:
            print(text, file=sys.stderr)
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None


class LoggedProgress:
    """Passes everything on to `inner` and writes it, with the elapsed time, to a log file.

    The file is made by the first `start`, so that a case which is refused leaves nothing behind.
    """

    def __init__(self, inner: Progress, path: Path, *, append: bool = False) -> None:
        self._inner = inner
        self._path = path
        self._append = append
        self._file: TextIO | None = None
        self._early: list[str] = []
        self._began = time.monotonic()

    def start(self, total: int | None, what: str) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a" if self._append else "w", encoding="utf-8")
            for line in self._early:
                self._file.write(line)
        self._log(what if total is None else f"{what}: {total}")
        self._inner.start(total, what)

    def advance(self, report: object) -> None:
        self._log(str(report))
        self._inner.advance(report)

    def note(self, text: str) -> None:
        self._log(text)
        self._inner.note(text)

    def finish(self) -> None:
        self._inner.finish()

    def close(self) -> None:
        """Close the file; also done on leaving a `with` block."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.finish()
        self.close()

    def _log(self, text: str) -> None:
        line = f"[{time.monotonic() - self._began:9.2f} s] {text}\n"
        if self._file is None:
            self._early.append(line)
        else:
            self._file.write(line)
            self._file.flush()


def choose_progress(wanted: bool | Progress | None, stream: TextIO | None = None) -> Progress:
    """The object for what a caller asked: True means a bar on a terminal and plain lines elsewhere.

    >>> type(choose_progress(False)).__name__
    'SilentProgress'
    """
    if wanted is None or wanted is False:
        return SilentProgress()
    if wanted is not True:
        return wanted
    target = stream if stream is not None else sys.stderr
    return BarProgress() if target.isatty() else PlainProgress(target)


def _is_fine(report: object) -> bool:
    return bool(getattr(report, "ok", True))


def _new_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
