"""Small devices that several verification tests share.

No constant is 1 where a power of it could hide an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import usadel_fem
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.solution import Solution
from usadel_fem.solver.critical import largest_eigenvalue

D, N_F, DELTA, T = 1.3, 0.7, 0.83, 0.21

TC = DELTA * np.exp(np.euler_gamma) / np.pi
"""T_c of a superconductor whose gap at T = 0 is DELTA (weak coupling)."""

TILTED = np.array([0.36, -0.48, 0.8])
"""A unit vector along no axis."""

Table = Mapping[str, Any]


def run(**tables: Any) -> Solution:
    """Solve a case given by its tables; every energy must converge."""
    solution = usadel_fem.solve(Case(**tables))
    assert solution.converged, solution.summary
    return solution


def grain(material: Table, length: float = 0.4, **solve: Any) -> Solution:
    """An isolated homogeneous piece: two elements, the exact solution is uniform."""
    return run(
        mesh={"shape": "wire", "length": length, "elements": 2},
        material={"S": {"D": D, "N_F": N_F, **material}},
        region={"wire": "S"},
        solve=solve,
    )


def wire(
    material: Table, terminal: Table, length: float, elements: int, *, grading: float = 1.0, **solve: Any
) -> Solution:
    """A wire of one material."""
    return run(
        mesh={"shape": "wire", "length": length, "elements": elements, "grading": grading},
        material={"N": {"D": D, "N_F": N_F, **material}},
        region={"wire": "N"},
        terminal=dict(terminal),
        solve=solve,
    )


def stack(
    layers: Sequence[tuple[str, float, int]],
    material: Table,
    terminal: Table,
    interface: Table | None = None,
    grading: float = 1.0,
    **solve: Any,
) -> Solution:
    """Layers (region and material, thickness, elements) along x."""
    return run(
        mesh={
            "shape": "layers",
            "grading": grading,
            "layers": [{"region": r, "length": d, "elements": n} for r, d, n in layers],
        },
        material=dict(material),
        region={r: r for r, _, _ in layers},
        terminal=dict(terminal),
        interface=dict(interface or {}),
        solve=solve,
    )


def junction(phase: float, length: float, delta: float, elements: int, **solve: Any) -> Solution:
    """S–N–S: a normal wire between transparent reservoirs at phases ∓phase/2."""
    ends = {"left": {"Delta": delta, "phase": -phase / 2}, "right": {"Delta": delta, "phase": phase / 2}}
    return wire({}, ends, length, elements, **solve)


def bcs_dos(energy: NDArray[Any] | complex, delta: float = DELTA) -> NDArray[Any]:
    """Re ε/√(ε² − Δ²) at complex ε in the upper half plane."""
    e = np.asarray(energy, dtype=complex)
    return np.real(e / (1j * np.sqrt(delta**2 - e**2)))


def gap_edge(energies: NDArray[Any], dos: NDArray[Any], peaked: bool = False) -> float:
    """Where a density of states starts as √(ε − E_g)(1 + …), or peaked as 1/√(ε − E_g)(1 + …).

    N² or N⁻² at three energies, extrapolated to zero by a parabola.
    """
    square = np.asarray(dos, dtype=float) ** (-2 if peaked else 2)
    coefficients = np.polynomial.polynomial.polyfit(square, energies, 2)
    return float(coefficients[0])


def package_tc(case: Case, near: float) -> float:
    """T_c from the gap operator's largest eigenvalue at T = near(1 ± 5e-4): linear to where it is 1 (2e-7).

    What `critical_temperature` does, without its search.
    """
    device = build_device(case)
    assert device.forms.pairing is not None
    start = np.ones(device.forms.pairing.node.size, dtype=complex)
    low, high = near * 0.9995, near * 1.0005
    below, above = (largest_eigenvalue(device, t, start)[0] - 1 for t in (low, high))
    return float(low + below * (high - low) / (below - above))
