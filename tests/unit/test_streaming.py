"""Memory does not grow with the number of energies or times of a run that writes a file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import usadel_fem as uf
from usadel_fem import Case
from usadel_fem.io import series

ELEMENTS = 300
FIELD = 16 * 16 * (2 * ELEMENTS + 1)
"""Bytes of ǧ at all nodes."""

FEW, MANY = 10, 40


def wire(terminals: dict[str, object], solve: dict[str, object], fields: list[str]) -> Case:
    return Case(
        mesh={"shape": "wire", "length": 2.3, "elements": ELEMENTS},
        material={"N": {"D": 0.83, "exchange": [0, 0, "0.3*cos(x)"]}},
        region={"wire": "N"},
        terminal=terminals,
        solve=solve,
        output={"fields": fields},
    )


def spectrum(count: int) -> Case:
    energies = {"start": 0.0, "stop": 1.2, "num": count}
    fields = ["dos", "dos_up", "singlet", "triplet", "gamma", "gamma_tilde", "spin_current_z", "local_gap"]
    solve = {"kind": "spectrum", "energies": energies, "broadening": 0.2, "linear": "krylov"}  # no batches
    return wire({"left": {"Delta": 0.83}}, solve, fields)


def nonequilibrium(count: int) -> Case:
    energies = {"start": 0.0, "stop": 1.2, "num": count}
    terminals = {"left": {"normal": True, "voltage": 0.3}, "right": {"normal": True}}
    solve = {"kind": "nonequilibrium", "temperature": 0.1, "energies": energies, "broadening": 0.2}
    return wire(terminals, solve, ["distribution"])


def transient(count: int) -> Case:
    terminals = {"left": {"normal": True, "voltage": 0.3}, "right": {"normal": True}}
    time = {"stop": 0.3, "output": count, "tolerance": 1e-2}
    solve = {"kind": "nonequilibrium", "temperature": 0.1, "time": time}
    return wire(terminals, solve, ["charge_density", "spin_density", "charge_current", "spin_current_z"])


def peak(case: Case, directory: Path) -> int:
    """The most memory (bytes) that was allocated at any time of a run and of its export."""
    tracemalloc.start()
    solution = uf.solve(case, output=directory)
    assert solution.converged
    solution.to_vtu(directory)
    try:
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [spectrum, nonequilibrium, transient])
def test_fields_go_to_the_file_as_they_are_made(
    kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MAPPED_ABOVE", 0)
    uf.solve(kind(2), output=tmp_path / "first")  # what is imported and kept once
    few, many = peak(kind(FEW), tmp_path / "few"), peak(kind(MANY), tmp_path / "many")
    assert many - few < 2 * FIELD
    assert (tmp_path / "many" / "result.h5").stat().st_size > 30 * FIELD / 16


def test_what_is_in_the_file_is_what_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mapped or not, at the end of a run or read back, resumed or not; changing it leaves the file alone."""
    case = spectrum(3)
    expected = uf.solve(case).observables
    monkeypatch.setattr(series, "MAPPED_ABOVE", 0)
    solution = uf.solve(case, output=tmp_path)
    solution.observables["dos"][0] += 1.0
    again = uf.solve(case, output=tmp_path, resume=True)
    for found in (again.observables, uf.load(tmp_path).observables):
        assert list(found) == list(expected)
        for name, value in expected.items():
            if isinstance(value, uf.Observable):
                assert (found[name].dims, found[name].unit, found[name].at) == (
                    value.dims,
                    value.unit,
                    value.at,
                )
                np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)
    changed = uf.solve(spectrum(2), output=tmp_path)  # the file of `again` is gone, its fields are not
    assert len(changed.energies) == 2
    np.testing.assert_allclose(again.observables["triplet"], expected["triplet"], rtol=1e-12, atol=1e-12)
