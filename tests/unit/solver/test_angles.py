"""Channels in a real gauge, one angle per node: against the channels' own matrices, and solved like them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.verification.test_collinear import ANY, IMAGINARY, NORMAL, REAL, TOLERANCE, device
from usadel_fem import kernels
from usadel_fem.action import Linearisation
from usadel_fem.angles import AngleLinearisation
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.fem.real_gauge import RealGauge
from usadel_fem.linearise import moved
from usadel_fem.outcomes import Outcome
from usadel_fem.physics.matsubara import matsubara_rule
from usadel_fem.physics.nambu import frame, from_frame, normalisation_defect, riccati
from usadel_fem.physics.spectral import density_of_states
from usadel_fem.solver import angles, banded_sweep, channels, multigrid
from usadel_fem.solver.angles import AngleSolver
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.newton import ROUNDING
from usadel_fem.solver.selfconsistency import solve_gap

PHASE = 0.4
REAL_GAUGE = {
    "S": {"D": 1.3, "N_F": 0.7, "Delta": {"abs": 0.83, "phase": PHASE}},
    "left": {"phase": PHASE + np.pi},
    "right": {"phase": PHASE},
}
ROOT = np.sqrt(-np.exp(-2j * PHASE))
ACROSS = {"vector_potential": [0, 0, 0.35]}
"""Along an axis that lines and planes do not have: it breaks pairs and drives no current."""


def real_device(dim=2, order=1, symmetry="auto", energy=REAL, axis=ANY, **changes):
    """The device of the collinear tests with one phase, or that plus π, everywhere."""
    dev = device(dim, order, axis, symmetry, energy, left=REAL_GAUGE["left"], **changes)
    case = dev.case
    terminals = dict(case.terminal)
    terminals["right"] = terminals["right"].model_copy(update=REAL_GAUGE["right"])
    materials = dict(case.material)
    same = changes.get("everywhere", {})
    materials["S"] = type(materials["S"]).model_validate(REAL_GAUGE["S"] | same)
    case = case.model_copy(update={"terminal": terminals, "material": materials})
    return type(dev)(case, dev.space, tuple(case.material_of(r) for r in sorted(dev.mesh.regions)))


@pytest.fixture(params=["compiled", "plain"])
def either(request, monkeypatch):
    """With the kernels and without."""
    if request.param == "plain":
        monkeypatch.setattr(kernels, "compiled", lambda: None)


@pytest.fixture
def by_multigrid(monkeypatch):
    """Also on meshes as small as these."""
    monkeypatch.setattr(angles, "FEW", 20)
    monkeypatch.setattr(multigrid, "COARSEST", 10)


PROBLEMS = {
    "filters and mixing": {},
    "relaxation": {"F": {"tau_so": "1.7 + 0.2*cos(x)"}},
    "no spin": {"spin": False},
    "no spin, relaxation": {"spin": False, "everywhere": {"tau_so": 1.7}},
    "field across": {"field": ACROSS},
    "field across, relaxation": {"field": ACROSS, "everywhere": {"tau_so": 2.3}},
}


def fields(dev, omega_at=REAL, seed=3):
    """A random field of the first system in the real gauge, its Ω, the gauge, and ǧ and Ω as matrices."""
    forms = dev.reduction.systems[0]
    gauge = RealGauge.of(forms, forms.free)
    rng = np.random.default_rng(seed)
    half = 0.4 * (rng.normal(size=forms.size) + 0.7j * rng.normal(size=forms.size))
    c, s = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)
    g = np.stack([np.stack([c, s / ROOT], -1), np.stack([ROOT * s, -c], -1)], -2)
    omega = dev.reduction.channels.project(DeviceSolver(dev).source(omega_at))[: forms.size]
    return forms, gauge, gauge.field(g, ROOT), gauge.field(omega, ROOT), g, omega


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("name", PROBLEMS)
def test_gradient_hessian_and_step_are_those_of_the_matrices(name, dim, either):
    """w = α(−1/√ρ, √ρ): S/8 to second order in α, and nothing along (1/√ρ, √ρ), out of the gauge."""
    forms, gauge, x, omega, g, source = fields(real_device(dim, 3 - dim, **PROBLEMS[name]))
    assert np.abs(gauge.back(x, ROOT) - g).max() < 1e-14 * np.abs(g).max()
    lin = AngleLinearisation(gauge, x, omega)
    matrices = Linearisation.at(forms, *frame(*riccati(g)), g, source)
    free = gauge.order[: gauge.free]
    along, out_of = (np.array([y / ROOT, ROOT])[:, None, None] for y in (-1, 1))
    gradient = matrices.gradient()[free]
    scale = np.abs(gradient).max()
    assert np.abs((gradient * along).sum(axis=1)[:, 0] - 8 * lin.residual).max() < 1e-13 * scale
    assert np.abs((gradient * out_of).sum(axis=1)).max() < 1e-12 * scale
    rng = np.random.default_rng(1)
    alpha = 0.1 * (rng.normal(size=(gauge.free, 1)) + 1j * rng.normal(size=(gauge.free, 1)))
    w = np.zeros((forms.size, 2, 1, 1), dtype=complex)
    w[free] = alpha[:, :, None, None] * along
    expected = (matrices.hessian(w)[free] * along).sum(axis=1)[:, 0]
    scale = np.abs(expected).max()
    for found in (lin.hessian()(alpha), lin.matrix(0) @ alpha):
        assert np.abs(8 * found - expected).max() < 1e-12 * scale
    assert (
        np.abs(gauge.back(lin.moved(alpha), ROOT)[free] - moved(matrices, free, w[free])[free]).max() < 1e-12
    )


@pytest.mark.parametrize("count", [1, 2, 5])
def test_channels_side_by_side_are_channels_alone(count, either):
    """Several fields and sources at once, by whatever way their number leads to."""
    dev = real_device(2, 2)
    _, gauge, x, omega, _, _ = fields(dev)
    xs, sources = [x], [omega]
    for k in range(1, count):
        xs.append(fields(dev, seed=3 + k)[2])
        sources.append(omega * (1 + 0.3j * k))
    together = AngleLinearisation(gauge, *(np.concatenate(y, axis=2) for y in (xs, sources)))
    w = np.random.default_rng(0).normal(size=(gauge.free, count)) + 0.2j
    product, step, band = together.hessian()(w), together.moved(w), together.band()
    for k in range(count):
        alone = AngleLinearisation(gauge, xs[k], sources[k])
        mine = slice(k, k + 1)
        for name in ("residual", "diagonal", "potential"):
            one, all_ = getattr(alone, name), getattr(together, name)[:, mine]
            assert np.abs(one - all_).max() < 1e-12 * np.abs(one).max()
        assert np.abs(alone.hessian()(w[:, mine]) - product[:, mine]).max() < 1e-12 * np.abs(product).max()
        assert np.abs(alone.moved(w[:, mine]) - step[:, :, mine]).max() < 1e-12 * np.abs(step).max()
        dense = alone.matrix(0).toarray()
        for d in range(band.shape[1]):
            assert (
                np.abs(np.diag(dense, d) - band[: gauge.free - d, d, k]).max() < 1e-12 * np.abs(dense).max()
            )


def test_nearly_uniform_fields_lose_nothing_to_a_large_stiffness(either):
    """10⁷ times K, which gives nothing on a uniform ǧ, leaves the gradient of the sources as it is."""
    dev = real_device(1, 1, spin=False)
    forms, _, _, _, _, _ = fields(dev)
    stiff = RealGauge.of(replace(forms, stiffness=1e7 * forms.stiffness, tunnels=()), forms.free)
    half = np.full((1, forms.size, 1), 0.3 + 0.2j)
    x = np.concatenate([(1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)])
    omega = np.stack([np.full((forms.size, 1), 0.2 - 0.1j), np.full((forms.size, 1), 0.37j)])
    (c, s), (a, b) = x[:, : stiff.free], omega[:, : stiff.free]
    found = AngleLinearisation(stiff, x, omega).residual
    assert np.abs(found - 0.5 * (c * b - s * a)).max() < 1e-15


CASES = [
    (dim, order, name, energy)
    for dim, order in ((1, 2), (2, 1), (2, 2), (3, 1), (3, 2))
    for name in PROBLEMS
    for energy in (REAL, IMAGINARY)
    if dim < 3 or "field" not in PROBLEMS[name]
]


@pytest.mark.parametrize(("dim", "order", "name", "energy"), CASES)
def test_the_solution_is_that_of_the_full_matrices(dim, order, name, energy, by_multigrid, monkeypatch):
    full, report = DeviceSolver(real_device(dim, order, "off", energy, **PROBLEMS[name])).solve(energy)
    assert report.ok
    solver = DeviceSolver(real_device(dim, order, "auto", energy, **PROBLEMS[name]))
    monkeypatch.setattr(channels.EnergySolver, "solve", None)  # only angles
    g, report = solver.solve(energy)
    assert report.ok
    assert np.abs(g - full).max() < 10 * TOLERANCE
    assert normalisation_defect(g) < 1e-12


@pytest.mark.parametrize("linear", ["auto", "direct"])
@pytest.mark.parametrize("dim", [1, 2])
def test_without_kernels_and_without_iterations_too(dim, linear, monkeypatch, either):
    dev = real_device(dim, 1)
    solver = DeviceSolver(type(dev)(with_solve(dev.case, linear=linear), dev.space, dev._materials))
    g, report = solver.solve(REAL)
    monkeypatch.undo()
    full, _ = DeviceSolver(real_device(dim, 1, "off")).solve(REAL)
    assert report.ok
    assert np.abs(g - full).max() < 10 * TOLERANCE


def with_solve(case, **changes):
    return case.model_copy(update={"solve": case.solve.model_copy(update=changes)})


@pytest.mark.parametrize(
    "changes",
    [
        {"left": {"phase": PHASE + 1.2}},
        {"field": {"vector_potential": [0.4, "0.5*x", 0]}},
        {"axis": NORMAL, "F": {"theta": 0.2}},
    ],
)
def test_devices_with_currents_are_solved_as_before(changes, monkeypatch):
    monkeypatch.setattr(AngleSolver, "solve", None)
    left = changes.pop("left", {"phase": PHASE})
    dev = device(2, 1, changes.pop("axis", ANY), left=left, **changes)
    assert dev.reduction is not None
    _, report = DeviceSolver(dev).solve(REAL)
    assert report.ok


def strip(order, gamma, **ferromagnet):
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "order": order,
                "layers": [{"region": "S", "length": 2.0}, {"region": "F", "length": 1.5}],
                "resolution": 0.2 * order,
                "width": 1.0,
            },
            material={"S": {"D": 0.9, "Delta": 0.83}, "F": {"D": 1.3, **ferromagnet}},
            region={"S": "S", "F": "F"},
            terminal={"left": {"Delta": 0.83}},
            solve={"kind": "spectrum", "energies": [0.3], "broadening": gamma},
        )
    )


@pytest.mark.parametrize(
    "ferromagnet", [{"exchange": [0.2, 0.1, 0.3]}, {"exchange": [0, 1.7, 0], "tau_so": 2.1}]
)
@pytest.mark.parametrize("order", [1, 2])
def test_gap_edges_with_a_tiny_broadening(order, ferromagnet, by_multigrid, monkeypatch):
    dev = strip(order, 1e-6, **ferromagnet)
    energies = [0.02, 0.11, 0.8299, 0.829999, 0.83, 0.830001, 0.8301]
    found = [DeviceSolver(dev).solve(energy) for energy in energies]
    monkeypatch.setattr(channels, "he_over_eh", lambda *fields: None)
    for energy, (g, report) in zip(energies, found, strict=True):
        expected, other = DeviceSolver(dev).solve(energy)
        assert report.ok
        assert other.ok
        largest = np.abs(expected).max()
        assert np.abs(g - expected).max() < 10 * max(1e-9 * largest, ROUNDING * largest**2 * largest)
        assert density_of_states(g).min() > -1e-9


def test_a_line_is_swept_like_energy_by_energy():
    dev = real_device(1, 2, F={"tau_so": 2.1})
    energies = [complex(e) for e in np.linspace(0.0, 1.3, 23)]
    swept = [(g, report) for _, g, report in DeviceSolver(dev).sweep(energies)]
    full = real_device(1, 2, "off", F={"tau_so": 2.1})
    for energy, (g, report) in zip(energies, swept, strict=True):
        expected, _ = DeviceSolver(full).solve(energy)
        assert report.ok
        assert report.krylov_iterations == 0
        assert np.abs(g - expected).max() < 10 * TOLERANCE


def test_an_energy_that_fails_leaves_the_others_alone():
    """A start that is not finite is given up at once; the rest converges and keeps its history."""
    dev = real_device(1, 1)
    solver = DeviceSolver(dev)
    energies = [0.2 + 0j, 0.37 + 0j, 0.5 + 0j]
    prepared = [solver.prepared(e, solver.normal(e)) for e in energies]
    omega, start = (np.stack(x, axis=1) for x in zip(*prepared, strict=True))
    start[:, 1] = np.nan
    options = solver.solver.options
    solve = banded_sweep.solve_angles
    g, histories, converged = solve(solver.solver.angles.gauge, energies, omega, start, ROOT, options)
    assert converged == [True, False, True]
    assert len(histories[1]) == 1
    assert histories[0][-1] <= options.tolerance
    expected, _ = solver.solve(energies[2])
    assert np.abs(solver._full(g[:, 2]) - expected).max() < 10 * TOLERANCE


def test_what_stops_newton_is_reported_with_its_place():
    dev = real_device(2, 2)
    solver = DeviceSolver(type(dev)(with_solve(dev.case, max_iterations=2), dev.space, dev._materials))
    omega, start = solver.prepared(REAL, solver.normal(REAL))
    _, report = solver.solver.solve(REAL, omega, start)
    assert report.outcome is Outcome.MAX_ITERATIONS
    assert report.newton_iterations == 2
    x, _, _ = report.location
    assert 0 < x < 1.8


@pytest.mark.parametrize("spoilt", [0.0, np.nan])
def test_what_cannot_be_solved_is_not_a_number(spoilt, monkeypatch):
    """H = 0, as at ǧ without any stiffness and source, or a field that is not finite."""
    dev = real_device(2, 1)
    forms, gauge, x, omega, _, _ = fields(dev)
    empty = replace(gauge, q=0.0 * gauge.q, diagonal=0.0 * gauge.diagonal, sums=0.0 * gauge.sums)
    lin = AngleLinearisation(empty, x + spoilt, 0.0 * omega)
    ones = np.ones((gauge.free, 1), dtype=complex)
    assert np.isnan(angles.factorised(lin)(ones)).any()
    system = angles.AngleSystem(lin, angles.Preconditioner(gauge, forms, 2, 1))
    assert not system.direct(ones).ok


def test_corners_of_quadratic_elements_spare_iterations(by_multigrid, monkeypatch):
    dev = strip(2, 0.01, exchange=[0.2, 0.1, 0.3])
    _, report = DeviceSolver(dev).solve(0.3)
    monkeypatch.setattr(angles.Preconditioner, "_hierarchy", property(plain_hierarchy))
    _, other = DeviceSolver(dev).solve(0.3)
    assert report.krylov_iterations < 0.8 * other.krylov_iterations


def plain_hierarchy(preconditioner):
    return multigrid.Hierarchy(preconditioner._half, np.float32)


@pytest.mark.parametrize("phase", [0.0, 2.9])
@pytest.mark.parametrize("tau_so", [{}, {"tau_so": 2.0}])
def test_a_self_consistent_gap_keeps_to_the_gauge(phase, tau_so, monkeypatch):
    """Every frequency of every step; Δ of one phase everywhere."""
    ratios = []

    def noted(*fields):
        ratios.append(he_over_eh(*fields))
        return ratios[-1]

    he_over_eh = channels.he_over_eh
    monkeypatch.setattr(channels, "he_over_eh", noted)
    dev = build_device(
        Case(
            mesh={
                "shape": "layers",
                "layers": [
                    {"region": "S", "length": 1.3, "elements": 3},
                    {"region": "F", "length": 0.7, "elements": 2},
                ],
                "width": 0.6,
            },
            material={"S": {"D": 1.3, "Tc": 0.47}, "F": {"D": 0.9, "exchange": [0.3, 0, 0.4], **tau_so}},
            region={"S": "S", "F": "F"},
            interface={"S|F": {"conductance": 0.8, "polarisation": [0.3, 0, 0.4]}},
            terminal={"left": {"Delta": 0.8, "phase": phase}},
            solve={"kind": "equilibrium", "temperature": 0.13, "self_consistent": True},
        )
    )
    result = solve_gap(dev, matsubara_rule(0.13, dev.largest_energy, tolerance=1e-6))
    assert result.converged
    assert ratios
    assert all(ratio is not None for ratio in ratios)
    turned = result.delta * np.exp(-1j * phase)
    assert np.abs(turned.imag).max() < 1e-12 * np.abs(turned).max()


def test_amplitudes_that_start_a_sweep_keep_to_the_gauge():
    """What `riccati` and `frame` make of a result is one again."""
    dev = real_device(2, 1)
    solver = DeviceSolver(dev)
    g, _ = solver.solve(REAL)
    field = solver._field(from_frame(*frame(*riccati(g))))
    omega, start = solver.prepared(REAL, field)
    ratio = channels.he_over_eh(dev.reduction.systems[0], omega, start)
    assert ratio is not None
    assert abs(ratio - ROOT**2) < 1e-12
