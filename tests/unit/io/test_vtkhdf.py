"""fields.vtkhdf as VTK's own reader sees it: the mesh, every step, every number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline

from tests.samples import ENERGIES, observables, one_cell, wire_mesh, wire_solution
from tests.vtk_reader import hdf_reader
from usadel_fem.io.vtkhdf import CELL, write_vtkhdf
from usadel_fem.labelled import Observable


def times(reader: Any) -> list[float]:
    information, key = reader.GetOutputInformation(0), vtkStreamingDemandDrivenPipeline.TIME_STEPS()
    return [information.Get(key, i) for i in range(information.Length(key))]


def array(data: Any, name: str) -> Any:
    return vtk_to_numpy(data.GetArray(name))


def test_spectra_are_steps_in_ascending_order(tmp_path: Path) -> None:
    [path] = wire_solution().to_vtkhdf(tmp_path)
    assert path == tmp_path / "fields.vtkhdf"
    reader = hdf_reader(path)
    assert times(reader) == sorted(ENERGIES.real)
    found = observables()
    for i in range(3):
        reader.UpdateTimeStep(ENERGIES[i].real)
        grid = reader.GetOutput()
        assert np.array_equal(array(grid.GetPointData(), "dos"), np.asarray(found["dos"])[i])
        assert np.array_equal(array(grid.GetPointData(), "Delta_abs"), np.asarray(found["Delta_abs"]))
        assert np.array_equal(array(grid.GetPointData(), "triplet_im"), np.asarray(found["triplet"]).imag)
        assert array(grid.GetFieldData(), "energy_re").tolist() == [ENERGIES[i].real]
        assert array(grid.GetFieldData(), "energy_im").tolist() == [ENERGIES[i].imag]


@pytest.mark.parametrize("cell_type", list(CELL))
def test_cells_of_every_kind(tmp_path: Path, cell_type: str) -> None:
    mesh = one_cell(cell_type)
    values = Observable(mesh.nodes[:, 0] - 0.3, ("node",), at="node")
    [path] = write_vtkhdf(tmp_path, mesh, np.array([]), {"x": values})
    reader = hdf_reader(path)
    grid = reader.GetOutput()
    assert grid.GetCellType(0) == CELL[cell_type]
    assert grid.GetNumberOfCells() == 1
    assert grid.GetCell(0).GetNumberOfPoints() == len(mesh.nodes)
    assert vtk_to_numpy(grid.GetPoints().GetData()) == pytest.approx(mesh.nodes)
    assert array(grid.GetPointData(), "x") == pytest.approx(mesh.nodes[:, 0] - 0.3)
    assert array(grid.GetCellData(), "region").tolist() == [0]


def test_series_in_time(tmp_path: Path) -> None:
    """Vectors at cells and numbers at nodes, one after the other in one array each."""
    steps = np.array([0.0, 0.3, 0.7])
    flow = np.random.default_rng(3).random((3, 4, 3))
    found = {
        "time": Observable(steps, ("time",), at="time"),
        "charge_current": Observable(flow, ("time", "cell", "component"), at="cell"),
        "charge_density": Observable(flow[:, :, 0] @ np.ones((4, 9)), ("time", "node"), at="node"),
    }
    [path] = write_vtkhdf(tmp_path, wire_mesh(), np.array([]), found)
    reader = hdf_reader(path)
    assert times(reader) == steps.tolist()
    for i in (2, 0, 1):
        reader.UpdateTimeStep(steps[i])
        grid = reader.GetOutput()
        assert np.array_equal(array(grid.GetCellData(), "charge_current"), flow[i])
        assert array(grid.GetPointData(), "charge_density") == pytest.approx(flow[i, :, 0].sum())


def test_fields_without_a_series_have_no_steps(tmp_path: Path) -> None:
    only = {"Delta_abs": observables()["Delta_abs"]}
    [path] = write_vtkhdf(tmp_path, wire_mesh(), 1j * np.array([0.3, 0.9]), only)
    reader = hdf_reader(path)
    assert times(reader) == []
    assert reader.GetOutput().GetPointData().HasArray("Delta_abs")


def test_fields_can_be_chosen(tmp_path: Path) -> None:
    [path] = wire_solution().to_vtkhdf(tmp_path, fields=["triplet_im", "spin_current"])
    grid = hdf_reader(path).GetOutput()
    points, cells = grid.GetPointData(), grid.GetCellData()
    assert [points.GetArrayName(i) for i in range(points.GetNumberOfArrays())] == ["triplet_im"]
    assert {cells.GetArrayName(i) for i in range(cells.GetNumberOfArrays())} == {
        "region",
        *(f"spin_current_{axis}" for axis in "xyz"),
    }
