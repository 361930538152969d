"""Krylov iterations of hybrids of unlike materials.

Half superconductor, half ferromagnet with a rotating field of three gaps, 10 × 10 coherence lengths, 1681
nodes; with D of the two materials in a ratio of 10⁻⁴ and 10⁴, and on elements of second order.
"""

from __future__ import annotations

from benchmarks.common import Figure, run
from benchmarks.devices import COLD, WARM, hybrid
from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver

CASES = {
    "hard hybrid": (1.0, 1),
    "D of F 10⁻⁴ of S": (1e-4, 1),
    "D of F 10⁴ of S": (1e4, 1),
    "P2": (1.0, 2),
}


def counts(case: Case, name: str, target: str) -> dict[str, Figure]:
    """Krylov iterations and Newton steps of a cold energy and of a warm one beside it."""
    solver = DeviceSolver(build_device(case))
    g, cold = solver.solve(COLD)
    _, warm = solver.solve(WARM, g)
    assert cold.ok, cold
    assert warm.ok, warm
    return {
        f"{name}, cold": Figure(
            cold.krylov_iterations, target=target, note=f"{cold.newton_iterations} Newton steps"
        ),
        f"{name}, warm": Figure(warm.krylov_iterations, note=f"{warm.newton_iterations} Newton steps"),
    }


def measure(large: bool) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for name, parameters in CASES.items():
        found |= counts(hybrid(*parameters), name, "≤ 60" if name == "hard hybrid" else "")
    return found


if __name__ == "__main__":
    run(measure, __doc__)
