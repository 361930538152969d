"""result.h5, writing: case and mesh first, then each energy as it ends: the file is the checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

from usadel_fem.case import Case
from usadel_fem.errors import CaseError, Problem
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io import layout
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.provenance import provenance
from usadel_fem.io.reader import Distributions, GreenFunctions, ResultReader, parse_report, undamaged
from usadel_fem.io.series import StoredSeries, series_key
from usadel_fem.io.summary import to_json
from usadel_fem.labelled import Observable, Observables
from usadel_fem.outcomes import EnergyReport
from usadel_fem.series import Series


class ResultWriter:
    """Writes result.h5 while a case is being solved; use it in a `with` block.

    Every `write_*` is flushed: after an interruption the file holds all that was written.

    Args:
        path: the file; its directory is made. Without `resume` an existing file is replaced.
        case: the case, kept as its text and as resolved values.
        mesh: nodes, cells and regions.
        energies: those that are planned, where they are known beforehand; others may follow.
        resume: go on with an existing file (if there is one): `done` tells which energies it already has.

    Raises:
        CaseError: if the file cannot be written, and with `resume`, if it was made by another case or on
            another mesh, or is no result.
    """

    def __init__(
        self,
        path: Path,
        *,
        case: Case,
        mesh: FieldMesh,
        energies: Sequence[complex] | NDArray[np.complex128] = (),
        resume: bool = False,
    ) -> None:
        self.path = path
        self.done: frozenset[int] = frozenset()
        self._nodes = len(mesh.nodes)
        going_on = resume and path.exists()
        if going_on:
            self.done = _checked(path, case, mesh)
        self._file = _opened(path, "r+" if going_on else "w")
        if not going_on:
            self._begin(case, mesh)
            self._make_room(len(energies))
            self._file[layout.ENERGIES][()] = np.asarray(energies, dtype=np.complex128)
        self._file.flush()

    def write_energy(
        self,
        index: int,
        energy: complex,
        green_function: NDArray[np.complex128] | None,
        report: EnergyReport,
        distribution: NDArray[np.float64] | None = None,
    ) -> None:
        """Store one energy: ǧ (N, 4, 4) or None where nothing is worth keeping, its report, ĥ (N, 8)."""
        self._make_room(index + 1)
        self._file[layout.ENERGIES][index] = energy
        self._file[layout.KEPT][index] = green_function is not None
        if green_function is not None:
            self._store(layout.GREEN, index, green_function, (4, 4), np.complex128)
        if distribution is not None:
            self._store(layout.DISTRIBUTION, index, distribution, (8,), np.float64)
        self._file[layout.REPORTS][index] = json.dumps(_report_fields(report))
        self._file.flush()

    def write_observables(self, observables: Observables) -> None:
        """Store the labelled arrays, in place of earlier ones; series that were made are only labelled."""
        self._remove(layout.OBSERVABLES)
        group = self._file.create_group(layout.OBSERVABLES, track_order=True)
        for name, value in observables.items():
            if isinstance(value, Mapping):
                inner = group.create_group(layout.escaped(name), track_order=True)
                for key, item in value.items():
                    _write_array(inner, key, item)
            else:
                self._move_or_write(group, name, value)
        self._remove(layout.SERIES)
        self._file.flush()

    def series(self, name: str, shape: tuple[int, ...], kind: DTypeLike) -> Series:
        """Begin the rows of an observable, which are written as they come."""
        return StoredSeries(self._file, name, shape, kind)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Store what summary.json says."""
        self._file[layout.SUMMARY][()] = to_json(summary)
        self._file.flush()

    def write_state(self, name: str, values: NDArray[Any]) -> None:
        """Store an array that a resumed run needs, such as the pair potential of the last iteration."""
        key = f"{layout.STATE}/{layout.escaped(name)}"
        self._remove(key)
        self._file[key] = values
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, case: Case, mesh: FieldMesh) -> None:
        file = self._file
        file.attrs[layout.FORMAT] = layout.FORMAT_VERSION
        text = h5py.string_dtype()
        file.create_dataset(layout.SUMMARY, data="{}", dtype=text)
        file.create_dataset(layout.CASE_TEXT, data=layout.case_text(case), dtype=text)
        file.create_dataset(layout.CASE_VALUES, data=layout.case_values(case), dtype=text)
        for key, value in provenance().items():
            file.require_group(layout.PROVENANCE).attrs[key] = value
        group = file.create_group(layout.MESH)
        group.attrs["cell_type"] = mesh.cell_type
        group.attrs["region_names"] = json.dumps(mesh.region_names)
        for key in ("nodes", "cells", "cell_region"):
            group[key] = getattr(mesh, key)
        for name, kind in ((layout.ENERGIES, np.complex128), (layout.REPORTS, text), (layout.KEPT, np.bool_)):
            file.create_dataset(name, shape=(0,), maxshape=(None,), chunks=(1024,), dtype=kind)

    def _make_room(self, count: int) -> None:
        for name in (layout.ENERGIES, layout.REPORTS, layout.KEPT):
            if len(self._file[name]) < count:
                self._file[name].resize(count, axis=0)

    def stored(self, index: int) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """ǧ and ĥ of an energy that was written, by its place in the file."""
        return self._file[layout.GREEN][index], self._file[layout.DISTRIBUTION][index]

    def written(self) -> list[tuple[complex, bool]]:
        """Every energy in the file, by its place in it, and whether its ǧ and ĥ are there."""
        energies = self._file[layout.ENERGIES][()]
        if layout.DISTRIBUTION not in self._file:
            return [(complex(e), False) for e in energies]
        kept = self._file[layout.KEPT][()]
        return [(complex(e), bool(k)) for e, k in zip(energies, kept, strict=True)]

    def report(self, index: int) -> EnergyReport:
        """The report of an energy that was written, by its place in the file."""
        return parse_report(self._file[layout.REPORTS].asstr()[index])

    def write_order(self, order: NDArray[np.int64]) -> None:
        """Places in the file of the energies in the order in which they are to be read."""
        self._remove(layout.ORDER)
        self._file[layout.ORDER] = order
        self._file.flush()

    def _store(
        self, name: str, index: int, values: NDArray[Any], inner: tuple[int, ...], kind: type[np.generic]
    ) -> None:
        shape = (self._nodes, *inner)
        if values.shape != shape:
            raise ValueError(f"{name} must have the shape {shape}; instead received {values.shape}")
        if name not in self._file:
            self._file.create_dataset(
                name,
                shape=(0, *shape),
                maxshape=(None, *shape),
                chunks=(1, min(self._nodes, layout.NODES_PER_CHUNK), *inner),
                dtype=kind,
            )
        data = self._file[name]
        if len(data) <= index:
            data.resize(index + 1, axis=0)
        data[index] = values

    def _move_or_write(self, group: h5py.Group, name: str, value: Observable) -> None:
        key = series_key(name)
        if key in self._file and self._file[key].shape == value.shape:
            self._file.move(key, f"{group.name}/{layout.escaped(name)}")
            _label(group[layout.escaped(name)], value)
        else:
            _write_array(group, name, value)

    def _remove(self, key: str) -> None:
        if key in self._file:
            del self._file[key]


def write_result(
    path: Path,
    *,
    case: Case,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    green_functions: Sequence[NDArray[np.complex128] | None] | GreenFunctions,
    reports: Sequence[EnergyReport],
    observables: Observables,
    summary: Mapping[str, Any],
    distributions: Sequence[NDArray[np.float64] | None] | Distributions = (),
) -> Path:
    """Write a complete result at once, reading one Green function at a time."""
    with atomic_path(path) as temporary, ResultWriter(temporary, case=case, mesh=mesh) as writer:
        for i, (energy, report) in enumerate(zip(energies, reports, strict=True)):
            h = distributions[i] if len(distributions) else None
            writer.write_energy(i, complex(energy), green_functions[i], report, h)
        writer.write_observables(observables)
        writer.write_summary(summary)
    return path


def _checked(path: Path, case: Case, mesh: FieldMesh) -> frozenset[int]:
    """The energies that are already there, if the file belongs to this case and mesh."""
    with undamaged(path), ResultReader(path) as reader:
        if layout.deciding(reader.case_values()) != layout.deciding(layout.case_values(case)):
            raise _refused(path, "was made by another case, so this run cannot go on from it")
        if not reader.mesh().same_as(mesh):
            raise _refused(path, "was made on another mesh, so this run cannot go on from it")
        return reader.done()


def _refused(path: Path, rule: str) -> CaseError:
    return CaseError(
        [Problem("", rule, hint="run without --resume, or into another directory", file=str(path))]
    )


def _opened(path: Path, mode: str) -> h5py.File:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == "w":
            path.unlink(missing_ok=True)  # a solution of an earlier run may still read the old file
        return h5py.File(path, mode)
    except OSError as error:
        raise CaseError(
            [Problem("", "cannot be written", received=layout.reason(error), file=str(path))]
        ) from error


def _write_array(group: h5py.Group, name: str, value: Observable) -> None:
    _label(group.create_dataset(layout.escaped(name), data=np.asarray(value)), value)


def _label(data: h5py.Dataset, value: Observable) -> None:
    data.attrs["dims"] = json.dumps(value.dims)
    data.attrs["at"] = value.at
    data.attrs["unit"] = value.unit
    data.attrs["description"] = value.description


def _report_fields(report: EnergyReport) -> dict[str, Any]:
    fields = asdict(report)
    fields["energy"] = [report.energy.real, report.energy.imag]
    fields["outcome"] = report.outcome.name
    return fields
