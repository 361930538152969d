"""Gram–Schmidt steps in single precision against NumPy, and GMRES on them."""

from __future__ import annotations

import numpy as np
import pytest

from usadel_fem.kernels import orthogonal
from usadel_fem.kernels.memory import Rooms
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.singles import SingleBasis

EPS = np.finfo(np.float32).eps
SIZES = [orthogonal.STEP // 2, 5 * orthogonal.STEP // 2, 3 * orthogonal.BLOCK // 2 + 3 * orthogonal.STEP // 2]


def vectors(*shape):
    return (np.random.default_rng(4).normal(size=(*shape, 2)) @ [0.8, 0.6j]).astype(np.complex64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_projections_and_what_is_left(size, count):
    """A basis need not be orthogonal for that; one vector more than is asked for lies behind."""
    basis, v = np.split(vectors(count + 2, size), [count + 1])
    v, floats, c = v[0].copy(), basis.view(np.float32).reshape(-1), np.empty(count, dtype=complex)
    square = orthogonal.project(floats, count, v.view(np.float32), c.view(float))
    exact = v.astype(complex)
    expected = np.conj(basis[:count].astype(complex)) @ exact
    length = float(np.linalg.norm(exact))
    assert abs(square - length**2) < 10 * EPS * length**2
    assert np.abs(c - expected).max(initial=0.0) < 20 * EPS * length**2
    rest = exact - expected @ basis[:count].astype(complex)
    square = orthogonal.remove(
        floats, count, expected.view(float), v.view(np.float32), 1.0, v.view(np.float32)
    )
    scale = np.abs(rest).max() + np.abs(expected).sum()
    assert np.abs(v - rest).max() < 50 * EPS * scale
    assert abs(square - np.linalg.norm(rest) ** 2) < 50 * EPS * scale * length * size


def test_gmres_reaches_what_single_precision_allows():
    n = 5 * orthogonal.STEP
    matrix = (np.eye(n) + 0.3 * vectors(n, n) / np.sqrt(n)).astype(np.complex64)
    right, rooms = vectors(n), Rooms()

    def basis(most):
        return SingleBasis(most, right, rooms)

    for restart, steps in ((40, 12), (5, 25)):
        x, count, ok = gmres(
            lambda v: matrix @ v,
            right,
            2e-5,
            restart,
            60,
            rooms,
            basis,
        )
        assert ok
        assert count < steps
        assert x.dtype == np.complex64
        rest = matrix.astype(complex) @ x - right
        assert np.linalg.norm(rest) < (2e-5 + 10 * EPS) * np.linalg.norm(right)
