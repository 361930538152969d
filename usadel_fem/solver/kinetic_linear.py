"""The linear system of the distributions: GMRES with one real scalar matrix per kind, or SuperLU.

Kinds are τ₀1 (energy), τ₀σ (spin), τ₃1 (charge) and τ₃σ.  The scalar matrix of a kind is K weighted, edge by
edge, with the diffusion coefficient that ǧ^R gives to it (½(1 + |g|² − |f|²) for energy, ½(1 + |g|² + |f|²)
for charge), plus its local losses: Andreev reflection, tunnel contacts, spin relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from usadel_fem.fem.space import Index
from usadel_fem.keldysh import KineticOperator
from usadel_fem.physics.keldysh import EIGHT, advanced, components, keldysh
from usadel_fem.physics.nambu import TAU3, TAU3_DIAGONAL, Complex, Real
from usadel_fem.solver.factorisation import one_thread
from usadel_fem.solver.krylov import gmres
from usadel_fem.solver.linear import scalar_inverse

KINDS = ((0,), (1, 2, 3), (4,), (5, 6, 7))
"""Components of ĥ that share a scalar matrix."""

LEAST = 1e-10
"""Smallest diffusion coefficient: below the gap energy and spin do not diffuse as Γ → 0."""

REGULAR = 1e-10
"""Relative shift of the diagonal: below the gap weak contacts hold a device no better than rounding does."""

ACCURACY = 1e-13
"""Of the residual, relative to its first value."""

PASSES = 3
RESTART, CYCLES = 80, 4
ACCEPTED = 1e-9
"""Relative residual above which a solve counts as failed."""

ROUNDING = 1e3 * np.finfo(float).eps
"""Of the terms that cancel in the residual: below the gap, where little drives much, that is all there is."""


@dataclass(frozen=True)
class KineticResult:
    """ĥ (N, 8), iterations, the residual left relative to the first one, and what rounding makes of it."""

    h: Real
    iterations: int
    residual: float
    rounding: float = 0.0

    @property
    def ok(self) -> bool:
        return bool(self.residual <= max(ACCEPTED, self.rounding))


class KineticPreconditioner:
    """Approximate inverse on the free nodes, one scalar matrix for each of `KINDS`."""

    def __init__(self, operator: KineticOperator, free: Index, dimension: int) -> None:
        inner = (m[free][:, free] for m in scalar_matrices(operator))
        self.inverses = [scalar_inverse(_regular(m), dimension) for m in inner]

    def __call__(self, residual: Real) -> Real:
        """(n, 8) → (n, 8)."""
        out = np.empty_like(residual)
        for kind, inverse in zip(KINDS, self.inverses, strict=True):
            columns = list(kind)
            out[:, columns] = inverse(np.ascontiguousarray(residual[:, columns]))
        return out


def _regular(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The matrix itself, or shifted where nothing holds its constant mode."""
    diagonal = matrix.diagonal()
    if np.abs(np.asarray(matrix.sum(axis=1))).max() > ROUNDING * diagonal.max():
        return matrix
    return sparse.csr_matrix(matrix + sparse.diags(REGULAR * diagonal))


def scalar_matrices(operator: KineticOperator) -> list[sparse.csr_matrix]:
    """The scalar matrix of each kind, (N, N) real symmetric."""
    forms = operator.forms
    weight = forms.scalar_stiffness
    for tunnel in forms.tunnels:
        weight = weight - tunnel.matrix
    edges = sparse.triu(weight, 1).tocoo()
    diffusion = _edge_coefficients(operator.r, operator.a, edges.row, edges.col)
    local = _local_losses(operator)
    found = []
    for d, loss in zip(diffusion, local, strict=True):
        upper = sparse.coo_matrix((edges.data * np.maximum(d, LEAST), (edges.row, edges.col)), weight.shape)
        off = (upper + upper.T).tocsr()
        diagonal = np.maximum(loss, 0.0) - np.asarray(off.sum(axis=1)).ravel()
        inertia = 2 * operator.inertia * forms.mass
        found.append(sparse.csr_matrix(off + sparse.diags(diagonal) + inertia))
    return found


def _edge_coefficients(r: Complex, a: Complex, i: Index, j: Index) -> list[Real]:
    """⅛ Σ of Tr ǧ^R_iǧ^R_j + Tr ǧ^A_iǧ^A_j − Tr B ǧ^R_iB ǧ^A_j − Tr B ǧ^R_jB ǧ^A_i, mean over each kind."""

    def product(x: Complex, y: Complex, one: Index, two: Index) -> Real:
        return np.einsum("eab,eba->e", x[one], y[two]).real

    own = product(r, r, i, j) + product(a, a, i, j)
    found = []
    for sign in (1.0, TAU3_DIAGONAL[:, None] * TAU3_DIAGONAL):
        turned = r * sign
        whole = product(turned, a, i, j) + product(turned, a, j, i)
        rs, as_ = _spin_traces(turned), _spin_traces(a)
        singlet = product(rs, as_, i, j) + product(rs, as_, j, i)
        found += [0.125 * (own - whole), 0.125 * (own - (2 * singlet - whole) / 3)]
    return found


def _spin_traces(x: Complex) -> Complex:
    """Spin trace of each Nambu block, (N, 2, 2)."""
    return x[:, ::2, ::2] + x[:, 1::2, 1::2]


def _local_losses(operator: KineticOperator) -> list[Real]:
    """Diagonal of what is local in the equation, mean over each kind, (N,)."""
    forms, r, a = operator.forms, operator.r, operator.a
    omega = operator.omega + operator.dynes[:, None, None] * TAU3
    omega_a = advanced(omega)
    relaxation = np.zeros(forms.size)
    if forms.spin_relaxation is not None:
        relaxation = np.asarray(forms.spin_relaxation.sum(axis=1)).ravel()
    rate = relaxation[:, None, None] / 8
    diagonal = np.empty((8, forms.size))
    for alpha, b in enumerate(EIGHT):
        change = -keldysh(omega, omega_a, b)
        if relaxation.any():
            change -= rate * (_sandwich(keldysh(r, a, b)) - keldysh(_sandwich(r), _sandwich(a), b))
        diagonal[alpha] = components(r @ change - change @ a)[:, alpha]
    diagonal += 2 * operator.relaxation
    return [diagonal[list(kind)].mean(axis=0) for kind in KINDS]


def _sandwich(x: Complex) -> Complex:
    """σ^axσ^a."""
    return np.asarray(sum(s @ x @ s for s in EIGHT[1:4]))


@dataclass(frozen=True)
class KineticSystem:
    """E(ĥ) = load on the free nodes, ĥ given elsewhere and behind contacts; no load is 0."""

    operator: KineticOperator
    free: Index
    dimension: int
    load: Real | None = None

    def solve(
        self, held: Real, outside: dict[str, Real], start: Real | None, direct: bool, largest: int
    ) -> KineticResult:
        """ĥ (N, 8) from its values at the held nodes.

        Args:
            held: (N, 8), used where a node is not free.
            outside: ĥ (8,) behind each tunnel contact.
            start: (N, 8) to start from.
            direct: factorise at once instead of iterating.
            largest: nodes up to which a factorisation replaces a failed iteration.
        """
        h = held.copy()
        if start is not None:
            h[self.free] = start[self.free]
        first = self._size(self.balance(held, outside))
        if first == 0.0 or not self.free.size:
            return KineticResult(held, 0, 0.0)
        if not direct:
            result = self._iterate(h, outside, first)
            if result.ok or self.operator.forms.size > largest:
                return result
        return self._factorise(held.copy(), outside, first)

    def balance(self, h: Real, outside: dict[str, Real]) -> Real:
        """E(ĥ) − load, (N, 8)."""
        balance = self.operator(h, outside)
        return balance if self.load is None else balance - self.load

    def rounding(self, h: Real) -> float:
        """Rounding of the balance: of K_ii |ǧ|² |ĥ|, which cancels between neighbours."""
        forms = self.operator.forms
        size = np.abs(self.operator.r).max(axis=(1, 2)) ** 2 * forms.scalar_stiffness.diagonal()
        return ROUNDING * float(np.linalg.norm((size[:, None] * h)[self.free]))

    def _size(self, balance: Real) -> float:
        return float(np.linalg.norm(balance[self.free]))

    def _iterate(self, h: Real, outside: dict[str, Real], first: float) -> KineticResult:
        precondition = KineticPreconditioner(self.operator, self.free, self.dimension)
        shape, count = (self.free.size, 8), 0

        def matvec(x: Real) -> Real:
            nonlocal count
            count += 1
            full = np.zeros((self.operator.forms.size, 8))
            full[self.free] = x.reshape(shape)
            return precondition(self.operator(full)[self.free]).ravel()

        balance = self.balance(h, outside)
        size = self._size(balance)
        for _ in range(PASSES):
            if size <= ACCURACY * first:
                break
            right = precondition(-balance[self.free]).ravel()
            tolerance = max(0.3 * ACCURACY * first / size, 1e-13)
            step, _, _ = gmres(matvec, right, tolerance, RESTART, CYCLES * RESTART)
            trial = h.copy()
            trial[self.free] += step.reshape(shape)
            balance = self.balance(trial, outside)
            if not self._size(balance) < 0.5 * size:
                break
            h, size = trial, self._size(balance)
        return KineticResult(h, count, size / first, self.rounding(h) / first)

    def _factorise(self, h: Real, outside: dict[str, Real], first: float) -> KineticResult:
        unknown = (8 * self.free[:, None] + np.arange(8)).ravel()
        matrix = self.operator.matrix()[unknown][:, unknown].tocsc()
        try:
            with one_thread():
                factors = splu(matrix)
        except RuntimeError:  # exactly singular: nothing holds ĥ
            return KineticResult(h, 0, np.inf)
        size = first
        for _ in range(PASSES):
            trial = h.copy()
            trial[self.free] -= factors.solve(self.balance(h, outside)[self.free].ravel()).reshape(-1, 8)
            after = self._size(self.balance(trial, outside))
            if not after < 0.5 * size:
                break
            h, size = trial, after
        return KineticResult(h, 0, size / first, self.rounding(h) / first)
