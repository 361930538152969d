"""Eqs. (79)–(81) on a square by biquadratic elements and a matrix exponential: no code of the package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from skfem import Basis, BilinearForm, ElementQuad2, MeshQuad
from skfem.helpers import grad

Array = NDArray[Any]

LEVI: Array = np.zeros((3, 3, 3))
for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    LEVI[i, j, k], LEVI[j, i, k] = 1.0, -1.0


class Square:
    """S^x, S^y, S^z and n over 2N_F on the unit square in the xy plane, the left side held, others closed.

    ∂_t(S, n) = −∂_kJ_k − S/τ_so − 2h×S, with J_k = −D∂_kn + Dθε_akj∂_jS^a and
    J_k^b = −D∂_kS^b + Dθε_bkj∂_jn − Dκ(δ_kb∂_aS^a − ∂_bS^k), tested with ∂_kv.
    """

    def __init__(self, cells: int, d: float, rate: float, theta: float, kappa: float, h: Array) -> None:
        mesh = MeshQuad.init_tensor(np.linspace(0, 1, cells + 1), np.linspace(0, 1, cells + 1))
        self.basis = Basis(mesh, ElementQuad2(), intorder=5)
        self.nodes, self.size = self.basis.doflocs, self.basis.N
        mass = BilinearForm(lambda u, v, w: u * v).assemble(self.basis).toarray()
        slopes = {
            (k, j): BilinearForm(lambda u, v, w, k=k, j=j: grad(v)[k] * grad(u)[j])
            .assemble(self.basis)
            .toarray()
            for k in range(2)
            for j in range(2)
        }
        blocks: Array = np.zeros((4, 4, self.size, self.size))
        for (k, j), slope in slopes.items():  # ∫ ∂_kv ∂_ju
            for b in range(4):
                blocks[b, b] -= d * (k == j) * slope
            for b in range(3):
                blocks[b, 3] += d * theta * LEVI[b, k, j] * slope
                blocks[3, b] += d * theta * LEVI[b, k, j] * slope
            blocks[k, j] -= d * kappa * slope  # −Dκ δ_kb ∂_aS^a: b = k, a = j
            blocks[j, k] += d * kappa * slope  # +Dκ ∂_bS^k: b = j
        turn = -2 * np.einsum("abc,b->ac", LEVI, h) - rate * np.eye(3)  # −2(h×S)^a = −2ε_abc h^b S^c
        for a in range(3):
            for c in range(3):
                blocks[a, c] += turn[a, c] * mass
        self.free = np.flatnonzero(self.nodes[0] > 1e-9)
        self.held = np.flatnonzero(self.nodes[0] <= 1e-9)
        inner = np.linalg.inv(mass[np.ix_(self.free, self.free)])
        self.drift = self._flat(inner @ blocks[:, :, self.free][..., self.free])
        self.source = self._flat(inner @ blocks[:, :, self.free][..., self.held])

    @staticmethod
    def _flat(blocks: Array) -> Array:
        return np.asarray(blocks.transpose(0, 2, 1, 3).reshape(4 * blocks.shape[2], -1))

    def evolve(self, start: Array, bias: Array, time: float) -> Array:
        """Fields (N, 4) at a time; the left side is at `bias` (4,) from t = 0 on."""
        drive = self.source @ np.repeat(bias, self.held.size)
        rest = -np.linalg.solve(self.drift, drive)
        moved = rest + expm(self.drift * time) @ (start[self.free].T.ravel() - rest)
        out = np.tile(bias, (self.size, 1))
        out[self.free] = moved.reshape(4, -1).T
        return out

    def at(self, points: Array, fields: Array) -> Array:
        """Fields (m, 4) at points (2, m)."""
        return np.column_stack([self.basis.interpolator(fields[:, b])(points) for b in range(4)])
