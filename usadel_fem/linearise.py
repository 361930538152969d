"""The linear algebra of a Newton step at some nodes, compiled where there is a compiler."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from usadel_fem import action, kernels
from usadel_fem.action import Linearisation, SpinHallState, quadratic, spin_hall_state
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.single import SingleTerms
from usadel_fem.fem.space import Index
from usadel_fem.kernels.memory import Rooms
from usadel_fem.physics.frames import Frames, multiply
from usadel_fem.physics.nambu import Complex, Real, frame, from_frame, riccati


def linearise(
    forms: Forms,
    g: Complex,
    omega: Complex,
    nodes: Index,
    frozen: bool = False,
    rooms: Rooms | None = None,
) -> Tangents:
    """At ǧ (N, 2s, 2s), for steps w at some nodes; see `Linearisation`. `rooms` keep memory for the next."""
    rooms = rooms or Rooms()
    compiled = kernels.compiled()
    if compiled is None:
        return PlainTangents(Linearisation.at(forms, *frame(*riccati(g)), g, omega, frozen), nodes)
    linked = spin_hall_state(forms, g) if _linked_spin_hall(forms) else None
    parts = compiled.tangents_of(_coupled(forms, g, rooms), _rest(forms, g, omega, linked), g, nodes, rooms)
    return CompiledTangents(forms, g, nodes, frozen, linked, rooms, *parts)


def force(forms: Forms, g: Complex, omega: Complex) -> Complex:
    """`action.force`, compiled where there is a compiler."""
    compiled = kernels.compiled()
    if compiled is None:
        return action.force(forms, g, omega, spin_hall_state(forms, g))
    linked = spin_hall_state(forms, g) if _linked_spin_hall(forms) else None
    total: Complex = compiled.matrices(_coupled(forms, g, Rooms()), g.shape)
    total += _rest(forms, g, omega, linked)
    return total


def _coupled(forms: Forms, g: Complex, rooms: Rooms) -> Any:
    """F of the terms that kernels have, in their rows."""
    coupling = forms.coupling
    return kernels.compiled().force(coupling.arrays, coupling.sums, g, _dense_spin_hall(forms), rooms)


def _rest(forms: Forms, g: Complex, omega: Complex, linked: SpinHallState | None) -> Complex:
    """F of the others."""
    total = omega
    if forms.beyond_coupling:
        total = total + quadratic(forms, g, beyond=True)
    return total if linked is None else total + linked.force()


@dataclass(frozen=True)
class PlainTangents:
    """The reference.

    Attributes:
        lin: see `Linearisation`.
        nodes: to which w and residuals (n, 2, s, s) belong; w is zero elsewhere.
    """

    lin: Linearisation
    nodes: Index
    rooms: Rooms = field(default_factory=Rooms)

    @property
    def forms(self) -> Forms:
        return self.lin.forms

    @property
    def g(self) -> Complex:
        return self.lin.g

    @cached_property
    def frames(self) -> Frames:
        """Of the nodes."""
        return Frames.of(self.lin.m[self.nodes], self.lin.inverse[self.nodes])

    @cached_property
    def nodal(self) -> tuple[Complex, Complex]:
        """Blocks ee and hh of M⁻¹FMτ₃, (s, s, n)."""
        ee, hh = self.lin.nodal
        return ee[..., self.nodes], hh[..., self.nodes]

    def mean_and_spread(self) -> tuple[Complex, Real]:
        """Mean and variance of the eigenvalues of both blocks of the nodal term, (n,)."""
        return mean_and_spread(*self.nodal)

    @cached_property
    def residual(self) -> Complex:
        """r, (n, 2, s, s)."""
        return self.lin.gradient()[self.nodes]

    def hessian(self, w: Complex, out: Complex | None = None) -> Complex:
        """H w; into `out` where that costs less than new memory."""
        everywhere = np.zeros((self.forms.size, *w.shape[1:]), dtype=complex)
        everywhere[self.nodes] = w
        return self.lin.hessian(everywhere)[self.nodes]

    def moved(self, w: Complex) -> Complex:
        """ǧ with M(1 + w)τ₃(1 + w)⁻¹M⁻¹ at the nodes: w are Riccati amplitudes in the frame M."""
        out, nodes = self.g.copy(), self.nodes
        out[nodes] = self.lin.m[nodes] @ from_frame(*frame(w[:, 0], w[:, 1])) @ self.lin.inverse[nodes]
        return out

    def amplitudes(self, places: Index) -> Frames:
        """γ, γ̃, N, Ñ of some of the nodes."""
        return self.frames[places]


@dataclass(frozen=True)
class CompiledTangents:
    """The compiled twin of `PlainTangents`, without matrices of all nodes.

    Attributes:
        forms, g, nodes, frozen, rooms: what `linearise` was given.
        linked: the spin Hall form where links transport.
        frames, diagonal: of the nodes, as the kernels take them.
        residual: r, (n, 2, s, s).
    """

    forms: Forms
    g: Complex
    nodes: Index
    frozen: bool
    linked: SpinHallState | None
    rooms: Rooms
    frames: Any
    diagonal: Any
    residual: Complex

    @cached_property
    def lin(self) -> Linearisation:
        """See `PlainTangents`; its frames and M⁻¹FMτ₃ are those of the nodes, and nothing elsewhere."""
        frames, (ee, hh) = self.amplitudes(np.arange(self.nodes.size)), self.nodal
        gamma, gamma_tilde, n, n_tilde = vars(frames).values()
        one = np.broadcast_to(np.eye(ee.shape[0])[:, :, None], ee.shape)
        he, eh = -0.5 * np.moveaxis(self.residual, 0, -1).swapaxes(1, 2)  # see `action.pair`
        m = self._everywhere(one, gamma, gamma_tilde, one)
        inverse = self._everywhere(n, -multiply(gamma, n_tilde), -multiply(gamma_tilde, n), n_tilde)
        local = self._everywhere(ee, eh, he, hh)
        return Linearisation(self.forms, m, inverse, self.g, local, self.frozen)

    def _everywhere(self, *blocks: Complex) -> Complex:
        """Matrices (N, 2s, 2s) of blocks ee, eh, he, hh (s, s, n) at the nodes, zero elsewhere."""
        out, s = np.zeros(self.g.shape, dtype=complex), blocks[0].shape[0]
        for k, block in enumerate(blocks):
            i, j = divmod(k, 2)
            out[self.nodes, s * i : s * (i + 1), s * j : s * (j + 1)] = np.moveaxis(block, -1, 0)
        return out

    @cached_property
    def nodal(self) -> tuple[Complex, Complex]:
        """See `PlainTangents`."""
        ee, hh = kernels.compiled().nodal_blocks(self.diagonal, self.nodes, self.g.shape[-1] // 2)
        return ee, hh

    def mean_and_spread(self) -> tuple[Complex, Real]:
        """See `PlainTangents`."""
        compiled, s = kernels.compiled(), self.g.shape[-1] // 2
        mean, variance = compiled.mean_and_spread(self.diagonal, self.nodes.size, s)
        return mean, variance

    @cached_property
    def hessian(self) -> Any:
        """See `PlainTangents`."""
        rest = self._beyond if self.forms.beyond_coupling or self.linked is not None else None
        coupling, dense = self.forms.coupling, _dense_spin_hall(self.forms)
        return kernels.compiled().Hessian(
            coupling.arrays,
            coupling.sums,
            self.frames,
            self.diagonal,
            self.g,
            dense,
            self.frozen,
            rest,
            self.rooms,
        )

    def in_tiles(self, rows: Any) -> Any:
        """A Krylov step in single precision on `kernels.steps.FreeRows`, if its kernels have all terms."""
        if rows is None or self.linked is not None:
            return None
        compiled, g = kernels.compiled(), self.g
        field = compiled.rows(g, self.rooms) if rows.spin_hall else g
        return compiled.steps.SingleStep(
            rows, self.frames.data, self.diagonal, field, self.frozen, self.rooms
        )

    def _beyond(self, dg: Complex) -> Complex:
        """δF of what no kernel has, for δǧ."""
        df = quadratic(self.forms, dg, beyond=True)
        return df if self.linked is None else df + self.linked.change(dg, self.frozen)

    def moved(self, w: Complex) -> Complex:
        """See `PlainTangents`."""
        out = self.rooms.empty(self.g.shape, complex)
        out[:] = self.g
        self.frames.moved(out, w)
        return out

    def amplitudes(self, places: Index) -> Frames:
        """See `PlainTangents`."""
        return Frames(*self.frames.entries(places))


Tangents: TypeAlias = PlainTangents | CompiledTangents


def moved(lin: Linearisation, nodes: Index, w: Complex) -> Complex:
    """ǧ after a step of a linearisation at some nodes, see `PlainTangents`."""
    compiled = kernels.compiled()
    if compiled is None:
        return PlainTangents(lin, nodes).moved(w)
    out = np.array(lin.g, dtype=complex, order="C")
    compiled.frames_at(lin.m, lin.inverse, nodes).moved(out, w)
    return out


def mean_and_spread(ee: Complex, hh: Complex) -> tuple[Complex, Real]:
    """Mean and variance of the eigenvalues of ee and hh together, (n,), for blocks (s, s, n)."""
    s = ee.shape[0]
    mean = (np.trace(ee) + np.trace(hh)) / (2 * s)
    off = [block[i, j] - mean * (i == j) for block in (ee, hh) for i in range(s) for j in range(s)]
    return mean, np.asarray(sum(x.real**2 + x.imag**2 for x in off) / (2 * s))


def largest(x: Complex) -> float:
    """The largest |x| of an array, not a number where one of them is not."""
    compiled = kernels.compiled()
    return float(np.abs(x).max() if compiled is None else compiled.largest(x))


def largest_part(x: Complex) -> float:
    """The largest real or imaginary part of an array."""
    parts, compiled = x.reshape(-1).view(float), kernels.compiled()
    return float(max(parts.max(), -parts.min()) if compiled is None else compiled.largest_part(parts))


def free_rows(forms: Forms, nodes: Index, s: int) -> Any:
    """What `CompiledTangents.in_tiles` takes, for free nodes and s×s matrices of spin, or None."""
    terms, kind = SingleTerms.of(forms), kernels.compiled().steps.FreeRows
    if terms is None:
        return None
    coupling, rest = terms.coupling, (terms.charged, terms.sandwiches)
    return kind.of(coupling.arrays, coupling.sums, _dense_spin_hall(forms), nodes, s, *rest)


def _linked_spin_hall(forms: Forms) -> bool:
    return forms.spin_hall is not None and forms.spin_hall.dense is None


def _dense_spin_hall(forms: Forms) -> tuple[Any, ...]:
    """The spin Hall form as its kernel takes it; empty where links transport."""
    return (forms.spin_hall and forms.spin_hall.dense) or ()
