"""Linear solvers of a Newton step: GMRES with one scalar matrix as preconditioner, elimination, or SuperLU.

The scalar matrix is K/2, with barriers, plus a complex diagonal that knows the local potentials; its inverse,
a multigrid cycle or a factorisation, acts on all 16 matrix components at once and serves until the potentials
have changed: a few Newton steps, or neighbouring energies.  A cycle costs less than an application.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem import kernels
from usadel_fem.angles import differs
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.linearise import PlainTangents, Tangents, free_rows, largest, largest_part
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.banded import Elimination
from usadel_fem.solver.charge import phases
from usadel_fem.solver.factorisation import Factorisation, one_thread
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.singles import TileBasis
from usadel_fem.solver.splitting import spin_splitting

MULTIGRID_ABOVE = {2: 4_000, 3: 2_000}
"""Free nodes above which multigrid cycles take less time than the factorisation, by dimension of the mesh, if
they are not compiled; compiled ones do so from the smallest meshes on."""

DELICATE = 3e-5
"""Shift relative to K on an island without terminals below which a cycle loses the mean: that amplifies the
rounding of single precision."""

REAL_ABOVE = 20_000
"""The same in 3D for real matrices whose systems are solved to many digits."""

OUTDATED = 0.1
"""Relative change of the local potentials that asks for a new scalar matrix."""

LEAST = 1e-3
"""Real part of a shift relative to the mean of all, or to K where that is smaller, as on P2 vertices without
weight: K alone is singular on an island without potentials."""

WIDTH = {1: 4, 2: 16}
"""Columns of a node in compiled cycles, by the size of its spin matrices."""

SINGLE = 1.2e-7
"""Rounding of H w in single precision, relative to |ǧ|²: no more may be asked of a solve."""

FAR = 100.0
"""Larger w that a cycle does not end with are along soft modes. In single precision their rounding can turn
them round; steps with them are made far shorter, so that one cycle in double precision is enough."""

RESTART = 40
"""Steps of a GMRES cycle."""


def scalar_inverse(matrix: sparse.csr_matrix, dimension: int) -> Callable[[Real], Real]:
    """Of a real symmetric matrix, exact or by one multigrid cycle, on (n, k) columns."""
    if dimension == 3 and matrix.shape[0] > REAL_ABOVE:
        from usadel_fem.solver.multigrid import Hierarchy

        return Hierarchy(matrix).inverse(np.zeros(matrix.shape[0]))
    return Factorisation(matrix)


def cycles_pay(nodes: int, dimension: int, delicate: bool) -> bool:
    """Whether to take multigrid cycles for so many free nodes, or a factorisation."""
    fast = kernels.compiled() is not None and dimension > 1 and not delicate
    return fast or nodes > MULTIGRID_ABOVE.get(dimension, np.inf)


@dataclass
class ScalarPreconditioner:
    """H⁻¹ ≈ T · frames · (K/2 + s)⁻¹ · frames with a complex nodal s, kept while the potentials stay similar.

    T corrects for what the exchange field does to single nodes, see `solver.splitting`. Compiled cycles stand
    between phases e^{±iξ}, see `solver.charge`.

    Attributes:
        forms, free, dimension: of the mesh, its free nodes.
    """

    forms: Forms
    free: Index
    dimension: int
    _shift: Complex | None = field(default=None, init=False)
    _inverse: Any = field(default=None, init=False)
    _splitting: Callable[[Complex], None] | None = field(default=None, init=False)
    _split_tiles: Any = field(default=None, init=False)
    _free_rows: dict[int, Any] = field(default_factory=dict, init=False)
    _schedules: dict[int, Any] = field(default_factory=dict, init=False)

    def prepare(self, tangents: Tangents, omega: Complex) -> None:
        """Make ready for the potentials of a linearisation and its source, unless the last ones are close."""
        mean, shift = local_shift(tangents)
        if self._shift is not None and not differs(shift, self._shift, OUTDATED):
            return
        self._inverse, self._shift = self._shifted(shift), shift
        self._splitting, self._split_tiles = spin_splitting(tangents, omega, mean), None

    @cached_property
    def _half(self) -> sparse.csr_matrix:
        return self.forms.scalar_half[self.free][:, self.free]

    @cached_property
    def hierarchy(self) -> Any:
        """The multigrid `Hierarchy` of K/2."""
        from usadel_fem.solver.multigrid import Hierarchy

        return Hierarchy(self._half, np.float32, self.forms.between_corners(self.free))

    def free_rows(self, s: int) -> Any:
        """See `linearise.free_rows`."""
        if s not in self._free_rows:
            self._free_rows[s] = free_rows(self.forms, self.free, s)
        return self._free_rows[s]

    def _shifted(self, shift: Complex) -> Any:
        """(K/2 + s)⁻¹ for a nodal s."""
        if cycles_pay(self.free.size, self.dimension, self._delicate(shift)):
            return self.hierarchy.inverse(shift)
        return Factorisation((self._half + sparse.diags(shift)).tocsr())

    def _delicate(self, shift: Complex) -> bool:
        island = self.free.size == self.forms.size
        return island and float(np.abs(shift).sum()) < DELICATE * float(self.forms.half_diagonal.sum())

    def apply(self, frames: Any, residual: Complex, out: Complex | None = None) -> Complex:
        """w ≈ H⁻¹r on the free nodes, r and w (n, 2, s, s), of the frames of `Tangents`.

        Into `out`, which may be r, where that costs less than new memory.
        """
        rows = self.rows(residual.shape[-1])
        if rows is not None:
            frames.rows(residual, rows)
            return self.of_rows(frames, np.empty_like(residual) if out is None else out)
        return self._split(np.asarray(frames.unknowns(self._inverse(frames.columns(residual)))))

    def rows(self, s: int) -> Any:
        """Where compiled cycles take frames · r from, to be filled for `of_rows`; None if others are used."""
        if isinstance(self._inverse, Factorisation) or kernels.compiled() is None:
            return None
        return self._inverse.room(WIDTH[s]).reshape(-1)

    def of_rows(self, frames: Any, out: Complex) -> Complex:
        """w of what is in `rows`."""
        frames.of_rows(self._on_rows(out.shape[-1]), out)
        return self._split(out)

    def of_tiles(self, step: Any, w: Real, out: Real) -> Real:
        """P⁻¹H w in tiles, of a `kernels.steps.SingleStep` and w in tiles."""
        cycle, rows = self._inverse, self.rows(step.s)
        if self._split_tiles is None and self._splitting is not None:
            split: Any = self._splitting
            self._split_tiles = split.in_tiles(self.free_rows(step.s).tiles)
        if step.streams and self._phases is None:
            schedule = self._schedule(step.s)
            step.forth(w, schedule, cycle.descent, rows)
            cycle.coarsest(WIDTH[step.s])
            step.back(rows, schedule, cycle.ascent, self._split_tiles, out)
        else:
            step.forces(w, rows)
            step.unknowns(self._on_rows(step.s), self._split_tiles, out)
        return out

    def _schedule(self, s: int) -> Any:
        if s not in self._schedules:
            self._schedules[s] = self.free_rows(s).schedule(self.hierarchy.rows)
        return self._schedules[s]

    def _on_rows(self, s: int) -> Any:
        """A cycle on `rows`, in the gauge that suits it."""
        if self._phases is None:
            return self._inverse.on_rows(WIDTH[s]).reshape(-1)
        turn, rows = kernels.compiled().steps.turn, self.rows(s)
        turn(rows, self._phases.conj(), s)
        rows = self._inverse.on_rows(WIDTH[s]).reshape(-1)
        turn(rows, self._phases, s)
        return rows

    @cached_property
    def _phases(self) -> Complex | None:
        """Of the free nodes."""
        found = phases(self.forms)
        return None if found is None else found[self.free]

    def _split(self, w: Complex) -> Complex:
        """T w, in place."""
        if self._splitting is not None:
            self._splitting(w)
        return w


def local_shift(tangents: Tangents) -> tuple[Complex, Complex]:
    """−μ and s_i (n,) with which −4(K/2 + s) is near H.

    μ is the mean of the nodal term's eigenvalues, s is −μ plus the spread of all about it: the mean puts the
    eigenvalues of the preconditioned H at 1, the spread keeps from 0 those that miss it.  −μ is √(Δ² − ε²) in
    a superconductor, −iε in a normal metal, each weighted by ∫ N_F φ_i; what barriers add is in the matrix.
    Far from a solution the curvature of ǧ can turn Re μ positive; it is left out there. What is not finite is
    left out of s.
    """
    mu, variance = tangents.mean_and_spread()
    forms, nodes, compiled = tangents.forms, tangents.nodes, kernels.compiled()
    if compiled is not None:
        of_nodes = nodes, forms.half_diagonal, forms.through_barriers
        mean, shift = compiled.shift(mu, variance, *of_nodes, LEAST)
        return mean, shift
    half, barriers = forms.half_diagonal[nodes], forms.through_barriers[nodes]
    least = LEAST * np.minimum(np.abs(mu).mean(), half) + 1e-12
    mean = np.maximum(-mu.real - barriers, 0.0) - 1j * mu.imag
    shift = mean + np.sqrt(variance)
    return mean, np.nan_to_num(np.maximum(shift.real, least) + 1j * shift.imag, posinf=0.0, neginf=0.0)


@dataclass(frozen=True)
class LinearResult:
    """w of a Newton step (n_free, 2, s, s), the iterations it took, whether it is accurate enough."""

    w: Complex
    iterations: int
    ok: bool

    @cached_property
    def largest(self) -> float:
        """|w| where it is largest."""
        return largest(self.w)


@dataclass(frozen=True)
class NewtonSystem:
    """H w = −r at one linearisation."""

    tangents: Tangents
    preconditioner: ScalarPreconditioner
    elimination: Elimination | None = None

    def residual(self) -> Complex:
        return self.tangents.residual

    def preconditioned(self, residual: Complex) -> Complex:
        """An estimate of the Newton step, up to its sign, and the norm in which residuals are measured."""
        out = self.tangents.rooms.empty(residual.shape, complex)
        return self.preconditioner.apply(self.tangents.frames, residual, out)

    def solve(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """By elimination where there is one, else by GMRES."""
        if self.elimination is not None:
            return self._eliminated(self.elimination)
        return self.krylov(right, tolerance, max_iterations)

    def krylov(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """GMRES on P⁻¹H w = right, right = −P⁻¹r, to the relative tolerance."""
        step, before = self._in_tiles(tolerance), 0
        if step is not None:
            found = self._krylov_in_tiles(step, right, tolerance, max_iterations)
            if found.ok or not found.largest > FAR:
                return found
            before = found.iterations
        tangents, preconditioner, shape = self.tangents, self.preconditioner, right.shape
        rows, work = preconditioner.rows(shape[-1]), tangents.rooms.empty(shape, right.dtype)

        def apply(x: Complex) -> Complex:
            w = x.reshape(shape)
            if rows is None or isinstance(tangents, PlainTangents):
                return preconditioner.apply(tangents.frames, tangents.hessian(w, work), work).ravel()
            tangents.hessian.in_rows(w, rows)
            return preconditioner.of_rows(tangents.frames, work).ravel()

        rooms = tangents.rooms
        w, count, ok = gmres(apply, right.ravel(), tolerance, RESTART, max_iterations, rooms, None, FAR)
        found = LinearResult(w.reshape(shape), before + count, ok)
        return replace(found, ok=ok or found.largest > FAR)

    def _in_tiles(self, tolerance: float) -> Any:
        """A Krylov step in single precision, or None where that is not enough or cannot be."""
        tangents, preconditioner = self.tangents, self.preconditioner
        s = tangents.g.shape[-1] // 2
        if isinstance(tangents, PlainTangents) or preconditioner.rows(s) is None:
            return None
        if SINGLE * largest_part(tangents.g) ** 2 > tolerance:
            return None
        return tangents.in_tiles(preconditioner.free_rows(s))

    def _krylov_in_tiles(
        self, step: Any, right: Complex, tolerance: float, max_iterations: int
    ) -> LinearResult:
        preconditioner, rooms, steps = self.preconditioner, self.tangents.rooms, kernels.compiled().steps
        work = rooms.empty(step.size, np.float32)

        def apply(x: Real) -> Real:
            return preconditioner.of_tiles(step, x, work)

        tiles = steps.packed(right, rooms, step.size)
        basis = partial(TileBasis, like=tiles, rooms=rooms)
        w, count, ok = gmres(apply, tiles, tolerance, RESTART, max_iterations, rooms, basis, FAR)
        return LinearResult(steps.unpacked(w, rooms, right.shape), count, ok)

    def _eliminated(self, elimination: Elimination) -> LinearResult:
        """Along a line, exactly."""
        _, w = elimination.step(self.tangents.lin, 1)
        place = np.empty(self.tangents.forms.size, dtype=int)
        place[elimination.nodes] = np.arange(elimination.nodes.size)
        w = w[place[self.tangents.nodes], 0]
        return LinearResult(w, 0, bool(np.isfinite(w).all()))

    def direct(self, residual: Complex) -> LinearResult:
        """Assembled sparse factorisation by SuperLU: the reference and the fallback."""
        each = residual[0].size
        unknown = (each * self.tangents.nodes[:, None] + np.arange(each)).ravel()
        matrix = self.tangents.lin.matrix()[unknown][:, unknown].tocsc()
        with one_thread():
            w = splu(matrix).solve(-residual.ravel())
        return LinearResult(w.reshape(residual.shape), 0, bool(np.isfinite(w).all()))
