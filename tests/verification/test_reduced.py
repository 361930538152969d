"""The full spin structure against scalar problems solved by another method (`scipy.integrate.solve_bvp`).

h ∥ n everywhere: ǧ = Σ_s ½(1 + s n·σ) g_s with 2×2 matrices g_s.  Without τ_so each is a Riccati problem,
g_s from γ, γ̃ with e = ε + iΓ + sh,

    (N_FDγ')'/N_F = −2Dγ'²γ̃/(1 − γγ̃) − 2ieγ + iΔ + iΔ*γ²,     the same for γ̃ with Δ ↔ Δ*;

with τ_so and no phase g_s = cos θ_s τ₃ − sin θ_s τ₂ are coupled by it,

    (N_FDθ_s')'/N_F = 2(ω − ish) sin θ_s − 2Δ cos θ_s + (1/2τ_so) sin(θ_s − θ_{−s}).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from tests.verification.cases import TILTED
from tests.verification.table import compare
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import SIGMA
from usadel_fem.solver.energies import DeviceSolver

LENGTH = 1.9
PHASE = 1.1
GAP = 0.83
INSIDE, INSIDE_PHASE = 0.35, 0.4


def d(x):
    return 1.3 + 0.4 * np.sin(x)


def n_f(x):
    return 0.8 - 0.2 * np.cos(1.5 * x)


def h(x):
    return 0.5 + 0.4 * x


MATERIAL = {
    "D": "1.3 + 0.4*sin(x)",
    "N_F": "0.8 - 0.2*cos(1.5*x)",
    "exchange": [f"{float(t)!r}*(0.5 + 0.4*x)" for t in TILTED],
}


def wire(energy, terminal, material, elements=40):
    case = Case(
        mesh={"shape": "wire", "length": LENGTH, "elements": elements},
        material={"F": material},
        region={"wire": "F"},
        terminal=terminal,
        solve={
            "kind": "spectrum",
            "energies": [energy.real] if energy.real else {"imaginary": [energy.imag]},
            "broadening": 0.06,
            "tolerance": 1e-12,
        },
    )
    device = build_device(case)
    g, report = DeviceSolver(device).solve(energy)
    assert report.ok, report
    vertices = device.mesh.mesh.nvertices
    return device.nodes[:vertices, 0], g[:vertices]


DOWN = (4.0, 1.5, 0.5, 0.15, 0.0)
"""Extra imaginary energies on the way to a solution."""


def solved(rule, ends, start):
    """Complex y(x) of rule(x, y, extra), ends(ya, yb, extra), down from where it is close to `start`."""
    n = len(start)
    x = np.linspace(0, LENGTH, 60)
    y = np.tile(np.append(start, np.zeros(n))[:, None], x.size)

    def joined(y):
        return y[:n] + 1j * y[n:]

    def split(y):
        return np.concatenate([y.real, y.imag])

    for extra in DOWN:
        found = solve_bvp(
            lambda x, y, e=extra: split(rule(x, joined(y), e)),
            lambda a, b, e=extra: split(ends(joined(a), joined(b), e)),
            x,
            y,
            tol=1e-3 if extra else 1e-8,
            max_nodes=20000,
        )
        assert found.success, found.message
        x, y = found.x, found.y
    return lambda x: joined(found.sol(x))


def bulk_riccati(energy, gap):
    """γ, γ̃ of ǧ = (ετ₃ − Δ̌)/√(ε² − |Δ|²)."""
    root = energy + 1j * np.sqrt(abs(gap) ** 2 - energy**2)
    return gap / root, np.conj(gap) / root


def spin_projected(values):
    """Σ_s ½(1 + s n·σ) g_s from {s: (Q, 2, 2)}."""
    along = np.einsum("a,aij->ij", TILTED, SIGMA)
    return sum(
        np.kron(g, np.eye(2)).reshape(-1, 4, 4) @ (0.5 * (np.eye(4) + s * along)) for s, g in values.items()
    )


def scalar_riccati(energy, gap):
    """{s: g_s(x)} between superconductors of phases 0 and PHASE."""
    functions = {}
    for s in (1, -1):

        def rule(x, y, extra, s=s):
            a, b, p, q = y
            e = energy + 1j * extra + s * h(x)
            w = n_f(x) * d(x)
            da, db = p / w, q / w
            fall = 1 - a * b
            up = -2 * d(x) * da**2 * b / fall - 2j * e * a + 1j * gap + 1j * np.conj(gap) * a**2
            down = -2 * d(x) * db**2 * a / fall - 2j * e * b + 1j * np.conj(gap) + 1j * gap * b**2
            return np.array([da, db, n_f(x) * up, n_f(x) * down])

        def ends(ya, yb, extra):
            gaps = GAP, GAP * np.exp(1j * PHASE)
            left, right = (bulk_riccati(energy + 1j * extra, end) for end in gaps)
            return np.array([ya[0] - left[0], ya[1] - left[1], yb[0] - right[0], yb[1] - right[1]])

        functions[s] = solved(rule, ends, [0, 0, 0, 0])
    return functions


def from_riccati(a, b):
    g = np.array([[1 + a * b, -2 * a], [2 * b, -1 - a * b]]) / (1 - a * b)
    return np.moveaxis(g, -1, 0)


@pytest.mark.parametrize("energy", [0.41 + 0j, 0.27j])
@pytest.mark.parametrize("gap", [0.0, INSIDE * np.exp(1j * INSIDE_PHASE)])
def test_collinear_problem_is_two_scalar_ones(energy, gap):
    """Phase difference, D and N_F varying, h along a tilted axis; P2 of fourth order at the vertices."""
    material = {**MATERIAL, **({"Delta": {"abs": INSIDE, "phase": INSIDE_PHASE}} if gap else {})}
    terminal = {"left": {"Delta": GAP}, "right": {"Delta": GAP, "phase": PHASE}}
    x, g = wire(energy, terminal, material)
    scalar = scalar_riccati(energy + (0.06j if energy.real else 0), gap)
    expected = spin_projected({s: from_riccati(*f(x)[:2]) for s, f in scalar.items()})
    kind = "real" if energy.real else "Matsubara"
    name = f"spin up and down by solve_bvp, {kind}, Δ = {abs(gap):.2g}: ǧ"
    compare(name, np.abs(g - expected).max(), 0, atol=3e-6)


@pytest.mark.parametrize("frequency", [0.11, 0.5])
def test_spin_relaxation_couples_the_two(frequency):
    """Singlet and collinear triplet with τ_so; vacuum on the right."""
    tau, gap = 0.9, INSIDE

    def rule(x, y, extra):
        theta, flow = y[:2], y[2:]
        w = n_f(x) * d(x)
        h_s = np.array([h(x), -h(x)])
        force = 2 * (frequency + extra - 1j * h_s) * np.sin(theta) - 2 * gap * np.cos(theta)
        force = force + np.sin(theta - theta[::-1]) / (2 * tau)
        return np.concatenate([flow / w, n_f(x) * force])

    def ends(ya, yb, extra):
        return np.concatenate([ya[:2] - np.arctan(GAP / (frequency + extra)), yb[2:]])

    angles = solved(rule, ends, [0.1, 0.1, 0, 0])
    x, g = wire(1j * frequency, {"left": {"Delta": GAP}}, {**MATERIAL, "tau_so": tau, "Delta": gap})
    scalar = {}
    for s, theta in zip((1, -1), angles(x)[:2], strict=True):
        cos, sin = np.cos(theta), np.sin(theta)
        scalar[s] = np.moveaxis(np.array([[cos, 1j * sin], [-1j * sin, -cos]]), -1, 0)
    difference = np.abs(g - spin_projected(scalar)).max()
    compare(f"θ_± with τ_so by solve_bvp, ω = {frequency}: ǧ", difference, 0, atol=3e-6)
    assert np.abs(scalar[1] - scalar[-1]).max() > 0.1
