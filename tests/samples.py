"""Small cases, meshes and solutions with made-up numbers, for tests of files and of the command line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from usadel_fem.case import Case
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.labelled import Observable
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.solution import Solution

ENERGIES = np.array([0.4 + 0.02j, 0.1 + 0.02j, 0.9 + 0.02j])

CASE_TEXT = """\
[case]
title = "a wire"

[mesh]
shape = "wire"
length = 2.3
elements = 4

[material.N]
D = 0.83
exchange = [0, 0, "0.3*cos(x)"]

[region]
wire = "N"

[terminal.left]
Delta = 0.83

[solve]
kind = "spectrum"
energies = [0.4, 0.1, 0.9]
broadening = 0.02
"""

VERTICES = {
    "line": np.array([[0.0, 0, 0], [0.7, 0, 0]]),
    "triangle": np.array([[0.0, 0, 0], [0, 0.8, 0], [0.9, 0, 0]]),
    "tetra": np.array([[0.0, 0, 0], [0, 0.8, 0], [0.9, 0, 0], [0.2, 0.1, 0.7]]),
}
EDGES = {
    "line3": ("line", [(0, 1)]),
    "triangle6": ("triangle", [(0, 1), (1, 2), (2, 0)]),
    "tetra10": ("tetra", [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)]),
}


def one_cell(cell_type: str) -> FieldMesh:
    """A mesh of one cell, of negative orientation where that means something."""
    if cell_type in VERTICES:
        nodes = VERTICES[cell_type]
    else:
        linear, edges = EDGES[cell_type]
        corners = VERTICES[linear]
        nodes = np.vstack([corners, [(corners[i] + corners[j]) / 2 for i, j in edges]])
    return FieldMesh(nodes, cell_type, np.arange(len(nodes))[None], np.zeros(1, dtype=np.int64), ("wire",))


def wire_mesh() -> FieldMesh:
    """Four segments with their middle nodes."""
    nodes = np.zeros((9, 3))
    nodes[:, 0] = np.linspace(0.0, 2.3, 9)
    left = 2 * np.arange(4)
    cells = np.stack([left, left + 2, left + 1], axis=1)
    return FieldMesh(nodes, "line3", cells, np.zeros(4, dtype=np.int64), ("wire",))


def wire_case(**changes: object) -> Case:
    """The case of CASE_TEXT, built in Python; `changes` replace whole tables."""
    tables: dict[str, object] = {
        "case": {"title": "a wire"},
        "mesh": {"shape": "wire", "length": 2.3, "elements": 4},
        "material": {"N": {"D": 0.83, "exchange": [0, 0, "0.3*cos(x)"]}},
        "region": {"wire": "N"},
        "terminal": {"left": {"Delta": 0.83}},
        "solve": {"kind": "spectrum", "energies": [0.4, 0.1, 0.9], "broadening": 0.02},
    }
    return Case.model_validate(tables | changes)


def green_functions(count: int = 3, nodes: int = 9) -> list[NDArray[np.complex128]]:
    """Random matrices, the same ones every time."""
    random = np.random.default_rng(7)
    parts = random.standard_normal((2, count, nodes, 4, 4))
    return list(parts[0] + 1j * parts[1])


def reports(failed: int | None = None) -> tuple[EnergyReport, ...]:
    """Converged, but for one of them."""
    good = [EnergyReport(complex(e), Outcome.CONVERGED, 5, 31, (0.7, 3e-12), 0.25) for e in ENERGIES]
    if failed is not None:
        good[failed] = EnergyReport(
            complex(ENERGIES[failed]),
            Outcome.STAGNATED,
            9,
            80,
            (0.7, 0.03, 0.029),
            0.75,
            (0.5, 0.0, 0.0),
            "refine the mesh",
        )
    return tuple(good)


def observables() -> dict[str, Observable | dict[str, Observable]]:
    """One of every kind."""
    random = np.random.default_rng(11)
    triplet = random.standard_normal((9, 3)) + 1j * random.standard_normal((9, 3))
    return {
        "dos": Observable(random.random((3, 9)), ("energy", "node"), "2 N_F", "density of states", "node"),
        "Delta_abs": Observable(random.random(9), ("node",), "energy", at="node"),
        "triplet": Observable(triplet, ("node", "component"), at="node"),
        "spin_current": {
            axis: Observable(random.random((4, 3)), ("cell", "component"), at="cell") for axis in "xyz"
        },
        "terminal_current": {
            "left": Observable(0.37, unit="energy"),
            "S/N": Observable(-0.37, unit="energy"),
        },
        "terminal_dos": {"left": Observable(random.random(3), ("energy",), at="energy")},
        "gap": Observable(np.nan, unit="energy"),
        "total_spin": Observable(np.array([0.1, 0.2, 0.3]), ("component",)),
    }


def wire_solution(failed: int | None = None) -> Solution:
    """A solution of `wire_case`; with `failed` that energy has no Green function."""
    found = green_functions()
    return Solution(
        case=wire_case(),
        mesh=wire_mesh(),
        energies=ENERGIES,
        green_functions=[None if i == failed else g for i, g in enumerate(found)],
        observables=observables(),
        convergence=reports(failed),
        summary={"converged": failed is None, "seconds": 1.5},
    )
