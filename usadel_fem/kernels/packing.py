"""Nodal matrices into lanes and rows, and back."""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import WIDTH


@inline
def _lane(out, at, block):
    """A 2×2 block into one lane of a matrix stored lane by lane."""
    for i in range(2):
        for j in range(2):
            x = block[i, j]
            out[at + 2 * WIDTH * (2 * i + j)] = x.real
            out[at + 2 * WIDTH * (2 * i + j) + WIDTH] = x.imag


@kernel
def pack_frames(m, inverse, nodes, out):
    """γ, γ̃, N, Ñ of the nodes from M and M⁻¹ (N, 4, 4)."""
    for n in range(nodes.size):
        at = 256 * (n // WIDTH) + n % WIDTH
        _lane(out, at, m[nodes[n], :2, 2:])
        _lane(out, at + 64, m[nodes[n], 2:, :2])
        _lane(out, at + 128, inverse[nodes[n], :2, :2])
        _lane(out, at + 192, inverse[nodes[n], 2:, 2:])


@kernel
def to_components(g, out):
    """(N, 4, 4) → components (N, 4, 2, 2) of the Nambu blocks on 1, σ_x, σ_y, σ_z."""
    for n in range(g.shape[0]):
        for i in range(2):
            for j in range(2):
                a, b = g[n, 2 * i, 2 * j], g[n, 2 * i, 2 * j + 1]
                c, d = g[n, 2 * i + 1, 2 * j], g[n, 2 * i + 1, 2 * j + 1]
                out[n, 0, i, j], out[n, 3, i, j] = 0.5 * (a + d), 0.5 * (a - d)
                out[n, 1, i, j], out[n, 2, i, j] = 0.5 * (b + c), 0.5j * (b - c)


@kernel
def from_components(x, out):
    """(N, 4, 2, 2) → (N, 4, 4)."""
    for n in range(x.shape[0]):
        for i in range(2):
            for j in range(2):
                a, b, c, d = x[n, 0, i, j], x[n, 1, i, j], 1j * x[n, 2, i, j], x[n, 3, i, j]
                out[n, 2 * i, 2 * j], out[n, 2 * i + 1, 2 * j + 1] = a + d, a - d
                out[n, 2 * i, 2 * j + 1], out[n, 2 * i + 1, 2 * j] = b - c, b + c
