"""Single passes over all nodes that NumPy would make many of."""

from __future__ import annotations

import numpy as np

from usadel_fem.kernels.compiler import inline, kernel
from usadel_fem.kernels.lanes import WIDTH


@inline
def _square(x):
    return x.real * x.real + x.imag * x.imag


@inline
def _smallest(a, b, c, d):
    """Of 1 − γγ†."""
    first, second = 1 - _square(a) - _square(b), 1 - _square(c) - _square(d)
    off = _square(a * np.conj(c) + b * np.conj(d))
    gap = 0.5 * (first - second)
    return 0.5 * (first + second) - np.sqrt(gap * gap + off)


@inline
def _times_inverse(x, sign, y, overall):
    """The entries of ±x(1 ± y)⁻¹ for 2×2 blocks of a row of a matrix."""
    a, b, c, d = 1 + sign * y[0], sign * y[1], sign * y[2], 1 + sign * y[3]
    over = overall / (a * d - b * c)
    p, q, r, s = x
    return over * (p * d - q * c), over * (q * a - p * b), over * (r * d - s * c), over * (s * a - r * b)


@kernel
def positivity(g, out):
    """The smallest eigenvalue of 1 − γγ† and 1 − γ̃γ̃† of each ǧ (n, 16 numbers)."""
    for n in range(out.size):
        i = 16 * n
        ee, eh = (g[i], g[i + 1], g[i + 4], g[i + 5]), (g[i + 2], g[i + 3], g[i + 6], g[i + 7])
        he, hh = (g[i + 8], g[i + 9], g[i + 12], g[i + 13]), (g[i + 10], g[i + 11], g[i + 14], g[i + 15])
        one = _smallest(*_times_inverse(eh, -1.0, hh, -1.0))
        two = _smallest(*_times_inverse(he, 1.0, ee, 1.0))
        out[n] = one if one < two or one != one else two


@kernel
def mean_and_spread(diagonal, mean, variance):
    """Of the eigenvalues of both blocks ee and hh of M⁻¹FMτ₃ together, eight nodes side by side."""
    for n in range(mean.size):
        at, mu, total = 16 * WIDTH * (n // WIDTH) + n % WIDTH, 0j, 0.0
        for k in (0, 3, 4, 7):
            mu += 0.25 * complex(diagonal[at + 2 * WIDTH * k], diagonal[at + WIDTH * (2 * k + 1)])
        for k in range(8):
            entry = complex(diagonal[at + 2 * WIDTH * k], diagonal[at + WIDTH * (2 * k + 1)])
            total += _square(entry - mu if k in (0, 3, 4, 7) else entry)
        mean[n], variance[n] = mu, 0.25 * total


@kernel
def channel_mean_and_spread(diagonal, mean, variance):
    """The same for s = 1."""
    for n in range(mean.size):
        at = 4 * WIDTH * (n // WIDTH) + n % WIDTH
        ee = complex(diagonal[at], diagonal[at + WIDTH])
        hh = complex(diagonal[at + 2 * WIDTH], diagonal[at + 3 * WIDTH])
        mean[n], variance[n] = 0.5 * (ee + hh), 0.25 * _square(ee - hh)


@kernel
def shift(mu, variance, nodes, half, barriers, part, mean, out):
    """See `solver.linear.local_shift`; `half` and `barriers` are of all nodes."""
    average = 0.0
    for n in range(mu.size):
        average += np.sqrt(_square(mu[n])) / mu.size
    for n in range(mu.size):
        i = nodes[n]
        least = part * min(average, half[i]) + 1e-12
        mean[n] = complex(max(-mu[n].real - barriers[i], 0.0), -mu[n].imag)
        real, imaginary = max(mean[n].real + np.sqrt(variance[n]), least), mean[n].imag
        out[n] = complex(real if abs(real) < np.inf else 0.0, imaginary if abs(imaginary) < np.inf else 0.0)


@kernel
def largest(x):
    """The largest |x| of complex numbers; not a number where one of them is not."""
    most = 0.0
    for k in range(x.size):
        square = _square(x[k])
        if not square <= most:
            most = square
            if square != square:
                break
    return np.sqrt(most)


@kernel
def largest_part(x):
    """The largest |x| of real numbers, a vector of the processor at a time."""
    whole = x.size - x.size % WIDTH
    most = np.zeros(WIDTH)
    for k in range(0, whole, WIDTH):
        for lane in range(WIDTH):
            most[lane] = max(most[lane], abs(x[k + lane]))
    for k in range(whole, x.size):
        most[0] = max(most[0], abs(x[k]))
    return most.max()
