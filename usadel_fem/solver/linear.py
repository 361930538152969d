"""Linear solvers of a Newton step: GMRES with one scalar matrix as preconditioner, or SuperLU.

The scalar matrix is K/2 plus a complex diagonal that knows the local potentials; its inverse, a factorisation
or a multigrid cycle, acts on all 16 matrix components at once and serves until the potentials have changed: a
few Newton steps, or neighbouring energies.  It costs about two applications.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from threadpoolctl import ThreadpoolController

from usadel_fem.action import Linearisation
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.linearise import hessian, tangent_frames
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.splitting import spin_splitting

MULTIGRID_ABOVE = {2: 2_000, 3: 1_000}
"""Free nodes above which multigrid cycles take less time than the factorisation, by dimension of the mesh."""

REAL_ABOVE = 20_000
"""The same in 3D for real matrices whose systems are solved to many digits."""

OUTDATED = 0.1
"""Relative change of the local potentials that asks for a new scalar matrix."""

LEAST = 1e-3
"""Real part of a shift relative to the mean of all, or to K where that is smaller, as on P2 vertices without
weight: K alone is singular on an island without potentials."""

RESTART = 40
"""Steps of a GMRES cycle."""


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """SuperLU collapses under a threaded BLAS; looking the libraries up again each time costs more than a
    small factorisation."""
    return _controller().limit(limits=1)


class Factorisation:
    """A factorisation that acts on many columns at once, real or complex as the matrix is.

    Attributes:
        order: of the columns in memory that costs no copies.
    """

    order = "F"

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


def scalar_inverse(matrix: sparse.csr_matrix, dimension: int) -> Callable[[Real], Real]:
    """Of a real symmetric matrix, exact or by one multigrid cycle, on (n, k) columns."""
    if dimension == 3 and matrix.shape[0] > REAL_ABOVE:
        from usadel_fem.solver.multigrid import Hierarchy

        return Hierarchy(matrix).inverse(np.zeros(matrix.shape[0]))
    return Factorisation(matrix)


@dataclass
class ScalarPreconditioner:
    """H⁻¹ ≈ T · frames · (K/2 + s)⁻¹ · frames with a complex nodal s, kept while the potentials stay similar.

    T corrects for what the exchange field does to single nodes, see `solver.splitting`.

    Attributes:
        forms, free, dimension: of the mesh, its free nodes.
    """

    forms: Forms
    free: Index
    dimension: int
    _shift: Complex | None = field(default=None, init=False)
    _inverse: Any = field(default=None, init=False)
    _splitting: Callable[[Complex], Complex] | None = field(default=None, init=False)

    def prepare(self, lin: Linearisation, omega: Complex) -> None:
        """Make ready for the potentials of a linearisation and its source, unless the last ones are close."""
        shift = np.nan_to_num(local_shift(lin)[self.free], posinf=0.0, neginf=0.0)
        if self._shift is not None:
            change = float(np.abs(shift - self._shift).sum())
            if change <= OUTDATED * float(np.abs(shift).sum()):
                return
        self._inverse, self._shift = self._shifted(shift), shift
        self._splitting = spin_splitting(lin, omega, self.free, mean_potential(lin)[self.free])

    @cached_property
    def _shifted(self) -> Callable[[Complex], Any]:
        """(K/2 + s)⁻¹ for a nodal s."""
        half = sparse.csr_matrix(0.5 * self.forms.scalar_stiffness[self.free][:, self.free])
        if self.free.size > MULTIGRID_ABOVE.get(self.dimension, np.inf):
            from usadel_fem.solver.multigrid import Hierarchy

            return Hierarchy(half).inverse
        return lambda shift: Factorisation((half + sparse.diags(shift)).tocsr())

    def apply(self, frames: Any, residual: Complex) -> Complex:
        """w ≈ H⁻¹r on the free nodes, r and w (n, 2, s, s), of their `tangent_frames`."""
        assert self._inverse is not None
        columns = self._inverse(frames.columns(residual, self._inverse.order))
        w = np.asarray(frames.unknowns(columns))
        return w if self._splitting is None else self._splitting(w)


def mean_potential(lin: Linearisation) -> Complex:
    """−μ (N,), μ the mean of the nodal term's eigenvalues.

    E.g. √(Δ² − ε²) in a superconductor, −iε in a normal metal, each weighted by ∫ N_F φ_i. Far from a
    solution the curvature of ǧ can turn Re μ positive; it is left out there.
    """
    mean = _mean(lin)
    return np.asarray(np.maximum(-mean.real, 0.0) - 1j * mean.imag)


def local_shift(lin: Linearisation) -> Complex:
    """s_i (N,) with which −4(K/2 + s) is near H: the mean potential, plus the spread of all about it.

    The mean puts the eigenvalues of the preconditioned H at 1, the spread keeps from 0 those that miss it.
    """
    ee, hh = lin.nodal
    s, mean = ee.shape[0], _mean(lin)
    eye = np.eye(s)[:, :, None]
    variance = sum((np.abs(block - mean * eye) ** 2).sum(axis=(0, 1)) for block in (ee, hh)) / (2 * s)
    least = LEAST * np.minimum(np.abs(mean).mean(), 0.5 * lin.forms.scalar_stiffness.diagonal()) + 1e-12
    shift = mean_potential(lin) + np.sqrt(variance)
    return np.asarray(np.maximum(shift.real, least) + 1j * shift.imag)


def _mean(lin: Linearisation) -> Complex:
    ee, hh = lin.nodal
    return np.asarray((np.trace(ee) + np.trace(hh)) / (2 * ee.shape[0]))


@dataclass(frozen=True)
class LinearResult:
    """w of a Newton step (n_free, 2, s, s), the iterations it took, whether the accuracy was reached."""

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
    def frames(self) -> Any:
        """Of the free nodes."""
        return tangent_frames(self.lin.m, self.lin.inverse, self.free)

    def residual(self) -> Complex:
        return self.lin.gradient()[self.free]

    def preconditioned(self, residual: Complex) -> Complex:
        """An estimate of the Newton step, up to its sign, and the norm in which residuals are measured."""
        return self.preconditioner.apply(self.frames, residual)

    @cached_property
    def hessian(self) -> Callable[[Complex], Complex]:
        """w ↦ H w on the free nodes."""
        return hessian(self.lin, self.free, self.frames)

    def krylov(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """GMRES on P⁻¹H w = right, right = −P⁻¹r, to the relative tolerance."""

        def apply(x: Complex) -> Complex:
            return self.preconditioned(self.hessian(x.reshape(right.shape))).ravel()

        w, count, ok = gmres(apply, right.ravel(), tolerance, RESTART, max_iterations)
        return LinearResult(w.reshape(right.shape), count, ok)

    def direct(self, residual: Complex) -> LinearResult:
        """Assembled sparse factorisation by SuperLU: the reference and the fallback."""
        each = residual[0].size
        unknown = (each * self.free[:, None] + np.arange(each)).ravel()
        matrix = self.lin.matrix()[unknown][:, unknown].tocsc()
        with one_thread():
            w = splu(matrix).solve(-residual.ravel())
        return LinearResult(w.reshape(residual.shape), 0, bool(np.isfinite(w).all()))
