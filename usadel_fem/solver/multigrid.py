"""A multigrid cycle for many columns at once: the hierarchy is PyAMG's, the smoothing damped Jacobi.

PyAMG's own cycle takes one column after another; sparse matrix × dense block products take all of them in
the time of a few.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyamg
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem.physics.nambu import Complex

SWEEPS = 2
"""Jacobi sweeps before and after the coarse correction."""

COARSEST = 500
"""Unknowns that are factorised."""


class Multigrid:
    """Approximates A⁻¹ for A = K/2 + a real or complex diagonal; the aggregates are those of its modulus."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        size = matrix.real + sparse.diags(np.abs(matrix.diagonal().imag))
        levels = pyamg.smoothed_aggregation_solver(sparse.csr_matrix(size), max_coarse=COARSEST).levels
        self._down = [sparse.csr_matrix(level.P.T) for level in levels[:-1]]
        self._up = [sparse.csr_matrix(level.P) for level in levels[:-1]]
        self._matrices = [sparse.csr_matrix(matrix)]
        for up, down in zip(self._up, self._down, strict=True):
            self._matrices.append(sparse.csr_matrix(down @ self._matrices[-1] @ up))
        self._damped = [_damped_inverse(a) for a in self._matrices[:-1]]
        self._coarsest: Any = splu(self._matrices[-1].tocsc())

    def solve(self, columns: Complex) -> Complex:
        """One V-cycle on (n, k)."""
        return self._cycle(0, np.ascontiguousarray(columns))

    def _cycle(self, level: int, right: Complex) -> Complex:
        if level == len(self._up):
            return np.ascontiguousarray(self._coarsest.solve(right))
        matrix, damped = self._matrices[level], self._damped[level]
        x = damped * right
        for _ in range(SWEEPS - 1):
            x += damped * (right - matrix @ x)
        x += self._up[level] @ self._cycle(level + 1, self._down[level] @ (right - matrix @ x))
        for _ in range(SWEEPS):
            x += damped * (right - matrix @ x)
        return x


def _damped_inverse(matrix: sparse.csr_matrix) -> Complex:
    """ω/a_ii with ω = 4/3 over a bound of the largest eigenvalue of D⁻¹A, the maximum row sum, (n, 1)."""
    inverse = 1 / matrix.diagonal()
    largest = float(np.max(np.abs(inverse) * np.asarray(abs(matrix).sum(axis=1)).ravel()))
    return (4 / 3 / largest * inverse)[:, None]
