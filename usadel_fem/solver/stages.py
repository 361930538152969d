"""One implicit stage of the normal state in time: 2M(μ − y)/γτ + E(μ, V) = 0 on the free nodes.

μ_i are the potentials of spin and charge at the nodes, minus the integral over energy of δĥ_i, and E is the
kinetic operator of ǧ^R = τ₃.  M = ∫ N_F φ_iφ_j is consistent: 2M·1 counts every electron, and uniform spins
precess and relax without an error of the mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg, splu

from usadel_fem.fem.space import Index
from usadel_fem.normal import ACTIVE, NormalOperator, Potentials
from usadel_fem.physics.nambu import Real
from usadel_fem.solver.factorisation import one_thread
from usadel_fem.solver.kinetic_linear import scalar_matrices
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.linear import scalar_inverse

ACCURACY = 1e-12
"""Of the potentials, relative to their largest: what a linear solve leaves."""

ACCEPTED = 1e-8
"""Above this part of the largest potential a linear solve counts as failed."""

PASSES, RESTART, CYCLES = 4, 60, 3


@dataclass(frozen=True)
class StageResult:
    """μ (N, 4), its balance E(μ, V) (N, 4), iterations, whether it was solved."""

    value: Real
    balance: Real
    iterations: int
    ok: bool


class StageSolver:
    """Solves stages of one length after another; a change of the length costs two scalar factorisations.

    Args:
        operator: of the normal state.
        free: free nodes.
        dimension: of the mesh.
        amplitude: the largest potential, which accuracies refer to.
        direct: factorise the assembled operator instead of iterating.
    """

    def __init__(
        self, operator: NormalOperator, free: Index, dimension: int, amplitude: float, direct: bool
    ) -> None:
        self.operator, self.free, self.dimension, self.direct = operator, free, dimension, direct
        self.mass = 2.0 * operator.full.forms.mass
        self.target = ACCURACY * amplitude * np.sqrt(4.0 * max(free.size, 1))
        self._rate = 0.0

    @cached_property
    def _scalar(self) -> tuple[sparse.csr_matrix, ...]:
        """Scalar matrices of spin and of charge on the free nodes."""
        _, spin, charge, _ = scalar_matrices(self.operator.full)
        return tuple(m[self.free][:, self.free] for m in (spin, charge))

    @cached_property
    def _assembled(self) -> sparse.csc_matrix:
        unknown = (8 * self.free[:, None] + np.arange(ACTIVE.start, ACTIVE.stop)).ravel()
        return self.operator.full.matrix()[unknown][:, unknown].tocsc()

    @cached_property
    def free_mass(self) -> sparse.csr_matrix:
        return self.mass[self.free][:, self.free].tocsr()

    def prepare(self, rate: float) -> None:
        """Make ready for stages with 1/γτ = rate."""
        if rate == self._rate:
            return
        self._rate = rate
        if self.direct:
            matrix = self._assembled + sparse.kron(rate * self.free_mass, sparse.identity(4))
            with one_thread():
                self._lu = splu(matrix.tocsc())
        else:
            self._inverses = [scalar_inverse(m + rate * self.free_mass, self.dimension) for m in self._scalar]

    def approximate(self, residual: Real) -> Real:
        """P⁻¹ of a residual on the free nodes, (n, 4): exact where spins neither precess nor mix."""
        if self.direct:
            return np.asarray(self._lu.solve(residual.ravel())).reshape(residual.shape)
        out = np.empty_like(residual)
        out[:, :3] = self._inverses[0](np.ascontiguousarray(residual[:, :3]))
        out[:, 3:] = self._inverses[1](np.ascontiguousarray(residual[:, 3:]))
        return out

    def solve(self, guess: Real, known: Real, outside: Potentials) -> StageResult:
        """μ (N, 4) of a stage.

        Args:
            guess: (N, 4), with the values of the held nodes, which stay.
            known: y, (N, 4).
            outside: potentials behind the tunnel contacts.
        """
        value, count, size = guess, 0, np.inf
        balance = self.operator(value, outside)
        for _ in range(PASSES):
            right = self.approximate(-self._residual(value, known, balance))
            before, size = size, float(np.linalg.norm(right))
            if size <= self.target or not size < 0.5 * before:
                break
            change = right.ravel()
            if not self.direct:
                tolerance = 0.3 * self.target / size
                change, steps, _ = gmres(self._matvec, change, tolerance, RESTART, CYCLES * RESTART)
                count += steps
            value = value.copy()
            value[self.free] += change.reshape(-1, 4)
            balance = self.operator(value, outside)
        return StageResult(value, balance, count, size <= self.target * ACCEPTED / ACCURACY)

    def _residual(self, value: Real, known: Real, balance: Real) -> Real:
        return np.asarray((self._rate * (self.mass @ (value - known)) + balance)[self.free])

    def _matvec(self, x: Real) -> Real:
        full = np.zeros((self.mass.shape[0], 4))
        full[self.free] = x.reshape(-1, 4)
        change = self._rate * (self.mass @ full) + self.operator(full)
        return self.approximate(change[self.free]).ravel()

    def derivative(self, value: Real, outside: Potentials, held: Real) -> Real:
        """∂_tμ (N, 4) at μ: 2M∂_tμ = −E on the free nodes, given on the others."""
        rate = held.copy()
        rate[self.free] = 0.0
        right = -(self.mass @ rate + self.operator(value, outside))[self.free]
        scale = sparse.diags(1 / self.free_mass.diagonal())
        for column in range(4):
            if right[:, column].any():
                rate[self.free, column], _ = cg(self.free_mass, right[:, column], rtol=1e-12, M=scale)
        return rate
