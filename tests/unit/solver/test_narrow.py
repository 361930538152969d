"""Cycles on a few columns, each with its own shift: against a V-cycle written out, and their contraction."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import solve_triangular

from tests.unit.solver.test_multigrid import contraction, stiffness, vectors
from usadel_fem import kernels
from usadel_fem.solver.narrow import PRECISION, NarrowHierarchy

EPS = np.finfo(PRECISION).eps


def shifts(n, count):
    x = np.linspace(0.0, 1.0, n)[:, None]
    return (0.3 - 0.7j) * x**2 * np.arange(1, count + 1) + 0.01


def naive(levels, matrix, shift, right):
    """A V-cycle with dense triangles; the shift goes down as the row sums of the interpolation do."""
    shifted = matrix.toarray() + np.diag(shift)
    if not levels:
        return np.linalg.solve(shifted, right)
    up = levels[0].up.toarray()
    x = solve_triangular(np.tril(shifted), right, lower=True)
    coarse = up.T @ (shift * up.sum(axis=1))
    below = sparse.csr_matrix(up.T @ matrix.toarray() @ up)
    x += up @ naive(levels[1:], below, coarse, up.T @ (right - shifted @ x))
    return x + solve_triangular(np.triu(shifted), right - shifted @ x)


@pytest.mark.parametrize("steps", [(17, 15), (9, 8, 7)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_cycle_is_the_one_written_out(steps, count):
    matrix = stiffness(steps)
    n = matrix.shape[0]
    hierarchy = NarrowHierarchy(matrix)
    shift, right = shifts(n, count), vectors(n, count)
    found = hierarchy.inverse(shift)(right)
    assert hierarchy._levels
    for k in range(count):
        expected = naive(hierarchy._levels, matrix, shift[:, k], right[:, k])
        assert np.abs(found[:, k] - expected).max() < 100 * EPS * np.abs(expected).max()


@pytest.mark.parametrize("steps", [(40, 50), (14, 13, 15)])
@pytest.mark.parametrize("stretch", [1.0, 100.0])
@pytest.mark.parametrize("plain", [False, True])
def test_errors_of_every_column_contract(steps, stretch, plain, monkeypatch):
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    matrix = stiffness(steps, (1.0, stretch, 1.0))
    shift = shifts(matrix.shape[0], 2)
    cycle = NarrowHierarchy(matrix).inverse(shift)
    for k in range(2):

        def of_column(x, k=k):
            columns = [cycle(np.stack([c, c], axis=1))[:, k] for c in x.T]
            return np.stack(columns, axis=1)

        assert contraction(matrix, shift[:, k], of_column, steps=4) < 0.6


def test_a_cycle_is_symmetric_and_knows_a_first_interpolation():
    """Pairs of neighbours on a line as the first coarser level: half the unknowns."""
    matrix = stiffness((200,))
    pairs = sparse.kron(sparse.identity(100), np.ones((2, 1))).tocsr()
    hierarchy = NarrowHierarchy(matrix, pairs)
    assert hierarchy._levels[0].up is pairs
    cycle = hierarchy.inverse(shifts(200, 1))
    one, two = vectors(200, 1), vectors(200, 1)[::-1].copy()
    left, right = (two.T @ cycle(one)).item(), (one.T @ cycle(two)).item()
    assert abs(left - right) < 100 * EPS * abs(left)
    expected = naive(hierarchy._levels, matrix, shifts(200, 1)[:, 0], one[:, 0])
    assert np.abs(cycle(one)[:, 0] - expected).max() < 1000 * EPS * np.abs(expected).max()
