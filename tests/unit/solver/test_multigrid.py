"""Multigrid cycles: against one written out, contraction, symmetry, the same with and without a compiler."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import solve_triangular

from usadel_fem import kernels
from usadel_fem.solver import multigrid
from usadel_fem.solver.multigrid import COARSEST, Hierarchy, Level, Smoother

EPS = np.finfo(np.float32).eps
"""Of cycles in single precision."""


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
    plain = Smoother(Level.of(matrix, up), diagonal)
    x, rest = plain.down(right)
    assert np.abs(lower @ x - right).max() < 1e-13
    assert np.abs(rest - up.T @ (right - whole @ x)).max() < 1e-12
    corrected = x + up @ coarse
    back = plain.up(right, x, coarse)
    assert np.abs(upper @ back - (right - (lower - sparse.diags(diagonal)) @ corrected)).max() < 1e-12


def shifts(n, count):
    x = np.linspace(0.0, 1.0, n)[:, None]
    return (0.3 - 0.7j) * x**2 * np.arange(1, count + 1) + 0.01


def naive(levels, matrix, shift, right):
    """A V-cycle with dense triangles; the shift goes down as the row sums of the interpolation do, and whole
    to the coarsest level."""
    shifted = matrix.toarray() + np.diag(shift)
    up = levels[0].up.toarray()
    x = solve_triangular(np.tril(shifted), right, lower=True)
    rest = up.T @ (right - shifted @ x)
    if len(levels) == 1:
        x += up @ np.linalg.solve(up.T @ shifted @ up, rest)
    else:
        below = sparse.csr_matrix(up.T @ matrix.toarray() @ up)
        x += up @ naive(levels[1:], below, up.T @ (shift * up.sum(axis=1)), rest)
    return x + solve_triangular(np.triu(shifted), right - shifted @ x)


@pytest.mark.parametrize("steps", [(17, 15), (9, 8, 7)])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(("precision", "rounding"), [(np.float32, 100 * EPS), (np.float64, 1e-13)])
def test_a_cycle_is_the_one_written_out_for_every_column(steps, count, precision, rounding, monkeypatch):
    monkeypatch.setattr(multigrid, "COARSEST", 20)
    matrix = stiffness(steps)
    n = matrix.shape[0]
    hierarchy = Hierarchy(matrix, precision)
    shift, right = shifts(n, count), vectors(n, count)
    found = hierarchy.inverse(shift)(right)
    assert len(hierarchy.levels) > 1
    for k in range(count):
        expected = naive(hierarchy.levels, matrix, shift[:, k], right[:, k])
        assert np.abs(found[:, k] - expected).max() < rounding * np.abs(expected).max()


@pytest.mark.parametrize("steps", [(40, 50), (14, 13, 15)])
@pytest.mark.parametrize("stretch", [1.0, 100.0])
@pytest.mark.parametrize("plain", [False, True])
def test_errors_of_every_column_contract(steps, stretch, plain, monkeypatch):
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    matrix = stiffness(steps, (1.0, stretch, 1.0))
    shift = shifts(matrix.shape[0], 2)
    cycle = Hierarchy(matrix, np.float32).inverse(shift)
    for k in range(2):

        def of_column(x, k=k):
            columns = [cycle(np.stack([c, c], axis=1))[:, k] for c in x.T]
            return np.stack(columns, axis=1)

        assert contraction(matrix, shift[:, k], of_column, steps=4) < 0.6


def test_a_first_interpolation_is_taken_and_the_cycle_stays_symmetric():
    """Pairs of neighbours on a line as the first coarser level: half the unknowns."""
    matrix = stiffness((200,))
    pairs = sparse.kron(sparse.identity(100), np.ones((2, 1))).tocsr()
    hierarchy = Hierarchy(matrix, np.float32, pairs)
    assert (hierarchy.levels[0].up != pairs).nnz == 0
    cycle = hierarchy.inverse(shifts(200, 1))
    one, two = vectors(200, 1), vectors(200, 1)[::-1].copy()
    left, right = (two.T @ cycle(one)).item(), (one.T @ cycle(two)).item()
    assert abs(left - right) < 100 * EPS * abs(left)
    expected = naive(hierarchy.levels, matrix, shifts(200, 1)[:, 0], one[:, 0])
    assert np.abs(cycle(one)[:, 0] - expected).max() < 1000 * EPS * np.abs(expected).max()


@pytest.mark.parametrize("plain", [False, True])
def test_what_cannot_be_coarsened_is_solved(plain, monkeypatch):
    """A first level of nearly as many nodes; so are meshes of a few nodes."""
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    for n in (7, COARSEST, 90):
        matrix = stiffness((n,))
        hierarchy = Hierarchy(matrix, first=sparse.identity(n, format="csr"))
        assert not hierarchy.levels
        for shift in (shifts(n, 1)[:, 0], shifts(n, 3)):
            right = vectors(n, 3)
            found = hierarchy.inverse(shift)(right)
            for k in range(3):
                whole = matrix.toarray() + np.diag(shift if shift.ndim == 1 else shift[:, k])
                assert np.abs(whole @ found[:, k] - right[:, k]).max() < 1e-12 * np.abs(found).max()


@pytest.mark.parametrize("plain", [False, True])
def test_more_islands_without_terminals_than_the_coarsest_level_has_nodes(plain, monkeypatch):
    """K is 0 on the constants of each; materials of many scales."""
    if plain:
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    islands = 2 * COARSEST
    one = stiffness((12,)) - sparse.diags([1.0, *np.zeros(10), 1.0])
    matrix = sparse.csr_matrix(sparse.kron(sparse.diags(np.logspace(-4, 4, islands)), one))
    shift = np.random.default_rng(0).uniform(1e-3, 1.0, 12 * islands) * (1 - 0.5j)
    assert contraction(matrix, shift, Hierarchy(matrix).inverse(shift)) < 0.6
