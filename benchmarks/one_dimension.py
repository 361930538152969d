"""A spectrum of 1000 energies on a line of 151 nodes, against single energies and a textbook solver.

A ferromagnetic wire with a rotating field and spin relaxation between two superconducting reservoirs at
different phases: the full 4×4 problem.  The textbook solver is `scipy.integrate.solve_bvp` on the Riccati
amplitudes, each energy from the solution of the one before, on a mesh of its own; errors of all are against
a fine mesh of second order.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.integrate import solve_bvp

from benchmarks.common import Figure, run
from usadel_fem import Case
from usadel_fem.device import Device, build_device
from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.nambu import PAULI, inverse_small, riccati
from usadel_fem.solver.energies import DeviceSolver

LENGTH, D, TAU_SO, GAMMA = 3.0, 1.3, 2.1, 0.01
COUNT = 1000
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
        n, m = inverse_small(eye - a @ b), inverse_small(eye - b @ a)
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


def measure(large: bool, count: int = COUNT) -> dict[str, Figure]:
    """Milliseconds per energy of both orders, and what the others take; large changes nothing."""
    energies = np.linspace(0.0, HIGHEST, count)
    places = np.linspace(0, LENGTH, 76)[1:-1]
    starts = [int(np.searchsorted(energies, first)) for first in WINDOWS]
    windows = [energies[k : k + WINDOW] for k in starts]
    fine = wire(2, 8 * (NODES - 1))
    exact = [amplitudes(fine, DeviceSolver(fine).solve(window[-1])[0], places) for window in windows]
    book, pages, error = textbooks(windows, places, exact)
    figures = {}
    for name, order in (("P1", 1), ("P2", 2)):
        elements = (NODES - 1) // order
        device, single = wire(order, elements), wire(order, elements, "krylov")
        seconds_per_energy(device, energies[:3])  # whatever is prepared once
        own, reports, kept = seconds_per_energy(device, energies)
        one, _, _ = seconds_per_energy(single, energies[starts[1] : starts[1] + ALONE])
        off = max(
            float(np.abs(amplitudes(device, kept[k + WINDOW - 1], places) - e).max())
            for k, e in zip(starts, exact, strict=True)
        )
        steps = float(np.mean([r.newton_iterations for r in reports]))
        figures |= {
            f"{name}, per energy": Figure(1e3 * own, "ms", target="≤ 4", note=f"{count} energies"),
            f"{name}, Newton steps per energy": Figure(steps),
            f"{name}, single energies over batch": Figure(one / own, note="krylov, dense grid"),
            f"{name}, solve_bvp over batch": Figure(book / own),
            f"{name}, largest error of γ": Figure(off),
        }
    return figures | {
        "solve_bvp, per energy": Figure(1e3 * book, "ms", note=f"tolerance {COLLOCATION:g}"),
        "solve_bvp, nodes": Figure(pages),
        "solve_bvp, largest error of γ": Figure(error),
    }


def textbooks(
    windows: list[np.ndarray], places: np.ndarray, exact: list[np.ndarray]
) -> tuple[float, float, float]:
    """Seconds per energy of solve_bvp, its nodes, its largest error at the last energies."""
    runs = [collocation(window) for window in windows]
    error = max(
        float(np.abs(as_complex(found[-1].sol(places))[:8] - e).max())
        for (_, found), e in zip(runs, exact, strict=True)
    )
    nodes = float(np.mean([s.x.size for _, found in runs for s in found]))
    return float(np.mean([seconds for seconds, _ in runs])), nodes, error


if __name__ == "__main__":
    run(measure, __doc__)
