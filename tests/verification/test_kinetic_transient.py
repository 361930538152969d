"""Spin and charge that diffuse into a normal metal after its terminals were switched on."""

from __future__ import annotations

import numpy as np

import usadel_fem as uf
from tests.verification.table import compare


def solve(material, terminal, times, **mesh):
    shape = {"shape": "wire", "length": 2.1, "elements": 24, **mesh}
    case = uf.Case(
        mesh=shape,
        material={"N": material},
        region={shape["shape"]: "N"},
        terminal=terminal,
        solve={"kind": "nonequilibrium", "temperature": 0.1, "times": times},
    )
    solution = uf.solve(case)
    assert solution.converged
    return solution


def test_spin_diffuses_precesses_and_relaxes():
    """S_x + iS_y by its Fourier series: modes decay at Dk² + 1/τ_so + 2ih."""
    d, tau, h, length, bias = 0.7, 1.9, 0.6, 2.1, 0.23
    times = [0.15, 0.5, 2.0, 60.0]
    terminal = {"left": {"normal": True, "spin_voltage": [bias, 0, 0]}, "right": {"normal": True}}
    s = solve({"D": d, "tau_so": tau, "exchange": [0, 0, h]}, terminal, times)
    rate = 1 / tau + 2j * h
    k, modes = np.sqrt(rate / d), np.arange(1, 3000) * np.pi / length
    weights = 2 * modes / length / (modes**2 + rate / d)
    x = s.nodes[:, 0]
    rest = np.sinh(k * (length - x)) / np.sinh(k * length)
    density = np.asarray(s.observables["transient_spin_density"])
    for i, t in enumerate(times):
        left = weights * np.exp(-(d * modes**2 + rate) * t)
        exact = 2 * bias * (rest - np.sin(np.outer(x, modes)) @ left)
        found = density[i, :, 0] + 1j * density[i, :, 1]
        assert np.abs(found - exact).max() < 2e-5 * 2 * bias
        flow = 2 * d * bias * (k / np.tanh(k * length) + np.sum(modes * left))
        current = s.observables["transient_spin_current"]["left"][i]
        compare(f"spin current at t = {t}", abs(current[0] + 1j * current[1] - flow), 0.0, atol=1e-4)
    assert np.allclose(density[-1], s.observables["spin_density"], atol=1e-6)
    compare(
        "spin current after a long time",
        s.observables["transient_spin_current"]["left"][-1, 0],
        s.observables["terminal_spin_current"]["left"][0],
        rel=1e-5,
    )


def test_a_tunnel_contact_charges_an_island():
    """A small island behind a contact: n = 2N_FV(1 − e^{−Gt/N_FL}), all terms of Eq. (79) at work in 2D."""
    g, v, length, n_f = 0.02, 0.31, 0.4, 1.3
    decay = length * n_f / g
    times = [0.3 * decay, 1.1 * decay]
    s = solve(
        {"D": 1.9, "N_F": n_f, "theta": 0.1, "kappa": 0.2, "tau_so": 1.0},
        {"left": {"normal": True, "voltage": v, "contact": g}},
        times,
        shape="rectangle",
        length=length,
        width=0.3,
        elements=[2, 2],
    )
    for i, t in enumerate(times):
        exact = 2 * n_f * v * (1 - np.exp(-t / decay))
        found = s.observables["transient_charge_density"][i].mean()
        compare(f"charging an island at t = {t:.3g}", found, exact, rel=4e-3)
        left = 2 * g * v * 0.3 * np.exp(-t / decay)
        compare(
            f"charging current at t = {t:.3g}", s.observables["transient_current"]["left"][i], left, rel=6e-3
        )
