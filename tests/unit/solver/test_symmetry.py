"""The unknowns that a summary speaks of are those that Newton's method has."""

from __future__ import annotations

from typing import Any

import pytest

import usadel_fem as uf
from usadel_fem.solver.angles import AngleSolver
from usadel_fem.solver.newton import EnergySolver

RIGHT = {"Delta": 0.71, "phase": 1.3}
OPPOSITE = {"Delta": 0.71, "phase": 3.141592653589793}
ALONG = {"exchange": ["0.1*x", 0, 0.31]}
SPIN = {"exchange": [0, 0, "0.31*cos(x)"]}
TC = {"Tc": 0.47, "D": 1.7}
FLUX = {"field": {"vector_potential": [0.35, 0, 0]}}
ACROSS = {"field": {"vector_potential": [0, 0, 0.35]}}

PROBLEMS: dict[str, tuple[dict[str, Any], int, int]] = {
    "no spin": ({}, 1, 1),
    "one phase and its opposite": ({"right": OPPOSITE}, 1, 1),
    "a current": ({"right": RIGHT}, 2, 2),
    "one spin axis": ({"N": SPIN}, 2, 1),
    "one spin axis and a current": ({"N": SPIN, "right": RIGHT}, 4, 2),
    "spin relaxation between channels": ({"N": SPIN | {"tau_so": 2.3}}, 2, 2),
    "the same and a current": ({"N": SPIN | {"tau_so": 2.3}, "right": RIGHT}, 4, 4),
    "links": ({"N": SPIN, **FLUX}, 4, 2),
    "a field across": ({"N": SPIN, **ACROSS}, 2, 1),
    "a phase of the material": ({"N": {"Delta": {"abs": 0.62, "phase": 0.9}}}, 2, 2),
    "two axes": ({"N": ALONG, "right": RIGHT}, 8, 8),
    "two axes, one phase": ({"N": ALONG}, 8, 8),
    "self-consistent": ({"N": SPIN | TC}, 2, 1),
    "self-consistent with a current": ({"N": TC, "right": RIGHT}, 2, 2),
}


def build(energies: Any, *, right: Any = None, N: Any = None, **sections: Any) -> uf.Case:
    """A wire with a superconductor at its left end, solved energy by energy."""
    material = {"D": 0.83} | (N or {})
    terminals = {"left": {"Delta": 0.83}} | ({"right": right} if right else {})
    return uf.Case(
        mesh={"shape": "wire", "length": 1.9, "elements": 3},
        material={"N": material},
        region={"wire": "N"},
        terminal=terminals,
        solve={"kind": "spectrum", "energies": energies, "broadening": 0.03, "linear": "krylov"}
        | ({"self_consistent": True, "temperature": 0.2} if "Tc" in material else {}),
        **sections,
    )


@pytest.mark.parametrize(("changes", "real", "imaginary"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_said_is_what_is_solved(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], real: int, imaginary: int
) -> None:
    solved: set[tuple[bool, float]] = set()

    def spied(kind: type[Any], per_matrix: Any) -> None:
        plain = kind.solve

        def solve(self: Any, energy: complex, omega: Any, *more: Any) -> Any:
            solved.add((complex(energy).real != 0.0, len(omega) * per_matrix(omega) / 7))
            return plain(self, energy, omega, *more)

        monkeypatch.setattr(kind, "solve", solve)

    spied(AngleSolver, lambda omega: 1)
    spied(EnergySolver, lambda omega: omega.shape[1] ** 2 // 2)
    for energies, expected in (([0.41], real), ({"imaginary": [0.37]}, imaginary)):
        solved.clear()
        found = uf.solve(build(energies, **changes)).summary["symmetry"]
        wanted = isinstance(energies, list)
        assert {unknowns for is_real, unknowns in solved if is_real == wanted} == {expected}
        assert found["unknowns_per_node"] == expected
