import numpy as np
import pytest

from tests.samples import EDGES, one_cell
from usadel_fem import Solution
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.plot import sampling


def polynomial(x: np.ndarray, degree: int) -> np.ndarray:
    """A polynomial of first or second degree with all its terms."""
    linear = 0.3 + x @ np.array([0.7, -1.1, 0.4])
    return linear if degree == 1 else linear + (x @ np.array([0.5, 0.9, -0.6])) ** 2


@pytest.mark.parametrize("cell_type", ["triangle", "triangle6", "tetra", "tetra10"])
@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_pieces_say_what_the_elements_say(cell_type: str, pieces: int) -> None:
    mesh = one_cell(cell_type)
    degree = 2 if cell_type in EDGES else 1
    cut = sampling.patches(mesh, np.ones(1, dtype=bool), pieces)
    nodal = sampling.per_cell(mesh, polynomial(mesh.nodes, degree), "node")
    assert np.allclose(cut.at_points(nodal), polynomial(cut.points, degree), atol=1e-13)
    corner = cut.points[cut.triangles]
    area = 0.5 * np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    whole = 0.36 if "triangle" in cell_type else _surface(mesh)
    assert len(corner) == pieces**2 * (1 if "triangle" in cell_type else 4)
    assert area.sum() == pytest.approx(whole, rel=1e-12)


def _surface(mesh: FieldMesh) -> float:
    a, b, c, d = mesh.nodes[mesh.cells[0, :4]]
    sides = ((a, b, c), (a, b, d), (a, c, d), (b, c, d))
    return sum(0.5 * float(np.linalg.norm(np.cross(q - p, r - p))) for p, q, r in sides)


@pytest.mark.parametrize("backwards", [False, True])
def test_lines_run_from_left_to_right(backwards: bool) -> None:
    x = np.array([0.0, 0.6, 1.5, 0.35, 1.0])  # middles are off the middle on purpose
    cells = np.array([[0, 1, 3], [1, 2, 4]])
    if backwards:
        cells = cells[::-1, [1, 0, 2]]
    nodes = np.zeros((5, 3))
    nodes[:, 1] = x
    mesh = FieldMesh(nodes, "line3", cells, np.zeros(2, dtype=np.int64), ("N",))
    places, order, shape = sampling.along_line(mesh, np.ones(2, dtype=bool), 1)
    assert np.all(np.diff(places.ravel()) >= 0)
    nodal = np.array([2.0, -1.0, 0.5, 3.0, 0.25])
    drawn = np.einsum("csk,ck->cs", shape, nodal[mesh.cells[order]])
    for number, value in zip(x, nodal, strict=True):
        assert np.isclose(drawn[np.isclose(places, number, atol=1e-12)], value).all()
    assert sampling.joined(mesh, order).tolist() == [False, True]


@pytest.mark.parametrize("name", ["wire", "film", "block"])
def test_means_are_integrals(name: str, request: pytest.FixtureRequest) -> None:
    solution: Solution = request.getfixturevalue(name)
    mesh, kept = solution.mesh, np.ones(len(solution.cells), dtype=bool)
    size = np.ptp(mesh.nodes, axis=0)
    assert sampling.measures(mesh).sum() == pytest.approx(np.prod(size[size > 0]), rel=1e-12)
    # ∫(a + b·x + (c·x)²)/V over a box that starts at the origin, by its moments
    c = np.array([0.5, 0.9, -0.6])
    second = np.outer(size, size) / 4 + np.diag(size**2) / 12
    exact = 0.3 + size @ np.array([0.7, -1.1, 0.4]) / 2 + c @ second @ c
    assert sampling.mean(mesh, polynomial(mesh.nodes, 2), kept) == pytest.approx(exact, rel=1e-12)


def test_outlines_are_where_regions_end(film: Solution) -> None:
    curves = sampling.outlines(film.mesh, np.ones(len(film.cells), dtype=bool))
    length = np.linalg.norm(np.diff(curves, axis=1), axis=-1).sum()
    assert length == pytest.approx(2 * (2.0 + 0.8) + 0.8, rel=1e-12)


def test_smoothing_keeps_to_its_region(film: Solution) -> None:
    values = np.where(film.cell_region == 0, 0.7, -0.3)
    smooth = sampling.smoothed(film.mesh, values)
    assert np.allclose(smooth, values[:, None], atol=1e-14)


def test_the_raster_finds_every_point(disk: Solution) -> None:
    cut = sampling.patches(disk.mesh, np.ones(len(disk.cells), dtype=bool), 3)
    x = np.linspace(-2, 2, 41)
    where, weight = sampling.raster(cut.points[:, :2], cut.triangles, x, x)
    px, py = np.meshgrid(x, x)
    radius = np.hypot(px, py)
    assert np.all(where[radius < 1.6] >= 0)
    assert np.all(where[radius > 1.71] == -1)
    inside = where >= 0
    found = np.einsum("pk,pkc->pc", weight[inside], cut.points[cut.triangles[where[inside]]])
    assert np.allclose(found[:, 0], px[inside], atol=1e-12)
    assert np.allclose(found[:, 1], py[inside], atol=1e-12)
