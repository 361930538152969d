"""The numbers that the headers of the normal devices promise: closed forms, and other finite elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skfem

from tests.cases.common import promised, solved
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
