"""Sums of matrices over the elements of a mesh, a handful at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from usadel_fem.fem.links import Matrix
from usadel_fem.fem.space import Index, Space
from usadel_fem.physics.nambu import Real

ROUNDING = 1e-14
"""Entries below this part of the sum of moduli of what they were summed from are none."""


@dataclass(frozen=True)
class Pattern:
    """Which nodes share an element.

    Attributes:
        places: (N, N), every entry its own place among the entries.
    """

    places: sparse.csr_matrix

    @classmethod
    def of(cls, space: Space) -> Pattern:
        corners, count = space.element_dofs.shape
        starts = np.arange(0, corners * count + 1, corners)
        member = (np.ones(corners * count, dtype=bool), space.element_dofs.T.ravel(), starts)
        incidence = sparse.csr_matrix(member, shape=(count, space.size))
        together = sparse.csr_matrix(incidence.T @ incidence)
        together.sort_indices()
        places = np.arange(together.nnz)
        return cls(sparse.csr_matrix((places, together.indices, together.indptr), shape=together.shape))

    def where(self, nodes: Index) -> Index:
        """Places of the element matrices (column, row, element), flat, for the nodes (n, elements)."""
        column, row = np.broadcast_arrays(nodes[:, None], nodes[None])
        return np.asarray(self.places[row.ravel(), column.ravel()]).ravel()


class MatrixSum:
    """A matrix (N, N) in the making; entries that cancel to rounding are left out of it at the end."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern.places
        self._value = np.zeros(pattern.places.nnz)
        self._modulus = np.zeros(pattern.places.nnz)

    def add(self, where: Index, entries: Real) -> None:
        """Add element matrices in the order of `Pattern.where`."""
        np.add.at(self._value, where, entries)
        np.add.at(self._modulus, where, np.abs(entries))

    def matrix(self) -> sparse.csr_matrix:
        kept = np.abs(self._value) > ROUNDING * self._modulus
        before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int32)
        entries = self._value[kept], self._pattern.indices[kept], before[self._pattern.indptr]
        return sparse.csr_matrix(entries, shape=self._pattern.shape)


class ProductSum:
    """A sum of many sparse matrices, linked ones too; equal numbers meet, so that none is copied often."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, Matrix]] = []

    def add(self, part: Matrix | None) -> None:
        count, total = 1, part
        if total is None:
            return
        while self._parts and self._parts[-1][0] <= count:
            more, other = self._parts.pop()
            count, total = count + more, other + total
        self._parts.append((count, total))

    def matrix(self) -> Matrix | None:
        """The sum, or None if there was nothing to add."""
        total: Matrix | None = None
        for _, part in reversed(self._parts):
            total = part if total is None else part + total
        return total
