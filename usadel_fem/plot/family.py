"""Several results, or a table of a sweep: a number against the key of the case that changes."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from usadel_fem.case import Case
from usadel_fem.errors import CaseError, Problem, did_you_mean
from usadel_fem.io.reader import ResultReader, as_result_file
from usadel_fem.io.summary import numbers, scalars, units
from usadel_fem.io.sweep import read_columns, sweep_file
from usadel_fem.plot import labels, one_dimensional, style
from usadel_fem.plot.options import Options

Real = NDArray[np.float64]

GENERAL = {
    "cpr": ("terminal_current", "phase", "current–phase relation"),
    "iv": ("terminal_current", "voltage", "current–voltage characteristic"),
    "conductance": ("terminal_conductance", "voltage", "differential conductance against voltage"),
}
"""Picture → quantity, last part of the key that must change, what it shows."""


@dataclass(frozen=True)
class Family:
    """A table, one row for each point.

    Attributes:
        keys: dotted keys of the case that change, with their values.
        numbers: results by name, "terminal_current[left]" for that of a terminal, "spin[x]" for a component.
        case: of one of the points, for its units; None for a bare table.
        units: of the numbers that have any, as in `Observable`, and of keys that were given in units.
    """

    keys: Mapping[str, Real]
    numbers: Mapping[str, Real]
    case: Case | None
    units: Mapping[str, str]

    @property
    def usual(self) -> str:
        """What is drawn where nothing is asked for; empty if there is nothing."""
        return next(iter(self.names()), "")

    def names(self) -> dict[str, str]:
        """What can be drawn, and what it shows."""
        found = {}
        for name, (quantity, last, text) in GENERAL.items():
            if self._with(quantity) and any(key.split(".")[-1] == last for key in self.keys):
                found[name] = text
        for name in self.numbers:
            found.setdefault(name.partition("[")[0], f"{name.partition('[')[0]} against what changes")
        return found

    def _with(self, quantity: str) -> list[str]:
        return [name for name in self.numbers if name == quantity or name.startswith(f"{quantity}[")]


def read(paths: Sequence[Path]) -> Family:
    """The family of some results, of one sweep, or of one CSV table.

    Raises:
        CaseError: a file that cannot be read, several tables, or results that do not differ in a number.
    """
    if any(path.suffix == ".csv" for path in paths):
        if len(paths) > 1:
            rule = "must be one table, or any number of results"
            raise CaseError([Problem("", rule, ", ".join(map(str, paths)), file="plot")])
        return read_table(paths[0])
    table = sweep_file(paths[0])
    if table is not None:
        return read_sweep(table)
    inputs, outputs, found, case = [], [], {}, None
    for path in paths:
        with ResultReader(as_result_file(path)) as reader:
            case, observables = reader.case(), reader.observables()
        inputs.append(dict(_flat(case.model_dump(mode="json", by_alias=True))))
        outputs.append(dict(numbers(scalars(observables))))
        found.update(units(observables))
    keys = _columns(inputs, changing=True)
    if not keys:
        rule = "must differ in a number of their cases"
        raise CaseError([Problem("", rule, ", ".join(map(str, paths)), file="plot")])
    return Family(keys, _columns(outputs), case, found)


def read_sweep(file: Path) -> Family:
    """The table of a sweep, with its units."""
    table = read_columns(file)
    keys = {n: v for n, v in table.swept.items() if np.ptp(v) > 0}
    if not keys:
        rule = "must have swept a key with numbers that differ"
        raise CaseError([Problem("", rule, ", ".join(table.keys), file=str(file))])
    outputs = {n: v for n, v in table.results.items() if np.isfinite(v).any()}
    units = {n: table.units[n] for n in keys} | {n.partition("[")[0]: table.units[n] for n in outputs}
    return Family(keys, outputs, table.case, units)


def read_table(path: Path) -> Family:
    """A CSV table: columns with a dot in their name are keys of the case, others with numbers are results."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except UnicodeDecodeError:
        raise CaseError([Problem("", "must be a CSV table in UTF-8", file=str(path))]) from None
    columns = _columns([{k: _number(v) for k, v in row.items() if k} for row in rows])
    keys = {n: v for n, v in columns.items() if "." in n and np.ptp(v) > 0}
    numbers = {n: v for n, v in columns.items() if "." not in n}
    if not keys or not numbers:
        rule = "must have a column of a key that changes, such as terminal.a.voltage, and one of a result"
        raise CaseError([Problem("", rule, f"{len(rows)} rows", file=str(path))])
    return Family(keys, numbers, None, {})


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")


def _flat(value: Any, key: str = "") -> list[tuple[str, float]]:
    """Dotted keys of the numbers in nested tables and lists; titles and output aside."""
    if isinstance(value, Mapping):
        items = [(k, v) for k, v in value.items() if key or k not in ("case", "output")]
        return [pair for k, v in items for pair in _flat(v, f"{key}.{k}" if key else str(k))]
    if isinstance(value, list):
        return [pair for i, v in enumerate(value) for pair in _flat(v, f"{key}[{i}]")]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return [(key, float(value))] if number else []


def _columns(rows: Sequence[Mapping[str, float]], changing: bool = False) -> dict[str, Real]:
    """Columns of the finite numbers that every row has."""
    names = [n for n in rows[0] if all(n in row for row in rows)] if rows else []
    columns = {n: np.array([row[n] for row in rows]) for n in names}
    finite = {n: v for n, v in columns.items() if np.isfinite(v).any()}
    return {n: v for n, v in finite.items() if not changing or np.ptp(v) > 0}


@style.in_style
def draw(family: Family, name: str, options: Options) -> Figure:
    """A number against the key that changes; a second key that changes gives a line for each of its values.

    Raises:
        CaseError: an unknown quantity, or more than two keys that change.

    Names are those of `Family.names`, or of one column: "terminal_current[left]".
    """
    known = family.names()
    if name not in known and name not in family.numbers:
        hint = did_you_mean(name, known)
        raise CaseError([Problem(name, "must be one of " + ", ".join(known), "", hint, file="plot")])
    quantity, last, _ = GENERAL.get(name, (name, "", ""))
    abscissa = _abscissa(family, last)
    others = [key for key in family.keys if key != abscissa and not _follows(family, key, abscissa)]
    if len(others) > 1:
        rule = "must differ in at most two numbers"
        raise CaseError([Problem("", rule, ", ".join([abscissa, *others]), file="plot")])
    one = name in family.numbers
    columns = [name] if one else _choose(family, quantity, abscissa)
    figure, (axes,) = style.panels(1, options, ratio=one_dimensional.GOLDEN)
    groups = family.keys[others[0]] if others else np.zeros_like(family.keys[abscissa])
    number = 0
    for value in np.unique(groups):
        rows = np.flatnonzero(groups == value)
        rows = rows[np.argsort(family.keys[abscissa][rows], kind="stable")]
        for column in columns:
            place = column.partition("[")[2].removesuffix("]") if len(columns) > 1 else ""
            which = f"{others[0]} = {value:.4g} {_unit(family, others[0])}".rstrip() if others else ""
            axes.plot(
                family.keys[abscissa][rows], family.numbers[column][rows], ".-", ms=4,
                color=style.LINES[number % len(style.LINES)], label=", ".join(filter(None, [place, which])),
            )  # fmt: skip
            number += 1
    if axes.get_ylim()[0] < 0 < axes.get_ylim()[1]:
        axes.axhline(0, color=style.GREY, lw=0.5, zorder=0.5)
    _label(axes, family, abscissa, quantity.partition("[")[0], columns)
    style.legend(axes)
    style.fold_label(axes)
    return figure


def _abscissa(family: Family, last: str) -> str:
    """The key with the most values, of those that end in `last`."""
    fitting = [key for key in family.keys if not last or key.split(".")[-1] == last]
    return max(fitting, key=lambda key: len(np.unique(family.keys[key])))


def _follows(family: Family, key: str, abscissa: str) -> bool:
    """Whether a key changes together with the abscissa, so that it makes no lines of its own."""
    pairs = np.column_stack([family.keys[abscissa], family.keys[key]])
    return len(np.unique(pairs, axis=0)) == len(np.unique(family.keys[abscissa]))


def _choose(family: Family, quantity: str, abscissa: str) -> list[str]:
    """Columns to draw: of two opposite currents that of the terminal whose key changes, else all."""
    columns = family._with(quantity)
    terminal = abscissa.split(".")[1] if abscissa.startswith("terminal.") else ""
    own = [c for c in columns if c in (f"{quantity}[{terminal}]", f"{quantity}[{terminal},{terminal}]")]
    if own and (len(columns) == 2 or quantity == "terminal_conductance"):
        return own
    return columns


def _label(axes: Axes, family: Family, abscissa: str, quantity: str, columns: list[str]) -> None:
    unit = family.units.get(quantity, "")
    case = family.case
    what = labels.symbol(quantity) + (_of_place(columns[0]) if len(columns) == 1 else "")
    axes.set_ylabel(labels.with_unit(what, labels.unit(case, unit) if case is not None else ""))
    last = abscissa.split(".")[-1]
    if last == "phase":
        axes.set_xlabel(rf"phase $\varphi$ of {abscissa.split('.')[1]} (rad)")
        values = family.keys[abscissa]
        style.phase_axis(axes, float(values.min()), float(values.max()))
        return
    text = f"voltage $V$ of {abscissa.split('.')[1]}" if last == "voltage" else abscissa
    axes.set_xlabel(labels.with_unit(text, _unit(family, abscissa)))


def _of_place(column: str) -> str:
    """Where the number of a column belongs to.

    >>> _of_place("gap"), _of_place("terminal_conductance[right,right]"), _of_place("total_spin[x]")
    ('', ' of right', ', x')
    """
    places = re.findall(r"[^\[\],]+", column)[1:]
    axes = [place for place in places if place in ("x", "y", "z")]
    named = list(dict.fromkeys(place for place in places if place not in axes))
    return (f" of {', '.join(named)}" if named else "") + "".join(f", {axis}" for axis in axes)


DIMENSIONS = {
    "energy": (
        "voltage",
        "spin_voltage",
        "temperature",
        "Tc",
        "Delta",
        "abs",
        "exchange",
        "broadening",
        "dynes",
    ),
    "length": ("length", "width", "radius", "arm", "resolution"),
    "energy·length²": ("D",),
    "1/energy": ("tau_so",),
}
"""Units of keys of a case by their last part."""


def _unit(family: Family, key: str) -> str:
    """The unit of a key of the case, where it is known: the one it was given in, else that of the case."""
    if family.units.get(key):
        return family.units[key]
    last = re.sub(r"\[\d+\]$", "", key.split(".")[-1])
    dimension = next((d for d, names in DIMENSIONS.items() if last in names), "")
    return labels.unit(family.case, dimension) if family.case is not None else ""
