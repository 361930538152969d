"""Multigrid cycles for K/2 + s with any nodal s: one hierarchy of K/2 per mesh, many columns at once.

PyAMG aggregates K/2; the shift s goes down the levels as the weights ∫ φ_i do, lumped. A cycle is symmetric:
a forward Gauss–Seidel sweep, the coarse correction, a backward sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyamg.aggregation import standard_aggregation
from pyamg.strength import symmetric_strength_of_connection
from scipy import sparse
from scipy.sparse.linalg import eigsh, splu

from usadel_fem import kernels
from usadel_fem.physics.nambu import Complex

COARSEST = 300
"""Unknowns that are factorised."""

SLOWEST = 0.8
"""Part of the unknowns that a coarser level may have; what cannot be coarsened is factorised."""

STRONG = 0.04
"""Couplings to aggregate along, relative to √(a_ii a_jj): those across a stretched element are left out."""


@dataclass(frozen=True)
class Level:
    """K/2 of a level and the interpolation P from the next coarser one; its rows sum to 1 away from edges."""

    matrix: sparse.csr_matrix
    up: sparse.csr_matrix

    @cached_property
    def row_sums(self) -> Complex:
        """Of P."""
        return np.asarray(self.up @ np.ones(self.up.shape[1]))


class Hierarchy:
    """The levels of a real symmetric matrix (n, n) that acts on constants as a stiffness matrix does."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        self.levels: list[Level] = []
        matrix = _sorted(matrix)
        while matrix.shape[0] > COARSEST:
            up = interpolation(matrix)
            if up.shape[1] > SLOWEST * matrix.shape[0]:
                break
            self.levels.append(Level(matrix, up))
            matrix = _sorted(up.T @ matrix @ up)
        self.coarsest = matrix

    def inverse(self, shift: Complex) -> Cycle:
        """Approximates (matrix + diag(shift))⁻¹, shift (n,) real or complex."""
        return Cycle(self, shift)


def interpolation(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """P (n, n_coarse): 1 at the nodes of an aggregate, smoothed by one Jacobi step with 4/3 over the largest
    eigenvalue of D⁻¹A as its damping."""
    aggregates, _ = standard_aggregation(symmetric_strength_of_connection(matrix, STRONG))
    diagonal = matrix.diagonal()
    root = sparse.diags(1 / np.sqrt(diagonal))
    start = np.random.default_rng(0).uniform(-1.0, 1.0, diagonal.size)
    largest = eigsh(root @ matrix @ root, 1, which="LA", v0=start, tol=0.01, return_eigenvectors=False)[0]
    constant = sparse.csr_matrix(aggregates, dtype=float)
    damped = sparse.diags(4 / 3 / largest / diagonal)
    return _sorted(constant - damped @ (matrix @ constant))


class Cycle:
    """One V-cycle on (n, k) columns, real or complex as the shift is.

    Attributes:
        order: of the columns in memory that costs no copies.
    """

    order = "C"

    def __init__(self, hierarchy: Hierarchy, shift: Complex) -> None:
        smoother: Any = PlainSmoother if kernels.compiled() is None else CompiledSmoother
        self._smoothers = []
        for level in hierarchy.levels:
            self._smoothers.append(smoother(level, level.matrix.diagonal() + shift))
            shift = level.up.T @ (shift * level.row_sums)
        self._coarsest: Any = splu((hierarchy.coarsest + sparse.diags(shift)).tocsc())

    def __call__(self, columns: Complex) -> Complex:
        """≈ the inverse on (n, k)."""
        right = np.ascontiguousarray(columns)
        stack = []
        for smoother in self._smoothers:
            x, coarse = smoother.down(right)
            stack.append((smoother, right, x))
            right = coarse
        # a column at a time: BLAS would round some of them otherwise than others
        x = np.stack([self._coarsest.solve(column) for column in right.T], axis=1)
        for smoother, right, fine in reversed(stack):
            x = smoother.up(right, fine, x)
        return x


class PlainSmoother:
    """The two halves of a cycle on one level; see `Cycle`."""

    def __init__(self, level: Level, diagonal: Complex) -> None:
        self.level = level
        self._lower, self._upper = sparse.tril(level.matrix, -1).tocsr(), sparse.triu(level.matrix, 1).tocsr()
        self._sweep: Any = splu(
            (self._lower + sparse.diags(diagonal)).tocsc(),
            permc_spec="NATURAL",
            diag_pivot_thresh=0.0,
            options={"Equil": False},
        )

    def down(self, right: Complex) -> tuple[Complex, Complex]:
        """x after a forward sweep from 0, and the right side of the coarser level."""
        x = self._sweep.solve(right)
        return x, -(self.level.up.T @ (self._upper @ x))

    def up(self, right: Complex, x: Complex, coarse: Complex) -> Complex:
        """x corrected by the coarser level and swept backwards."""
        return np.asarray(self._sweep.solve(right - self._lower @ (x + self.level.up @ coarse), trans="T"))


class CompiledSmoother:
    """The compiled twin of `PlainSmoother`."""

    def __init__(self, level: Level, diagonal: Complex) -> None:
        self._inverse = (1 / diagonal).view(np.float64)
        self._pairs = np.iscomplexobj(diagonal)
        self._kind = diagonal.dtype
        self._matrix = level.matrix.indptr, level.matrix.indices, level.matrix.data
        self._up = level.up.indptr, level.up.indices, level.up.data
        self._coarse = level.up.shape[1]

    def down(self, right: Complex) -> tuple[Complex, Complex]:
        """See `PlainSmoother`."""
        rows = right.view(np.float64)
        x, coarse = np.empty_like(rows), np.empty((self._coarse, rows.shape[1]))
        sweeps = _compiled_sweeps()
        sweeps.forward(*self._matrix, self._inverse, self._pairs, rows, x)
        sweeps.restricted_rest(*self._matrix, *self._up, x, coarse)
        return x.view(self._kind), coarse.view(self._kind)

    def up(self, right: Complex, x: Complex, coarse: Complex) -> Complex:
        """See `PlainSmoother`."""
        rows, sweeps = x.view(np.float64), _compiled_sweeps()
        sweeps.prolong(*self._up, np.ascontiguousarray(coarse).view(np.float64), rows)
        sweeps.backward(*self._matrix, self._inverse, self._pairs, right.view(np.float64), rows)
        return x


def _compiled_sweeps() -> Any:
    from usadel_fem.kernels import multigrid

    return multigrid


def _sorted(matrix: Any) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix(matrix, dtype=float)
    matrix.sort_indices()
    return matrix
