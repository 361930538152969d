"""The linear algebra of a Newton step, compiled where there is a compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from usadel_fem import kernels
from usadel_fem.action import Linearisation, quadratic
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.space import Index
from usadel_fem.physics.frames import Frames
from usadel_fem.physics.nambu import Complex


def hessian(lin: Linearisation, nodes: Index, frames: Any) -> Callable[[Complex], Complex]:
    """w ↦ H w for w (n, 2, s, s) at some nodes, zero elsewhere; their frames are of `tangent_frames`."""
    compiled = kernels.compiled()
    if compiled is None or isinstance(frames, Frames):

        def product(w: Complex) -> Complex:
            everywhere = np.zeros((lin.forms.size, *w.shape[1:]), dtype=complex)
            everywhere[nodes] = w
            return lin.hessian(everywhere)[nodes]

        return product
    linked = lin.forms.spin_hall is not None and lin.forms.spin_hall.dense is None

    def beyond(dg: Complex) -> Complex:
        df = quadratic(lin.forms, dg, beyond=True)
        if lin.state is not None and linked:
            df += lin.state.change(dg, lin.frozen)
        return df

    rest = beyond if linked or lin.forms.beyond_coupling else None
    return compiled.Hessian(lin.forms.coupling, frames, lin.local, lin.g, planes(lin.forms), lin.frozen, rest)


def tangent_frames(m: Complex, inverse: Complex, nodes: Index) -> Any:
    """γ, γ̃, N, Ñ of some nodes, from M and M⁻¹ of all: `Frames` or their compiled twin."""
    compiled = kernels.compiled()
    if compiled is None or m.shape[-1] != 4:
        return Frames.of(m[nodes], inverse[nodes])
    return compiled.LaneFrames.of(m, inverse, nodes)


def planes(forms: Forms) -> tuple[tuple[Any, ...], ...]:
    """The spin Hall form as the kernel takes it, plane by plane; empty where links transport."""
    form = forms.spin_hall
    if form is None or form.dense is None:
        return ()
    nodes, value, gradient = form.dense
    return tuple(
        (nodes, value, gradient[k], gradient[l], 0.25 * sign * form.weight, a)
        for k, l, a, sign in form.planes
    )
