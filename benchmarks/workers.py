"""One worker against two on a spectrum of 64 energies: wall-clock time, processes and threads.

    python benchmarks/workers.py [--json FILE] [--nodes N] [--repeat R]

The device is the strip of `krylov_against_direct.py`. Runs with one and with two workers take turns, so that
whatever else the machine does meets both; a ratio compares neighbours in time, and the median of all counts.
`sweep_*` is the sweep over the energies with workers that are awake, `run_*` all of `solve`, from loading the
mesh and starting processes to the observables. Newton steps tell what is lost at the seams of the sweep.
On a machine that others use, wall-clock ratios say little; `processor_processes` is what is left of a ratio
of 2 by the seams, by sending fields and by handing out pieces: twice the processor time of one worker over
that of all processes of two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import scipy
from krylov_against_direct import strip
from threadpoolctl import threadpool_limits

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.device import Device, build_device
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.pool import Workers, hire

ENERGIES = 64
KINDS = ("processes", "threads")


def spectrum(nodes: int) -> Case:
    case = strip(nodes)
    energies = [complex(e) for e in np.linspace(0.0, 1.2, ENERGIES)]
    return case.model_copy(update={"solve": case.solve.model_copy(update={"energies": tuple(energies)})})


def sweep_seconds(device: Device, scheduler: str | None) -> tuple[float, float, int]:
    """Wall-clock and processor time of the sweep, and Newton steps, once the workers are awake."""
    energies = np.array(device.case.solve.energies, dtype=complex)
    crew = hire(2, scheduler) if scheduler else None
    try:
        workers = Workers(device, crew)
        spent = processor_time(workers)
        began = time.perf_counter()
        found = [report for _, _, report in workers.sweep(DeviceSolver, None, energies, range(ENERGIES))]
        assert all(report.ok for report in found)
        seconds = time.perf_counter() - began
        return seconds, processor_time(workers) - spent, sum(report.newton_iterations for report in found)
    finally:
        if crew is not None:
            crew.close()


def processor_time(workers: Workers) -> float:
    """Of this process and of those of the workers; each worker makes its device when it is first asked."""
    each = dict(workers.gather(own_time, [()] * workers.count))
    return sum(({os.getpid(): time.process_time()} | each).values())


def own_time(bench) -> tuple[int, float]:
    assert bench.device.space.size
    return os.getpid(), time.process_time()


def run_seconds(case: Case, scheduler: str | None) -> float:
    began = time.perf_counter()
    solution = uf.solve(case, jobs=2 if scheduler else 1, scheduler=scheduler)
    assert solution.converged
    return time.perf_counter() - began


def measure(nodes: int, repeat: int) -> dict[str, object]:
    case = spectrum(nodes)
    device = build_device(case)
    found: dict[str, list[float]] = {}
    steps: dict[str, int] = {}
    with threadpool_limits(1):
        sweep_seconds(device, None)  # whatever is prepared once
        for _ in range(repeat):
            for kind in KINDS:
                one, one_spent, steps["newton_one"] = sweep_seconds(device, None)
                two, two_spent, steps[f"newton_{kind}"] = sweep_seconds(device, kind)
                found.setdefault(f"sweep_{kind}", []).append(one / two)
                found.setdefault(f"processor_{kind}", []).append(2 * one_spent / two_spent)
                ratio = run_seconds(case, None) / run_seconds(case, kind)
                found.setdefault(f"run_{kind}", []).append(ratio)
                found.setdefault("seconds_per_energy", []).append(one / ENERGIES)
    report: dict[str, object] = {"nodes": device.space.size, "energies": ENERGIES, **steps}
    for name, values in found.items():
        report[name] = float(np.median(values))
        report[f"{name}_all"] = [round(v, 3) for v in sorted(values)]
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--nodes", type=int, default=4_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    report = {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load_before": before,
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in (np, scipy)},
        **measure(arguments.nodes, arguments.repeat),
    }
    for name, value in report.items():
        print(f"{name:26s} {value:.4g}" if isinstance(value, float) else f"{name:26s} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
