"""Matrices on both sides of the unknowns of eight nodes at once: s = 2."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import kernel
from usadel_fem.kernels.lanes import WIDTH
from usadel_fem.kernels.storage import get_lanes, get_rows, put_rows
from usadel_fem.kernels.tangents import BLOCK, gather, scatter

FACTORS = 384
"""Floats of the six factors of eight nodes, 64 each, lane by lane."""


@kernel
def sandwich(factors, places, w, out):
    """a w_eh b + w_eh c and d w_he e + w_he f at some places, (n, 16 floats), of the factors a to f."""
    unknowns = np.empty(16 * BLOCK)
    for first in range(0, places.size, BLOCK):
        count = min(BLOCK, places.size - first)
        gather(w, places, first, count, 16, unknowns)
        for k in range(0, count, WIDTH):
            for block in range(2):
                at, row = (first + k) * FACTORS // WIDTH + 192 * block, 16 * k + 8 * block
                x = get_rows(unknowns, row, 16)
                a, b = get_lanes(factors, at, WIDTH), get_lanes(factors, at + 64, WIDTH)
                put_rows(unknowns, row, 16, a * x * b + x * get_lanes(factors, at + 128, WIDTH))
        scatter(unknowns, places, first, count, 16, out)
