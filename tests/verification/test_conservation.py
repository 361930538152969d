"""What is conserved: charge and spin, node by node, device by device, and through every surface.

From S under δǧ = [W, ǧ] with a constant W follow, for any nodal field,

    Σ_i Tr τ₃[ǧ_i, F_i] = Σ_i Tr τ₃[ǧ_i, Ω_i]          and with T of Eq. (3) at the same ǧ_h
    Σ_i Tr σ^a[ǧ_i, F_i] = Σ_i Tr σ^a[ǧ_i, Ω_i] − ∫ N_F Tr σ^aT;

at a solution the left sides are the currents into the device through its terminals.
"""

from __future__ import annotations

import numpy as np
import pytest
import skfem

from tests.verification.discrete import rate
from tests.verification.table import compare
from tests.verification.test_action import fields_of, random_state
from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.fem.links import apply
from usadel_fem.fem.space import ELEMENTS, evaluation
from usadel_fem.observables.points import nodal_balance, terminal_currents
from usadel_fem.observables.traces import Sampler
from usadel_fem.physics.currents import matrix_current
from usadel_fem.physics.nambu import SIGMA, TAU3, trace
from usadel_fem.solver.energies import DeviceSolver

ENERGY = 0.47 + 0.0j
GENERATORS = (TAU3, *SIGMA)
TOLERANCE = 1e-11

LEFT = {"D": 1.3, "N_F": 0.7, "theta": 0.25, "kappa": -0.3, "dynes": 0.05}
RIGHT = {"D": 0.6, "N_F": 1.6, "theta": -0.15, "kappa": 0.35, "dynes": 0.08}
EXCHANGE = ["0.5*cos(x)", "0.4*sin(y)", 0.3]


def strip(order, left, right, *, elements=3, dim=2, fields=None, **tables):
    """Two materials with a slanted face, at two superconductors with a phase and an exchange field."""
    sizes = {2: {"width": 0.8}, 3: {"width": 0.6, "depth": 0.5}}[dim]
    layers = [
        {"region": "A", "length": 0.9, "elements": elements, "slant": 0.4},
        {"region": "B", "length": 0.8, "elements": elements},
    ]
    case = Case(
        mesh={"shape": "layers", "order": order, "distortion": 0.5, "layers": layers, **sizes},
        material={"A": left, "B": right},
        region={"A": "A", "B": "B"},
        terminal={
            "left": {"Delta": 0.83, "phase": -0.6, "exchange": [0, 0.2, 0.1]},
            "right": {"Delta": 0.71, "phase": 0.7, "exchange": [0.15, 0, -0.1]},
        },
        solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.03, "tolerance": TOLERANCE},
        **tables,
    )
    return build_device(case)


def solve(device):
    solver = DeviceSolver(device)
    g, report = solver.solve(ENERGY)
    assert report.ok, report
    return g, solver.source(ENERGY)


def totals(matrices):
    """Tr τ₃ and Tr σ^a of a sum of matrices (n, 4, 4)."""
    total = matrices.reshape(-1, 4, 4).sum(axis=0)
    return np.array([trace(x, total) for x in GENERATORS])


def torque(device, g):
    """∫ N_F Tr σ^aT behind a zero for charge."""
    space = device.space
    sampler = Sampler(device, space.evaluation(2 * space.order))
    return np.append(0.0, sampler.plain.weight @ sampler(g, ["spin_source"])["spin_source"])


@pytest.mark.parametrize("barrier", [False, True])
@pytest.mark.parametrize("fields", ["no field", "U(1)"])
@pytest.mark.parametrize(("dim", "order"), [(2, 1), (2, 2), (3, 1), (3, 2)])
def test_noether_identity_of_any_field(dim, order, fields, barrier):
    """Not a matter of convergence: round-off for random ǧ_i, θ, κ, τ_so, barriers and a vector potential."""
    spin_active = {"conductance": 0.9, "polarisation": [0, 0, 0.6]}
    tables = {**fields_of(fields, dim)[0], **({"interface": {"A|B": spin_active}} if barrier else {})}
    left, right = {**LEFT, "tau_so": 1.4}, {**RIGHT, "exchange": EXCHANGE, "tau_so": 2.2}
    device = strip(order, left, right, elements=2, dim=dim, **tables)
    omega = action.source(device.forms, ENERGY, None, device.reservoirs(ENERGY))
    _, _, g, _ = random_state(device.forms)
    balance = nodal_balance(device, g, omega)
    expected = totals(g @ omega - omega @ g) - torque(device, g)
    size = np.abs(balance).max()
    found = totals(balance)
    assert abs(found[0] - expected[0]) < 1e-12 * size
    if not barrier and fields == "no field":  # filters make spin; T with links is no polynomial
        assert np.abs(found[1:] - expected[1:]).max() < 1e-11 * size


@pytest.mark.parametrize(("dim", "order"), [(2, 1), (2, 2), (3, 1)])
def test_balance_at_every_node_of_a_solution(dim, order):
    """Edge currents and sources cancel at each free node; all coefficients jump across the slanted face."""
    left = {**LEFT, "tau_so": 1.4, "Delta": {"abs": 0.4, "phase": "0.5*y"}}
    right = {**RIGHT, "exchange": EXCHANGE, "tau_so": 2.2}
    device = strip(order, left, right, dim=dim)
    g, omega = solve(device)
    balance = nodal_balance(device, g, omega)
    held = np.concatenate(list(device.forms.pinned.values()))
    inside = np.delete(balance, held, axis=0)
    for generator in GENERATORS:
        assert np.abs(trace(generator, inside)).max() < 1e-9 * np.abs(trace(generator, balance[held])).max()
    currents = totals(np.stack(list(terminal_currents(device, g, omega, ENERGY).values())))
    sources = totals(g @ omega - omega @ g) - torque(device, g)
    assert np.abs(currents - sources).max() < 1e-9 * np.abs(sources).max()
    assert np.abs(sources[1:]).min() > 1e-3  # exchange, spin Hall and swapping torques are all there


@pytest.mark.parametrize("order", [1, 2])
def test_charge_current_flows_through_where_no_gap_is_inside(order):
    device = strip(order, {**LEFT, "tau_so": 1.4}, {**RIGHT, "exchange": EXCHANGE})
    g, omega = solve(device)
    currents = {n: trace(TAU3, j) for n, j in terminal_currents(device, g, omega, ENERGY).items()}
    assert abs(currents["left"]) > 0.1
    assert abs(currents["left"] + currents["right"]) < 1e-9 * abs(currents["left"])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("tau_so", [None, 1.4])
def test_spin_current_flows_through_where_nothing_turns_spins(order, tau_so):
    """h = θ = κ = 0; exchange fields of the terminals drive it. τ_so conserves spectral spin currents."""
    plain = {"theta": 0, "kappa": 0, "tau_so": tau_so}
    device = strip(order, {**LEFT, **plain}, {**RIGHT, **plain})
    g, omega = solve(device)
    spins = [totals(j[None])[1:] for j in terminal_currents(device, g, omega, ENERGY).values()]
    assert np.abs(spins[0]).max() > 1e-3
    assert np.abs(spins[0] + spins[1]).max() < 1e-9 * np.abs(spins[0]).max()


@pytest.mark.parametrize("order", [1, 2])
def test_spin_current_is_lost_to_precession(order):
    """θ = κ = 0: what the terminals feed in precesses in h, Tr σ^a[ǧ, i h·σ τ₃] = 2 ε_abc h_b Tr σ^cτ₃ǧ."""
    plain = {"theta": 0, "kappa": 0}
    h = np.array([0.3, -0.5, 0.4])
    device = strip(order, {**LEFT, **plain}, {**RIGHT, **plain, "exchange": h.tolist()})
    g, omega = solve(device)
    fed = totals(np.stack(list(terminal_currents(device, g, omega, ENERGY).values())))[1:]
    weight = device.forms.potentials(ENERGY).exchange @ h / (h @ h)
    density = np.einsum("aij,nji->na", SIGMA @ TAU3, g)
    precession = 2 * np.einsum("n,na->a", weight, np.cross(h, density))
    assert np.abs(precession).max() > 1e-2
    assert np.abs(fed - precession).max() < 1e-9 * np.abs(precession).max()


def island(order, level):
    """A disk: a core with other D, N_F, θ, κ and a field h that varies, in a shell without."""
    core = {**RIGHT, "exchange": ["0.9 + 0.5*x", "0.6*y", 0.4]}
    case = Case(
        mesh={
            "shape": "disk", "radius": 1.3, "core": 0.7, "resolution": 0.5, "order": order, "refine": level,
        },
        material={"core": core, "shell": {**LEFT, "theta": 0, "kappa": 0}},
        region={"core": "core", "disk": "shell"},
        terminal={"rim": {"Delta": 0.83, "phase": 0.4, "exchange": [0, 0.25, 0.1]}},
        solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.03, "tolerance": TOLERANCE},
    )  # fmt: skip
    return build_device(case)


def normal_currents(device, g, name):
    """n·N_FJ (Q, 4, 4) on both sides of an interface, n out of its side 0, and the weights."""
    space = device.space
    facets = device.mesh.interfaces[name].facets
    mesh, element_type = device.mesh.mesh, ELEMENTS[space.dimension, space.order]()
    degree = 2 * space.order + 3
    flows, weight, normal, place = [], None, None, None
    for side in (0, 1):
        basis = skfem.InteriorFacetBasis(mesh, element_type, facets=facets, side=side, intorder=degree)
        at = evaluation(basis)
        if side == 0:
            weight, place = at.weight, at.position
            normal = np.asarray(basis.normals).reshape(space.dimension, -1)
        assert np.allclose(at.position, place)
        element = np.repeat(mesh.f2t[side][facets], basis.dx.shape[1])
        n_f, d, theta, kappa = (
            np.real(device.coefficient(n, at.position, element)) for n in ("N_F", "D", "theta", "kappa")
        )
        gradient = np.zeros((at.weight.size, 3, 4, 4), dtype=complex)
        for axis, matrix in zip(space.axes, at.gradient, strict=True):
            gradient[:, axis] = apply(matrix, g)
        current = matrix_current(apply(at.value, g), gradient, n_f * d, theta, kappa)
        flows.append(sum(normal[k][:, None, None] * current[:, axis] for k, axis in enumerate(space.axes)))
    return flows, weight


@pytest.mark.parametrize("order", [1, 2])
def test_current_is_continuous_across_a_round_face(order):
    """n·N_FJ of both sides meets with h^p; each carries the spin current that the terminal counts."""
    cells, jumps, missing = [], [], []
    for level in (1, 2, 3) if order == 1 else (0, 1, 2):
        device = island(order, level)
        g, omega = solve(device)
        flows, weight = normal_currents(device, g, "core|disk")
        density = (np.abs(flows[0] - flows[1]) ** 2).sum(axis=(1, 2))
        size = (np.abs(flows[0]) ** 2).sum(axis=(1, 2))
        jumps.append(np.sqrt(weight @ density / (weight @ size)))
        fed = totals(terminal_currents(device, g, omega, ENERGY)["rim"][None])
        through = [totals(np.einsum("q,qab->ab", weight, f)[None]) for f in flows]
        missing.append([min(np.abs(t - s * fed).max() for s in (1, -1)) / np.abs(fed).max() for t in through])
        cells.append(2.0**level)
    compare(f"disk, P{order}: rate of the jump of n·N_FJ", rate(cells, jumps), order, atol=0.3)
    for side, error in zip(("inside", "outside"), np.transpose(missing), strict=True):
        compare(f"disk, P{order}: rate of the spin current {side}", rate(cells, error), order, atol=0.3)
        assert error[-1] < (0.1 if order == 1 else 0.01)


@pytest.mark.parametrize("order", [1, 2])
def test_current_is_continuous_across_a_slanted_face(order):
    """D, N_F, θ, κ jump; where the face meets the edge of the strip the field is not smooth."""
    cells, jumps = (3, 6, 12), []
    for n in cells:
        device = strip(order, LEFT, {**RIGHT, "exchange": EXCHANGE}, elements=n)
        g, omega = solve(device)
        flows, weight = normal_currents(device, g, "A|B")
        jump = np.einsum("q,qab->ab", weight, flows[0] - flows[1])
        jumps.append(np.abs(jump).max())
        current = trace(TAU3, terminal_currents(device, g, omega, ENERGY)["left"])
        crossing = trace(TAU3, np.einsum("q,qab->ab", weight, flows[0]))
        assert min(abs(crossing - current), abs(crossing + current)) < 0.5 / n * abs(current)
    assert rate(cells, jumps) > 0.9, jumps
