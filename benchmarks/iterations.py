"""Krylov iterations per Newton step, the most of each device, with a factorisation and with multigrid.

Devices that are hard for a scalar preconditioner: materials with D·N_F in ratios of 10⁻⁴ to 10⁴, P1 and P2,
layers much thinner than a coherence length under stretched elements, energies at gap edges with Γ = 10⁻⁶,
strong rotating exchange fields, spin–orbit coupling. Each energy is solved from a cold start. Lines take none
unless GMRES is asked for: their linear systems are eliminated node by node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from benchmarks.common import Figure, run
from benchmarks.devices import COLD, METALS, bar, hybrid, strip
from usadel_fem import Case
from usadel_fem.case.shapes import Wire
from usadel_fem.device import build_device
from usadel_fem.solver import linear
from usadel_fem.solver.energies import DeviceSolver

EDGES = (0.0, 0.3, 0.999, 1.0, 1.001)
"""Energies about the gap edge of the reservoirs, Δ = 1."""


@dataclass(frozen=True)
class Row:
    """A device and its energies."""

    case: Case
    energies: Sequence[complex] = (COLD,)

    @property
    def solvers(self) -> Sequence[str]:
        """How its linear systems are solved: along a line by elimination, unless GMRES is asked for."""
        if not isinstance(self.case.mesh.shape, Wire):
            return "factorised", "multigrid"
        return ("factorised",) if self.case.solve.linear == "krylov" else ("eliminated",)


def wire(h: float, linear: str = "auto", broadening: float = 1e-6) -> Case:
    """1D: two coherence lengths between two superconductors."""
    return Case(
        mesh={"shape": "wire", "length": 2.0, "elements": 60},
        material={"N": {"D": 1.0, "exchange": [f"{h}*sin(2*x)", h, 0.0], "tau_so": 2.0}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 1.0}, "right": {"Delta": 1.0, "phase": 1.0}},
        solve={"kind": "spectrum", "energies": [COLD], "broadening": broadening, "linear": linear},
    )


def stack(thickness: float, order: int, broadening: float = 0.01) -> Case:
    """2D: a ferromagnetic layer in a normal metal, with elements of 0.2 across it whatever its thickness."""
    layers: list[dict[str, Any]] = [
        {"region": "N", "length": 1.0, "elements": 8},
        {"region": "F", "length": thickness, "elements": 2},
        {"region": "S", "length": 1.0, "elements": 8},
    ]
    return Case(
        mesh={"shape": "layers", "layers": layers, "width": 4.0, "resolution": 0.2, "order": order},
        material={**METALS, "S": {"D": 0.8, "Delta": 1.0}},
        region={name: name for name in "NFS"},
        terminal={"left": {"Delta": 1.0, "phase": 1.0}},
        solve={"kind": "spectrum", "energies": [COLD], "broadening": broadening},
    )


def sharp(case: Case) -> Case:
    """The same with Γ = 10⁻⁶."""
    return case.model_copy(update={"solve": case.solve.model_copy(update={"broadening": 1e-6})})


def matrix(scale: int = 1) -> dict[str, Row]:
    """The devices; `scale` multiplies the number of nodes of those without a natural size."""
    contrasts = (1e-4, 1e-2, 1e2, 1e4)
    return {
        "1D, weak field, Γ = 10⁻⁶": Row(wire(0.2), EDGES),
        "1D, h = 3Δ, Γ = 10⁻⁶": Row(wire(3.0), EDGES),
        '1D, h = 3Δ, Γ = 10⁻⁶, linear = "krylov"': Row(wire(3.0, "krylov"), EDGES),
        "2D, all terms": Row(strip(1_000 * scale), (0.0, COLD, 2.0, 0.3j)),
        "2D, all terms, Γ = 10⁻⁶": Row(sharp(strip(1_000 * scale)), EDGES),
        "2D, layer of 0.01, P1": Row(stack(0.01, 1), (COLD, 1.001)),
        "2D, layer of 0.01, P2": Row(stack(0.01, 2), (COLD, 1.001)),
        "2D, hard hybrid, P1": Row(hybrid(1.0, 1)),
        "2D, hard hybrid, P2": Row(hybrid(1.0, 2)),
        **{f"2D, D of F {c:g} of S, P{p}": Row(hybrid(c, p)) for p in (1, 2) for c in contrasts},
        "3D, all terms": Row(bar(1_000 * scale), (0.0, COLD, 1.001)),
        "3D, all terms, Γ = 10⁻⁶": Row(sharp(bar(1_000 * scale)), EDGES),
    }


@contextmanager
def counted(multigrid: bool) -> Iterator[list[int]]:
    """Collects the iterations of every Newton step."""
    found: list[int] = []
    plain = linear.NewtonSystem.krylov

    def krylov(*arguments: Any) -> linear.LinearResult:
        result = plain(*arguments)
        found.append(result.iterations)
        return result

    with (
        patch.object(linear.NewtonSystem, "krylov", krylov),
        patch.object(linear, "cycles_pay", lambda *unknowns: multigrid),
    ):
        yield found


def most(row: Row, solver: str) -> Figure:
    """Iterations of the hardest Newton step; the target is for what a solver does unless told otherwise."""
    device = build_device(row.case)
    with counted(solver == "multigrid") as found:
        reports = [DeviceSolver(device).solve(energy)[1] for energy in row.energies]
    assert all(report.ok for report in reports), reports
    steps = sum(report.newton_iterations for report in reports)
    return Figure(
        max(found, default=0),
        target="≤ 40" if row.case.solve.linear == "auto" else "",
        note=f"{sum(found)} in {steps} Newton steps of {len(reports)} energies",
    )


def measure(large: bool, names: Sequence[str] | None = None) -> dict[str, Figure]:
    return {
        f"{name}, {solver}": most(row, solver)
        for name, row in matrix(20 if large else 1).items()
        if names is None or name in names
        for solver in row.solvers
    }


if __name__ == "__main__":
    run(measure, __doc__)
