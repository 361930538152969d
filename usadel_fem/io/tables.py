"""CSV tables: scalars, spectra, convergence, fields of nodes and cells, probes and profiles."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.columns import Columns, columns, flatten, split
from usadel_fem.labelled import SERIES, Observable, Observables
from usadel_fem.outcomes import EnergyReport

AXES = "xyz"
FILES: dict[Literal["node", "cell"], str] = {"node": "fields", "cell": "cells"}
PLACES = ("probe:", "vortex:")
NOT_IN_NAMES = re.compile(r"[^\w.+-]+")


def write_tables(
    directory: Path,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    convergence: Sequence[EnergyReport],
) -> list[Path]:
    """Write scalars.csv, spectra.csv, times.csv, convergence.csv; fields.csv (nodes), cells.csv, with _NNNN
    for each energy or time; probe_NAME.csv and vortex_N.csv, a row for each energy or time and point.

    A table with nothing to say is left out. Returns the files.
    """
    files: list[Path] = []
    rows = list(_scalar_rows(observables))
    if rows:
        files.append(write_rows(directory / "scalars.csv", ("quantity", "re", "im", "unit"), rows))
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
    centres = mesh.nodes[mesh.cells].mean(axis=1)
    at_cells: Columns = {axis: centres[:, i] for i, axis in enumerate(AXES)} | {"region": mesh.cell_region}
    where: dict[Literal["node", "cell"], Columns] = {"node": at_nodes, "cell": at_cells}
    for at, place in where.items():
        file = FILES[at]
        yield f"{file}.csv", place, columns(observables, at)
        for i in range(len(times.get("time", energies))):
            yield f"{file}_{i:04d}.csv", place, columns(observables, at, step=i)
    series = {"time": times["time"]} if times else {"energy_re": energies.real, "energy_im": energies.imag}
    for name, values in observables.items():
        if isinstance(values, Mapping) and name.startswith(PLACES):
            yield f"{NOT_IN_NAMES.sub('_', name)}.csv", {}, _of_place(values, series)


def _of_place(values: Mapping[str, Observable], series: Columns) -> Columns:
    """All of a probe or profile, step after step; what does not depend on the step stands in every row."""
    stepped = any(not set(SERIES).isdisjoint(value.dims) for value in values.values())
    found: dict[str, list[NDArray[Any]]] = {}
    for i in range(len(next(iter(series.values())))) if stepped else (None,):
        rows: Columns = {}
        for name, value in values.items():
            axis = next(dim for dim in value.dims if dim not in SERIES)
            rows |= split(name, value, axis, None if set(SERIES).isdisjoint(value.dims) else i)
        if i is not None:
            size = len(next(iter(rows.values())))
            rows = {key: np.full(size, steps[i]) for key, steps in series.items()} | rows
        for key, array in rows.items():
            found.setdefault(key, []).append(array)
    return {key: np.concatenate(parts) for key, parts in found.items()}


def _scalar_rows(observables: Observables) -> Iterable[tuple[str, float, float, str]]:
    for label, number, value in _scalars(observables):
        yield label, number.real, number.imag, value.unit


def _scalars(observables: Observables) -> Iterator[tuple[str, complex, Observable]]:
    """(name, number, where it comes from): a vector is three of them."""
    for name, value in flatten(observables):
        if value.at != "global" or value.dims not in ((), ("component",)):
            continue
        labels = [f"{name}_{axis}" for axis in AXES] if value.dims else [name]
        numbers = np.atleast_1d(np.asarray(value, dtype=complex)).tolist()
        yield from ((label, number, value) for label, number in zip(labels, numbers, strict=True))


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
    return write_rows(path, names, zip(*(array.tolist() for array in arrays), strict=True))


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A CSV file at once."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
