import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

from tests.samples import ENERGIES, observables, one_cell, wire_case, wire_mesh, wire_solution
from tests.vtk_reader import read
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.vtk import oriented, write_fields
from usadel_fem.labelled import Observable

VTK_CELLS = {"line": 3, "line3": 21, "triangle": 5, "triangle6": 22, "tetra": 10, "tetra10": 24}


def array(data: Any, name: str) -> Any:
    return vtk_to_numpy(data.GetArray(name))


def names(data: Any) -> set[str]:
    return {data.GetArrayName(i) for i in range(data.GetNumberOfArrays())}


def test_spectra_have_one_file_per_energy(tmp_path: Path) -> None:
    files = wire_solution().to_vtu(tmp_path)
    assert [path.name for path in files] == [
        "fields.vtu",
        "fields.pvd",
        "fields_0000.vtu",
        "fields_0001.vtu",
        "fields_0002.vtu",
    ]
    dos = np.asarray(observables()["dos"])
    for i in range(3):
        grid = read(tmp_path / f"fields_{i:04d}.vtu")
        assert np.array_equal(array(grid.GetPointData(), "dos"), dos[i])
        assert array(grid.GetFieldData(), "energy_re") == ENERGIES[i].real
        assert array(grid.GetFieldData(), "energy_im") == ENERGIES[i].imag


def test_the_collection_is_sorted_by_energy(tmp_path: Path) -> None:
    wire_solution().to_vtu(tmp_path)
    sets = ElementTree.parse(tmp_path / "fields.pvd").getroot().findall("Collection/DataSet")
    assert [float(item.get("timestep", "")) for item in sets] == [0.1, 0.4, 0.9]
    assert [item.get("file") for item in sets] == ["fields_0001.vtu", "fields_0000.vtu", "fields_0002.vtu"]


def test_the_front_file_holds_the_energy_nearest_to_zero(tmp_path: Path) -> None:
    wire_solution().to_vtu(tmp_path)
    grid = read(tmp_path / "fields.vtu")
    assert array(grid.GetFieldData(), "energy_re") == 0.1
    assert np.array_equal(array(grid.GetPointData(), "dos"), np.asarray(observables()["dos"])[1])


def test_complex_numbers_and_vectors(tmp_path: Path) -> None:
    wire_solution().to_vtu(tmp_path)
    grid = read(tmp_path / "fields.vtu")
    assert names(grid.GetPointData()) == {"dos", "Delta_abs", "triplet_re", "triplet_im"}
    assert names(grid.GetCellData()) == {
        "region",
        "spin_current_x",
        "spin_current_y",
        "spin_current_z",
    }
    triplet = np.asarray(observables()["triplet"])
    assert np.array_equal(array(grid.GetPointData(), "triplet_im"), triplet.imag)
    assert grid.GetPointData().GetArray("triplet_re").GetNumberOfComponents() == 3


@pytest.mark.parametrize("cell_type", list(VTK_CELLS))
def test_cells_of_every_kind(tmp_path: Path, cell_type: str) -> None:
    mesh = one_cell(cell_type)
    values = Observable(mesh.nodes[:, 0] - 0.3, ("node",), at="node")
    [path] = write_fields(tmp_path, mesh, np.array([]), {"x": values})
    grid = read(path)
    assert grid.GetCellType(0) == VTK_CELLS[cell_type]
    assert grid.GetNumberOfPoints() == len(mesh.nodes)
    for i in range(grid.GetNumberOfPoints()):
        assert grid.GetPoint(i) == pytest.approx(mesh.nodes[i])


@pytest.mark.parametrize("cell_type", ["line3", "triangle6", "tetra10"])
def test_middle_nodes_are_where_vtk_expects_them(tmp_path: Path, cell_type: str) -> None:
    """VTK's own shape functions give back a field that is quadratic in space."""
    mesh = one_cell(cell_type)
    field = mesh.nodes[:, 0] ** 2 - 0.3 * mesh.nodes[:, 0] * mesh.nodes[:, 1] + mesh.nodes[:, 2] ** 2
    [path] = write_fields(tmp_path, mesh, np.array([]), {"f": Observable(field, ("node",), at="node")})
    grid = read(path)
    cell = grid.GetCell(0)
    weights = [0.0] * len(mesh.nodes)
    place = [0.0] * 3
    cell.EvaluateLocation(_no_reference(0), (0.21, 0.17 * (cell.GetCellDimension() > 1), 0.0), place, weights)
    x, y, z = place
    at_nodes = array(grid.GetPointData(), "f")[[cell.GetPointId(i) for i in range(len(weights))]]
    assert np.dot(weights, at_nodes) == pytest.approx(x**2 - 0.3 * x * y + z**2)


def _no_reference(value: int) -> Any:
    from vtkmodules.vtkCommonCore import reference

    return reference(value)


@pytest.mark.parametrize("cell_type", ["tetra", "tetra10"])
def test_tetrahedra_are_turned_to_positive_volume(cell_type: str) -> None:
    mesh = one_cell(cell_type)
    corners = mesh.nodes[oriented(mesh)[0, :4]]
    assert np.linalg.det(corners[1:] - corners[0]) > 0


def test_triangles_of_one_plane_look_the_same_way() -> None:
    nodes = np.array([[0.0, 0, 0], [0.9, 0, 0], [0, 0, 0.8], [0.9, 0, 0.8]])  # the xz plane
    mesh = FieldMesh(nodes, "triangle", np.array([[0, 1, 2], [1, 2, 3]]), np.zeros(2, dtype=np.int64), ("F",))
    corners = nodes[oriented(mesh)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert normals[0] @ normals[1] > 0


def test_an_equilibrium_case_has_one_file(tmp_path: Path) -> None:
    only = {"Delta_abs": observables()["Delta_abs"]}
    files = write_fields(tmp_path, wire_mesh(), 1j * np.array([0.3, 0.9]), only)
    assert [path.name for path in files] == ["fields.vtu"]


def test_one_energy_needs_no_collection(tmp_path: Path) -> None:
    dos = Observable(np.full((1, 9), 0.83), ("energy", "node"), at="node")
    files = write_fields(tmp_path, wire_mesh(), np.array([0.2 + 0.01j]), {"dos": dos})
    assert [path.name for path in tmp_path.iterdir()] == ["fields.vtu"] == [path.name for path in files]
    assert "dos" in names(read(files[0]).GetPointData())


def test_matsubara_files_are_told_apart_by_the_imaginary_part(tmp_path: Path) -> None:
    dos = Observable(np.full((2, 9), 0.83), ("energy", "node"), at="node")
    write_fields(tmp_path, wire_mesh(), np.array([0.9j, 0.3j]), {"dos": dos})
    assert 'timestep="0.3"' in (tmp_path / "fields.pvd").read_text()


def test_files_of_a_longer_run_before_are_removed(tmp_path: Path) -> None:
    (tmp_path / "fields_0007.vtu").write_text("old")
    (tmp_path / "fields_mine.vtu").write_text("kept")
    wire_solution().to_vtu(tmp_path)
    assert not (tmp_path / "fields_0007.vtu").exists()
    assert (tmp_path / "fields_mine.vtu").exists()


def test_fields_can_be_chosen(tmp_path: Path) -> None:
    wire_solution().to_vtu(tmp_path, fields=["triplet_im", "spin_current"])
    grid = read(tmp_path / "fields.vtu")
    assert names(grid.GetPointData()) == {"triplet_im"}
    assert names(grid.GetCellData()) == {"region", "spin_current_x", "spin_current_y", "spin_current_z"}


def test_the_case_chooses_fields(tmp_path: Path) -> None:
    from dataclasses import replace

    solution = replace(wire_solution(), case=wire_case(output={"fields": ["Delta_abs"]}))
    assert [path.name for path in solution.to_vtu(tmp_path)] == ["fields.vtu"]
    assert names(read(tmp_path / "fields.vtu").GetPointData()) == {"Delta_abs"}


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    mesh = wire_mesh()
    broken = {"x": Observable(np.zeros(8), ("node",), at="node")}  # one node short
    with pytest.raises(ValueError, match="point_data"):
        write_fields(tmp_path, mesh, np.array([]), broken)
    assert list(tmp_path.iterdir()) == []


def test_higher_components_are_numbered(tmp_path: Path) -> None:
    gamma = Observable(np.ones((9, 2, 2)) * 0.3j, ("node", "row", "column"), at="node")
    write_fields(tmp_path, wire_mesh(), np.array([]), {"gamma": gamma})
    assert {"gamma_0_1_re", "gamma_1_0_im"} <= names(read(tmp_path / "fields.vtu").GetPointData())
