"""The normal state in time: closed forms of Eqs. (79)–(81), with −S/τ_so in (79), and a method of lines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

import usadel_fem as uf
from tests.verification.lines import Square
from tests.verification.table import compare

T = 0.083


def solve(mesh, material, terminal, *, interface=None, linear="krylov", **time):
    regions = {layer["region"] for layer in mesh.get("layers", [])} or {mesh["shape"]}
    solve_time = {"kind": "nonequilibrium", "temperature": T, "linear": linear}
    case = uf.Case(
        mesh=mesh,
        material={region: material.get(region, material) for region in regions},
        region={region: region for region in regions},
        terminal=terminal,
        interface=interface or {},
        solve={**solve_time, "time": time} if time else solve_time,
    )
    solution = uf.solve(case)
    assert solution.converged
    return solution


def lead(**bias):
    return {"normal": True, **bias}


def wire(length, elements, **more):
    return {"shape": "wire", "length": length, "elements": elements, **more}


def test_uniform_spin_relaxes_and_precesses():
    """dS/dt = −S/τ_so − 2h×S: exactly exp(−t/τ_so), turning about h by 2|h|t."""
    tau, h, n_f, start = 1.7, np.array([0.3, -0.2, 0.55]), 1.3, np.array([0.2, 0.1, -0.3])
    for field in (np.zeros(3), h):
        material = {"D": 0.7, "N_F": n_f, "tau_so": tau, "exchange": field.tolist()}
        s = solve(wire(1.3, 3), material, {}, stop=4.3, output=6, spin_voltage=start.tolist(), tolerance=1e-8)
        turn = 2 * np.cross(field, np.eye(3), axisb=1).T  # column j: 2h × e_j
        exact = [2 * n_f * (field + expm(-(turn + np.eye(3) / tau) * t) @ start) for t in s.times]
        found = s.observables["spin_density"]
        assert found.dims == ("time", "node", "component")
        assert np.abs(found - np.array(exact)[:, None]).max() < 3e-8
    turned = 2 * n_f * np.cross(h, start)
    slope = (found[1, 0] - found[0, 0]) @ turned
    assert slope < 0, "precession is about −h"
    decay = np.linalg.norm(s.observables["total_spin"][-1]) / np.linalg.norm(s.observables["total_spin"][0])
    compare("transient: |S| after precession", decay, np.exp(-4.3 / tau), rel=1e-7)
    given = s.observables["spin_given"][-1]
    change = s.observables["total_spin"][-1] - s.observables["total_spin"][0]
    assert np.allclose(given, change, atol=1e-9)


def test_a_cosine_decays_with_the_rate_of_its_elements():
    """cos kx e^(−Dk²t): errors fall as h^(p+1) at the nodes, where time is exact enough."""
    d, length, stop = 0.7, 1.9, 0.83
    k = 2 * np.pi / length
    for order, expected in ((1, 2.0), (2, 4.0)):
        errors = []
        for n in (6, 12, 24):
            mesh = wire(length, n, order=order)
            s = solve(mesh, {"D": d}, {}, stop=stop, output=2, voltage=f"0.31*cos({k}*x)", tolerance=1e-8)
            exact = 2 * 0.31 * np.cos(k * s.nodes[:, 0]) * np.exp(-d * k**2 * stop)
            errors.append(np.abs(s.observables["charge_density"][-1] - exact).max())
        compare(f"transient: rate of P{order} in h", np.log2(errors[1] / errors[2]), expected, atol=0.25)


def test_a_gaussian_spreads():
    """∫x²n/∫n grows by 2Dt, and the peak falls as its width rises."""
    d, width, stop, length = 0.7, 0.3, 0.6, 12.0
    start = f"0.31*exp(-(x - {length / 2})**2/{2 * width**2})"
    s = solve(wire(length, 160), {"D": d}, {}, stop=stop, output=4, voltage=start)
    for i, t in enumerate(s.times):
        square = width**2 + 2 * d * t
        exact = 0.62 * width / np.sqrt(square) * np.exp(-((s.nodes[:, 0] - length / 2) ** 2) / (2 * square))
        assert np.abs(s.observables["charge_density"][i] - exact).max() < 2e-5
    middle = np.argmin(np.abs(s.nodes[:, 0] - length / 2))
    compare("transient: peak of a Gaussian", s.observables["charge_density"][-1, middle],
            0.62 * width / np.sqrt(width**2 + 2 * d * stop), rel=3e-5)  # fmt: skip


def test_the_order_in_time_and_the_tolerance():
    """Global errors are proportional to the tolerance of a step, which is of fourth order in its length."""
    tau, h, stop = 0.9, 0.8, 3.1
    material = {"D": 0.7, "tau_so": tau, "exchange": [0, 0, h]}
    errors, steps, bounds = [], [], []
    for tolerance in (1e-4, 1e-6, 1e-8, 1e-10):
        s = solve(
            wire(1.3, 2), material, {}, stop=stop, output=2, spin_voltage=[0.3, 0, 0], tolerance=tolerance
        )
        found = s.observables["total_spin"][-1] / s.observables["total_spin"][0, 0]
        errors.append(abs(found[0] + 1j * found[1] - np.exp((-1 / tau - 2j * h) * stop)))
        steps.append(int(s.observables["time_steps"]))
        bounds.append(float(s.observables["integration_error"]))
    assert np.all(np.array(errors) < bounds)
    order = np.log(errors[1] / errors[3]) / np.log(steps[3] / steps[1])
    compare("transient: order in time", order, 4.0, atol=0.35)
    slope = np.log(errors[1] / errors[3]) / np.log(1e4)
    compare("transient: errors follow the tolerance", slope, 1.0, atol=0.12)


def charging(d, length, bias, t):
    """Current and charge that came into a closed wire switched on at one end."""
    k = (np.arange(4000) + 0.5) * np.pi / length
    decay = np.exp(-d * k**2 * t)
    return 4 * d * bias / length * decay.sum(), 2 * bias * length * (
        1 - (2 / (k * length) ** 2 * decay).sum()
    )


def test_a_wire_is_charged_and_discharged():
    """Fourier series of the current of a terminal that is switched on at 0 and off at 2.1."""
    d, length, bias, off = 0.7, 1.9, 0.31, 2.1
    left = lead(voltage=bias, spin_voltage=[0.1, 0, 0], signal=f"1 if t < {off} else 0")
    s = solve(wire(length, 16), {"D": d}, {"left": left}, stop=4.0, output=[0.9, 2.1, 3.3], tolerance=1e-6)
    current, charge = s.observables["terminal_current"]["left"], s.observables["terminal_charge"]["left"]
    for i, t in enumerate(s.times):
        on = charging(d, length, bias, t)
        late = charging(d, length, bias, t - off) if t > off else (0.0, 0.0)
        compare(f"transient: charging current at t = {t:g}", current[i], on[0] - late[0], rel=4e-6)
        compare(f"transient: charge at t = {t:g}", charge[i], on[1] - late[1], rel=1e-6)
    spin = s.observables["terminal_spin_current"]["left"]
    assert np.allclose(spin[:, 0], current * 0.1 / bias, rtol=1e-9)
    assert np.allclose(s.observables["total_charge"], charge, rtol=1e-11)


def test_alternating_voltage_on_a_wire():
    """I = 2Dq coth qL V e^(iωt), q² = iω/D, when the start is forgotten."""
    d, length, bias, w = 0.7, 1.9, 0.31, 2.3
    left = lead(voltage=bias, signal=f"sin({w}*t)")
    terminals = {"left": left, "right": lead()}
    s = solve(wire(length, 16), {"D": d}, terminals, stop=12.0, output=[11.0, 11.5, 12.0], tolerance=1e-6)
    q = np.sqrt(1j * w / d)
    for i, t in enumerate(s.times):
        near = (2 * d * q / np.tanh(q * length) * bias * np.exp(1j * w * t)).imag
        far = -(2 * d * q / np.sinh(q * length) * bias * np.exp(1j * w * t)).imag
        compare(
            f"transient: ac current at t = {t:g}",
            s.observables["terminal_current"]["left"][i],
            near,
            atol=2e-5,
        )
        compare(
            f"transient: ac, far end, t = {t:g}",
            s.observables["terminal_current"]["right"][i],
            far,
            atol=2e-5,
        )


def test_injected_spin_diffuses_precesses_and_relaxes():
    """S_x + iS_y by its Fourier series: modes decay at Dk² + 1/τ_so + 2ih."""
    d, tau, h, length, bias = 0.7, 1.9, 0.6, 2.1, 0.23
    times = [0.15, 0.5, 2.0]
    terminals = {"left": lead(spin_voltage=[bias, 0, 0]), "right": lead()}
    material = {"D": d, "tau_so": tau, "exchange": [0, 0, h]}
    s = solve(wire(length, 24), material, terminals, stop=2.0, output=times, tolerance=1e-7)
    rate = 1 / tau + 2j * h
    k, modes = np.sqrt(rate / d), np.arange(1, 3000) * np.pi / length
    weights = 2 * modes / length / (modes**2 + rate / d)
    x = s.nodes[:, 0]
    rest = np.sinh(k * (length - x)) / np.sinh(k * length)
    for i, t in enumerate(times):
        left = weights * np.exp(-(d * modes**2 + rate) * t)
        exact = 2 * bias * (rest - np.sin(np.outer(x, modes)) @ left)
        found = s.observables["spin_density"][i, :, 0] + 1j * s.observables["spin_density"][i, :, 1]
        assert np.abs(found - exact).max() < 2e-5 * 2 * bias
        flow = 2 * d * bias * (k / np.tanh(k * length) + np.sum(modes * left))
        current = s.observables["terminal_spin_current"]["left"][i]
        compare(f"transient: injected S_x at t = {t}", current[0], flow.real, atol=1e-4)
        compare(f"transient: injected S_y at t = {t}", current[1], flow.imag, atol=1e-4)


def test_a_tunnel_contact_charges_an_island():
    """A small island behind a contact: n = 2N_FV(1 − e^{−Gt/N_FL}), to first order in GL/N_FD."""
    g, v, length, n_f = 0.02, 0.31, 0.4, 1.3
    decay = length * n_f / g
    mesh = {"shape": "rectangle", "length": length, "width": 0.3, "elements": [2, 2]}
    material = {"D": 1.9, "N_F": n_f, "theta": 0.1, "kappa": 0.2, "tau_so": 1.0}
    times = [0.3 * decay, 1.1 * decay]
    s = solve(mesh, material, {"left": lead(voltage=v, contact=g)}, stop=times[1], output=times)
    for i, t in enumerate(times):
        exact = 2 * n_f * v * (1 - np.exp(-t / decay))
        found = s.observables["charge_density"][i].mean()
        compare(f"transient: island at t = {t:.3g}", found, exact, rel=4e-3)
        flow = 2 * g * v * 0.3 * np.exp(-t / decay)
        compare(f"transient: its current at t = {t:.3g}", s.observables["terminal_current"]["left"][i],
                flow, rel=6e-3)  # fmt: skip


BAR = {"D": 0.8, "tau_so": 0.55, "theta": 0.1, "kappa": -0.2, "exchange": [0.1, 0.2, -0.15], "N_F": 1.2}


def test_long_times_lead_to_the_stationary_state():
    """A spin Hall bar with every term, a polarised contact and a tunnel terminal: fields and currents."""
    mesh = {"shape": "rectangle", "length": 2.4, "width": 1.3, "elements": [6, 4]}
    contact = {"conductance": 0.6, "polarisation": [0.3, 0, 0.5], "spin_mixing": [0, 0.2, 0.1]}
    terminals = {
        "left": lead(voltage=0.37),
        "right": lead(),
        "top": lead(spin_voltage=[0.1, 0, 0.2], contact=contact),
    }
    still = solve(mesh, BAR, terminals).observables
    s = solve(mesh, BAR, terminals, stop=40.0, output=[0.1, 40.0], tolerance=1e-8)
    for name in ("charge_density", "spin_density", "charge_current", "spin_current_z", "spin_current_x"):
        assert np.abs(s.observables[name][-1] - still[name]).max() < 1e-8
    for name in ("terminal_current", "terminal_spin_current"):
        for terminal in terminals:
            assert np.abs(s.observables[name][terminal][-1] - still[name][terminal]).max() < 1e-8
    assert np.abs(s.observables["spin_density"][0] - still["spin_density"]).max() > 0.02
    steady = solve(mesh, BAR, terminals, stop=0.5, output=[0.0, 0.5], start="steady")
    for i in range(2):
        assert np.abs(steady.observables["spin_density"][i] - still["spin_density"]).max() < 1e-10
        for terminal in terminals:
            found = steady.observables["terminal_current"][terminal][i]
            assert abs(found - still["terminal_current"][terminal]) < 1e-10


def test_the_spin_hall_edge_builds_up():
    """S^z at the edges of a long bar under a constant current, as a series of cosines of the width.

    −θn′ is a source of spin current at either edge: S^z = Σ a_m sin q_my (1 − e^(−λ_mt)), λ = Dq² + 1/τ_so.
    """
    d, tau, theta, width, length, v = 0.8, 0.55, 1e-3, 1.3, 6.0, 0.37
    slope = -2 * v / length
    mesh = {"shape": "rectangle", "length": length, "width": width, "elements": [18, 8]}
    s = solve(mesh, {"D": d, "tau_so": tau, "theta": theta}, {"left": lead(voltage=v), "right": lead()},
              stop=0.7, output=[0.2, 0.7], voltage=f"{v}*(1 - x/{length})", tolerance=1e-7)  # fmt: skip
    edge = np.flatnonzero((np.abs(s.nodes[:, 0] - length / 2) < 1e-9) & (s.nodes[:, 1] > width - 1e-9))
    q = (2 * np.arange(4000) + 1) * np.pi / width
    rate = d * q**2 + 1 / tau
    for i, t in enumerate(s.times):
        exact = -theta * slope * np.sum(4 * d / (width * rate) * -np.expm1(-rate * t))
        compare(f"transient: spin Hall edge at t = {t:g}", s.observables["spin_density"][i, edge[0], 2],
                exact, rel=3e-3)  # fmt: skip


def test_all_terms_against_a_method_of_lines():
    """θ, κ, τ_so and h on a square with a voltage and a spin voltage, from a bump: matrix exponential."""
    material = {"D": 0.8, "tau_so": 0.9, "theta": 0.3, "kappa": -0.25, "exchange": [0.4, -0.3, 0.6]}
    bias = [0.1, -0.05, 0.2, 0.3]  # spin, charge
    square = Square(8, d=0.8, rate=1 / 0.9, theta=0.3, kappa=-0.25, h=np.array([0.4, -0.3, 0.6]))
    bump = "0.4*cos(pi*x/2)**2*(1 + 0.5*cos(pi*y))"
    start = np.zeros((square.size, 4))
    x, y = square.nodes
    start[:, 0] = 0.4 * np.cos(np.pi * x / 2) ** 2 * (1 + 0.5 * np.cos(np.pi * y))
    worst = []
    for cells in (3, 6):
        s = solve(
            {"shape": "rectangle", "length": 1.0, "width": 1.0, "elements": [cells, cells]},
            material,
            {"left": lead(voltage=bias[3], spin_voltage=bias[:3])},
            stop=0.35, output=[0.1, 0.35], spin_voltage=[bump, 0, 0], tolerance=1e-8,
        )  # fmt: skip
        error = 0.0
        for i, t in enumerate(s.times):
            expected = square.at(s.nodes[:, :2].T, square.evolve(start, np.array(bias), t))
            found = np.column_stack([s.observables["spin_density"][i], s.observables["charge_density"][i]])
            found[:, :3] -= 2 * np.array(material["exchange"])
            error = max(error, float(np.sqrt(np.mean((found / 2 - expected) ** 2))))
        worst.append(error)
    compare("transient: all terms, method of lines (rms)", worst[1], 0.0, atol=3e-4)
    assert worst[1] < worst[0] / 3


@pytest.mark.parametrize("linear", ["krylov", "direct"])
def test_balances_hold_where_everything_jumps(linear):
    """What is stored changes by what comes in: D, N_F, θ, κ, τ_so, h jump at a polarised interface."""
    layers = [{"region": "A", "length": 0.7, "elements": 2}, {"region": "B", "length": 0.9, "elements": 3}]
    mesh = {"shape": "layers", "layers": layers, "width": 0.8, "resolution": 0.4}
    material = {
        "A": {"D": 0.7, "N_F": 1.3, "theta": 0.2, "tau_so": 1.1},
        "B": {"D": 1.9, "N_F": 0.6, "kappa": 0.3, "tau_so": 3.0, "exchange": [0.3, 0.1, 0]},
    }
    terminals = {
        "left": lead(voltage=0.3, spin_voltage=[0.1, 0, 0.2], signal="exp(-t) if t < 0.6 else 0.2"),
        "right": lead(contact={"conductance": 0.5, "polarisation": [0, 0.4, 0]}),
    }
    barrier = {"A|B": {"conductance": 0.8, "polarisation": [0, 0.2, 0.3], "spin_mixing": [0.1, 0, 0]}}
    s = solve(mesh, material, terminals, interface=barrier, linear=linear, stop=1.4, output=5,
              voltage="0.1*x", spin_voltage=[0, "0.2*y", 0])  # fmt: skip
    assert max(s.summary["conservation_defect"].values()) < 3e-11
    o = s.observables
    came = sum(o["terminal_charge"].values())
    assert np.ptp(o["total_charge"] - came) < 1e-11
    assert np.ptp(o["total_charge"]) > 0.05
    spin = o["total_spin"] - sum(o["terminal_spin"].values()) - o["spin_given"]
    assert np.ptp(spin, axis=0).max() < 1e-10
