"""Linear solvers of a Newton step: GMRES with one scalar matrix as preconditioner, or SuperLU.

The scalar matrix is K/2 plus a complex diagonal that knows the local potentials; its factorisation (a
multigrid hierarchy for large 3D meshes) acts on all 16 matrix components at once and serves until the
potentials have changed: a few Newton steps, or neighbouring energies.  It costs about two applications.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, gmres, splu
from threadpoolctl import ThreadpoolController

from usadel_fem.action import Linearisation
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.physics.frames import Frames, parts
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.banded import Elimination

MULTIGRID_ABOVE = 20_000
"""Unknowns of a 3D scalar matrix above which a hierarchy replaces the factorisation."""

OUTDATED = 0.1
"""Relative change of the local potentials that asks for a new scalar matrix."""

LEAST = 1e-3
"""Real part of a shift relative to the mean of all: K alone is singular on an island without potentials."""


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """SuperLU collapses under a threaded BLAS; looking the libraries up again each time costs more than a
    small factorisation."""
    return _controller().limit(limits=1)


class ScalarInverse:
    """Applies (K/2 + shift)⁻¹ on the free nodes to many columns at once, real or complex as the matrix is."""

    def __init__(self, matrix: sparse.csr_matrix, dimension: int) -> None:
        self._inverse: Any
        if dimension == 3 and matrix.shape[0] > MULTIGRID_ABOVE:
            from usadel_fem.solver.multigrid import Multigrid

            self._inverse = Multigrid(matrix)
            self._at_once = 16
            return
        with one_thread():
            self._inverse = splu(
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


@dataclass
class ScalarPreconditioner:
    """H⁻¹ ≈ frames · (K/2 + s)⁻¹ · frames with a complex nodal s, kept while the potentials stay similar."""

    forms: Forms
    free: Index
    dimension: int
    _shift: Complex | None = field(default=None, init=False)
    _inverse: ScalarInverse | None = field(default=None, init=False)

    def prepare(self, lin: Linearisation) -> None:
        """Factorise for the potentials of a linearisation, unless the last ones are close to them."""
        shift = np.nan_to_num(local_shift(lin)[self.free], posinf=0.0, neginf=0.0)
        if self._shift is not None:
            change = float(np.abs(shift - self._shift).sum())
            if change <= OUTDATED * float(np.abs(shift).sum()):
                return
        stiffness = 0.5 * self.forms.scalar_stiffness[self.free][:, self.free]
        self._inverse = ScalarInverse((stiffness + sparse.diags(shift)).tocsr(), self.dimension)
        self._shift = shift

    def apply(self, frames: Frames, residual: Complex) -> Complex:
        """w ≈ H⁻¹r on the free nodes, r and w (n, 2, 2, 2), of their frames."""
        assert self._inverse is not None
        n = residual.shape[0]
        force = np.empty((4, 4, n), dtype=complex)
        for part in parts(n):
            he, eh = -0.25 * residual[part].transpose(1, 3, 2, 0)
            force[..., part] = frames[part].change(eh, he)
        dg = self._inverse(force.reshape(16, n).T).T.reshape(4, 4, n)
        w = np.empty_like(residual)
        for part in parts(n):
            eh, he = frames[part].turned(dg[..., part])
            w[part, 0], w[part, 1] = -0.5 * np.moveaxis(eh, -1, 0), 0.5 * np.moveaxis(he, -1, 0)
        return w


def local_shift(lin: Linearisation) -> Complex:
    """s_i (N,) with which −4(K/2 + s) is near H: −μ of the mean μ of the nodal term's eigenvalues, plus their
    spread about it.

    E.g. √(Δ² − ε²) in a superconductor, −iε + |h| in a ferromagnet, each weighted by ∫ N_F φ_i: the complex
    mean puts the eigenvalues of the preconditioned H at 1, the spread keeps away from 0 those that miss it.
    Far from a solution the curvature of ǧ can turn Re μ positive; it is left out there.
    """
    ee, hh = lin.nodal
    mean = 0.25 * (ee[0, 0] + ee[1, 1] + hh[0, 0] + hh[1, 1])
    eye = np.eye(2)[:, :, None]
    variance = sum((np.abs(block - mean * eye) ** 2).sum(axis=(0, 1)) for block in (ee, hh)) / 4
    least = max(LEAST * float(np.abs(mean).mean()), 1e-12)
    return np.asarray(np.maximum(np.sqrt(variance) + np.maximum(-mean.real, 0.0), least) - 1j * mean.imag)


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

    @cached_property
    def frames(self) -> Frames:
        """Of the free nodes."""
        return Frames.of(self.lin.m[self.free], self.lin.inverse[self.free])

    def residual(self) -> Complex:
        return self.lin.gradient()[self.free]

    def preconditioned(self, residual: Complex) -> Complex:
        """An estimate of the Newton step, up to its sign, and the norm in which residuals are measured."""
        return self.preconditioner.apply(self.frames, residual)

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

    def eliminated(self, elimination: Elimination) -> LinearResult:
        """Block elimination along the line that the mesh is."""
        w = np.zeros((self.lin.forms.size, 2, 2, 2), dtype=complex)
        w[elimination.nodes] = elimination.step(self.lin, 1)[1][:, 0]
        return LinearResult(w[self.free], 0, bool(np.isfinite(w).all()))

    def direct(self, residual: Complex) -> LinearResult:
        """Assembled sparse factorisation by SuperLU: the reference and the fallback."""
        unknown = (8 * self.free[:, None] + np.arange(8)).ravel()
        matrix = self.lin.matrix()[unknown][:, unknown].tocsc()
        with one_thread():
            w = splu(matrix).solve(-residual.ravel())
        return LinearResult(w.reshape(residual.shape), 0, bool(np.isfinite(w).all()))
