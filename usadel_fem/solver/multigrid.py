"""Multigrid cycles for K/2 + s with any nodal s: one hierarchy of K/2 per mesh, many columns at once.

PyAMG aggregates K/2; the shift s goes down the levels as the weights ∫ φ_i do, lumped. A cycle is symmetric:
a forward Gauss–Seidel sweep, the coarse correction, a backward sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pyamg.aggregation import standard_aggregation
from pyamg.strength import symmetric_strength_of_connection
from scipy import sparse
from scipy.sparse.linalg import eigsh, splu

from usadel_fem import kernels
from usadel_fem.fem.space import Index
from usadel_fem.kernels import memory
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.factorisation import Factorisation

COARSEST = 300
"""Unknowns that are factorised."""

SLOWEST = 0.8
"""Part of the unknowns that a coarser level may have; what cannot be coarsened is factorised."""

STRONG = 0.04
"""Couplings to aggregate along, relative to √(a_ii a_jj): those across a stretched element are left out."""

WIDTHS = 4, 16
"""Columns that compiled sweeps take at once; others are filled up with zeros."""

GROUP = 8
"""Rows are padded to a multiple of so many nodes, as the kernels of frames want."""

Floats = NDArray[Any]


@dataclass(frozen=True)
class Level:
    """One matrix of a hierarchy.

    Attributes:
        diagonal: of the matrix.
        couplings: the rest of it, without zeros.
        up: the interpolation P from the next coarser level; its rows sum to 1 away from edges.
        precision: of the compiled sweeps.
    """

    diagonal: Real
    couplings: sparse.csr_matrix
    up: sparse.csr_matrix
    precision: DTypeLike

    @classmethod
    def of(cls, matrix: sparse.csr_matrix, up: sparse.csr_matrix, precision: DTypeLike) -> Level:
        diagonal = np.asarray(matrix.diagonal())
        couplings = _sorted(matrix - sparse.diags(diagonal))
        couplings.eliminate_zeros()
        return cls(diagonal, couplings, up, precision)

    @cached_property
    def row_sums(self) -> Real:
        """Of P."""
        return np.asarray(self.up @ np.ones(self.up.shape[1]))

    @cached_property
    def matrix(self) -> tuple[Floats, ...]:
        """The couplings as compiled sweeps take them."""
        indptr, indices = self.couplings.indptr, self.couplings.indices
        rows, n = np.repeat(np.arange(self.diagonal.size), np.diff(indptr)), self.diagonal.size
        before = np.bincount(rows[indices < rows], minlength=n)
        return indptr, (indptr[:-1] + before).astype(np.int32), indices, self._data(self.couplings)

    @cached_property
    def reach(self) -> tuple[Index, Index]:
        """The first and the last column of every row, itself included."""
        first = np.arange(self.diagonal.size)
        last, indptr = first.copy(), self.couplings.indptr
        some = np.flatnonzero(np.diff(indptr))
        first[some] = np.minimum(first[some], self.couplings.indices[indptr[some]])
        last[some] = np.maximum(last[some], self.couplings.indices[indptr[some + 1] - 1])
        return first, last

    @cached_property
    def interpolation(self) -> tuple[Floats, ...]:
        """P as compiled sweeps take it."""
        return self.up.indptr, self.up.indices, self._data(self.up)

    def _data(self, matrix: sparse.csr_matrix) -> Floats:
        return np.asarray(matrix.data, dtype=self.precision)


class Hierarchy:
    """The levels of a real symmetric matrix (n, n) that acts on constants as a stiffness matrix does.

    Args:
        matrix: see above.
        precision: of compiled cycles; float32 is enough for a preconditioner of loose solves.
        first: interpolation to it from a coarser level, if one is known that is better than aggregation.
    """

    def __init__(
        self,
        matrix: sparse.csr_matrix,
        precision: DTypeLike = np.float64,
        first: sparse.csr_matrix | None = None,
    ) -> None:
        self.levels: list[Level] = []
        self.precision = np.dtype(precision)
        self._rooms: dict[int, list[Floats]] = {}
        matrix, up = _sorted(matrix), first
        while matrix.shape[0] > COARSEST:
            up = interpolation(matrix) if up is None else _sorted(up)
            if up.shape[1] > SLOWEST * matrix.shape[0]:
                break
            self.levels.append(Level.of(matrix, up, self.precision))
            matrix, up = _sorted(up.T @ matrix @ up), None
        self.coarsest = matrix

    def inverse(self, shift: Complex) -> Cycle:
        """Approximates (matrix + diag(shift))⁻¹, shift (n,) real or complex."""
        return Cycle(self, shift)

    def rooms(self, width: int) -> list[Floats]:
        """Right side and x of every level, and the coarsest right side: used again in every cycle."""
        if width not in self._rooms:
            sizes = [n for level in self.levels for n in 2 * [level.diagonal.size]] + [self.coarsest.shape[0]]
            self._rooms[width] = [
                memory.zeros((-(-n // GROUP) * GROUP, 2, width), self.precision) for n in sizes
            ]
        return self._rooms[width]


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
    """One V-cycle on columns that are all treated alike, to the last bit.

    Compiled sweeps take rows: a node's columns side by side, real parts and then imaginary parts.
    """

    def __init__(self, hierarchy: Hierarchy, shift: Complex) -> None:
        self._hierarchy = hierarchy
        smoother: Any = PlainSmoother if kernels.compiled() is None else CompiledSmoother
        self._smoothers = []
        for level in hierarchy.levels:
            self._smoothers.append(smoother(level, level.diagonal + shift))
            shift = level.up.T @ (shift * level.row_sums)
        self._coarsest = Factorisation(sparse.csr_matrix(hierarchy.coarsest + sparse.diags(shift)))
        self._complex = np.iscomplexobj(shift)

    def __call__(self, columns: Complex) -> Complex:
        """≈ the inverse on (n, k), real or complex as the shift is."""
        if kernels.compiled() is None:
            return self._plain(columns)
        at_once = WIDTHS[-1] * (1 if self._complex else 2)
        groups = [columns[:, k : k + at_once] for k in range(0, columns.shape[1], at_once)]
        return np.concatenate([self._group(group) for group in groups], axis=1)

    def _plain(self, right: Complex) -> Complex:
        stack = []
        for smoother in self._smoothers:
            x, coarse = smoother.down(right)
            stack.append((smoother, right, x))
            right = coarse
        x = self._coarsest(right)
        for smoother, right, fine in reversed(stack):
            x = smoother.up(right, fine, x)
        return x

    def _group(self, columns: Complex) -> Complex:
        """Real columns fill both halves of the rows."""
        n, k = columns.shape
        width = next(w for w in WIDTHS if w * (1 if self._complex else 2) >= k)
        right = self.room(width)
        right[:] = 0.0
        if self._complex:
            right[:n, 0, :k], right[:n, 1, :k] = columns.real, columns.imag
            x = self.on_rows(width)
            return np.asarray(x[:n, 0, :k] + 1j * x[:n, 1, :k])
        right.reshape(len(right), -1)[:n, :k] = columns
        x = self.on_rows(width)
        return x.reshape(len(x), -1)[:n, :k].astype(columns.dtype)

    def room(self, width: int) -> Floats:
        """Rows (≥ n, 2, width) to be filled for `on_rows`."""
        return self._hierarchy.rooms(width)[0]

    def on_rows(self, width: int) -> Floats:
        """≈ the inverse on the rows of `room`, in rows that stay until the next cycle."""
        *rooms, coarsest = self._hierarchy.rooms(width)
        right, x = [*rooms[::2], coarsest], rooms[1::2]
        like = (0.0,) * width
        for k, smoother in enumerate(self._smoothers):
            smoother.down(like, right[k], x[k], right[k + 1])
        solved = self._on_coarsest(coarsest)
        for k in reversed(range(len(self._smoothers))):
            self._smoothers[k].up(like, right[k], solved, x[k])
            solved = x[k]
        return solved

    def _on_coarsest(self, rows: Floats) -> Floats:
        n, out = self._hierarchy.coarsest.shape[0], np.empty_like(rows)
        if self._complex:
            x = self._coarsest((rows[:n, 0] + 1j * rows[:n, 1]).astype(complex))
            out[:n, 0], out[:n, 1] = x.real, x.imag
        else:
            out.reshape(len(out), -1)[:n] = self._coarsest(rows[:n].reshape(n, -1).astype(float))
        return out


class PlainSmoother:
    """The two halves of a cycle on one level; see `Cycle`."""

    def __init__(self, level: Level, diagonal: Complex) -> None:
        self.level = level
        self._lower, self._upper = sparse.tril(level.couplings).tocsr(), sparse.triu(level.couplings).tocsr()
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
    """The compiled twin of `PlainSmoother`, on rows."""

    def __init__(self, level: Level, diagonal: Complex) -> None:
        inverse = (1 / diagonal).astype(complex).view(float)
        self._level, self._inverse = level, inverse.astype(level.precision)

    def down(self, like: tuple[float, ...], right: Floats, x: Floats, coarse: Floats) -> None:
        """See `PlainSmoother`; into x and coarse."""
        level, (_, last) = self._level, self._level.reach
        flat = (a.reshape(-1) for a in (right, x, coarse))
        _compiled_sweeps().down(level.matrix, last, self._inverse, level.interpolation, like, *flat)

    def up(self, like: tuple[float, ...], right: Floats, coarse: Floats, x: Floats) -> None:
        """See `PlainSmoother`; in x."""
        level, (first, _) = self._level, self._level.reach
        flat = (a.reshape(-1) for a in (right, coarse, x))
        _compiled_sweeps().up(level.matrix, first, self._inverse, level.interpolation, like, *flat)


def _compiled_sweeps() -> Any:
    from usadel_fem.kernels import multigrid

    return multigrid


def _sorted(matrix: Any) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix(matrix, dtype=float)
    matrix.sort_indices()
    return matrix
