"""SuperLU with one thread, on a few columns at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from threadpoolctl import ThreadpoolController

from usadel_fem.physics.nambu import Complex


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """SuperLU collapses under a threaded BLAS; looking the libraries up again each time costs more than a
    small factorisation."""
    return _controller().limit(limits=1)


class Factorisation:
    """A factorisation that acts on columns (n, k), real or complex as the matrix is, best one after the other
    in memory."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        with one_thread():
            self._inverse: Any = splu(
                matrix.tocsc(),
                options={"SymmetricMode": True},
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.01,
            )
        self._at_once = 4 if np.iscomplexobj(matrix.data) else 32

    def __call__(self, columns: Complex) -> Complex:
        """Four complex columns at a time, at no cost: BLAS rounds the last ones of 16 otherwise than the
        first, and symmetries between them would hold to rounding only (h = 10⁻¹³ below a gap needs more)."""
        groups = range(0, columns.shape[1], self._at_once)
        return np.concatenate(
            [self._inverse.solve(columns[:, k : k + self._at_once]) for k in groups], axis=1
        )
