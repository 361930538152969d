"""One worker against two on a spectrum of 64 energies: wall-clock time, processes and threads.

Runs with one and with two workers take turns, so that whatever else the machine does meets both; a ratio
compares neighbours in time, and the median of all counts. The sweep has workers that are awake; the whole run
is all of `solve`, from loading the mesh and starting processes to the observables; its parts tell where the
time goes. Newton steps and Krylov iterations tell what is lost at the seams of the sweep.  On a machine that
others use, wall-clock ratios say little; the processor ratio is what is left of 2 by the seams, by sending
fields and by handing out pieces: twice the processor time of one worker over that of all processes of two.
It also has what two cores lose to each other, whoever gives them work: two workers that do a whole sweep
each at once, against one of them alone, is what no scheduler can exceed on a machine.
"""

from __future__ import annotations

import os
import time

import numpy as np

import usadel_fem as uf
from benchmarks.common import Figure, median, run, seconds
from benchmarks.devices import strip
from usadel_fem import Case
from usadel_fem.allocator import keep_memory
from usadel_fem.device import Device, build_device
from usadel_fem.progress import SilentProgress
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.pool import Workers, hire

ENERGIES = 64
KINDS = ("processes", "threads")


def spectrum(nodes: int) -> Case:
    case = strip(nodes)
    energies = [complex(e) for e in np.linspace(0.0, 1.2, ENERGIES)]
    return case.model_copy(update={"solve": case.solve.model_copy(update={"energies": tuple(energies)})})


def sweep_seconds(device: Device, scheduler: str | None) -> tuple[float, float, tuple[int, int]]:
    """Wall-clock and processor time of the sweep, Newton steps and Krylov iterations: workers are awake."""
    energies = np.array(device.case.solve.energies, dtype=complex)
    crew = hire(2, scheduler) if scheduler else None
    try:
        workers = Workers(device, crew)
        spent = processor_time(workers)
        began = time.perf_counter()
        found = [report for _, _, report in workers.sweep(DeviceSolver, None, energies, range(ENERGIES))]
        assert all(report.ok for report in found)
        wall = time.perf_counter() - began
        steps = tuple(
            sum(getattr(report, name) for report in found)
            for name in ("newton_iterations", "krylov_iterations")
        )
        return wall, processor_time(workers) - spent, (steps[0], steps[1])
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


def bounds(device: Device) -> tuple[float, float]:
    """Twice the time of a whole sweep by one of two processes over that of two at once: wall, processor."""
    energies = np.array(device.case.solve.energies, dtype=complex)
    with hire(2, "processes") as crew:
        workers = Workers(device, crew)

        def walls(count: int) -> tuple[float, float]:
            spent = workers.gather(whole_sweep, [(energies,)] * count)
            return max(wall for wall, _ in spent), sum(cpu for _, cpu in spent) / count

        walls(2)  # whatever is prepared once
        (wall, cpu), (walls_two, cpus_two) = walls(1), walls(2)
        return 2 * wall / walls_two, 2 * cpu / cpus_two


def whole_sweep(bench, energies) -> tuple[float, float]:
    solver, began = bench.solver(DeviceSolver, None), time.perf_counter()
    spent, found = seconds(lambda: [report.ok for _, _, report in solver.sweep(energies.tolist())])
    assert all(found)
    return time.perf_counter() - began, spent


class Clock(SilentProgress):
    """When a run began, began and ended with its energies, and ended."""

    def __init__(self) -> None:
        self.first = self.last = self.began = time.perf_counter()

    def start(self, total: int | None, what: str) -> None:
        self.first = time.perf_counter()

    def advance(self, report: object) -> None:
        self.last = time.perf_counter()

    def shares(self) -> dict[str, float]:
        """Parts of the time so far."""
        now = time.perf_counter()
        parts = {
            "before": self.first - self.began,
            "energies": self.last - self.first,
            "after": now - self.last,
        }
        return {name: 100 * part / (now - self.began) for name, part in parts.items()}


def run_seconds(case: Case, scheduler: str | None) -> tuple[float, dict[str, float]]:
    """Wall-clock time, and what part of it goes before, for and after the energies, in percent."""
    clock = Clock()
    solution = uf.solve(case, jobs=2 if scheduler else 1, scheduler=scheduler, progress=clock)
    assert solution.converged
    return time.perf_counter() - clock.began, clock.shares()


def measure(large: bool, nodes: int = 4_000, repeats: int = 3) -> dict[str, Figure]:
    """Ratios of one worker to two; large: on more nodes. This process keeps memory, as workers do."""
    keep_memory()
    case = spectrum(3 * nodes if large else nodes)
    device = build_device(case)
    found: dict[str, list[float]] = {}
    steps: dict[str, tuple[int, int]] = {}
    shares: dict[str, list[float]] = {}
    sweep_seconds(device, None)  # whatever is prepared once
    run_seconds(case, "processes")
    for _ in range(repeats):
        for name, bound in zip(("sweep", "processor time"), bounds(device), strict=True):
            found.setdefault(f"{name}, at most here", []).append(bound)
        for kind in KINDS:
            one, one_spent, steps["one"] = sweep_seconds(device, None)
            two, two_spent, steps[kind] = sweep_seconds(device, kind)
            found.setdefault(f"sweep, 2 {kind}", []).append(one / two)
            found.setdefault(f"processor time, 2 {kind}", []).append(2 * one_spent / two_spent)
            (alone, parts), (both, parts_of_both) = run_seconds(case, None), run_seconds(case, kind)
            found.setdefault(f"whole run, 2 {kind}", []).append(alone / both)
            for who, split in (("one", parts), (f"2 {kind}", parts_of_both)):
                for part, share in split.items():
                    shares.setdefault(f"whole run, {who}: {part}", []).append(share)
    targets = {"sweep, 2 processes": "≥ 1.85"}
    figures = {name: median(values, target=targets.get(name, "")) for name, values in found.items()}
    figures |= {name: median(values, "%") for name, values in shares.items()}
    for name, (newton, krylov) in steps.items():
        figures[f"Newton steps, {name}"] = Figure(newton)
        figures[f"Krylov iterations, {name}"] = Figure(krylov)
    return {"nodes": Figure(device.space.size), "energies": Figure(ENERGIES), **figures}


if __name__ == "__main__":
    run(measure, __doc__)
