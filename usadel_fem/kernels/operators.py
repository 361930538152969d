"""What the rest of the package calls: NumPy arrays in and out, compiled in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.kernels import columns, packing, setup, spinhall, tangents
from usadel_fem.kernels.lanes import WIDTH

Array = NDArray[Any]


def flat(x: Array) -> Array:
    """The floats of an array, in its own memory where it is contiguous."""
    return np.ascontiguousarray(x, dtype=complex).view(np.float64).reshape(-1)


def check() -> None:
    """Compile a small kernel: raises what a broken installation raises."""
    packing.to_components(np.zeros((0, 4, 4), dtype=complex), np.zeros((0, 4, 2, 2), dtype=complex))


@dataclass(frozen=True)
class LaneFrames:
    """γ, γ̃, N, Ñ of some nodes, s = 2, eight nodes side by side."""

    nodes: Array
    data: Array

    @classmethod
    def of(cls, m: Array, inverse: Array, nodes: Array) -> LaneFrames:
        """From M and M⁻¹ of all nodes, (N, 4, 4)."""
        data = np.zeros(lanes(nodes.size, tangents.FRAME))
        packing.pack_frames(m, inverse, nodes, data)
        return cls(nodes, data)

    @cached_property
    def places(self) -> Array:
        return np.arange(self.nodes.size)

    def columns(self, residual: Array, order: str) -> Array:
        """Forces (n, 16) in the given order of memory, "F" or "C", of a residual (n, 2, 2, 2)."""
        n = self.nodes.size
        out = np.empty((16, n) if order == "F" else (n, 16), dtype=complex)
        columns.columns_of(self.data, self.places, flat(residual), order == "F", flat(out))
        return out.T if order == "F" else out

    def unknowns(self, dg: Array) -> Array:
        """w (n, 2, 2, 2) of columns (n, 16) in either order."""
        out = np.empty((self.nodes.size, 2, 2, 2), dtype=complex)
        by_column = not dg.flags.c_contiguous
        columns.unknowns_of(self.data, self.places, flat(dg.T if by_column else dg), by_column, flat(out))
        return out


def lanes(nodes: int, floats: int) -> int:
    """Floats for so many nodes, with `floats` for eight."""
    return -(-nodes // WIDTH) * floats


@dataclass(frozen=True)
class Hessian:
    """w ↦ H w at some nodes, w zero elsewhere.

    Attributes:
        coupling: see `fem.coupling`.
        frames: of these nodes.
        local: M⁻¹FMτ₃ of all nodes (N, 4, 4).
        g: ǧ (N, 4, 4), for the spin Hall form alone.
        planes: the spin Hall form, the first six arguments of `kernels.spinhall.bend_plane` for each plane.
        frozen: its outer ǧ is held fixed.
        beyond: δǧ ↦ δF of what is not in the coupling, (N, 4, 4) each, or None.
    """

    coupling: tuple[Array, ...]
    frames: LaneFrames
    local: Array
    g: Array
    planes: tuple[tuple[Any, ...], ...]
    frozen: bool
    beyond: Callable[[Array], Array] | None

    @cached_property
    def _diagonal(self) -> Array:
        out = np.zeros(lanes(self.frames.nodes.size, tangents.DIAGONAL))
        packing.pack_diagonal(self.local, self.frames.nodes, out)
        return out

    @cached_property
    def _components(self) -> Array:
        """ǧ in rows."""
        return components(self.g)

    @cached_property
    def _change(self) -> Array:
        """δǧ in rows: zero for good where w is."""
        return np.zeros(tangents.ROW * self.local.shape[0])

    def __call__(self, w: Array) -> Array:
        frames, dg, given = self.frames, self._change, flat(w)
        tangents.change_rows(frames.data, given, frames.nodes, frames.places, dg)
        start, started = self._start(dg)
        out = np.empty_like(w, dtype=complex, order="C")
        tangents.hessian_rows(
            self.coupling,
            frames.data,
            self._diagonal,
            frames.nodes,
            frames.places,
            dg,
            start,
            started,
            given,
            flat(out),
        )
        return out

    def _start(self, dg: Array) -> tuple[Array, bool]:
        """δF of everything but the coupling, in rows, and whether there is anything."""
        if self.beyond is None and not self.planes:
            return dg, False
        if self.beyond is None:
            start = np.zeros_like(dg)
        else:
            x = np.empty_like(self.local)
            packing.from_components(dg.view(complex).reshape(-1, 4, 2, 2), x)
            start = components(self.beyond(x))
        for plane in self.planes:
            spinhall.bend_plane(*plane, self.frozen, self._components, dg, start)
        return start, True


def components(x: Array) -> Array:
    """Nodal matrices (N, 4, 4) in rows of floats."""
    out = np.empty((x.shape[0], 4, 2, 2), dtype=complex)
    packing.to_components(x, out)
    return flat(out)


def frames_of(g: Array) -> tuple[Array, Array]:
    """M and M⁻¹ of ǧ, (N, 4, 4) each."""
    m, inverse = np.empty_like(g, order="C"), np.empty_like(g, order="C")
    setup.frames_of(flat(g), np.arange(g.shape[0]), flat(m), flat(inverse))
    return m, inverse


def force(coupling: tuple[Array, ...], sums: Array, g: Array, planes: tuple[tuple[Any, ...], ...]) -> Array:
    """F_i of the coupling and of the spin Hall form, in rows of floats.

    The first node's ǧ is subtracted before and what it gives added after: `sums` (2, N), Σ_j q_ij without the
    stiffness. It would give nothing there but rounding, which drowns weak terms where ǧ is nearly uniform.
    """
    x, nodes = components(g), np.arange(g.shape[0])
    out = np.zeros_like(x)
    for plane in planes:
        spinhall.bend_plane(*plane, False, x, x, out)
    out *= 0.5  # of degree two: its change with ǧ along ǧ is twice the force
    table = x.reshape(-1, 4, 8)
    uniform = table[0].copy()
    table -= uniform
    tangents.couple_rows(coupling, x, nodes, out, True, out)
    np.multiply(sums[0, :, None], uniform[0], out=table[:, 0])
    np.multiply(sums[1, :, None, None], uniform[1:], out=table[:, 1:])
    out += x
    return out


def local(components: Array, rest: Array, m: Array, inverse: Array) -> Array:
    """M⁻¹FMτ₃ (N, 4, 4) of F in rows of floats and the rest of it (N, 4, 4)."""
    out = np.empty_like(m)
    setup.local_of(components, flat(rest), np.arange(m.shape[0]), flat(m), flat(inverse), flat(out))
    return out


def moved(g: Array, m: Array, inverse: Array, nodes: Array, w: Array) -> Array:
    """ǧ with M(1 + w)τ₃(1 + w)⁻¹M⁻¹ at some nodes, for w (n, 2, 2, 2)."""
    out = np.array(g, order="C")
    setup.moved(flat(m), flat(inverse), nodes, np.arange(nodes.size), flat(w), flat(out))
    return out
