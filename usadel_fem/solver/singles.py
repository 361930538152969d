"""Krylov bases of complex vectors all in single precision, also while they are orthogonalised."""

from __future__ import annotations

from typing import Any

import numpy as np

from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.krylov import SHRUNK, Basis

SMALLEST = 1e-3
"""Of what projections may leave of a vector: below, rounding hides how much it is."""


class SingleBasis(Basis):
    """For vectors of complex64, without copies; see `kernels.orthogonal` for their length."""

    def __init__(self, most: int, like: Complex, rooms: Rooms) -> None:
        super().__init__(most, like, like.dtype, rooms)
        self.scalar, self._kernels = np.dtype(complex), self._found()
        self._left: Any = None
        self._norms = np.ones(most)
        self._floats, self._sum = _floats(self._vectors).reshape(-1), rooms.empty(like.size, like.dtype)

    @staticmethod
    def _found() -> Any:
        """The kernels of this layout."""
        from usadel_fem.kernels import orthogonal

        return orthogonal

    def append(self, v: Complex, height: float) -> None:
        """See `Basis`; what `orthogonal` has left stands there already."""
        if v is not self._left:
            np.multiply(_floats(v), np.float32(1 / height), out=_floats(self._vectors[self.count]))
            self._norms[self.count] = 1.0
        self.count += 1

    def last(self) -> Complex:
        """See `Basis`; it must not be changed."""
        return self._vectors[self.count - 1]

    def orthogonal(self, v: Complex) -> tuple[Complex, Complex, float, float]:
        """See `Basis`, for the image v of the last vector.

        What is left is divided by its norm, as the coefficients tell it, before it is written. That is not
        exact: vectors have the norms `_norms`, which all coefficients take into account.
        """
        self._left, norms = self._vectors[self.count], self._norms[: self.count]
        total, rest, scale = np.zeros(self.count, dtype=complex), 1 / norms[-1], 0.0
        for k in range(2):
            c, size = self._project(v)
            c, scale = c / norms, scale if k else size
            left = np.sqrt(max(size**2 - float(np.vdot(c, c).real), (SMALLEST * size) ** 2)) or 1.0
            total += rest * c
            rest *= left
            self._norms[self.count] = self._written(c / norms, v, 1 / left, self._left)
            if self._norms[self.count] * left > SHRUNK * size:
                break
            v = self._left
        return self._left, total, rest * self._norms[self.count], scale

    def _project(self, v: Complex) -> tuple[Complex, float]:
        c = np.empty(self.count, dtype=complex)
        square = self._kernels.project(self._floats, self.count, _floats(v), c.view(float))
        return c, float(np.sqrt(square))

    def _written(self, c: Complex, v: Complex, factor: float, out: Complex) -> float:
        """(v − Σ_j c_j b_j)·factor into `out`; its norm."""
        factors, vectors = c.astype(complex).view(float), (_floats(v), factor, _floats(out))
        return float(np.sqrt(self._kernels.remove(self._floats, c.size, factors, *vectors)))

    def combination(self, c: Complex) -> Complex:
        """See `Basis`; valid until the next call."""
        self._sum.fill(0)
        self._written(-c / self._norms[: c.size], self._sum, 1.0, self._sum)
        return self._sum


class TileBasis(SingleBasis):
    """For vectors of `kernels.tiles`, complex numbers in real arrays."""

    @staticmethod
    def _found() -> Any:
        from usadel_fem.kernels import reduction

        return reduction


def _floats(v: Complex) -> Complex:
    return v.view(np.float32)
