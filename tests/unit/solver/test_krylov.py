"""GMRES against dense solves."""

import numpy as np
import pytest

from usadel_fem.solver import krylov
from usadel_fem.solver.krylov import gmres


def system(kind: type, n: int = 60):
    rng = np.random.default_rng(3)
    matrix = np.diag(np.linspace(0.2, 3.0, n)).astype(kind) + 0.03 * rng.normal(size=(n, n))
    right = rng.normal(size=n).astype(kind)
    if kind is complex:
        matrix += 0.03j * rng.normal(size=(n, n)) + 0.4j * np.eye(n)
        right += 1j * rng.normal(size=n)
    return matrix, right


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("restart", [100, 25])
def test_it_solves_real_and_complex_systems(kind, restart):
    matrix, right = system(kind)
    x, count, ok = gmres(lambda v: matrix @ v, right, 1e-11, restart, 1000)
    assert ok
    assert x.dtype == right.dtype
    assert count <= (60 if restart == 100 else 1000)
    assert np.linalg.norm(matrix @ x - right) <= 1.01e-11 * np.linalg.norm(right)
    # 1e-11 times the condition of the matrix
    assert np.abs(x - np.linalg.solve(matrix, right)).max() < 1e-8


def test_each_step_minimises_the_residual_over_the_krylov_space():
    matrix, right = system(complex)
    for steps in (3, 8):
        x, count, ok = gmres(lambda v: matrix @ v, right, 1e-14, 30, steps)
        assert (count, ok) == (steps, False)
        space = [right]
        for _ in range(steps):
            space.append(matrix @ space[-1] / np.linalg.norm(space[-1]))
        image = np.stack(space[1:], axis=1)
        best = right - image @ np.linalg.lstsq(image, right)[0]
        assert np.isclose(np.linalg.norm(right - matrix @ x), np.linalg.norm(best), rtol=1e-8)


@pytest.mark.parametrize("kind", [float, complex])
def test_a_basis_in_single_precision_reaches_the_accuracy_of_a_double_one(kind, monkeypatch):
    monkeypatch.setattr(krylov, "SINGLE_ABOVE", 10)
    matrix, right = system(kind)
    x, _, ok = gmres(lambda v: matrix @ v, right, 1e-11, 60, 1000)
    assert ok
    assert np.linalg.norm(matrix @ x - right) <= 1.01e-11 * np.linalg.norm(right)


def test_a_zero_right_side_and_a_small_invariant_space_end_at_once():
    x, count, ok = gmres(lambda v: 2 * v, np.zeros(5), 1e-3, 10, 10)
    assert (count, ok, x.any()) == (0, True, False)
    x, count, ok = gmres(lambda v: 2 * v, np.ones(5), 1e-16, 10, 10)
    assert count <= 2
    assert np.abs(x - 0.5).max() < 1e-15


def test_no_cycle_follows_one_after_which_a_vector_is_too_long():
    """A nearly singular system: what that cycle found is returned."""
    matrix = np.diag(np.concatenate([[1e-3], np.linspace(0.5, 2.0, 59)]))
    right = np.ones(60)
    x, count, ok = gmres(lambda v: matrix @ v, right, 1e-9, 10, 1000, longest=30.0)
    assert ok is False
    assert count % 10 == 0
    assert np.abs(x).max() > 30
    again, more, ok = gmres(lambda v: matrix @ v, right, 1e-9, 10, 1000, longest=2e3)
    assert ok
    assert more > count
    assert np.allclose(matrix @ again, right)
