"""Band matrices of many systems at once; see `solver/line.py`."""

from __future__ import annotations

from usadel_fem.kernels.compiler import inline, kernel


@inline
def over(z):
    """1/z, not a number where z = 0: the division of complex numbers raises there."""
    square = z.real * z.real + z.imag * z.imag
    return complex(z.real / square, -z.imag / square)


@kernel
def eliminate(band):
    """H = LDLᵀ in place: D⁻¹ on the diagonal, L below it."""
    n, width, systems = band.shape
    for k in range(n):
        last = min(width, n - k)
        for l in range(systems):
            inverse = over(band[k, 0, l])
            band[k, 0, l] = inverse
            for i in range(1, last):
                factor = band[k, i, l] * inverse
                for j in range(i, last):
                    band[k + i, j - i, l] -= factor * band[k, j, l]
            for i in range(1, width):
                band[k, i, l] *= inverse


@kernel
def substitute(band, x):
    """x ← L⁻ᵀD⁻¹L⁻¹x."""
    n, width, systems = band.shape
    for k in range(n):
        for i in range(1, min(width, n - k)):
            for l in range(systems):
                x[k + i, l] -= band[k, i, l] * x[k, l]
    for k in range(n - 1, -1, -1):
        for l in range(systems):
            x[k, l] *= band[k, 0, l]
        for i in range(1, min(width, n - k)):
            for l in range(systems):
                x[k, l] -= band[k, i, l] * x[k + i, l]
