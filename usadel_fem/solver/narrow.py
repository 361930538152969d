"""Multigrid cycles on a few columns, each with a shift s of its own: (K/2 + s_l)⁻¹ for l = 1 … L."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem import kernels
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.multigrid import SLOWEST, Hierarchy, interpolation

COARSEST = 60
"""Unknowns that are factorised: a sweep over a few hundred takes less time than solving them."""

PRECISION = np.float32
"""Of the sweeps: enough for a preconditioner."""

Array = NDArray[Any]


class NarrowHierarchy:
    """The levels of a real symmetric matrix, see `Hierarchy`, for columns (n, L).

    Args:
        matrix: see there.
        first: interpolation to it from a coarser level, if one is known that is better than aggregation.
    """

    def __init__(self, matrix: sparse.csr_matrix, first: sparse.csr_matrix | None = None) -> None:
        self._finest, self._levels = matrix, list[NarrowLevel]()
        if kernels.compiled() is None:
            return
        up = first
        while matrix.shape[0] > COARSEST:
            up = interpolation(matrix) if up is None else up
            if up.shape[1] > SLOWEST * matrix.shape[0]:
                break
            self._levels.append(NarrowLevel(matrix, up))
            matrix, up = sparse.csr_matrix(up.T @ matrix @ up), None
        self._coarsest = matrix

    @cached_property
    def _plain(self) -> Hierarchy:
        return Hierarchy(self._finest)

    def inverse(self, shifts: Complex) -> Any:
        """Approximates (matrix + diag(s_l))⁻¹ on column l, shifts (n, L)."""
        if kernels.compiled() is None:
            return ColumnByColumn([self._plain.inverse(shift) for shift in np.asarray(shifts.T, complex)])
        return NarrowCycle(self._levels, self._coarsest, shifts)


class NarrowLevel:
    """A matrix without its diagonal and the interpolation, as the kernels take them."""

    def __init__(self, matrix: sparse.csr_matrix, up: sparse.csr_matrix) -> None:
        self.diagonal = matrix.diagonal()
        couplings = sparse.csr_matrix(matrix - sparse.diags(self.diagonal))
        couplings.eliminate_zeros()
        couplings.sort_indices()
        indptr, indices, nodes = couplings.indptr, couplings.indices, np.arange(self.diagonal.size)
        rows = np.repeat(nodes, np.diff(indptr))
        before = np.bincount(rows[indices < rows], minlength=nodes.size)
        some = np.flatnonzero(np.diff(indptr))
        self.first, self.last = nodes.copy(), nodes.copy()
        self.first[some] = np.minimum(nodes[some], indices[indptr[some]])
        self.last[some] = np.maximum(nodes[some], indices[indptr[some + 1] - 1])
        self.matrix = indptr, indices, couplings.data.astype(PRECISION)
        self.middle = (indptr[:-1] + before).astype(indptr.dtype)
        self.up, self.row_sums = up, np.asarray(up @ np.ones(up.shape[1]))[:, None]
        self.interpolation = up.indptr, up.indices, up.data.astype(PRECISION)


class NarrowCycle:
    """One V-cycle, the compiled twin of `multigrid.Cycle` for each column."""

    def __init__(self, levels: list[NarrowLevel], coarsest: sparse.csr_matrix, shifts: Complex) -> None:
        count = shifts.shape[1]
        self._levels, self._like, self._inverses, self._rooms = levels, (0.0,) * (2 * count), [], []
        for level in levels:
            inverse = 1 / (level.diagonal[:, None] + shifts)
            rows = np.stack([inverse.real, inverse.real, inverse.imag, inverse.imag], axis=-1)
            rows = rows.reshape(-1, count, 2, 2).swapaxes(1, 2)
            self._inverses.append(np.ascontiguousarray(rows, dtype=PRECISION).reshape(-1))
            size, coarse = level.up.shape
            self._rooms.append(
                (np.empty(2 * count * size, PRECISION), np.empty(2 * count * coarse, PRECISION))
            )
            shifts = level.up.T @ (shifts * level.row_sums)
        self._coarsest = [
            splu((coarsest + sparse.diags(shift)).tocsc()) for shift in shifts.T.astype(complex)
        ]

    def __call__(self, columns: Complex) -> Complex:
        """≈ the inverse on (n, L)."""
        sweeps = _compiled_sweeps()
        right = np.ascontiguousarray(columns, dtype=complex).view(float).reshape(-1).astype(PRECISION)
        steps = []
        for level, inverse, (x, coarse) in zip(self._levels, self._inverses, self._rooms, strict=True):
            indptr, indices, data = level.matrix
            sweeps.down(
                indptr, level.middle, indices, data, level.last, inverse, *level.interpolation,
                self._like, right, x, coarse,
            )  # fmt: skip
            steps.append((level, inverse, right, x))
            right = coarse
        x = self._on_coarsest(right)
        for level, inverse, right, fine in reversed(steps):
            sweeps.up(*level.matrix, level.first, inverse, *level.interpolation, self._like, right, x, fine)
            x = fine
        return x.astype(float).view(complex).reshape(columns.shape)

    def _on_coarsest(self, right: Array) -> Array:
        columns = right.astype(float).view(complex).reshape(-1, len(self._coarsest))
        solved = [inverse.solve(column) for inverse, column in zip(self._coarsest, columns.T, strict=True)]
        return np.stack(solved, axis=1).view(float).reshape(-1).astype(PRECISION)


class ColumnByColumn:
    """An inverse for every column."""

    def __init__(self, inverses: list[Any]) -> None:
        self._inverses = inverses

    def __call__(self, columns: Complex) -> Complex:
        pairs = zip(self._inverses, np.split(columns, columns.shape[1], axis=1), strict=True)
        return np.concatenate([inverse(np.ascontiguousarray(column)) for inverse, column in pairs], axis=1)


def _compiled_sweeps() -> Any:
    from usadel_fem.kernels import narrow

    return narrow
