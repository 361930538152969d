import io
from pathlib import Path

import pytest

from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.progress import (
    BarProgress,
    LoggedProgress,
    PlainProgress,
    Progress,
    SilentProgress,
    choose_progress,
)

GOOD = EnergyReport(0.4 + 0.02j, Outcome.CONVERGED, 5, 31, (0.7, 3e-12), 0.25)
BAD = EnergyReport(0.1 + 0.02j, Outcome.NOT_A_NUMBER, 2, 9, (0.7,), 0.1, hint="lower max_iterations")


class Clock:
    """A time that goes on by `step` at every look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def use(progress: Progress) -> None:
    """What a solver does."""
    progress.note("starting")
    progress.start(3, "energies")
    for report in (GOOD, BAD, GOOD):
        progress.advance(report)
    progress.start(None, "self-consistency")
    progress.advance("change 0.1")
    progress.finish()


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    use(SilentProgress())
    assert capsys.readouterr() == ("", "")


def test_plain_lines_come_at_intervals_but_failures_always() -> None:
    stream = io.StringIO()
    use(PlainProgress(stream, interval=1000.0, clock=Clock(0.1)))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == "starting"
    assert lines[1].startswith("energies 2/3: energy 0.1+0.02j: a number that is not finite appeared")


def test_plain_lines_say_how_long_it_will_take() -> None:
    stream = io.StringIO()
    use(PlainProgress(stream, interval=1.0, clock=Clock(7.0)))
    lines = stream.getvalue().splitlines()
    assert "(about 14 s left)" in lines[1]
    assert "left)" not in lines[3]
    assert lines[4] == "self-consistency 1: change 0.1"


def test_a_bar_shows_failures_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    use(BarProgress())
    out, err = capsys.readouterr()
    assert out == ""
    assert "energies" in err
    assert "not finite" in err


def test_a_log_has_every_line(tmp_path: Path) -> None:
    stream = io.StringIO()
    file = tmp_path / "out" / "log.txt"
    with LoggedProgress(PlainProgress(stream, interval=1000.0), file) as progress:
        progress.note("starting")
        assert not file.exists()
        use(progress)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert lines[2].endswith("energies: 3")
    assert sum("converged after 5 steps" in line for line in lines) == 2


def test_a_resumed_log_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    for append in (False, True):
        with LoggedProgress(SilentProgress(), file, append=append) as progress:
            use(progress)
    assert len(file.read_text(encoding="utf-8").splitlines()) == 14


def test_the_choice() -> None:
    mine = SilentProgress()
    assert choose_progress(mine) is mine
    assert isinstance(choose_progress(None), SilentProgress)
    assert isinstance(choose_progress(True, io.StringIO()), PlainProgress)
    assert isinstance(choose_progress(True, Terminal()), BarProgress)
