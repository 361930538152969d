"""The kernels of Newton's method in angles against the same in NumPy, in both precisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tests.unit.solver.test_angles import strip
from usadel_fem import kernels
from usadel_fem.angles import AngleLinearisation, differs
from usadel_fem.fem.real_gauge import RealGauge
from usadel_fem.solver import angles, krylov, multigrid
from usadel_fem.solver.energies import DeviceSolver

EPS = {False: np.finfo(float).eps, True: np.finfo(np.float32).eps}


def random_gauge(coupled, kind, free=34, pinned=6):
    """Symmetric entries, some of them zero; `kind` says which are alike."""
    rng = np.random.default_rng(5)
    n = free + pinned

    def symmetric():
        x = rng.normal(size=(n, n)) * (rng.uniform(size=(n, n)) < 0.1)
        return x + x.T

    one = symmetric()
    if kind != "of every channel":
        one[1::2, 1::2], one[1::2, ::2] = one[::2, ::2], one[::2, 1::2]
    two = one if kind == "all alike" else np.where(one, 0.7 * one**2 - 0.2, 0.0)
    if kind == "of every channel":
        two = symmetric()
    both = sparse.csr_matrix((one + 1j * two)[:free])
    both.setdiag(0.0)
    both.eliminate_zeros()
    both.sort_indices()
    diagonal, sums = rng.normal(size=(2, 2, free))
    q = np.stack([both.data.real, both.data.imag])
    return RealGauge(np.arange(n), both.indptr, both.indices, q, diagonal, sums, coupled)


def random_fields(gauge, count):
    rng = np.random.default_rng(7)
    half, a, b = rng.normal(size=(3, gauge.order.size, count, 2)) @ [0.6, 0.4j]
    field = np.stack([(1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)])
    w = rng.normal(size=(gauge.free, count, 2)) @ [0.3, 0.2j]
    return AngleLinearisation(gauge, field, np.stack([a, b])), w


@pytest.mark.parametrize(
    ("coupled", "kind", "numbers"),
    [
        (1, "all alike", 1),
        (1, "of c and of s", 2),
        (2, "all alike", 1),
        (2, "of c and of s", 2),
        (2, "of every channel", 4),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_products_and_steps_are_those_without_kernels(coupled, kind, numbers, count, monkeypatch):
    gauge = random_gauge(coupled, kind)
    assert gauge.side_by_side[2].shape[1] == numbers
    lin, w = random_fields(gauge, count)
    found = {single: lin.hessian(single)(w.astype(np.complex64 if single else complex)) for single in EPS}
    parts, moved = (lin.residual, lin.diagonal, lin.potential), lin.moved(w)
    monkeypatch.setattr(kernels, "compiled", lambda: None)
    plain = AngleLinearisation(gauge, lin.field, lin.omega)
    expected, scale = plain.hessian()(w), np.abs(lin.field).max() ** 2 * np.abs(w).max()
    for single, eps in EPS.items():
        assert found[single].shape == w.shape
        assert np.abs(found[single] - expected).max() < 50 * eps * scale
    for mine, other in zip(parts, (plain.residual, plain.diagonal, plain.potential), strict=True):
        assert np.abs(mine - other).max() < 200 * EPS[False] * np.abs(other).max()
    assert np.abs(moved - plain.moved(w)).max() < 200 * EPS[False] * np.abs(moved).max()
    assert np.abs((moved**2).sum(axis=0) - 1).max() < 50 * EPS[False] * np.abs(moved).max() ** 2


def test_fields_are_packed_and_unpacked_as_without_kernels(monkeypatch):
    gauge, root = random_gauge(2, "all alike"), 0.6 - 0.9j
    gauge = replace(gauge, order=np.random.default_rng(2).permutation(gauge.order))
    x = np.random.default_rng(3).normal(size=(3 * gauge.order.size, 2, 2, 2)) @ [0.8, 0.7j]
    packed = gauge.field(x, root)
    back = gauge.back(packed, root)
    monkeypatch.setattr(kernels, "compiled", lambda: None)
    assert np.abs(gauge.field(x, root) - packed).max() < 5 * EPS[False] * np.abs(x).max()
    assert np.abs(gauge.back(packed, root) - back).max() < 5 * EPS[False] * np.abs(back).max()


@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_changes_are_told_by_their_sums(bad, monkeypatch):
    """Three of five numbers 3 + 4i changed by 0.15: 0.45 of 35."""
    x = np.tile([3.0 + 4j], (5, 1))
    y = x.copy()
    y[:3] += 0.15j
    found = [differs(x, y + bad, part) for part in (0.0128, 0.0130)]
    monkeypatch.setattr(kernels, "compiled", lambda: None)
    assert found == [differs(x, y + bad, part) for part in (0.0128, 0.0130)] == [True, bad != 0.0]


@pytest.mark.parametrize("ferromagnet", [{"exchange": [0, 0.4, 0]}, {"exchange": [0, 0.4, 0], "tau_so": 2.1}])
@pytest.mark.parametrize("order", [1, 2])
def test_iterations_in_single_precision_are_as_many_and_lead_to_the_same(ferromagnet, order, monkeypatch):
    """To the tightest tolerance that Newton's method asks for."""
    monkeypatch.setattr(angles, "FEW", 20)
    monkeypatch.setattr(multigrid, "COARSEST", 10)
    solver = DeviceSolver(strip(order, 0.01, **ferromagnet))
    solved = []

    def noted(*given):
        solved.append(krylov.gmres(*given))
        return solved[-1]

    monkeypatch.setattr(angles, "gmres", noted)
    results = []
    for below in (angles.SINGLE_BELOW, 0.0):
        monkeypatch.setattr(angles, "SINGLE_BELOW", below)
        results.append(solver.solve(0.3))
        assert {x.dtype for x, _, _ in solved} == {np.dtype(complex if below == 0.0 else np.complex64)}
        solved.clear()
    (one, first), (two, second) = results
    assert first.ok
    assert second.ok
    assert (first.krylov_iterations, first.newton_iterations) == (
        second.krylov_iterations,
        second.newton_iterations,
    )
    assert np.abs(one - two).max() < 1e-8


@pytest.mark.parametrize("coupled", [1, 2])
def test_a_large_stiffness_takes_nothing_from_a_uniform_step(coupled):
    """10⁵ times q, whose rows then sum to 0: H w is what the sources give, to the rounding of that."""
    gauge = random_gauge(coupled, "of c and of s", pinned=0)
    q = 1e5 * gauge.q
    sums = np.stack([np.asarray(matrix.sum(axis=1))[:, 0] for matrix in gauge.matrices])
    stiff = replace(gauge, q=q, diagonal=-1e5 * sums, sums=0.0 * sums)
    lin, _ = random_fields(stiff, 1)
    lin = replace(lin, field=np.repeat(lin.field[:, :1], stiff.free, axis=1))
    w = np.full((stiff.free, 1), 0.3 - 0.2j, dtype=np.complex64)
    (c, s), (a, b) = lin.field, lin.omega
    assert (
        np.abs(lin.hessian(single=True)(w) + (c * a + s * b) * w).max()
        < 10 * EPS[True] * np.abs(c).max() ** 2
    )
