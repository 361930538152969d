"""The command line with the real solver, on a wire of a few nodes."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

import usadel_fem as uf
from tests.samples import CASE_TEXT
from usadel_fem.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> None:
    result = CliRunner().invoke(main, ["run", "wire.toml", "--quiet", *arguments])
    assert result.exit_code == 0, result.output


def test_what_a_run_leaves(here: Path) -> None:
    run()
    summary = json.loads((here / "wire.out" / "summary.json").read_text())
    assert summary["converged"] is True
    assert summary["conservation_defect"]["charge"] < 1e-8
    solution = uf.load(here / "wire.out")
    g = solution.green_function(1)
    assert np.allclose(g @ g, np.eye(4), atol=1e-12)
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(here / "wire.out" / "fields.vtu"))
    reader.Update()
    grid = reader.GetOutput()
    assert grid.GetNumberOfPoints() == len(solution.nodes)
    assert grid.GetPointData().HasArray("dos")


def test_a_resumed_run_ends_like_an_uninterrupted_one(here: Path) -> None:
    run("-o", "whole")
    run("-o", "resumed")
    with h5py.File(here / "resumed" / "result.h5", "r+") as file:  # as if interrupted after the last energy
        del file["observables"]
        for i in (0, 1):
            file["reports"][i] = ""
            file["kept"][i] = False
    run("-o", "resumed", "--resume")
    whole, resumed = uf.load(here / "whole"), uf.load(here / "resumed")
    assert [report.energy for report in resumed.convergence] == list(resumed.energies)
    assert list(resumed.observables) == list(whole.observables)
    for i in range(3):
        assert np.allclose(resumed.green_function(i), whole.green_function(i), atol=1e-7)


def test_several_processes_give_the_same(here: Path) -> None:
    run("-o", "one")
    run("-o", "two", "--jobs", "2")
    one, two = uf.load(here / "one"), uf.load(here / "two")
    for i in range(3):
        assert np.allclose(one.green_function(i), two.green_function(i), atol=1e-7)
