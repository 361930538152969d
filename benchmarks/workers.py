"""One worker against two on a spectrum of 64 energies: wall-clock time, processes and threads.

Runs with one and with two workers take turns, so that whatever else the machine does meets both; a ratio
compares neighbours in time, and the median of all counts. The sweep has workers that are awake; the whole run
is all of `solve`, from loading the mesh and starting processes to the observables. Newton steps tell what is
lost at the seams of the sweep.  On a machine that others use, wall-clock ratios say little; the processor
ratio is what is left of 2 by the seams, by sending fields and by handing out pieces: twice the processor time
of one worker over that of all processes of two.
"""

from __future__ import annotations

import os
import time

import numpy as np

import usadel_fem as uf
from benchmarks.common import Figure, median, run
from benchmarks.devices import strip
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


def measure(large: bool, nodes: int = 4_000, repeats: int = 3) -> dict[str, Figure]:
    """Ratios of one worker to two; large: on more nodes."""
    case = spectrum(3 * nodes if large else nodes)
    device = build_device(case)
    found: dict[str, list[float]] = {}
    steps: dict[str, int] = {}
    sweep_seconds(device, None)  # whatever is prepared once
    for _ in range(repeats):
        for kind in KINDS:
            one, one_spent, steps["one"] = sweep_seconds(device, None)
            two, two_spent, steps[kind] = sweep_seconds(device, kind)
            found.setdefault(f"sweep, 2 {kind}", []).append(one / two)
            found.setdefault(f"processor time, 2 {kind}", []).append(2 * one_spent / two_spent)
            whole = run_seconds(case, None) / run_seconds(case, kind)
            found.setdefault(f"whole run, 2 {kind}", []).append(whole)
    targets = {"sweep, 2 processes": "≥ 1.85"}
    figures = {name: median(values, target=targets.get(name, "")) for name, values in found.items()}
    figures |= {f"Newton steps, {name}": Figure(count) for name, count in steps.items()}
    return {"nodes": Figure(device.space.size), "energies": Figure(ENERGIES), **figures}


if __name__ == "__main__":
    run(measure, __doc__)
