"""A Krylov basis of complex vectors all in single precision, also while they are orthogonalised."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.krylov import Basis


class SingleBasis(Basis):
    """For vectors of complex64, without copies; see `kernels.orthogonal` for their length."""

    def __init__(self, most: int, like: Complex, rooms: Rooms) -> None:
        from usadel_fem.kernels import orthogonal

        super().__init__(most, like, like.dtype, rooms)
        self.scalar, self._kernels = np.dtype(complex), orthogonal
        self._floats = self._vectors.view(np.float32).reshape(-1)

    def append(self, v: Complex, height: float) -> None:
        """See `Basis`."""
        self._kernels.scale(_floats(v), 1 / height, _floats(self._vectors[self.count]))
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
        """See `Basis`."""
        total = np.zeros_like(self._like)
        self._kernels.remove(self._floats, c.size, (-c).astype(complex).view(float), _floats(total))
        return total


def _floats(v: Complex) -> Complex:
    return v.view(np.float32)
