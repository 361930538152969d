"""GMRES with the Gram–Schmidt work done by matrix products: on small systems that is most of its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from usadel_fem import kernels
from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex

SINGLE_ABOVE = 1e-5
"""Tolerance above which the basis is kept in single precision: half of what is stored and read."""

GAIN = {True: 1e-5, False: 1e-14}
"""What a cycle in single or in double precision gains at most before its rounding is felt."""

_SINGLE = {"d": np.dtype(np.float32), "D": np.dtype(np.complex64)}

LONGEST = 2**16
"""Squares that are summed in the precision of a vector."""

SHRUNK = 0.1
"""A vector that one orthogonalisation leaves shorter than this is orthogonalised again."""


def gmres(
    apply: Callable[[Complex], Complex],
    right: Complex,
    tolerance: float,
    restart: int,
    most: int,
    rooms: Rooms | None = None,
    basis: Callable[[int], Basis] | None = None,
    longest: float = np.inf,
) -> tuple[Complex, int, bool]:
    """x with apply(x) ≈ right (n,), the number of steps, and whether the tolerance is reached.

    Args:
        apply: a linear map of vectors, real or complex as `right` is; it may return the same array each time.
        tolerance: on the norm of the residual, relative to that of `right`.
        restart: steps of a cycle.
        most: steps in all; the best x so far is returned after them.
        rooms: where memory for the basis is kept.
        basis: makes the one to take, empty, for so many vectors; else by the tolerance.
        longest: no cycle follows one after which a number of x is larger.

    >>> matrix = np.diag(np.arange(1.0, 6.0)) + 0.3j
    >>> x, count, ok = gmres(lambda v: matrix @ v, np.ones(5, dtype=complex), 1e-12, 10, 20)
    >>> bool(np.allclose(matrix @ x, 1)), count, ok
    (True, 5, True)
    """
    rooms = Rooms() if rooms is None else rooms
    x, count, residual = None, 0, right
    size = _norm(right)
    target, single = tolerance * size, basis is not None or tolerance > SINGLE_ABOVE
    if basis is None:
        precision = _SINGLE[right.dtype.char] if single else right.dtype
        basis = partial(_basis, like=right, precision=precision, rooms=rooms)
    while size > target and count < most:
        steps = min(restart, right.size, most - count)
        goal = max(target, GAIN[single] * size)
        step, steps, size = _cycle(apply, residual, size, goal, steps, basis(restart + 1))
        x, count = step if x is None else x + step, count + steps
        if steps == 0 or size <= target or np.abs(x).max() > longest:
            break
        residual = right - apply(x)
        size = _norm(residual)
    return np.zeros_like(right) if x is None else x, count, size <= target


def _norm(x: Complex) -> float:
    """In single precision a sum of so many squares would be wrong by percents on large meshes."""
    parts = x.reshape(-1).view(x.real.dtype)
    sums = [float(np.dot(part, part)) for part in np.split(parts, range(LONGEST, parts.size, LONGEST))]
    return float(np.sqrt(sum(sums)))


def _cycle(
    apply: Callable[[Complex], Complex], right: Complex, size: float, target: float, most: int, basis: Basis
) -> tuple[Complex, int, float]:
    """One cycle from x = 0 for a right side of that size, its steps, and the norm of the residual as the
    recurrence knows it."""
    basis.append(right, size)
    triangle = np.zeros((most, most), dtype=basis.scalar)
    rotation, rhs = np.eye(most + 1, dtype=basis.scalar), np.zeros(most + 1, dtype=basis.scalar)
    rhs[0] = size
    done = 0
    for k in range(most):
        v, column, height, scale = basis.orthogonal(apply(basis.last()))
        column = rotation[: k + 1, : k + 1] @ column
        length = float(np.hypot(abs(column[k]), height))
        if not length > 0.0:
            break
        cosine, sine = column[k] / length, height / length
        upper, lower = rotation[k].copy(), rotation[k + 1].copy()
        rotation[k] = np.conj(cosine) * upper + sine * lower
        rotation[k + 1] = cosine * lower - sine * upper
        triangle[:k, k], triangle[k, k] = column[:k], length
        rhs[k], rhs[k + 1] = np.conj(cosine) * rhs[k], -sine * rhs[k]
        done = k + 1
        if abs(rhs[done]) <= target or height <= 1e-15 * scale:
            break
        basis.append(v, height)
    y = np.linalg.solve(triangle[:done, :done], rhs[:done]) if done else rhs[:0]
    return basis.combination(y), done, float(abs(rhs[done]))


def _basis(most: int, like: Complex, precision: DTypeLike, rooms: Rooms) -> Basis:
    fast = kernels.compiled() is not None and np.iscomplexobj(like)
    return (CompiledBasis if fast else Basis)(most, like, precision, rooms)


class Basis:
    """Orthonormal vectors, as yet none of at most `most`, that are alike in size and kind to one given."""

    def __init__(self, most: int, like: Complex, precision: DTypeLike, rooms: Rooms) -> None:
        self.count, self._like, self.scalar = 0, like, like.dtype
        self._vectors = rooms.empty((most, like.size), precision)

    def append(self, v: Complex, height: float) -> None:
        """v/height becomes the last vector."""
        np.multiply(v, 1 / height, out=self._vectors[self.count], casting="same_kind")
        self.count += 1

    def last(self) -> Complex:
        """The last vector in the precision of the problem."""
        return self._vectors[self.count - 1].astype(self._like.dtype)

    def orthogonal(self, v: Complex) -> tuple[Complex, Complex, float, float]:
        """v less its part in the span, its coefficients, the norm of the rest and of v."""
        total = np.zeros(self.count, dtype=self.scalar)
        scale = 0.0
        for k in range(2):
            c, before = self._project(v)
            scale = scale if k else before
            v, height = self._remove(c, v)
            total += c
            if height > SHRUNK * scale:
                break
        return v, total, height, scale

    def _project(self, v: Complex) -> tuple[Complex, float]:
        c = np.conj(self._vectors[: self.count] @ np.conj(v).astype(self._vectors.dtype, copy=False))
        return c, float(np.linalg.norm(v))

    def _remove(self, c: Complex, v: Complex) -> tuple[Complex, float]:
        v = v - c @ self._vectors[: self.count]
        return v, float(np.linalg.norm(v))

    def combination(self, c: Complex) -> Complex:
        """Σ_j c_j b_j of the first vectors."""
        total = c.astype(self._vectors.dtype) @ self._vectors[: c.size]
        return np.asarray(total.astype(self._like.dtype))


class CompiledBasis(Basis):
    """The same for complex vectors; they are padded with zeros."""

    def __init__(self, most: int, like: Complex, precision: DTypeLike, rooms: Rooms) -> None:
        from usadel_fem.kernels import krylov

        self._kernels = krylov
        chunk = krylov.CHUNK // 2
        size = -(-like.size // chunk) * chunk
        self._size, self._work = like.size, rooms.zeros(size, like.dtype)
        super().__init__(most, self._work, precision, rooms)
        self._floats = self._vectors.view(self._vectors.real.dtype).reshape(-1)
        self._vector = rooms.empty(like.size, like.dtype)

    def append(self, v: Complex, height: float) -> None:
        """See `Basis`."""
        row = self._vectors[self.count]
        row[self._size :] = 0.0
        np.multiply(v[: self._size], 1 / height, out=row[: self._size], casting="same_kind")
        self.count += 1

    def last(self) -> Complex:
        """See `Basis`; valid until the next call."""
        self._vector[:] = self._vectors[self.count - 1, : self._size]
        return self._vector

    def orthogonal(self, v: Complex) -> tuple[Complex, Complex, float, float]:
        """See `Basis`; the vector is valid until the next call."""
        self._work[: self._size] = v
        return super().orthogonal(self._work)

    def _project(self, v: Complex) -> tuple[Complex, float]:
        c = np.empty(self.count, dtype=complex)
        square = self._kernels.project(self._floats, self.count, v.view(float), c.view(float))
        return c, float(np.sqrt(square))

    def _remove(self, c: Complex, v: Complex) -> tuple[Complex, float]:
        return v, float(np.sqrt(self._kernels.remove(self._floats, self.count, c.view(float), v.view(float))))

    def combination(self, c: Complex) -> Complex:
        """See `Basis`."""
        self._kernels.combine(self._floats, c.size, c.astype(complex).view(float), self._work.view(float))
        return self._work[: self._size].copy()
