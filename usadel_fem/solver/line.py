"""Complex symmetric band matrices of many systems at once, factorised without pivots: LDLᵀ.

A band is (n, b + 1, L): entry (k, d, l) is H_{k, k+d} of system l.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from usadel_fem import kernels
from usadel_fem.physics.nambu import Complex


class Band:
    """H⁻¹ of a band, which is used up."""

    def __init__(self, band: Complex) -> None:
        self._band = np.ascontiguousarray(band)
        compiled = _compiled()
        (eliminate if compiled is None else compiled.eliminate)(self._band)

    def __call__(self, right: Complex) -> Complex:
        """x (n, L) with Hx = right."""
        compiled, x = _compiled(), np.array(right, order="C")
        (substitute if compiled is None else compiled.substitute)(self._band, x)
        return x


def _compiled() -> Any:
    if kernels.compiled() is None:
        return None
    from usadel_fem.kernels import line

    return line


def eliminate(band: Complex) -> None:
    """H = LDLᵀ in place: D⁻¹ on the diagonal, L below it."""
    n, width, _ = band.shape
    for k in range(n):
        band[k, 0] = 1 / band[k, 0]
        for i in range(1, min(width, n - k)):
            factor = band[k, i] * band[k, 0]
            for j in range(i, min(width, n - k)):
                band[k + i, j - i] -= factor * band[k, j]
        for i in range(1, width):
            band[k, i] *= band[k, 0]


def substitute(band: Complex, x: Complex) -> None:
    """x ← L⁻ᵀD⁻¹L⁻¹x."""
    n, width, _ = band.shape
    for k in range(n):
        for i in range(1, min(width, n - k)):
            x[k + i] -= band[k, i] * x[k]
    for k in range(n - 1, -1, -1):
        x[k] *= band[k, 0]
        for i in range(1, min(width, n - k)):
            x[k] -= band[k, i] * x[k + i]
