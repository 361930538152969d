"""[solve.time] from a case file to ParaView, and what it refuses."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from vtkmodules.util.numpy_support import vtk_to_numpy

import usadel_fem as uf
from tests.vtk_reader import read
from usadel_fem.cli import main

CASE = """\
[units]
energy = "meV"
length = "nm"

[mesh]
shape = "rectangle"
length = 130
width = 60
elements = [4, 2]

[material.N]
D = "5 cm^2/s"
theta = 0.1
tau_so = "2 ps"

[region]
rectangle = "N"

[terminal.left]
normal = true
voltage = "0.3 mV"
signal = "1 if t < 9 else 0"

[terminal.right]
normal = true

[solve]
kind = "nonequilibrium"
temperature = "1 K"

[solve.time]
stop = "10 ps"
output = ["0 ps", "1 ps", "4 ps", "10 ps"]
spin_voltage = ["0.1*exp(-(x/30)**2)", 0, 0]

[output.at]
middle = [65, 30]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bar.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == status, result.output
    return result.output


def test_what_a_run_leaves(here: Path) -> None:
    invoke("run", "bar.toml", "--quiet")
    out = here / "bar.out"
    solution = uf.load(out)
    picosecond = 1 / 0.6582119569  # ħ/meV
    assert np.allclose(solution.times, np.array([0, 1, 4, 10]) * picosecond, rtol=1e-9)
    assert len(solution.energies) == 0
    assert "4 times" in repr(solution)
    spin, current = solution.observables["spin_density"], solution.observables["terminal_current"]["left"]
    assert spin.dims == ("time", "node", "component")
    assert current.dims == ("time",)
    assert solution.observables["charge_current"].dims == ("time", "cell", "component")
    probe = solution.observables["probe:middle"]["charge_density"]
    assert probe.dims == ("time", "point")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["converged"] is True
    assert max(summary["conservation_defect"].values()) < 1e-10
    numbers = summary["observables"]
    assert numbers["time_steps"] > 10
    assert numbers["rejected_steps"] >= 0
    assert 0 < numbers["integration_error"] < 1e-2
    assert any("ħ/meV = 0.658212 ps" in note for note in summary["notes"])
    entries = ElementTree.parse(out / "fields.pvd").getroot().findall("Collection/DataSet")
    assert np.array_equal([float(e.get("timestep", "")) for e in entries], solution.times)
    for i, entry in enumerate(entries):
        grid = read(out / str(entry.get("file")))
        assert vtk_to_numpy(grid.GetFieldData().GetArray("TimeValue")) == solution.times[i]
        found = vtk_to_numpy(grid.GetPointData().GetArray("spin_density"))
        assert np.array_equal(found, np.asarray(spin[i]))
        flow = vtk_to_numpy(grid.GetCellData().GetArray("charge_current"))
        assert np.array_equal(flow, np.asarray(solution.observables["charge_current"][i]))
    last = read(out / "fields.vtu")
    assert vtk_to_numpy(last.GetFieldData().GetArray("TimeValue")) == solution.times[-1]
    info = invoke("info", "bar.out")
    assert "times         4 from 0 to 15.1927 ħ/energy" in info
    assert "terminal_current_left" in info
    invoke("export", "bar.out", "--format", "csv")
    with (out / "times.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["time"]) for row in rows] == solution.times.tolist()
    assert [float(row["terminal_current_left"]) for row in rows] == np.asarray(current).tolist()
    assert float(rows[2]["terminal_spin_current_left_z"]) != 0.0
    assert (out / "fields_0003.csv").exists()


def test_saving_and_loading_from_python(here: Path) -> None:
    solution = uf.solve(uf.load_case(here / "bar.toml", {"output.fields": '["spin_density"]'}))
    again = uf.load(solution.save(here / "saved.h5"))
    assert np.array_equal(again.times, solution.times)
    assert "charge_density" not in again.observables
    assert np.array_equal(again.observables["spin_density"], solution.observables["spin_density"])
    assert again.case.solve.time == solution.case.solve.time
    assert again.case.terminal["left"].signal == solution.case.terminal["left"].signal


def test_check_says_what_will_be_done(here: Path) -> None:
    text = invoke("check", "bar.toml")
    assert "charge and spin in time from rest to t = 15.1927, 4 times kept, tolerance 1.0e-05" in text
    assert "1 if t < 9 else 0" in text


REFUSED = {
    "resume": (["--resume"], "solve.time: must not be resumed"),
    "jobs": (["--jobs", "2"], "solve.time: must stand beside jobs = 1"),
    "scheduler": (["--scheduler", "threads:2"], "solve.time: must not stand beside a scheduler"),
    "superconducting material": (
        ["--set", "material.N.Delta=1.2"],
        "material.N.Delta: must not stand beside [solve.time]: only the normal state",
    ),
    "superconducting terminal": (
        ["--set", "terminal.right={Delta = 1.2}"],
        "terminal.right.Delta: must not stand beside [solve.time]",
    ),
    "temperature of a terminal": (
        ["--set", "terminal.right.temperature=0.3"],
        "terminal.right.temperature: must not stand beside [solve.time]: charge and spin",
    ),
    "equilibrium": (
        ["--set", 'solve.kind="equilibrium"'],
        'solve.time: must stand beside kind = "nonequilibrium"',
    ),
    "energies": (["--set", "solve.energies=[0.1]"], "solve.energies: must not stand beside [solve.time]"),
    "relaxation": (["--set", "solve.relaxation=0.1"], "solve.relaxation: must not stand beside"),
    "conductance": (["--set", "solve.conductance=true"], "solve.conductance: must not stand beside"),
    "floating": (["--set", "terminal.right.floating=true"], "terminal.right.floating: must not stand beside"),
    "stop": (["--set", "solve.time.stop=0"], "solve.time.stop: must be > 0; received 0"),
    "stop of another unit": (["--set", 'solve.time.stop="3 nm"'], "solve.time.stop: must be a time"),
    "output beyond stop": (
        ["--set", "solve.time.output=[1, 20]"],
        "must not go beyond stop = 15.1927",
    ),
    "output that falls": (["--set", "solve.time.output=[3, 2]"], "solve.time.output: must rise; received"),
    "one output": (["--set", "solve.time.output=1"], "solve.time.output: must be a whole number from 2"),
    "start": (["--set", 'solve.time.start="stead"'], "solve.time.start: must be 'rest' or 'steady'"),
    "key of a friend": (["--set", "solve.time.spin=[0, 0, 1]"], "did you mean 'spin_voltage'?"),
    "signal of position": (["--set", 'terminal.left.signal="x"'], "'x' is not one"),
    "signal as a number": (["--set", "terminal.left.signal=2"], "must be an expression of the time t"),
    "signal with a pole": (["--set", 'terminal.left.signal="1/t"'], "terminal.left.signal: must be a finite"),
    "start with a pole": (["--set", 'solve.time.voltage="1/x"'], "solve.time.voltage: must be a finite"),
    "time in a material": (["--set", 'material.N.D="3*t"'], "material.N.D: must use known names only"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(here: Path, name: str) -> None:
    arguments, message = REFUSED[name]
    text = invoke("run", "bar.toml", *arguments, status=2)
    assert message in text, text
    assert not (here / "bar.out" / "fields.vtu").exists()


def test_a_signal_without_time(here: Path) -> None:
    plain = CASE[: CASE.index("[solve.time]")]
    (here / "plain.toml").write_text(plain, encoding="utf-8")
    text = invoke("run", "plain.toml", status=2)
    assert "terminal.left.signal: must stand beside [solve.time]" in text


def test_a_run_that_may_not_take_enough_steps_is_reported(here: Path) -> None:
    text = invoke("run", "bar.toml", "--set", "solve.time.max_steps=20", status=3)
    assert "the integration in time failed" in text
    assert "more than solve.time.max_steps steps" in text
    assert 0 < uf.load(here / "bar.out").times.size < 4
