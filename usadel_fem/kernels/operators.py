"""What the rest of the package calls: NumPy arrays in and out, compiled in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from usadel_fem.kernels import (
    channel,
    elimination,
    nodal,
    packing,
    sandwich,
    setup,
    spinhall,
    steps,
    tangents,
)
from usadel_fem.kernels.frames import (
    Array,
    ChannelFrames,
    FullFrames,
    Start,
    flat,
    lanes_for,
    numbers,
)
from usadel_fem.kernels.lanes import WIDTH
from usadel_fem.kernels.memory import Rooms

SpinHall: TypeAlias = tuple[Any, ...]
"""`SpinHall.dense` of `fem.forms`, or nothing where θ = 0."""


def check() -> None:
    """Compile a small kernel: raises what a broken installation raises."""
    packing.to_components(np.zeros((0, 4, 4), dtype=complex), np.zeros((0, 4, 2, 2), dtype=complex))


def frames_at(m: Array, inverse: Array, nodes: Array) -> FullFrames | ChannelFrames:
    """Of some nodes, from M and M⁻¹ of all, (N, 2s, 2s)."""
    return (FullFrames if m.shape[-1] == 4 else ChannelFrames).of(m, inverse, nodes)


@dataclass(frozen=True)
class Hessian:
    """w ↦ H w at some nodes, w zero elsewhere.

    Attributes:
        coupling, sums: `Coupling.arrays` and `sums` of `fem.coupling`.
        frames: of these nodes.
        diagonal: blocks ee and hh of M⁻¹FMτ₃ of these nodes, lane by lane.
        g: ǧ (N, 2s, 2s).
        spin_hall: the spin Hall form.
        frozen: its outer ǧ is held fixed.
        beyond: δǧ ↦ δF of what is not in the coupling, (N, 2s, 2s) each, or None.
        rooms: for what it needs in every application.
    """

    coupling: tuple[Array, ...]
    sums: Array
    frames: FullFrames | ChannelFrames
    diagonal: Array
    g: Array
    spin_hall: SpinHall
    frozen: bool
    beyond: Callable[[Array], Array] | None
    rooms: Rooms

    @cached_property
    def _field(self) -> Array:
        """ǧ in rows."""
        return rows(self.g, self.rooms)

    @cached_property
    def _change(self) -> Array:
        """δǧ in rows: zero for good where w is."""
        return self.rooms.zeros(2 * self.g.size)

    @cached_property
    def _start(self) -> Start:
        """Room for δF of everything but the coupling."""
        begin, end = (0, self.g.shape[0]) if self.beyond else _reach(self.spin_hall)
        return (self.rooms.zeros(2 * self.g.size) if end else self._change), begin, end

    def __call__(self, w: Array, out: Array | None = None) -> Array:
        """H w, into `out` where one is given."""
        if out is None:
            out = np.empty_like(w, dtype=complex, order="C")
        self._apply(self.frames.hessian, flat(w), flat(out))
        return out

    def in_rows(self, w: Array, out: Array) -> None:
        """`frames.rows` of H w."""
        self._apply(self.frames.hessian_in_rows, flat(w), out)

    def _apply(self, hessian: Callable[..., None], w: Array, out: Array) -> None:
        self.frames.change(w, self._change)
        self._begin(self._change, *self._start)
        hessian(self.coupling, self.sums, self.diagonal, self._change, self._start, w, out)

    def _begin(self, dg: Array, start: Array, begin: int, end: int) -> None:
        """δF of everything but the coupling."""
        if self.beyond:
            start[:] = rows(self.beyond(matrices(dg, self.g.shape)), self.rooms)
        elif self.spin_hall:
            row = start.size // self.g.shape[0]
            start[row * begin : row * end] = 0.0
        if self.spin_hall:
            _bend(self.spin_hall, self.frozen, self.g.shape[-1], self._field, dg, start)


def _bend(form: SpinHall, frozen: bool, size: int, g: Array, x: Array, out: Array) -> None:
    """Add to `out` the change of the spin Hall form's force for a change x of ǧ, in rows."""
    nodes, shapes, weight, planes = _spin_hall(form)
    if size == 4:
        spinhall.bend(nodes, *shapes, weight, *spinhall.terms(planes, frozen), g, x, out)
    else:
        _bend_channel(form, frozen, g, x, out)


def _bend_channel(form: SpinHall, frozen: bool, g: Array, x: Array, out: Array) -> None:
    nodes, (value, *gradient), weight, ((k, l, _),) = form
    channel.bend(nodes, value, gradient[k], gradient[l], weight, frozen, g, x, out)


def _spin_hall(form: SpinHall) -> tuple[Array, tuple[Array, ...], Array, Any]:
    """Nodes, φ, ∂_1φ, ∂_2φ and ∂_3φ, or anything in 2D, weights and planes."""
    nodes, (value, *gradient), weight, planes = form
    return nodes, (value, *gradient[:2], gradient[-1]), weight, planes


def _spin_hall_force(form: SpinHall, size: int, g: Array, out: Array, within: slice) -> None:
    """The force of the form into `out`, all of whose numbers that it concerns are within a slice."""
    out[within] = 0.0
    if size == 4:
        nodes, shapes, weight, planes = _spin_hall(form)
        spinhall.bend(nodes, *shapes, weight, *spinhall.force_terms(planes), g, None, out)
    else:
        _bend_channel(form, False, g, g, out)
        out[within] *= 0.5  # of degree two: its change with ǧ along ǧ is twice the force


def rows(x: Array, rooms: Rooms) -> Array:
    """Nodal matrices (N, 2s, 2s) in new rows of floats, for s = 2 by their components on 1 and σ^a."""
    out = rooms.empty(2 * x.size)
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
    """w (n, 2, 2, 2) becomes a w_eh b + w_eh c, d w_he e + w_he f at some places, factors (6, 2, 2, n)."""

    def __init__(self, factors: Array, places: Array) -> None:
        self.factors, self._places = factors, places
        parts = np.zeros((-(-places.size // WIDTH), 24, 2, WIDTH))
        for k, entry in enumerate(factors.reshape(24, -1)):
            lanes = np.zeros(parts.shape[0] * WIDTH, dtype=complex)
            lanes[: entry.size] = entry
            parts[:, k, 0], parts[:, k, 1] = lanes.real.reshape(-1, WIDTH), lanes.imag.reshape(-1, WIDTH)
        self._lanes = parts.reshape(-1)

    def __call__(self, w: Array) -> None:
        sandwich.sandwich(self._lanes, self._places, flat(w), flat(w))

    def in_tiles(self, tiles: int) -> steps.Splitting:
        """For a `steps.SingleStep` on so many of them."""
        return steps.Splitting.of(self.factors, self._places, tiles)


def force(coupling: tuple[Array, ...], sums: Array, g: Array, spin_hall: SpinHall, rooms: Rooms) -> Array:
    """F_i of the coupling and of the spin Hall form, in rows of floats; `sums`: see `tangents.couple`."""
    x, nodes = rows(g, rooms), np.arange(g.shape[0])
    out, begin, end = rooms.empty(x.size), *_reach(spin_hall)
    row = x.size // g.shape[0]
    if spin_hall:
        _spin_hall_force(spin_hall, g.shape[-1], x, out, slice(row * begin, row * end))
    if g.shape[-1] == 2:
        channel.couple_rows(coupling[:3], sums[0], x, nodes, out, begin, end, out)
    else:
        tangents.couple_rows(coupling, sums, x, nodes, out, begin, end, out)
    return out


def _reach(spin_hall: SpinHall) -> tuple[int, int]:
    """The first node of the spin Hall form and the end."""
    return (int(spin_hall[0].min()), int(spin_hall[0].max()) + 1) if spin_hall else (0, 0)


def tangents_of(force: Array, rest: Array, g: Array, nodes: Array, rooms: Rooms) -> tuple[Any, Array, Array]:
    """Frames of some nodes, blocks ee and hh of M⁻¹FMτ₃ lane by lane, and the residual (n, 2, s, s).

    Args:
        force: of `force`.
        rest: what F has besides, (N, 2s, 2s).
        g: ǧ (N, 2s, 2s).
        nodes: (n,).
    """
    g, rest = (np.ascontiguousarray(x, dtype=complex) for x in (g, rest))
    s = g.shape[-1] // 2
    residual = rooms.empty((nodes.size, 2, s, s), complex)
    if s == 1:
        channels = ChannelFrames(nodes, lanes_for(nodes, channel.FRAME, rooms))
        diagonal = lanes_for(nodes, channel.DIAGONAL, rooms)
        channel.tangents_of(flat(g), force, flat(rest), nodes, channels.data, diagonal, flat(residual))
        return channels, diagonal, residual
    frames = FullFrames(nodes, lanes_for(nodes, tangents.FRAME, rooms))
    diagonal, places = lanes_for(nodes, tangents.DIAGONAL, rooms), np.arange(nodes.size)
    setup.tangents_of(flat(g), force, flat(rest), nodes, places, frames.data, diagonal, flat(residual))
    return frames, diagonal, residual


def positivity(g: Array) -> Array:
    """The smallest eigenvalue of 1 − γγ† and 1 − γ̃γ̃†, (n,), of ǧ (n, 4, 4)."""
    out = np.empty(g.shape[0])
    nodal.positivity(np.ascontiguousarray(g, dtype=complex).reshape(-1), out)
    return out


def mean_and_spread(diagonal: Array, count: int, s: int) -> tuple[Array, Array]:
    """Mean and variance of the eigenvalues of both blocks of the nodal term of so many nodes."""
    mean, variance = np.empty(count, dtype=complex), np.empty(count)
    (nodal.channel_mean_and_spread if s == 1 else nodal.mean_and_spread)(diagonal, mean, variance)
    return mean, variance


def shift(
    mu: Array, variance: Array, nodes: Array, half: Array, barriers: Array, least: float
) -> tuple[Array, Array]:
    """See `solver.linear.local_shift`."""
    mean, out = np.empty_like(mu), np.empty_like(mu)
    nodal.shift(mu, variance, nodes, half, barriers, least, mean, out)
    return mean, out


def largest(x: Array) -> float:
    """The largest |x| of complex numbers."""
    return float(nodal.largest(np.ascontiguousarray(x).reshape(-1)))


def largest_part(x: Array) -> float:
    """The largest |x| of real numbers."""
    return float(nodal.largest_part(x))


def nodal_blocks(diagonal: Array, nodes: Array, s: int) -> tuple[Array, Array]:
    """Its blocks ee and hh, (s, s, n)."""
    ee, hh = numbers(diagonal, 2 * s**2)[:, : nodes.size].reshape(2, s, s, -1)
    return ee, hh


def eliminate(order: tuple[Array, ...], diagonal: Array, coupling: Array) -> None:
    """In place, (n, E, u, u) and (P, E, u, u); `order` is that of `solver.banded.Elimination`."""
    first, blocks, _, start, updates = order
    elimination.eliminate(first, blocks, start, updates, diagonal, coupling)


def substitute(order: tuple[Array, ...], inverse: Array, coupling: Array, right: Array) -> Array:
    """H⁻¹ of right-hand sides (n, E, u), with what `eliminate` left."""
    x = np.array(right, dtype=complex, order="C")
    elimination.substitute(*order[:3], inverse, coupling, x)
    return x
