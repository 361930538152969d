"""A handful of elements of one region: material coefficients there, element matrices, and their sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from skfem.quadrature import get_quadrature

from usadel_fem.fem import forms
from usadel_fem.fem.space import Index, Space
from usadel_fem.fem.sums import MatrixSum, Pattern
from usadel_fem.physics.nambu import Real

WEIGHTS = 7
"""Rows of the weights of the linear terms: 1, Γ, h^a, Re Δ, Im Δ."""


class Coefficient(Protocol):
    """Values (...) of a material coefficient at mesh coordinates x (dim, ...) inside elements (...).

    Names: D, N_F, theta, kappa, spin_relaxation_rate (1/τ_so), dynes, Delta (complex), exchange (3, ...).
    """

    def __call__(self, name: str, x: Real, element: Index) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Piece:
    """Some elements of a region, and the coefficients at their quadrature points, (elements, points)."""

    space: Space
    region: str
    elements: Index
    coefficient: Coefficient

    @cached_property
    def basis(self) -> skfem.CellBasis:
        """With the quadrature for coefficients that vary."""
        return self.space.quadrature(self.space.fine, self.elements)

    @cached_property
    def nodes(self) -> Index:
        """(n_local, elements)."""
        return self.space.element_dofs[:, self.elements]

    @cached_property
    def points(self) -> tuple[Real, Index]:
        """Mesh coordinates (dim, elements, points) of the quadrature points, and their elements."""
        space = self.space
        x = space.mapping(self.elements).F(space.rule(space.fine)[0], tind=self.elements)
        return x, np.broadcast_to(self.elements[:, None], x.shape[1:])

    @cached_property
    def _known(self) -> dict[str, NDArray[Any]]:
        return {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A material coefficient at the points."""
        if name not in self._known:
            self._known[name] = np.asarray(self.coefficient(name, *self.points))
        return self._known[name]

    def entries(self, form: skfem.assembly.Form, degree: int, **coefficients: Real) -> Real:
        """Element matrices or vectors of a form, flat, exact where coefficients are constant in each element.

        Args:
            degree: of the shape functions in the form.
            coefficients: at the points; where they vary, the quadrature is that of `basis`.
        """
        basis, values = self.basis, coefficients
        if self.space.device_mesh.mesh.affine and not any(map(varies, values.values())):
            basis = self._coarse(degree)
            values = {name: np.broadcast_to(c[:, :1], basis.dx.shape) for name, c in values.items()}
        return np.asarray(form.elemental(basis, **values).data)

    def _coarse(self, degree: int) -> skfem.CellBasis:
        if degree not in self._bases:
            self._bases[degree] = self.space.quadrature(degree, self.elements)
        return self._bases[degree]

    @cached_property
    def _bases(self) -> dict[int, skfem.CellBasis]:
        return {}


def varies(c: Real) -> bool:
    """Whether a coefficient (elements, points) differs between points of an element."""
    return bool((c != c[:, :1]).any())


def pieces(space: Space, coefficient: Coefficient) -> Iterator[Piece]:
    """The whole mesh, region by region."""
    for region, elements in sorted(space.device_mesh.regions.items()):
        for few in space.handfuls(elements):
            yield Piece(space, region, few, coefficient)


class Sums:
    """Matrices by name, and weights of the linear terms: those of Galerkin's method and positive ones.

    Attributes:
        consistent, lumped: (WEIGHTS, N).
    """

    def __init__(self, space: Space) -> None:
        self._pattern = Pattern.of(space)
        self._matrices: dict[str, MatrixSum] = {}
        self._shares = lumping(space)
        self._lumped: dict[str, Real] = {}
        self._where: tuple[Piece, Index] | None = None
        self.consistent = np.zeros((WEIGHTS, space.size))
        self.lumped = np.zeros((WEIGHTS, space.size))

    def add(self, name: str, piece: Piece, form: skfem.BilinearForm, degree: int, **c: Real) -> None:
        """Add a form on a piece, unless one of its coefficients vanishes there."""
        if not all(x.any() for x in c.values()):
            return
        if self._where is None or self._where[0] is not piece:
            self._where = piece, self._pattern.where(piece.nodes)
        total = self._matrices.setdefault(name, MatrixSum(self._pattern))
        total.add(self._where[1], piece.entries(form, degree, **c))

    def weigh(self, row: int, piece: Piece, c: Real) -> None:
        """Add ∫ N_F c φ_i on a piece."""
        if not c.any():
            return
        entries = piece.entries(forms.weight, piece.space.order, N_F=piece["N_F"], c=c)
        np.add.at(self.consistent[row], piece.nodes.ravel(), entries)
        self._lump(self.lumped[row], piece, c)

    def pair(self, piece: Piece) -> None:
        """Add ∫ N_F φ_iφ_p and its lumped weights for the Δ_p of the piece's region."""
        one = np.ones_like(piece["N_F"])
        self.add(f"mass of {piece.region}", piece, forms.mass, 2 * piece.space.order, N_F=piece["N_F"], c=one)
        self._lump(self._lumped.setdefault(piece.region, np.zeros(self.lumped.shape[1])), piece, one)

    def _lump(self, total: Real, piece: Piece, c: Real) -> None:
        integral = (piece["N_F"] * c * piece.basis.dx).sum(axis=1)
        np.add.at(total, piece.nodes.ravel(), (self._shares * integral).ravel())

    def pairing(self, region: str, inside: Index) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """What `pair` has summed, for the region's nodes `inside`: consistent and lumped, (N, P)."""
        lumped = sparse.diags(self._lumped[region]).tocsr()
        return self.matrix(f"mass of {region}")[:, inside], lumped[:, inside]

    def found(self, name: str) -> sparse.csr_matrix | None:
        """A matrix, or None if nothing was added to it."""
        return self._matrices.pop(name).matrix() if name in self._matrices else None

    def matrix(self, name: str) -> sparse.csr_matrix:
        """A matrix that exists."""
        found = self.found(name)
        assert found is not None
        return found


def lumping(space: Space) -> Real:
    """Positive shares of the nodes of an element, ∝ ∫φ_i² (Hinton, Rock, Zienkiewicz 1976), (n_local, 1)."""
    x, w = get_quadrature(space.element.refdom, 2 * space.order)
    count = len(space.element_dofs)
    diagonal = np.array([float(np.sum(space.element.lbasis(x, i)[0] ** 2 * w)) for i in range(count)])
    return (diagonal / diagonal.sum())[:, None]
