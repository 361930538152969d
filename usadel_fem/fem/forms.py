"""Every weak form, in the letters of the paper; φ_i are the Lagrange functions of the nodal values ǧ_i.

Each form is a *real scalar* matrix or vector, assembled once per mesh, independent of energy.
Every material term carries the local density of states N_F, so that N_F J_k is what flows through
an interface; continuity there is natural, nothing is imposed.

    K_ij     = ∫ N_F D ∂_kφ_i ∂_kφ_j              ¼ K_ij Tr ǧ_iǧ_j                      Eq. (2), diffusion
    ω_i      = ∫ N_F φ_i (1, Γ, h^a, Δ)           Tr Ω_iǧ_i                             Eq. (1)
    M^so_ij  = ∫ (N_F/τ_so) φ_iφ_j                −(1/16) M^so_ij Tr σ^aǧ_iσ^aǧ_j       Eq. (70)
    A^a_ij   = ∫ N_F Dκ ε_{kla} ∂_kφ_i ∂_lφ_j     −(i/4) A^a_ij Tr σ^aǧ_iǧ_j            Eq. (2), swapping
    spin Hall: ∫ N_F Dθ ε_{kla} φ ∂_kφ ∂_lφ       ¼ Tr σ^aǧ ∂_kǧ ∂_lǧ at quadrature     Eq. (2), spin Hall
    D_ij     = ∫ N_F D A_X A_Y φ_iφ_j             −½ D_ij Tr Xǧ_iYǧ_j                   A off the mesh axes
    G_ij     = ∫_interface G φ_iφ_j (two sides)   −½ G_ij Tr ǧ_i Γ ǧ_j Γ                Kupriyanov–Lukichev
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from skfem import BilinearForm, LinearForm
from skfem.helpers import dot, grad

from usadel_fem.fem.coupling import Coupling, coupling
from usadel_fem.fem.links import LinkedMatrix, Matrix, adjoint, adjoint_precession, adjoint_product
from usadel_fem.fem.ordering import compact
from usadel_fem.fem.space import Evaluation, Index, Space, evaluation
from usadel_fem.physics.nambu import EPSILON, Complex, Real

Array = NDArray[Any]


@BilinearForm
def stiffness(u: Any, v: Any, w: Any) -> Any:
    """K_ij = ∫ N_F D ∂_kφ_i ∂_kφ_j."""
    return w.N_F * w.D * dot(grad(u), grad(v))


@BilinearForm
def mass(u: Any, v: Any, w: Any) -> Any:
    """∫ N_F c φ_i φ_j; c = 1/τ_so gives M^so, c = 1 the mass that carries a nodal Δ_j."""
    return w.N_F * w.c * u * v


@LinearForm
def weight(v: Any, w: Any) -> Any:
    """ω_i = ∫ N_F c φ_i with c = 1, Γ, h^a, Re Δ or Im Δ."""
    return w.N_F * w.c * v


def swapping(a: int, axes: tuple[int, ...]) -> BilinearForm:
    """A^a_ij = ∫ N_F Dκ ε_{kla} ∂_kφ_i ∂_lφ_j, with k, l the physical axes of the mesh coordinates."""
    epsilon = EPSILON[np.ix_(axes, axes)][..., a]
    pairs = list(zip(*np.nonzero(epsilon), strict=True))
    return BilinearForm(
        lambda u, v, w: w.N_F * w.D * w.kappa * sum(epsilon[k, l] * grad(v)[k] * grad(u)[l] for k, l in pairs)
    )


@dataclass(frozen=True)
class SpinHall:
    """The trilinear form at quadrature points of the elements where θ ≠ 0.

    Attributes:
        at: evaluation of ǧ and ∂_kǧ at the points.
        weight: quadrature weight × N_F D θ, (Q,).
        planes: (k, l, a, ε_{kla}) for every pair k < l of mesh coordinates.
    """

    at: Evaluation
    weight: Real
    planes: tuple[tuple[int, int, int, float], ...]

    @cached_property
    def transposed(self) -> tuple[Matrix, ...]:
        """Transport back of the value and of each derivative."""
        return tuple(adjoint(m) for m in (self.at.value, *self.at.gradient))

    @cached_property
    def dense(self) -> tuple[Any, ...] | None:
        """For the kernels: nodes around each point, their φ and every ∂_kφ, (Q, L) each, ¼ w (Q,), and
        (k, l, a) of the planes with ε_{kla} = 1. None where links transport."""
        matrices = (self.at.value, *self.at.gradient)
        if any(isinstance(m, LinkedMatrix) for m in matrices):
            return None
        nodes = self.at.value.indices.reshape(self.weight.size, -1)
        assert all(np.array_equal(nodes.ravel(), m.indices) for m in matrices)
        tables = tuple(m.data.reshape(nodes.shape) for m in matrices)
        planes = tuple((k, l, a) if sign > 0 else (l, k, a) for k, l, a, sign in self.planes)
        return nodes, tables, 0.25 * self.weight, planes


@dataclass(frozen=True)
class Pairing:
    """A nodal Δ_p of each superconducting region: at an S/N interface Δ ends while ǧ is continuous.

    Attributes:
        node: mesh node of each pairing unknown, (P,).
        region: region name of each, (P,) strings.
        tc: its critical temperature T_c0, (P,).
        gram: ∫_region N_F φ_pφ_q, (P, P): ∫ N_F |Δ|² = Δ†·gram·Δ.
    """

    node: Index
    region: Array
    tc: Real
    gram: sparse.csr_matrix


@dataclass(frozen=True)
class Tunnel:
    """Tunnel interface inside the mesh: G_ij couples the nodes of its two sides; Γ = t + u m·σ τ₃."""

    name: str
    matrix: sparse.csr_matrix
    filter: Complex

    @property
    def filtered(self) -> bool:
        """Whether Γ is not 1."""
        return not np.array_equal(self.filter, np.eye(len(self.filter)))


@dataclass(frozen=True)
class Contact:
    """Tunnel contact to a reservoir: weights ∫ G φ_i (N,), its spin filter Γ, and ∫ G_φ m φ_i (N, 3).

    The spin mixing is part of the exchange weights already; here it tells the spin it brings in.
    """

    terminal: str
    weight: Real
    filter: Complex
    mixing: Real


@dataclass(frozen=True)
class Transverse:
    """∂̃_tǧ = −i[A_t, ǧ] along an axis that the mesh does not have: −½ D_ij Tr Xǧ_iYǧ_j of A_t = Σ A_X X.

    Attributes:
        matrix: D_ij = ∫ N_F D A_X A_Y φ_iφ_j, summed over the axes t, (N, N).
        left, right: X and Y, each τ₃ or σ^a.
    """

    matrix: sparse.csr_matrix
    left: Complex
    right: Complex


@dataclass(frozen=True)
class Potentials:
    """The weights ω_i of the terms linear in ǧ.

    Attributes:
        weight: ∫ N_F φ_i (N,).
        dynes: ∫ N_F Γ φ_i (N,).
        exchange: ∫ N_F h φ_i (N, 3), spin mixing of interfaces included.
        delta: ∫ N_F Δ φ_i (N,), complex, of the given pair potentials.
        pairing: ∫_region N_F φ_iφ_p (N, P), the weights of a self-consistent Δ_p, or None.
    """

    weight: Real
    dynes: Real
    exchange: Real
    delta: Complex
    pairing: sparse.csr_matrix | None


@dataclass(frozen=True)
class Forms:
    """All geometry and material data of a device, as the action needs them.

    Attributes:
        stiffness: K (N, N); link matrices included where there is a vector potential.
        scalar_stiffness: K without links, for preconditioning.
        mass: ∫ N_F φ_iφ_j (N, N).
        consistent: the potentials by Galerkin integration.
        lumped: the same with positive nodal weights.
        resolution: |ε| above which ǧ varies within an element and `lumped` is used: the Galerkin weights of
            P2 vertices are zero on triangles and negative on tetrahedra, where they must not outweigh K;
            lumping costs O(h²/|ε|).
        spin_relaxation: M^so or None.
        swapping: pairs (a, A^a) that do not vanish.
        precession: the sum of all swapping pairs under an SU(2) field, or None; `swapping` is empty then.
        spin_hall: SpinHall or None.
        transverse: gauge fields along axes that the mesh does not have.
        pairing: self-consistent regions or None.
        tunnels, contacts: interfaces and terminals behind a barrier.
        pinned: terminal name → nodes held at the reservoir's ǧ.
        corners: nodal values (N, n) of functions that are linear between the corners, or None for P1.
        barriers: ∫ G φ_iφ_j of all tunnels without their filters, for preconditioning, or None.
        copies: systems that do not couple, node i of copy e being node i·copies + e of the quadratic terms.
    """

    stiffness: Matrix
    scalar_stiffness: sparse.csr_matrix
    mass: sparse.csr_matrix
    consistent: Potentials
    lumped: Potentials
    resolution: float
    spin_relaxation: sparse.csr_matrix | None
    swapping: tuple[tuple[int, Matrix], ...]
    precession: Matrix | None
    spin_hall: SpinHall | None
    transverse: tuple[Transverse, ...]
    pairing: Pairing | None
    tunnels: tuple[Tunnel, ...]
    contacts: tuple[Contact, ...]
    pinned: dict[str, Index]
    corners: sparse.csr_matrix | None = None
    barriers: sparse.csr_matrix | None = None
    copies: int = 1

    @property
    def size(self) -> int:
        return int(self.consistent.weight.size)

    @cached_property
    def scalar_half(self) -> sparse.csr_matrix:
        """½K, and −½G_ij of barriers with Σ_j ½G_ij on the diagonal: what resists gradients of a scalar."""
        half = 0.5 * self.scalar_stiffness
        if self.barriers is not None:
            half = half - 0.5 * self.barriers + sparse.diags(self.through_barriers)
        return sparse.csr_matrix(half)

    @cached_property
    def half_diagonal(self) -> Real:
        """Of `scalar_half`."""
        return np.asarray(self.scalar_half.diagonal())

    @cached_property
    def through_barriers(self) -> Real:
        """Σ_j ½G_ij (N,): the part of a node's potential that `scalar_half` has."""
        if self.barriers is None:
            return np.zeros(self.size)
        return np.asarray(0.5 * self.barriers.sum(axis=1)).ravel()

    def between_corners(self, nodes: Index) -> sparse.csr_matrix | None:
        """`corners` of some nodes, from those corners that are among them themselves, in their order."""
        if self.corners is None:
            return None
        inside = self.corners[nodes]
        return inside[:, inside.indices[inside.data == 1.0]]

    @cached_property
    def free(self) -> Index:
        """Nodes that no transparent terminal holds."""
        held = np.zeros(self.size, dtype=bool)
        for nodes in self.pinned.values():
            held[nodes] = True
        return np.flatnonzero(~held)

    @cached_property
    def near(self) -> Index:
        """The free nodes in an order in which neighbours are near each other."""
        return compact(self.scalar_stiffness, self.free)

    @property
    def linked(self) -> bool:
        """Whether the forms of ∂̃_kǧ transport, by a gauge field along the axes of the mesh."""
        return isinstance(self.stiffness, LinkedMatrix)

    @cached_property
    def coupling(self) -> Coupling:
        """Stiffness, spin relaxation, swapping, tunnels without filter in one; empty if links transport."""
        if self.linked:
            nothing = sparse.csr_matrix((self.size, self.size))
            return coupling(nothing, nothing, [], None, [])
        plain = [tunnel.matrix for tunnel in self.tunnels if not tunnel.filtered]
        return coupling(self.stiffness, self.scalar_stiffness, plain, self.spin_relaxation, self.swapping)

    @property
    def beyond_coupling(self) -> bool:
        """Whether a quadratic term is not in it."""
        return self.linked or bool(self.transverse) or any(tunnel.filtered for tunnel in self.tunnels)

    def potentials(self, energy: complex) -> Potentials:
        """The weights to use at one energy."""
        return self.consistent if abs(energy) <= self.resolution else self.lumped


def planes(axes: tuple[int, ...]) -> tuple[tuple[int, int, int, float], ...]:
    """(k, l, a, ε_{kla}) for mesh coordinates k < l whose physical axes have the normal a."""
    dim = len(axes)
    found = []
    for k in range(dim):
        for l in range(k + 1, dim):
            (a,) = np.flatnonzero(EPSILON[axes[k], axes[l]])
            found.append((k, l, int(a), float(EPSILON[axes[k], axes[l], a])))
    return tuple(found)


def covariant_stiffness(at: Evaluation, coefficient: Real) -> Matrix:
    """K with links, Σ_q w_q N_F D (∂̃_kφ_i)(∂̃_kφ_j): exact gauge invariance, full order."""
    return sum_of([adjoint_product(d, at.weight * coefficient, d) for d in at.gradient])


def covariant_swapping(at: Evaluation, coefficient: Real, a: int, axes: tuple[int, ...]) -> Matrix | None:
    """A^a with links, Σ_q w_q N_F Dκ ε_{kla} (∂̃_kφ_i)(∂̃_lφ_j)."""
    terms = []
    for k, l, normal, sign in planes(axes):
        if normal == a:
            terms.append(adjoint_product(at.gradient[k], sign * at.weight * coefficient, at.gradient[l]))
            terms.append(adjoint_product(at.gradient[l], -sign * at.weight * coefficient, at.gradient[k]))
    return sum_of(terms) if terms else None


def covariant_precession(at: Evaluation, coefficient: Real, axes: tuple[int, ...]) -> Matrix:
    """Swapping under an SU(2) field: σ^a sits at the points, between the links; F_i = ½ P_ijǧ_j."""
    terms: list[Matrix] = []
    for k, l, a, sign in planes(axes):
        weight = sign * at.weight * coefficient
        for first, second, w in ((k, l, weight), (l, k, -weight)):
            left, right = at.gradient[first], at.gradient[second]
            assert isinstance(left, LinkedMatrix)
            assert isinstance(right, LinkedMatrix)
            terms.append(adjoint_precession(left, w, right, a))
    return sum_of(terms)


def sum_of(terms: list[Matrix]) -> Matrix:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def tunnel_matrix(space: Space, facets: Index, partners: Index, conductance: float) -> sparse.csr_matrix:
    """G_ij = ∫ G φ_iφ_j, i on one side and j on the other, symmetric."""
    one, two = (evaluation(space.facet_basis(f)) for f in (facets, partners))
    points = one.weight.size // len(facets)
    match = _matching_points(one.position, two.position, points)
    half = one.value.T @ sparse.diags(conductance * one.weight) @ two.value[match]
    return sparse.csr_matrix(half + half.T)


def facet_weight(space: Space, facets: Index) -> Real:
    """∫_facets φ_i (N,)."""
    at = evaluation(space.facet_basis(facets))
    return np.asarray(at.value.T @ at.weight)


def _matching_points(one: Real, two: Real, points: int) -> Index:
    """For each point of side 1 the row of the same point on side 2; facets already correspond."""
    dim = one.shape[0]
    a, b = one.reshape(dim, -1, points, 1), two.reshape(dim, -1, 1, points)
    nearest = np.argmin(((a - b) ** 2).sum(axis=0), axis=-1)
    return np.asarray((nearest + points * np.arange(nearest.shape[0])[:, None]).ravel())
