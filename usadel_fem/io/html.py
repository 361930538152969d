"""A result as a small page for notebooks; no style sheet and no script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.columns import flatten
from usadel_fem.io.summary import rounded, scalars
from usadel_fem.labelled import Observables, unit_text
from usadel_fem.outcomes import EnergyReport, format_energy

MOST = 12
"""Failed energies that are shown."""


def result_page(
    title: str,
    converged: bool,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    convergence: Sequence[EnergyReport],
    summary: Mapping[str, Any],
    units: tuple[str, str] | None,
) -> str:
    """HTML: what was solved, whether it converged, numbers; names, shapes and units of the arrays."""
    state, colour = ("converged", "#00724d") if converged else ("not converged", "#c03000")
    mark = f'<b style="color:{colour}">{state}</b>'
    facts: list[tuple[str, ...]] = [("mesh", repr(mesh).removeprefix("FieldMesh(").removesuffix(")"))]
    if len(energies):
        ends = f"{format_energy(energies[0])} to {format_energy(energies[-1])}"
        facts.append(("energies", f"{len(energies)}, {ends} {unit_text('energy', units)}"))
    facts += [("note", str(note)) for note in summary.get("notes", ())]
    facts += [("failed", str(report)) for report in [r for r in convergence if not r.ok][:MOST]]
    numbers, arrays = [], []
    for name, value in flatten(observables):
        unit = unit_text(value.unit, units)
        if value.at == "global" and value.dims in ((), ("component",)):
            number = json.dumps(rounded(scalars({name: value})[name], 6), ensure_ascii=False)
            numbers.append((name, number, unit, value.description))
        else:
            shape = " × ".join(f"{n} {dim}" for n, dim in zip(value.shape, value.dims, strict=True))
            arrays.append((name, shape, unit, value.description))
    parts = [f"<b>{escape(title or 'untitled case')}</b>: {mark}", _table(facts)]
    for head, rows in (("numbers", numbers), ("arrays", arrays)):
        if rows:
            opened = ' open="open"' if head == "numbers" else ""
            parts.append(f"<details{opened}><summary>{len(rows)} {head}</summary>{_table(rows)}</details>")
    return f"<div>{''.join(parts)}</div>"


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    style = ' style="text-align:left"'
    lines = ("".join(f"<td{style}>{escape(cell)}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
