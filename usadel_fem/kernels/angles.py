"""What Newton's method in angles needs of `usadel_fem/angles.py`, for a few channels at once.

Fields c, s and what comes of them are rows of complex numbers, (n, L), flat as floats; `like` is a tuple of
as many floats as a row has, `wide` of twice as many. Matrices are real, in compressed rows without their
diagonals, with entries on c and on s.
"""

from __future__ import annotations

from usadel_fem.kernels.compiler import kernel
from usadel_fem.kernels.complexes import first_half, joined, product, second_half, stretched
from usadel_fem.kernels.lanes import item
from usadel_fem.kernels.line import over
from usadel_fem.kernels.vectors import load, spread, store


@kernel
def pack(x, order, root, c, s):
    """c and s (n, L) of matrices x (L, n, 2, 2), nodes in an order."""
    inverse = over(root)
    for i in range(order.size):
        for l in range(x.shape[0]):
            g = x[l, order[i]]
            c[i, l] = 0.5 * (g[0, 0] - g[1, 1])
            s[i, l] = 0.5 * (root * g[0, 1] + inverse * g[1, 0])


@kernel
def unpack(c, s, order, root, x):
    """The matrices again."""
    inverse = over(root)
    for i in range(order.size):
        for l in range(x.shape[0]):
            g = x[l, order[i]]
            g[0, 0], g[0, 1], g[1, 0], g[1, 1] = c[i, l], inverse * s[i, l], root * s[i, l], -c[i, l]


@kernel
def differs(x, y, part):
    """Whether the sum of |x − y| of floats is more than a part of that of |x|."""
    change = size = 0.0
    for i in range(x.size):
        change += abs(x[i] - y[i])
        size += abs(x[i])
    return not change <= part * size


@kernel
def for_products(c, s, diagonal, on_c, on_s, cosine, sine, rest):
    """c, s and d + Σ_j q^c_ij s² + Σ_j q^s_ij c² (n, L) in the precision of what they go into."""
    for i in range(diagonal.shape[0]):
        for l in range(diagonal.shape[1]):
            x, y = c[i, l], s[i, l]
            cosine[i, l], sine[i, l] = x, y
            rest[i, l] = diagonal[i, l] + on_c[i] * (y * y) + on_s[i] * (x * x)


@kernel
def linearised(pattern, on_c, on_s, diagonal, sums, like, c, s, a, b, residual, on_diagonal, potential):
    """½(cF^s − sF^c), the diagonal of H and −(Ω^c c + Ω^s s), for Ω = (a, b), at the first nodes.

    F_i = Ω_i + Σ_j q_ij (x_j − x_i) + sums_i x_i for x = c and s; the last often cancels: it is kept apart.
    """
    indptr, indices = pattern
    width, zero, half, k = len(like), spread(0.0, like), spread(0.5, like), 0
    for i in range(indptr.size - 1):
        at = width * i
        x, y = load(c, at, like), load(s, at, like)
        f = g = zero
        while k < item(indptr, i + 1):
            there = width * item(indices, k)
            f = f + spread(item(on_c, k), like) * (load(c, there, like) - x)
            g = g + spread(item(on_s, k), like) * (load(s, there, like) - y)
            k += 1
        omega_c, omega_s = load(a, at, like), load(b, at, like)
        f, g = f + omega_c, g + omega_s
        one, two = spread(sums[0, i], like), spread(sums[1, i], like)
        cosine, sine = product(x, x), product(y, y)
        turning = product(x, g) - product(y, f) + (two - one) * product(x, y)
        along = product(x, f) + product(y, g) + one * cosine + two * sine
        here = spread(diagonal[0, i], like) * sine + spread(diagonal[1, i], like) * cosine
        store(residual, at, half * turning)
        store(on_diagonal, at, here - along)
        store(potential, at, zero - product(omega_c, x) - product(omega_s, y))


@kernel
def between_tangents(pattern, entries, kind, like, wide, c, s, diagonal, w, both, out):
    """out_i = d_iw_i + s_i Σ_j q^c_ij (s_jw_j − s_iw_i) + the same of c, in the precision of the arrays.

    `kind` has as many numbers as a place has entries, see `RealGauge.side_by_side`; `both` is room for the
    products s_jw_j and c_jw_j, and for the same with the channels exchanged where they are coupled.
    """
    indptr, indices = pattern
    n, width, k = indptr.size - 1, len(like), 0
    zero = spread(entries.dtype.type(0.0), wide)
    for i in range(n):
        x = load(w, width * i, like)
        u, v = product(load(s, width * i, like), x), product(load(c, width * i, like), x)
        store(both, 2 * width * i, joined(u, v))
        if both.size > 2 * width * n:
            u, v = joined(second_half(u), first_half(u)), joined(second_half(v), first_half(v))
            store(both, 2 * width * (n + i), joined(u, v))
    for i in range(n):
        at, own, total = width * i, load(both, 2 * width * i, wide), zero
        while k < item(indptr, i + 1):
            entry = stretched(load(entries, len(kind) * k, kind), wide)
            total = total + entry * (load(both, 2 * width * item(indices, k), wide) - own)
            k += 1
        here = product(load(diagonal, at, like), load(w, at, like))
        here = here + product(load(s, at, like), first_half(total))
        store(out, at, here + product(load(c, at, like), second_half(total)))


@kernel
def turn(w, c, s, new_c, new_s):
    """c and s turned by angles of which w are the tangents of the halves, all complex (n, L).

    With h = s/(1 + c), the tangent of half the angle, p/q = (h + w)/(1 − hw) and c = (q² − p²)/(q² + p²).
    """
    for i in range(w.shape[0]):
        for l in range(w.shape[1]):
            p, q = s[i, l] + (1 + c[i, l]) * w[i, l], 1 + c[i, l] - s[i, l] * w[i, l]
            one, two = p * p, q * q
            inverse = over(one + two)
            new_c[i, l], new_s[i, l] = (two - one) * inverse, 2 * p * q * inverse


@kernel
def band(indptr, indices, cosine, sine, diagonal, c, s, out):
    """H as `solver/line.py` takes it, (n, b + 1, L); `out` comes in as zeros."""
    for i in range(diagonal.shape[0]):
        out[i, 0] = diagonal[i]
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j > i:
                for l in range(diagonal.shape[1]):
                    entry = cosine[k] * (s[i, l] * s[j, l]) + sine[k] * (c[i, l] * c[j, l])
                    out[i, j - i, l] = entry
