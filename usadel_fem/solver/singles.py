"""Krylov bases of complex vectors all in single precision, also while they are orthogonalised."""

from __future__ import annotations

from typing import Any

import numpy as np

from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.krylov import Basis


class SingleBasis(Basis):
    """For vectors of complex64, without copies; see `kernels.orthogonal` for their length."""

    def __init__(self, most: int, like: Complex, rooms: Rooms) -> None:
        super().__init__(most, like, like.dtype, rooms)
        self.scalar, self._kernels = np.dtype(complex), self._found()
        self._floats, self._sum = _floats(self._vectors).reshape(-1), rooms.empty(like.size, like.dtype)

    @staticmethod
    def _found() -> Any:
        """The kernels of this layout."""
        from usadel_fem.kernels import orthogonal

        return orthogonal

    def append(self, v: Complex, height: float) -> None:
        """See `Basis`."""
        np.multiply(_floats(v), np.float32(1 / height), out=_floats(self._vectors[self.count]))
        self.count += 1

    def last(self) -> Complex:
        """See `Basis`; it must not be changed."""
        return self._vectors[self.count - 1]

    def _project(self, v: Complex) -> tuple[Complex, float]:
        c = np.empty(self.count, dtype=complex)
        square = self._kernels.project(self._floats, self.count, _floats(v), c.view(float))
        return c, float(np.sqrt(square))

    def _remove(self, c: Complex, v: Complex) -> tuple[Complex, float]:
        """In place."""
        square = self._kernels.remove(self._floats, self.count, c.view(float), _floats(v))
        return v, float(np.sqrt(square))

    def combination(self, c: Complex) -> Complex:
        """See `Basis`; valid until the next call."""
        self._sum.fill(0)
        total = _floats(self._sum)
        self._kernels.remove(self._floats, c.size, (-c).astype(complex).view(float), total)
        return self._sum


class TileBasis(SingleBasis):
    """For vectors of `kernels.tiles`, complex numbers in real arrays."""

    @staticmethod
    def _found() -> Any:
        from usadel_fem.kernels import reduction

        return reduction


def _floats(v: Complex) -> Complex:
    return v.view(np.float32)
