"""Tangents of ǧ² = 1 in the frames ǧ = Mτ₃M⁻¹, M = [[1, γ], [γ̃, 1]], M⁻¹ = diag(N, Ñ) [[1, −γ], [−γ̃, 1]].

Matrices are stored entry by entry here, (s, s, n) for n nodes with spin matrices s×s, s = 1 for one channel
of spin and 2 for both: a product of 2×2 blocks is then eight vector products, four times faster than n small
matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from usadel_fem.physics.nambu import PAULI, Complex

BLOCK = 2048
"""Nodes handled at once: what one step of the algebra touches stays in the processor's cache."""


def parts(total: int) -> list[slice]:
    """Slices of at most `BLOCK` nodes."""
    return [slice(start, start + BLOCK) for start in range(0, total, BLOCK)]


def by_entry(x: Complex) -> Complex:
    """(n, ...) → (..., n), contiguous."""
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def multiply(a: Complex, b: Complex) -> Complex:
    """ab of small matrices (..., r, s, n) and (..., s, t, n).

    >>> a, b = np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2, 2))
    >>> bool(np.array_equal(multiply(a, b)[..., 1], a[..., 1] @ b[..., 1]))
    True
    """
    out = a[..., :, 0, None, :] * b[..., None, 0, :, :]
    for k in range(1, b.shape[-3]):
        out += a[..., :, k, None, :] * b[..., None, k, :, :]
    return out


@dataclass(frozen=True)
class Frames:
    """γ, γ̃, N = (1 − γγ̃)⁻¹ and Ñ = (1 − γ̃γ)⁻¹ of every node, each (s, s, n)."""

    gamma: Complex
    gamma_tilde: Complex
    n: Complex
    n_tilde: Complex

    @classmethod
    def of(cls, m: Complex, inverse: Complex) -> Frames:
        """From M and M⁻¹ of `nambu.frame`, (n, 2s, 2s)."""
        s = m.shape[-1] // 2
        blocks = m[:, :s, s:], m[:, s:, :s], inverse[:, :s, :s], inverse[:, s:, s:]
        return cls(*(by_entry(x) for x in blocks))

    def __getitem__(self, nodes: slice | NDArray[np.integer]) -> Frames:
        return Frames(*(x[..., nodes] for x in (self.gamma, self.gamma_tilde, self.n, self.n_tilde)))

    def change(self, eh: Complex, he: Complex) -> Complex:
        """δǧ = −2Mτ₃wM⁻¹, (2s, 2s, n), of the blocks of w, (s, s, n).

        With u = w_eh Ñ, ũ = w_he N:  δǧ = −2 [[−uγ̃ − γũ, u + γũγ], [−ũ − γ̃uγ̃, ũγ + γ̃u]].
        """
        u, v = multiply(eh, -2 * self.n_tilde), multiply(he, -2 * self.n)
        left, right = multiply(u, self.gamma_tilde), multiply(v, self.gamma)
        s = eh.shape[0]
        out = np.empty((2 * s, 2 * s, eh.shape[-1]), dtype=complex)
        out[:s, :s] = -left - multiply(self.gamma, v)
        out[:s, s:] = u + multiply(self.gamma, right)
        out[s:, :s] = -v - multiply(self.gamma_tilde, left)
        out[s:, s:] = right + multiply(self.gamma_tilde, u)
        return out

    def turned(self, x: Complex) -> tuple[Complex, Complex]:
        """Blocks eh and he of M⁻¹xM, (s, s, n) each, for x (2s, 2s, n)."""
        s = self.gamma.shape[0]
        ee, eh, he, hh = x[:s, :s], x[:s, s:], x[s:, :s], x[s:, s:]
        lower = multiply(he, self.gamma) + hh
        upper = multiply(eh, self.gamma_tilde) + ee
        right = multiply(ee, self.gamma) + eh - multiply(self.gamma, lower)
        left = multiply(hh, self.gamma_tilde) + he - multiply(self.gamma_tilde, upper)
        return multiply(self.n, right), multiply(self.n_tilde, left)

    def columns(self, residual: Complex) -> Complex:
        """−½ δǧ of the transposed residual (n, 2, s, s), as columns (n, 16), one after the other in memory.

        One channel has three: δǧ has no trace.
        """
        n, size = residual.shape[0], 2 * residual.shape[-1]
        force = np.empty((size, size, n), dtype=complex)
        for part in parts(n):
            he, eh = -0.25 * residual[part].transpose(1, 3, 2, 0)
            force[..., part] = self[part].change(eh, he)
        kept = 3 if size == 2 else size**2
        return force.reshape(-1, n)[:kept].T

    def unknowns(self, dg: Complex) -> Complex:
        """w (n, 2, s, s): −½τ₃ of the blocks eh and he of M⁻¹δǧM, for δǧ as `columns` orders it."""
        n, s = dg.shape[0], self.gamma.shape[0]
        columns = dg.T if s == 2 else np.stack([*dg.T, -dg[:, 0]])
        x = columns.reshape(2 * s, 2 * s, n)
        w = np.empty((n, 2, s, s), dtype=complex)
        for part in parts(n):
            eh, he = self[part].turned(x[..., part])
            w[part, 0], w[part, 1] = -0.5 * np.moveaxis(eh, -1, 0), 0.5 * np.moveaxis(he, -1, 0)
        return w


def tangents(m: Complex, inverse: Complex) -> Complex:
    """δǧ of each entry of w, −2Mτ₃eM⁻¹, as columns (n, 16, 8): a column of M times a row of M⁻¹.

    >>> tangents(np.eye(4)[None], np.eye(4)[None])[0, :, 0].nonzero()  # w_eh of the first spins: δf̂
    (array([2]),)
    """
    n, s = m.shape[0], m.shape[-1] // 2
    out = np.empty((n, 2 * s, 2 * s, 2, s, s), dtype=complex)
    column, row = m[:, :, None, :, None], inverse.swapaxes(1, 2)[:, None, :, None, :]
    np.multiply(-2 * column[..., :s, :], row[..., s:], out=out[:, :, :, 0])
    np.multiply(2 * column[..., s:, :], row[..., :s], out=out[:, :, :, 1])
    return out.reshape(n, 4 * s * s, 2 * s * s)


def second_order(local: Complex) -> Complex:
    """The matrices (n, 8, 8) of the quadratic forms 2 Tr xw² in the entries of w, for x (n, 4, 4)."""
    n, s = local.shape[0], local.shape[-1] // 2
    ee, hh = 2 * local[:, :s, :s], 2 * local[:, s:, s:]
    out = np.zeros((n, 2, s, s, 2, s, s), dtype=complex)
    for k in range(s):
        out[:, 1, k, :, 0, :, k] += ee
        out[:, 1, :, k, 0, k, :] += hh.swapaxes(1, 2)
        out[:, 0, k, :, 1, :, k] += hh
        out[:, 0, :, k, 1, k, :] += ee.swapaxes(1, 2)
    return out.reshape(n, 2 * s * s, 2 * s * s)


_STATES: Complex = np.stack([np.linalg.eigh(-sigma)[1] for sigma in PAULI[1:]])
_TO_STATES: Complex = np.stack([np.kron(v.conj().T, v.T) for v in _STATES])
_FROM_STATES: Complex = np.stack([np.kron(v, v.conj()) for v in _STATES])
"""x → V†xV and back for flattened spin matrices x, V the eigenstates +1 and −1 of σ^a."""


def spin_blocks(x: Complex) -> Complex:
    """The Nambu matrices x_st between the spins s and t, (s, t, 2, 2, n), of x (n, 4, 4); of x (n, 2, 2) the
    one of its channel."""
    spins = x.shape[-1] // 2
    return np.ascontiguousarray(x.reshape(-1, 2, spins, 2, spins).transpose(2, 4, 1, 3, 0))


def from_spin_blocks(blocks: Complex) -> Complex:
    """Back to (n, 4, 4) or (n, 2, 2).

    >>> x = np.arange(32.0).reshape(2, 4, 4)
    >>> bool(np.array_equal(from_spin_blocks(spin_blocks(x)), x))
    True
    """
    size = 2 * blocks.shape[0]
    return blocks.transpose(4, 2, 0, 3, 1).reshape(-1, size, size)


def along(a: int, blocks: Complex, back: bool = False) -> Complex:
    """Spin blocks between the eigenstates of σ^a instead of those of σ_z, or back; one channel is one."""
    if a == 2 or blocks.shape[0] == 1:
        return blocks
    matrix = (_FROM_STATES if back else _TO_STATES)[a]
    return (matrix @ blocks.reshape(4, -1)).reshape(blocks.shape)


def both_sides(x: Complex) -> Complex:
    """The blocks s = t of ½{σ^a, x}, (s, 2, 2, n), of spin blocks along a; the others vanish."""
    return np.stack([x[0, 0], -x[1, 1]]) if x.shape[0] == 2 else x[0]


def on_diagonal(x: Complex) -> Complex:
    """½{σ^a, x} as spin blocks (s, t, 2, 2, n) from the blocks x_ss."""
    out = np.zeros((x.shape[0], *x.shape), dtype=complex)
    out[0, 0] = x[0]
    if x.shape[0] == 2:
        out[1, 1] = -x[1]
    return out


def round_trip(x: Complex, y: Complex) -> Complex:
    """The blocks s = t of xy, (s, 2, 2, n), of spin blocks."""
    out = multiply(x[:, 0], y[0])
    for k in range(1, y.shape[0]):
        out += multiply(x[:, k], y[k])
    return out
