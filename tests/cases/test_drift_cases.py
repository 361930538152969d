"""The numbers that the headers of the normal devices promise: closed forms, and other finite elements."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import skfem

from tests.cases.common import FOLDER, field, promised, solved
from tests.cases.drift import Drift, Lead


def named(mesh: Any, length: float, width: float) -> Any:
    """The sides of a rectangle under their names."""
    return mesh.with_boundaries({
        "left": lambda x: x[0] < 1e-9,
        "right": lambda x: x[0] > length - 1e-9,
        "bottom": lambda x: x[1] < 1e-9,
        "top": lambda x: x[1] > width - 1e-9,
    })  # fmt: skip


def rectangle(length: float, width: float, cells: tuple[int, int]) -> Any:
    ticks = [np.linspace(0, size, n + 1) for size, n in zip((length, width), cells, strict=True)]
    return named(skfem.MeshTri.init_tensor(*ticks), length, width)


def read(number: str, *more: tuple[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Voltages and charge currents of the terminals."""
    o = solved(number, *more).observables
    return (
        {name: float(v) for name, v in o["terminal_voltage"].items()},
        {name: float(i) for name, i in o["terminal_current"].items()},
    )


# 17 ------------------------------------------------------------


def test_17_the_inverse_spin_hall_voltage() -> None:
    """Closed form up to what the ends add, a part w²/L² of it; other finite elements up to the mesh."""
    d, tau, theta, g, length, width, spin = 0.9, 0.5, 0.06, 0.01, 5.0, 0.7, 0.3
    (header,) = promised("17", r"into the contact G; (-[\d.e-]+) for")
    lam, q = np.sqrt(d * tau), np.sqrt(g / (d * width))
    below = np.cosh(width / lam) + d / (g * lam) * np.sinh(width / lam)
    step = spin * (1 - np.cosh(width / lam)) / below
    closed = 2 * theta / width * step * np.tanh(q * length / 2) / q
    assert header == pytest.approx(closed, rel=1e-3)
    probe = Lead(conductance=1e-3, floating=True)
    leads = {"bottom": Lead((0, 0, 0, spin), g), "left": probe, "right": probe}
    mesh = rectangle(length, width, (50, 12))
    other = Drift(mesh, skfem.ElementTriP2(), leads, d, theta=theta, tau_so=tau)
    voltage, current = read("17")
    found = voltage["right"] - voltage["left"]
    assert found == pytest.approx(other.voltages["right"] - other.voltages["left"], rel=1e-4)
    assert found == pytest.approx(closed, rel=1e-2)
    assert max(map(abs, current.values())) < 1e-9 * other.currents["bottom"][3]


# 18 ------------------------------------------------------------


def arms(h: float, p: float) -> tuple[float, float]:
    """V_east and I_west per width of a cross of thin arms of length 1, detector polarisation p.

    In every arm U_x + iU_y obeys U'' = k²U, Dk² = 1/τ_so + 2ih; in the middle currents add up to zero.
    """
    inject, detect, filtering, v = 0.5, 0.1, 0.6, 0.4
    k = np.sqrt(1 / 1.3 + 2j * h)
    c, s = k / np.tanh(k), k / np.sinh(k)

    def balance(u: Any) -> Any:
        v_west, v_mid, west, east, mid = u[0], u[1], *(u[2:].reshape(3, 2) @ [1, 1j])
        charge = [
            inject * (v - v_west - filtering * west.real) - (v_west - v_mid),
            v_west - v_mid - v_mid,
        ]
        spin = [
            inject * (filtering * (v - v_west) - west) - (c * west - s * mid),
            detect * (p**2 * east.real - east) - (c * east - s * mid),
            3 * c * mid - s * (west + east) + k * np.tanh(k) * mid,  # south grounded, north closed
        ]
        return np.array([*charge, *(part for z in spin for part in (z.real, z.imag))])

    rest = balance(np.zeros(8))
    u = np.linalg.solve(np.array([balance(e) - rest for e in np.eye(8)]).T, -rest)
    return u[1] + p * u[4], 2 * inject * (v - u[0] - filtering * u[2])


@functools.cache
def cross() -> Any:
    """A cross of arms 0.2 wide that reach to 1, as triangles of a grid."""
    ticks = np.concatenate(
        [np.linspace(-1, -0.1, 19), np.linspace(-0.1, 0.1, 5)[1:], np.linspace(0.1, 1, 19)[1:]]
    )
    square = skfem.MeshTri.init_tensor(ticks, ticks)
    middle = np.abs(square.p[:, square.t].mean(axis=1))
    return square.restrict(np.flatnonzero(middle.min(axis=0) < 0.1)).with_boundaries({
        "west": lambda x: x[0] < -1 + 1e-9,
        "east": lambda x: x[0] > 1 - 1e-9,
        "south": lambda x: x[1] < -1 + 1e-9,
    })  # fmt: skip


def elements(h: float, p: float) -> tuple[float, float]:
    """The same in two dimensions."""
    leads = {
        "west": Lead((0.4, 0, 0, 0), 0.5, 0.6, axis=1),
        "south": Lead(),
        "east": Lead(conductance=0.1, polarisation=p, axis=1, floating=True),
    }
    other = Drift(cross(), skfem.ElementTriP2(), leads, 1.0, tau_so=1.3, h=(0, 0, h))
    return other.voltages["east"], other.currents["west"][0] / 0.2


def package(h: float, p: float) -> tuple[float, float]:
    voltage, current = read(
        "18",
        ("material.Al.exchange", f"[0, 0, {h}]"),
        ("terminal.east.contact.polarisation", f"[{p}, 0, 0]"),
    )
    return voltage["east"], current["west"] / 0.2


def signal(device: Any, h: float) -> float:
    """Half the difference of V_east/I for both directions of the detector, times the width."""
    (one, first), (two, second) = device(h, 0.4), device(h, -0.4)
    return float((one - two) / (first + second))


def test_18_the_hanle_curve() -> None:
    """Arms of width w as wires: errors of the order w/L = 0.2 of a tenth of the arms, 3 % of the maximum."""
    at_rest, turned, field_there = promised(
        "18", r"is ([\d.]+) without field and (-[\d.]+) at h = ([\d.]+) as"
    )
    assert read("18") == read("18", ("material.Al.exchange", f"[0, 0, {field_there}]"))
    found = {h: signal(package, h) for h in (0.0, 0.7, field_there, 3.1)}
    assert found[0.0] == pytest.approx(at_rest * 0.2, rel=3e-3)
    assert found[field_there] == pytest.approx(turned * 0.2, rel=3e-3)
    for h, value in found.items():
        assert abs(value - signal(elements, h)) < 2e-3 * found[0.0], h
        assert abs(value - signal(arms, h)) < 3e-2 * found[0.0], h


# 19 ------------------------------------------------------------


def swapping(spin: tuple[float, float]) -> tuple[Any, Any]:
    """S_x and S_y across the strip, of the case and of other finite elements, (2, p) each."""
    o = solved("19", ("terminal.left.spin_voltage", f"[{spin[0]}, {spin[1]}, 0]")).observables
    probe = o["probe:across"]
    leads = {"left": Lead((0, *spin, 0), 0.7)}
    other = Drift(rectangle(4.0, 0.9, (48, 12)), skfem.ElementTriP2(), leads, 0.8, kappa=0.1, tau_so=1.4)
    expected = 2 * other.at(np.asarray(probe["position"])[:, :2])
    return np.asarray(probe["spin_density"])[:, :2].T, expected[1:3]


def test_19_swapped_spins() -> None:
    """First order in κ to κ² = 1 % of the edge; finite elements to 1e-3 of it."""
    d, tau, kappa, g, length, width, spin, at = 0.8, 1.4, 0.1, 0.7, 4.0, 0.9, 0.21, 1.6
    (header,) = promised("19", r"x = 1.6 it is (-[\d.e-]+) for")
    lam = np.sqrt(d * tau)
    below = np.cosh(length / lam) + d / (g * lam) * np.sinh(length / lam)
    slope = -2 * spin * np.sinh((length - at) / lam) / lam / below
    edge = kappa * width / 2 * slope
    assert header == pytest.approx(edge, rel=1e-3)
    y = np.linspace(-width / 2, width / 2, 19)
    found, expected = swapping((0, spin))
    assert np.abs(found[0] - kappa * y * slope).max() < kappa**2 * abs(edge)
    assert np.abs(found - expected).max() < 2e-3 * abs(edge)
    found, expected = swapping((spin, 0))
    assert np.abs(found[1] + kappa * y * slope).max() < kappa**2 * abs(edge)
    assert np.abs(found - expected).max() < 2e-3 * abs(edge)
    assert abs(read("19")[1]["left"]) < 1e-12


# 20 ------------------------------------------------------------


def test_20_the_spin_valve() -> None:
    """Both directions of the detector, on the same mesh; the common part is that of a detector without P."""
    headers = promised("20", r"is (-[\d.]+) for parallel and (-[\d.]+) for antiparallel")
    mesh = skfem.Mesh.load(FOLDER.parent / "meshes/cross3d.msh")
    found = {}
    for p, header in zip((0.5, -0.5), headers, strict=True):
        leads = {
            "west": Lead((0.3, 0, 0, 0), 0.6, 0.5),
            "south": Lead(),
            "east": Lead(conductance=0.2, polarisation=p, floating=True),
            "north": Lead(conductance=0.2, floating=True),
        }
        other = Drift(mesh, skfem.ElementTetP2(), leads, 1.0, tau_so=2.5)
        expected = (other.voltages["east"] - other.voltages["north"]) / other.currents["west"][0]
        voltage, current = read("20", ("terminal.east.contact.polarisation", f"[0, 0, {p}]"))
        found[p] = (voltage["east"] - voltage["north"]) / current["west"]
        assert found[p] == pytest.approx(expected, rel=1e-3)
        assert found[p] == pytest.approx(header, rel=2e-3)
    assert found[0.5] - found[-0.5] > 0.01
    voltage, current = read("20", ("terminal.east.contact.polarisation", "[0, 0, 0]"))
    common = (voltage["east"] - voltage["north"]) / current["west"]
    assert common == pytest.approx((found[0.5] + found[-0.5]) / 2, rel=1e-3)
    spin = field(solved("20"), "spin_density")
    assert np.ptp(spin[:, 2]) > 0.01
    assert np.abs(spin[:, :2]).max() < 1e-12
