"""Multigrid cycles for K/2 + s with any nodal s: one hierarchy of K/2 per mesh, many columns at once.

PyAMG aggregates K/2; the shift s goes down the levels as the weights ∫ φ_i do, lumped, and not lumped on the
coarsest, where it is large. A cycle is symmetric: a forward Gauss–Seidel sweep, the coarse correction, a
backward sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.factorisation import Factorisation

COARSEST = 60
"""Unknowns that are not coarsened further: compiled cycles multiply by their inverse."""

SLOWEST = 0.8
"""Part of the unknowns that a coarser level may have; what cannot be coarsened is factorised."""

STRONG = 0.04
"""Couplings to aggregate along, relative to √(a_ii a_jj): those across a stretched element are left out."""

ROUNDING = 1e-14
"""Least diagonal relative to the largest: a node that stands for an island without terminals has none."""

WIDTHS = 4, 16
"""Columns of one shift that compiled cycles take at once; others are filled up with zeros."""

GROUP = 64
"""The finest rows are padded to a multiple of so many, as the kernels of frames want."""

Floats = NDArray[Any]
Index = NDArray[Any]


@dataclass(frozen=True)
class Level:
    """One matrix of a hierarchy.

    Attributes:
        diagonal: of the matrix.
        couplings: the rest of it, without zeros.
        up: the interpolation P from the next coarser level; its rows sum to 1 away from edges.
    """

    diagonal: Real
    couplings: sparse.csr_matrix
    up: sparse.csr_matrix

    @classmethod
    def of(cls, matrix: sparse.csr_matrix, up: sparse.csr_matrix) -> Level:
        diagonal = np.asarray(matrix.diagonal())
        couplings = _sorted(matrix - sparse.diags(diagonal))
        couplings.eliminate_zeros()
        return cls(diagonal, couplings, up)

    @cached_property
    def row_sums(self) -> Real:
        """Of P."""
        return np.asarray(self.up @ np.ones(self.up.shape[1]))

    def coarser(self, shift: Complex) -> Complex:
        """A shift, (n,) or (n, L), on the next level."""
        return np.asarray(self.up.T @ (shift.T * self.row_sums).T)


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
        matrix, up = _sorted(matrix), first
        while matrix.shape[0] > COARSEST:
            up = interpolation(matrix) if up is None else _sorted(up)
            if up.nnz == 0 or up.shape[1] > SLOWEST * matrix.shape[0]:
                break
            self.levels.append(Level.of(matrix, up))
            matrix, up = _sorted(up.T @ matrix @ up), None
        self.coarsest = matrix

    def inverse(self, shift: Complex) -> Any:
        """Approximates (matrix + diag(shift))⁻¹ on columns (n, k) for a shift (n,), real or complex, or for
        shifts (n, k), one for each column."""
        if kernels.compiled() is not None:
            return CompiledCycle(self, shift)
        if shift.ndim == 1:
            return PlainCycle(self, shift)
        return ColumnByColumn([PlainCycle(self, column) for column in np.ascontiguousarray(shift.T)])

    def shifts(self, shift: Complex) -> list[Complex]:
        """On every level, and once more for the coarsest."""
        found = [shift]
        for level in self.levels[:-1]:
            found.append(level.coarser(found[-1]))
        return [*found, found[-1]] if self.levels else found

    def shifted_coarsest(self, shift: Complex) -> sparse.csr_matrix:
        """Of the coarsest level, for the shift of the level above, or its own where there is none."""
        if not self.levels:
            return self.coarsest + sparse.diags(shift)
        up = self.levels[-1].up
        data = up.data * np.repeat(shift, np.diff(up.indptr))
        return self.coarsest + up.T @ sparse.csr_matrix((data, up.indices, up.indptr), up.shape)

    @cached_property
    def rows(self) -> Rows:
        """The levels as compiled cycles take them."""
        return Rows(self.levels, self.coarsest.shape[0], self.precision)


def interpolation(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """P (n, n_coarse): 1 at the nodes of an aggregate, smoothed by one Jacobi step with 4/3 over the largest
    eigenvalue of D⁻¹A as its damping. Nodes without strong couplings are in no aggregate."""
    aggregates, _ = standard_aggregation(symmetric_strength_of_connection(matrix, STRONG))
    if aggregates.nnz == 0:
        return _sorted(aggregates)
    diagonal = matrix.diagonal()
    diagonal = np.maximum(diagonal, ROUNDING * diagonal.max())
    root = sparse.diags(1 / np.sqrt(diagonal))
    start = np.random.default_rng(0).uniform(-1.0, 1.0, diagonal.size)
    largest = eigsh(root @ matrix @ root, 1, which="LA", v0=start, tol=0.01, return_eigenvectors=False)[0]
    constant = sparse.csr_matrix(aggregates, dtype=float)
    damped = sparse.diags(4 / 3 / largest / diagonal)
    return _sorted(constant - damped @ (matrix @ constant))


class PlainCycle:
    """One V-cycle on columns that are all treated alike, to the last bit."""

    def __init__(self, hierarchy: Hierarchy, shift: Complex) -> None:
        *shifts, last = hierarchy.shifts(shift)
        pairs = zip(hierarchy.levels, shifts, strict=True)
        self._smoothers = [Smoother(level, level.diagonal + s) for level, s in pairs]
        self._coarsest = Factorisation(hierarchy.shifted_coarsest(last))

    def __call__(self, columns: Complex) -> Complex:
        """≈ the inverse on (n, k), real or complex as the shift is."""
        stack, right = [], columns
        for smoother in self._smoothers:
            x, coarse = smoother.down(right)
            stack.append((smoother, right, x))
            right = coarse
        x = self._coarsest(right)
        for smoother, right, fine in reversed(stack):
            x = smoother.up(right, fine, x)
        return x


class Smoother:
    """The two halves of a cycle on one level; see `PlainCycle`."""

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


class ColumnByColumn:
    """An inverse for every column."""

    def __init__(self, inverses: Sequence[Callable[[Complex], Complex]]) -> None:
        self._inverses = inverses

    def __call__(self, columns: Complex) -> Complex:
        pairs = zip(self._inverses, np.split(columns, columns.shape[1], axis=1), strict=True)
        return np.concatenate([inverse(np.ascontiguousarray(column)) for inverse, column in pairs], axis=1)


class Rows:
    """All levels as one matrix M, see `kernels.multigrid`.

    Attributes:
        starts: the first row of each level and of the coarsest, and how many rows there are.
        coarsest: the rows of the coarsest.
        order: of the rows.
        asked: of these, in that order: the last row of the first level that each asks for, directly or not.
        before: entries of M in each row on the one before in that order, and one that is 0.
        lower, upper: other entries of M, and of Mᵀ without the rows of the coarsest.
    """

    def __init__(self, levels: Sequence[Level], coarsest: int, precision: np.dtype[Any]) -> None:
        sizes = [level.diagonal.size for level in levels] + [coarsest]
        sizes[0] = -(-sizes[0] // GROUP) * GROUP
        self.starts = [0, *np.cumsum(sizes).tolist()]
        self.coarsest = slice(self.starts[-2], self.starts[-2] + coarsest)
        self.precision, self._rooms = precision, dict[int, Floats]()
        whole, asked = self._whole(levels)
        self.order = np.argsort(asked, kind="stable").astype(np.int32)
        self.asked = asked[self.order]
        whole = whole[self.order][:, self.order]
        self.before = np.concatenate([[0.0], whole.diagonal(-1), [0.0]]).astype(precision)
        whole = _sorted(sparse.tril(whole, -2))
        self.lower, self.upper = self._arrays(whole), self._arrays(_sorted(whole.T)[: self.starts[-2]])

    def _whole(self, levels: Sequence[Level]) -> tuple[sparse.csr_matrix, Index]:
        """M, and `asked` of its rows."""
        entries = [sparse.coo_matrix((self.starts[-1], self.starts[-1]))]
        asked = np.arange(self.starts[-1])
        for level, start, below, end in zip(
            levels, self.starts, self.starts[1:], self.starts[2:], strict=False
        ):
            lower = _sorted(sparse.tril(level.couplings))
            for matrix, first in ((lower, start), (_product(lower, level.up).T, below)):
                part = matrix.tocoo()
                places = part.row + np.int32(first), part.col + np.int32(start)
                entries.append(sparse.coo_matrix((part.data, places), shape=entries[0].shape))
            asked[below:end] = 0
            np.maximum.at(asked, entries[-1].row, asked[entries[-1].col])
            asked[below:end] = np.maximum.accumulate(asked[below:end])
        asked[self.coarsest] = self.starts[1]
        return sparse.csr_matrix(sum(entries)), asked

    def _arrays(self, matrix: sparse.csr_matrix) -> tuple[Floats, ...]:
        """For kernels: columns in the order of the rows of `room`."""
        return matrix.indptr.astype(np.int32), self.order[matrix.indices], matrix.data.astype(self.precision)

    def room(self, width: int) -> Floats:
        """Right sides that become x, (rows, 2, width): used again in every cycle."""
        if width not in self._rooms:
            self._rooms[width] = Rooms().zeros((self.starts[-1], 2, width), self.precision)
        return self._rooms[width]

    def inverse(self, diagonals: Sequence[Complex], count: int) -> Floats:
        """1/d of diagonals (n, L) of the levels, in rows; 1 where there is no node, and on the coarsest."""
        total = np.ones((self.starts[-1], count), dtype=complex)
        for start, diagonal in zip(self.starts, diagonals, strict=False):
            total[start : start + len(diagonal)] = diagonal
        return self.floats(1 / total)

    def floats(self, x: Complex) -> Floats:
        """Complex numbers as the kernels take them."""
        return np.ascontiguousarray(x, dtype=complex).view(float).astype(self.precision).reshape(-1)


class CompiledCycle:
    """The compiled twin of `PlainCycle`, and of one for each column.

    It takes rows: a node's columns side by side, real parts and then imaginary parts, or complex numbers as
    they are where every column has a shift of its own.
    """

    def __init__(self, hierarchy: Hierarchy, shift: Complex) -> None:
        self._rows, self._complex, self._each = hierarchy.rows, np.iscomplexobj(shift), shift.ndim > 1
        rows = hierarchy.rows
        *shifts, last = hierarchy.shifts(shift.reshape(len(shift), -1))
        pairs = zip(hierarchy.levels, shifts, strict=True)
        self._inverse = rows.inverse([level.diagonal[:, None] + s for level, s in pairs], last.shape[1])
        self._few, self._factorised = (0.0,) * last.shape[1], list[Factorisation]()
        matrices = [hierarchy.shifted_coarsest(s) for s in last.T.astype(complex)]
        if hierarchy.coarsest.shape[0] > COARSEST:
            self._factorised = [Factorisation(matrix) for matrix in matrices]
        else:
            inverses = np.linalg.inv([matrix.toarray() for matrix in matrices])
            self._inverted = rows.floats(inverses.reshape(len(matrices), -1).T)

    def __call__(self, columns: Complex) -> Complex:
        """≈ the inverse on (n, k), real or complex as the shift is."""
        if not self._complex:
            k = columns.shape[1]
            pairs = np.ascontiguousarray(np.pad(columns, ((0, 0), (0, k % 2)))).view(complex)
            return self._of_complex(pairs).view(float)[:, :k]
        return self._of_complex(np.ascontiguousarray(columns, dtype=complex))

    def _of_complex(self, columns: Complex) -> Complex:
        count, out, sweeps = columns.shape[1], np.empty_like(columns), _sweeps()
        if self._each:
            self.numbers(count)[: len(columns)] = columns
            out[:] = _numbers(self.on_rows(count))[: len(columns)]
            return out
        for first in range(0, count, WIDTHS[-1]):
            part = columns[:, first : first + WIDTHS[-1]]
            width = next(w for w in WIDTHS if w >= part.shape[1])
            sweeps.to_rows(part, self.room(width))
            sweeps.of_rows(self.on_rows(width), out[:, first : first + WIDTHS[-1]])
        return out

    def room(self, width: int) -> Floats:
        """Rows (≥ n, 2, width) to be filled for `on_rows`."""
        return self._rows.room(width)[: self._rows.starts[1]]

    def numbers(self, width: int) -> Complex:
        """The same as complex numbers (≥ n, width), where every column has a shift of its own."""
        return _numbers(self.room(width))

    def on_rows(self, width: int) -> Floats:
        """≈ the inverse on the rows of `room`, in their place."""
        last = self._few, (0.0,) * (2 * width), self._rows.room(width).reshape(-1)
        _sweeps().down(*self.descent, *last)
        self.coarsest(width)
        _sweeps().up(*self.ascent, *last)
        return self.room(width)

    @property
    def descent(self) -> tuple[Any, ...]:
        """What `kernels.multigrid.descend` takes before the columns."""
        rows = self._rows
        return rows.order, rows.lower, rows.before, rows.starts[1], self._inverse

    @property
    def ascent(self) -> tuple[Any, ...]:
        """What `ascend` takes."""
        rows = self._rows
        return rows.order, rows.upper, rows.before, self._inverse

    def coarsest(self, width: int) -> None:
        """Between the two, on the coarsest level."""
        rows = self._rows
        x = rows.room(width)
        if self._factorised:
            self._by_factors(x[rows.coarsest])
        else:
            last = self._few, (0.0,) * (2 * width), x.reshape(-1)
            _sweeps().coarsest(rows.coarsest.start, self._inverted, *last)

    def _by_factors(self, x: Floats) -> None:
        """The coarsest level."""
        if self._each:
            columns = _numbers(x)
            for k, inverse in enumerate(self._factorised):
                columns[:, k : k + 1] = inverse(columns[:, k : k + 1].astype(complex))
            return
        solved = self._factorised[0](x[:, 0] + 1j * x[:, 1].astype(float))
        x[:, 0], x[:, 1] = solved.real, solved.imag


def _numbers(rows: Floats) -> Complex:
    """Rows (n, 2, width) that hold complex numbers as they are, (n, width)."""
    return rows.reshape(len(rows), -1).view(np.result_type(rows.dtype, np.complex64))


def _sweeps() -> Any:
    from usadel_fem.kernels import multigrid

    return multigrid


def _product(one: sparse.csr_matrix, two: sparse.csr_matrix) -> sparse.csr_matrix:
    """Without the entries that round to zero: on regular meshes many do."""
    entries, sizes = _sorted(one @ two), abs(one) @ abs(two)
    return _sorted(entries.multiply(abs(entries) > ROUNDING * sizes))


def _sorted(matrix: Any) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix(matrix, dtype=float)
    matrix.sort_indices()
    return matrix
