"""Spin–charge conversion in equilibrium: edge spin, anomalous current, and where θ and κ can act at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import skfem
from scipy.optimize import brentq

import usadel_fem as uf
from tests.cases.linear import LinearDevice
from tests.verification.cases import run
from tests.verification.discrete import balance, block, discretise, outer, rate
from tests.verification.smooth import (
    Dual,
    Waves,
    constant,
    projected_current,
    random_setting,
    residual,
    torque,
)
from tests.verification.table import compare
from tests.verification.test_action import random_state
from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.currents import matrix_current

D, GAP, WINDING, OMEGA = 1.3, 0.83, 0.45, 0.37
"""A superconductor whose phase is WINDING·x."""


def parallel(r, field, energy=0.41, axis=2, axes=(0, 1)):
    """A setting whose ǧ is diagonal in the spin along one axis: h and both Riccati amplitudes are."""
    spin = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])[axis]
    rng = np.random.default_rng(9)
    parts = rng.normal(size=(2, 4, 2)) @ np.array([1, 1j])
    waves = []
    for first in parts:
        amplitude = 0.4 * np.stack([first[k] * np.eye(2) + first[k + 2] * spin for k in (0, 1)])
        q = np.zeros((2, 3))
        q[:, list(axes)] = rng.uniform(0.8, 2, (2, len(axes)))
        waves.append(Waves(amplitude, q, rng.uniform(0, 6, 2)))
    exchange = np.zeros(3)
    exchange[axis] = 0.6
    return random_setting(
        41, axes, gamma=waves[0], gamma_tilde=waves[1], exchange=constant(exchange), energy=energy, **field
    )


UNIFORM = {"n_f": constant(0.7), "d": constant(1.3), "kappa": constant(0.0)}
"""Coefficients of one material."""


def test_uniform_spin_hall_angle_acts_only_at_edges_on_spins_along_the_normal():
    """∂_kJ^θ_k = 0 = T_θ exactly for any ǧ collinear with the normal; not across it, nor where θ varies."""
    r = np.random.default_rng(6).uniform(0, 1, (3, 40))

    def change(axis, theta):
        with_it = residual(parallel(r, UNIFORM | {"theta": theta}, axis=axis), r)
        return np.abs(with_it - residual(parallel(r, UNIFORM | {"theta": constant(0.0)}, axis=axis), r)).max()

    varying = random_setting(42, (0, 1)).theta
    assert change(2, constant(0.37)) < 1e-13
    assert change(0, constant(0.37)) > 0.05
    assert change(2, varying) > 0.05


@pytest.mark.parametrize("order", [1, 2])
def test_the_same_on_meshes(order):
    """Inside, [ǧ_i, F_i] does not see θ as the mesh is refined; at the edge it does."""
    cells, inside, edge = (6, 12, 24), [], []
    for n in cells:
        space = block(n, (0, 1), order)
        flows = []
        for theta in (0.37, 0.0):
            setting = parallel(space.nodes.T, UNIFORM | {"theta": constant(theta)})
            forms, omega = discretise(space, setting)
            flows.append(balance(forms, setting.green(space.nodes.T), omega))
        change = flows[0] - flows[1]
        x, y = space.nodes[:, :2].T
        rim = np.isin(np.arange(space.size), space.facet_nodes(outer(space)))
        bubble = (np.sin(np.pi * x) * np.sin(np.pi * y / 0.8)) ** 2
        inside.append(np.abs(np.einsum("i,iab->ab", bubble, change)).max())
        edge.append(np.abs(np.einsum("i,iab->ab", rim * (1 + x), change)).max())
    assert rate(cells, inside) > (1.7 if order == 1 else 2.7)
    assert inside[-1] < 0.01 * edge[-1]


@pytest.mark.parametrize(
    "mesh",
    [
        {"shape": "rectangle", "length": 1.1, "width": 0.8, "resolution": 0.25, "distortion": 0.6},
        {"shape": "disk", "radius": 1.1, "resolution": 0.4},
        {"shape": "box", "length": 0.9, "width": 0.8, "depth": 0.7, "resolution": 0.4, "distortion": 0.4},
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_uniform_swapping_is_nothing_inside(mesh, order):
    """To round-off, node by node, for any nodal field: A^a_ij = 0 in every row but those of the boundary."""
    device = swapping(mesh | {"order": order}, {mesh["shape"]: {"D": 1.3, "kappa": 0.37}})
    assert np.abs(change_by_swapping(device, interior(device))).max() < 1e-13
    assert np.abs(change_by_swapping(device, slice(None))).max() > 0.01


@pytest.mark.parametrize("order", [1, 2])
def test_swapping_does_not_see_an_interface_where_its_weight_is_continuous(order):
    """N_F, D and κ jump, N_FDκ does not: nothing at the slanted face. With another κ there is."""
    mesh = {
        "shape": "layers",
        "order": order,
        "width": 0.8,
        "distortion": 0.4,
        "layers": [
            {"region": "A", "length": 0.9, "slant": 0.3, "elements": 4},
            {"region": "B", "length": 0.8, "elements": 4},
        ],
    }
    left = {"D": 1.3, "N_F": 0.7, "kappa": 0.3}
    for kappa, size in ((0.3 * 1.3 * 0.7 / (0.6 * 1.6), 0), (0.3, 1)):
        device = swapping(mesh, {"A": left, "B": {"D": 0.6, "N_F": 1.6, "kappa": kappa}})
        change = np.abs(change_by_swapping(device, interior(device))).max()
        assert change > 0.01 if size else change < 1e-13


def swapping(mesh, materials):
    return build_device(
        Case(
            mesh=mesh,
            material=materials,
            region={name: name for name in materials},
            solve={"kind": "spectrum", "energies": {"imaginary": [OMEGA]}},
        )
    )


def change_by_swapping(device, nodes):
    """[ǧ_i, F_i] of the swapping form alone at a random normalised field."""
    forms = device.forms
    _, _, g, _ = random_state(forms)
    plain = action.quadratic(forms, g)
    without = action.quadratic(replace(forms, swapping=()), g)
    change = (plain - without)[nodes]
    return g[nodes] @ change - change @ g[nodes]


def interior(device):
    mesh, space = device.mesh.mesh, device.space
    return np.setdiff1d(np.arange(space.size), space.facet_nodes(mesh.boundary_facets()))


# The superconducting strip with a supercurrent ------------------------------------------------


@dataclass(frozen=True)
class Strip:
    """A superconducting strip |y| < w/2 with phase q·x: its spins to first order in θ, at one frequency.

    The current of Eq. (2) through the edges, J^θ_y = −Dθσ^z∂_xǧ, has to be taken back by diffusion. With the
    spectral angle, Dq² sin cos = 2Δ cos − 2ω sin, shifted by ±α(y) for the two spins: α″ = k²α and
    α′(±w/2) = −iθq sin, k² = q² cos(2·angle) + 2(ω cos + Δ sin)/D + 1/Dτ_so.
    """

    d: float
    gap: float
    slope: float
    width: float
    relaxation: float = 0.0

    def angle(self, omega):
        def equation(angle):
            s, c = np.sin(angle), np.cos(angle)
            return self.d * self.slope**2 * s * c + 2 * omega * s - 2 * self.gap * c

        return brentq(equation, 0, np.pi / 2, xtol=1e-14)

    def edge_spin(self, y, omega, theta):
        """Im Tr σ^zτ₃ǧ at y."""
        s, c = np.sin(self.angle(omega)), np.cos(self.angle(omega))
        k = np.sqrt(
            self.slope**2 * (c**2 - s**2) + (2 * (omega * c + self.gap * s) + self.relaxation) / self.d
        )
        return 4 * theta * self.slope * s**2 * np.sinh(k * y) / (k * np.cosh(k * self.width / 2))


STRIP = Strip(D, GAP, WINDING, 1.7)


def strip(theta, elements, **material):
    phase = {"abs": GAP, "phase": f"{WINDING}*x"}
    return run(
        mesh={"shape": "rectangle", "length": 14.0, "width": 1.7, "elements": [8 * elements, elements]},
        material={"S": {"D": D, "Delta": phase, "theta": theta, **material}},
        region={"rectangle": "S"},
        solve={"kind": "spectrum", "energies": {"imaginary": [OMEGA]}},
    )


def spin_across(solution):
    """Tr σ^zτ₃ǧ at the nodes of the section in the middle, and their y − w/2."""
    middle = np.abs(solution.nodes[:, 0] - 7.0) < 1e-9
    g = solution.green_function(0)[middle]
    return solution.nodes[middle, 1] - 0.85, g[:, 0, 0] - g[:, 1, 1] + g[:, 2, 2] * -1 + g[:, 3, 3]


def test_supercurrent_makes_spins_at_the_edges():
    """The closed form of first order: what is left is of the order θ² and of the mesh."""
    errors = []
    for theta in (0.04, 0.08):
        y, found = spin_across(strip(theta, 8))
        expected = STRIP.edge_spin(y, OMEGA, theta)
        size = np.abs(expected).max()
        errors.append(np.abs(found.imag - expected).max() / size)
        assert np.abs(found.real).max() < 1e-9 * size
    compare("edge spin of a supercurrent, θ = 0.04", 1 + errors[0], 1, atol=2e-3)
    assert errors[1] < 6 * errors[0] + 1e-3


def test_edge_spin_is_odd_in_the_current_and_in_the_spin_hall_angle():
    y, found = spin_across(strip(0.2, 5))
    _, other = spin_across(strip(-0.2, 5))
    order = np.argsort(y)
    size = np.abs(found).max()
    assert np.abs(found + other).max() < 1e-9 * size
    assert np.abs(found[order] + found[order][::-1]).max() < 3e-3 * size  # diagonals are not symmetric
    assert size > 0.05


def test_spin_relaxation_shortens_the_edge():
    """Eq. (70) takes k² to k² + 1/Dτ_so: triplet pairs decay with |ω| + 1/2τ_so."""
    y, found = spin_across(strip(0.05, 8, tau_so=0.9))
    expected = replace(STRIP, relaxation=1 / 0.9).edge_spin(y, OMEGA, 0.05)
    size = np.abs(expected).max()
    assert size < 0.9 * np.abs(STRIP.edge_spin(y, OMEGA, 0.05)).max()
    assert np.abs(found.imag - expected).max() < 3e-3 * size


# The anomalous Josephson current ---------------------------------------------------------------


def phi0(theta=0.4, slope=0.9, mean=0.0, phase=0.0, axis=2, gap=0.83, **solve):
    """S–F–S with h along one axis, growing across the junction; transparent superconducting ends."""
    h = ["0", "0", "0"]
    h[axis] = f"{mean} + {slope}*(y - 0.6)"
    return run(
        mesh={"shape": "rectangle", "length": 1.1, "width": 1.2, "elements": [8, 8]},
        material={"F": {"D": D, "N_F": 0.7, "exchange": h, "theta": theta}},
        region={"rectangle": "F"},
        terminal={"left": {"Delta": gap, "phase": -phase / 2}, "right": {"Delta": gap, "phase": phase / 2}},
        solve=solve or {"kind": "equilibrium", "temperature": 0.21},
    )


def entering(solution):
    return {n: float(i) for n, i in solution.observables["terminal_current"].items()}


def test_anomalous_current():
    """At no phase difference a current flows if θ ≠ 0 and h along the normal grows across the junction."""
    current = entering(phi0())
    critical = abs(entering(phi0(phase=1.5))["right"])
    assert abs(current["left"]) > 1e-3 * critical
    assert current["left"] == pytest.approx(-current["right"], rel=1e-6)
    assert entering(phi0(slope=-0.9))["left"] == pytest.approx(-current["left"], rel=1e-6)  # time reversal
    assert entering(phi0(theta=-0.4))["left"] == pytest.approx(-current["left"], rel=2e-2)  # odd to θ²
    for nothing in (phi0(theta=0.0), phi0(slope=0.0, mean=0.5), phi0(axis=0), phi0(axis=1)):
        assert abs(entering(nothing)["left"]) < 2e-6 * critical


def test_anomalous_current_of_the_linear_theory():
    """Linear finite elements that share no code with the package; what they neglect is |f|² = 1.5e-3."""
    omega, gap = 1.3, 0.05
    solution = phi0(gap=gap, kind="spectrum", energies={"imaginary": [omega]}, tolerance=1e-12)
    got = float(np.asarray(solution.observables["spectral_current"]["right"])[0])
    mesh = skfem.MeshTri.init_tensor(np.linspace(0, 1.1, 25), np.linspace(0, 1.2, 25)).with_subdomains(
        {"F": lambda x: x[0] > -1}
    )

    def exchange(x):
        return np.stack([0 * x[0], 0 * x[0], 0.9 * (x[1] - 0.6)])

    device = LinearDevice(
        mesh, skfem.ElementTriP2(), {"F": {"D": D, "N_F": 0.7, "h": exchange, "theta": 0.4}}
    )
    x = device.basis.doflocs[0]
    ends = {"left": np.flatnonzero(x < 1e-9), "right": np.flatnonzero(x > 1.1 - 1e-9)}
    value = 1j * gap / np.hypot(omega, gap)
    held = {int(k): value for nodes in ends.values() for k in nodes}
    f = device.amplitudes(omega, np.zeros(4 * device.size, dtype=complex), held)
    expected = np.pi * device.current(omega, f, ends["right"])
    compare("anomalous current of the linear theory", got / expected, 1, atol=3e-3)


# Currents out of the plane -----------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0)])
def test_currents_out_of_the_plane_of_the_mesh(axes):
    """J_k of Eq. (2), projected, along the axis the mesh lacks: from θ and κ, although ∂_kǧ = 0 there."""
    (normal,) = {0, 1, 2} - set(axes)
    setting = random_setting(43, axes)
    r = np.random.default_rng(7).uniform(0, 1, (3, 30))
    g, dg = setting.field(r)
    _, d, theta, kappa = setting.kinetic(r)
    nothing = Dual(np.zeros_like(g.value), np.zeros((1, *g.value.shape), dtype=complex))
    one = {k: x.along(0) for k, x in dg.items()} | {normal: nothing}
    expected = projected_current(normal, g.along(0), one, *(c.along(0) for c in (d, theta, kappa))).value
    gradient = np.stack([one[k].value for k in range(3)], axis=1)
    at = (x.value[:, 0, 0] for x in (d, theta, kappa))
    found = matrix_current(g.value, gradient, *at)[:, normal]
    assert np.abs(found).max() > 0.05
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()
    assert np.abs(torque(g, dg, d, theta, kappa)).max() > 0.01


def test_charge_flows_out_of_the_plane_where_the_spins_of_the_plane_turn():
    """Tr τ₃J_z = Dθ(∂_xS_y − ∂_yS_x), S = Tr στ₃ǧ: the curl of the spins, exactly so as Eq. (2) is printed.

    The part that commutes with ǧ, which the projection takes away, is some per cent of it here.
    """
    theta, line = 0.23, {"from": [-1.3, 0.4], "to": [1.1, 0.3], "num": 7}
    solution = uf.solve(
        Case(
            mesh={"shape": "disk", "radius": 2.1, "resolution": 0.35},
            material={"S": {"D": D, "Delta": GAP, "theta": theta, "exchange": ["-0.4*y", "0.4*x", 0]}},
            region={"disk": "S"},
            solve={"kind": "spectrum", "energies": {"imaginary": [OMEGA]}},
            output={"fields": ["charge_current", "printed_charge_current"], "at": {"p": line}},
        )
    )
    found = solution.observables["probe:p"]
    printed, kept = (np.asarray(found[n])[0] for n in ("printed_charge_current", "charge_current"))
    at = build_device(solution.case).space.at_points(np.asarray(found["position"]).T)
    x, y = (np.einsum("ij,nji->n", s, solution.green_function(0)) for s in spin_vectors())
    curl = np.pi * D * theta * np.imag(at.gradient[0] @ y - at.gradient[1] @ x)
    assert np.abs(printed[:, 2] - curl).max() < 1e-9 * np.abs(curl).max()
    assert 0.01 < np.abs(kept[:, 2] - curl).max() / np.abs(curl).max() < 0.2
    assert np.abs(curl).min() > 0.1


def spin_vectors():
    """σ^xτ₃ and σ^yτ₃."""
    tau3 = np.diag([1.0, -1.0])
    return [np.kron(tau3, np.array(s)) for s in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]])]
