"""A ring with winding against a radial boundary-value problem; curved elements keep their order.

A flux in the hole gives A_φ = a/r, the winding of a phase. With h ∥ n and τ_so, ǧ = Σ_s ½(1 + s n·σ)g_s and
g_s = cos θ_s τ₃ − sin θ_s τ₂ in the gauge of A:

    D(rθ_s')'/r = 2(ω − ish) sin θ_s − 2Δ cos θ_s + 4D(a/r)² sin θ_s cos θ_s + (1/2τ_so) sin(θ_s − θ_{−s}).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skfem
from scipy.integrate import solve_bvp

from tests.verification.cases import TILTED
from tests.verification.discrete import rate
from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import Device, build_device
from usadel_fem.fem.space import Space
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.energies import DeviceSolver

INNER, OUTER, FLUX = 0.6, 1.5, 0.45
D, N_F, H, TAU, GAP, INSIDE, OMEGA = 1.3, 0.7, 0.9, 0.8, 0.83, 0.3, 0.21


def ring(order, level, curved=True):
    shape = {"shape": "annulus", "inner": INNER, "outer": OUTER, "resolution": 0.45}
    case = Case(
        mesh={**shape, "order": order, "refine": level},
        material={
            "F": {"D": D, "N_F": N_F, "exchange": (H * TILTED).tolist(), "tau_so": TAU, "Delta": INSIDE},
        },
        region={"annulus": "F"},
        terminal={"outer": {"Delta": GAP}},
        field={"vector_potential": [f"{-FLUX!r}*y/(x*x + y*y)", f"{FLUX!r}*x/(x*x + y*y)", 0]},
        solve={"kind": "spectrum", "energies": {"imaginary": [OMEGA]}, "tolerance": 1e-11},
    )
    device = build_device(case)
    if curved:
        return device
    mesh = device.mesh.mesh
    straight = skfem.MeshTri1(mesh.doflocs[:, : mesh.nvertices], mesh.t)
    assert np.array_equal(straight.facets, mesh.facets)
    return Device(case, Space(replace(device.mesh, mesh=straight), order), device._materials)


def radial():
    """θ_±(r), (2, ...)."""
    h = np.array([H, -H])[:, None]

    def rule(r, y):
        theta, flow = y[:2] + 1j * y[4:6], y[2:4] + 1j * y[6:]
        force = 2 * (OMEGA - 1j * h) * np.sin(theta) - 2 * INSIDE * np.cos(theta)
        force += 4 * D * (FLUX / r) ** 2 * np.sin(theta) * np.cos(theta)
        force += np.sin(theta - theta[::-1]) / (2 * TAU)
        slope, change = flow / (r * D), r * force
        return np.concatenate([slope.real, change.real, slope.imag, change.imag])

    def ends(a, b):
        return np.concatenate([b[:2] - np.arctan(GAP / OMEGA), a[2:4], b[4:6], a[6:]])

    r = np.linspace(INNER, OUTER, 100)
    y = np.zeros((8, r.size))
    y[:2] = 0.8
    found = solve_bvp(rule, ends, r, y, tol=1e-9, max_nodes=20000)
    assert found.success, found.message
    return lambda r: found.sol(r)[:2] + 1j * found.sol(r)[4:6]


@pytest.mark.parametrize(
    ("order", "curved", "expected", "room"), [(1, True, 2, 0.3), (2, True, 3.5, 0.7), (2, False, 2, 0.4)]
)
def test_ring_with_winding(order, curved, expected, room):
    """Singlet amplitude ½ Σ_s i sin θ_s; on straight-sided elements P2 falls to second order."""
    exact = radial()
    errors, cells = [], (1, 2, 4)
    for level in range(3):
        device = ring(order, level, curved)
        g, report = DeviceSolver(device).solve(1j * OMEGA)
        assert report.ok
        r = np.linalg.norm(device.nodes, axis=1)
        amplitude = 0.5j * np.sin(exact(np.clip(r, INNER, OUTER))).sum(axis=0)
        off = np.abs(singlet(g) - amplitude)[: device.mesh.mesh.nvertices]
        errors.append(np.sqrt((off**2).mean()))
    name = f"ring, P{order}{'' if curved else ', straight sides'}"
    compare(f"{name}: rate at the vertices", rate(cells, errors), expected, atol=room)
    if curved:
        compare(f"{name}: f₀ against a radial solution", errors[-1], 0, atol=3e-3 if order == 1 else 2e-5)
