"""The devices of the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from usadel_fem import Case

COLD, WARM = 0.50, 0.48
"""A cold start at the first energy, a warm one from there at the second."""

METALS: dict[str, Any] = {
    "N": {"D": 1.0},
    "F": {
        "D": 1.5, "N_F": 0.7, "theta": 0.2, "kappa": 0.2, "tau_so": 3.0,
        "exchange": ["0.5*cos(x)", "0.5*sin(x)", 0.2],
    },
}  # fmt: skip
"""Half normal, half ferromagnet with a rotating field, spin relaxation, spin Hall and swapping: full 4×4."""


def strip(nodes: int, **ferromagnet: float) -> Case:
    """2D: 4 × 2 coherence lengths between two superconductors, at least `nodes` P1 nodes.

    Args:
        nodes: see above.
        ferromagnet: what differs from `METALS`.
    """
    return _between_superconductors(_resolution(nodes, 2), ferromagnet, width=2.0)


def bar(nodes: int, **ferromagnet: float) -> Case:
    """3D: 4 × 2 × 2 coherence lengths, the same."""
    return _between_superconductors(_resolution(nodes, 3), ferromagnet, width=2.0, depth=2.0)


def _resolution(nodes: int, dimension: int) -> float:
    """Of the smallest grid of 2k × k or 2k × k × k steps that has so many nodes."""
    k = 1
    while (2 * k + 1) * (k + 1) ** (dimension - 1) < nodes:
        k += 1
    return 2.0 / k


def square(steps: int) -> Case:
    """2D: 2 × 2 coherence lengths, (steps + 1)² P1 nodes."""
    return _between_superconductors(2.0 / steps, {}, length=1.0, width=2.0)


def _between_superconductors(
    resolution: float, ferromagnet: Mapping[str, float], length: float = 2.0, **sizes: float
) -> Case:
    layers = [{"region": name, "length": length} for name in METALS]
    return Case(
        mesh={"shape": "layers", "layers": layers, "resolution": resolution, "order": 1, **sizes},
        material=METALS | {"F": METALS["F"] | dict(ferromagnet)},
        region={name: name for name in METALS},
        terminal={"left": {"Delta": 1.0}, "right": {"Delta": 1.0, "phase": 1.0}},
        solve={"kind": "spectrum", "energies": [COLD, WARM], "broadening": 0.01},
    )


def hybrid(contrast: float = 1.0, order: int = 1, side: float = 10.0) -> Case:
    """Half superconductor, half ferromagnet with a rotating field of three gaps, `side` coherence lengths.

    Args:
        contrast: D of the ferromagnet in units of the superconductor's.
        order: of the elements; the number of nodes stays.
    """
    layers = [{"region": name, "length": side / 2} for name in "SF"]
    return Case(
        mesh={
            "shape": "layers", "layers": layers, "width": side, "resolution": 0.25 * order, "order": order,
        },
        material={
            "S": {"D": 1.0, "Delta": 1.0},
            "F": {"D": contrast, "exchange": ["3*cos(1.3*y)", "3*sin(1.3*y)", 0.0]},
        },
        region={"S": "S", "F": "F"},
        solve={"kind": "spectrum", "energies": [COLD, WARM], "broadening": 0.01},
    )  # fmt: skip
