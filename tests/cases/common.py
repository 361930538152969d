"""The files in cases/, solved once, and what their headers promise."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import usadel_fem as uf

FOLDER = Path(__file__).parents[2] / "cases"
FILES = {path.name[:2]: path for path in sorted(FOLDER.glob("*.toml"))}

COARSE = {
    "01": {"mesh.file": '"../meshes/sfn_trilayer_coarse.msh"', "mesh.order": "1"},
    "05": {"mesh.layers.0.elements": "6", "mesh.layers.1.elements": "6"},
    "09": {"mesh.resolution": "0.9", "vortex.0.pinned": "true"},
}
"""What makes a case fast enough; the others run as they are."""


@functools.cache
def solved(number: str, *more: tuple[str, str], full: bool = False) -> uf.Solution:
    """The solution of a case, on its coarse mesh unless `full`."""
    overrides = dict(more) if full else {**COARSE.get(number, {}), **dict(more)}
    return uf.solve(uf.load_case(FILES[number], overrides))


def header(number: str) -> str:
    lines = FILES[number].read_text(encoding="utf-8").splitlines()
    comment = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    return " ".join(comment)


def promised(number: str, pattern: str) -> list[float]:
    """Numbers of the header, where `pattern` has a group for each."""
    found = re.search(pattern, header(number))
    assert found is not None, f"the header of case {number} does not say {pattern}"
    return [float(group) for group in found.groups()]


def field(solution: uf.Solution, name: str) -> NDArray[Any]:
    value = solution.observables[name]
    assert isinstance(value, uf.Observable)
    return np.asarray(value)


def check(solution: uf.Solution) -> None:
    summary = solution.summary
    assert solution.converged
    assert summary["normalisation_defect"] < 1e-12
    assert max(summary["conservation_defect"].values()) < 1e-7
    assert not [note for note in summary["notes"] if "too coarse" in note]


def profile(solution: uf.Solution, name: str, probe: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Position (p,) and values of a field along a line."""
    values = solution.observables[f"probe:{probe}"]
    assert isinstance(values, dict)
    return np.asarray(values["position"])[:, 0], np.asarray(values[name])
