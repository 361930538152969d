"""Time of a Krylov iteration against a memory copy with the same traffic.

One iteration applies the Hessian and the preconditioner and orthogonalises against k earlier vectors. What
passes between processor and memory at least, for N nodes, E elements with n nodes each, Z nonzeros of K, with
m scalar matrices (K, spin relaxation, swapping), in d dimensions:

    Hessian         N (128 w + 128 Hw + 128 γ, γ̃ + 128 nodal term + 2·256 δǧ)
                    + Z (8 m + 4) + E n (4 + 8 d) + 8 E    matrices; spin Hall: nodes, ∂φ and weights
    preconditioner  N (128 r + 128 w + 128 γ, γ̃ + 4·256 columns in and out of the scalar solve)
                    + everything that the scalar factorisation or hierarchy holds, once
    basis           N (2·128 k + 2·128)                    each vector for its coefficient and its removal

in bytes. A copy of b bytes has a traffic of 2b; the time of the iteration is held against the copy whose
traffic is that sum. Sizes are such that nothing of this stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.common import Figure, median, rate, run, seconds
from benchmarks.devices import COLD, bar, strip
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.fem.forms import Forms
from usadel_fem.linearise import linearise
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import NewtonSystem

STEPS = 20
"""Of the Krylov run that is timed: its basis has 10 vectors in the mean."""

REPEATS = 3


def held(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of the arrays and sparse matrices that an object holds, forms excepted."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, Forms):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if sparse.issparse(thing):
        return thing.data.nbytes + thing.indices.nbytes
    if type(thing).__name__ == "SuperLU":
        return thing.nnz * (thing.U.dtype.itemsize + 4)  # type: ignore[attr-defined]
    if isinstance(thing, list | tuple):
        return sum(held(item, seen) for item in thing)
    if is_dataclass(thing):
        return sum(held(getattr(thing, f.name), seen) for f in fields(thing))
    return sum(held(item, seen) for item in getattr(thing, "__dict__", {}).values())


def hessian_bytes(forms: Forms, elements: int, dimension: int) -> int:
    """The Hessian's line of the table above."""
    matrices = 1 + (forms.spin_relaxation is not None) + len(forms.swapping)
    nonzeros = int(forms.scalar_stiffness.nnz)
    corners = dimension + 1
    hall = elements * (corners * (4 + 8 * dimension) + 8) if forms.spin_hall is not None else 0
    return forms.size * 1024 + nonzeros * (8 * matrices + 4) + hall


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
    count = {
        "Hessian": hessian_bytes(device.forms, elements, device.space.dimension),
        "preconditioner": n * 1408 + held(preconditioner),
        "basis": n * (128 * STEPS + 256),
    }

    def krylov() -> int:
        return system.krylov(w, 1e-30, STEPS).iterations

    found: dict[str, list[float]] = {"iteration": [], "Hessian": [], "preconditioner": []}
    steps = krylov()
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
    kept = f"{n:,} nodes, {sum(count.values()) / n / 1e3:.1f} kB per node"
    return {
        "Krylov iteration over memory copy": median(found["iteration"], "", target, kept),
        "Hessian alone": median(found["Hessian"]),
        "preconditioner alone": median(found["preconditioner"]),
        "traffic of the copy": Figure(bytes_per_second / 1e9, "GB/s"),
    }


def measure(large: bool) -> dict[str, Figure]:
    cases = {"2D": strip(100_000), "3D": bar(200_000 if large else 50_000)}
    return {f"{n}: {key}": f for n, case in cases.items() for key, f in iteration(case, "≤ 2").items()}


if __name__ == "__main__":
    run(measure, __doc__)
