"""The Krylov step in single precision against the one in double precision and against the NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.test_action import random_state
from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.kernels import steps
from usadel_fem.kernels.memory import Rooms
from usadel_fem.kernels.tiles import NODES
from usadel_fem.linearise import PlainTangents, free_rows, largest_part, linearise
from usadel_fem.physics.nambu import frame, from_frame
from usadel_fem.solver import linear
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import SINGLE, NewtonSystem, ScalarPreconditioner
from usadel_fem.solver.splitting import sandwich

ENERGY = 0.57 + 0.05j
PLAIN = {"D": 1.3, "N_F": 0.7}
TERMS = {
    "stiffness": {},
    "spin relaxation": {"tau_so": "1.7 + 0.2*cos(x)"},
    "swapping": {"kappa": "0.35 + 0.1*x", "tau_so": 2.3},
    "spin Hall": {"theta": "0.3 + 0.2*x"},
    "pairing": {"Delta": {"abs": 0.83, "phase": "0.4*x"}},
    "exchange": {"exchange": ["0.6*cos(x)", 0.3, "0.5*sin(x)"], "dynes": 0.07},
}
TERMS["everything"] = {key: value for keys in TERMS.values() for key, value in keys.items()}
BARRIERS = {
    "terminal": {
        "left": {"Delta": 0.83, "phase": 0.3, "exchange": [0.1, 0, 0.2]},
        "right": {"Delta": 0.6, "phase": -0.8, "contact": {"conductance": 0.7, "spin_mixing": [0, 0.3, 0.2]}},
    },
    "interface": {"A|B": {"conductance": 1.3, "spin_mixing": [0.2, -0.1, 0.4]}},
}
PINNED = {"terminal": {"left": {"Delta": 0.83, "phase": 0.3}, "right": {"normal": True}}}
SPACES = [(2, 1), (2, 2), (3, 1), (3, 2)]


def device(dim, order, keys, tables=None, resolution=0.3, **solve):
    """Two layers of one material, in the second with another D."""
    sizes = {2: {"width": 0.7}, 3: {"width": 0.5, "depth": 0.6}}[dim]
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "order": order,
                "distortion": 0.5,
                "resolution": resolution,
                "layers": [{"region": "A", "length": 0.6}, {"region": "B", "length": 0.5}],
                **sizes,
            },
            material={"A": PLAIN | keys, "B": PLAIN | keys | {"D": 2.1}},
            region={"A": "A", "B": "B"},
            solve={"kind": "spectrum", "energies": [0.57], "broadening": 0.05} | solve,
            **(tables or {}),
        )
    )


def source(dev):
    return action.source(dev.forms, ENERGY, None, dev.reservoirs(ENERGY))


def state(dev, nodes=None, size=0.3, frozen=False):
    """Tangents of a random field, those of the reference, and a random w."""
    forms, omega = dev.forms, source(dev)
    nodes = forms.free if nodes is None else nodes
    m, inverse, _, w = random_state(forms)
    m, inverse = frame(size * m[:, :2, 2:], size * m[:, 2:, :2])
    g = from_frame(m, inverse)
    lin = action.Linearisation.at(forms, m, inverse, g, omega, frozen)
    return linearise(forms, g, omega, nodes, frozen), PlainTangents(lin, nodes), w[nodes]


def rows_of(forces):
    """Columns (n, 16) of forces as rows of a multigrid cycle: the blocks in turn, real parts first."""
    blocks = forces.reshape(-1, 2, 2, 2, 2).swapaxes(2, 3).reshape(-1, 16)
    return np.stack([blocks.real, blocks.imag], axis=1)


def found_forces(tangents, w):
    """By the step in single precision, (n, 2, 16)."""
    step = tangents.in_tiles(free_rows(tangents.forms, tangents.nodes, 2))
    tiles = steps.packed(w, Rooms(), step.size)
    out = np.full(2 * step.size, np.nan, np.float32)
    for _ in range(2):  # nothing is left from the time before
        step.forces(tiles, out)
    assert np.isfinite(out).all()
    assert not out[32 * w.shape[0] :].any()
    return out[: 32 * w.shape[0]].reshape(-1, 2, 16)


def error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def rounding(tangents):
    """Of three maps, to δǧ, to M⁻¹FM and to forces, as `solver.linear` expects it: each makes of its input up
    to |M||M⁻¹| ~ |ǧ| times as much, of which as little may be left."""
    return 3 * SINGLE * max(1.0, largest_part(tangents.g) ** 2)


def assert_forces(tangents, reference, w):
    found = found_forces(tangents, w)
    double = rows_of(reference.frames.columns(tangents.hessian(w)))
    plain = rows_of(reference.frames.columns(reference.hessian(w)))
    assert error(found, double) < rounding(tangents)
    assert error(found, plain) < rounding(tangents)


@pytest.mark.parametrize("tables", [PINNED, BARRIERS, {}], ids=["pinned", "barriers", "island"])
@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize(("dim", "order"), SPACES)
def test_forces_of_every_term(dim, order, term, tables):
    assert_forces(*state(device(dim, order, TERMS[term], tables)))


@pytest.mark.parametrize(("dim", "order"), SPACES)
def test_forces_with_the_outer_field_held_fixed(dim, order):
    dev = device(dim, order, TERMS["spin Hall"], PINNED)
    frozen, reference, w = state(dev, frozen=True)
    assert_forces(frozen, reference, w)
    free = state(dev)[0]
    assert error(found_forces(frozen, w), found_forces(free, w)) > 1e-3


@pytest.mark.parametrize("count", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("dim", [2, 3])
def test_any_number_of_free_nodes_in_any_order(count, dim):
    dev = device(dim, 1, TERMS["everything"], PINNED)
    nodes = np.random.default_rng(count).permutation(dev.forms.size)[:count]
    assert_forces(*state(dev, nodes))


@pytest.mark.parametrize("size", [1.0, 1.4])
def test_forces_of_large_fields(size):
    tangents, reference, w = state(device(2, 2, TERMS["everything"], BARRIERS), size=size)
    assert largest_part(tangents.g) > 3
    assert_forces(tangents, reference, w)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 33])
def test_unknowns(count):
    """With corrections for some nodes or for none, against both other paths."""
    dev = device(2, 2, TERMS["exchange"], PINNED)
    nodes = np.random.default_rng(count).permutation(dev.forms.size)[:count]
    tangents, reference, _ = state(dev, nodes)
    rng = np.random.default_rng(7)
    forces, factors = (rng.normal(size=(2, *s)) for s in ((count, 16), (6, 2, 2, count // 2)))
    forces, factors = forces[0] + 1j * forces[1], factors[0] + 1j * factors[1]
    places = rng.permutation(count)[: count // 2]
    step = tangents.in_tiles(free_rows(dev.forms, nodes, 2))
    rows = np.zeros(2 * step.size, np.float32)
    rows[: 32 * count] = rows_of(forces).reshape(-1)
    for split in (None, sandwich(factors, places)):
        tiles = step.size // 256
        splitting = None if split is None else split.in_tiles(tiles)
        step.unknowns(rows, splitting, out := np.full(step.size, np.nan, np.float32))
        found = steps.unpacked(out, Rooms(), (count, 2, 2, 2))
        plain, double = reference.frames.unknowns(forces), np.empty((count, 2, 2, 2), dtype=complex)
        tangents.frames.of_rows(rows, double)
        if split is not None:
            for w in (plain, double):
                split(w)
        assert error(found, plain) < 3 * rounding(tangents)  # with factors, five products more
        assert error(found, double) < 3 * rounding(tangents)
        last = out.reshape(tiles, 16, NODES)[-1, :, (count - 1) % NODES + 1 :]
        assert not last.any()


@pytest.mark.parametrize("order", [1, 2])
def test_a_uniform_field_feels_no_rounding_of_the_stiffness(order):
    """H w is a potential then that is 10⁴ times smaller than the stiffness, and right to its own rounding."""
    dev = device(2, order, {"Delta": 0.83}, {}, resolution=0.02 * order)
    forms, nodes = dev.forms, dev.forms.free
    _, _, g, w = random_state(forms)
    g[:], w[:] = g[3], w[3]
    tangents = linearise(forms, g, source(dev), nodes)
    expected, found = np.empty(32 * (nodes.size + 16), np.float32), found_forces(tangents, w)
    tangents.frames.rows(tangents.hessian(w), expected)
    expected = expected[: 32 * nodes.size].reshape(found.shape).astype(float)
    stiffness = forms.half_diagonal.mean() * np.abs(w).max()
    assert np.linalg.norm(expected, axis=(1, 2)).mean() < 1e-3 * stiffness
    assert error(found, expected) < rounding(tangents)


@pytest.mark.parametrize("order", [1, 2])
def test_smooth_changes_on_a_fine_mesh(order):
    """What a preconditioned step makes of w is right to rounding of its size: that of δǧ times the stiffness
    is far more than H w of a smooth w, but it is divided by the stiffness again."""
    dev = device(2, order, TERMS["everything"], PINNED, resolution=0.02 * order)
    forms, nodes = dev.forms, dev.forms.free
    x, y = dev.nodes[:, 0], dev.nodes[:, 1]
    wave = np.stack([np.cos(x + 0.3), np.sin(1.1 * y), np.cos(x * y), 0.2 + 0.1 * x])
    rng = np.random.default_rng(1)
    mixture = rng.normal(size=(3, 8, 4)) + 1j * rng.normal(size=(3, 8, 4))
    gamma, gamma_tilde = (0.3 * np.moveaxis(mixture[0].reshape(2, 4, 4) @ wave, -1, 1)).reshape(2, -1, 2, 2)
    g = from_frame(*frame(gamma, gamma_tilde))
    w = (mixture[1] @ wave).T.reshape(-1, 2, 2, 2)[nodes]
    w = w * (x * (1.1 - x))[nodes, None, None, None]
    omega = source(dev)
    tangents = linearise(forms, g, omega, nodes)
    preconditioner = ScalarPreconditioner(forms, nodes, 2)
    preconditioner.prepare(tangents, omega)
    expected = preconditioner.apply(tangents.frames, tangents.hessian(w))
    step = tangents.in_tiles(preconditioner.free_rows(2))
    out = preconditioner.of_tiles(step, steps.packed(w, Rooms(), step.size), np.empty(step.size, np.float32))
    assert error(steps.unpacked(out, Rooms(), w.shape), expected) < 3 * rounding(tangents)


def solver_of(term, dim, order, tables, **solve):
    return DeviceSolver(device(dim, order, TERMS[term], tables, symmetry="off", **solve))


def only_double(monkeypatch):
    monkeypatch.setattr(NewtonSystem, "_in_tiles", lambda self, tolerance: None)


def spied(monkeypatch):
    """Whether each solve is one in single precision."""
    seen, original = [], NewtonSystem._in_tiles

    def choice(self, tolerance):
        step = original(self, tolerance)
        seen.append(step is not None)
        return step

    monkeypatch.setattr(NewtonSystem, "_in_tiles", choice)
    return seen


@pytest.mark.parametrize("tables", [PINNED, BARRIERS], ids=["pinned", "barriers"])
@pytest.mark.parametrize("term", ["pairing", "everything"])
@pytest.mark.parametrize(("dim", "order"), [(2, 2), (3, 1)])
def test_as_many_steps_and_the_same_field_as_in_double_precision(dim, order, term, tables, monkeypatch):
    with monkeypatch.context() as patch:
        seen = spied(patch)
        g, single = solver_of(term, dim, order, tables).solve(0.57)
        assert seen
        assert all(seen)
    only_double(monkeypatch)
    expected, double = solver_of(term, dim, order, tables).solve(0.57)
    assert single.ok
    assert double.ok
    assert single.newton_iterations == double.newton_iterations
    assert abs(single.krylov_iterations - double.krylov_iterations) <= 1
    assert np.abs(g - expected).max() < 2e-9  # twice the tolerance


def test_what_a_solve_claims_is_true_in_double_precision():
    """A little rounding of single precision above the tightest tolerance that is asked for."""
    solver = solver_of("everything", 2, 2, BARRIERS)
    start, _ = solver.solve(0.3)
    system = solver.solver.system(start, source(solver.device), False)
    right = -system.preconditioned(system.residual())
    for tolerance in (0.01, 3e-4, 4e-5):
        assert system._in_tiles(tolerance) is not None
        result = system.krylov(right, tolerance, 80)
        left = right - system.preconditioned(system.tangents.hessian(result.w))
        assert result.ok
        assert np.linalg.norm(left) < (tolerance + 3 * rounding(system.tangents)) * np.linalg.norm(right)


def test_at_a_gap_edge_the_accuracy_of_double_precision_is_kept(monkeypatch):
    """|ǧ|² there is more than a solve in single precision could bear."""
    keys = {"Delta": "1 + 0.003*cos(2*x)", "exchange": [0, 0, 1e-3]}
    energy, seen = 1.0, spied(monkeypatch)
    found = {}
    for kind in ("auto", "direct"):
        solver = DeviceSolver(device(2, 2, keys, {}, symmetry="off", broadening=1e-4, linear=kind))
        found[kind], report = solver.solve(energy)
        assert report.ok
    largest = np.abs(found["direct"]).max()
    assert largest > 15
    assert not all(seen)
    assert np.abs(found["auto"] - found["direct"]).max() < 1e-9 * largest**2


def test_the_choice_of_precision_is_by_rounding():
    """No more is asked of single precision than it can give."""
    dev = device(2, 1, TERMS["pairing"], PINNED)
    tangents = state(dev, size=1.4)[0]
    preconditioner = ScalarPreconditioner(dev.forms, dev.forms.free, 2)
    preconditioner.prepare(tangents, source(dev))
    system, limit = NewtonSystem(tangents, preconditioner), SINGLE * largest_part(tangents.g) ** 2
    assert system._in_tiles(1.01 * limit) is not None
    assert system._in_tiles(0.99 * limit) is None


def test_a_soft_mode_is_left_to_double_precision(monkeypatch):
    """An island behind a weak barrier, at zero energy and far from the solution: w is 10⁵ times the right
    side of its solve, and so is its rounding. One cycle in double precision is then enough."""
    tables = {"terminal": {"left": {"Delta": 1.0}}, "interface": {"A|B": {"conductance": 1e-4}}}
    dev = device(2, 2, {}, tables, resolution=0.03, symmetry="off", broadening=1e-5)
    solver = DeviceSolver(dev)
    omega, start = solver.prepared(0.0, solver.normal(0.0))
    system = solver.solver.system(start, omega, False)
    right = -system.preconditioned(system.residual())
    monkeypatch.setattr(linear, "RESTART", 20)  # before the end of a cycle
    assert system._in_tiles(1e-3) is not None
    found = system.krylov(right, 1e-3, 120)
    assert found.ok
    assert found.iterations == 40
    only_double(monkeypatch)
    expected = system.krylov(right, 1e-3, 120)
    assert expected.ok
    assert expected.iterations == 20
    assert np.array_equal(found.w, expected.w)
    assert expected.largest > linear.FAR
