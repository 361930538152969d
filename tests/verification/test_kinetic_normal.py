"""Normal metals out of equilibrium: closed forms of Eqs. (79)–(81), with −S/τ_so in (79)."""

from __future__ import annotations

import numpy as np
import pytest

import usadel_fem as uf
from tests.verification.table import compare

T = 0.083


def solve(mesh, material, terminal, **options):
    regions = {layer["region"] for layer in mesh.get("layers", [])} or {mesh["shape"]}
    materials = {region: material.get(region, material) for region in regions}
    case = uf.Case(
        mesh=mesh,
        material=materials,
        region={region: region for region in regions},
        terminal=terminal,
        solve={"kind": "nonequilibrium", "temperature": T, **options},
    )
    solution = uf.solve(case)
    assert solution.converged
    return solution


def lead(**bias):
    return {"normal": True, **bias}


LAYERS = {
    "shape": "layers",
    "layers": [
        {"region": "A", "length": 0.7, "elements": 3},
        {"region": "B", "length": 1.6, "elements": 4},
    ],
}
TWO = {"A": {"D": 0.7, "N_F": 1.3}, "B": {"D": 1.9, "N_F": 0.6}}
RESISTANCE = 0.7 / (2 * 0.7 * 1.3) + 1.6 / (2 * 1.9 * 0.6)


def test_ohm_wiedemann_franz_and_joule():
    """I = V/R, and the heat current with L = π²/3: I_E = (π²/6)(T₁² − T₂²)/R + V²/2R."""
    v, hot = 0.31, 0.14
    o = solve(LAYERS, TWO, {"left": lead(voltage=v), "right": lead(temperature=hot)}).observables
    current = o["terminal_current"]
    compare("Ohm: two layers in series", current["left"], v / RESISTANCE, rel=1e-12)
    heat = (np.pi**2 / 6 * (T**2 - hot**2) + v**2 / 2) / RESISTANCE
    compare(
        "Wiedemann–Franz and Joule: energy current", o["terminal_energy_current"]["left"], heat, rel=1e-11
    )
    compare("Joule: dissipated power", o["dissipated_power"], v**2 / RESISTANCE, rel=1e-12)
    for name in ("charge", "energy"):
        assert abs(o["terminal_balance"][name]) < 1e-11
    given = -sum(float(x) for x in o["terminal_heat_current"].values())
    compare("Joule: heat that the reservoirs take", given, v**2 / RESISTANCE, rel=1e-11)


def test_currents_and_densities_of_the_cells():
    """J = −σ∂V and n = 2N_FV with the closed-form potential, N_F of the mean at the face."""
    v = 0.31
    s = solve(LAYERS, TWO, {"left": lead(voltage=v), "right": lead()})
    assert np.allclose(s.observables["charge_current"][:, 0], v / RESISTANCE, rtol=1e-11)
    x = s.nodes[:, 0]
    n_f = np.where(x < 0.7 - 1e-9, 1.3, np.where(x > 0.7 + 1e-9, 0.6, 0.95))
    drop = np.where(x < 0.7, x / (2 * 0.7 * 1.3), 0.7 / (2 * 0.7 * 1.3) + (x - 0.7) / (2 * 1.9 * 0.6))
    assert np.allclose(s.observables["charge_density"], 2 * n_f * v * (1 - drop / RESISTANCE), atol=1e-12)


def test_the_distribution_has_two_steps():
    """ĥ at an energy is the linear mean of the reservoirs' (Pothier 1997), spin voltage included."""
    v, spin = 0.4, [0.1, -0.05, 0.2]
    s = solve(
        {"shape": "wire", "length": 1.7, "elements": 4},
        {"D": 0.7},
        {"left": lead(voltage=v, spin_voltage=spin), "right": lead()},
        energies=[0.35, 0.05],
    )
    assert s.energies.real.tolist() == [0.05, 0.35]
    part = 1 - s.nodes[:, 0] / 1.7
    size = np.linalg.norm(spin)
    for i, energy in enumerate(s.energies.real):
        f = {(n, k): np.tanh((energy - n * v - k * size) / (2 * T)) for n in (1, -1) for k in (1, -1)}
        rest = np.tanh(energy / (2 * T))
        h = s.distribution(i)
        mean = sum(f.values()) / 4
        assert np.allclose(h[:, 0], part * mean + (1 - part) * rest, atol=1e-12)
        charge = sum(n * x for (n, _), x in f.items()) / 4
        assert np.allclose(h[:, 4], part * charge, atol=1e-12)
        along = sum(k * x for (_, k), x in f.items()) / 4
        assert np.allclose(h[:, 1:4], np.outer(part, along * np.array(spin) / size), atol=1e-12)
        crossed = sum(n * k * x for (n, k), x in f.items()) / 4
        assert np.allclose(h[:, 5:], np.outer(part, crossed * np.array(spin) / size), atol=1e-12)


def test_all_energies_at_once_are_the_integral_over_energies():
    """One linear solve against the trapezoidal rule over spectral currents, with every term on."""
    material = {
        "D": 0.9,
        "N_F": 1.2,
        "exchange": [0.2, 0.1, -0.3],
        "tau_so": 1.7,
        "theta": 0.2,
        "kappa": -0.3,
    }
    contact = {"conductance": 0.6, "polarisation": [0.3, 0, 0.5], "spin_mixing": [0, 0.2, 0.1]}
    grid = np.linspace(0, 3.6, 91)
    s = solve(
        {"shape": "rectangle", "length": 1.1, "width": 0.8, "elements": [2, 2], "order": 1},
        material,
        {
            "left": lead(voltage=0.3, spin_voltage=[0.1, 0.2, 0]),
            "top": lead(temperature=0.15, contact=contact),
        },
        energies=list(grid),
    )
    o = s.observables
    for name in ("left", "top"):
        c = o["terminal_spectral_current"][name]
        for key, column in (("terminal_current", 4), ("terminal_spin_current", slice(1, 4))):
            expected = -np.trapezoid(c[:, column], grid, axis=0)
            assert np.allclose(o[key][name], expected, atol=1e-8)
        energy = -np.trapezoid(grid * c[:, 0], grid)
        compare(f"energy current at {name} at once", o["terminal_energy_current"][name], energy, atol=2e-6)


@pytest.mark.parametrize("order", [1, 2])
def test_hanle_precession_rate(order):
    """S_x + iS_y = S₀ sinh k(L−x)/sinh kL, Dk² = 1/τ_so + 2ih: dS/dt = −2h×S."""
    d, tau, h, length, bias = 0.7, 1.9, 0.6, 2.1, 0.23
    errors = []
    for n in (6, 12, 24):
        s = solve(
            {"shape": "wire", "length": length, "elements": n, "order": order, "axes": ["y"]},
            {"D": d, "tau_so": tau, "exchange": [0, 0, h]},
            {"left": lead(spin_voltage=[bias, 0, 0]), "right": lead()},
        )
        k = np.sqrt((1 / tau + 2j * h) / d)
        x = s.nodes[:, 1]
        exact = 2 * bias * np.sinh(k * (length - x)) / np.sinh(k * length)
        found = s.observables["spin_density"]
        errors.append(np.abs(found[:, 0] + 1j * found[:, 1] - exact).max())
        assert np.abs(found[:, 2] - 2 * h).max() < 1e-12
    rate = np.log2(errors[-2] / errors[-1])
    compare(f"Hanle: rate of P{order} at the nodes", rate, {1: 2.0, 2: 4.0}[order], atol=0.2)
    flow = s.observables["terminal_spin_current"]["left"]
    exact = 2 * d * bias * k / np.tanh(k * length)
    compare(f"Hanle: injected S_x current, P{order}", flow[0], exact.real, rel=5e-3 if order == 1 else 1e-6)
    compare(f"Hanle: injected S_y current, P{order}", flow[1], exact.imag, rel=5e-3 if order == 1 else 1e-6)


def strip(length, width, cells, material, terminal, **options):
    mesh = {"shape": "rectangle", "length": length, "width": width, "elements": cells}
    return solve(mesh, material, terminal, **options)


def test_spin_hall_bar():
    """S^z(y) = −θn′λ sinh(y/λ)/cosh(w/2λ) in the middle of a long strip, to first order in θ."""
    d, tau, theta, width, length, v = 0.8, 0.55, 1e-3, 1.3, 6.0, 0.37
    lam = np.sqrt(d * tau)
    errors = []
    for cells in (4, 8):
        s = strip(length, width, [3 * cells, cells], {"D": d, "tau_so": tau, "theta": theta}, {
            "left": lead(voltage=v), "right": lead()})  # fmt: skip
        middle = np.flatnonzero(np.abs(s.nodes[:, 0] - length / 2) < 1e-9)
        y = s.nodes[middle, 1] - width / 2
        exact = -theta * (-2 * v / length) * lam * np.sinh(y / lam) / np.cosh(width / (2 * lam))
        found = s.observables["spin_density"][middle, 2]
        assert y.size == 2 * cells + 1
        errors.append(np.abs(found - exact).max() / np.abs(exact).max())
    top = int(np.argmax(y))
    compare("spin Hall bar: S^z at the edge", found[top], exact[top], rel=4e-4)
    assert errors[1] < errors[0] / 6


def test_spin_swapping():
    """S^y = f(x) drives S^x = κ y f′(x): J^x_y = −D∂_yS^x + Dκ∂_xS^y vanishes at the edges."""
    d, tau, kappa, width, length, bias = 0.8, 1.4, 1e-3, 0.9, 5.0, 0.21
    lam = np.sqrt(d * tau)
    s = strip(length, width, [30, 6], {"D": d, "tau_so": tau, "kappa": kappa}, {
        "left": lead(spin_voltage=[0, bias, 0]), "right": lead()})  # fmt: skip
    here = np.flatnonzero(np.abs(s.nodes[:, 0] - length / 2) < 1e-9)
    y = s.nodes[here, 1] - width / 2
    slope = -2 * bias * np.cosh(length / (2 * lam)) / (lam * np.sinh(length / lam))
    found = s.observables["spin_density"][here, 0]
    assert np.abs(found - kappa * y * slope).max() < 2e-3 * kappa * width * abs(slope)
    compare("swapping: S^x at the edge", found.max(), kappa * width / 2 * abs(slope), rel=3e-3)


def test_spin_hall_and_its_inverse_are_reciprocal():
    """Onsager: charge at a by a spin voltage at b is minus spin at b by a voltage at a, κ and τ_so on."""
    material = {"D": 0.8, "N_F": 1.3, "tau_so": 0.9, "theta": 0.13, "kappa": 0.21}
    contact = {"conductance": 0.7}
    rest = {"left": lead(), "right": lead(), "top": lead(contact=contact), "bottom": lead(contact=contact)}

    def currents(**bias):
        terminals = {name: {**lead, **bias.get(name, {})} for name, lead in rest.items()}
        return strip(1.9, 0.8, [6, 4], material, terminals).observables

    direct = currents(left={"voltage": 0.3})["terminal_spin_current"]["top"][2] / 0.3
    inverse = currents(top={"spin_voltage": [0, 0, 0.3]})["terminal_current"]["left"] / 0.3
    assert abs(direct) > 1e-3
    compare("spin Hall and inverse: reciprocity", float(inverse), -float(direct), rel=1e-10)


def test_a_nonlocal_spin_valve_is_the_same_in_three_dimensions():
    """Spin injected at one end of a bar, detected by a polarised floating contact: 3D against 1D."""
    material = {"D": 0.8, "tau_so": 1.1, "exchange": [0, 0, 0.2]}
    found = []
    for mesh in (
        {"shape": "wire", "length": 1.6, "elements": 4},
        {"shape": "box", "length": 1.6, "width": 0.5, "depth": 0.4, "elements": [4, 1, 1]},
    ):
        s = solve(
            mesh,
            material,
            {
                "left": lead(spin_voltage=[0.2, 0, 0.1]),
                "right": lead(contact={"conductance": 0.4, "polarisation": [0.5, 0, 0.3]}),
            },
        )
        area = 0.5 * 0.4 if mesh["shape"] == "box" else 1.0
        o = s.observables
        found.append([o["terminal_current"]["right"] / area, *(o["terminal_spin_current"]["right"] / area)])
    assert np.abs(found[0]).min() > 1e-4
    assert np.allclose(found[0], found[1], rtol=3e-5)


def test_distributions_relax_to_a_grounded_bath():
    """Every component decays as D k² = γ; the bath takes charge and energy."""
    d, gamma, length, hot, v, energy = 0.7, 0.9, 1.8, 0.2, 0.1, 0.15
    s = solve(
        {"shape": "wire", "length": length, "elements": 16},
        {"D": d},
        {"left": lead(temperature=hot), "right": lead(temperature=hot, voltage=v)},
        relaxation=gamma,
        energies=[energy],
    )
    x, k = s.nodes[:, 0], np.sqrt(gamma / d)
    bath = np.tanh(energy / (2 * T))
    ends = {0: [0.0, 0.0], 4: [0.0, 0.0]}
    for side, voltage in enumerate((0.0, v)):
        up, down = (np.tanh((energy - n * voltage) / (2 * hot)) for n in (1, -1))
        ends[0][side], ends[4][side] = 0.5 * (up + down) - bath, 0.5 * (up - down)
    for row, (left, right) in ends.items():
        exact = (left * np.sinh(k * (length - x)) + right * np.sinh(k * x)) / np.sinh(k * length)
        assert np.abs(s.distribution(0)[:, row] - bath * (row == 0) - exact).max() < 1e-5
    o = s.observables
    current = 2 * d * v * k / np.tanh(k * length)
    compare("charge current into a relaxing wire", o["terminal_current"]["right"], current, rel=1e-4)
    assert float(o["terminal_balance"]["charge"]) > 0.1
    assert float(o["terminal_balance"]["energy"]) > 0.1


def test_strong_relaxation_keeps_occupations_physical():
    """|h₀ ± h₃| ≤ 1 at any rate, and no reservoir gives heat to a bath of its own temperature."""
    for gamma in (1.0, 1000.0):
        s = solve(
            {"shape": "wire", "length": 2.0, "elements": 40},
            {"D": 0.83},
            {"left": lead(voltage=1.0), "right": lead()},
            relaxation=gamma,
            energies=[0.0, 0.3, 0.9, 1.1],
        )
        for i in range(4):
            h = s.distribution(i)
            assert np.abs(h[:, 0] + h[:, 4]).max() <= 1 + 1e-3
            assert np.abs(h[:, 0] - h[:, 4]).max() <= 1 + 1e-3
        heat = s.observables["terminal_heat_current"]
        assert float(heat["right"]) < 1e-9
