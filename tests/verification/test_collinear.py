"""Channels of spin against the full matrices: the same action and forces, the same solutions, and only where
every term keeps the axis."""

from __future__ import annotations

import numpy as np
import pytest

from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.channels import Channels
from usadel_fem.physics.nambu import frame, from_frame, normalisation_defect
from usadel_fem.solver.energies import DeviceSolver

ANY, NORMAL = np.array([0.48, 0.6, 0.64]), np.array([0.0, 0.0, 1.0])
HELIX = np.array([1.0, -1.0, 0.0]) / np.sqrt(2)
"""What SU(2) fields with rashba = dresselhaus leave alone."""

REAL, IMAGINARY = 0.37, 0.53j
TOLERANCE = 1e-10
SIZES = {1: {}, 2: {"width": 0.7}, 3: {"width": 0.5, "depth": 0.6}}
POTENTIAL = {1: ["0.4 + 0.3*x", 0, 0], 2: ["0.4 + 0.3*y", "0.5*x", 0], 3: ["0.4*y", "0.5*x", "0.2 - 0.3*x"]}


def device(dim=2, order=1, axis=ANY, symmetry="auto", energy=REAL, **changes):
    """S | barrier with a spin filter | F with spin mixing at N; a spin-active contact; all along `axis`.

    Changes: tables of keys that are added to material F or to the terminals, or replace [field].
    """
    n = np.asarray(axis)
    layers = [("S", 0.7, 2), ("F", 0.5, 2), ("N", 0.6, 2)]
    spin = changes.pop("spin", True)
    ferromagnet = {"D": "0.8 + 0.1*sin(x)", "N_F": 1.4, "dynes": 0.07}
    left, right = (
        {"Delta": 0.83, "phase": 0.3},
        {"Delta": 0.6, "phase": -0.8, "contact": {"conductance": 0.7}},
    )
    interface = {"S|F": {"conductance": 1.3}}
    if spin:
        ferromagnet["exchange"] = [f"{float(c)}*(0.4 - cos(2*x))" for c in n]
        left["exchange"] = list(0.2 * n)
        right["contact"] |= {"polarisation": list(-0.5 * n), "spin_mixing": list(0.3 * n)}
        interface["S|F"] |= {"polarisation": list(0.6 * n), "spin_mixing": list(-0.25 * n)}
        interface["F|N"] = {"spin_mixing": list(0.15 * n)}
    for name, more in changes.pop("interface", {}).items():
        interface[name] = interface.get(name, {}) | more
    everywhere = changes.pop("everywhere", {})
    materials = {
        "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": "0.4*x"}} | everywhere,
        "F": ferromagnet | everywhere | changes.pop("F", {}),
        "N": {"D": 2.1, "N_F": 0.9} | everywhere,
    }
    right["contact"] |= changes.pop("contact", {})
    case = Case(
        mesh={
            "shape": "layers",
            "order": order,
            "distortion": 0.5,
            "layers": [{"region": r, "length": d, "elements": k} for r, d, k in layers],
            **SIZES[dim],
        },
        material=materials,
        region={"S": "S", "F": "F", "N": "N"},
        terminal={"left": left | changes.pop("left", {}), "right": right},
        interface=interface,
        solve={
            "kind": "spectrum",
            "energies": [energy] if np.isreal(energy) else {"imaginary": [energy.imag]},
            "broadening": 0.05 if np.isreal(energy) else 0.0,
            "tolerance": TOLERANCE,
            "symmetry": symmetry,
        },
        **changes,
    )
    return build_device(case)


SPIN_ORBIT = {"theta": "0.3 + 0.2*x", "kappa": -0.35}
COLLINEAR = {
    "plain": (ANY, {}),
    "relaxation": (ANY, {"F": {"tau_so": "1.7 + 0.2*cos(x)"}}),
    "U(1)": (ANY, {"field": True}),
    "U(1) along all axes": (ANY, {"field": ["0.4*cos(x)", "0.2*x", 0.3], "everywhere": {"tau_so": 2.3}}),
    "theta and kappa": (NORMAL, {"F": SPIN_ORBIT}),
    "theta, kappa, relaxation, U(1)": (-NORMAL, {"F": SPIN_ORBIT | {"tau_so": 2.3}, "field": True}),
    "helix": (HELIX, {"everywhere": {"rashba": 0.45, "dresselhaus": 0.45}, "field": True}),
}
SPINLESS = {
    "plain": {},
    "relaxation": {"everywhere": {"tau_so": 1.7}},
    "swapping": {"F": {"kappa": 0.4}},
    "SU(2)": {"everywhere": {"rashba": 0.45, "dresselhaus": -0.3}},
    "U(1), relaxation, swapping": {"F": {"kappa": 0.4, "tau_so": 2.1}, "field": True},
}


def with_field(dim, changes):
    """`field`: True stands for a potential along the mesh."""
    found = dict(changes)
    if "field" in found:
        found["field"] = {"vector_potential": POTENTIAL[dim] if found["field"] is True else found["field"]}
    return found


def problems():
    """(dim, order, axis, changes) of everything that keeps an axis, or has no spin at all."""
    for name, (axis, changes) in COLLINEAR.items():
        for dim in (1, 2, 3):
            if dim == 3 and "theta" in name:
                continue  # it knows all axes there
            yield pytest.param(dim, 1 + (dim < 3), axis, with_field(dim, changes), id=f"{name} {dim}D")
    for name, changes in SPINLESS.items():
        for dim in (1, 2, 3):
            found = with_field(dim, changes) | {"spin": False}
            yield pytest.param(dim, 1 + (dim == 2), None, found, id=f"spinless {name} {dim}D")


def random_channels(dev, seed=3):
    """A normalised field of its channels without any symmetry."""
    rng = np.random.default_rng(seed)
    shape = (2, len(dev.reduction.channels.signs) * dev.space.size, 1, 1)
    amplitudes = 0.3 * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    return from_frame(*frame(*amplitudes))


def forces(forms, g, omega):
    return action.force(forms, g, omega, action.spin_hall_state(forms, g))


@pytest.mark.parametrize(("dim", "order", "axis", "changes"), [*problems()])
def test_action_and_forces_of_the_channels_are_those_of_the_full_matrices(dim, order, axis, changes):
    dev = device(dim, order, ANY if axis is None else axis, **changes)
    reduction = dev.reduction
    assert reduction is not None
    channels = reduction.channels
    assert (channels.axis is None) == (axis is None)
    if axis is not None:
        assert abs(abs(np.dot(channels.axis, axis)) - 1) < 1e-14
    omega = action.source(dev.forms, REAL, None, dev.reservoirs(REAL))
    assert channels.lost(omega) < 1e-14
    for energy in (REAL, IMAGINARY):
        given = energy, None, dev.reservoirs(energy), 0.37
        whole = action.source(dev.forms, *given)
        expected = channels.project(whole)
        assert (
            np.abs(action.source(dev.forms, *given, channels) - expected).max() < 1e-14 * np.abs(whole).max()
        )
    x = random_channels(dev)
    full = forces(dev.forms, channels.lift(x), omega)
    parts = [np.split(y, len(reduction.systems)) for y in (x, channels.project(omega))]
    reduced = np.concatenate([forces(f, *xo) for f, *xo in zip(reduction.systems, *parts, strict=True)])
    scale = np.abs(full).max()
    assert np.abs(channels.lift(reduced) - full).max() < 1e-13 * scale  # nothing acts across the axis either
    values = [action.action(f, *xo) for f, *xo in zip(reduction.systems, *parts, strict=True)]
    whole = action.action(dev.forms, channels.lift(x), omega)
    assert abs(sum(values) * (2 if axis is None else 1) - whole) < 1e-13 * scale * len(x)


@pytest.mark.parametrize("energy", [REAL, IMAGINARY])
@pytest.mark.parametrize(("dim", "order", "axis", "changes"), [*problems()])
def test_the_reduced_solution_is_the_full_one(dim, order, axis, changes, energy):
    n = ANY if axis is None else axis
    results = [
        DeviceSolver(device(dim, order, n, symmetry, energy, **changes)).solve(energy)
        for symmetry in ("off", "auto")
    ]
    (full, _), (reduced, _) = results
    assert all(report.ok for _, report in results)
    assert np.abs(reduced - full).max() < 10 * TOLERANCE
    assert normalisation_defect(reduced) < 1e-12


BROKEN = {
    "rotating exchange": (2, ANY, {"F": {"exchange": [0.3, "0.2*y", 0.1]}}),
    "one crossed exchange field": (1, ANY, {"F": {"exchange": [0.48, 0.6, -0.64]}}),
    "terminal": (2, ANY, {"left": {"exchange": [0.1, 0, 0]}}),
    "mixing of an interface": (2, ANY, {"interface": {"F|N": {"spin_mixing": [0, 0.2, 0]}}}),
    "filter of an interface": (1, ANY, {"interface": {"S|F": {"polarisation": [0, 0, 0.5]}}}),
    "filter of a contact": (2, ANY, {"contact": {"polarisation": [0, 0.5, 0]}}),
    "mixing of a contact": (3, ANY, {"contact": {"spin_mixing": [0.1, 0.5, 0]}}),
    "theta across": (2, ANY, {"F": {"theta": 0.2}}),
    "theta in three dimensions": (3, NORMAL, {"F": {"theta": 0.2}}),
    "kappa across": (2, ANY, {"F": {"kappa": 0.2}}),
    "rashba": (2, NORMAL, {"everywhere": {"rashba": 0.4}}),
    "rashba on a wire": (1, ANY, {"everywhere": {"rashba": 0.4}}),
    "a helix along another axis": (2, ANY, {"everywhere": {"rashba": 0.4, "dresselhaus": 0.4}}),
    "precession": (2, HELIX, {"everywhere": {"rashba": 0.4, "dresselhaus": 0.4, "kappa": 0.2}}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_problem_that_turns_spins_off_the_axis_is_not_reduced(name):
    """And rightly so: forces of a field that keeps the axis have parts across it."""
    dim, axis, changes = BROKEN[name]
    dev = device(dim, 1, axis, **changes)
    assert dev.reduction is None
    channels = Channels(tuple(axis))
    rng = np.random.default_rng(3)
    amplitudes = 0.3 * (rng.normal(size=(2, 2 * dev.space.size, 1, 1)) + 0.2j)
    omega = action.source(dev.forms, REAL, None, dev.reservoirs(REAL))
    across = channels.lost(forces(dev.forms, channels.lift(from_frame(*frame(*amplitudes))), omega))
    held = max(channels.lost(g[None]) for g in dev.reservoirs(REAL).values())
    assert max(across, held) > 1e-4


def test_rounding_does_not_hide_an_axis_nor_invent_one():
    """h along one axis with a factor that varies in space is collinear; 10⁻¹⁰ of it across is not."""
    varying = {"F": {"exchange": [f"{c}*(1.1 + sin(3*x)*cos(2*y))/3" for c in ANY]}}
    assert device(2, 2, **varying).reduction is not None
    varying["F"]["exchange"][1] += " + 1e-10*y"
    assert device(2, 2, **varying).reduction is None


def test_symmetry_off_keeps_the_full_matrices():
    assert device(symmetry="off").reduction is None


def test_a_start_with_any_spins_is_taken():
    """What it has across the axis is left out, and the rest normalised."""
    dev = device()
    rng = np.random.default_rng(1)
    shape = (2, dev.space.size, 2, 2)
    start = from_frame(*frame(*(0.2 * (rng.normal(size=shape) + 1j * rng.normal(size=shape)))))
    solver = DeviceSolver(dev)
    cold, _ = solver.solve(REAL)
    warm, report = solver.solve(REAL, start)
    assert report.ok
    assert np.abs(warm - cold).max() < 10 * TOLERANCE
