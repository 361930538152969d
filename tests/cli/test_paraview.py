"""What real runs of every kind leave for ParaView: promised names, vectors of three components, all steps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

import usadel_fem as uf
from tests.templates.test_templates import solved
from tests.vtk_reader import hdf_reader, read

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "results.md").read_text(encoding="utf-8")
PROMISED = set(re.findall(r"`(\w+)`", PAGE))
VECTORS = {
    "triplet", "charge_current", "spin_current_x", "spin_current_y", "spin_current_z", "energy_current",
    "spin_density", "magnetization", "spin_torque", "spin_source", "spin_current_divergence",
    "net_spin_source",
}  # fmt: skip
RUNS = {
    "sn_bilayer": {
        "dos",
        "dos_up",
        "dos_down",
        "local_gap",
        "singlet",
        "triplet",
        "Delta_abs",
        "Delta_phase",
    },
    "sfn_spin_orbit": {"charge_current", "spin_current_x", "magnetization", "spin_source", "singlet"},
    "spin_hall_bar": {"charge_current", "spin_current_z", "spin_density", "charge_density", "energy_current"},
    "spin_pulse": {"charge_current", "spin_current_x", "spin_density", "charge_density"},
    "nanowire_3d": {"dos", "local_gap", "singlet", "triplet", "Delta_abs"},
}
"""Runs of all kinds and dimensions, and fields that each of them has to have."""

Arrays = dict[str, np.ndarray[Any, Any]]


def arrays(grid: Any) -> Arrays:
    """All fields of nodes and cells, by name."""
    found: Arrays = {}
    for data in (grid.GetPointData(), grid.GetCellData()):
        for i in range(data.GetNumberOfArrays()):
            found[data.GetArrayName(i)] = vtk_to_numpy(data.GetArray(i))
    return found


def check_names(found: Arrays, expected: set[str]) -> None:
    short = {re.sub("_(re|im)$", "", name) for name in found}
    assert expected | {"material", "region"} <= short
    for name, values in found.items():
        owner = re.sub("_(re|im)$", "", name)
        assert owner in PROMISED | {"spin_current_y", "spin_current_z"}, name
        assert values.shape[1:] == ((3,) if owner in VECTORS else ()), name
        assert np.issubdtype(values.dtype, np.floating) or owner in ("material", "region")


def steps(folder: Path) -> list[tuple[float, Path]]:
    """Times and files of the collection."""
    sets = ElementTree.parse(folder / "fields.pvd").getroot().findall("Collection/DataSet")
    return [(float(item.get("timestep", "")), folder / item.get("file", "")) for item in sets]


@pytest.mark.parametrize("name", RUNS)
def test_vtu(tmp_path: Path, name: str) -> None:
    solution = solved(name, False)
    for path in solution.to_vtu(tmp_path):
        if path.suffix == ".vtu":
            grid = read(path)
            assert grid.GetNumberOfPoints() == len(solution.nodes)
            assert grid.GetNumberOfCells() == len(solution.cells)
            check_names(arrays(grid), RUNS[name])


@pytest.mark.parametrize("name", ["sn_bilayer", "spin_pulse", "nanowire_3d"])
def test_the_collection_and_the_hdf_file_say_the_same(tmp_path: Path, name: str) -> None:
    """Step by step and array by array; times are the energies of a spectrum or the times of a series."""
    solution = solved(name, False)
    solution.to_vtu(tmp_path)
    [path] = solution.to_vtkhdf(tmp_path)
    reader = hdf_reader(path)
    collection = steps(tmp_path)
    places = solution.times if solution.times.size else np.sort(solution.energies.real)
    assert [time for time, _ in collection] == pytest.approx(places.tolist())
    for time, file in collection:
        one = read(file)
        reader.UpdateTimeStep(time)
        two = reader.GetOutput()
        assert np.array_equal(
            vtk_to_numpy(one.GetPoints().GetData()), vtk_to_numpy(two.GetPoints().GetData())
        )
        assert one.GetCellType(1) == two.GetCellType(1)
        left, right = arrays(one), arrays(two)
        assert left.keys() == right.keys()
        for key, values in left.items():
            assert np.array_equal(values, right[key], equal_nan=True), key


@pytest.mark.parametrize("name", ["sfn_spin_orbit", "spin_hall_bar"])
def test_one_state_is_one_step(tmp_path: Path, name: str) -> None:
    solution = solved(name, False)
    [file, *others] = solution.to_vtu(tmp_path)
    [path] = solution.to_vtkhdf(tmp_path)
    assert not others
    left, right = arrays(read(file)), arrays(hdf_reader(path).GetOutput())
    assert left.keys() == right.keys()
    for key, values in left.items():
        assert np.array_equal(values, right[key], equal_nan=True), key


def test_formats_of_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from tests.samples import CASE_TEXT
    from usadel_fem.cli import main

    monkeypatch.chdir(tmp_path)
    Path("wire.toml").write_text(CASE_TEXT + '[output]\nformats = ["vtkhdf"]\n', encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "wire.toml"])
    assert result.exit_code == 0
    assert "results in wire.out: fields.vtkhdf, result.h5, summary.json, log.txt" in result.stdout
    assert not list(Path("wire.out").glob("*.vtu"))
    assert hdf_reader(Path("wire.out/fields.vtkhdf")).GetOutput().GetPointData().HasArray("dos")
    exported = CliRunner().invoke(main, ["export", "wire.out", "--format", "vtkhdf", "-o", "there"])
    assert exported.stdout == f"{Path('there') / 'fields.vtkhdf'}\n"
    assert uf.load("wire.out").case.output.formats == ("vtkhdf",)
