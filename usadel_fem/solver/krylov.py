"""GMRES with the Gram–Schmidt work done by matrix products: on small systems that is most of its time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from usadel_fem.physics.nambu import Complex

SINGLE_ABOVE = 1_000_000
"""Unknowns above which the basis is kept in single precision: half of what is stored and read."""

GAIN = {True: 1e-4, False: 1e-14}
"""What a cycle in single or in double precision gains at most before its rounding is felt."""

_SINGLE = {"d": np.dtype(np.float32), "D": np.dtype(np.complex64)}

SHRUNK = 0.1
"""A vector that one orthogonalisation leaves shorter than this is orthogonalised again."""


def gmres(
    apply: Callable[[Complex], Complex], right: Complex, tolerance: float, restart: int, most: int
) -> tuple[Complex, int, bool]:
    """x with apply(x) ≈ right (n,), the number of steps, and whether the tolerance is reached.

    Args:
        apply: a linear map of vectors, real or complex as `right` is.
        tolerance: on the norm of the residual, relative to that of `right`.
        restart: steps of a cycle.
        most: steps in all; the best x so far is returned after them.

    >>> matrix = np.diag(np.arange(1.0, 6.0)) + 0.3j
    >>> x, count, ok = gmres(lambda v: matrix @ v, np.ones(5, dtype=complex), 1e-12, 10, 20)
    >>> bool(np.allclose(matrix @ x, 1)), count, ok
    (True, 5, True)
    """
    x, count, residual = np.zeros_like(right), 0, right
    size = float(np.linalg.norm(right))
    target = tolerance * size
    single = right.size > SINGLE_ABOVE
    precision = _SINGLE[right.dtype.char] if single else right.dtype
    while size > target and count < most:
        steps = min(restart, right.size, most - count)
        goal = max(target, GAIN[single] * size)
        step, steps, size = _cycle(apply, residual, goal, steps, precision)
        x, count = x + step, count + steps
        if steps == 0 or size <= target:
            break
        residual = right - apply(x)
        size = float(np.linalg.norm(residual))
    return x, count, size <= target


def _cycle(
    apply: Callable[[Complex], Complex], right: Complex, target: float, most: int, precision: DTypeLike
) -> tuple[Complex, int, float]:
    """One cycle from x = 0, its steps, and the norm of the residual as the recurrence knows it."""
    size = float(np.linalg.norm(right))
    basis = np.empty((most + 1, right.size), dtype=precision)
    basis[0] = right / size
    triangle = np.zeros((most, most), dtype=right.dtype)
    rotation, rhs = np.eye(most + 1, dtype=right.dtype), np.zeros(most + 1, dtype=right.dtype)
    rhs[0] = size
    done = 0
    for k in range(most):
        v = apply(basis[k].astype(right.dtype, copy=False))
        scale = float(np.linalg.norm(v))
        v, column, height = _orthogonal(v, basis[: k + 1], scale)
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
        basis[done] = v / height
    y = np.linalg.solve(triangle[:done, :done], rhs[:done]) if done else rhs[:0]
    return (y.astype(precision) @ basis[:done]).astype(right.dtype), done, float(abs(rhs[done]))


def _orthogonal(v: Complex, basis: Complex, scale: float) -> tuple[Complex, Complex, float]:
    """v less its part in the span of orthonormal rows, its coefficients, the norm of the rest."""
    total = np.zeros(basis.shape[0], dtype=v.dtype)
    for _ in range(2):
        c = np.conj(basis @ np.conj(v).astype(basis.dtype, copy=False))
        v = v - c @ basis
        total += c
        height = float(np.linalg.norm(v))
        if height > SHRUNK * scale:
            break
    return v, total, height
