"""Multigrid cycles: contraction, symmetry, the same with and without a compiler."""

import numpy as np
import pytest
from scipy import sparse

from usadel_fem import kernels
from usadel_fem.solver.multigrid import Hierarchy, Level, PlainSmoother


def stiffness(steps: tuple[int, ...], stretch: tuple[float, ...] | None = None) -> sparse.csr_matrix:
    """Σ_k c_k of second differences: values held at both ends of the first axis, free at those of others."""
    total = sparse.csr_matrix((1, 1))
    for axis, n in enumerate(steps):
        line = sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n)).tolil()
        if axis:
            line[0, 0] = line[-1, -1] = 1.0
        line = (stretch[axis] if stretch else 1.0) * line
        total = sparse.kron(total, sparse.identity(n)) + sparse.kron(sparse.identity(total.shape[0]), line)
    return sparse.csr_matrix(total)


def vectors(n: int, k: int, kind: type = complex):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, k)).astype(kind)
    return x + 1j * rng.normal(size=(n, k)) if kind is complex else x


def contraction(matrix, shift, cycle, steps: int = 8) -> float:
    """Of the error in a late cycle."""
    x = vectors(matrix.shape[0], 5, shift.dtype.type if shift.dtype == float else complex)
    for _ in range(steps):
        before, x = x, x - cycle(matrix @ x + shift[:, None] * x)
    return float(np.linalg.norm(x) / np.linalg.norm(before))


# 2D and 3D; elements stretched tenfold; potentials of both signs of Im, between zero and far above K
@pytest.mark.parametrize("steps", [(40, 50), (14, 13, 15)])
@pytest.mark.parametrize("stretch", [1.0, 100.0])
@pytest.mark.parametrize("size", [1e-6, 0.05 - 0.2j, 1.0 + 3.0j, 100.0])
def test_a_cycle_contracts_errors_for_any_shift(steps, stretch, size):
    matrix = stiffness(steps, (1.0, stretch, 1.0))
    n = matrix.shape[0]
    shift = size * np.linspace(0.0, 1.0, n) ** 2
    assert contraction(matrix, shift, Hierarchy(matrix).inverse(shift)) < 0.6


@pytest.mark.parametrize("contrast", [1e-4, 1e4])
def test_one_hierarchy_serves_unlike_materials_and_every_shift(contrast):
    line = np.where(np.arange(60) < 30, 1.0, contrast)
    edges = sparse.diags([-np.ones(59), np.ones(59)], [0, 1], shape=(59, 60))
    along = edges.T @ sparse.diags(np.minimum(line[1:], line[:-1])) @ edges
    across = stiffness((40,)) - sparse.identity(40)
    matrix = sparse.csr_matrix(
        sparse.kron(along, sparse.identity(40))
        + sparse.kron(sparse.diags(line), across + sparse.identity(40))
    )
    hierarchy = Hierarchy(matrix)
    for size in (0.01, 0.3 - 0.5j, 2.0):
        shift = size * np.ones(matrix.shape[0])
        assert contraction(matrix, shift, hierarchy.inverse(shift)) < 0.6


def test_contraction_does_not_depend_on_the_mesh():
    rates = []
    for n in (30, 60, 120):
        matrix = stiffness((n, n))
        shift = (0.3 - 0.4j) / n**2 * np.ones(n * n)
        rates.append(contraction(matrix, shift, Hierarchy(matrix).inverse(shift)))
    assert max(rates) < 0.5


def test_a_cycle_is_symmetric():
    """As the Hessian is: x·My = y·Mx without conjugation."""
    matrix = stiffness((25, 30))
    cycle = Hierarchy(matrix).inverse((0.1 - 0.3j) * np.linspace(0, 1, 750))
    x = vectors(750, 2)
    y = cycle(x)
    assert abs(x[:, 0] @ y[:, 1] - x[:, 1] @ y[:, 0]) < 1e-12 * np.linalg.norm(x[:, 0]) * np.linalg.norm(y)


def test_columns_are_taken_one_like_the_other():
    """Equal columns stay equal to the last bit: symmetries of a solution rest on it."""
    matrix = stiffness((25, 30))
    for kind in (float, complex):
        shift = np.full(750, 0.2).astype(kind) * (1 - 0.5j if kind is complex else 1.0)
        cycle = Hierarchy(matrix).inverse(shift)
        for k in (1, 3, 16):
            out = cycle(np.repeat(vectors(750, 1, kind), k, axis=1))
            assert out.dtype == kind
            assert np.array_equal(out, np.repeat(out[:, :1], k, axis=1))


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize(("precision", "rounding"), [(np.float32, 1e-5), (np.float64, 1e-13)])
def test_compiled_cycles_are_the_plain_ones(monkeypatch, kind, precision, rounding):
    """Row 11 of 30 has no couplings."""
    matrix = stiffness((25, 30)).tolil()
    matrix[:, 11] = matrix[11] = 0.0
    matrix[11, 11] = 0.7
    shift = np.random.default_rng(2).uniform(0.1, 2.0, 750).astype(kind) * (1 if kind is float else 1 - 0.3j)
    columns = vectors(750, 21, kind)
    fast = Hierarchy(matrix.tocsr(), precision).inverse(shift)(columns)
    monkeypatch.setattr(kernels, "compiled", lambda: None)
    plain = Hierarchy(matrix.tocsr()).inverse(shift)(columns)
    assert np.abs(fast - plain).max() < rounding * np.abs(plain).max()


def test_a_sweep_back_is_the_transposed_of_a_sweep_forth():
    """x = (D + L)⁻¹r forth, (D + U)⁻¹(r − Lx) back; what is left in between is restricted."""
    matrix = stiffness((9, 11))
    rng = np.random.default_rng(2)
    up = sparse.random(99, 17, 0.2, "csr", random_state=rng)
    diagonal = matrix.diagonal() + rng.uniform(0.1, 2.0, 99) - 0.7j
    whole = matrix - sparse.diags(matrix.diagonal()) + sparse.diags(diagonal)
    lower, upper = sparse.tril(whole), sparse.triu(whole)
    right, coarse = vectors(99, 3), vectors(17, 3)
    plain = PlainSmoother(Level.of(matrix, up, np.float64), diagonal)
    x, rest = plain.down(right)
    assert np.abs(lower @ x - right).max() < 1e-13
    assert np.abs(rest - up.T @ (right - whole @ x)).max() < 1e-12
    corrected = x + up @ coarse
    back = plain.up(right, x, coarse)
    assert np.abs(upper @ back - (right - (lower - sparse.diags(diagonal)) @ corrected)).max() < 1e-12
