"""Block elimination along a line: complex symmetric blocks (u, u), for one energy after the other.

The order of elimination comes as lists in compressed rows: for node k the nodes that it still couples to,
with their blocks, and the updates (first, second, target) of pairs of these.
"""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import kernel, part


@part
def _invert(a, b):
    """b = a⁻¹ by Gauss and Jordan; a is lost.  Not a number where a is singular."""
    u = a.shape[0]
    for i in range(u):
        for j in range(u):
            b[i, j] = 1.0 if i == j else 0.0
    for k in range(u):
        pivot, largest = k, -1.0
        for i in range(k, u):
            size = abs(a[i, k].real) + abs(a[i, k].imag)
            if size > largest:
                pivot, largest = i, size
        if pivot != k:
            for j in range(u):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
                b[k, j], b[pivot, j] = b[pivot, j], b[k, j]
        over = 1.0 / a[k, k] if largest > 0.0 else complex(np.nan, np.nan)
        for j in range(u):
            a[k, j] *= over
            b[k, j] *= over
        for i in range(u):
            if i != k:
                factor = a[i, k]
                for j in range(k, u):
                    a[i, j] -= factor * a[k, j]
                for j in range(u):
                    b[i, j] -= factor * b[k, j]


@kernel
def eliminate(first, blocks, start, updates, diagonal, coupling):
    """Pivots become their inverses and H_kj becomes D_k⁻¹H_kj, (n, E, u, u) and (P, E, u, u).

    Args:
        first, blocks: of the blocks that couple node k to later ones, blocks[first[k]:first[k + 1]].
        start, updates: of the updates of node k, (first, second, target); a negative target is diagonal.
    """
    u = diagonal.shape[-1]
    work, inverse = np.empty((u, u), np.complex128), np.empty((u, u), np.complex128)
    most = 0
    for k in range(first.size - 1):
        most = max(most, first[k + 1] - first[k])
    before = np.empty((most, u, u), np.complex128)
    slot = np.empty(coupling.shape[0], np.int64)
    for e in range(diagonal.shape[1]):
        for k in range(first.size - 1):
            pivot = diagonal[k, e]
            work[:] = pivot
            _invert(work, inverse)
            for i in range(u):
                for j in range(u):
                    pivot[i, j] = 0.5 * (inverse[i, j] + inverse[j, i])
            for q in range(first[k], first[k + 1]):
                block = coupling[blocks[q], e]
                slot[blocks[q]] = q - first[k]
                work[:] = block
                for i in range(u):
                    for j in range(u):
                        before[q - first[k], j, i] = block[i, j]
                        block[i, j] = 0.0
                for i in range(u):
                    for l in range(u):
                        factor = pivot[i, l]
                        for j in range(u):
                            block[i, j] += factor * work[l, j]
            for q in range(start[k], start[k + 1]):
                left, right, target = slot[updates[q, 0]], coupling[updates[q, 1], e], updates[q, 2]
                block = diagonal[-1 - target, e] if target < 0 else coupling[target, e]
                for i in range(u):
                    for l in range(u):
                        factor = before[left, i, l]
                        for j in range(u):
                            block[i, j] -= factor * right[l, j]


@kernel
def substitute(first, blocks, nodes, inverse, coupling, x):
    """x (n, E, u) becomes H⁻¹x, with what `eliminate` left; `nodes` are those that the blocks couple to."""
    u, n = x.shape[2], first.size - 1
    old = np.empty(u, np.complex128)
    for e in range(x.shape[1]):
        for k in range(n):
            for q in range(first[k], first[k + 1]):
                block, to = coupling[blocks[q], e], x[nodes[q], e]
                for i in range(u):
                    for j in range(u):
                        to[j] -= block[i, j] * x[k, e, i]
        for k in range(n - 1, -1, -1):
            old[:] = x[k, e]
            for i in range(u):
                x[k, e, i] = 0.0
                for j in range(u):
                    x[k, e, i] += inverse[k, e, i, j] * old[j]
            for q in range(first[k], first[k + 1]):
                block, by = coupling[blocks[q], e], x[nodes[q], e]
                for i in range(u):
                    for j in range(u):
                        x[k, e, i] -= block[i, j] * by[j]
