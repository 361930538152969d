"""The rightmost eigenvalue of a matrix known by its products, by Arnoldi's method restarted in Schur vectors.

G. W. Stewart, SIAM J. Matrix Anal. Appl. 23, 601 (2002).  Products may be the less accurate the smaller the
residual has become (V. Simoncini, SIAM J. Numer. Anal. 43, 1155 (2005)): most of them are cheap then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import schur

from usadel_fem.physics.nambu import Complex

SIZE, KEPT = 40, 10
"""Vectors of the space, and those that a restart keeps."""

TIGHTEST, LOOSEST = 0.1, 1e-2
"""Accuracy of the first product in tolerances, and that of any product."""


def rightmost(
    apply: Callable[[Complex, float], Complex], start: Complex, tolerance: float, most: int = 1000
) -> tuple[complex, Complex]:
    """The eigenvalue of largest real part, and its normalised eigenvector (n,).

    Args:
        apply: x (n,) of norm 1 and an accuracy ↦ the product with x, to that accuracy relative to its norm.
        start: (n,), with a part in every eigenvector that may be the one.
        tolerance: on the norm of the residual, relative to the eigenvalue.
        most: products.

    Raises:
        ArithmeticError: if the tolerance is not reached.

    >>> matrix = np.diag([1.0, 3.0, 2.0j])
    >>> value, vector = rightmost(lambda x, accuracy: matrix @ x, np.ones(3), 1e-12)
    >>> round(value.real, 9), np.round(np.abs(vector), 9).tolist()
    (3.0, [0.0, 1.0, 0.0])
    """
    size = min(SIZE, start.size)
    basis = np.zeros((size + 1, start.size), dtype=complex)
    matrix = np.zeros((size + 1, size), dtype=complex)
    basis[0] = start / np.linalg.norm(start)
    done, residual = 0, 1.0
    for _ in range(most):
        v = apply(basis[done], min(TIGHTEST * tolerance / min(residual, 1.0), LOOSEST))
        scale = float(np.linalg.norm(v))
        for _ in range(2):  # once is not enough where little is left
            part = np.conj(basis[: done + 1]) @ v
            v = v - part @ basis[: done + 1]
            matrix[: done + 1, done] += part
        matrix[done + 1, done] = height = float(np.linalg.norm(v))
        done += 1
        values, vectors = np.linalg.eig(matrix[:done, :done])
        best = int(np.argmax(values.real))
        residual = float(np.abs(matrix[done, :done] @ vectors[:, best]) / (np.abs(values[best]) or 1.0))
        if residual <= tolerance or height <= 1e-14 * scale or done == start.size:
            return complex(values[best]), vectors[:, best] @ basis[:done]
        basis[done] = v / height
        if done == size:
            done = _restart(basis, matrix)
    raise ArithmeticError(f"no eigenvalue to {tolerance:g} after {most} products; {residual:.1e} reached")


def _restart(basis: Complex, matrix: Complex) -> int:
    """Keep the Schur vectors of the rightmost eigenvalues, and the vector after the last; their number."""
    size = matrix.shape[1]
    least = np.sort(np.linalg.eigvals(matrix[:size]).real)[-min(KEPT, size - 1)]
    triangle, turn, kept = schur(matrix[:size], output="complex", sort=lambda x: x.real >= least)
    kept = min(max(kept, 1), size - 1)
    row = matrix[size] @ turn[:, :kept]
    basis[:kept], basis[kept] = turn[:, :kept].T @ basis[:size], basis[size]
    matrix[:] = 0.0
    matrix[:kept, :kept], matrix[kept, :kept] = triangle[:kept, :kept], row
    return kept
