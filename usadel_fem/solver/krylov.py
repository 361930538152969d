"""GMRES with the Gram–Schmidt work done by matrix products: on small systems that is most of its time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from usadel_fem.physics.nambu import Real


def gmres(
    apply: Callable[[Real], Real], right: Real, tolerance: float, restart: int, cycles: int
) -> tuple[Real, int]:
    """x with apply(x) ≈ right (n,), and the number of applications.

    Args:
        tolerance: on the norm of the residual, relative to that of `right`.
        restart: steps of a cycle.
        cycles: most cycles; the best x so far is returned after them.

    >>> matrix = np.diag(np.arange(1.0, 6.0)) + 0.3
    >>> x, count = gmres(lambda v: matrix @ v, np.ones(5), 1e-12, 10, 1)
    >>> bool(np.allclose(matrix @ x, 1)), count
    (True, 5)
    """
    x, count = np.zeros_like(right), 0
    target = tolerance * float(np.linalg.norm(right))
    residual = right
    for _ in range(cycles):
        if float(np.linalg.norm(residual)) <= target:
            break
        step, steps = _cycle(apply, residual, target, min(restart, right.size))
        x = x + step
        residual = right - apply(x)
        count += steps
    return x, count


def _cycle(apply: Callable[[Real], Real], right: Real, target: float, steps: int) -> tuple[Real, int]:
    """One cycle from x = 0; it ends where the residual is estimated to be below the target."""
    size = float(np.linalg.norm(right))
    basis = np.empty((steps + 1, right.size))
    basis[0] = right / size
    hessenberg = np.zeros((steps + 1, steps))
    triangle, rhs = np.zeros((steps, steps)), np.zeros(steps + 1)
    rhs[0] = size
    rotation = np.eye(steps + 1)
    done = 0
    for k in range(steps):
        v = apply(basis[k])
        scale = float(np.linalg.norm(v))
        for _ in range(2):  # twice is enough for orthogonality to rounding
            c = basis[: k + 1] @ v
            v = v - c @ basis[: k + 1]
            hessenberg[: k + 1, k] += c
        height = float(np.linalg.norm(v))
        column = rotation[: k + 1, : k + 1] @ hessenberg[: k + 1, k]
        length = float(np.hypot(column[k], height))
        if length == 0.0:
            break
        cosine, sine = column[k] / length, height / length
        upper, lower = rotation[k].copy(), rotation[k + 1].copy()
        rotation[k], rotation[k + 1] = cosine * upper + sine * lower, cosine * lower - sine * upper
        triangle[:k, k], triangle[k, k] = column[:k], length
        rhs[k], rhs[k + 1] = cosine * rhs[k], -sine * rhs[k]
        done = k + 1
        if abs(rhs[done]) <= target or height <= 1e-15 * scale:
            break
        basis[done] = v / height
    y = np.linalg.solve(triangle[:done, :done], rhs[:done]) if done else np.zeros(0)
    return y @ basis[:done], done
