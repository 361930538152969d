"""Runs that do not end well, with the real solver: not converged, and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import usadel_fem as uf
from tests.samples import CASE_TEXT
from usadel_fem.cli import main

FINE = ("--set", "mesh.elements=30", "--set", "solve.energies={start = 0.0, stop = 1.2, num = 400}")


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


def test_interrupted_and_resumed(here: Path) -> None:
    """Ctrl-C after some energies: exit status 130, they are kept, and --resume solves only the others."""
    command = [sys.executable, "-m", "usadel_fem", "run", "wire.toml", *FINE, "-o", "out"]
    package = {**os.environ, "PYTHONPATH": str(Path(uf.__file__).parents[1])}
    run = subprocess.Popen([*command, "--quiet"], env=package, stderr=subprocess.PIPE, text=True)
    log = here / "out" / "log.txt"
    while run.poll() is None and not (
        log.exists() and log.read_text(encoding="utf-8").count("converged") > 20
    ):
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate()
    assert run.returncode == 130
    assert "of 400 energies are saved in out" in said
    done = int(said.split("interrupted: ")[1].split()[0])
    assert 20 <= done < 400
    information = CliRunner().invoke(main, ["info", "out"]).stdout
    assert f"400, of which {done} converged, {400 - done} not solved yet" in information
    assert (
        CliRunner().invoke(main, ["run", "wire.toml", *FINE, "-o", "out", "--resume", "--quiet"]).exit_code
        == 0
    )
    assert uf.load("out").converged
    text = log.read_text(encoding="utf-8")
    assert text.count("converged after") < 2 * 400
