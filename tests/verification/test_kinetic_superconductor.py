"""Superconductors out of equilibrium: closed forms, published numbers, and equilibrium as a limit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import simpson

import usadel_fem as uf
from tests.verification.table import compare
from usadel_fem.device import build_device
from usadel_fem.solver.kinetic import KineticSolver


def wire(material, terminal, *, length=1.0, elements=20, **solve):
    return uf.Case(
        mesh={"shape": "wire", "length": length, "elements": elements},
        material={"M": material},
        region={"wire": "M"},
        terminal=terminal,
        solve={"kind": "nonequilibrium", "temperature": 0.1} | solve,
    )


def state(case, energy):
    solver = KineticSolver(build_device(case))
    found, report = solver.solve(energy)
    assert report.ok, report
    return solver, found


class TestReentrance:
    """A normal wire between a superconductor (Δ → ∞) and a normal lead: dI/dV at energy E over 1/R."""

    D = 0.83

    def conductance(self, thouless, elements):
        """G(E)/G_N from the kinetic equation, and [∫dx/cosh² Im θ]⁻¹ of the same ǧ^R."""
        terminal = {"left": {"Delta": 4e5}, "right": {"normal": True, "voltage": 6.0}}
        case = wire({"D": self.D}, terminal, elements=elements, broadening=1e-9, temperature=1.3)
        energy = thouless * self.D
        solver, found = state(case, energy)
        g = found.driven["right"][4] / solver.outside(energy)["right"][4] / (2 * self.D)
        x = solver.device.nodes[:, 0]
        order = np.argsort(x)
        theta = np.arccos(found.g[order, 0, 0])
        return g, 1 / simpson(1 / np.cosh(theta.imag) ** 2, x=x[order])

    def test_published_maximum(self):
        """Nazarov and Stoof, Phys. Rev. Lett. 76, 823 (1996); physics of section 6: 1.1463 at 5.1357 E_Th."""
        compare("NS wire: G(5.1357 E_Th)/G_N", self.conductance(5.1357, 40)[0], 1.1463, atol=5e-5)
        around = [self.conductance(5.1357 + shift, 40)[0] for shift in (-0.15, 0.0, 0.15)]
        assert around[1] > max(around[0], around[2])

    @pytest.mark.parametrize("thouless", [0.5, 3.1, 5.1357, 9.7])
    def test_closed_form(self, thouless):
        found, closed = self.conductance(thouless, 40)
        compare(f"NS wire: [∫dx/cosh² Im θ]⁻¹ at {thouless} E_Th", found, closed, rel=1e-6)

    def test_rate(self):
        coarse, fine = (abs(found - closed) for found, closed in (self.conductance(3.1, n) for n in (10, 20)))
        compare("NS wire: rate of the conductance, P2", np.log2(coarse / fine), 4.0, atol=0.4)


def test_charge_imbalance_below_the_gap():
    """In a bulk superconductor h₃ decays by Andreev reflection: D k² = 2√(Δ² − ε²)."""
    d, gap, energy, length = 0.83, 0.71, 0.4, 3.1
    contact = {"conductance": 1e-6}
    case = wire(
        {"D": d, "Delta": gap},
        {"left": {"normal": True, "voltage": 0.2, "contact": contact}},
        length=length,
        elements=24,
        broadening=1e-6,
    )
    solver, found = state(case, energy)
    x = solver.device.nodes[:, 0]
    k = np.sqrt(2 * np.sqrt(gap**2 - energy**2) / d)
    shape = np.cosh(k * (length - x)) / np.cosh(k * length)
    h3 = found.h[:, 4]
    assert np.abs(h3 / h3[np.argmin(x)] - shape).max() < 1e-5


def test_spin_in_a_superconductor_decays_over_the_normal_length():
    """Elastic spin–orbit relaxation and diffusion share the factor ½(1 + |g|² − |f|²): k² = 1/Dτ_so."""
    d, gap, tau, length = 0.83, 0.71, 0.9, 2.3
    bias = {"normal": True, "spin_voltage": [0, 0.05, 0.1], "contact": {"conductance": 1e-8}}
    case = wire(
        {"D": d, "Delta": gap, "tau_so": tau}, {"left": bias}, length=length, elements=24, broadening=1e-3
    )
    for energy in (0.5, 0.75, 1.3):
        solver, found = state(case, energy)
        x = solver.device.nodes[:, 0]
        k = 1 / np.sqrt(d * tau)
        shape = np.cosh(k * (length - x)) / np.cosh(k * length)
        for component in (2, 3):
            h = found.h[:, component]
            assert np.abs(h / h[np.argmin(x)] - shape).max() < 2e-5


def junction(kind, temperature, **solve):
    """S|F|S with a phase difference and a rotating field; terminals at 0.11 whatever `temperature` is."""
    terminal = {"left": {"Delta": 0.83, "phase": 0.7}, "right": {"Delta": 0.83, "phase": -0.6}}
    if kind == "nonequilibrium":
        terminal = {name: {**t, "temperature": 0.11} for name, t in terminal.items()}
    return uf.Case(
        mesh={"shape": "wire", "length": 1.3, "elements": 6},
        material={"F": {"D": 0.9, "N_F": 1.2, "exchange": [0.3, 0, "0.2*x"], "tau_so": 2.0}},
        region={"wire": "F"},
        terminal=terminal,
        solve={"kind": kind, "temperature": temperature, **solve},
    )


def numbers(solution, node=6):
    o = solution.observables
    return np.array([
        o["terminal_current"]["left"], *o["terminal_spin_current"]["left"], *o["spin_density"][node],
        *o["charge_current"][2], *o["spin_current_y"][2],
    ])  # fmt: skip


def test_without_bias_equilibrium_is_left_to_the_last_digit():
    equal = numbers(uf.solve(junction("equilibrium", 0.11)))
    found = uf.solve(junction("nonequilibrium", 0.11))
    assert np.abs(numbers(found) - equal).max() < 1e-12
    assert np.all(found.distribution(3)[:, 1:] == 0.0)


def test_keldysh_integrals_become_matsubara_sums():
    """Terminals at 0.11 around a reference at 0.14: real energies carry the difference, up to O(Γ).

    Halving Γ and extrapolating leaves O(Γ²): currents and spin density agree to 1e-6.
    """
    equal = numbers(uf.solve(junction("equilibrium", 0.11)))
    widths = (6e-3, 3e-3, 1.5e-3)
    found = [
        numbers(
            uf.solve(junction("nonequilibrium", 0.14, broadening=w, energy_tolerance=1e-5, tolerance=1e-11))
        )
        for w in widths
    ]
    assert np.abs(np.array(found)[:, 0] - equal[0]).min() > 1e-4  # the comparison is of something
    first = [2 * fine - coarse for coarse, fine in pairwise(found)]
    second = (4 * first[1] - first[0]) / 3
    error = np.abs(second - equal).max()
    compare("Keldysh against Matsubara: currents and spin density", error, 0.0, atol=1e-6)
    assert np.abs(equal).min() < 1e-12 < np.abs(equal[[0, 4, 6, 7]]).min()


def controlled(v, **solve):
    """A normal strip between two superconductors, with a weak control lead along its side."""
    return uf.Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "N", "length": 1.0, "elements": 8}],
            "width": 0.12,
        },
        material={"N": {"D": 0.9}},
        region={"N": "N"},
        terminal={
            "left": {"Delta": 25.0, "phase": 1.4},
            "right": {"Delta": 25.0},
            "top": {"normal": True, "voltage": v, "contact": 0.02},
        },
        solve={"kind": "nonequilibrium", "temperature": 0.4, "broadening": 1e-3, **solve},
    )


def supercurrent(o):
    return 0.5 * float(o["terminal_current"]["left"] - o["terminal_current"]["right"])


def test_a_control_voltage_reverses_the_supercurrent():
    """Wilhelm, Schön, Zaikin (1998), Baselmans et al. (1999): I_S = ∫ j(ε) h_L(ε) dε.

    Energy cannot leave into the superconductors, so that h_L is the mean of tanh((ε ± V)/2T) everywhere.
    """
    rest = uf.solve(controlled(0.0)).observables
    grid = np.linspace(0.0, 24.0, 241)
    spectrum = controlled(0.0).model_dump(mode="json", by_alias=True)
    for terminal in spectrum["terminal"].values():
        for key in ("voltage", "temperature", "spin_voltage"):
            terminal.pop(key)
    spectrum["solve"] = {"kind": "spectrum", "energies": list(grid), "broadening": 1e-3}
    j = uf.solve(uf.Case.model_validate(spectrum)).observables["spectral_current"]["left"]
    currents = {}
    for v in (4.0, 7.0):
        o = uf.solve(controlled(v, energy_tolerance=1e-4)).observables
        currents[v] = supercurrent(o)
        h = 0.5 * (np.tanh((grid + v) / 0.8) + np.tanh((grid - v) / 0.8)) - np.tanh(grid / 0.8)
        expected = supercurrent(rest) + float(simpson(h * j, x=grid))
        compare(f"SNS with a control lead: supercurrent at V = {v}", currents[v], expected, atol=4e-3)
    assert supercurrent(rest) * currents[7.0] < 0


def test_balances_of_a_driven_junction():
    """Charge and energy over three terminals to 1e-10 of the largest current, and heat for the work done."""
    s = uf.solve(controlled(5.0, energy_tolerance=1e-3))
    o = s.observables
    assert abs(o["terminal_balance"]["charge"]) < 1e-10
    assert abs(o["terminal_balance"]["energy"]) < 1e-10
    assert max(s.summary["conservation_defect"].values()) < 1e-10
    work = 5.0 * float(o["terminal_current"]["top"])
    assert work > 0
    compare("driven junction: dissipated power", o["dissipated_power"], work, rel=1e-12)
    taken = -sum(float(h) for h in o["terminal_heat_current"].values())
    compare("driven junction: heat that the terminals take", taken, work, rel=1e-9)


def hall_cross(**terminal):
    """A superconductor with every spin–orbit term between four tunnel contacts."""
    contact = {"conductance": 0.6}
    sides = {name: {"normal": True, "contact": contact} for name in ("left", "right", "bottom", "top")}
    return uf.Case(
        mesh={"shape": "rectangle", "length": 1.9, "width": 0.9, "elements": [5, 3], "distortion": 0.4},
        material={
            "S": {"D": 0.8, "N_F": 1.2, "Delta": "0.71 + 0.1*x", "tau_so": 1.3, "theta": 0.15, "kappa": -0.2}
        },
        region={"rectangle": "S"},
        terminal={name: {**side, **terminal.get(name, {})} for name, side in sides.items()},
        solve={"kind": "nonequilibrium", "temperature": 0.15, "broadening": 0.03},
    )


@pytest.mark.parametrize("energy", [0.35, 0.9])
def test_responses_of_a_superconductor_are_reciprocal(energy):
    """Onsager at each energy, below and above the gap: R_ab of charge by voltage is symmetric.

    That of charge by spin voltage is minus that of spin by voltage; θ in a superconductor makes it finite.
    """
    solver, _ = state(hall_cross(left={"voltage": 0.1}), energy)
    device = solver.device
    operator = solver.operator(energy, solver.spectral.solve(energy)[0])
    system = solver.system(operator)
    names, rows = list(device.case.terminal), (3, 4)  # S_z and charge
    response = np.zeros((2, 4, 2, 4))
    for i, driven in enumerate(rows):
        for b, source in enumerate(names):
            outside = {name: np.eye(8)[driven] * (name == source) for name in names}
            found = system.solve(solver.held(outside), outside, None, False, 3000)
            assert found.ok
            currents = solver.currents(operator, found.h, outside)[0]
            for a, name in enumerate(names):
                response[:, a, i, b] = currents[name][list(rows)]
    size = np.abs(response[1, :, 1]).max()
    for i in (0, 1):
        assert np.abs(response[i, :, i] - response[i, :, i].T).max() < 1e-9 * size
    inverse, direct = response[1, :, 0], response[0, :, 1]
    assert np.abs(inverse + direct.T).max() < 1e-9 * size
    assert np.abs(inverse).max() > 1e-3 * size


def test_currents_of_the_cells_are_those_of_the_terminals():
    """Keldysh currents at quadrature points against nodal balances: charge, energy and spin."""
    errors = []
    for elements in (6, 12):
        case = wire(
            {"D": 0.83, "N_F": 1.3, "exchange": [0, 0, 0.4]},
            {
                "left": {"Delta": 0.71, "contact": {"conductance": 2.1, "polarisation": [0, 0, 0.3]}},
                "right": {"normal": True, "voltage": 0.4, "temperature": 0.2},
            },
            elements=elements,
            energy_tolerance=1e-2,
            broadening=0.02,
        )
        o = uf.solve(case).observables
        pairs = {
            "charge_current": o["terminal_current"]["right"],
            "energy_current": o["terminal_energy_current"]["right"],
            "spin_current_z": o["terminal_spin_current"]["right"][2],
        }
        last = [(float(o[name][-1, 0]), -float(expected)) for name, expected in pairs.items()]
        assert min(abs(expected) for _, expected in last) > 1e-3
        errors.append(max(abs(found / expected - 1) for found, expected in last))
    assert errors[1] < 2e-5
    assert errors[1] < errors[0] / 6


def test_spin_is_balanced_with_its_torque():
    """Σ of the terminal spin currents = −∫ N_F Tr σT, driven and equilibrium parts together, to rounding."""
    case = uf.Case(
        mesh={"shape": "rectangle", "length": 1.2, "width": 0.7, "elements": [3, 2], "distortion": 0.4},
        material={"N": {"D": 0.9, "N_F": 1.2, "theta": 0.2, "kappa": "0.3*y"}},
        region={"rectangle": "N"},
        terminal={
            "left": {"Delta": 0.83, "phase": 0.9, "spin_voltage": [0, 0, 0.05]},
            "right": {"Delta": 0.71, "exchange": [0, 0.1, 0.2]},
            "top": {"normal": True, "voltage": 0.4, "contact": {"conductance": 0.7}},
        },
        solve={
            "kind": "nonequilibrium",
            "temperature": 0.1,
            "broadening": 0.02,
            "energy_tolerance": 3e-2,
            "tolerance": 1e-11,
        },
        output={"fields": ["spin_source", "distribution"]},
    )
    s = uf.solve(case)
    o = s.observables
    corners = s.nodes[s.cells[:, :3], :2]
    edges = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    given = sum(np.asarray(i) for i in o["terminal_spin_current"].values())
    made = area @ np.asarray(o["spin_source"])
    assert np.abs(made).max() > 1e-4
    assert np.abs(given + made).max() < 1e-8 * max(
        np.abs(i).max() for i in o["terminal_spin_current"].values()
    )
    assert np.array_equal(o["distribution"][4], s.distribution(4))


def hot_wire(kind, temperature, reference):
    """A spin-split superconducting wire whose contacts are all at one temperature: no current flows."""
    lead = {"normal": True, "contact": 0.05, "temperature": temperature}
    biased = {"temperature": reference, "broadening": 1e-3, "energy_tolerance": 1e-3}
    case = uf.Case(
        mesh={"shape": "wire", "length": 2.1, "elements": 4},
        material={"S": {"D": 1.3, "N_F": 0.8, "Delta": 0.83, "exchange": [0, 0, 0.3], "tau_so": 20.0}},
        region={"wire": "S"},
        terminal={"left": lead, "right": lead}
        if kind == "nonequilibrium"
        else {name: {"normal": True, "contact": 0.05} for name in ("left", "right")},
        solve={"kind": kind, **(biased if kind == "nonequilibrium" else {"temperature": temperature})},
    )
    solution = uf.solve(case)
    assert solution.converged
    return np.asarray(solution.observables["spin_density"])[:, 2]


def test_fields_steer_the_grid_where_no_current_flows():
    """Terminals at another temperature than the reference: the spin density of equilibrium there, up to Γ."""
    driven, rest = hot_wire("nonequilibrium", 0.2, 0.1), hot_wire("equilibrium", 0.2, None)
    cold = hot_wire("equilibrium", 0.1, None)
    assert np.abs(driven - rest).max() < 0.01 * np.abs(rest - cold).max()


def test_the_stated_error_holds_where_the_gap_is_an_expression():
    """Spin-split gap far below the temperature: the grid has to find its edges."""
    found = []
    for tolerance in (1e-3, 1e-5):
        case = uf.Case(
            mesh={"shape": "wire", "length": 2.0, "elements": 4},
            material={"S": {"D": 1.3, "Delta": "0.2+0*x", "exchange": [0, 0, 0.08]}},
            region={"wire": "S"},
            terminal={
                "left": {
                    "normal": True,
                    "temperature": 1.0,
                    "contact": {"conductance": 0.02, "polarisation": [0, 0, 0.5]},
                },
                "right": {"normal": True, "contact": 0.02},
            },
            solve={
                "kind": "nonequilibrium",
                "temperature": 0.02,
                "broadening": 1e-3,
                "energy_tolerance": tolerance,
            },
        )
        o = uf.solve(case).observables
        found.append([float(o["terminal_current"]["left"]), *np.asarray(o["terminal_spin_current"]["left"])])
    coarse, fine = np.array(found)
    assert np.abs(coarse - fine).max() < 1e-3 * np.abs(fine).max()
