"""Small cases of every kind, and what counts as the same result."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import numpy as np

from usadel_fem import Case, Observable, Solution
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.energies import DeviceSolver

TOLERANCE = 1e-7
"""Above solve.tolerance = 1e-9 of |w| by the largest |ǧ|² of these cases, at Γ = 0.02."""

GAP = 3e-6
"""Δ ends with a change below 1e-7 of the bulk gap, which the slope of the map multiplies."""

FATAL = 0.37


def wire(count: int = 24, **solve: object) -> Case:
    """A spectrum of an inhomogeneous ferromagnet behind a superconductor."""
    return Case(
        mesh={"shape": "wire", "length": 2.3, "elements": 6},
        material={"N": {"D": 0.83, "exchange": ["0.3*cos(x)", "0.3*sin(x)", 0.1]}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 0.83}},
        solve={
            "kind": "spectrum",
            "energies": {"start": 0.0, "stop": 1.2, "num": count},
            "broadening": 0.02,
            **solve,
        },
    )


def gap(**solve: object) -> Case:
    """A self-consistent bilayer in equilibrium."""
    return Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "S", "length": 1.6}, {"region": "F", "length": 0.7}],
            "resolution": 0.4,
        },
        material={"S": {"D": 1.3, "Tc": 0.47}, "F": {"D": 0.9, "exchange": [0.1, 0.0, 0.2]}},
        region={"S": "S", "F": "F"},
        solve={"kind": "equilibrium", "temperature": 0.11, "self_consistent": True, **solve},
    )


def driven(self_consistent: bool) -> Case:
    """A superconducting island between normal terminals: its Δ follows, or one of them floats."""
    right = {"voltage": 0.0} if self_consistent else {"floating": True}
    gap = {"Tc": 0.47} if self_consistent else {"Delta": 0.83}
    return Case(
        mesh={"shape": "wire", "length": 1.1, "elements": 2},
        material={"S": {"D": 1.3, "dynes": 0.08, **gap}},
        region={"wire": "S"},
        terminal={
            "left": {"normal": True, "voltage": 0.2, "contact": {"conductance": 0.11}},
            "right": {"normal": True, "contact": {"conductance": 0.13}, **right},
        },
        solve={
            "kind": "nonequilibrium",
            "temperature": 0.1,
            "self_consistent": self_consistent,
            "energy_tolerance": 3e-3,
            **({"fixed_phase": True} if self_consistent else {}),
        },
    )


def same(one: Solution, two: Solution, tolerance: float = TOLERANCE) -> None:
    """Two runs agree in everything but the time they took."""
    assert one.converged
    assert two.converged
    np.testing.assert_array_equal(one.energies, two.energies)
    assert [r.energy for r in one.convergence] == [r.energy for r in two.convergence]
    for i in range(len(one.energies)):
        np.testing.assert_allclose(two.green_function(i), one.green_function(i), rtol=0, atol=tolerance)
    assert list(one.observables) == list(two.observables)
    for name, value in one.observables.items():
        other = two.observables[name]
        if isinstance(value, Observable):
            assert isinstance(other, Observable)
            np.testing.assert_allclose(other, value, rtol=10 * tolerance, atol=10 * tolerance, err_msg=name)


class Deadly(DeviceSolver):
    """Its process ends at one energy."""

    def prepared(self, energy: complex, start: Complex, extra: float = 0.0) -> tuple[Complex, Complex]:
        if abs(energy - FATAL) < 1e-12:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().prepared(energy, start, extra)


class Assassin:
    """Progress that kills a process as soon as `when` energies are done."""

    def __init__(self, victims: object, when: int = 2) -> None:
        self.victims, self.when, self.killed = victims, when, 0
        self.energies = False

    def start(self, total: int | None, what: str) -> None:
        self.energies = what == "energies"

    def advance(self, report: object) -> None:
        self.when -= self.energies
        if self.when == 0:
            self.killed = self.first()
            os.kill(self.killed, signal.SIGKILL)

    def first(self) -> int:
        victims: Sequence[int] = self.victims()  # type: ignore[operator]
        return victims[0]

    def note(self, text: str) -> None:
        pass

    def finish(self) -> None:
        pass
