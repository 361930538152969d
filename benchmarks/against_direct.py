"""A warm energy by Krylov against the same Newton method with a direct solver, in the same run.

The direct solver factorises the assembled Hessian (8N × 8N, complex) with SuperLU in every Newton step. In
3D that takes minutes; unless the large set is asked for, one factorisation is timed there and multiplied by
the number of Newton steps that the Krylov run took, and the results are compared on a smaller mesh.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.common import Figure, median, run, seconds
from benchmarks.devices import COLD, WARM, bar, square, strip
from usadel_fem.action import Linearisation
from usadel_fem.device import Device, build_device
from usadel_fem.linearise import PlainTangents
from usadel_fem.physics.nambu import Complex, frame, riccati
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import NewtonSystem

REPEATS = 3


def solved(solver: DeviceSolver, energy: float, start: Complex | None = None) -> tuple[Complex, Any]:
    g, report = solver.solve(energy, start)
    assert report.ok, report
    return g, report


def direct_solver(device: Device) -> DeviceSolver:
    solver = DeviceSolver(device)
    solver.solver.options = replace(solver.solver.options, linear="direct")
    return solver


def direct_step(solver: DeviceSolver, g: Complex) -> float:
    """Seconds of one assembly, factorisation and solution at ǧ."""
    forms, omega = solver.device.forms, solver.source(WARM)
    tangents = PlainTangents(Linearisation.at(forms, *frame(*riccati(g)), g, omega), forms.free)
    system = NewtonSystem(tangents, solver.solver.preconditioner)
    residual = system.residual()
    return seconds(lambda: system.direct(residual))[0]


def warm(device: Device, whole: bool, target: str) -> dict[str, Figure]:
    """Ratio of direct to Krylov for a warm energy; `whole` runs the direct Newton to its end."""
    solver = DeviceSolver(device)
    g, cold = solved(solver, COLD)
    taken, found = zip(*(seconds(lambda: solved(solver, WARM, g)) for _ in range(REPEATS)), strict=True)
    result, report = found[0]
    steps = report.newton_iterations
    figures = {"nodes": Figure(device.space.size)}
    if whole:
        reference, (other, _) = seconds(lambda: solved(direct_solver(device), WARM, g))
        figures["largest difference of ǧ"] = Figure(float(np.abs(result - other).max()))
        how = "whole runs"
    else:
        reference, how = steps * direct_step(solver, g), "one direct step × Newton steps"
    figures["direct over Krylov, warm energy"] = median([reference / t for t in taken], "", target, how)
    figures["warm energy"] = median(taken, "s")
    counted = f"{steps} Newton steps; cold {cold.krylov_iterations} in {cold.newton_iterations}"
    figures["Krylov iterations, warm"] = Figure(report.krylov_iterations, note=counted)
    return figures


def sweep(steps: int, energies: int) -> dict[str, Figure]:
    """Seconds per energy on a square of (steps + 1)² nodes: along a sweep, and from cold starts."""
    device = build_device(square(steps))
    grid = [complex(e) for e in np.linspace(0.0, 1.5, energies)]
    solver = DeviceSolver(device)
    first, _ = seconds(lambda: solved(solver, COLD))  # compiles and factorises
    swept = [seconds(lambda: list(solver.sweep(grid))) for _ in range(REPEATS)]
    assert all(report.ok for _, rows in swept for _, _, report in rows)
    per_energy = [taken / energies for taken, _ in swept]
    counts = [report.krylov_iterations for _, _, report in swept[0][1]]
    some = grid[:: max(1, energies // 8)]
    cold = [seconds(lambda e=e: solved(solver, e))[0] for e in some]
    direct = direct_step(solver, swept[0][1][-1][1])
    return {
        "nodes": Figure(device.space.size, note=f"{energies} energies from 0 to 1.5 Δ"),
        "energy in a sweep": median(per_energy, "s", "≤ 0.1"),
        "cold energy": Figure(float(np.mean(cold)), "s", note=f"mean of {len(some)}"),
        "first energy": Figure(first, "s", note="compilation and factorisation included"),
        "one direct Newton step over one energy in a sweep": median([direct / t for t in per_energy]),
        "Krylov iterations per energy in a sweep": Figure(float(np.mean(counts)), note="mean"),
    }


def measure(large: bool) -> dict[str, Figure]:
    subjects = {
        "2D": warm(build_device(strip(10_000)), True, "≥ 50"),
        "3D": warm(build_device(bar(6_500)), large, "≥ 400"),
        "small 3D": warm(build_device(bar(900)), True, ""),
        "61 × 61": sweep(60, 31),
    }
    return {f"{name}: {key}": figure for name, part in subjects.items() for key, figure in part.items()}


if __name__ == "__main__":
    run(measure, __doc__)
