"""Who handles Ctrl-C when."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from usadel_fem.interrupts import at_once, raised


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_exception_within_the_end_at_once() -> None:
    with at_once():
        ending = signal.getsignal(signal.SIGINT)
        assert ending is not signal.default_int_handler
        with pytest.raises(KeyboardInterrupt), raised():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is ending
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("foreign", [signal.SIG_IGN, lambda number, frame: None])
def test_what_somebody_else_wants_stays(foreign: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, foreign)
    for context in (at_once, raised):
        with context():
            assert signal.getsignal(signal.SIGINT) is foreign


def test_other_threads_cannot_ask() -> None:
    seen = []

    def ask() -> None:
        with at_once():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
