"""Time of a Krylov iteration against a memory copy with the same traffic.

One iteration applies the Hessian and the preconditioner and orthogonalises against k earlier vectors, all in
single precision. What passes between processor and memory at least, for N free nodes, Q quadrature points of
the spin Hall form with n nodes each and N' rows of all levels, in d dimensions:

    Hessian         N (64 w + 64 γ, γ̃ + 64 nodal term + 2·128 δǧ)
                    + rows, columns and entries of the coupling; spin Hall: Q (n (4 + 4 (d + 1)) + 4)
    preconditioner  N' 4·128 read and written forth and back + N (64 γ, γ̃ + 64 w)
                    + order, inverse diagonals and entries of all levels, forth and back
    basis           N (2·64 k + 64 + 128)                  each vector for its coefficient and its removal

in bytes. A copy of b bytes has a traffic of 2b; the time of the iteration is held against the copy whose
traffic is that sum. Sizes are such that nothing of this stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.common import Figure, median, rate, run, seconds
from benchmarks.devices import COLD, bar, strip
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.kernels.steps import packed
from usadel_fem.linearise import linearise
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import RESTART, NewtonSystem
from usadel_fem.solver.multigrid import Rows

TOLERANCE = 1.1e-5
"""Of the Krylov run that is timed: a dozen steps, as in the last Newton step of an energy."""

REPEATS = 3


def hessian_bytes(rows: Any, dimension: int) -> int:
    """The Hessian's lines of the table above, for `kernels.steps.FreeRows`."""
    coupling = sum(array.nbytes for array in rows.coupling if array is not None)
    hall = 0
    if rows.spin_hall:
        nodes, _, weight = rows.spin_hall
        hall = nodes.size * (4 + 4 * (dimension + 1)) + weight.nbytes
    return rows.tiles * 16 * 448 + coupling + hall


def preconditioner_bytes(nodes: int, rows: Rows) -> int:
    """The preconditioner's."""
    matrix = sum(array.nbytes for array in (*rows.lower, *rows.upper))
    return nodes * 128 + rows.starts[-1] * (512 + 16) + matrix + 2 * (rows.order.nbytes + rows.before.nbytes)


def copy_rate(megabytes: int) -> float:
    """Bytes per second of traffic of a plain copy."""
    one = np.ones(megabytes * 2**17)
    two = np.empty_like(one)
    return 2 * one.nbytes / rate(lambda: np.copyto(two, one))


def iteration(case: Case, target: str, repeats: int = REPEATS, megabytes: int = 256) -> dict[str, Figure]:
    """Ratios of one iteration and of its parts to the copies of their bytes."""
    device = build_device(case)
    solver = DeviceSolver(device)
    g, report = solver.solve(COLD)
    assert report.ok, report
    omega = solver.source(COLD)
    tangents = linearise(device.forms, g, omega, solver.solver.free)
    preconditioner = solver.solver.preconditioner
    preconditioner.prepare(tangents, omega)
    system = NewtonSystem(tangents, preconditioner)
    random = np.random.default_rng(3)
    right = random.normal(size=(*system.residual().shape, 2)) @ np.array([1, 1j])
    free, n = preconditioner.free_rows(2), right.shape[0]
    step = tangents.in_tiles(free)
    w, rows = packed(right, tangents.rooms, step.size), preconditioner.rows(2)
    out = np.empty_like(w)

    def krylov() -> int:
        return system.krylov(right, TOLERANCE, RESTART).iterations

    found: dict[str, list[float]] = {"iteration": [], "Hessian": [], "preconditioner": []}
    steps = krylov()
    count = {
        "Hessian": hessian_bytes(free, device.space.dimension),
        "preconditioner": preconditioner_bytes(n, preconditioner.hierarchy.rows),
        "basis": n * (64 * steps + 192),
    }
    parts: dict[str, Callable[[], Any]] = {
        "Hessian": lambda: step.forces(w, rows),
        "preconditioner": lambda: preconditioner.of_tiles(step, out),
    }
    for _ in range(repeats):
        bytes_per_second = copy_rate(megabytes)
        copied = sum(count.values()) / bytes_per_second
        found["iteration"].append(seconds(krylov)[0] / steps / copied)
        for name, part in parts.items():
            found[name].append(rate(part, 0.0) * bytes_per_second / count[name])
    kept = f"{n:,} nodes, {sum(count.values()) / n / 1e3:.1f} kB per node, {steps} iterations"
    return {
        "Krylov iteration over memory copy": median(found["iteration"], "", target, kept),
        "Hessian alone": median(found["Hessian"]),
        "preconditioner alone": median(found["preconditioner"]),
        "traffic of the copy": Figure(bytes_per_second / 1e9, "GB/s"),
    }


def measure(large: bool) -> dict[str, Figure]:
    nodes = 200_000 if large else 50_000
    cases = {
        "2D": strip(100_000),
        "2D without spin Hall": strip(100_000, theta=0.0),
        "3D": bar(nodes),
        "3D without spin Hall": bar(nodes, theta=0.0),
    }
    return {f"{n}: {key}": f for n, case in cases.items() for key, f in iteration(case, "≤ 2").items()}


if __name__ == "__main__":
    run(measure, __doc__)
