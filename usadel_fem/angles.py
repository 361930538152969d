"""Newton's step for channels in a real gauge: one unknown per node, half the angle that ǧ_i turns by.

With g = (c, s), ǧ = cτ₃ + sτ_φ, and t = (−s, c), S/8 has for g_i → g_i + 2α_it_i − 2α_i²g_i the gradient and
the Hessian

    r_i = ½ t_i·F_i        H_ij = t_i·q_ij t_j − δ_ij g_i·F_i ,

q and F those of `fem/real_gauge.py`; q between tangents is K/2 times the cosine of the angles' difference, so
that H is a Laplacian with the potential −g_i·Ω_i. Compiled for one or two channels, if there is a compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from usadel_fem import kernels
from usadel_fem.fem.real_gauge import RealGauge
from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.nambu import Complex, Real

NARROW = 2
"""Channels that compiled products take."""


@dataclass(frozen=True)
class AngleLinearisation:
    """r and H at a field (2, n, L) and its source; what is asked for is of the free nodes, (n_free, L)."""

    gauge: RealGauge
    field: Complex
    omega: Complex
    rooms: Rooms = attribute(default_factory=Rooms, compare=False)

    @property
    def _turning(self) -> Complex:
        """c and s of the free nodes."""
        return self.field[:, : self.gauge.free]

    def _force(self) -> Complex:
        """F of the free nodes without the sums of rows of q, Ω_i + Σ_j q_ij (g_j − g_i), (2, n_free, L).

        q acts on differences: where ǧ is nearly uniform, K on itself leaves rounding that drowns the rest.
        """
        n, total = self.gauge.free, []
        for matrix, x in zip(self.gauge.matrices, self.field, strict=True):
            rest = x - x[0]
            total.append(_times(matrix, rest) - np.asarray(matrix.sum(axis=1)) * rest[:n])
        return np.stack(total) + self.omega[:, :n]

    @cached_property
    def _found(self) -> tuple[Complex, Complex, Complex]:
        """r, the diagonal of H, and its potential."""
        gauge, compiled = self.gauge, _compiled(self.field.shape[2])
        if compiled is not None:
            out = self.rooms.empty((3, gauge.free, self.field.shape[2]), complex)
            parts = [_floats(x) for x in (*self.field, *self.omega, *out)]
            on_c, on_s = gauge.on_c_and_s
            matrices = (gauge.indptr, gauge.indices), on_c, on_s, gauge.diagonal, gauge.sums
            compiled.linearised(*matrices, _like(out), *parts)
            return out[0], out[1], out[2]
        (c, s), (f_c, f_s), (a, b) = self._turning, self._force(), self.omega[:, : gauge.free]
        q, sums = gauge.diagonal[:, :, None], gauge.sums[:, :, None]
        residual = 0.5 * (c * f_s - s * f_c + (sums[1] - sums[0]) * c * s)
        along = c * f_c + s * f_s + sums[0] * c**2 + sums[1] * s**2
        return residual, q[0] * s**2 + q[1] * c**2 - along, -(c * a + s * b)

    @property
    def residual(self) -> Complex:
        """r."""
        return self._found[0]

    @property
    def diagonal(self) -> Complex:
        """Of H."""
        return self._found[1]

    @property
    def potential(self) -> Complex:
        """−g_i·Ω_i."""
        return self._found[2]

    def hessian(self, single: bool = False) -> Callable[..., Complex]:
        """w ↦ H w, into an array if one is given; `single`: of complex64, where there is a compiler.

        Kernels take differences, as F does: else rounding in single precision is that of K on a uniform w.
        """
        (c, s), diagonal, (cosine, sine) = self._turning, self.diagonal, self.gauge.within
        coupled = self.gauge.coupled
        compiled = _compiled(coupled * c.shape[1])
        if compiled is None:
            return lambda w: diagonal * w + s * _times(cosine, s * w) + c * _times(sine, c * w)
        indptr, indices, entries = self.gauge.side_by_side_single if single else self.gauge.side_by_side
        row = _like(c) * coupled
        arrays = (indptr, indices), entries.reshape(-1), (0.0,) * entries.shape[1], row, 2 * row
        made = self.rooms.empty((3, *c.shape), np.complex64 if single else complex)
        compiled.for_products(c, s, diagonal, *self.gauge.sums_within, *made)
        fields = [_floats(x) for x in made]
        both = self.rooms.empty(2 * coupled * fields[0].size, fields[0].dtype)

        def product(w: Complex, out: Complex | None = None) -> Complex:
            out = np.empty_like(w) if out is None else out
            compiled.between_tangents(*arrays, *fields, _floats(w), both, _floats(out))
            return out

        return product

    def moved(self, w: Complex) -> Complex:
        """The field with g_i turned by 2 arctan w_i, by tangents of half the angles: c² + s² stays 1."""
        out, n, compiled = self.rooms.empty(self.field.shape, complex), self.gauge.free, _compiled(1)
        out[:, n:] = self.field[:, n:]
        c, s = self._turning
        if compiled is not None:
            compiled.turn(w, c, s, *out[:, :n])
            return out
        half = s / (1 + c)
        half = (half + w) / (1 - half * w)
        square = half * half
        out[0, :n], out[1, :n] = (1 - square) / (1 + square), 2 * half / (1 + square)
        return out

    def matrix(self, channel: int) -> sparse.csc_matrix:
        """H of one channel, assembled."""
        c, s = (sparse.diags(x) for x in self._turning[:, :, channel])
        cosine, sine = self.gauge.within
        return (s @ cosine @ s + c @ sine @ c + sparse.diags(self.diagonal[:, channel])).tocsc()

    def band(self) -> Complex:
        """H of all channels as `solver.line` takes it, (n_free, b + 1, L)."""
        (c, s), (cosine, sine) = self._turning, self.gauge.within
        out = np.zeros((len(c), self.gauge.width + 1, c.shape[1]), dtype=complex)
        compiled = _compiled(1)
        if compiled is not None:
            arrays = cosine.indptr, cosine.indices, cosine.data, sine.data
            compiled.band(*arrays, self.diagonal, c, s, out)
            return out
        rows, columns = self.gauge.places
        here = columns > rows
        i, j = rows[here], columns[here]
        one, two = (matrix.data[here, None] for matrix in (cosine, sine))
        out[i, j - i] = one * s[i] * s[j] + two * c[i] * c[j]
        out[:, 0] = self.diagonal
        return out


def differs(x: Complex, y: Complex, part: float) -> bool:
    """Whether the sum of the parts of |x − y| is more than so much of that of |x|, or no number."""
    compiled = _compiled(1)
    if compiled is not None:
        return bool(compiled.differs(_floats(x), _floats(y), part))
    return not np.abs(_floats(x - y)).sum() <= part * np.abs(_floats(x)).sum()


def _compiled(channels: int) -> Any:
    """The kernels, for few channels."""
    if channels > NARROW or kernels.compiled() is None:
        return None
    from usadel_fem.kernels import angles

    return angles


def _like(x: Complex) -> tuple[float, ...]:
    return (0.0,) * (2 * x.shape[-1])


def _floats(x: Complex) -> Real:
    """Real and imaginary parts in turn, flat."""
    return x.view(x.real.dtype).reshape(-1)


def _times(matrix: sparse.csr_matrix, x: Complex) -> Complex:
    """A real matrix on complex columns."""
    return np.asarray(matrix @ np.ascontiguousarray(x).view(float)).view(complex)
