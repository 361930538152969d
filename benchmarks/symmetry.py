"""Collinear and spin-independent problems in channels of spin against the full matrices.

Half superconductor, half ferromagnet with h along (0.48, 0.6, 0.64), 5 × 3 coherence lengths (3 deep in 3D),
in turns with symmetry "auto" and "off" on the same mesh. "Warm" are energies beside the last, as most of a
spectrum or of a self-consistent run are; a sweep has starts, gap edges and everything between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.common import Figure, median, run, seconds
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver

REPEATS = 3
SIDES: dict[int, dict[str, float]] = {1: {}, 2: {"width": 3.0}, 3: {"width": 3.0, "depth": 3.0}}
TARGET = "≥ 3.5"
NEAR = (0.93, 1.0, 1.07, 1.13)
"""Warm energies, and where they start from."""
BEFORE = 0.97
Work = Callable[[DeviceSolver], list[tuple[Any, Any]]]
FIELD = [0.48 * 0.7, 0.6 * 0.7, 0.64 * 0.7]


def sandwich(dimension: int, resolution: float, symmetry: str, **ferromagnet: Any) -> Case:
    order = 1 if dimension == 3 else 2
    return Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "S", "length": 3.0}, {"region": "F", "length": 2.0}],
            "resolution": resolution,
            "order": order,
            **SIDES[dimension],
        },
        material={"S": {"D": 0.9, "Delta": 0.83}, "F": {"D": 1.3, **ferromagnet}},
        region={"S": "S", "F": "F"},
        terminal={"left": {"Delta": 0.83}},
        solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.01, "symmetry": symmetry},
    )


def pair(dimension: int, resolution: float, **ferromagnet: Any) -> tuple[DeviceSolver, DeviceSolver]:
    """Solvers of the full and of the reduced problem."""
    full, reduced = (
        DeviceSolver(build_device(sandwich(dimension, resolution, symmetry, **ferromagnet)))
        for symmetry in ("off", "auto")
    )
    assert reduced.channels is not None
    return full, reduced


def one_energy(name: str, solvers: tuple[DeviceSolver, DeviceSolver], energy: complex) -> dict[str, Figure]:
    """A cold energy, and warm ones near it: full over reduced in time, and both counts.

    Of a single warm energy the counts would say as much about where it happens to pass the tolerance.
    """

    def cold(solver: DeviceSolver) -> list[tuple[Any, Any]]:
        return [DeviceSolver(solver.device).solve(energy)]

    def warm(solver: DeviceSolver) -> list[tuple[Any, Any]]:
        return [solver.solve(at, start) for at, start in starts[id(solver)]]

    near = [factor * energy for factor in NEAR]
    starts = {id(solver): [(at, solver.solve(BEFORE * at)[0]) for at in near] for solver in solvers}
    return compared(f"{name}, cold", solvers, cold, "") | compared(f"{name}, warm", solvers, warm, TARGET)


def compared(
    name: str, solvers: tuple[DeviceSolver, DeviceSolver], work: Work, target: str
) -> dict[str, Figure]:
    """Full over reduced in time for the same results, in turns."""
    taken: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        results = []
        for k, solver in enumerate(solvers):
            spent, found = seconds(lambda s=solver: work(s))
            taken[k].append(spent)
            results.append(found)
    for (full, one), (reduced, other) in zip(*results, strict=True):
        assert one.ok, one
        assert other.ok, other
        assert np.abs(full - reduced).max() < 1e-7
    counts = [
        [sum(getattr(report, kind) for _, report in found) for found in results]
        for kind in ("krylov_iterations", "newton_iterations")
    ]
    krylov, newton = counts
    note = f"Krylov {krylov[0]} full, {krylov[1]} reduced; Newton {newton[0]}, {newton[1]}"
    if len(results[0]) > 1:
        note = f"{len(results[0])} energies; {note}"
    return {name: median([a / b for a, b in zip(*taken, strict=True)], "", target, note)}


def sweep(name: str, solvers: tuple[DeviceSolver, DeviceSolver], energies: int) -> dict[str, Figure]:
    """A spectrum across the gap, each energy from where the last lead to."""
    grid = [complex(e) for e in np.linspace(0.0, 1.5, energies)]
    times, counts = [], []
    for solver in solvers:
        spent, rows = seconds(lambda s=solver: list(s.sweep(grid)))
        assert all(report.ok for _, _, report in rows)
        times.append(spent)
        counts.append(sum(report.krylov_iterations for _, _, report in rows))
    note = f"{energies} energies; Krylov {counts[0]} full, {counts[1]} reduced"
    return {f"{name}, sweep": Figure(times[0] / times[1], note=note)}


def measure(large: bool) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    sizes = {1: 0.066, 2: 0.025 if large else 0.05, 3: 0.12 if large else 0.15}
    for dimension, resolution in sizes.items():
        plain = pair(dimension, resolution, exchange=FIELD)
        nodes = plain[0].device.space.size
        found |= one_energy(f"{dimension}D, {nodes} nodes, real energy", plain, 0.3)
        found |= one_energy(f"{dimension}D, {nodes} nodes, Matsubara", plain, 0.6j)
        found |= sweep(f"{dimension}D, {nodes} nodes", plain, 41)
    coupled = pair(2, sizes[2], exchange=FIELD, tau_so=2.1)
    found |= one_energy("2D with spin relaxation, real energy", coupled, 0.3)
    found |= one_energy("2D without spin, real energy", pair(2, sizes[2]), 0.3)
    return found


if __name__ == "__main__":
    run(measure, __doc__)
