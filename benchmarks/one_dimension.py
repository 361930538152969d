"""A spectrum of 1000 energies on a line of 151 nodes, against single energies and a textbook solver.

    python benchmarks/one_dimension.py [--json FILE] [--energies N]

A ferromagnetic wire with a rotating field and spin relaxation between two superconducting reservoirs at
different phases: the full 4×4 problem.  The textbook solver is `scipy.integrate.solve_bvp` on the Riccati
amplitudes, each energy from the solution of the one before, on a mesh of its own; errors of all are against
a fine mesh of second order.  Processor time with one BLAS thread; every ratio is of one run.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import scipy
from scipy.integrate import solve_bvp
from threadpoolctl import threadpool_limits

from usadel_fem import Case
from usadel_fem.device import Device, build_device
from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.nambu import PAULI, inverse_2x2, riccati
from usadel_fem.solver.energies import DeviceSolver

LENGTH, D, TAU_SO, GAMMA = 3.0, 1.3, 2.1, 0.01
PHASE = {"left": 0.0, "right": 1.1}
FIELD = ("0.9*cos(1.2*x)", "0.9*sin(1.2*x)", 0.3)
HIGHEST = 1.5
NODES, ALONE, WINDOWS, WINDOW = 151, 40, (0.2, 0.75, 1.2), 8
COLLOCATION = 1e-4
"""Tolerance of solve_bvp at which it is about as accurate as second-order elements on 151 nodes."""


def wire(order: int, elements: int, linear: str = "auto") -> Device:
    return build_device(
        Case(
            mesh={"shape": "wire", "length": LENGTH, "elements": elements, "order": order},
            material={"F": {"D": D, "exchange": list(FIELD), "tau_so": TAU_SO}},
            region={"wire": "F"},
            terminal={name: {"Delta": 1.0, "phase": phase} for name, phase in PHASE.items()},
            solve={"kind": "spectrum", "energies": [0.0], "broadening": GAMMA, "linear": linear},
        )
    )


def seconds_per_energy(device: Device, energies: np.ndarray) -> tuple[float, list, dict[complex, np.ndarray]]:
    """Processor time, reports, and ǧ at the energies at which errors are taken."""
    solver, reports, kept = DeviceSolver(device), [], {}
    began = time.process_time()
    for index, g, report in solver.sweep(energies.astype(complex)):
        assert report.ok, report
        reports.append(report)
        kept[index] = g
    return (time.process_time() - began) / energies.size, reports, kept


def textbook(energy: complex):
    """Right-hand side of the Riccati equations, y = (γ, γ̃, γ′, γ̃′) in real and imaginary parts, (32, m).

    (In complex numbers the step control of solve_bvp takes z·z for |z|² and fails.)
    γ″ + 2γ′γ̃Nγ′ + (X_eeγ + X_eh − γX_heγ − γX_hh)/D = 0 with X = i(ε + h·σ)τ₃ − σ^aǧσ^a/8τ_so, N = (1 − γγ̃)⁻¹
    and the same with tildes and e ↔ h, X → −X.
    """
    eye = np.eye(2)

    def sandwich(x):
        return 2 * np.trace(x, axis1=1, axis2=2)[:, None, None] * eye - x

    def rhs(x, y):
        a, b, da, db = as_complex(y).reshape(4, 2, 2, -1).transpose(0, 3, 1, 2)
        n, m = inverse_2x2(eye - a @ b), inverse_2x2(eye - b @ a)
        h = np.stack([0.9 * np.cos(1.2 * x), 0.9 * np.sin(1.2 * x), 0.3 + 0 * x])
        own = 1j * (energy * eye + np.einsum("ax,aij->xij", h, PAULI[1:]))
        rate = 1 / (8 * TAU_SO)
        ee, eh = own - rate * sandwich(2 * n - eye), rate * sandwich(2 * n @ a)
        he, hh = -rate * sandwich(2 * m @ b), -own - rate * sandwich(eye - 2 * m)
        dda = -2 * da @ b @ n @ da - (ee @ a + eh - a @ he @ a - a @ hh) / D
        ddb = -2 * db @ a @ m @ db + (he + hh @ b - b @ ee - b @ eh @ b) / D
        return as_real(np.stack([da, db, dda, ddb]).transpose(0, 2, 3, 1).reshape(16, -1))

    return rhs


def as_complex(y: np.ndarray) -> np.ndarray:
    return y[: len(y) // 2] + 1j * y[len(y) // 2 :]


def as_real(z: np.ndarray) -> np.ndarray:
    return np.concatenate([z.real, z.imag])


def collocation(energies: np.ndarray) -> tuple[float, list]:
    """Processor time per energy of solve_bvp along the energies, the first being a warm-up; solutions."""
    x, y, found, spent = np.linspace(0, LENGTH, NODES), np.zeros((32, NODES)), [], 0.0
    for k, real in enumerate(energies):
        energy = complex(real) + 1j * GAMMA
        ends = [np.ravel(riccati(bulk(energy, np.exp(1j * phase)))) for phase in PHASE.values()]

        def boundary(left, right, ends=ends):
            return as_real(np.concatenate([as_complex(left)[:8] - ends[0], as_complex(right)[:8] - ends[1]]))

        began = time.process_time()
        solution = solve_bvp(textbook(energy), boundary, x, y, tol=COLLOCATION, max_nodes=5000)
        spent += (time.process_time() - began) * (k > 0)
        assert solution.status == 0, solution.message
        x, y = solution.x, solution.y
        found.append(solution)
    return spent / (energies.size - 1), found


def amplitudes(device: Device, g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """γ and γ̃ at places that are nodes, (8, n)."""
    nodes = device.nodes[:, 0]
    at = np.abs(nodes[:, None] - x).argmin(axis=0)
    assert np.abs(nodes[at] - x).max() < 1e-9
    return np.stack(riccati(g[at])).transpose(0, 2, 3, 1).reshape(8, -1)


def measure(count: int) -> dict[str, float]:
    energies = np.linspace(0.0, HIGHEST, count)
    places = np.linspace(0, LENGTH, 76)[1:-1]
    starts = [int(np.searchsorted(energies, first)) for first in WINDOWS]
    windows = [energies[k : k + WINDOW] for k in starts]
    fine = wire(2, 8 * (NODES - 1))
    exact = [DeviceSolver(fine).solve(window[-1])[0] for window in windows]
    exact = [amplitudes(fine, g, places) for g in exact]
    found: dict[str, float] = {}
    for name, order in (("P1", 1), ("P2", 2)):
        elements = (NODES - 1) // order
        device = wire(order, elements)
        seconds, reports, kept = seconds_per_energy(device, energies)
        alone, single, _ = seconds_per_energy(wire(order, elements, "krylov"), energies[:: count // ALONE])
        dense, _, _ = seconds_per_energy(
            wire(order, elements, "krylov"), energies[starts[1] : starts[1] + ALONE]
        )
        found |= {
            f"{name}_milliseconds": 1e3 * seconds,
            f"{name}_steps": float(np.mean([r.newton_iterations for r in reports])),
            f"{name}_krylov_milliseconds_dense_grid": 1e3 * dense,
            f"{name}_krylov_milliseconds_coarse_grid": 1e3 * alone,
            f"{name}_krylov_steps_coarse_grid": float(np.mean([r.newton_iterations for r in single])),
            f"{name}_error": max(
                float(np.abs(amplitudes(device, kept[k + WINDOW - 1], places) - e).max())
                for k, e in zip(starts, exact, strict=True)
            ),
        }
    runs = [collocation(window) for window in windows]
    book = float(np.mean([seconds for seconds, _ in runs]))
    found["solve_bvp_milliseconds"] = 1e3 * book
    found["solve_bvp_nodes"] = float(np.mean([s.x.size for _, window in runs for s in window]))
    found["solve_bvp_error"] = max(
        float(np.abs(as_complex(window[-1].sol(places))[:8] - e).max())
        for (_, window), e in zip(runs, exact, strict=True)
    )
    for name in ("P1", "P2"):
        own = found[f"{name}_milliseconds"]
        found[f"solve_bvp_over_{name}"] = 1e3 * book / own
        found[f"krylov_over_{name}"] = found[f"{name}_krylov_milliseconds_dense_grid"] / own
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--energies", type=int, default=1000)
    arguments = parser.parse_args()
    with threadpool_limits(1):
        figures = measure(arguments.energies)
    versions = {m.__name__: m.__version__ for m in (np, scipy)}
    report = {"machine": platform.machine(), "python": platform.python_version(), **versions, **figures}
    for name, value in report.items():
        print(f"{name:34s} {value:.4g}" if isinstance(value, float) else f"{name:34s} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
