"""Time of a Krylov iteration against a memory copy with the same traffic.

One iteration applies the Hessian and the preconditioner and orthogonalises against k earlier vectors. What
passes between processor and memory at least, for N nodes, E elements with n nodes each and N' nodes of
coarser levels, in d dimensions, where preconditioner and basis are in single precision:

    Hessian         N (128 w + 128 γ, γ̃ + 128 nodal term + 2·256 δǧ)
                    + merged matrices of the coupling; spin Hall: E n (4 + 8 d) + 8 E of nodes, ∂φ, weights
    preconditioner  (N + N') 4·128 columns in and out of the cycle + N (128 γ, γ̃ + 128 w)
                    + matrices, interpolations and inverse diagonals of all levels, once
    basis           N (2·64 k + 64 + 128)                  each vector for its coefficient and its removal

in bytes. A copy of b bytes has a traffic of 2b; the time of the iteration is held against the copy whose
traffic is that sum. Sizes are such that nothing of this stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.common import Figure, median, rate, run, seconds
from benchmarks.devices import COLD, bar, strip
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.fem.forms import Forms
from usadel_fem.linearise import linearise
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import RESTART, NewtonSystem
from usadel_fem.solver.multigrid import Level

TOLERANCE = 1.1e-5
"""Of the Krylov run that is timed: a dozen steps, as in the last Newton step of an energy."""

REPEATS = 3


def hessian_bytes(forms: Forms, elements: int, dimension: int) -> int:
    """The Hessian's lines of the table above."""
    matrices = sum(array.nbytes for array in forms.coupling.arrays)
    hall = elements * ((dimension + 1) * (4 + 8 * dimension) + 8) if forms.spin_hall is not None else 0
    return forms.size * 896 + matrices + hall


def preconditioner_bytes(nodes: int, levels: Sequence[Level]) -> int:
    """The preconditioner's: numbers and indices of four bytes, two row pointers, complex inverses."""
    rows = sum(level.diagonal.size for level in levels)
    entries = sum(level.couplings.nnz + level.up.nnz for level in levels)
    return nodes * 256 + rows * (512 + 8 + 8) + entries * 8


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
    w = random.normal(size=(*system.residual().shape, 2)) @ np.array([1, 1j])
    elements = device.mesh.regions["F"].size if "F" in device.mesh.regions else 0
    n = device.space.size

    def krylov() -> int:
        return system.krylov(w, TOLERANCE, RESTART).iterations

    found: dict[str, list[float]] = {"iteration": [], "Hessian": [], "preconditioner": []}
    steps = krylov()
    count = {
        "Hessian": hessian_bytes(device.forms, elements, device.space.dimension),
        "preconditioner": preconditioner_bytes(n, preconditioner.hierarchy.levels),
        "basis": n * (64 * steps + 192),
    }
    parts: dict[str, Callable[[], Any]] = {
        "Hessian": lambda: tangents.hessian(w),
        "preconditioner": lambda: system.preconditioned(w),
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
