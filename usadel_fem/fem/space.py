"""The Lagrange space of the nodal values ǧ_i: nodes, quadrature points, and who owns which node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from usadel_fem.fem.mesh import DeviceMesh
from usadel_fem.physics.nambu import Real

Index: TypeAlias = NDArray[Any]
"""Node, element and facet numbers."""

NEWTON_STEPS = 8
ROUND_RIM = 1e-3
"""How far outside an element a point may lie, in its coordinates: arcs are parabolas on the mesh."""

NEAREST = 24
"""Elements whose centres are closest to a point, among which it is sought."""

ELEMENTS = {
    (1, 1): skfem.ElementLineP1,
    (1, 2): skfem.ElementLineP2,
    (2, 1): skfem.ElementTriP1,
    (2, 2): skfem.ElementTriP2,
    (3, 1): skfem.ElementTetP1,
    (3, 2): skfem.ElementTetP2,
}


@dataclass(frozen=True)
class Space:
    """P1 or P2 Lagrange elements on a device mesh (1D, 2D, 3D; curved meshes isoparametric).

    Attributes:
        device_mesh: the mesh with its names.
        order: 1 or 2.
    """

    device_mesh: DeviceMesh
    order: int

    @property
    def dimension(self) -> int:
        return int(self.device_mesh.mesh.dim())

    @property
    def axes(self) -> tuple[int, ...]:
        """Physical axis (0, 1, 2) of every mesh coordinate."""
        return self.device_mesh.axes

    def quadrature(self, degree: int) -> skfem.CellBasis:
        """The same space with a quadrature exact to `degree` (plus 2 on curved elements)."""
        mesh = self.device_mesh.mesh
        element = ELEMENTS[self.dimension, self.order]()
        if degree <= 1 and mesh.affine:
            dim = self.dimension
            centre = np.full((dim, 1), 1 / (dim + 1)), np.array([1 / math.factorial(dim)])
            return skfem.CellBasis(mesh, element, quadrature=centre)
        return skfem.CellBasis(mesh, element, intorder=degree + (0 if mesh.affine else 2))

    @cached_property
    def basis(self) -> skfem.CellBasis:
        """Quadrature for φφ with a smoothly varying coefficient."""
        return self.quadrature(2 * self.order + 2)

    @cached_property
    def points(self) -> tuple[Real, Index]:
        """Mesh coordinates (dim, n, q) of the quadrature points of `basis`, and their elements (n, q)."""
        x = np.asarray(self.basis.global_coordinates())
        return x, np.broadcast_to(np.arange(x.shape[1])[:, None], x.shape[1:])

    @cached_property
    def nodes(self) -> Real:
        """Physical positions of the nodes, (N, 3)."""
        return self.physical(self.basis.doflocs).T

    @property
    def size(self) -> int:
        return int(self.basis.N)

    def physical(self, x: Real) -> Real:
        """Mesh coordinates (dim, ...) as physical coordinates (3, ...)."""
        position = np.zeros((3, *x.shape[1:]))
        position[list(self.axes)] = x
        return position

    def facet_basis(self, facets: Index) -> skfem.FacetBasis:
        """Quadrature on a set of facets for φφ."""
        mesh = self.device_mesh.mesh
        element = ELEMENTS[self.dimension, self.order]()
        return skfem.FacetBasis(mesh, element, facets=facets, intorder=2 * self.order + 2)

    def facet_nodes(self, facets: Index) -> Index:
        """Nodes on a set of facets."""
        return np.asarray(self.basis.get_dofs(facets).flatten(), dtype=np.int64)

    def element_nodes(self, elements: Index) -> Index:
        """Nodes of a set of elements."""
        return np.unique(self.basis.element_dofs[:, elements])

    def owners(self, elements: Index) -> tuple[Index, Index]:
        """Nodes of a set of elements, and for each node one of those elements."""
        dofs = self.basis.element_dofs[:, elements]
        nodes, first = np.unique(dofs, return_index=True)
        return nodes, np.broadcast_to(np.asarray(elements), dofs.shape).ravel()[first]

    def at_points(self, points: Real) -> Evaluation:
        """Evaluation at any points (dim, m) of the mesh, curved elements included; the weights are 1.

        Raises:
            ValueError: a point lies outside the mesh; its text names the point.
        """
        local, element, depth = self._locate(points)
        outside = np.flatnonzero(~(depth > -ROUND_RIM))
        if outside.size:
            raise ValueError(f"({', '.join(f'{c:g}' for c in points[:, outside[0]])})")
        basis, m = self.basis, points.shape[1]
        inverse = np.linalg.inv(_jacobian(basis.mapping, local[:, :, None], element))
        found = [basis.elem.lbasis(local, i) for i in range(basis.Nbfun)]
        values = np.stack([phi * np.ones(m) for phi, _ in found])
        slopes = np.stack([np.broadcast_to(slope, local.shape) for _, slope in found])
        gradients = np.einsum("ilm,mlk->kim", slopes, inverse)
        columns = basis.element_dofs[:, element]
        rows = np.broadcast_to(np.arange(m), columns.shape)

        def matrix(entries: Real) -> sparse.csr_matrix:
            return sparse.csr_matrix((entries.ravel(), (rows.ravel(), columns.ravel())), shape=(m, self.size))

        return Evaluation(matrix(values), tuple(map(matrix, gradients)), np.ones(m), points, element)

    def contains(self, points: Real) -> NDArray[np.bool_]:
        """Which of the points (dim, m) lie in the mesh, (m,)."""
        return np.asarray(self._locate(points)[2] > -ROUND_RIM)

    def _locate(self, points: Real) -> tuple[Real, Index, Real]:
        """Reference coordinates (dim, m) of points (dim, m), the elements (m,) that suit them best, and the
        smallest barycentric coordinate there (m,): negative outside."""
        basis, m = self.basis, points.shape[1]
        centres = np.asarray(basis.global_coordinates()).mean(axis=-1)
        near = min(NEAREST, centres.shape[1])
        candidates = cKDTree(centres.T).query(points.T, k=near)[1].reshape(m, near)
        local = _reference_points(basis.mapping, np.repeat(points, near, axis=1), candidates.ravel())
        barycentric = np.concatenate([local, 1 - local.sum(axis=0, keepdims=True)]).reshape(-1, m, near)
        depth = np.nan_to_num(barycentric.min(axis=0), nan=-np.inf)
        best = (np.arange(m), depth.argmax(axis=1))
        return local.reshape(local.shape[0], m, near)[:, *best], candidates[best], depth[best]

    @cached_property
    def region_of_element(self) -> Index:
        """Index into sorted region names, per element."""
        owner = np.full(self.device_mesh.mesh.nelements, -1, dtype=np.int64)
        for number, name in enumerate(sorted(self.device_mesh.regions)):
            owner[self.device_mesh.regions[name]] = number
        return owner


def _reference_points(mapping: Any, x: Real, elements: Index) -> Real:
    """Reference coordinates (dim, n) of x (dim, n) in the given elements, by Newton; rough far outside."""
    dim = x.shape[0]
    local = np.full((dim, x.shape[1], 1), 1 / (dim + 1))
    for _ in range(NEWTON_STEPS):
        miss = mapping.F(local, tind=elements) - x[:, :, None]
        step = np.linalg.solve(_jacobian(mapping, local, elements), np.moveaxis(miss, 0, 1))
        local = np.clip(local - np.moveaxis(step, 0, 1), -1.0, 2.0)
    return local[..., 0]


def _jacobian(mapping: Any, local: Real, elements: Index) -> Real:
    """∂x_k/∂X_l of reference coordinates X (dim, n, 1), one point in each of n elements, (n, k, l)."""
    return np.moveaxis(np.asarray(mapping.DF(local, tind=elements))[..., 0], -1, 0)


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of nodal fields at quadrature points by sparse matrices.

    Attributes:
        value: (Q, N), ǧ_q = Σ_i φ_i(r_q) ǧ_i.
        gradient: one (Q, N) matrix per mesh coordinate, ∂_kǧ at the points.
        weight: quadrature weights (Q,).
        position: mesh coordinates of the points (dim, Q).
        element: element of every point (Q,).
    """

    value: sparse.csr_matrix
    gradient: tuple[sparse.csr_matrix, ...]
    weight: Real
    position: Real
    element: Index


def evaluation(
    basis: skfem.assembly.basis.abstract_basis.AbstractBasis, elements: Index | None = None
) -> Evaluation:
    """Evaluation matrices of a cell or facet basis at its quadrature points, on some cells or on all."""
    chosen = np.arange(basis.nelems) if elements is None else np.asarray(elements)
    points = basis.dx.shape[1]
    rows = np.arange(chosen.size * points)
    shape = (rows.size, basis.N)
    columns = np.repeat(basis.element_dofs[:, chosen], points, axis=1).ravel()
    rows = np.tile(rows, basis.Nbfun)

    def matrix(entries: list[Real]) -> sparse.csr_matrix:
        data = np.concatenate([e.ravel() for e in entries])
        return sparse.csr_matrix((data, (rows, columns)), shape=shape)

    local = [basis.basis[i][0] for i in range(basis.Nbfun)]
    full = basis.dx.shape
    values = [np.broadcast_to(np.asarray(phi), full)[chosen] for phi in local]
    gradients = [
        matrix([np.broadcast_to(phi.grad[k], full)[chosen] for phi in local]) for k in range(basis.mesh.dim())
    ]
    x = np.asarray(basis.global_coordinates())
    return Evaluation(
        value=matrix(values),
        gradient=tuple(gradients),
        weight=basis.dx[chosen].ravel(),
        position=x[:, chosen].reshape(x.shape[0], -1),
        element=np.repeat(chosen, points),
    )
