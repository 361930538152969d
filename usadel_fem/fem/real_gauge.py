"""Channels of spin in a real gauge: ǧ_i = c_iτ₃ + s_iτ_φ, two numbers with c² + s² = 1, one angle.

τ_φ = [[0, 1/√ρ], [√ρ, 0]] for the ratio ρ of ǧ_he to ǧ_eh.  Of the forms in `fem/reduction.py` are left

    ¼ K_ij Tr ǧ_iǧ_j            ½ K_ij (c_ic_j + s_is_j)
    Tr Ω_iǧ_i                   2 (Ω^c_i c_i + Ω^s_i s_i)
    −½ D_ij Tr Xǧ_iYǧ_j         −½ D_ij (c_ic_j Tr Xτ₃Yτ₃ + s_is_j Tr Xτ₁Yτ₁)

and F_i = F^c_iτ₃ + F^s_iτ_φ has F^c_i = Σ_j q^c_ij c_j + Ω^c_i, the same for s.  Channels that do not couple
have the same q: a field holds them side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from usadel_fem import kernels
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.fem.space import Index
from usadel_fem.physics.nambu import PAULI, Complex, Real, trace

ROUNDING = 1e-14
"""Row sums of q below this, relative to its diagonal, are what those of K round to."""


@dataclass(frozen=True)
class RealGauge:
    """q^c and q^s of the free nodes; a field is (2, n, L), c and s of the nodes of L channels.

    Attributes:
        order: nodes of the forms, the free ones first.
        indptr, indices: places of both off the diagonal; columns are all nodes in this order.
        q: entries there, (2, nnz).
        diagonal, sums: entries on the diagonal and row sums, (2, n_free).
        coupled: channels that are side by side in the order, node by node.
    """

    order: Index
    indptr: Index
    indices: Index
    q: Real
    diagonal: Real
    sums: Real
    coupled: int = 1

    @classmethod
    def of(cls, forms: Forms, free: Index, coupled: int = 1) -> RealGauge:
        """Of forms for single channels without links and θ, their free nodes in any order.

        Several coupled ones have their nodes one channel after the other, in the same order each.
        """
        pinned = np.setdiff1d(np.arange(forms.size), free)
        order = np.concatenate([nodes.reshape(coupled, -1).T.ravel() for nodes in (free, pinned)])
        free = order[: free.size]
        assert not isinstance(forms.stiffness, LinkedMatrix)
        both = sparse.csr_matrix((0.5 + 0.5j) * forms.stiffness)
        for matrix, left, right in _products(forms):
            both = both - (_on(PAULI[3], left, right) + 1j * _on(PAULI[1], left, right)) * matrix
        both = sparse.csr_matrix(both[free][:, order])
        diagonal, sums = both.diagonal(), np.asarray(both.sum(axis=1)).ravel()
        both.setdiag(0.0)
        both.eliminate_zeros()
        both.sort_indices()
        on_diagonal, in_rows = (np.stack([x.real, x.imag]) for x in (diagonal, sums))
        in_rows[np.abs(in_rows) <= ROUNDING * np.abs(on_diagonal)] = 0.0
        q = np.stack([both.data.real, both.data.imag])
        return cls(order, both.indptr, both.indices, q, on_diagonal, in_rows, coupled)

    @property
    def free(self) -> int:
        """How many nodes are."""
        return int(self.diagonal.shape[1])

    @cached_property
    def on_c_and_s(self) -> tuple[Real, Real]:
        """The entries, as one array where they are the same: half to read."""
        on_c, on_s = self.q
        return on_c, on_c if np.array_equal(on_c, on_s) else on_s

    @cached_property
    def matrices(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """q^c and q^s off the diagonal, (n_free, n)."""
        shape = self.free, self.order.size
        one, two = (sparse.csr_matrix((q, self.indices, self.indptr), shape=shape) for q in self.q)
        return one, two

    @cached_property
    def within(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Those between free nodes."""
        one, two = (sparse.csr_matrix(matrix[:, : self.free]) for matrix in self.matrices)
        return one, two

    @cached_property
    def sums_within(self) -> tuple[Real, Real]:
        """Their row sums, (n_free,)."""
        one, two = (np.asarray(matrix.sum(axis=1)).ravel() for matrix in self.within)
        return one, two

    @cached_property
    def side_by_side(self) -> tuple[Index, Index, Real]:
        """The same for coupled channels in one row: entries on its own channel and, n nodes further, on the
        next one, (nnz, m): one for all; one on c and one on s; or these for each channel, first all on c."""
        count, parts = self.coupled, []
        for matrix in self.within:
            for channel in range(count):
                mine = matrix[channel::count]
                others = [mine[:, (channel + turn) % count :: count] for turn in range(count)]
                parts.append(sparse.csr_matrix(sparse.hstack(others)))
        pattern = sparse.csr_matrix(sum(abs(part) for part in parts))
        entries = np.stack([_entries(part, pattern) for part in parts], axis=1)
        by_field = entries.reshape(-1, 2, count)
        if (by_field == by_field[:, :, :1]).all():
            entries = by_field[:, :, 0]
        if (entries == entries[:, :1]).all():
            entries = entries[:, :1]
        return pattern.indptr, pattern.indices, np.ascontiguousarray(entries)

    @cached_property
    def side_by_side_single(self) -> tuple[Index, Index, Real]:
        """With entries in single precision."""
        indptr, indices, entries = self.side_by_side
        return indptr, indices, entries.astype(np.float32)

    @cached_property
    def places(self) -> tuple[Index, Index]:
        """Rows and columns of the entries of `within`."""
        pattern = self.within[0]
        return np.repeat(np.arange(self.free), np.diff(pattern.indptr)), pattern.indices

    @cached_property
    def width(self) -> int:
        """Furthest of them from the diagonal."""
        rows, columns = self.places
        return int((columns - rows).max(initial=0))

    def field(self, x: Complex, root: complex) -> Complex:
        """c and s of matrices (L·N, 2, 2), one channel after the other; root is √ρ."""
        compiled = _compiled()
        if compiled is not None:
            x = np.ascontiguousarray(x).reshape(-1, self.order.size, 2, 2)
            out = np.empty((2, self.order.size, len(x)), dtype=complex)
            compiled.pack(x, self.order, complex(root), *out)
            return out
        c, s = 0.5 * (x[:, 0, 0] - x[:, 1, 1]), 0.5 * (root * x[:, 0, 1] + x[:, 1, 0] / root)
        parts = np.stack([c, s]).reshape(2, -1, self.order.size)
        return np.ascontiguousarray(parts[:, :, self.order].swapaxes(1, 2))

    def back(self, field: Complex, root: complex) -> Complex:
        """The matrices (L·N, 2, 2) of a field."""
        out = np.empty((field.shape[2], self.order.size, 2, 2), dtype=complex)
        compiled = _compiled()
        if compiled is not None:
            compiled.unpack(*field, self.order, complex(root), out)
            return out.reshape(-1, 2, 2)
        c, s = field.swapaxes(1, 2)
        out[:, self.order, 0, 0], out[:, self.order, 1, 1] = c, -c
        out[:, self.order, 0, 1], out[:, self.order, 1, 0] = s / root, root * s
        return out.reshape(-1, 2, 2)


def _compiled() -> Any:
    if kernels.compiled() is None:
        return None
    from usadel_fem.kernels import angles

    return angles


def _entries(matrix: sparse.csr_matrix, pattern: sparse.csr_matrix) -> Real:
    """At the places of a pattern that has all its own."""

    def keys(x: sparse.csr_matrix) -> Index:
        x.sort_indices()
        rows = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
        return rows * x.shape[1] + x.indices

    out = np.zeros(pattern.nnz)
    out[np.searchsorted(keys(pattern), keys(matrix))] = matrix.data
    return out


def _products(forms: Forms) -> Iterator[tuple[sparse.csr_matrix, Complex, Complex]]:
    """D, X and Y of the terms −½ D_ij Tr Xǧ_iYǧ_j."""
    for field in forms.transverse:
        yield field.matrix, field.left, field.right
    for tunnel in forms.tunnels:
        yield 0.5 * tunnel.matrix, tunnel.filter, tunnel.filter


def _on(tau: Complex, left: Complex, right: Complex) -> float:
    """The part of XτY along τ."""
    return float(0.5 * trace(tau, left @ tau @ right).real)
