"""Frames of some nodes as the kernels take them, and what they do: NumPy arrays in and out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from usadel_fem.kernels import channel, columns, packing, setup, tangents
from usadel_fem.kernels.lanes import WIDTH
from usadel_fem.kernels.memory import Rooms

Array = NDArray[Any]

Start: TypeAlias = tuple[Array, int, int]
"""What the coupling is added to, in rows, and the first and the end of the nodes where that is not zero."""


def flat(x: Array) -> Array:
    """The floats of an array, in its own memory where it is contiguous."""
    return np.ascontiguousarray(x, dtype=complex).view(np.float64).reshape(-1)


def lanes_for(nodes: Array, floats: int, rooms: Rooms) -> Array:
    """Room for some nodes in pairs of groups, with `floats` for eight."""
    return rooms.zeros(-(-nodes.size // (2 * WIDTH)) * 2 * floats)


@dataclass(frozen=True)
class FullFrames:
    """γ, γ̃, N, Ñ of some nodes, s = 2, eight nodes side by side."""

    nodes: Array
    data: Array

    @classmethod
    def of(cls, m: Array, inverse: Array, nodes: Array) -> FullFrames:
        """From M and M⁻¹ of all nodes, (N, 4, 4)."""
        data = lanes_for(nodes, tangents.FRAME, Rooms())
        packing.pack_frames(np.ascontiguousarray(m), np.ascontiguousarray(inverse), nodes, data)
        return cls(nodes, data)

    @cached_property
    def _places(self) -> Array:
        return np.arange(self.nodes.size)

    def columns(self, residual: Array) -> Array:
        """Forces (n, 16), one column after the other, of a residual (n, 2, 2, 2)."""
        out = np.empty((16, self.nodes.size), dtype=complex)
        columns.columns_of(self.data, flat(residual), flat(out))
        return out.T

    def unknowns(self, dg: Array) -> Array:
        """w (n, 2, 2, 2) of columns (n, 16)."""
        out = np.empty((self.nodes.size, 2, 2, 2), dtype=complex)
        columns.unknowns_of(self.data, flat(dg.T), flat(out))
        return out

    def rows(self, residual: Array, out: Array) -> None:
        """Forces of a residual in rows of `kernels.multigrid`, `out` of single precision."""
        columns.rows_of(self.data, flat(residual), out)

    def of_rows(self, dg: Array, out: Array) -> None:
        """w (n, 2, 2, 2) of rows."""
        columns.of_rows(self.data, dg, flat(out))

    def moved(self, g: Array, w: Array) -> None:
        """ǧ (N, 4, 4) after a step w (n, 2, 2, 2), in place."""
        setup.moved(self.data, self.nodes, self._places, flat(w), flat(g))

    def entries(self, places: Array) -> tuple[Array, ...]:
        """γ, γ̃, N, Ñ of some of the nodes, (2, 2, n) each."""
        return tuple(x.reshape(2, 2, -1)[..., places] for x in numbers(self.data, 16).reshape(4, 4, -1))

    def change(self, w: Array, out: Array) -> None:
        tangents.change_rows(self.data, w, self.nodes, self._places, out)

    def hessian(
        self, coupling: Any, sums: Array, diagonal: Array, x: Array, start: Start, w: Array, out: Array
    ) -> None:
        tangents.hessian_rows(
            coupling, sums, self.data, diagonal, self.nodes, self._places, x, *start, w, out, None
        )

    def hessian_in_rows(
        self, coupling: Any, sums: Array, diagonal: Array, x: Array, start: Start, w: Array, out: Array
    ) -> None:
        """`rows` of it, without a residual in between."""
        tangents.hessian_rows(
            coupling, sums, self.data, diagonal, self.nodes, self._places, x, *start, w, w, out
        )


@dataclass(frozen=True)
class ChannelFrames:
    """γ, γ̃, N = Ñ of some nodes, s = 1, eight nodes side by side."""

    nodes: Array
    data: Array

    @classmethod
    def of(cls, m: Array, inverse: Array, nodes: Array) -> ChannelFrames:
        """From M and M⁻¹ of all nodes, (N, 2, 2)."""
        data = lanes_for(nodes, channel.FRAME, Rooms())
        parts, lane = data.reshape(-1, 3, 2, WIDTH), np.arange(nodes.size)
        for k, x in enumerate((m[nodes, 0, 1], m[nodes, 1, 0], inverse[nodes, 0, 0])):
            for part, y in enumerate((x.real, x.imag)):
                parts[lane // WIDTH, k, part, lane % WIDTH] = y
        return cls(nodes, data)

    def columns(self, residual: Array) -> Array:
        """Forces (n, 3), one column after the other, of a residual (n, 2, 1, 1)."""
        out = np.empty((3, self.nodes.size), dtype=complex)
        channel.columns_of(self.data, flat(residual), flat(out))
        return out.T

    def unknowns(self, dg: Array) -> Array:
        """w (n, 2, 1, 1) of columns (n, 3)."""
        out = np.empty((self.nodes.size, 2, 1, 1), dtype=complex)
        channel.unknowns_of(self.data, flat(dg.T), flat(out))
        return out

    def rows(self, residual: Array, out: Array) -> None:
        """Forces of a residual in rows of `kernels.multigrid`, `out` of single precision."""
        channel.rows_of(self.data, flat(residual), out)

    def of_rows(self, dg: Array, out: Array) -> None:
        """w (n, 2, 1, 1) of rows."""
        channel.of_rows(self.data, dg, flat(out))

    def moved(self, g: Array, w: Array) -> None:
        """ǧ (N, 2, 2) after a step w (n, 2, 1, 1), in place."""
        channel.moved(self.data, self.nodes, flat(w), flat(g))

    def entries(self, places: Array) -> tuple[Array, ...]:
        """γ, γ̃, N, Ñ of some of the nodes, (1, 1, n) each."""
        return tuple(x[None, None, places] for x in numbers(self.data, 3)[[0, 1, 2, 2]])

    def change(self, w: Array, out: Array) -> None:
        channel.change_rows(self.data, w, self.nodes, out)

    def hessian(
        self, coupling: Any, sums: Array, diagonal: Array, x: Array, start: Start, w: Array, out: Array
    ) -> None:
        channel.hessian_rows(coupling[:3], sums[0], self.data, diagonal, self.nodes, x, *start, w, out)

    def hessian_in_rows(
        self, coupling: Any, sums: Array, diagonal: Array, x: Array, start: Start, w: Array, out: Array
    ) -> None:
        """`rows` of it."""
        residual = np.empty_like(w)
        self.hessian(coupling, sums, diagonal, x, start, w, residual)
        channel.rows_of(self.data, residual, out)


def numbers(lanes: Array, count: int) -> Array:
    """`count` complex numbers of each node, (count, nodes), of what is stored lane by lane."""
    parts = lanes.reshape(-1, count, 2, WIDTH)
    return np.moveaxis(parts[:, :, 0] + 1j * parts[:, :, 1], 0, 1).reshape(count, -1)
