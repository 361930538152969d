"""Ctrl-C in a command: an exception where something would be lost, else the end at once, with a word.

What is being imported may swallow an exception, or turn it into another.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["STATUS", "at_once", "raised"]

STATUS = 130
"""Exit status of what was interrupted."""


Handler = Callable[[int, FrameType | None], None]


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(STATUS)


@contextmanager
def at_once() -> Iterator[None]:
    """Ctrl-C ends this process meanwhile, unless it is ignored or somebody else's."""
    with _handled_by(_end):
        yield


@contextmanager
def raised() -> Iterator[None]:
    """Ctrl-C is a `KeyboardInterrupt` meanwhile, unless it is ignored or somebody else's."""
    with _handled_by(signal.default_int_handler):
        yield


@contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    ours = before in (_end, signal.default_int_handler)
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
