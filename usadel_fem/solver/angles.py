"""Newton's method for channels in a real gauge, in the unknowns of `usadel_fem/angles.py`.

The steps are those of `EnergySolver` on the same channels, ǧ_i → (1 + αJ)ǧ_i(1 + αJ)⁻¹ with J = τ₃τ_φ: α is
the w of both, and so are tolerances and the cap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem.angles import AngleLinearisation, differs
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.ordering import along, compact
from usadel_fem.fem.real_gauge import RealGauge
from usadel_fem.fem.space import Index
from usadel_fem.kernels.memory import Rooms
from usadel_fem.linearise import largest_part
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.factorisation import one_thread
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.line import Band
from usadel_fem.solver.linear import LEAST, OUTDATED, RESTART, LinearResult
from usadel_fem.solver.multigrid import ColumnByColumn, CompiledCycle, Hierarchy
from usadel_fem.solver.newton import Iteration, Options
from usadel_fem.solver.singles import SingleBasis

FEW = 200
"""Unknowns of a channel up to which a factorisation of H takes no more time than multigrid cycles."""

SINGLE_BELOW = 10.0
"""Largest |c| or |s| with which GMRES runs in single precision: 6·10⁻⁸ times its square is lost in H w."""


class AngleSolver:
    """What `EnergySolver` is to matrices.

    Attributes:
        forms: of one channel, or of several that are coupled.
        nodes: positions of the nodes of the forms.
        options: see `Options`.
    """

    def __init__(self, forms: Forms, nodes: Real, dimension: int, options: Options) -> None:
        self.options, coupled = options, forms.size // len(nodes)
        if dimension == 1:
            self.gauge = RealGauge.of(forms, along(forms.stiffness, forms.free))
        else:
            one = compact(forms.stiffness, forms.free[: forms.free.size // coupled])
            free = (len(nodes) * np.arange(coupled)[:, None] + one).ravel()
            self.gauge = RealGauge.of(forms, free, coupled)
        self.rooms = Rooms()
        self.free = np.arange(self.gauge.free)
        self.nodes = np.tile(nodes, (coupled, 1))[self.gauge.order]
        self.preconditioner = Preconditioner(self.gauge, forms, dimension)

    def solve(
        self, energy: complex, omega: Complex, start: Complex, he_over_eh: complex
    ) -> tuple[Complex, EnergyReport]:
        """ǧ of L channels, (L·N, 2, 2) each as Ω and the start, which hold the reservoirs' values."""
        root = np.sqrt(complex(he_over_eh))
        fields = self.gauge.field(start, root), self.gauge.field(omega, root)
        x, report = Iteration(self, energy, fields[1]).run(fields[0])
        return self.gauge.back(x, root), report

    def system(self, x: Complex, omega: Complex, keep: bool) -> AngleSystem:
        """See `EnergySolver.system`."""
        lin = AngleLinearisation(self.gauge, x, omega, self.rooms)
        if not keep:
            self.preconditioner.prepare(lin)
        return AngleSystem(lin, self.preconditioner)

    def moved(self, system: AngleSystem, w: Complex) -> Complex:
        """The field after a step."""
        return system.lin.moved(w)

    def settled(self, system: AngleSystem, step: Complex) -> Complex:
        """With the step where it is exact."""
        return system.lin.moved(-step) if self.preconditioner.exact is system.lin else system.lin.field


@dataclass(frozen=True)
class AngleSystem:
    """H w = −r at one field (2, n, L); w and r are (n_free, L)."""

    lin: AngleLinearisation
    preconditioner: Preconditioner

    def residual(self) -> Complex:
        return self.lin.residual

    def preconditioned(self, residual: Complex) -> Complex:
        return self.preconditioner(residual)

    def solve(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """By GMRES, unless the preconditioner is H⁻¹."""
        lin, preconditioner = self.lin, self.preconditioner
        if preconditioner.exact is lin:
            return LinearResult(right, 0, True)
        room = preconditioner.room
        if room is not None and largest_part(lin.field) <= SINGLE_BELOW:
            return self._single(room, right, tolerance, max_iterations)
        hessian = lin.hessian()

        def apply(x: Complex) -> Complex:
            return self.preconditioned(hessian(x.reshape(right.shape))).ravel()

        start = right.ravel().astype(complex)
        w, count, ok = gmres(apply, start, tolerance, RESTART, max_iterations, lin.rooms)
        return LinearResult(w.reshape(right.shape), count, ok)

    def _single(self, room: Complex, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """All in single precision, on vectors in the rows of the multigrid cycle."""
        lin, size = self.lin, right.size
        hessian = lin.hessian(single=True)
        start = lin.rooms.zeros(room.size, room.dtype)
        start[:size] = right.ravel()

        def apply(x: Complex) -> Complex:
            hessian(x[:size], room[:size])
            return self.preconditioner.in_room()

        def basis(most: int) -> SingleBasis:
            return SingleBasis(most, start, lin.rooms)

        w, count, ok = gmres(apply, start, tolerance, RESTART, max_iterations, lin.rooms, basis)
        return LinearResult(w[:size].reshape(right.shape), count, ok)

    def direct(self, residual: Complex) -> LinearResult:
        w = -factorised(self.lin)(residual)
        return LinearResult(w, 0, bool(np.isfinite(w).all()))


def factorised(lin: AngleLinearisation) -> Callable[[Complex], Complex]:
    """H⁻¹ by SuperLU; not a number where H is singular or not finite."""
    try:
        with one_thread():
            solves = [splu(lin.matrix(channel)).solve for channel in range(lin.field.shape[2])]
    except RuntimeError:
        return lambda residual: np.full_like(residual, np.nan)
    return ColumnByColumn(solves)


@dataclass
class Preconditioner:
    """H⁻¹ itself along a line, that of an earlier step on small meshes, else multigrid for K/2 + potential.

    Attributes:
        gauge, forms, dimension: of the mesh.
        exact: the linearisation whose H⁻¹ it is, if any.
        room: where a compiled cycle takes complex64 numbers and leaves the result, flat, with zeros beyond
            the free nodes; else None.
    """

    gauge: RealGauge
    forms: Forms
    dimension: int
    exact: AngleLinearisation | None = None
    room: Complex | None = None
    _potential: Complex | None = field(default=None, init=False)
    _inverse: Any = field(default=None, init=False)
    _width: int = field(default=1, init=False)

    def __call__(self, residual: Complex) -> Complex:
        if self.room is None:
            return np.asarray(self._inverse(residual))
        self.room[: residual.size] = residual.ravel()
        return self.in_room()[: residual.size].reshape(residual.shape).copy()

    def in_room(self) -> Complex:
        """The room after a cycle."""
        self._inverse.on_rows(self._width)
        assert self.room is not None
        return self.room

    def prepare(self, lin: AngleLinearisation) -> None:
        """Make ready for a linearisation, unless the last one is close."""
        self.exact = None
        if self.dimension == 1:
            self._inverse, self.exact = Band(lin.band()), lin
            return
        potential = lin.potential
        last = self._potential
        if last is not None and last.shape == potential.shape and not differs(potential, last, OUTDATED):
            return
        self._potential, self.room = potential, None
        if self.gauge.free <= FEW:
            self._inverse, self.exact = factorised(lin), lin
            return
        side_by_side = self._side_by_side(potential)
        cycle = self._hierarchy.inverse(self._bounded(side_by_side))
        if isinstance(cycle, CompiledCycle):
            self._width = side_by_side.shape[1]
            self._inverse, self.room = cycle, cycle.numbers(self._width).reshape(-1)
        else:
            self._inverse = lambda x: cycle(self._side_by_side(x)).reshape(x.shape)

    def _side_by_side(self, x: Complex) -> Complex:
        """A column for every channel, of (n_free, L)."""
        return x.reshape(len(x) // self.gauge.coupled, -1)

    @cached_property
    def _free(self) -> Index:
        """Free nodes of the first of the coupled channels."""
        return self.gauge.order[: self.gauge.free : self.gauge.coupled]

    @cached_property
    def _half(self) -> sparse.csr_matrix:
        """K/2 between them."""
        return self.forms.scalar_half[self._free][:, self._free]

    @cached_property
    def _half_diagonal(self) -> Real:
        return self.forms.half_diagonal[self._free, None]

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        return Hierarchy(self._half, np.float32, self.forms.between_corners(self._free))

    def _bounded(self, potential: Complex) -> Complex:
        """A real part that would make H indefinite is left out."""
        real = np.nan_to_num(potential.real, posinf=0.0, neginf=0.0)
        imaginary = np.nan_to_num(potential.imag, posinf=0.0, neginf=0.0)
        least = LEAST * np.minimum(np.hypot(real, imaginary).mean(), self._half_diagonal) + 1e-12
        return np.maximum(real, least) + 1j * imaginary
