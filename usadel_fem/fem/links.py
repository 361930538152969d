"""Link matrices: parallel transport of nodal values by a vector potential, exactly gauge covariant.

With ∂̃_kǧ = ∂_kǧ − i[A_kτ₃ + A_k^aσ^a, ǧ] the value of node i seen from a quadrature point q is
U ǧ_i U⁻¹, U = exp(i∫_i^q (Aτ₃ + A^aσ^a)·dl).  In the gauge of straight lines from q the potential
vanishes at q, so ∂̃ǧ(q) = Σ_i ∂φ_i(q) Uǧ_iU⁻¹: the order of the elements is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.transform import Rotation

from usadel_fem.fem.space import Evaluation
from usadel_fem.physics.nambu import EPSILON, Complex, Real, from_pauli, pauli_components


def nambu_blocks(size: int) -> tuple[tuple[slice, slice], ...]:
    """Places of ee, eh, he and hh in matrices of this size."""
    e, h = slice(0, size // 2), slice(size // 2, size)
    return (e, e), (e, h), (h, e), (h, h)


@dataclass(frozen=True)
class LinkedMatrix:
    """A scalar matrix whose entries transport: block ee/hh unchanged, eh by e^{2iχ}, he by e^{−2iχ}.

    Attributes:
        plain: real (R, C), singlet part of ee and hh.
        charged: complex (R, C), singlet part of eh; its conjugate serves he.
        plain_triplet, charged_triplet: (3R, 3C) for the components on σ, or None without an SU(2) field.
    """

    plain: sparse.csr_matrix
    charged: sparse.csr_matrix
    plain_triplet: sparse.csr_matrix | None = None
    charged_triplet: sparse.csr_matrix | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.plain.shape

    def parts(self) -> tuple[tuple[sparse.csr_matrix, sparse.csr_matrix | None], ...]:
        """(singlet, triplet) matrices of the Nambu blocks ee, eh, he, hh."""
        plain, charged = (self.plain, self.plain_triplet), (self.charged, self.charged_triplet)
        conjugate = (
            self.charged.conj(),
            None if self.charged_triplet is None else self.charged_triplet.conj(),
        )
        return plain, charged, conjugate, plain

    def __add__(self, other: LinkedMatrix) -> LinkedMatrix:
        return _combine(lambda a, b: a + b, self, other)


Matrix: TypeAlias = sparse.csr_matrix | LinkedMatrix


def _combine(rule: Callable[..., sparse.csr_matrix], *matrices: LinkedMatrix) -> LinkedMatrix:
    def part(name: str) -> sparse.csr_matrix | None:
        members = [getattr(m, name) for m in matrices]
        return None if members[0] is None else sparse.csr_matrix(rule(*members))

    return LinkedMatrix(*(part(n) for n in ("plain", "charged", "plain_triplet", "charged_triplet")))


def apply(matrix: Matrix, g: Complex) -> Complex:
    """Σ_j m_ij U_ij ǧ_j U_ji for nodal matrices (N, n, n); n = 2s for links, 4 for SU(2)."""
    if not isinstance(matrix, LinkedMatrix):
        flat = np.ascontiguousarray(g).view(np.float64).reshape(g.shape[0], -1)
        return np.ascontiguousarray(matrix @ flat).view(np.complex128).reshape(-1, *g.shape[1:])
    out = np.empty((matrix.shape[0], *g.shape[1:]), dtype=complex)
    for block, (singlet, triplet) in zip(nambu_blocks(g.shape[-1]), matrix.parts(), strict=True):
        x = g[:, block[0], block[1]]
        if triplet is None:
            out[:, block[0], block[1]] = (singlet @ x.reshape(len(x), -1)).reshape(-1, *x.shape[1:])
            continue
        c = pauli_components(x)
        rotated = (triplet @ c[:, 1:].reshape(-1)).reshape(-1, 3)
        out[:, block[0], block[1]] = from_pauli(np.column_stack([singlet @ c[:, 0], rotated]))
    return out


def adjoint(matrix: Matrix) -> Matrix:
    """Transport back: Tr X(Bǧ) = Tr (B†X)ǧ."""
    if isinstance(matrix, LinkedMatrix):
        return _combine(lambda a: a.conj().T, matrix)
    return sparse.csr_matrix(matrix.T)


def adjoint_product(left: Matrix, weight: Real, right: Matrix) -> Matrix:
    """left† diag(weight) right."""
    if not isinstance(left, LinkedMatrix):
        return sparse.csr_matrix(left.T @ sparse.diags(weight) @ right)

    def rule(a: sparse.csr_matrix, b: sparse.csr_matrix) -> sparse.csr_matrix:
        return a.conj().T @ sparse.diags(np.repeat(weight, a.shape[0] // weight.size)) @ b

    return _combine(rule, left, right)


def adjoint_precession(left: LinkedMatrix, weight: Real, right: LinkedMatrix, a: int) -> LinkedMatrix:
    """left† weight P_a right, P_a: v·σ → [v·σ, σ^a]/2i at the points between the links; singlets drop out."""
    assert left.plain_triplet is not None
    turn = sparse.kron(sparse.diags(weight), EPSILON[:, a, :].T)

    def triplet(name: str) -> sparse.csr_matrix:
        return sparse.csr_matrix(getattr(left, name).conj().T @ turn @ getattr(right, name))

    none = sparse.csr_matrix((left.shape[1], right.shape[1]))
    return LinkedMatrix(none, none, triplet("plain_triplet"), triplet("charged_triplet"))


def spin_matrix(matrix: Matrix, size: int = 4) -> sparse.csr_matrix:
    """The same map on flattened nodal matrices, (size² R, size² C): for the assembled Hessian only."""
    if not isinstance(matrix, LinkedMatrix):
        return sparse.csr_matrix(sparse.kron(matrix, sparse.identity(size**2)))
    total = sparse.csr_matrix((size**2 * matrix.shape[0], size**2 * matrix.shape[1]), dtype=complex)
    entries = np.arange(size**2).reshape(size, size)
    to_pauli = pauli_components(np.eye(4).reshape(4, 2, 2)).T
    from_pauli_ = np.linalg.inv(to_pauli)
    for block, (singlet, triplet) in zip(nambu_blocks(size), matrix.parts(), strict=True):
        inside = entries[block].ravel()
        place = sparse.csr_matrix(
            (np.ones(inside.size), (inside, np.arange(inside.size))), shape=(size**2, inside.size)
        )
        if triplet is None:
            total = total + sparse.kron(singlet, place @ place.T)
            continue
        down, up = place @ from_pauli_, to_pauli @ place.T
        total = total + sparse.kron(singlet, np.outer(down[:, 0], up[0]))
        rows = sparse.kron(sparse.identity(matrix.shape[0]), down[:, 1:])
        columns = sparse.kron(sparse.identity(matrix.shape[1]), up[1:])
        total = total + rows @ triplet @ columns
    return sparse.csr_matrix(total)


def left_right(left: Complex | None, right: Complex | None) -> Complex:
    """x → left x right on flattened n×n matrices, (..., n², n²)."""
    given = right if left is None else left
    assert given is not None
    size = given.shape[-1]
    a = np.eye(size) if left is None else left
    b = np.eye(size) if right is None else right
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.einsum("...ij,...kl->...iljk", a, b).reshape(*shape, size**2, size**2)


def block_diagonal(blocks: Complex) -> sparse.csr_matrix:
    """Blocks (n, r, c) along the diagonal."""
    n, r, c = blocks.shape
    return sparse.bsr_matrix(
        (np.ascontiguousarray(blocks), np.arange(n), np.arange(n + 1)), shape=(n * r, n * c)
    ).tocsr()


def link(
    at: Evaluation,
    nodes: Real,
    vector_potential: Callable[[Real], Real] | None,
    spin_field: Callable[[NDArray[np.int64]], Real] | None,
) -> Evaluation:
    """Evaluation matrices with transport from every node to every quadrature point.

    Args:
        at: plain evaluation.
        nodes: mesh coordinates of the nodes, (dim, N).
        vector_potential: A_k of mesh coordinates x (dim, ...) -> (dim, ...), 1/length.
        spin_field: A_k^a of elements (...) -> (..., dim, 3), constant within an element, 1/length.
    """
    pattern = at.value.tocoo()
    row, column = pattern.row, pattern.col
    start, end = nodes[:, column], at.position[:, row]
    angle = np.zeros(row.size) if vector_potential is None else line_integral(vector_potential, start, end)
    rotation = None
    if spin_field is not None:
        n = np.einsum("qka,kq->qa", spin_field(at.element[row]), end - start)
        rotation = Rotation.from_rotvec(-2.0 * n).as_matrix()
    phase = np.exp(2j * angle)

    def transported(matrix: sparse.csr_matrix) -> LinkedMatrix:
        return _linked(matrix.data, phase, rotation, row, column, matrix.shape)

    return replace(at, value=transported(at.value), gradient=tuple(transported(d) for d in at.gradient))


def _linked(
    entries: Real,
    phase: Complex,
    rotation: Real | None,
    row: NDArray[np.int32],
    column: NDArray[np.int32],
    shape: tuple[int, int],
) -> LinkedMatrix:
    def scalar(data: NDArray[np.generic]) -> sparse.csr_matrix:
        return sparse.csr_matrix((data, (row, column)), shape=shape)

    if rotation is None:
        return LinkedMatrix(scalar(entries), scalar(entries * phase))
    rows = (3 * row[:, None, None] + np.arange(3)[None, :, None] + np.zeros((1, 1, 3), dtype=int)).ravel()
    columns = (
        3 * column[:, None, None] + np.arange(3)[None, None, :] + np.zeros((1, 3, 1), dtype=int)
    ).ravel()
    data = entries[:, None, None] * rotation

    def triplet(values: NDArray[np.generic]) -> sparse.csr_matrix:
        return sparse.csr_matrix((values.ravel(), (rows, columns)), shape=(3 * shape[0], 3 * shape[1]))

    return LinkedMatrix(
        scalar(entries), scalar(entries * phase), triplet(data), triplet(data * phase[:, None, None])
    )


def line_integral(field: Callable[[Real], Real], start: Real, end: Real) -> Real:
    """∫ A·dl along straight lines (dim, n) -> (n,), Gauss with 5 points."""
    total = np.zeros(start.shape[1])
    abscissae, weights = np.polynomial.legendre.leggauss(5)
    for s, w in zip(0.5 * (abscissae + 1), 0.5 * weights, strict=True):
        total += w * np.einsum("kn,kn->n", field(start + s * (end - start)), end - start)
    return total
