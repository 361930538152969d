"""Gmsh files: what is read, and what is said about files that cannot be used."""

import io
from pathlib import Path

import meshio
import numpy as np
import pytest
import skfem

from usadel_fem.errors import CaseError
from usadel_fem.fem.mesh import element_measures, load_mesh, summary

MESHES = Path(__file__).parents[3] / "meshes"
TYPES = {
    "vertex": (15, 0),
    "line": (1, 1),
    "triangle": (2, 2),
    "quad": (3, 2),
    "tetra": (4, 3),
    "line3": (8, 1),
    "triangle6": (9, 2),
}
SQUARE = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
GROUPS = [(2, 1, "A"), (2, 2, "B"), (1, 3, "left"), (1, 4, "AB")]
BLOCKS = [
    ("triangle", [1], [(1, 2, 5), (1, 5, 4)]),
    ("triangle", [2], [(2, 3, 6), (2, 6, 5)]),
    ("line", [3], [(1, 4)]),
    ("line", [4], [(2, 5)]),
]


def msh(points=SQUARE, groups=GROUPS, blocks=BLOCKS, version="4.1", columns=(0, 1)) -> str:
    """A small MSH 4.1 file: blocks of (type, physical tags, node tags of the elements)."""
    out = io.StringIO()
    out.write(f"$MeshFormat\n{version} 0 8\n$EndMeshFormat\n")
    if groups is not None:
        lines = [f'{dim} {tag} "{name}"' for dim, tag, name in groups]
        out.write("\n".join(["$PhysicalNames", str(len(lines)), *lines, "$EndPhysicalNames"]) + "\n")
    entities = [[] for _ in range(4)]
    for number, (kind, tags, _) in enumerate(blocks, start=1):
        box, bounds = ("0 0 0 ", "") if kind == "vertex" else ("0 0 0 1 1 1 ", "0")
        entities[TYPES[kind][1]].append(f"{number} {box}{len(tags)} {' '.join(map(str, tags))} {bounds}")
    out.write("$Entities\n" + " ".join(str(len(e)) for e in entities) + "\n")
    out.write("".join(f"{line}\n" for part in entities for line in part) + "$EndEntities\n")
    place = np.zeros((len(points), 3))
    place[:, list(columns)] = np.asarray(points, dtype=float).reshape(len(points), -1)
    out.write(f"$Nodes\n1 {len(points)} 1 {len(points)}\n2 1 0 {len(points)}\n")
    out.write("".join(f"{k + 1}\n" for k in range(len(points))))
    out.write("".join(f"{x} {y} {z}\n" for x, y, z in place) + "$EndNodes\n")
    total = sum(len(cells) for _, _, cells in blocks)
    out.write(f"$Elements\n{len(blocks)} {total} 1 {total}\n")
    element = 0
    for number, (kind, _, cells) in enumerate(blocks, start=1):
        out.write(f"{TYPES[kind][1]} {number} {TYPES[kind][0]} {len(cells)}\n")
        for cell in cells:
            element += 1
            out.write(f"{element} {' '.join(map(str, cell))}\n")
    out.write("$EndElements\n")
    return out.getvalue()


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes | None = None, **parts) -> Path:
        path = tmp_path / "x.msh"
        content = msh(**parts) if content is None else content
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_regions_boundaries_and_interfaces(write):
    device = load_mesh(write())
    assert isinstance(device.mesh, skfem.MeshTri1)
    assert device.axes == (0, 1)
    assert {name: elements.tolist() for name, elements in device.regions.items()} == {
        "A": [0, 1],
        "B": [2, 3],
    }
    assert list(device.boundaries) == ["left"]
    assert device.mesh.p[:, device.mesh.facets[:, device.boundaries["left"][0]]].tolist() == [[0, 0], [0, 1]]
    assert device.mesh.p[0, device.mesh.facets[:, device.interfaces["AB"].facets[0]]].tolist() == [1, 1]
    assert load_mesh(write(), split=["AB"]).mesh.nvertices == 8


@pytest.mark.parametrize(("columns", "axes"), [((0, 1), (0, 1)), ((0, 2), (0, 2)), ((1, 2), (1, 2))])
def test_a_mesh_in_another_plane(write, columns, axes):
    device = load_mesh(write(columns=columns))
    assert device.axes == axes
    assert summary(device)["regions"]["A"]["measure"] == pytest.approx(1.0)


def test_axes_of_the_user(write):
    assert load_mesh(write(columns=(0, 2)), axes=(1, 0)).axes == (1, 0)


def test_a_line_along_y(write):
    blocks = [("line3", [1], [(1, 3, 2)]), ("line3", [2], [(3, 5, 4)])]
    device = load_mesh(
        write(points=[0, 0.2, 0.5, 0.8, 1.3], groups=[(1, 1, "N"), (1, 2, "S")], blocks=blocks, columns=(1,))
    )
    assert isinstance(device.mesh, skfem.MeshLine1)
    assert device.axes == (1,)
    np.testing.assert_allclose(device.mesh.p[0], [0, 0.5, 1.3])


def test_points_are_the_boundaries_of_a_line(write):
    blocks = [("line", [1], [(1, 2), (2, 3)]), ("vertex", [2], [(1,)]), ("vertex", [3], [(2,)])]
    groups = [(1, 1, "N"), (0, 2, "end"), (0, 3, "middle")]
    device = load_mesh(
        write(points=[0, 0.5, 1.3], groups=groups, blocks=blocks, columns=(0,)), split=["middle"]
    )
    assert device.mesh.p.tolist() == [[0, 0.5, 0.5, 1.3]]
    assert device.boundaries["end"].tolist() == [0]
    assert device.interfaces["middle"].facets.tolist() == [1]
    assert device.interfaces["middle"].partners.tolist() == [2]


def test_nodes_without_elements_are_dropped(write):
    points = [(7, 7), *SQUARE, (9, 9)]
    blocks = [(kind, tags, [tuple(n + 1 for n in cell) for cell in cells]) for kind, tags, cells in BLOCKS]
    device = load_mesh(write(points=points, blocks=blocks))
    assert device.mesh.nvertices == 6
    assert device.boundaries["left"].size == 1


@pytest.mark.parametrize(("middle", "kind"), [(0.0, skfem.MeshTri1), (0.1, skfem.MeshTri2)])
def test_second_order(write, middle, kind):
    points = [(0, 0), (1, 0), (0, 1), (0.5, -middle), (0.5, 0.5), (0, 0.5)]
    device = load_mesh(
        write(points=points, groups=[(2, 1, "N")], blocks=[("triangle6", [1], [(1, 2, 3, 4, 5, 6)])])
    )
    assert type(device.mesh) is kind
    assert device.curved == (middle > 0)
    np.testing.assert_allclose(element_measures(device.mesh), 0.5 + 2 / 3 * middle, rtol=1e-14)


def test_binary_files(tmp_path):
    source = meshio.gmsh.read(MESHES / "sfn_trilayer_coarse.msh")
    path = tmp_path / "binary.msh"
    meshio.gmsh.write(path, source, fmt_version="4.1", binary=True)
    assert summary(load_mesh(path)) == summary(load_mesh(MESHES / "sfn_trilayer_coarse.msh"))


def test_the_meshes_of_the_repository():
    trilayer = summary(load_mesh(MESHES / "sfn_trilayer.msh", split=["FN"]))
    assert trilayer["curved"]
    assert sum(region["measure"] for region in trilayer["regions"].values()) == pytest.approx(10.0, rel=1e-12)
    assert set(trilayer["boundaries"]) == {"left", "right", "bottom", "top"}
    assert trilayer["interfaces"]["FN"]["split"]
    radius = (1 + 0.3**2) / 0.6
    arc = 2 * radius * np.arcsin(1 / radius)
    assert trilayer["interfaces"]["FN"]["measure"] == pytest.approx(arc, rel=1e-6)
    disk = summary(load_mesh(MESHES / "disk.msh"))
    assert disk["regions"]["disk"]["measure"] == pytest.approx(25 * np.pi, rel=1e-5)
    cross = summary(load_mesh(MESHES / "cross3d.msh"))
    assert set(cross["regions"]) == {"N", "S1", "S2", "F1", "F2"}
    assert set(cross["interfaces"]) == {"S1N", "S2N", "F1N", "F2N"}
    assert set(cross["boundaries"]) == {"west", "east", "south", "north"}


def problem(path: Path, **options):
    with pytest.raises(CaseError) as caught:
        load_mesh(path, **options)
    (only,) = caught.value.problems
    return only


def test_no_such_file(tmp_path, capfd):
    wrong = problem(tmp_path / "none.msh")
    assert (wrong.key, wrong.rule) == ("mesh.file", "names a file that does not exist")
    assert wrong.received.endswith("none.msh")
    assert problem(tmp_path).rule == "must be a readable file"
    assert capfd.readouterr() == ("", "")


LONE = ("triangle", [], [(2, 3, 6), (2, 6, 5)])
BROKEN = {
    "empty": ("", "the file is empty", ""),
    "no mesh": ("import this\n", "begins with $MeshFormat", "4.1"),
    "picture": (b"\x89PNG\r\n\x1a\n\xff\xfe", "begins with $MeshFormat", "4.1"),
    "old version": (msh(version="2.2"), "must be of version 4.1", "Mesh.MshFileVersion"),
    "cut in the nodes": (msh()[: msh().index("$Nodes") + 60], "complete", "$EndNodes is missing"),
    "cut in the elements": (msh()[:-30], "complete", "$EndElements is missing"),
    "letters for numbers": (msh().replace("1.0 0.0 0.0", "1.0 zero 0.0"), "readable", "damaged"),
    "fewer nodes than said": (
        msh().replace("1 6 1 6", "1 9 1 9").replace("2 1 0 6", "2 1 0 9"),
        "readable",
        "damaged",
    ),
    "nodes that do not exist": (msh().replace("3 2 3 6", "3 2 3 99"), "", "damaged"),
    "infinite": (msh(points=[*SQUARE[:5], (2, np.inf)]), "finite coordinates", ""),
    "no names": (msh(groups=None), "must hold named physical groups", "Physical Surface"),
    "only names of lines": (msh(groups=GROUPS[2:]), "named physical groups of its triangles", ""),
    "a name of two dimensions": (msh(groups=[*GROUPS[:3], (1, 4, "A")]), "a name of its own", "rename"),
    "a group without a name": (
        msh(groups=[GROUPS[0], *GROUPS[2:]]),
        "every element in a named region",
        "regions are A",
    ),
    "elements outside groups": (
        msh(blocks=[BLOCKS[0], LONE, *BLOCKS[2:]]),
        "no elements outside",
        "Mesh.SaveAll = 0",
    ),
    "two regions": (msh(blocks=[("triangle", [1, 2], BLOCKS[0][2]), *BLOCKS[1:]]), "one region only", ""),
    "quads": (
        msh(blocks=[*BLOCKS[1:], ("quad", [1], [(1, 2, 5, 4)])]),
        "lines, triangles or tetrahedra",
        "Recombine",
    ),
    "two orders": (msh(blocks=[*BLOCKS, ("triangle6", [2], [(1, 2, 3, 4, 5, 6)])]), "of one order", ""),
    "no volume": (
        msh(
            points=[*SQUARE[:3], (0, 1), (1, 0.5), (2, 1)],
            blocks=[("triangle", [1], [(1, 2, 3), (1, 5, 4)]), *BLOCKS[1:]],
        ),
        "no degenerate elements",
        "remesh",
    ),
    "no extent": (msh(points=[(x, 0) for x, _ in SQUARE]), "no degenerate elements", ""),
    "not flat": (msh(points=[(x, y, x * y) for x, y in SQUARE], columns=(0, 1, 2)), "plane", "volumes"),
    "folded": (
        msh(
            points=[(0, 0), (1, 0), (0, 1), (0.5, 0.6), (0.5, 0.5), (0, 0.5)],
            groups=[(2, 1, "N")],
            blocks=[("triangle6", [1], [(1, 2, 3, 4, 5, 6)])],
        ),
        "not inverted",
        "HighOrderOptimize",
    ),
    "three at a side": (
        msh(points=[*SQUARE, (1.5, 0.3)], blocks=[*BLOCKS[:2], ("triangle", [1], [(2, 5, 7)]), *BLOCKS[2:]]),
        "at most two elements",
        "overlap",
    ),
    "loose parts": (
        msh(
            points=[*SQUARE, (1, 0), (1, 1)],
            blocks=[BLOCKS[0], ("triangle", [2], [(7, 3, 6), (7, 6, 8)]), *BLOCKS[2:]],
        ),
        "share their nodes",
        "Coherence",
    ),
    "line through elements": (msh(blocks=[*BLOCKS, ("line", [4], [(1, 6)])]), "sides of elements", "embed"),
    "line in and out": (
        msh(blocks=[*BLOCKS, ("line", [4], [(1, 2)])]),
        "either on the outer boundary or inside",
        "separate",
    ),
}


@pytest.mark.parametrize(("content", "rule", "hint"), BROKEN.values(), ids=BROKEN)
def test_what_is_said_about_a_bad_file(write, capfd, content, rule, hint):
    wrong = problem(write(content))
    assert wrong.key == "mesh.file"
    assert rule in wrong.rule + wrong.received
    assert hint in wrong.hint
    assert "\n" not in str(wrong)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("axes", [(0,), (0, 1, 2), (1, 1), (0, 3)])
def test_bad_axes(write, axes):
    assert problem(write(), axes=axes).key == "mesh.axes"


def test_every_cut_of_a_file_ends_in_a_sentence(write, capfd):
    text = (MESHES / "sfn_trilayer_coarse.msh").read_bytes()
    for length in range(0, len(text) - 14, len(text) // 60):
        assert problem(write(text[:length])).key == "mesh.file"
    assert capfd.readouterr() == ("", "")
