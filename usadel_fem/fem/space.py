"""The Lagrange space of the nodal values ǧ_i: nodes, quadrature points, and who owns which node."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree
from skfem.assembly import Dofs
from skfem.quadrature import get_quadrature

from usadel_fem.fem.mesh import DeviceMesh
from usadel_fem.fem.mesh_named import vertices
from usadel_fem.physics.nambu import Real

Index: TypeAlias = NDArray[Any]
"""Node, element and facet numbers."""

NEWTON_STEPS = 8
ROUND_RIM = 1e-3
"""How far outside an element a point may lie, in its coordinates: arcs are parabolas on the mesh."""

AT_ONCE = 8192
"""Elements handled at once: quadrature points of a whole mesh take ten times the room of its matrices."""

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

    @cached_property
    def element(self) -> skfem.Element:
        return ELEMENTS[self.dimension, self.order]()

    @cached_property
    def dofs(self) -> Dofs:
        """Numbers of the nodes."""
        return Dofs(self.device_mesh.mesh, self.element)

    @property
    def element_dofs(self) -> Index:
        """Nodes of every element, (n_local, elements)."""
        return np.asarray(self.dofs.element_dofs)

    @property
    def size(self) -> int:
        return int(self.dofs.N)

    @cached_property
    def doflocs(self) -> Real:
        """Mesh coordinates of the nodes, (dim, N)."""
        found = np.empty((self.dimension, self.size))
        for elements in self.handfuls():
            x = self.mapping(elements).F(self.element.doflocs.T, tind=elements)
            found[:, self.element_dofs[:, elements]] = x.transpose(0, 2, 1)
        return found

    @cached_property
    def nodes(self) -> Real:
        """Physical positions of the nodes, (N, 3)."""
        return self.physical(self.doflocs).T

    def handfuls(self, elements: Index | None = None) -> Iterator[Index]:
        """All or the given elements, so many at a time that what is computed on them stays in the cache."""
        chosen = np.arange(self.device_mesh.mesh.nelements) if elements is None else np.asarray(elements)
        for start in range(0, chosen.size, AT_ONCE):
            yield chosen[start : start + AT_ONCE]

    def mapping(self, elements: Index) -> Any:
        """Reference to mesh coordinates; what it keeps of straight elements is of these alone."""
        mesh = self.device_mesh.mesh
        return skfem.MappingAffine(mesh, tind=elements) if mesh.affine else mesh.mapping()

    def rule(self, degree: int) -> tuple[Real, Real]:
        """Points (dim, q) and weights of the quadrature exact to `degree` (plus 2 on curved elements)."""
        dim = self.dimension
        if degree <= 1 and self.device_mesh.mesh.affine:
            return np.full((dim, 1), 1 / (dim + 1)), np.array([1 / math.factorial(dim)])
        return get_quadrature(self.element.refdom, degree + (0 if self.device_mesh.mesh.affine else 2))

    def quadrature(self, degree: int, elements: Index) -> skfem.CellBasis:
        """The same space on some elements."""
        return skfem.CellBasis(
            self.device_mesh.mesh,
            self.element,
            mapping=self.mapping(elements),
            elements=elements,
            quadrature=self.rule(degree),
            dofs=self.dofs,
            disable_doflocs=True,
        )

    @property
    def fine(self) -> int:
        """Degree of the quadrature for φφ with a smoothly varying coefficient."""
        return 2 * self.order + 2

    def evaluation(self, degree: int, elements: Index | None = None) -> Evaluation:
        """Evaluation at the quadrature points of all or of some elements."""
        chosen = np.arange(self.device_mesh.mesh.nelements) if elements is None else elements
        bases = (self.quadrature(degree, few) for few in self.handfuls(chosen))
        return gathered(bases, chosen.size * self.rule(degree)[1].size, self.size)

    def physical(self, x: Real) -> Real:
        """Mesh coordinates (dim, ...) as physical coordinates (3, ...)."""
        position = np.zeros((3, *x.shape[1:]))
        position[list(self.axes)] = x
        return position

    def facet_basis(self, facets: Index) -> skfem.FacetBasis:
        """Quadrature on a set of facets for φφ."""
        mesh = self.device_mesh.mesh
        mapping = skfem.MappingAffine(mesh) if mesh.affine else mesh.mapping()  # not kept: it is large
        return skfem.FacetBasis(
            mesh,
            self.element,
            mapping=mapping,
            facets=facets,
            intorder=self.fine,
            dofs=self.dofs,
            disable_doflocs=True,
        )

    def facet_nodes(self, facets: Index) -> Index:
        """Nodes on a set of facets."""
        mesh, form = self.device_mesh.mesh, self.element
        barycentric = np.column_stack([1 - form.doflocs.sum(axis=1), form.doflocs])
        on = np.array([np.delete(barycentric, side, axis=1).sum(axis=1) == 0 for side in form.refdom.facets])
        element = mesh.f2t[0, facets]
        number = np.argmax(mesh.t2f[:, element] == facets, axis=0)
        return np.unique(self.element_dofs[:, element].T[on[number]]).astype(np.int64)

    def element_nodes(self, elements: Index) -> Index:
        """Nodes of a set of elements."""
        inside = np.zeros(self.size, dtype=bool)
        inside[self.element_dofs[:, elements]] = True
        return np.flatnonzero(inside)

    def owners(self, elements: Index) -> tuple[Index, Index]:
        """Nodes of a set of elements, and for each node one of those elements."""
        owner = np.full(self.size, -1, dtype=np.int64)
        owner[self.element_dofs[:, elements]] = elements
        nodes = np.flatnonzero(owner >= 0)
        return nodes, owner[nodes]

    def at_points(self, points: Real) -> Evaluation:
        """Evaluation at any points (dim, m) of the mesh, curved elements included; the weights are 1.

        Raises:
            ValueError: a point lies outside the mesh; its text names the point.
        """
        local, element, depth = self._locate(points)
        outside = np.flatnonzero(~(depth > -ROUND_RIM))
        if outside.size:
            raise ValueError(f"({', '.join(f'{c:g}' for c in points[:, outside[0]])})")
        form, m = self.element, points.shape[1]
        inverse = np.linalg.inv(_jacobian(self.mapping(element), local[:, :, None], element))
        columns = self.element_dofs[:, element]
        found = [form.lbasis(local, i) for i in range(columns.shape[0])]
        values = np.stack([phi * np.ones(m) for phi, _ in found])
        slopes = np.stack([np.broadcast_to(slope, local.shape) for _, slope in found])
        gradients = np.einsum("ilm,mlk->kim", slopes, inverse)
        matrix = _rows(columns, self.size)
        return Evaluation(matrix(values), tuple(map(matrix, gradients)), np.ones(m), points, element)

    def contains(self, points: Real) -> NDArray[np.bool_]:
        """Which of the points (dim, m) lie in the mesh, (m,)."""
        return np.asarray(self._locate(points)[2] > -ROUND_RIM)

    def _locate(self, points: Real) -> tuple[Real, Index, Real]:
        """Reference coordinates (dim, m) of points (dim, m), the elements (m,) that suit them best, and the
        smallest barycentric coordinate there (m,): negative outside."""
        corners, m = np.asarray(self.device_mesh.mesh.t), points.shape[1]
        position = vertices(self.device_mesh.mesh)
        centres = np.mean([position[:, corner] for corner in corners], axis=0)
        near = min(NEAREST, centres.shape[1])
        candidates = cKDTree(centres.T).query(points.T, k=near)[1].ravel()
        mapping = self.mapping(candidates)
        local = _reference_points(mapping, np.repeat(points, near, axis=1), candidates)
        barycentric = np.concatenate([local, 1 - local.sum(axis=0, keepdims=True)]).reshape(-1, m, near)
        depth = np.nan_to_num(barycentric.min(axis=0), nan=-np.inf)
        best = (np.arange(m), depth.argmax(axis=1))
        chosen = candidates.reshape(m, near)[best]
        return local.reshape(local.shape[0], m, near)[:, *best], chosen, depth[best]

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


def evaluation(basis: skfem.assembly.basis.abstract_basis.AbstractBasis) -> Evaluation:
    """Evaluation matrices of a cell or facet basis at its quadrature points."""
    return gathered([basis], basis.dx.size, basis.N)


def gathered(
    bases: Iterable[skfem.assembly.basis.abstract_basis.AbstractBasis], count: int, size: int
) -> Evaluation:
    """Evaluation at the `count` quadrature points of several bases, of which only one is held at a time."""
    nodes, table, position = (np.empty(0) for _ in range(3))
    weight, element = np.empty(count), np.empty(count, dtype=np.int64)
    start = 0
    for basis in bases:
        shape, x = basis.dx.shape, np.asarray(basis.global_coordinates())
        dim, few = x.shape[0], slice(start, start + basis.dx.size)
        if start == 0:
            nodes = np.empty((basis.Nbfun, count), dtype=np.int32)
            table, position = np.empty((1 + dim, basis.Nbfun, count)), np.empty((dim, count))
        nodes[:, few] = np.repeat(basis.element_dofs, shape[1], axis=1)
        for i, (phi, *_) in enumerate(basis.basis):
            table[0, i, few] = np.broadcast_to(np.asarray(phi), shape).ravel()
            table[1:, i, few] = np.broadcast_to(phi.grad, (dim, *shape)).reshape(dim, -1)
        weight[few], position[:, few] = basis.dx.ravel(), x.reshape(dim, -1)
        owner = np.arange(basis.nelems) if basis.tind is None else np.asarray(basis.tind)
        element[few] = np.repeat(owner, shape[1])
        start = few.stop
    matrix = _rows(nodes, size)
    value, *gradient = (matrix(table[k]) for k in range(len(table)))
    return Evaluation(value, tuple(gradient), weight, position, element)


def _rows(nodes: Index, size: int) -> Callable[[Real], sparse.csr_matrix]:
    """Entries (n_local, points) to a sparse matrix (points, size), for the nodes (n_local, points)."""
    order = None if (nodes[:-1] < nodes[1:]).all() else np.argsort(nodes, axis=0)

    def by_row(entries: NDArray[Any]) -> NDArray[Any]:
        return (entries if order is None else np.take_along_axis(entries, order, axis=0)).T.flatten()

    columns = by_row(nodes).astype(np.int32)
    starts = np.arange(0, nodes.size + 1, len(nodes), dtype=np.int32)
    shape = (nodes.shape[1], size)

    def matrix(entries: Real) -> sparse.csr_matrix:
        return sparse.csr_matrix((by_row(entries), columns.copy(), starts.copy()), shape=shape)

    return matrix
