"""The linear algebra of a Newton step, compiled where there is a compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from usadel_fem import kernels
from usadel_fem.action import Linearisation, quadratic, spin_hall_state
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.physics.frames import Frames
from usadel_fem.physics.nambu import Complex, frame, from_frame, riccati


def linearise(forms: Forms, g: Complex, omega: Complex, frozen: bool = False) -> Linearisation:
    """At ǧ (N, 2s, 2s); see `Linearisation`."""
    compiled = kernels.compiled()
    if compiled is None:
        return Linearisation.at(forms, *frame(*riccati(g)), g, omega, frozen)
    m, inverse = compiled.frames_of(g)
    force = compiled.force(forms.coupling.arrays, forms.coupling.sums, g, spin_hall(forms))
    rest = omega
    if forms.beyond_coupling:
        rest = rest + quadratic(forms, g, beyond=True)
    if _linked_spin_hall(forms):
        state = spin_hall_state(forms, g)
        assert state is not None
        rest = rest + state.force()
    return Linearisation(forms, m, inverse, g, compiled.local(force, rest, m, inverse), frozen)


def moved(lin: Linearisation, nodes: Index, w: Complex) -> Complex:
    """ǧ with M(1 + w)τ₃(1 + w)⁻¹M⁻¹ at some nodes: w are Riccati amplitudes in the frame M."""
    compiled = kernels.compiled()
    if compiled is not None:
        return np.asarray(compiled.moved(lin.g, lin.m, lin.inverse, nodes, w))
    local = from_frame(*frame(w[:, 0], w[:, 1]))
    out = lin.g.copy()
    out[nodes] = lin.m[nodes] @ local @ lin.inverse[nodes]
    return out


def hessian(lin: Linearisation, nodes: Index, frames: Any) -> Callable[[Complex], Complex]:
    """w ↦ H w for w (n, 2, s, s) at some nodes, zero elsewhere; their frames are of `tangent_frames`."""
    compiled = kernels.compiled()
    if compiled is None or isinstance(frames, Frames):

        def product(w: Complex) -> Complex:
            everywhere = np.zeros((lin.forms.size, *w.shape[1:]), dtype=complex)
            everywhere[nodes] = w
            return lin.hessian(everywhere)[nodes]

        return product

    def beyond(dg: Complex) -> Complex:
        df = quadratic(lin.forms, dg, beyond=True)
        if lin.state is not None and _linked_spin_hall(lin.forms):
            df += lin.state.change(dg, lin.frozen)
        return df

    forms = lin.forms
    rest = beyond if forms.beyond_coupling or _linked_spin_hall(forms) else None
    return compiled.Hessian(
        forms.coupling.arrays, frames, lin.local, lin.g, spin_hall(forms), lin.frozen, rest
    )


def _linked_spin_hall(forms: Forms) -> bool:
    return forms.spin_hall is not None and forms.spin_hall.dense is None


def tangent_frames(m: Complex, inverse: Complex, nodes: Index) -> Any:
    """γ, γ̃, N, Ñ of some nodes, from M and M⁻¹ of all: `Frames` or their compiled twin."""
    compiled = kernels.compiled()
    if compiled is None:
        return Frames.of(m[nodes], inverse[nodes])
    return compiled.frames_at(m, inverse, nodes)


def spin_hall(forms: Forms) -> tuple[Any, ...]:
    """The spin Hall form as its kernel takes it; empty where links transport."""
    return (forms.spin_hall and forms.spin_hall.dense) or ()
