"""Newton's method for channels in a real gauge: one unknown per node, half the angle that ǧ_i turns by.

The steps are those of `EnergySolver` on the same channels, ǧ_i → (1 + αJ)ǧ_i(1 + αJ)⁻¹ with J = τ₃τ_φ: α is
the w of both.  With t = (−s, c) gradient and Hessian of S/8 are

    r_i = ½ t_i·F_i        H_ij = t_i·q_ij t_j − δ_ij g_i·F_i

and q between tangents is K/2 times the cosine of the angles' difference: a Laplacian with a potential.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem.fem.angles import Angles
from usadel_fem.fem.forms import Forms
from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.nambu import Complex, Real
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.line import Band, along
from usadel_fem.solver.linear import LEAST, MULTIGRID_ABOVE, OUTDATED, RESTART, LinearResult, one_thread
from usadel_fem.solver.narrow import ColumnByColumn, NarrowHierarchy
from usadel_fem.solver.newton import Iteration, Options


class AngleSolver:
    """What `EnergySolver` is to matrices.

    Attributes:
        forms: of one channel, or of several that are coupled.
        nodes, dimension: of the mesh.
        options: see `Options`.
    """

    def __init__(self, forms: Forms, nodes: Real, dimension: int, options: Options) -> None:
        self.forms, self.options, self.dimension = forms, options, dimension
        free = along(forms.stiffness, forms.free) if dimension == 1 else forms.free
        self.angles = Angles.of(forms, free)
        self.free = np.arange(free.size)
        self.nodes = nodes[self.angles.order]
        self.preconditioner = Preconditioner(self.angles, forms, dimension)

    def solve(
        self, energy: complex, omega: Complex, start: Complex, he_over_eh: complex
    ) -> tuple[Complex, EnergyReport]:
        """ǧ of L channels, (L·N, 2, 2) each as Ω and the start, which hold the reservoirs' values."""
        root = np.sqrt(complex(he_over_eh))
        fields = self.angles.field(start, root), self.angles.field(omega, root)
        x, report = Iteration(self, energy, fields[1]).run(fields[0])
        return self.angles.back(x, root), report

    def system(self, x: Complex, omega: Complex, keep: bool) -> AngleSystem:
        """See `EnergySolver.system`."""
        system = AngleSystem(self.angles, x, omega, self.preconditioner)
        if not keep:
            self.preconditioner.prepare(system)
        return system

    def moved(self, system: AngleSystem, w: Complex) -> Complex:
        """Of the tangents of half the angles, which keep c² + s² = 1."""
        n = self.angles.free
        c, s = system.x[:, :n]
        half = s / (1 + c)
        half = (half + w) / (1 - half * w)
        out, square = system.x.copy(), half * half
        out[0, :n], out[1, :n] = (1 - square) / (1 + square), 2 * half / (1 + square)
        return out

    def settled(self, system: AngleSystem, step: Complex) -> Complex:
        """With the step where it is exact."""
        return self.moved(system, -step) if self.preconditioner.exact is system else system.x


@dataclass(frozen=True)
class AngleSystem:
    """H w = −r at one field (2, n, L); w and r are (n_free, L)."""

    angles: Angles
    x: Complex
    omega: Complex
    preconditioner: Preconditioner

    @cached_property
    def force(self) -> Complex:
        """F of the free nodes."""
        return self.angles.force(self.x, self.omega)

    @cached_property
    def diagonal(self) -> Complex:
        """Of H."""
        (c, s), (q_c, q_s) = self.x[:, : self.angles.free], self.angles.diagonal[:, :, None]
        return q_c * s**2 + q_s * c**2 - (self.force[0] * c + self.force[1] * s)

    @cached_property
    def hessian(self) -> Callable[[Complex], Complex]:
        """w ↦ H w."""
        return self.angles.hessian(self.x, self.diagonal)

    def residual(self) -> Complex:
        c, s = self.x[:, : self.angles.free]
        return 0.5 * (c * self.force[1] - s * self.force[0])

    def preconditioned(self, residual: Complex) -> Complex:
        return self.preconditioner(residual)

    def krylov(self, right: Complex, tolerance: float, max_iterations: int) -> LinearResult:
        """By GMRES, unless the preconditioner is H⁻¹."""
        if self.preconditioner.exact is self:
            return LinearResult(right, 0, True)

        def apply(x: Complex) -> Complex:
            return self.preconditioned(self.hessian(x.reshape(right.shape))).ravel()

        w, count, ok = gmres(apply, right.ravel(), tolerance, RESTART, max_iterations)
        return LinearResult(w.reshape(right.shape), count, ok)

    def direct(self, residual: Complex) -> LinearResult:
        w = -factorised(self)(residual)
        return LinearResult(w, 0, bool(np.isfinite(w).all()))

    def matrix(self, channel: int) -> sparse.csc_matrix:
        """H of one channel, assembled."""
        c, s = (sparse.diags(x) for x in self.x[:, : self.angles.free, channel])
        cosine, sine = self.angles.within
        return (s @ cosine @ s + c @ sine @ c + sparse.diags(self.diagonal[:, channel])).tocsc()

    def band(self, width: int) -> Complex:
        """H of all channels as `solver.line` takes it."""
        (c, s), (cosine, sine) = self.x[:, : self.angles.free], self.angles.within
        rows, columns = upper(cosine)
        out = np.zeros((self.diagonal.shape[0], width + 1, self.diagonal.shape[1]), dtype=complex)
        out[:, 0] = self.diagonal
        here = columns > rows
        rows, columns = rows[here], columns[here]
        entries = cosine.data[here, None] * (s[rows] * s[columns]) + sine.data[here, None] * (
            c[rows] * c[columns]
        )
        out[rows, columns - rows] = entries
        return out


def upper(matrix: sparse.csr_matrix) -> tuple[Any, Any]:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices


def factorised(system: AngleSystem) -> ColumnByColumn:
    """H⁻¹ by SuperLU."""
    with one_thread():
        channels = range(system.x.shape[2])
        solves = [splu(system.matrix(channel)).solve for channel in channels]
    return ColumnByColumn(solves)


@dataclass
class Preconditioner:
    """H⁻¹ itself along a line, that of an earlier step on small meshes, else multigrid for K/2 + potential.

    Attributes:
        exact: the system whose H⁻¹ it is, if any.
    """

    angles: Angles
    forms: Forms
    dimension: int
    exact: AngleSystem | None = None
    _potential: Complex | None = field(default=None, init=False)
    _inverse: Any = field(default=None, init=False)

    def __call__(self, residual: Complex) -> Complex:
        return np.asarray(self._inverse(residual))

    def prepare(self, system: AngleSystem) -> None:
        """Make ready for a system, unless the last one is close."""
        self.exact = None
        if self.dimension == 1:
            self._inverse, self.exact = Band(system.band(self._width)), system
            return
        potential = np.nan_to_num(self._of(system), posinf=0.0, neginf=0.0)
        if self._potential is not None and self._potential.shape == potential.shape:
            change = float(np.abs(potential - self._potential).sum())
            if change <= OUTDATED * float(np.abs(potential).sum()):
                return
        self._potential = potential
        if self.angles.free > MULTIGRID_ABOVE[self.dimension]:
            self._inverse = self._hierarchy.inverse(potential)
        else:
            self._inverse, self.exact = factorised(system), system

    @cached_property
    def _width(self) -> int:
        rows, columns = upper(self.angles.within[0])
        return int((columns - rows).max(initial=0))

    @cached_property
    def _hierarchy(self) -> NarrowHierarchy:
        return NarrowHierarchy(self._half)

    @cached_property
    def _half(self) -> sparse.csr_matrix:
        """K/2 of the free nodes."""
        free = self.angles.order[: self.angles.free]
        return sparse.csr_matrix(0.5 * self.forms.scalar_stiffness[free][:, free])

    def _of(self, system: AngleSystem) -> Complex:
        """The potential in H, its real part where it would make H indefinite left out."""
        n = self.angles.free
        (c, s), (a, b) = system.x[:, :n], system.omega[:, :n]
        potential = -(a * c + b * s)
        least = LEAST * np.minimum(np.abs(potential).mean(), self._half.diagonal()) + 1e-12
        return np.maximum(potential.real, least[:, None]) + 1j * potential.imag
