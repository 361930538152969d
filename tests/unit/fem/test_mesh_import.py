"""Meshes of other programs: what `usadel-fem mesh` reads, names, turns and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

from usadel_fem.convert import convert_mesh
from usadel_fem.errors import CaseError
from usadel_fem.fem.mesh import DeviceMesh, load_mesh, named_mesh, named_to_device, summary
from usadel_fem.fem.mesh_import import read_any

MESHES = Path(__file__).parents[3] / "meshes"

POINTS = np.array([[0.0, 0, 0], [1.3, 0, 0], [2.1, 0, 0], [0, 0.7, 0], [1.3, 0.7, 0], [2.1, 0.7, 0]])
TRIANGLES = np.array([[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]])  # two of S, two of N
ENDS = np.array([[0, 3], [2, 5]])


def written(folder: Path, name: str, mesh: meshio.Mesh, **options: Any) -> Path:
    path = folder / name
    meshio.write(path, mesh, **options)
    return path


def converted(path: Path, **options: Any) -> DeviceMesh:
    target = path.with_name("converted.msh")
    convert_mesh(path, target, **options)
    return load_mesh(target)


def sizes(device: DeviceMesh) -> dict[str, float]:
    info = summary(device)
    parts = {**info["regions"], **info["boundaries"], **info["interfaces"]}
    return {name: part["measure"] for name, part in parts.items()}


def two_regions(**more: Any) -> meshio.Mesh:
    return meshio.Mesh(POINTS, [("triangle", TRIANGLES), ("line", ENDS)], **more)


EXPECTED = {"S": 1.3 * 0.7, "N": 0.8 * 0.7, "west": 0.7, "east": 0.7, "N|S": 0.7}


def test_physical_groups_of_an_old_gmsh_file(tmp_path: Path) -> None:
    numbers = [np.array([1, 1, 2, 2]), np.array([3, 4])]
    mesh = two_regions(
        cell_data={"gmsh:physical": numbers, "gmsh:geometrical": numbers},
        field_data={"S": [1, 2], "N": [2, 2], "west": [3, 1], "east": [4, 1]},
    )
    path = written(tmp_path, "old.msh", mesh, file_format="gmsh22")
    assert sizes(converted(path)) == pytest.approx(EXPECTED)


def test_sets_of_abaqus(tmp_path: Path) -> None:
    """Element sets are regions; sets of nodes are the sides of elements between them."""
    mesh = meshio.Mesh(
        POINTS,
        [("triangle", TRIANGLES)],
        cell_sets={"S": [np.array([0, 1])], "N": [np.array([2, 3])]},
        point_sets={"west": np.array([0, 3]), "east": np.array([2, 5])},
    )
    assert sizes(converted(written(tmp_path, "job.inp", mesh))) == pytest.approx(EXPECTED)


def test_numbers_of_a_vtu_file(tmp_path: Path) -> None:
    mesh = two_regions(cell_data={"material": [np.array([1, 1, 7, 7]), np.array([3, 4])]})
    path = written(tmp_path, "numbers.vtu", mesh)
    names = {"S": "region_1", "N": "region_7", "west": "boundary_3", "east": "boundary_4"}
    expected = {names.get(name, "region_1|region_7"): value for name, value in EXPECTED.items()}
    assert sizes(converted(path)) == pytest.approx(expected)
    text = convert_mesh(path)
    assert (
        "region_1, region_7, boundary_3, boundary_4: groups without a name, called after their numbers"
        in text
    )
    assert "named here: region_1|region_7" in text


def test_numbers_by_their_name(tmp_path: Path) -> None:
    mesh = two_regions(cell_data={"phase": [np.array([5, 5, 6, 6]), np.array([0, 0])]})
    path = written(tmp_path, "phases.vtu", mesh)
    assert set(converted(path).regions) == {"region"}
    assert set(converted(path, numbers="phase", force=True).regions) == {"region_5", "region_6"}
    with pytest.raises(CaseError, match=r"--numbers names; received phas in .*did you mean 'phase'"):
        convert_mesh(path, numbers="phas")


def test_named_and_nameless_groups_together(tmp_path: Path) -> None:
    numbers = [np.array([1, 1, 2, 2]), np.array([3, 4])]
    mesh = two_regions(
        cell_data={"gmsh:physical": numbers, "gmsh:geometrical": numbers},
        field_data={"S": [1, 2], "west": [3, 1]},
    )
    found = sizes(converted(written(tmp_path, "half.msh", mesh, file_format="gmsh22")))
    assert set(found) == {"S", "region_2", "west", "boundary_4", "S|region_2"}


def test_no_groups_at_all(tmp_path: Path) -> None:
    path = written(tmp_path, "plain.vtk", meshio.Mesh(POINTS, [("triangle", TRIANGLES)]))
    assert "no regions in the file: all elements are the region 'region'" in convert_mesh(path)
    assert "outer boundary without a name: length 5.6, vacuum" in convert_mesh(path)
    found = sizes(converted(path, sides=True))
    assert found == pytest.approx({"region": 2.1 * 0.7, "left": 0.7, "right": 0.7, "bottom": 2.1, "top": 2.1})


def test_quadrilaterals_become_triangles(tmp_path: Path) -> None:
    quads = np.array([[0, 1, 4, 3], [1, 2, 5, 4]])
    mesh = meshio.Mesh(POINTS, [("quad", quads), ("line", ENDS)])
    mesh.cell_data = {"region": [np.array([1, 7]), np.array([3, 4])]}
    device = converted(written(tmp_path, "quads.vtu", mesh))
    assert device.mesh.nelements == 4
    assert sizes(device) == pytest.approx(
        {"region_1": 0.91, "region_7": 0.56, "boundary_3": 0.7, "boundary_4": 0.7, "region_1|region_7": 0.7}
    )


def test_scale(tmp_path: Path) -> None:
    path = written(tmp_path, "metres.vtk", meshio.Mesh(POINTS * 1e-9, [("triangle", TRIANGLES)]))
    assert sizes(converted(path, scale=1e9)) == pytest.approx({"region": 2.1 * 0.7})
    assert "coordinates multiplied by 1e+09" in convert_mesh(path, scale=1e9)


def test_a_plane_that_lies_askew(tmp_path: Path) -> None:
    one = np.array([0.6, 0.0, 0.8])
    two = np.cross(one, [0.48, 0.6, -0.36] / np.linalg.norm([0.48, 0.6, -0.36]))
    points = POINTS[:, :1] * one + POINTS[:, 1:2] * two + [0.3, -2.0, 5.0]
    path = written(tmp_path, "askew.vtk", meshio.Mesh(points, [("triangle", TRIANGLES)]))
    device = converted(path)
    assert device.axes == (0, 1)
    assert sizes(device) == pytest.approx({"region": 2.1 * 0.7})
    assert "the askew plane was turned into the xy plane; its middle is the origin" in convert_mesh(path)


def test_a_line_that_lies_askew(tmp_path: Path) -> None:
    points = np.linspace(0, 1, 5)[:, None] * [0.3, 0.4, 1.2]
    cells = [("line", np.stack([np.arange(4), np.arange(1, 5)], axis=1))]
    device = converted(written(tmp_path, "askew.vtk", meshio.Mesh(points, cells)), sides=True)
    assert sizes(device) == pytest.approx({"region": 1.3, "left": 1.0, "right": 1.0})


def test_a_plane_along_the_axes_keeps_its_coordinates(tmp_path: Path) -> None:
    path = written(tmp_path, "xz.vtk", meshio.Mesh(POINTS[:, [0, 2, 1]], [("triangle", TRIANGLES)]))
    assert converted(path).axes == (0, 2)


def test_a_curved_surface_is_refused(tmp_path: Path) -> None:
    bent = POINTS + np.array([0, 0, 1.0]) * POINTS[:, :1] ** 2
    path = written(tmp_path, "bent.vtk", meshio.Mesh(bent, [("triangle", TRIANGLES)]))
    with pytest.raises(CaseError, match="must have a 2D mesh that lies in a plane"):
        convert_mesh(path)


@pytest.mark.parametrize("name", ["sfn_trilayer_coarse", "disk", "cross3d"])
def test_a_good_mesh_stays_what_it_is(tmp_path: Path, name: str) -> None:
    """Names, sizes, curved elements; written twice, the same bytes."""
    source, first, second = MESHES / f"{name}.msh", tmp_path / "1.msh", tmp_path / "2.msh"
    convert_mesh(source, first)
    convert_mesh(first, second)
    assert first.read_bytes() == second.read_bytes()
    one, two = load_mesh(source), load_mesh(first)
    assert one.curved == two.curved
    assert sizes(two) == pytest.approx(sizes(one), rel=1e-12)


def test_curved_tetrahedra(tmp_path: Path) -> None:
    """Gmsh counts two edges of a tetrahedron in another order: each middle node has to stay at its edge."""
    corners = np.array([[0.0, 0, 0], [1.1, 0, 0], [0, 0.9, 0], [0, 0, 0.8]])
    edges = [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)]
    middles = np.array([(corners[i] + corners[j]) / 2 for i, j in edges])
    middles[4] += [0.06, 0.0, 0.05]
    mesh = meshio.Mesh(np.vstack([corners, middles]), [("tetra10", np.arange(10)[None])])
    path = written(tmp_path, "ball.vtu", mesh)
    named, axes = named_mesh(read_any(path).mesh, "ball.vtu")
    expected = sizes(named_to_device(named, axes=axes))
    assert sizes(converted(path)) == pytest.approx(expected, rel=1e-12)
    assert expected["region"] != pytest.approx(1.1 * 0.9 * 0.8 / 6, rel=1e-3)


def test_names_that_a_file_cannot_hold(tmp_path: Path) -> None:
    mesh = meshio.Mesh(
        POINTS,
        [("triangle", TRIANGLES)],
        cell_sets={'the "S"': [np.array([0, 1])], "N": [np.array([2, 3])]},
        point_sets={"N": np.array([2, 5])},
    )
    assert set(sizes(converted(written(tmp_path, "job.inp", mesh)))) == {
        "the _S_",
        "N",
        "N_side",
        "N|the _S_",
    }


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.vtu", None, "names a file that does not exist"),
        ("", None, "must be a file"),
        ("mesh.vtux", "x", "must have the extension of a mesh format; received .vtux (did you mean '.vtu'?)"),
        ("broken.vtu", "x", "must be a readable mesh"),
        ("broken.msh", "$MeshFormat\n4.1 0 8\n", "must be a readable mesh"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(CaseError) as error:
        convert_mesh(path)
    assert says in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_elements_that_cannot_be_used(tmp_path: Path) -> None:
    cube = np.array([[x, y, z] for z in (0, 1.0) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))])
    path = written(tmp_path, "cube.vtu", meshio.Mesh(cube, [("hexahedron", np.arange(8)[None])]))
    with pytest.raises(CaseError, match="lines, triangles or tetrahedra; received hexahedron"):
        convert_mesh(path)


def test_what_is_read_is_not_written_over() -> None:
    with pytest.raises(CaseError, match="OUT: must be another file than IN"):
        convert_mesh(MESHES / "disk.msh", MESHES / ".." / "meshes" / "disk.msh")
    with pytest.raises(CaseError, match=r"OUT: must end in \.msh; received disk\.vtu"):
        convert_mesh(MESHES / "disk.msh", Path("disk.vtu"))
