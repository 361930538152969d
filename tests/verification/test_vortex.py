"""The paper's example: the torque around a vortex in a uniform exchange field, Eqs. (82)–(84).

To first order in θ and κ the torques follow from ǧ without them, ĝ = g_s + g_t ĥ·σ and
f̂ = (f_s + f_t ĥ·σ)e^{inφ}, which the radial equation gives (the spin axis is arbitrary there, z say):

    Tr στ₃T = (4iDκn/r) ∂_r(f_sf_t) ẑ×ĥ,     Tr σT = −(4Dθn/r) ∂_rg_t ẑ×ĥ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

import usadel_fem
from tests.verification import radial
from tests.verification.rings import Elements, powers
from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import SIGMA, TAU3, at_minus_frequency
from usadel_fem.solver.energies import DeviceSolver

D, N_F, GAP, RADIUS = 0.6, 0.7, 0.83, 4.0
SMALL = 0.02
"""θ or κ of first order; what is neglected is their square."""

IN_PLANE = (0.24, -0.32, 0.0)
TILTED = (-0.21, -0.12, 0.3)
Z = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Vortex:
    """ǧ_h of a vortex, and the torques averaged over elements."""

    evaluate: Elements
    nodes: np.ndarray
    omega: np.ndarray
    g: np.ndarray

    @property
    def radii(self):
        """Of the quadrature points."""
        return np.hypot(*self.evaluate.at.position)


def tables(winding, h, theta, kappa, radius=RADIUS, resolution=0.4):
    return {
        "mesh": {"shape": "disk", "radius": radius, "resolution": resolution},
        "material": {
            "S": {
                "D": D, "N_F": N_F, "theta": theta, "kappa": kappa,
                "Delta": f"{GAP}*tanh(r)", "exchange": list(h),
            },
        },
        "region": {"disk": "S"},
        "vortex": [{"at": [0, 0], "winding": winding}],
    }  # fmt: skip


@cache
def vortex(energy, winding, h, theta, kappa, radius=RADIUS):
    real = {"energies": [energy.real], "broadening": energy.imag}
    solve = real if energy.real else {"energies": {"imaginary": [energy.imag]}}
    given = tables(winding, h, theta, kappa, radius)
    device = build_device(Case(**given, solve={"kind": "spectrum", "tolerance": 1e-12, **solve}))
    solver = DeviceSolver(device)
    g, report = solver.solve(energy.real or energy)
    assert report.ok, report
    return Vortex(Elements(device), device.nodes, solver.source(energy.real or energy), g)


@cache
def amplitudes(energy, winding, size):
    """ǧ(r) of the vortex without θ and κ, |h| along z."""
    none = powers(0.0)

    def gap(r):
        return GAP * np.tanh(r)

    h = (none, none, powers(size))
    layer = radial.Layer(0.0, RADIUS, powers(D), powers(N_F), none, none, none, gap, h)
    return radial.solve(radial.Disk((layer,), winding, 0, energy))


def closed_forms(energy, winding, h, r):
    """Tr στ₃T/κ and Tr σT/θ along ẑ×ĥ: two functions of r, with N_F."""
    slope, fields = amplitudes(energy, winding, float(np.linalg.norm(h))).polar(r)

    def parts(block, row, column):
        up, down = block[:, row, column], block[:, row + 1, column + 1]
        return (up + down) / 2, (up - down) / 2

    (fs, ft), (dfs, dft) = parts(fields.g, 0, 2), parts(slope, 0, 2)
    swapping = 4j * D * winding / r * (dfs * ft + fs * dft)
    hall = -4 * D * winding / r * parts(slope, 0, 0)[1]
    return N_F * swapping, N_F * hall


def around(h):
    """ẑ×ĥ, ĥ = h/|h|."""
    return np.cross(Z, h) / np.linalg.norm(h)


@pytest.mark.parametrize(
    ("energy", "winding", "h"),
    [
        (0.31j, 1, IN_PLANE),
        (0.83j, -1, IN_PLANE),
        (0.31j, 2, TILTED),
        (0.6 + 0.1j, 1, tuple(-x for x in TILTED)),
        (0.6 + 0.1j, -1, (0.0, 0.37, 0.0)),
    ],
)
def test_closed_forms(energy, winding, h):
    """Direction and size, at imaginary and real energies: only the part of h in the plane counts, as ĥ."""
    theta, kappa = SMALL, -1.5 * SMALL
    found = vortex(energy, winding, h, theta, kappa)
    traces = found.evaluate(found.g)
    swapping, hall = closed_forms(energy, winding, h, found.radii)
    for name, got, expected in (
        ("Tr στ₃T", traces["torque"], kappa * swapping),
        ("Tr σT", traces["source"], theta * hall),
    ):
        expected = found.evaluate.mean(expected)[:, None] * around(h)
        error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
        label = f"vortex, n = {winding}, ε = {energy:.3g}: error of {name} at first order"
        compare(label, error, 0, atol=6e-3)


def test_torques_need_their_own_coefficient():
    """Tr στ₃T comes of κ and Tr σT of θ; the other one appears in second order only."""
    hall, swapping = (vortex(0.31j, 1, IN_PLANE, *c) for c in ((SMALL, 0), (0, SMALL)))
    of_theta, of_kappa = hall.evaluate(hall.g), swapping.evaluate(swapping.g)
    assert np.linalg.norm(of_theta["torque"]) < SMALL**2 * np.linalg.norm(of_theta["source"])
    assert np.linalg.norm(of_kappa["source"]) < SMALL**2 * np.linalg.norm(of_kappa["torque"])


def test_field_along_the_axis_makes_no_torque():
    traces = (v := vortex(0.31j, 1, (0.0, 0.0, 0.37), SMALL, -1.5 * SMALL)).evaluate(v.g)
    assert max(np.abs(traces["torque"]).max(), np.abs(traces["source"]).max()) < 1e-12


def test_torques_change_sign_with_the_winding_and_with_the_field():
    """Element by element, up to second order in θ and κ."""
    base = vortex(0.83j, 1, IN_PLANE, SMALL, -1.5 * SMALL)
    expected = base.evaluate(base.g)
    opposite = tuple(-x for x in IN_PLANE)
    for winding, h, sign in ((-1, IN_PLANE, -1), (1, opposite, -1), (-1, opposite, 1)):
        found = vortex(0.83j, winding, h, SMALL, -1.5 * SMALL)
        traces = found.evaluate(found.g)
        for name in ("torque", "source"):
            got, same = traces[name], sign * expected[name]
            assert np.linalg.norm(got - same) < SMALL * np.linalg.norm(same)


def test_torques_decay_away_from_the_core():
    """Bulk amplitudes are uniform: what is left at r > 3 are the tails of the core and of tanh r."""
    found = vortex(0.83j, 1, IN_PLANE, SMALL, -1.5 * SMALL)
    traces, r = found.evaluate(found.g), found.evaluate.mean(found.radii)
    for values in (traces["torque"], traces["source"]):
        size = np.linalg.norm(values, axis=1)
        assert size[r > 3].max() < 0.02 * size.max()
        assert r[np.argmax(size)] < 1.0


def test_swapping_torque_of_both_signs_of_frequency_cancels():
    """ǧ(−ω) = −τ₃ǧ(ω)†τ₃ turns Tr στ₃T into −(Tr στ₃T)*, and by ǧ(ω) = −Xǧ(ω)*X, X = τ₂σ_y, it is real.

    To all orders in κ and h; with θ too the thermodynamic sum of Tr στ₃T is zero, that of Tr σT is not.
    """
    found = vortex(0.31j, 1, IN_PLANE, 0.0, -0.3)
    plus, minus = found.evaluate(found.g), found.evaluate(at_minus_frequency(found.g))
    size = np.abs(plus["torque"]).max()
    assert size > 0.1
    assert np.abs(plus["torque"] + minus["torque"]).max() < 1e-12 * size
    given = tables(1, IN_PLANE, 0.2, -0.3, resolution=0.8)
    solution = usadel_fem.solve(Case(**given, solve={"kind": "equilibrium", "temperature": 0.15}))
    swapping, hall = (np.abs(solution.observables[k]).max() for k in ("spin_torque", "spin_source"))
    assert hall > 0.01
    assert swapping < 1e-9 * hall


FIELDS = (0.1, 0.2)
AXIS = np.array([0.6, -0.8, 0.0])
WIDE = 5.0
INNER = 1.5


def balance(size):
    """∫ φN_F of Tr σT, of −∂_kTr σJ_k and of Tr σ[Ω, ǧ] along ẑ×h, φ = (1 − r²/a²)² for r < a.

    Of first order in θ: half the difference of ±θ.
    """
    out = []
    for theta in (SMALL, -SMALL):
        found = vortex(0.83j, 1, tuple(size * AXIS), theta, 0.0, WIDE)
        at, evaluate = found.evaluate.at, found.evaluate
        value = (at.value @ found.g.reshape(-1, 16)).reshape(-1, 4, 4)
        inside = np.clip(1 - (at.position**2).sum(axis=0) / INNER**2, 0, None)
        weight, slope = at.weight * inside**2, at.weight * inside * -4 * at.position / INNER**2
        spin = evaluate.at_points(found.g)["spin"][:, :, :2]
        h = size * AXIS
        density = np.einsum("aij,qji->qa", SIGMA @ TAU3, value)
        traces = evaluate(found.g)
        volume = weight.reshape(evaluate.elements, -1).sum(axis=1)
        rows = (
            volume @ traces["source"],
            np.einsum("kq,qak->a", slope, spin),
            N_F * weight @ (-2 * np.cross(h, density)),
        )
        out.append(np.array(rows) @ around(AXIS))
    return (out[0] - out[1]) / 2


def test_net_effect_of_the_spin_hall_torque_is_of_third_order_in_h():
    """Tr σT + Tr σ[Ω, ǧ] = ∂_kTr σJ_k, where Tr σ[Ω, ǧ] = −2h×s and s = Tr στ₃ǧ.

    In first order of θ: reversal of time, ǧ → σ_yτ₃ǧᵀτ₃σ_y, turns the signs of n, h and s at every frequency;
    a mirror x → −x turns those of n and of what is across x in s and h. In first order of h spins could only
    lie along nẑ×h, which reversal forbids; s_z ∝ θnh² is allowed. Hence the net effect is ∝ h³, while T and
    ∂_kJ_k are ∝ h. (At the rim, where supercurrents flow along it, s_z ∝ θn without h; it is far away.)
    """
    found = np.array([balance(size) for size in FIELDS])
    torque, divergence, net = np.abs(found).T
    assert np.abs(found[:, 0] + found[:, 1] + found[:, 2]).max() < 0.03 * torque.max()  # of the mesh
    powers_of_h = np.log(np.abs(found[1] / found[0])) / np.log(FIELDS[1] / FIELDS[0])
    compare("vortex: power of h of ∫φTr σT", powers_of_h[0], 1, atol=0.06)
    compare("vortex: power of h of ∫φ∂Tr σJ", powers_of_h[1], 1, atol=0.06)
    compare("vortex: power of h of their difference", powers_of_h[2], 3, atol=0.25)
    assert np.all(net < 0.01 * np.minimum(torque, divergence))
