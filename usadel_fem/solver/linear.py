"""Linear solvers of a Newton step: GMRES with one real scalar matrix as preconditioner, or SuperLU.

The scalar matrix is K/2 plus a mass of the local energy scale; its factorisation (a multigrid hierarchy
for large 3D meshes) acts on all 16 matrix components at once and serves every Newton step, every
component and all energies of similar size.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, gmres, splu
from threadpoolctl import ThreadpoolController

from usadel_fem.action import Linearisation, pair, unpair
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.physics.nambu import TAU3_DIAGONAL, Complex, Real

MULTIGRID_ABOVE = 20_000
"""Unknowns of a 3D scalar matrix above which a hierarchy replaces the factorisation."""

RESHIFT = 3.0
"""A change of |ε| by more than this factor asks for a new scalar matrix."""


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """SuperLU collapses under a threaded BLAS; looking the libraries up again each time costs more than a
    small factorisation."""
    return _controller().limit(limits=1)


class ScalarInverse:
    """Applies (K/2 + shift)⁻¹ on the free nodes to many real columns at once."""

    def __init__(self, matrix: sparse.csr_matrix, dimension: int) -> None:
        self._hierarchy = None
        if dimension == 3 and matrix.shape[0] > MULTIGRID_ABOVE:
            import pyamg

            self._hierarchy = pyamg.smoothed_aggregation_solver(matrix.tocsr())
        else:
            with one_thread():
                self._lu = splu(
                    matrix.tocsc(),
                    options={"SymmetricMode": True},
                    permc_spec="MMD_AT_PLUS_A",
                    diag_pivot_thresh=0.01,
                )

    def __call__(self, columns: Real) -> Real:
        if self._hierarchy is None:
            return np.asarray(self._lu.solve(columns))
        cycle = self._hierarchy.aspreconditioner(cycle="V")
        return np.column_stack([cycle @ columns[:, k] for k in range(columns.shape[1])])


@dataclass
class ScalarPreconditioner:
    """H⁻¹ ≈ frames · (K/2 + |ε|M + scale)⁻¹ · frames, with the scalar inverse kept between energies."""

    forms: Forms
    free: Index
    dimension: int
    _shift: float = field(default=0.0, init=False)
    _inverse: ScalarInverse | None = field(default=None, init=False)

    def prepare(self, energy: complex) -> None:
        """Factorise for energies of the size of `energy`, unless that has been done."""
        size = max(abs(energy), self._least())
        if self._inverse is not None and 1 / RESHIFT < size / self._shift < RESHIFT:
            return
        matrix = 0.5 * self.forms.scalar_stiffness + size * self.forms.mass + self.forms.scale
        self._inverse = ScalarInverse(matrix[self.free][:, self.free], self.dimension)
        self._shift = size

    def _least(self) -> float:
        """A shift where ε = 0: of a self-consistent Δ, which `scale` does not know, or the mean Γ.

        K alone is singular on an island that no terminal holds.
        """
        forms = self.forms
        gap = 0.0 if forms.pairing is None else float(forms.pairing.tc.max())
        width = float(forms.consistent.dynes.sum() / forms.consistent.weight.sum())
        return max(gap, width, 1e-12)

    def apply(self, m: Complex, inverse: Complex, residual: Complex) -> Complex:
        """w ≈ H⁻¹r on the free nodes, r and w (n, 2, 2, 2); m and inverse are their frames."""
        assert self._inverse is not None
        x = unpair(_swap(residual), 1.0, 1.0)
        force = -0.5 * m @ (x * TAU3_DIAGONAL) @ inverse
        flat = np.ascontiguousarray(force).view(np.float64).reshape(force.shape[0], 32)
        dg = np.ascontiguousarray(self._inverse(flat)).view(np.complex128).reshape(force.shape)
        return _swap(pair(-0.5 * TAU3_DIAGONAL[:, None] * (inverse @ dg @ m)))


def _swap(r: Complex) -> Complex:
    """Between the order of residuals and the order of unknowns (see `action.pair`)."""
    return np.ascontiguousarray(r[:, ::-1].swapaxes(-1, -2))


@dataclass(frozen=True)
class LinearResult:
    """w of a Newton step (n_free, 2, 2, 2), the iterations it took, whether the accuracy was reached."""

    w: Complex
    iterations: int
    ok: bool


@dataclass(frozen=True)
class NewtonSystem:
    """H w = −r on the free nodes at one linearisation."""

    lin: Linearisation
    free: Index
    preconditioner: ScalarPreconditioner

    def residual(self) -> Complex:
        return self.lin.gradient()[self.free]

    def preconditioned(self, residual: Complex) -> Complex:
        """An estimate of the Newton step, up to its sign, and the norm in which residuals are measured."""
        return self.preconditioner.apply(self.lin.m[self.free], self.lin.inverse[self.free], residual)

    def hessian(self, w: Complex) -> Complex:
        full = np.zeros((self.lin.forms.size, 2, 2, 2), dtype=complex)
        full[self.free] = w
        return self.lin.hessian(full)[self.free]

    def krylov(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """GMRES on P⁻¹H w = right, right = −P⁻¹r, to the relative tolerance."""
        count = 0

        def matvec(x: Complex) -> Complex:
            nonlocal count
            count += 1
            return self.preconditioned(self.hessian(x.reshape(-1, 2, 2, 2))).ravel()

        operator = LinearOperator((right.size, right.size), matvec=matvec, dtype=complex)
        restart = min(60, max_iterations)
        w, info = gmres(
            operator,
            right.ravel(),
            rtol=tolerance,
            restart=restart,
            maxiter=max(1, max_iterations // restart),
        )
        return LinearResult(w.reshape(right.shape), count, info == 0)

    def direct(self, residual: Complex) -> LinearResult:
        """Assembled sparse factorisation by SuperLU: the reference and the fallback."""
        unknown = (8 * self.free[:, None] + np.arange(8)).ravel()
        matrix = self.lin.matrix()[unknown][:, unknown].tocsc()
        with one_thread():
            w = splu(matrix).solve(-residual.ravel())
        return LinearResult(w.reshape(residual.shape), 0, bool(np.isfinite(w).all()))
