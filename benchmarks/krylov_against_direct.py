"""A warm energy: matrix-free GMRES against the same Newton with a direct solver; memory against nodes.

    python benchmarks/krylov_against_direct.py [--json FILE]

Every figure is a ratio or a count measured in this one run, with one BLAS thread. The device is a strip
between two superconducting reservoirs whose right half has a rotating exchange field, spin relaxation,
spin Hall and swapping: the full 4×4 problem on P1 elements. Counts of iterations follow for hybrids of
unlike materials, half superconductor, half ferromagnet with a rotating field of three gaps.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy
import skfem
from threadpoolctl import threadpool_limits

from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver

COLD, WARM = 0.50, 0.48
DIRECT_NODES = 10_000
MEMORY_NODES = (4_000, 12_000, 24_000)


def strip(nodes: int) -> Case:
    """A 4 × 2 strip with about `nodes` P1 nodes."""
    return Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "N", "length": 2.0}, {"region": "F", "length": 2.0}],
            "width": 2.0,
            "resolution": float(np.sqrt(8.0 / nodes)),
            "order": 1,
        },
        material={
            "N": {"D": 1.0},
            "F": {
                "D": 1.5, "N_F": 0.7, "theta": 0.2, "kappa": 0.2, "tau_so": 3.0,
                "exchange": ["0.5*cos(x)", "0.5*sin(x)", 0.2],
            },
        },
        region={"N": "N", "F": "F"},
        terminal={"left": {"Delta": 1.0}, "right": {"Delta": 1.0, "phase": 1.0}},
        solve={"kind": "spectrum", "energies": [COLD, WARM], "broadening": 0.01},
    )  # fmt: skip


HYBRIDS = {
    "hard_hybrid": (1.0, 1),
    "hybrid_D_1e-4": (1e-4, 1),
    "hybrid_D_1e4": (1e4, 1),
    "hybrid_P2": (1.0, 2),
}


def hybrid(contrast: float, order: int) -> Case:
    """10 × 10 coherence lengths; D of the ferromagnet in units of the superconductor's."""
    return Case(
        mesh={
            "shape": "layers",
            "layers": [{"region": "S", "length": 5.0}, {"region": "F", "length": 5.0}],
            "width": 10.0,
            "resolution": 0.25 * order,
            "order": order,
        },
        material={
            "S": {"D": 1.0, "Delta": 1.0},
            "F": {"D": contrast, "exchange": ["3*cos(1.3*y)", "3*sin(1.3*y)", 0.0]},
        },
        region={"S": "S", "F": "F"},
        solve={"kind": "spectrum", "energies": [COLD, WARM], "broadening": 0.01},
    )


def hybrid_counts() -> dict[str, int]:
    """Krylov iterations of a cold and of a warm energy."""
    counts = {}
    for name, parameters in HYBRIDS.items():
        solver = DeviceSolver(build_device(hybrid(*parameters)))
        _, g, cold = timed(solver, COLD)
        _, _, warm = timed(solver, WARM, g)
        counts |= {f"{name}_cold": cold.krylov_iterations, f"{name}_warm": warm.krylov_iterations}
    return counts


def sweep_against_cold() -> dict[str, float]:
    """Krylov iterations per energy along 25 energies, and of the same energies from cold starts."""
    device = build_device(strip(3_700))
    energies = [complex(e) for e in np.linspace(0.0, 1.2, 25)]
    swept = [report.krylov_iterations for _, _, report in DeviceSolver(device).sweep(energies)]
    alone = DeviceSolver(device)
    cold = [alone.solve(energy)[1].krylov_iterations for energy in energies]
    return {"sweep_krylov": float(np.mean(swept)), "cold_krylov_of_sweep": float(np.mean(cold))}


def timed(solver: DeviceSolver, energy: complex, start=None):
    """Processor time in seconds, ǧ, report."""
    began = time.process_time()
    g, report = solver.solve(energy, start)
    assert report.ok, report
    return time.process_time() - began, g, report


def against_direct() -> dict[str, float]:
    device = build_device(strip(DIRECT_NODES))
    krylov, direct = DeviceSolver(device), DeviceSolver(device)
    direct.solver.options = replace(direct.solver.options, linear="direct")
    cold_seconds, g, cold = timed(krylov, COLD)
    warm_seconds, warm_g, warm = timed(krylov, WARM, g)
    direct_seconds, direct_g, reference = timed(direct, WARM, g)
    return {
        "nodes": device.space.size,
        "cold_newton": cold.newton_iterations,
        "cold_krylov": cold.krylov_iterations,
        "warm_newton": warm.newton_iterations,
        "warm_krylov": warm.krylov_iterations,
        "direct_newton": reference.newton_iterations,
        "cold_over_warm": cold_seconds / warm_seconds,
        "direct_over_krylov_warm": direct_seconds / warm_seconds,
        "difference": float(np.abs(warm_g - direct_g).max()),
        "warm_seconds": warm_seconds,
    }


def peak_resident() -> float:
    """Largest resident size of this process (MB), from Linux: getrusage would report the parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def peak_megabytes(nodes: int) -> tuple[int, float, float]:
    """Nodes, growth of the peak memory of this process by one cold energy (MB), seconds."""
    with threadpool_limits(1):
        before = peak_resident()
        device = build_device(strip(nodes))
        seconds, _, _ = timed(DeviceSolver(device), COLD)
        return device.space.size, peak_resident() - before, seconds


def memory() -> list[tuple[int, float, float]]:
    """One fresh process per size, so that peaks do not mix."""
    context = multiprocessing.get_context("spawn")
    found = []
    for nodes in MEMORY_NODES:
        with ProcessPoolExecutor(1, context) as pool:
            found.append(pool.submit(peak_megabytes, nodes).result())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with threadpool_limits(1):
        speed = against_direct() | hybrid_counts() | sweep_against_cold()
    sizes = memory()
    nodes, peaks, seconds = (np.array(column, dtype=float) for column in zip(*sizes, strict=True))
    speed["memory_exponent"] = float(np.polyfit(np.log(nodes), np.log(peaks), 1)[0])
    speed["time_exponent"] = float(np.polyfit(np.log(nodes), np.log(seconds), 1)[0])
    versions = {m.__name__: m.__version__ for m in (np, scipy, skfem)}
    report = {"machine": platform.machine(), "python": platform.python_version(), **versions, **speed}
    for name, value in report.items():
        print(f"{name:26s} {value:.4g}" if isinstance(value, float) else f"{name:26s} {value}")
    for count, peak, _ in sizes:
        print(f"  {count:8d} nodes: {peak:8.0f} MB, {1024 * peak / count:.1f} kB per node")
    if arguments.json:
        arguments.json.write_text(json.dumps({**report, "memory": sizes}, indent=2) + "\n")


if __name__ == "__main__":
    main()
