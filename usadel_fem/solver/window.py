"""The window of energies in which terminals drive something, and where its panels begin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from usadel_fem.device import Device
from usadel_fem.physics.nambu import Complex

TAIL = 36.0
"""Temperatures above the last voltage where 1 − tanh is below rounding."""

WIDEST, MOST = 6.0, 16
"""The first panels are at most so many temperatures wide, unless the window is wider than `MOST` of them."""

CLOSE = 1e-3
"""Marks closer than this part of the window share a panel."""


def bias(device: Device) -> float:
    """The largest of the temperatures, voltages and spin voltages: the energy that currents carry."""
    case = device.case
    assert case.solve.temperature is not None
    values = [case.solve.temperature]
    for t in case.terminal.values():
        values += [t.temperature or 0.0, abs(t.voltage), float(np.linalg.norm(t.spin_voltage))]
    return max(values)


def edges(device: Device, delta: Complex | None = None) -> list[float]:
    """Where panels begin: 0, voltages, gaps, energies the case asks for, and the end of the window.

    Args:
        delta: self-consistent Δ_p, or None.
    """
    case = device.case
    assert case.solve.temperature is not None
    hottest = max([case.solve.temperature, *(t.temperature or 0.0 for t in case.terminal.values())])
    marks: set[float] = set()
    for t in case.terminal.values():
        size = float(np.linalg.norm(t.spin_voltage))
        marks |= {abs(t.voltage), abs(t.voltage + size), abs(t.voltage - size)}
    top = max(marks, default=0.0) + TAIL * hottest
    top = max([top, *(e.real for e in case.solve.energies or ())])
    for t in case.terminal.values():
        split = float(np.linalg.norm(t.exchange))
        marks |= {abs((t.Delta or 0.0) + s * split) for s in (-1, 0, 1)}
    marks |= _gaps(device, delta)
    asked = {e.real for e in case.solve.energies or ()}
    kept = [0.0]
    for x in sorted(x for x in marks | asked if 0.0 < x < top):
        if x - kept[-1] > CLOSE * top or x in asked:
            kept.append(x)
    return _divided([*kept, top], max(WIDEST * hottest, top / MOST))


def _gaps(device: Device, delta: Complex | None) -> set[float]:
    """|Δ ± h| of every region, for the smallest and the largest of both."""
    found: set[float] = set()
    extremes: dict[str, tuple[list[float], list[float]]] = {}
    for piece in device.pieces():
        gaps, splits = extremes.setdefault(piece.region, ([], []))
        gap, split = np.abs(piece["Delta"]), np.sqrt((piece["exchange"] ** 2).sum(axis=0))
        gaps += [gap.min(), gap.max()]
        splits += [split.min(), split.max()]
    pairing = device.forms.pairing
    for name, (gaps, splits) in extremes.items():
        sizes = [min(gaps), max(gaps)]
        if delta is not None and pairing is not None and np.any(pairing.region == name):
            here = np.abs(delta[pairing.region == name])
            sizes = [here.min(), here.max()]
        if sizes[1] > 0:
            fields = (0.0, min(splits), max(splits))
            found |= {float(abs(d + s * f)) for d in sizes for f in fields for s in (-1, 1)}
    return found


def _divided(marks: list[float], widest: float) -> list[float]:
    """The marks with panels in equal parts between them, none wider than given."""
    found = [marks[0]]
    for a, b in pairwise(marks):
        parts = int(np.ceil((b - a) / widest * (1 - 1e-9)))
        found += [a + (b - a) * k / parts for k in range(1, parts)] + [b]
    return found
