"""Gram–Schmidt steps on vectors of tiles against NumPy in double precision."""

from functools import partial

import numpy as np
import pytest

from usadel_fem.kernels.memory import Rooms
from usadel_fem.kernels.reduction import project, remove
from usadel_fem.solver.krylov import _norm, gmres
from usadel_fem.solver.singles import TileBasis

UNIT = 2.0**-24
"""Rounding of single precision."""

SUMMED = 64 * UNIT
"""The most that sums of 64 products lose, in any order; what comes after is double precision."""

STRETCH = 256
SIZES = [STRETCH, 3 * STRETCH, 4 * STRETCH, 21 * STRETCH]


def numbers(x):
    """Complex numbers of lines of sixteen real parts, and of sixteen imaginary parts."""
    length = x.shape[-1]
    lines = x.astype(float).reshape(*x.shape[:-1], length // 32, 2, 16)
    return (lines[..., 0, :] + 1j * lines[..., 1, :]).reshape(*x.shape[:-1], length // 2)


def vectors(count, size):
    rng = np.random.default_rng(10 * count + size)
    return rng.normal(size=(count, size)).astype(np.float32), rng.normal(size=size).astype(np.float32)


@pytest.mark.parametrize("count", range(10))
@pytest.mark.parametrize("size", SIZES)
def test_projections(count, size):
    basis, v = vectors(count + 1, size)
    found = np.full(count + 1, np.nan + 0j)
    square = project(basis.reshape(-1), count, v, found.view(float))
    b, x = numbers(basis[:count]), numbers(v)
    expected, bound = np.conj(b) @ x, np.linalg.norm(b, axis=1) * np.linalg.norm(x)
    assert (np.abs(found[:count] - expected) <= 2 * SUMMED * bound).all()
    assert np.isnan(found[count])
    assert abs(square - np.linalg.norm(x) ** 2) <= SUMMED * square


@pytest.mark.parametrize("count", range(10))
@pytest.mark.parametrize("size", SIZES)
def test_what_is_left(count, size):
    basis, v = vectors(count + 1, size)
    rng = np.random.default_rng(count)
    c = rng.normal(size=count) + 1j * rng.normal(size=count)
    b, x = numbers(basis[:count]), numbers(v)
    square = remove(basis.reshape(-1), count, c.view(float), v, 1.0, v)
    left = numbers(v)
    # c is rounded, and each of 2 count products is added with one rounding
    bound = (2 * count + 1) * UNIT * (np.abs(x) + 2 * np.abs(c) @ np.abs(b))
    assert (np.abs(left - (x - c @ b)) <= 2 * bound).all()
    assert abs(square - np.linalg.norm(left) ** 2) <= SUMMED * square


def test_long_sums():
    """Summed in single precision alone they would be wrong by percents."""
    x = np.full(2**22, 0.3, np.float32)
    exact = x.size * float(x[0]) ** 2
    assert abs(float(np.cumsum(x * x)[-1]) / exact - 1) > 0.01
    product = np.zeros(1, dtype=complex)
    square = project(x, 1, x, product.view(float))
    assert abs(square / exact - 1) <= SUMMED
    assert abs(product[0] / exact - 1) <= 2 * SUMMED
    # sums of LONGEST squares, in vectors of four at least, in the precision of the vector
    assert abs(_norm(x) ** 2 / exact - 1) <= 2**16 / 4 * UNIT
    half = np.array([0.5, 0.0])
    square = remove(x.copy(), 1, half, x, 1.0, x)
    assert np.array_equal(x, np.full(2**22, 0.5 * np.float32(0.3), np.float32))
    assert abs(square / (0.25 * exact) - 1) <= SUMMED


@pytest.mark.parametrize("length", [1, 2**16 - 1, 2**16, 2**16 + 1, 3 * 2**16 + 5])
def test_norms_of_any_length(length):
    rng = np.random.default_rng(length)
    x = rng.normal(size=length) + 1j * rng.normal(size=length)
    assert np.isclose(_norm(x), np.linalg.norm(x), rtol=1e-12)
    narrow = x.astype(np.complex64)
    assert np.isclose(_norm(narrow), np.linalg.norm(narrow.astype(complex)), rtol=1e-5)


def test_gmres_on_tiles_solves_a_complex_system():
    """To what single precision allows, with restarts and without."""
    rng = np.random.default_rng(2)
    size = STRETCH // 2
    noise = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    matrix = np.diag(np.linspace(0.5, 2.0, size) + 0.3j) + 0.01 * noise
    right = rng.normal(size=STRETCH).astype(np.float32)

    def apply(x):
        y = (matrix @ numbers(x)).reshape(-1, 16)
        return np.stack([y.real, y.imag], axis=1).astype(np.float32).reshape(-1)

    expected = np.linalg.solve(matrix, numbers(right))
    for restart in (40, 4):
        rooms = Rooms()
        basis = partial(TileBasis, like=right, rooms=rooms)
        x, count, ok = gmres(apply, right, 3e-5, restart, 80, rooms, basis)
        assert ok
        assert x.dtype == np.float32
        residual = np.linalg.norm(matrix @ numbers(x) - numbers(right))
        assert residual <= 3.3e-5 * np.linalg.norm(right)  # a tenth for the rounding of some tens of steps
        assert np.abs(numbers(x) - expected).max() < 1e-3 * np.abs(expected).max()
        assert restart < count if restart == 4 else count <= restart
