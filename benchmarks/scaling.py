"""Time, memory and Krylov iterations against the number of nodes.

The full 4×4 problem of `devices.METALS` on P1 elements, each size in a process of its own: the peak memory
is all that this process ever held, interpreter and mesh included. Exponents are least squares over the sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.common import Figure, exponent, in_fresh_process, peak_gigabytes, run, seconds
from benchmarks.devices import COLD, WARM, bar, strip
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver

SIZES = (10_000, 30_000, 100_000)
LARGE = (10_000, 100_000, 300_000, 1_000_000)
REPEATS = 3


@dataclass(frozen=True)
class Point:
    """What one size costs: seconds of mesh and matrices, of a cold and of a warm energy; GB; iterations."""

    nodes: int
    setup: float
    cold: float
    warm: float
    noise: float
    base: float
    peak: float
    cold_krylov: int
    warm_krylov: int


def point(make: Callable[[int], Case], nodes: int) -> Point:
    """Build and solve one size."""
    warm_up = DeviceSolver(build_device(make(500)))
    warm_up.solve(COLD)  # imports and compiled kernels are not part of any size
    base = peak_gigabytes()
    setup, solver = seconds(lambda: DeviceSolver(build_device(make(nodes))))
    cold, (g, first) = seconds(lambda: solver.solve(COLD))
    runs = [seconds(lambda: solver.solve(WARM, g)) for _ in range(REPEATS)]
    second = runs[0][1][1]
    assert first.ok, first
    assert second.ok, second
    times = [taken for taken, _ in runs]
    return Point(
        nodes=solver.device.space.size,
        setup=setup,
        cold=cold,
        warm=float(np.median(times)),
        noise=float(np.ptp(times) / np.median(times)),
        base=base,
        peak=peak_gigabytes(),
        cold_krylov=first.krylov_iterations,
        warm_krylov=second.krylov_iterations,
    )


def figures(points: list[Point]) -> dict[str, Figure]:
    """The figures of one dimension."""
    nodes = [float(p.nodes) for p in points]
    found = {
        "exponent of a warm energy": exponent(nodes, [p.warm for p in points], "≤ 1.05"),
        "exponent of a cold energy": exponent(nodes, [p.cold for p in points], "≤ 1.05"),
        "exponent of mesh and matrices": exponent(nodes, [p.setup for p in points]),
        "exponent of memory": exponent(nodes, [p.peak - p.base for p in points], "≤ 1.05"),
    }
    for p in points:
        where = f"at {p.nodes:,} nodes"
        found |= {
            f"warm energy {where}": Figure(p.warm, "s", p.noise),
            f"cold energy {where}": Figure(p.cold, "s"),
            f"peak memory {where}": Figure(p.peak, "GB"),
            f"Krylov iterations, cold, {where}": Figure(p.cold_krylov),
            f"Krylov iterations, warm, {where}": Figure(p.warm_krylov),
        }
    return found


def measure(large: bool, sizes: tuple[int, ...] | None = None) -> dict[str, Figure]:
    found = {}
    for name, make in {"2D": strip, "3D": bar}.items():
        points = [in_fresh_process(point, make, nodes) for nodes in sizes or (LARGE if large else SIZES)]
        found |= {f"{name}: {key}": figure for key, figure in figures(points).items()}
    return found


if __name__ == "__main__":
    run(measure, __doc__)
