import numpy as np
import pytest
import skfem

from usadel_fem.fem.mesh_quality import aspect_ratios, smallest_angles


def triangle(points: list[list[float]]) -> skfem.MeshTri:
    return skfem.MeshTri(np.array(points).T.copy(), np.array([[0], [1], [2]]))


def tetrahedron(points: list[list[float]]) -> skfem.MeshTet:
    return skfem.MeshTet(np.array(points).T.copy(), np.arange(4)[:, None])


REGULAR = {
    2: triangle([[0, 0], [1.7, 0], [0.85, 1.7 * np.sqrt(3) / 2]]),
    3: tetrahedron([[1.3, 1.3, 1.3], [1.3, -1.3, -1.3], [-1.3, 1.3, -1.3], [-1.3, -1.3, 1.3]]),
}


@pytest.mark.parametrize(("dim", "angle"), [(2, 60.0), (3, np.degrees(np.arccos(1 / 3)))])
def test_regular_elements(dim: int, angle: float) -> None:
    assert smallest_angles(REGULAR[dim]) == pytest.approx(angle)
    assert aspect_ratios(REGULAR[dim]) == pytest.approx(1.0)


def test_the_triangle_of_three_four_five() -> None:
    """Its inscribed circle has the radius 1 (here 0.7)."""
    mesh = triangle([[0, 0], [0, 2.8], [2.1, 0]])
    assert smallest_angles(mesh) == pytest.approx(np.degrees(np.arctan(3 / 4)))
    assert aspect_ratios(mesh) == pytest.approx(5 / (2 * np.sqrt(3)))


def test_the_corner_of_a_cube() -> None:
    """Dihedral angles of 90 and arccos(1/√3) degrees; the ball has the radius a/(3 + √3)."""
    mesh = tetrahedron([[0, 0, 0], [0.6, 0, 0], [0, 0.6, 0], [0, 0, 0.6]])
    assert smallest_angles(mesh) == pytest.approx(np.degrees(np.arccos(1 / np.sqrt(3))))
    assert aspect_ratios(mesh) == pytest.approx(np.sqrt(2) * (3 + np.sqrt(3)) / (2 * np.sqrt(6)))


def test_a_line_has_no_angles() -> None:
    mesh = skfem.MeshLine(np.array([0.0, 0.3, 2.0]))
    assert smallest_angles(mesh).tolist() == [90.0, 90.0]
    assert aspect_ratios(mesh).tolist() == [1.0, 1.0]
