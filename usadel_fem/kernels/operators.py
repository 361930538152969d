"""What the rest of the package calls: NumPy arrays in and out, compiled in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from usadel_fem.kernels import channel, columns, packing, sandwich, setup, spinhall, tangents
from usadel_fem.kernels.lanes import WIDTH

Array = NDArray[Any]

SpinHall: TypeAlias = tuple[Any, ...]
"""`SpinHall.dense` of `fem.forms`, or nothing where θ = 0."""

Start: TypeAlias = tuple[Array, int, int]
"""What the coupling is added to, in rows, and the first and the end of the nodes where that is not zero."""


def flat(x: Array) -> Array:
    """The floats of an array, in its own memory where it is contiguous."""
    return np.ascontiguousarray(x, dtype=complex).view(np.float64).reshape(-1)


def check() -> None:
    """Compile a small kernel: raises what a broken installation raises."""
    packing.to_components(np.zeros((0, 4, 4), dtype=complex), np.zeros((0, 4, 2, 2), dtype=complex))


def _zeros(floats: int) -> Array:
    """From where a line of the cache begins."""
    room = np.zeros(floats + WIDTH)
    skip = -(room.ctypes.data // room.itemsize) % WIDTH
    return room[skip : skip + floats]


def _lanes(nodes: Array, floats: int) -> Array:
    """Room for some nodes, with `floats` for eight."""
    return _zeros(-(-nodes.size // WIDTH) * floats)


@dataclass(frozen=True)
class FullFrames:
    """γ, γ̃, N, Ñ of some nodes, s = 2, eight nodes side by side."""

    nodes: Array
    data: Array

    @classmethod
    def of(cls, m: Array, inverse: Array, nodes: Array) -> FullFrames:
        """From M and M⁻¹ of all nodes, (N, 4, 4)."""
        data = _lanes(nodes, tangents.FRAME)
        packing.pack_frames(np.ascontiguousarray(m), np.ascontiguousarray(inverse), nodes, data)
        return cls(nodes, data)

    @cached_property
    def _places(self) -> Array:
        return np.arange(self.nodes.size)

    def columns(self, residual: Array, order: str) -> Array:
        """Forces (n, 16) in the given order of memory, "F" or "C", of a residual (n, 2, 2, 2)."""
        n = self.nodes.size
        out = np.empty((16, n) if order == "F" else (n, 16), dtype=complex)
        columns.columns_of(self.data, self._places, flat(residual), order == "F", flat(out))
        return out.T if order == "F" else out

    def unknowns(self, dg: Array) -> Array:
        """w (n, 2, 2, 2) of columns (n, 16) in either order."""
        out = np.empty((self.nodes.size, 2, 2, 2), dtype=complex)
        by_column = not dg.flags.c_contiguous
        columns.unknowns_of(self.data, self._places, flat(dg.T if by_column else dg), by_column, flat(out))
        return out

    def diagonal(self, local: Array) -> Array:
        """Blocks ee and hh of the nodes, of (N, 4, 4)."""
        out = _lanes(self.nodes, tangents.DIAGONAL)
        packing.pack_diagonal(local, self.nodes, out)
        return out

    def change(self, w: Array, out: Array) -> None:
        tangents.change_rows(self.data, w, self.nodes, self._places, out)

    def hessian(self, coupling: Any, diagonal: Array, x: Array, start: Start, w: Array, out: Array) -> None:
        tangents.hessian_rows(coupling, self.data, diagonal, self.nodes, self._places, x, *start, w, out)


@dataclass(frozen=True)
class ChannelFrames:
    """M and M⁻¹ of some nodes, s = 1, eight nodes side by side."""

    nodes: Array
    data: Array

    @classmethod
    def of(cls, m: Array, inverse: Array, nodes: Array) -> ChannelFrames:
        """From M and M⁻¹ of all nodes, (N, 2, 2)."""
        data = _lanes(nodes, channel.FRAME)
        channel.pack(flat(m), nodes, channel.FRAME, 0, data)
        channel.pack(flat(inverse), nodes, channel.FRAME, channel.FIELD, data)
        return cls(nodes, data)

    def columns(self, residual: Array, order: str) -> Array:
        """Forces (n, 3) in the given order of memory, "F" or "C", of a residual (n, 2, 1, 1)."""
        n = self.nodes.size
        out = np.empty((3, n) if order == "F" else (n, 3), dtype=complex)
        channel.columns_of(self.data, flat(residual), order == "F", flat(out))
        return out.T if order == "F" else out

    def unknowns(self, dg: Array) -> Array:
        """w (n, 2, 1, 1) of columns (n, 3) in either order."""
        out = np.empty((self.nodes.size, 2, 1, 1), dtype=complex)
        by_column = not dg.flags.c_contiguous
        channel.unknowns_of(self.data, flat(dg.T if by_column else dg), by_column, flat(out))
        return out

    def diagonal(self, local: Array) -> Array:
        """Entries ee and hh of the nodes, of (N, 2, 2)."""
        out = _lanes(self.nodes, channel.FIELD)
        channel.pack(flat(local * np.eye(2)), self.nodes, channel.FIELD, 0, out)
        return out

    def change(self, w: Array, out: Array) -> None:
        channel.change_rows(self.data, w, self.nodes, out)

    def hessian(self, coupling: Any, diagonal: Array, x: Array, start: Start, w: Array, out: Array) -> None:
        channel.hessian_rows(*coupling[:3], self.data, diagonal, self.nodes, x, *start, w, out)


def frames_at(m: Array, inverse: Array, nodes: Array) -> FullFrames | ChannelFrames:
    """Of some nodes, from M and M⁻¹ of all, (N, 2s, 2s)."""
    return (FullFrames if m.shape[-1] == 4 else ChannelFrames).of(m, inverse, nodes)


@dataclass(frozen=True)
class Hessian:
    """w ↦ H w at some nodes, w zero elsewhere.

    Attributes:
        coupling: `Coupling.arrays` of `fem.coupling`.
        frames: of these nodes.
        local: M⁻¹FMτ₃ of all nodes (N, 2s, 2s).
        g: ǧ (N, 2s, 2s), for the spin Hall form alone.
        spin_hall: the spin Hall form.
        frozen: its outer ǧ is held fixed.
        beyond: δǧ ↦ δF of what is not in the coupling, (N, 2s, 2s) each, or None.
    """

    coupling: tuple[Array, ...]
    frames: FullFrames | ChannelFrames
    local: Array
    g: Array
    spin_hall: SpinHall
    frozen: bool
    beyond: Callable[[Array], Array] | None

    @cached_property
    def _diagonal(self) -> Array:
        return self.frames.diagonal(self.local)

    @cached_property
    def _field(self) -> Array:
        """ǧ in rows."""
        return rows(self.g)

    @cached_property
    def _change(self) -> Array:
        """δǧ in rows: zero for good where w is."""
        return _zeros(2 * self.local.size)

    @cached_property
    def _start(self) -> Start:
        """Room for δF of everything but the coupling."""
        begin, end = 0, self.local.shape[0] if self.beyond else 0
        if self.spin_hall and not self.beyond:
            nodes = self.spin_hall[0]
            begin, end = int(nodes.min()), int(nodes.max()) + 1
        return (_zeros(2 * self.local.size) if end else self._change), begin, end

    def __call__(self, w: Array) -> Array:
        given, out = flat(w), np.empty_like(w, dtype=complex, order="C")
        self.frames.change(given, self._change)
        self._begin(self._change, *self._start)
        self.frames.hessian(self.coupling, self._diagonal, self._change, self._start, given, flat(out))
        return out

    def _begin(self, dg: Array, start: Array, begin: int, end: int) -> None:
        """δF of everything but the coupling."""
        if self.beyond:
            start[:] = rows(self.beyond(matrices(dg, self.local.shape)))
        elif self.spin_hall:
            row = start.size // self.local.shape[0]
            start[row * begin : row * end] = 0.0
        if self.spin_hall:
            _bend(self.spin_hall, self.frozen, self.local.shape[-1], self._field, dg, start)


def _bend(form: SpinHall, frozen: bool, size: int, g: Array, x: Array, out: Array) -> None:
    """Add to `out` the change of the spin Hall form's force for a change x of ǧ, in rows."""
    nodes, (value, *gradient), weight, planes = form
    if size == 4:
        pair, last = gradient[:2], gradient[-1]
        spinhall.bend(nodes, value, *pair, last, weight, *spinhall.terms(planes, frozen), g, x, out)
    else:
        ((k, l, _),) = planes
        channel.bend(nodes, value, gradient[k], gradient[l], weight, frozen, g, x, out)


def rows(x: Array) -> Array:
    """Nodal matrices (N, 2s, 2s) in new rows of floats, for s = 2 by their components on 1 and σ^a."""
    out = _zeros(2 * x.size)
    if x.shape[-1] == 2:
        out[:] = flat(x)
    else:
        packing.to_components(np.ascontiguousarray(x, dtype=complex), out.view(complex).reshape(-1, 4, 2, 2))
    return out


def matrices(x: Array, shape: tuple[int, ...]) -> Array:
    """Back to (N, 2s, 2s)."""
    if shape[-1] == 2:
        return x.view(complex).reshape(shape)
    out = np.empty(shape, dtype=complex)
    packing.from_components(x.view(complex).reshape(-1, 4, 2, 2), out)
    return out


class Sandwich:
    """w (n, 2, 2, 2) ↦ a w_eh b + w_eh c and d w_he e + w_he f at some places, factors (6, 2, 2, places)."""

    def __init__(self, factors: Array, places: Array) -> None:
        self._places, parts = places, np.zeros((-(-places.size // WIDTH), 24, 2, WIDTH))
        for k, entry in enumerate(factors.reshape(24, -1)):
            lanes = np.zeros(parts.shape[0] * WIDTH, dtype=complex)
            lanes[: entry.size] = entry
            parts[:, k, 0], parts[:, k, 1] = lanes.real.reshape(-1, WIDTH), lanes.imag.reshape(-1, WIDTH)
        self._factors = parts.reshape(-1)

    def __call__(self, w: Array) -> Array:
        out = np.array(w, order="C")
        sandwich.sandwich(self._factors, self._places, flat(w), flat(out))
        return out


def force(coupling: tuple[Array, ...], sums: Array, g: Array, spin_hall: SpinHall) -> Array:
    """F_i of the coupling and of the spin Hall form, in rows of floats.

    The first node's ǧ is subtracted before and what it gives added after: `sums` (2, N), Σ_j q_ij without the
    stiffness. It would give nothing there but rounding, which drowns weak terms where ǧ is nearly uniform.
    """
    x, nodes = rows(g), np.arange(g.shape[0])
    out = np.zeros_like(x)
    if spin_hall:
        _bend(spin_hall, False, g.shape[-1], x, x, out)
    out *= 0.5  # of degree two: its change with ǧ along ǧ is twice the force
    if g.shape[-1] == 2:  # the stiffness holds everything
        channel.couple_rows(*coupling[:3], x, nodes, out, 0, nodes.size, out)
        return out
    table = x.reshape(-1, 4, 8)
    uniform = table[0].copy()
    table -= uniform
    tangents.couple_rows(coupling, x, nodes, out, 0, nodes.size, out)
    np.multiply(sums[0, :, None], uniform[0], out=table[:, 0])
    np.multiply(sums[1, :, None, None], uniform[1:], out=table[:, 1:])
    out += x
    return out


def frames_of(g: Array) -> tuple[Array, Array]:
    """M and M⁻¹ of ǧ, (N, 2s, 2s) each."""
    g = np.ascontiguousarray(g, dtype=complex)
    m, inverse = np.empty_like(g), np.empty_like(g)
    if g.shape[-1] == 2:
        channel.frames_of(g, m, inverse)
    else:
        setup.frames_of(flat(g), np.arange(g.shape[0]), flat(m), flat(inverse))
    return m, inverse


def local(force: Array, rest: Array, m: Array, inverse: Array) -> Array:
    """M⁻¹FMτ₃ (N, 2s, 2s) of F in rows of floats and the rest of it (N, 2s, 2s)."""
    out = np.empty_like(m)
    if m.shape[-1] == 2:
        channel.local_of(matrices(force, m.shape), np.ascontiguousarray(rest, dtype=complex), m, inverse, out)
    else:
        setup.local_of(force, flat(rest), np.arange(m.shape[0]), flat(m), flat(inverse), flat(out))
    return out


def moved(g: Array, m: Array, inverse: Array, nodes: Array, w: Array) -> Array:
    """ǧ with M(1 + w)τ₃(1 + w)⁻¹M⁻¹ at some nodes, for w (n, 2, s, s)."""
    out = np.array(g, order="C")
    if m.shape[-1] == 2:
        channel.moved(m, inverse, nodes, w.reshape(-1, 2), out)
    else:
        setup.moved(flat(m), flat(inverse), nodes, np.arange(nodes.size), flat(w), flat(out))
    return out
