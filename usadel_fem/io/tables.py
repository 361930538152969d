"""CSV tables: scalars, spectra, convergence and nodal fields."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.columns import Columns, columns, flatten
from usadel_fem.labelled import Observables
from usadel_fem.outcomes import EnergyReport

AXES = "xyz"


def write_tables(
    directory: Path,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    convergence: Sequence[EnergyReport],
) -> list[Path]:
    """Write scalars.csv, spectra.csv, times.csv, convergence.csv, fields.csv, and fields_NNNN.csv for each
    energy or time.

    A table with nothing to say is left out. Returns the files.
    """
    files: list[Path] = []
    rows = list(_scalar_rows(observables))
    if rows:
        files.append(_write_rows(directory / "scalars.csv", ("quantity", "re", "im", "unit"), rows))
    for name, keys, data in _tables(mesh, energies, observables, convergence):
        if data:
            files.append(_write_columns(directory / name, keys | data))
    return files


def _tables(
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    convergence: Sequence[EnergyReport],
) -> Iterator[tuple[str, Columns, Columns]]:
    """(file name, columns that say where, columns that say what)."""
    at_energies: Columns = {"energy_re": energies.real, "energy_im": energies.imag}
    at_nodes: Columns = {axis: mesh.nodes[:, i] for i, axis in enumerate(AXES)}
    yield "spectra.csv", at_energies, columns(observables, "energy")
    times = columns(observables, "time")
    yield "times.csv", {}, times
    yield "convergence.csv", {}, _convergence(convergence)
    yield "fields.csv", at_nodes, columns(observables, "node")
    for i in range(len(times.get("time", energies))):
        yield f"fields_{i:04d}.csv", at_nodes, columns(observables, "node", step=i)


def _scalar_rows(observables: Observables) -> Iterable[tuple[str, float, float, str]]:
    for name, value in flatten(observables):
        if value.at != "global" or value.dims not in ((), ("component",)):
            continue
        numbers = np.atleast_1d(np.asarray(value, dtype=complex))
        labels = [f"{name}_{axis}" for axis in AXES] if value.dims else [name]
        for label, number in zip(labels, numbers, strict=True):
            yield label, float(number.real), float(number.imag), value.unit


def _convergence(reports: Sequence[EnergyReport]) -> Columns:
    if not reports:
        return {}
    return {
        "energy_re": np.array([report.energy.real for report in reports]),
        "energy_im": np.array([report.energy.imag for report in reports]),
        "outcome": np.array([report.outcome.name for report in reports]),
        "newton_iterations": np.array([report.newton_iterations for report in reports]),
        "krylov_iterations": np.array([report.krylov_iterations for report in reports]),
        "residual": np.array([(report.residual_history or (np.nan,))[-1] for report in reports]),
        "seconds": np.array([report.seconds for report in reports]),
    }


def _write_columns(path: Path, data: Columns) -> Path:
    names: list[str] = []
    arrays: list[NDArray[Any]] = []
    for name, array in data.items():
        if array.ndim == 1:
            names.append(name)
            arrays.append(array)
        else:
            names.extend(f"{name}_{axis}" for axis in AXES)
            arrays.extend(array.T)
    return _write_rows(path, names, zip(*(array.tolist() for array in arrays), strict=True))


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
