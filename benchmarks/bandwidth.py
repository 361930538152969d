"""Time of a Krylov iteration against a memory copy with the same traffic.

One iteration applies the Hessian and the preconditioner and orthogonalises against k earlier vectors, all in
single precision. For N free nodes, Q quadrature points of the spin Hall form with n nodes each and N' rows of
all levels, in d dimensions, what its operands have in bytes is

    Hessian         N (64 w + 64 γ, γ̃ + 64 nodal term)
                    + rows, columns and entries of the coupling; spin Hall: Q (n (4 + 4 (d + 1)) + 4)
    preconditioner  2·128 N' written forth, read back; N (64 γ, γ̃ + 64 w)
                    + order, inverse diagonals and entries of all levels, forth and back
    basis           N (2·64 k + 128)                       each vector for its coefficient and its removal

That passes between processor and memory in any case. If every part were done with before the next begins,
these would pass too, which `kernels.stream` keeps in the cache:

    Hessian         2·128 N of δǧ
    preconditioner  2·128 N' read forth, written back
    basis           64 N of the image

A copy of b bytes has a traffic of 2b; the time of the iteration is held against the copies whose traffic are
both sums. Sizes are such that nothing else of this stays in the cache.
"""

from __future__ import annotations

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


def hessian_bytes(nodes: int, free: Any, dimension: int) -> int:
    """The Hessian's part of the first sum above, for `kernels.steps.FreeRows`."""
    coupling = sum(array.nbytes for array in free.coupling if array is not None)
    hall = 0
    if free.spin_hall:
        points, _, weight = free.spin_hall
        hall = points.size * (4 + 4 * (dimension + 1)) + weight.nbytes
    return nodes * 192 + coupling + hall


def preconditioner_bytes(nodes: int, cycle: Rows) -> int:
    """The preconditioner's."""
    matrix = sum(array.nbytes for array in (*cycle.lower, *cycle.upper))
    return (
        nodes * 128 + cycle.starts[-1] * (256 + 16) + matrix + 2 * (cycle.order.nbytes + cycle.before.nbytes)
    )


def basis_bytes(nodes: int, steps: int) -> int:
    """The basis's, for a mean of steps/2 earlier vectors."""
    return nodes * (64 * steps + 128)


def between(nodes: int, cycle: Rows) -> float:
    """What the second sum has besides."""
    return nodes * (256 + 64) + cycle.starts[-1] * 256


def copy_rate(megabytes: int) -> float:
    """Bytes per second of traffic of a plain copy."""
    one = np.ones(megabytes * 2**17)
    two = np.empty_like(one)
    return 2 * one.nbytes / rate(lambda: np.copyto(two, one))


def iteration(case: Case, target: str, repeats: int = REPEATS, megabytes: int = 256) -> dict[str, Figure]:
    """Ratios of one iteration to the copies of its bytes, and its parts."""
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
    w, out = packed(right, tangents.rooms, step.size), np.empty(step.size, np.float32)

    def krylov() -> int:
        return system.krylov(right, TOLERANCE, RESTART).iterations

    steps, cycle = krylov(), preconditioner.hierarchy.rows
    least = hessian_bytes(n, free, device.space.dimension) + preconditioner_bytes(n, cycle)
    least += basis_bytes(n, steps)
    most = least + between(n, cycle)
    found: dict[str, list[float]] = {"least": [], "most": [], "operator": []}
    for _ in range(repeats):
        bytes_per_second = copy_rate(megabytes)
        taken = seconds(krylov)[0] / steps
        found["least"].append(taken * bytes_per_second / least)
        found["most"].append(taken * bytes_per_second / most)
        found["operator"].append(rate(lambda: preconditioner.of_tiles(step, w, out), 0.0) / taken)
    kept = f"{n:,} nodes, {least / n / 1e3:.1f} kB per node, {steps} iterations"
    parts = f"{most / n / 1e3:.1f} kB per node"
    return {
        "Krylov iteration over memory copy": median(found["least"], "", target, kept),
        "if every part passed through memory": median(found["most"], "", "", parts),
        "part of it that is not Gram–Schmidt": median(found["operator"]),
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
