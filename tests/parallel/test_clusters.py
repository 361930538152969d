"""A Dask cluster of processes, and ranks of MPI: real ones, on this machine."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

import usadel_fem as uf
from tests.parallel.cases import GAP, TOLERANCE, Assassin, gap, same, wire
from tests.samples import CASE_TEXT
from usadel_fem.cli import main
from usadel_fem.errors import CaseError
from usadel_fem.parallel.clusters import dask

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A scheduler and two worker processes, without the page of a browser."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(**options, silence_logs="ERROR") as cluster:
        yield cluster


def test_a_dask_cluster_that_loses_a_worker(cluster: LocalCluster) -> None:
    """SIGKILL in the middle: the scheduler hands its tasks to the others, and nothing is missing."""
    assassin = Assassin(lambda: [worker.pid for worker in cluster.workers.values()])
    found = uf.solve(wire(), scheduler=cluster.scheduler_address, progress=assassin)
    assert assassin.killed not in (0, os.getpid())
    same(uf.solve(wire()), found)


def test_workers_without_the_package(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def ready():\n    return 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    ready = importlib.import_module("only_here").ready
    with pytest.raises(CaseError, match=r"has workers that cannot use the package; received tcp.*only_here"):
        dask(cluster.scheduler_address, None, ready)


@pytest.mark.slow
def test_a_dask_cluster_and_the_gap(cluster: LocalCluster) -> None:
    same(uf.solve(gap()), uf.solve(gap(), scheduler=cluster.scheduler_address), GAP)


@pytest.mark.slow
def test_the_executor_of_a_dask_client(cluster: LocalCluster) -> None:
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        same(uf.solve(wire()), uf.solve(wire(), executor=client.get_executor(), jobs=2))


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    (directory / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    package = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=directory, env=package, capture_output=True, text=True, check=False)


def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit status 2, nothing written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("usadel_fem.parallel.clusters.CONNECT", 0.2)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "wire.toml", "--scheduler", "tcp://127.0.0.1:1"])
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("--scheduler: must be the address of a Dask scheduler that answers; received tcp")
    assert os.listdir(tmp_path) == ["wire.toml"]


@pytest.mark.parametrize(
    ("package", "scheduler", "words"),
    [
        (
            "distributed",
            "tcp://127.0.0.1:8786",
            "needs the package distributed; received tcp://127.0.0.1:8786",
        ),
        ("mpi4py", "mpi", "needs the package mpi4py and an MPI library; received mpi"),
    ],
)
def test_a_package_that_is_missing(
    package: str, scheduler: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "wire.toml", "--scheduler", scheduler])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert words in line
    assert "pip install 'usadel_fem[" in line


def test_ranks_of_mpi_give_the_same(tmp_path: Path) -> None:
    """The first of three ranks runs the command, the others solve."""
    mpiexec = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert mpiexec is not None
    command = (sys.executable, "-m", "mpi4py.futures", "-m", "usadel_fem", "run", "wire.toml")
    done = run(tmp_path, mpiexec, "-n", "3", *command, "--scheduler", "mpi", "-o", "ranks", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert run(tmp_path, *command[:1], "-m", "usadel_fem", *command[5:], "-o", "one").returncode == 0
    one, ranks = uf.load(tmp_path / "one"), uf.load(tmp_path / "ranks")
    for i in range(3):
        np.testing.assert_allclose(ranks.green_function(i), one.green_function(i), atol=TOLERANCE)


def test_other_ranks_must_wait_for_tasks(tmp_path: Path) -> None:
    """Without mpiexec there are none."""
    done = run(tmp_path, sys.executable, "-m", "usadel_fem", "run", "wire.toml", "--scheduler", "mpi")
    assert done.returncode == 2
    assert "run mpiexec -n 4 python -m mpi4py.futures" in done.stderr
