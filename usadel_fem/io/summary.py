"""summary.json: what a script or a person wants to know first."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from usadel_fem.io.atomic import write_text
from usadel_fem.io.provenance import peak_memory_mb
from usadel_fem.labelled import Observables
from usadel_fem.outcomes import EnergyReport


def build_summary(
    observables: Observables,
    convergence: Sequence[EnergyReport],
    *,
    seconds: float,
    converged: bool = True,
    conservation_defect: Mapping[str, float] | None = None,
    normalisation_defect: float = math.nan,
    symmetry: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The summary of a run.

    Args:
        observables: only the scalars and the (3,) vectors at "global" are taken.
        convergence: one report per energy.
        seconds: wall-clock time of the whole run.
        converged: False if something else than an energy failed, such as the self-consistency.
        conservation_defect: largest nodal imbalance, by symmetry ("charge", "spin_x", ...).
        normalisation_defect: largest |ǧ² − 1| over nodes and energies.
        symmetry: by which the problem was reduced; None where that does not matter.
        notes: what the user should know, a sentence each.

    >>> from usadel_fem.labelled import Observable
    >>> gap = Observable(0.83, unit="energy")
    >>> build_summary({"gap": gap}, [], seconds=0.1)["observables"]
    {'gap': 0.83}
    """
    return {
        "converged": converged and all(report.ok for report in convergence),
        "observables": scalars(observables),
        "conservation_defect": dict(conservation_defect or {}),
        "normalisation_defect": normalisation_defect,
        "energies": len(convergence),
        "failed": [str(report) for report in convergence if not report.ok],
        "iterations": sum(report.newton_iterations for report in convergence),
        "krylov_iterations": sum(report.krylov_iterations for report in convergence),
        "symmetry": None if symmetry is None else dict(symmetry),
        "seconds": seconds,
        "peak_memory_mb": peak_memory_mb(),
        "notes": list(notes),
    }


def scalars(observables: Observables) -> dict[str, Any]:
    """Numbers and (3,) vectors by name; quantities per terminal as a dictionary by terminal."""
    found: dict[str, Any] = {}
    for name, value in observables.items():
        if isinstance(value, Mapping):
            inner = scalars(value)
            if inner:
                found[name] = inner
        elif value.at == "global" and value.dims in ((), ("component",)):
            found[name] = plain(value)
    return found


def numbers(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Numbers of nested `scalars` by name: name[key], and [x], [y], [z] or [re], [im] for parts.

    >>> dict(numbers(plain({"gap": 0.83, "terminal_current": {"left": -0.2}, "spin": [0.1, 0.2, 0.3]})))
    {'gap': 0.83, 'terminal_current[left]': -0.2, 'spin[x]': 0.1, 'spin[y]': 0.2, 'spin[z]': 0.3}
    """
    for name, value in found.items():
        label = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, Mapping):
            yield from numbers(value, label)
        elif isinstance(value, list):
            yield from numbers(dict(zip("xyz", value, strict=False)), label)
        elif value is not None:
            yield label, float(value)


def units(observables: Observables) -> dict[str, str]:
    """Unit of every observable; of a dictionary that of its first entry."""
    ones = {n: next(iter(v.values()), None) if isinstance(v, Mapping) else v for n, v in observables.items()}
    return {name: one.unit for name, one in ones.items() if one is not None}


def plain(value: Any) -> Any:
    """Numbers, containers and arrays as JSON knows them: complex as {"re", "im"}, not finite as None.

    >>> plain({"a": np.array([1.0, np.nan]), "b": 1 + 2j})
    {'a': [1.0, None], 'b': {'re': 1.0, 'im': 2.0}}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, complex):
        return {"re": plain(value.real), "im": plain(value.imag)}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def rounded(value: Any, digits: int = 4) -> Any:
    """Numbers, and those in mappings and lists, to a few digits: enough for a page of text."""
    if isinstance(value, Mapping):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def to_json(value: Any) -> str:
    """Strict JSON of anything `plain` understands."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def write_summary(path: Path, summary: Mapping[str, Any]) -> Path:
    """Write summary.json at once."""
    return write_text(path, to_json(summary) + "\n")
