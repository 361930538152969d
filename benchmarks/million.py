"""One energy from a cold start on a million 3D nodes, full 4×4: where time and memory go.

The bar of `devices.bar` in a process of its own. The peak is all that the process ever held; per stage, how
much the peak grew. Without the large set a tenth of the nodes is run, and nothing is extrapolated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.common import Figure, in_fresh_process, peak_gigabytes, run, seconds
from benchmarks.devices import COLD, bar
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver


def stages(nodes: int) -> dict[str, Figure]:
    """Seconds and growth of the peak of each stage, in this process."""
    figures: dict[str, Figure] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        before = peak_gigabytes()
        taken, result = seconds(work)
        figures[name] = Figure(taken, "s")
        figures[f"{name}: growth of the peak"] = Figure(peak_gigabytes() - before, "GB")
        return result

    device = stage("mesh", lambda: build_device(bar(nodes)))
    stage("matrices", lambda: device.forms)
    solver = stage("solver", lambda: DeviceSolver(device))
    _, report = stage("cold energy", lambda: solver.solve(COLD))
    assert report.ok, report
    size, peak = device.space.size, peak_gigabytes()
    return {
        "nodes": Figure(size),
        "peak memory": Figure(peak, "GB", target="≤ 12" if size >= 1_000_000 else ""),
        "peak memory per node": Figure(peak / size * 1e6, "kB"),
        **figures,
        "Newton steps": Figure(report.newton_iterations),
        "Krylov iterations": Figure(report.krylov_iterations),
    }


def measure(large: bool, nodes: int = 100_000) -> dict[str, Figure]:
    return in_fresh_process(stages, 1_000_000 if large else nodes)


if __name__ == "__main__":
    run(measure, __doc__)
