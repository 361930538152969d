"""Runs that do not end well, with the real solver: not converged, and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import usadel_fem as uf
from tests.samples import CASE_TEXT
from usadel_fem.cli import main
from usadel_fem.io.reader import ResultReader

FINE = (
    *("--set", "mesh.elements=30", "--set", "solve.energies={start = 0.0, stop = 1.2, num = 60}"),
    *("--set", 'solve.linear="krylov"'),
)
"""Energies that are solved one by one, also on a mesh of one dimension."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    return tmp_path


def test_too_few_iterations(here: Path) -> None:
    """Exit status 3; the report says which energies failed, where, how, and what to try."""
    result = CliRunner().invoke(main, ["run", "wire.toml", "--quiet", "--set", "solve.max_iterations=1"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert "not converged: 3 of 3 energies failed" in result.stderr
    for part in (
        "the largest allowed number of iterations",
        "residuals: ",
        "try: a larger solve.max_iterations",
    ):
        assert part in result.stderr
    summary = json.loads((here / "wire.out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["converged"] is False
    assert len(summary["failed"]) == 3
    assert not uf.load("wire.out").converged


def test_what_converged_is_kept(here: Path) -> None:
    """The large energy needs one step, the small one more than it is given."""
    edits = ("solve.max_iterations=1", "solve.energies=[4000.0, 0.1]")
    result = CliRunner().invoke(main, ["run", "wire.toml", *(p for e in edits for p in ("--set", e))])
    assert result.exit_code == 3
    assert "1 of 2 energies failed" in result.stderr
    assert "results in wire.out: fields.vtu" in result.stdout
    solution = uf.load("wire.out")
    g = solution.green_function(0)
    assert np.allclose(g @ g, np.eye(4), atol=1e-12)
    assert [report.ok for report in solution.convergence] == [True, False]
    with pytest.raises(ValueError, match="did not converge"):
        solution.green_function(1)


HELD = """
import signal, sys
from usadel_fem.cli import main
from usadel_fem.solver.energies import DeviceSolver

find, begun = DeviceSolver.find, []

def held(self, *arguments):
    begun.append(arguments)
    if len(begun) > 21:
        print("held", flush=True)
        sys.stdin.read()
    return find(self, *arguments)

DeviceSolver.find = held
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command line, except that the 22nd energy does not go on before the end of standard input, and that
Ctrl-C works also where the tests run in the background of a shell, which lets its jobs ignore it."""


def test_interrupted_and_resumed(here: Path) -> None:
    """Ctrl-C within the 22nd energy: exit status 130, 21 are kept, and --resume solves only the others.

    The run waits there for the signal, however fast or slow the machine is.
    """
    command = [sys.executable, "-c", HELD, "run", "wire.toml", *FINE, "-o", "out", "--quiet"]
    package = {**os.environ, "PYTHONPATH": str(Path(uf.__file__).parents[1])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=package, text=True, **pipes) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    assert run.returncode == 130
    assert said.startswith("interrupted: 21 of 60 energies are saved in out")
    information = CliRunner().invoke(main, ["info", "out"]).stdout
    assert "60, of which 21 converged, 39 not solved yet" in information
    with ResultReader(here / "out" / "result.h5") as reader:
        assert sorted(reader.done()) == list(range(21))
        kept = reader.reports()[:21]
    resumed = CliRunner().invoke(main, ["run", "wire.toml", *FINE, "-o", "out", "--resume", "--quiet"])
    assert resumed.exit_code == 0
    solution = uf.load("out")
    assert solution.converged
    assert [report.ok for report in solution.convergence] == [True] * 60
    assert solution.convergence[:21] == kept  # the seconds each took included: none was solved again
    assert (here / "out" / "log.txt").read_text(encoding="utf-8").count("converged after") == 21 + 60


EARLY = """
import runpy, signal, sys

struck = sys.argv.pop(1)

class Striking:
    def find_spec(self, name, *rest):
        if name == struck:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                pass

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Striking())
runpy.run_module("usadel_fem", run_name="__main__")
"""
"""The command line, with Ctrl-C where a module is imported, by one that swallows exceptions."""


@pytest.mark.parametrize("module", ["click", "usadel_fem.case", "usadel_fem.run"])
def test_interrupted_before_anything_was_begun(here: Path, module: str) -> None:
    command = [sys.executable, "-c", EARLY, module, "run", "wire.toml", "-o", "out", "--jobs", "2"]
    package = {**os.environ, "PYTHONPATH": str(Path(uf.__file__).parents[1])}
    done = subprocess.run(command, env=package, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert not (here / "out").exists()


STRUCK = """
import signal
from usadel_fem.cli import main
from usadel_fem.io.result import ResultWriter

write, written = ResultWriter.write_energy, []

def struck(self, *arguments):
    write(self, *arguments)
    written.append(arguments)
    if len(written) == 5:
        signal.raise_signal(signal.SIGINT)

ResultWriter.write_energy = struck
signal.signal(signal.SIGINT, signal.default_int_handler)
if __name__ == "__main__":
    main()
"""
"""The command line, with Ctrl-C after the fifth energy was written."""


@pytest.mark.parametrize("workers", [("--jobs", "2"), ("--scheduler", "threads:2")])
def test_interrupted_with_several_workers(here: Path, workers: tuple[str, str]) -> None:
    """What was written is kept, workers end without a word, and --resume goes on."""
    command = [sys.executable, "-c", STRUCK, "run", "wire.toml", *FINE, "-o", "out", "--quiet", *workers]
    package = {**os.environ, "PYTHONPATH": str(Path(uf.__file__).parents[1])}
    done = subprocess.run(command, env=package, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 130
    expected = "interrupted: 5 of 60 energies are saved in out/result.h5; go on with --resume\n"
    assert (done.stdout, done.stderr) == ("", expected)
    with ResultReader(here / "out" / "result.h5") as reader:
        kept = {i: reader.reports()[i] for i in reader.done()}
    assert len(kept) == 5
    resumed = CliRunner().invoke(main, ["run", "wire.toml", *FINE, "-o", "out", "--resume", "--quiet"])
    assert resumed.exit_code == 0
    reports = uf.load("out").convergence
    assert all(report.ok for report in reports)
    assert all(reports[i] == report for i, report in kept.items())
