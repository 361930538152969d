"""Band matrices of many systems: against dense solutions, with a compiler and without."""

import numpy as np
import pytest
from scipy import sparse

from usadel_fem import kernels
from usadel_fem.fem.ordering import along
from usadel_fem.solver.line import Band


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("n", "width", "systems"), [(1, 0, 2), (9, 0, 1), (12, 1, 3), (13, 2, 1), (5, 4, 2)])
def test_solutions_are_those_of_dense_matrices(n, width, systems, plain, monkeypatch):
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    rng = np.random.default_rng(2)
    band = rng.normal(size=(n, width + 1, systems)) + 1j * rng.normal(size=(n, width + 1, systems))
    band[:, 0] += 3 * (width + 1)
    right = rng.normal(size=(n, systems)) + 0.3j
    dense = np.zeros((systems, n, n), dtype=complex)
    for k in range(n):
        for d in range(min(width + 1, n - k)):
            dense[:, k, k + d] = dense[:, k + d, k] = band[k, d]
    inverse = Band(band)
    for _ in range(2):  # it serves more than once
        found = inverse(right)
        for l in range(systems):
            assert np.abs(dense[l] @ found[:, l] - right[:, l]).max() < 1e-13 * n * np.abs(dense).max()


@pytest.mark.parametrize("plain", [False, True])
def test_a_singular_system_spoils_no_other(plain, monkeypatch):
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    band = np.ones((4, 2, 2), dtype=complex)
    band[:, 0, 0] = 0.0
    band[:, 0, 1] = 5.0
    with np.errstate(all="ignore"):
        x = Band(band)(np.ones((4, 2), dtype=complex))
    assert not np.isfinite(x[:, 0]).all()
    dense = 5 * np.eye(4) + np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    assert np.abs(dense @ x[:, 1] - 1).max() < 1e-14


def test_nodes_along_a_line_couple_to_their_neighbours_only():
    """A line whose nodes are numbered at random, some of them held."""
    rng = np.random.default_rng(0)
    number = rng.permutation(30)
    line = sparse.diags([-np.ones(29), 2 * np.ones(30), -np.ones(29)], [-1, 0, 1]).tocsr()
    matrix = line[np.argsort(number)][:, np.argsort(number)].tocsr()
    free = np.sort(number[2:28])
    nodes = along(matrix, free)
    assert np.array_equal(np.sort(nodes), free)
    entries = matrix[nodes][:, nodes].tocoo()
    assert np.abs(entries.row - entries.col).max() == 1
