"""Direct solution of Newton's linear systems along a line, for one energy or many at once.

On a one-dimensional mesh every node couples to its neighbours only.  The Hessian is eliminated node by node
in blocks of 8×8, exactly as a sparse factorisation would, each step for all energies in one call; what a node
leaves behind is the same for all of them and is found once per mesh.  The blocks are those of
`Linearisation.matrix`, the nodes (N, E) of E copies of the device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from usadel_fem import kernels
from usadel_fem.action import Linearisation, quadratic_matrix
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix, Matrix
from usadel_fem.fem.space import Index
from usadel_fem.physics.frames import second_order, tangents
from usadel_fem.physics.nambu import Complex

AT_ONCE = 512
"""Blocks of all energies handled together."""


def repeated(matrix: sparse.csr_matrix, copies: int, width: int = 1) -> sparse.csr_matrix:
    """The matrix of `copies` systems that do not couple: node i of copy e is node i·copies + e.

    Args:
        width: rows and columns of a node.

    >>> repeated(sparse.csr_matrix([[1.0, 2.0], [3.0, 4.0]]), 2).toarray()[0].tolist()
    [1.0, 0.0, 2.0, 0.0]
    """
    entries = matrix.tocoo()
    copy = np.arange(copies)

    def place(index: Index) -> Index:
        node, component = np.divmod(index.astype(np.int64)[:, None], width)
        return np.asarray((width * (copies * node + copy) + component).ravel())

    shape = (copies * matrix.shape[0], copies * matrix.shape[1])
    data = np.repeat(entries.data, copies)
    return sparse.csr_matrix((data, (place(entries.row), place(entries.col))), shape=shape)


def _repeated(matrix: Matrix, copies: int) -> Matrix:
    if not isinstance(matrix, LinkedMatrix):
        return repeated(matrix, copies)
    triplets = matrix.plain_triplet, matrix.charged_triplet
    return LinkedMatrix(
        repeated(matrix.plain, copies),
        repeated(matrix.charged, copies),
        *(None if m is None else repeated(m, copies, width=3) for m in triplets),
    )


def copies_of(forms: Forms, copies: int) -> Forms:
    """Forms whose terms quadratic in ǧ are those of that many devices at once, nodes as in `repeated`.

    The potentials, contacts and terminals stay those of one: `action.source` is made for each energy.
    """
    relaxation = forms.spin_relaxation
    return replace(
        forms,
        copies=copies,
        stiffness=_repeated(forms.stiffness, copies),
        spin_relaxation=None if relaxation is None else repeated(relaxation, copies),
        transverse=tuple(replace(t, matrix=repeated(t.matrix, copies)) for t in forms.transverse),
        tunnels=tuple(replace(t, matrix=repeated(t.matrix, copies)) for t in forms.tunnels),
    )


@dataclass(frozen=True)
class Elimination:
    """The order in which the free nodes of a mesh are eliminated, and the blocks that arise.

    Attributes:
        nodes: free nodes in the order of elimination, (n,).
        rows, columns: position in that order of each coupling i < j that the forms have, (P,).
        diagonal, coupling: `quadratic` between them as matrices on flattened ǧ, (n, 16, 16), (P, 16, 16).
        later: for each position the (position, block) of the nodes that it still couples to when its turn
            comes; blocks are numbered from 0, those of the forms first.
        updates: for each position the (first, second, target) of pairs of these nodes, first ≤ second:
            target is a block, or −1 − position for a diagonal one.
        blocks: number of blocks.
    """

    nodes: Index
    rows: Index
    columns: Index
    diagonal: Complex
    coupling: Complex
    later: tuple[tuple[tuple[int, int], ...], ...]
    updates: tuple[tuple[tuple[int, int, int], ...], ...]
    blocks: int

    @classmethod
    def of(cls, forms: Forms, size: int = 4) -> Elimination:
        """Of forms for nodal matrices (size, size)."""
        linear, free = quadratic_matrix(forms, size), forms.free
        entries = size**2
        full = linear.tobsr((entries, entries))
        full.sum_duplicates()
        graph = sparse.csr_matrix((np.ones(full.indices.size), full.indices, full.indptr))[free][:, free]
        nodes = free[reverse_cuthill_mckee(graph, symmetric_mode=True)]
        place = np.full(forms.size, -1)
        place[nodes] = np.arange(nodes.size)
        row = place[np.repeat(np.arange(forms.size), np.diff(full.indptr))]
        column = place[full.indices]
        above, on = (row >= 0) & (row < column), (row >= 0) & (row == column)
        diagonal = np.zeros((nodes.size, entries, entries), dtype=full.dtype)
        diagonal[row[on]] = full.data[on]
        later, updates, blocks = _fill(nodes.size, row[above], column[above])
        return cls(nodes, row[above], column[above], diagonal, full.data[above], later, updates, blocks)

    def factorise(self, lin: Linearisation, energies: int) -> Factorisation:
        """The Hessian of one linearisation of `energies` copies, factorised."""
        size, n = lin.m.shape[-1], self.nodes.size
        m, inverse, local = (
            x.reshape(-1, energies, size, size)[self.nodes].reshape(-1, size, size)
            for x in (lin.m, lin.inverse, lin.local)
        )
        e = tangents(m, inverse).reshape(n, energies, size, size, -1)
        transposed = e.transpose(0, 1, 4, 3, 2).reshape(n, energies, -1, size * size)
        e = e.reshape(n, energies, size * size, -1)
        unknowns = e.shape[-1]
        diagonal = second_order(local).reshape(n, energies, unknowns, unknowns)
        coupling = np.zeros((self.blocks, energies, unknowns, unknowns), dtype=complex)
        for part in _slices(n, energies):
            diagonal[part] += transposed[part] @ (self.diagonal[part, None] @ e[part])
        for part in _slices(self.rows.size, energies):
            changed = self.coupling[part, None] @ e[self.columns[part]]
            coupling[part] = transposed[self.rows[part]] @ changed
        return self._eliminate(diagonal, coupling)

    def step(self, lin: Linearisation, energies: int) -> tuple[Factorisation, Complex]:
        """The Hessian factorised and Newton's step with it, (n, E, 2, 2, 2)."""
        factor = self.factorise(lin, energies)
        return factor, factor.step(lin)

    @cached_property
    def order(self) -> tuple[Index, ...]:
        """Where `later` of a position begins, its blocks and positions, and so of `updates`: for kernels."""
        first, start = (np.cumsum([0, *map(len, lists)]) for lists in (self.later, self.updates))
        later = np.array([pair for pairs in self.later for pair in pairs], dtype=np.int64).reshape(-1, 2)
        updates = np.array([u for each in self.updates for u in each], dtype=np.int64).reshape(-1, 3)
        return first, later[:, 1].copy(), later[:, 0].copy(), start, updates

    def _eliminate(self, diagonal: Complex, coupling: Complex) -> Factorisation:
        compiled = kernels.compiled()
        if compiled is not None:
            compiled.eliminate(self.order, diagonal, coupling)
            return Factorisation(self, diagonal, coupling)
        for k, (later, updates) in enumerate(zip(self.later, self.updates, strict=True)):
            pivot = inverse(diagonal[k])
            # rounding must not break the symmetry that the blocks below the diagonal are left out by:
            # what is antisymmetric in a pivot would grow by a third with every P2 element
            diagonal[k] = 0.5 * (pivot + pivot.swapaxes(1, 2))
            before = {p: coupling[p].swapaxes(1, 2).copy() for _, p in later}
            for _, p in later:
                coupling[p] = diagonal[k] @ coupling[p]
            for first, second, target in updates:
                block = diagonal[-1 - target] if target < 0 else coupling[target]
                block -= before[first] @ coupling[second]
        return Factorisation(self, diagonal, coupling)


def _slices(count: int, energies: int) -> list[slice]:
    """Nodes or couplings at once, so that their blocks stay in the processor's cache."""
    step = max(1, AT_ONCE // energies)
    return [slice(first, min(first + step, count)) for first in range(0, count, step)]


def _fill(
    n: int, rows: Index, columns: Index
) -> tuple[tuple[tuple[tuple[int, int], ...], ...], tuple[tuple[tuple[int, int, int], ...], ...], int]:
    """Which blocks the elimination of n nodes leaves, from the couplings rows < columns."""
    numbers = {pair: p for p, pair in enumerate(zip(rows.tolist(), columns.tolist(), strict=True))}
    neighbours: list[list[int]] = [[] for _ in range(n)]
    for i, j in numbers:
        neighbours[i].append(j)
    later, updates = [], []
    for k in range(n):
        mine = sorted(neighbours[k])
        later.append(tuple((j, numbers[k, j]) for j in mine))
        pairs = []
        for b, j in enumerate(mine):
            for i in mine[:b]:
                if (i, j) not in numbers:
                    numbers[i, j] = len(numbers)
                    neighbours[i].append(j)
                pairs.append((numbers[k, i], numbers[k, j], numbers[i, j]))
            pairs.append((numbers[k, j], numbers[k, j], -1 - j))
        updates.append(tuple(pairs))
    return tuple(later), tuple(updates), len(numbers)


def inverse(blocks: Complex) -> Complex:
    """Inverses of matrices (E, n, n); not a number where one is singular, which spoils no other."""
    try:
        return np.linalg.inv(blocks)
    except np.linalg.LinAlgError:
        return np.stack([_inverse(block) for block in blocks])


def _inverse(block: Complex) -> Complex:
    try:
        return np.linalg.inv(block)
    except np.linalg.LinAlgError:
        return np.full_like(block, np.nan)


@dataclass(frozen=True)
class Factorisation:
    """H⁻¹ of E energies: the inverse of every pivot D_k, (n, E, 8, 8), and D_k⁻¹H_kj, (blocks, E, 8, 8)."""

    elimination: Elimination
    inverse: Complex
    coupling: Complex

    def step(self, lin: Linearisation) -> Complex:
        """−H⁻¹r (n, E, 2, 2, 2) of the r of a linearisation, which need not be the one of H."""
        gradient = lin.gradient()
        right = gradient.reshape(-1, *self.inverse.shape[1:3])[self.elimination.nodes]
        return self.solve(-right).reshape(*right.shape[:2], *gradient.shape[1:])

    def solve(self, right: Complex) -> Complex:
        """H⁻¹ of right-hand sides (n, E, 8), nodes in the order of the elimination."""
        compiled, later = kernels.compiled(), self.elimination.later
        if compiled is not None:
            return np.asarray(compiled.substitute(self.elimination.order, self.inverse, self.coupling, right))
        x = right[..., None].copy()
        for k in range(len(later)):
            for j, p in later[k]:
                x[j] -= self.coupling[p].swapaxes(1, 2) @ x[k]
        x = self.inverse @ x
        for k in reversed(range(len(later))):
            for j, p in later[k]:
                x[k] -= self.coupling[p] @ x[j]
        return x[..., 0]
