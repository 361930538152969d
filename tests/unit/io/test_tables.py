import csv
from pathlib import Path

import numpy as np

from tests.samples import ENERGIES, observables, wire_solution
from usadel_fem.io.tables import write_tables
from usadel_fem.labelled import Observable


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_which_tables_there_are(tmp_path: Path) -> None:
    files = wire_solution().to_csv(tmp_path)
    assert [path.name for path in files] == [
        "scalars.csv",
        "spectra.csv",
        "convergence.csv",
        "fields.csv",
        "fields_0000.csv",
        "fields_0001.csv",
        "fields_0002.csv",
        "cells.csv",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in files)


def test_scalars(tmp_path: Path) -> None:
    wire_solution().to_csv(tmp_path)
    found = {row["quantity"]: (float(row["re"]), row["unit"]) for row in rows(tmp_path / "scalars.csv")}
    assert found["terminal_current_left"] == (0.37, "energy")
    assert found["total_spin_y"] == (0.2, "")
    assert np.isnan(found["gap"][0])


def test_spectra(tmp_path: Path) -> None:
    wire_solution().to_csv(tmp_path)
    table = rows(tmp_path / "spectra.csv")
    assert [float(row["energy_re"]) for row in table] == list(ENERGIES.real)
    expected = observables()["terminal_dos"]
    assert isinstance(expected, dict)
    assert [float(row["terminal_dos_left"]) for row in table] == list(expected["left"])


def test_convergence(tmp_path: Path) -> None:
    wire_solution(failed=1).to_csv(tmp_path)
    table = rows(tmp_path / "convergence.csv")
    assert [row["outcome"] for row in table] == ["CONVERGED", "STAGNATED", "CONVERGED"]
    assert float(table[1]["residual"]) == 0.029


def test_fields(tmp_path: Path) -> None:
    wire_solution().to_csv(tmp_path)
    table = rows(tmp_path / "fields.csv")
    assert len(table) == 9
    assert float(table[-1]["x"]) == 2.3
    triplet = np.asarray(observables()["triplet"])
    assert float(table[4]["triplet_re_z"]) == triplet[4, 2].real
    spectrum = rows(tmp_path / "fields_0002.csv")
    assert [float(row["dos"]) for row in spectrum] == list(np.asarray(observables()["dos"])[2])


def test_cells(tmp_path: Path) -> None:
    wire_solution().to_csv(tmp_path)
    table = rows(tmp_path / "cells.csv")
    assert [float(row["x"]) for row in table] == [2.3 * (k + 0.5) / 4 for k in range(4)]
    spin = observables()["spin_current"]
    assert isinstance(spin, dict)
    assert [float(row["spin_current_y_z"]) for row in table] == list(np.asarray(spin["y"])[:, 2])


def test_probes_and_profiles(tmp_path: Path) -> None:
    """A row for each energy and point; what does not depend on energy is repeated."""
    solution = wire_solution()
    line = {
        "position": Observable(np.array([[0.1], [0.2]]), ("point", "coordinate")),
        "dos": Observable(np.arange(6.0).reshape(3, 2), ("energy", "point")),
        "Delta_abs": Observable(np.array([0.7, 0.83]), ("point",)),
    }
    profile = {
        "radius": Observable(np.array([0.3, 0.5]), ("radius",)),
        "net": Observable(np.ones(2), ("radius",)),
    }
    given = {**solution.observables, "probe:a/b": line, "vortex:1": profile}
    write_tables(tmp_path, solution.mesh, solution.energies, given, solution.convergence)
    table = rows(tmp_path / "probe_a_b.csv")
    assert [float(row["dos"]) for row in table] == list(range(6))
    assert [float(row["Delta_abs"]) for row in table] == [0.7, 0.83] * 3
    assert [float(row["energy_re"]) for row in table] == list(np.repeat(ENERGIES.real, 2))
    assert [row["position_0"] for row in table[:2]] == ["0.1", "0.2"]
    assert [list(row) for row in rows(tmp_path / "vortex_1.csv")] == [["radius", "net"]] * 2
