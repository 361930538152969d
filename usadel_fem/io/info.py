"""What a result holds, in a page of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from usadel_fem.io.columns import flatten
from usadel_fem.io.reader import RESULT_NAME, ResultReader, as_result_file, undamaged
from usadel_fem.io.summary import rounded, scalars
from usadel_fem.io.sweep import read_columns, sweep_file
from usadel_fem.labelled import Observable
from usadel_fem.outcomes import Outcome, format_energy


def describe_result(path: Path) -> str:
    """Case, versions, mesh, convergence, scalars and fields of a result.h5 or of a directory that holds one.

    Of a sweep, or of its directory: the columns of its table.

    Raises:
        CaseError: if there is no readable result.
    """
    table = sweep_file(path)
    if table is not None and not (path / RESULT_NAME).is_file():
        return "\n".join(_columns(table))
    file = as_result_file(path)
    with undamaged(file), ResultReader(file) as reader:
        return "\n".join(_lines(reader))


def _columns(path: Path) -> Iterator[str]:
    table = read_columns(path)
    yield f"sweep         {path}"
    if table.case is not None and table.case.info.title:
        yield f"case          {table.case.info.title}"
    done = table.converged
    yield f"points        {done.size}, of which {np.count_nonzero(done)} converged"
    for kind, columns in (("key", table.swept), ("column", table.results)):
        for name, column in columns.items():
            if np.isfinite(column).any():
                unit = f" [{table.units[name]}]".replace("^1]", "]") if table.units[name] else ""
                yield f"{kind:<13} {name}{unit}: {np.nanmin(column):.6g} to {np.nanmax(column):.6g}"


def _lines(reader: ResultReader) -> Iterator[str]:
    observables = reader.observables()
    yield f"result        {reader.path}"
    title = reader.case().info.title
    if title:
        yield f"case          {title}"
    versions = reader.provenance()
    yield f"written       {versions.pop('written', '')} by usadel_fem {versions.pop('usadel_fem', '?')}"
    yield "versions      " + ", ".join(f"{name} {value}" for name, value in versions.items())
    yield f"mesh          {reader.mesh()!r}"
    yield from _convergence(reader)
    yield from _numbers(scalars(observables))
    for name, value in flatten(observables):
        if value.dims not in ((), ("component",)):
            shape = " × ".join(f"{n} {dim}" for n, dim in zip(value.shape, value.dims, strict=True))
            unit = f" [{value.unit}]" if value.unit else ""
            yield f"{value.at:<13} {name}{unit}: {shape}"


def _convergence(reader: ResultReader) -> Iterator[str]:
    reports = reader.reports()
    waiting = sum(report.outcome is Outcome.NOT_RUN for report in reports)
    failed = [report for report in reports if not report.ok and report.outcome is not Outcome.NOT_RUN]
    left = f", {waiting} not solved yet (go on with --resume)" if waiting else ""
    times = reader.observables().get("time")
    if isinstance(times, Observable):
        span = f" from {times[0]:.6g} to {times[-1]:.6g} {times.unit}" if times.size else ""
        yield f"times         {times.size}{span}"
    else:
        yield f"energies      {len(reports)}, of which {len(reports) - len(failed) - waiting} converged{left}"
    if reports:
        yield f"              from {format_energy(reports[0].energy)} to {format_energy(reports[-1].energy)}"
    for report in failed:
        yield f"  failed      {report}"
    summary = reader.summary()
    for key in ("converged", "seconds", "peak_memory_mb", "normalisation_defect", "conservation_defect"):
        if key in summary:
            yield f"{key}: {json.dumps(rounded(summary[key]))}"
    yield from (f"note          {note}" for note in summary.get("notes", ()))


def _numbers(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, Mapping) and set(value) != {"re", "im"}:
            yield from (f"scalar        {name}[{key}] = {json.dumps(item)}" for key, item in value.items())
        else:
            yield f"scalar        {name} = {json.dumps(value)}"
