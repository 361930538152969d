"""Gauge transformations: of the phase, A → A + ∇χ with f̂ → f̂e^{2iχ}, and of the spin frame.

With U(r) = e^{iχτ₃} or e^{iX^aσ^a} the field UǧU⁻¹ solves the transformed problem.  Links carry gradient
terms over exactly (χ a polynomial); potentials, integrated over an element, up to the order of elements.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import rate
from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import TAU3_DIAGONAL
from usadel_fem.physics.spectral import density_of_states, singlet, triplet
from usadel_fem.solver.energies import DeviceSolver

ENERGY = 0.43 + 0.0j
LENGTH, WIDTH, DEPTH = 1.6, 0.9, 0.7
NORMAL = {"D": 1.3, "N_F": 0.7, "exchange": ["0.3*cos(x)", 0.4, "0.2*y"], "theta": 0.2, "kappa": -0.25}
TERMINALS = {
    "left": {"Delta": 0.83, "phase": 0.4},
    "right": {"Delta": 0.71, "phase": -0.7, "exchange": [0, 0.2, 0.1]},
}


def device(order, material, terminal, *, elements=5, dim=2, **tables):
    sizes = {1: {}, 2: {"width": WIDTH}, 3: {"width": WIDTH, "depth": DEPTH}}[dim]
    layer = {"region": "N", "length": LENGTH, "elements": elements}
    case = Case(
        mesh={"shape": "layers", "order": order, "distortion": 0.5, "layers": [layer], **sizes},
        material={"N": material},
        region={"N": "N"},
        terminal=terminal,
        solve={"kind": "spectrum", "energies": [ENERGY.real], "broadening": 0.04, "tolerance": 1e-12},
        **tables,
    )
    return build_device(case)


def green(dev):
    g, report = DeviceSolver(dev).solve(ENERGY)
    assert report.ok, report
    return g


TWIST = 0.45
"""χ at x = LENGTH."""


def chi(r):
    """Constant on both terminals."""
    x, y, z = r
    return TWIST * x / LENGTH + x * (LENGTH - x) * (0.6 + 0.5 * y - 0.4 * z)


CHI = f"{TWIST / LENGTH!r}*x + x*({LENGTH!r} - x)*(0.6 + 0.5*y - 0.4*z)"
GRADIENT = (
    f"{TWIST / LENGTH!r} + ({LENGTH!r} - 2*x)*(0.6 + 0.5*y - 0.4*z)",
    f"0.5*x*({LENGTH!r} - x)",
    f"-0.4*x*({LENGTH!r} - x)",
)
LANDAU = ("-0.7*y", "0.2*z", "0.3*x")


def rotated(terminal):
    """Phases + 2χ."""
    right = terminal["right"]
    return {**terminal, "right": {**right, "phase": right["phase"] + 2 * TWIST}}


def difference(order, dim, material, **options):
    """Largest difference between the transformed ǧ and the ǧ of the transformed problem."""
    landau = [a if k < dim else 0 for k, a in enumerate(LANDAU)]
    both = [f"{a} + {g}" if k < dim else 0 for k, (a, g) in enumerate(zip(LANDAU, GRADIENT, strict=True))]
    before = device(order, material, TERMINALS, dim=dim, field={"vector_potential": landau}, **options)
    changed = dict(material)
    if "Delta" in material:
        phase = f"{material['Delta']['phase']} + 2*({CHI})"
        changed["Delta"] = {**material["Delta"], "phase": phase}
    after = device(order, changed, rotated(TERMINALS), dim=dim, field={"vector_potential": both}, **options)
    angle = np.exp(1j * chi(before.nodes.T)[:, None] * TAU3_DIAGONAL)
    expected = angle[:, :, None] * green(before) * angle.conj()[:, None, :]
    return np.abs(expected - green(after)).max()


@pytest.mark.parametrize(("dim", "order"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)])
def test_change_of_gauge_is_exact(dim, order):
    """A field with ∇×A ≠ 0, terminals with phases, θ, κ and h inside."""
    assert difference(order, dim, NORMAL, elements=4) < 1e-9


def test_change_of_gauge_with_a_gap_and_spin_relaxation():
    """Their weights are integrals over elements without links: of the order of the elements."""
    material = {**NORMAL, "tau_so": 0.9, "Delta": {"abs": 0.6, "phase": "0.3*y"}}
    cells = (3, 6, 12)
    errors = [difference(2, 2, material, elements=n) for n in cells]
    compare("U(1) gauge, Δ and τ_so inside, P2: rate", rate(cells, errors), 3, atol=0.4)
    assert errors[-1] < 2e-3


@pytest.mark.parametrize("order", [1, 2])
def test_gauges_of_a_uniform_field_agree(order):
    """The gauges differ by χ ∝ Bxy, which vanishes on the superconductor; a normal terminal has no phase."""
    terminal = {"left": {"Delta": 0.83, "phase": 0.4}, "right": {"normal": True, "exchange": [0, 0.2, 0.1]}}
    found = []
    for gauge in ("symmetric", "landau_x", "landau_y"):
        g = green(device(order, NORMAL, terminal, field={"B": 1.7, "gauge": gauge}))
        f = np.concatenate([singlet(g)[:, None], triplet(g)], axis=1)
        found.append(np.concatenate([density_of_states(g)[:, None], np.abs(f)], axis=1))
    without = green(device(order, NORMAL, terminal))
    assert np.abs(density_of_states(without) - found[0][:, 0]).max() > 1e-3
    for other in found[1:]:
        assert np.abs(other - found[0]).max() < 1e-10


def helix(alpha, h, along):
    """R(n, 2√2αs)h with n = (1, −1, 0)/√2 and s the expression `along`, as expressions."""
    n, h = np.array([1.0, -1.0, 0.0]) / np.sqrt(2), np.asarray(h)
    parallel, cross = n * (n @ h), np.cross(n, h)
    angle = f"({float(2 * np.sqrt(2) * alpha)!r}*({along}))"
    return [
        f"{p!r} + {q!r}*cos{angle} + {c!r}*sin{angle}"
        for p, q, c in zip(parallel.tolist(), (h - parallel).tolist(), cross.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("order", "cells", "expected", "room"), [(1, (12, 24, 40), 2, 0.4), (2, (3, 6, 10), 3.5, 0.8)]
)
def test_equal_rashba_and_dresselhaus_fields_are_a_rotating_exchange_field(order, cells, expected, room):
    """α = β: A_x = A_y = α(σ_x − σ_y), a pure gauge U = e^{iα(x+y)(σ_x−σ_y)}; in its frame h is a helix."""
    alpha, h = 0.55, [0.4, 0.5, -0.6]
    plain = {"D": 1.3, "N_F": 0.7, "tau_so": 2.1}
    terminal = {"left": {"Delta": 0.83, "phase": 0.4}}
    uniform = {**plain, "exchange": h, "rashba": alpha, "dresselhaus": alpha}
    turning = {**plain, "exchange": helix(alpha, h, "x + y")}
    errors = []
    for n in cells:
        one, other = (green(device(order, m, terminal, elements=n)) for m in (uniform, turning))
        dos = np.abs(density_of_states(one) - density_of_states(other))
        amplitude = np.abs(np.abs(singlet(one)) - np.abs(singlet(other)))
        errors.append(np.sqrt((dos**2 + amplitude**2).mean()))
    compare(f"SU(2) pure gauge, P{order}: rate", rate(cells, errors), expected, atol=room)
    assert errors[-1] < (5e-3 if order == 1 else 2e-4)
