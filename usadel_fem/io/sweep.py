"""The table of a sweep: rows.jsonl, a line as each point ends; sweep.csv and sweep.h5, a column each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import h5py
import numpy as np
from numpy.typing import NDArray

from usadel_fem.case import Case
from usadel_fem.errors import CaseError, Problem, show
from usadel_fem.io import layout
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.provenance import provenance
from usadel_fem.io.reader import undamaged
from usadel_fem.io.summary import plain
from usadel_fem.io.tables import AXES, write_rows

ROWS_NAME, CSV_NAME, HDF5_NAME = "rows.jsonl", "sweep.csv", "sweep.h5"

_QUANTITY = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?) (\S.*)")


@dataclass(frozen=True)
class Row:
    """What one point of a sweep gave.

    Attributes:
        settings: the swept keys and their values as given.
        values: scalars by name, such as gap or terminal_current[left].
        units: of the observables that they belong to.
        converged: whether all of it converged.
        seconds: it took.
        message: what failed, or empty.
    """

    settings: Mapping[str, Any]
    values: Mapping[str, float]
    units: Mapping[str, str]
    converged: bool
    seconds: float
    message: str = ""

    @property
    def ok(self) -> bool:
        return self.converged

    def __str__(self) -> str:
        where = ", ".join(f"{key} = {show(value)}" for key, value in self.settings.items())
        return f"{where}: " + ("converged" if self.converged else self.message or "did not converge")


class RowLog:
    """rows.jsonl: the checkpoint of a sweep; None keeps nothing.

    Args:
        path: of the file.
        resume: keep the rows that are there.

    Raises:
        CaseError: if rows are to be resumed and cannot be read.
    """

    def __init__(self, path: Path | None, resume: bool) -> None:
        self._found: dict[str, Row] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        if resume and path.exists():
            self._found = dict(_read_rows(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:  # without what an interruption left half written
            temporary.write_text("".join(map(_line, self._found, self._found.values())), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8")

    def rows(self, digests: Sequence[str]) -> dict[int, Row]:
        """The converged rows that are there, by the numbers of their points."""
        found = {number: self._found.get(digest) for number, digest in enumerate(digests)}
        return {number: row for number, row in found.items() if row is not None and row.converged}

    def add(self, digest: str, row: Row) -> None:
        """A row, on the disk when this returns."""
        if self._file is not None:
            self._file.write(_line(digest, row))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _line(digest: str, row: Row) -> str:
    return json.dumps({"point": digest, **plain(asdict(row))}, ensure_ascii=False) + "\n"


def _read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
            values = {name: np.nan if v is None else v for name, v in entry.pop("values").items()}
            yield entry.pop("point"), Row(values=values, **entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            if number < len(lines) - 1:  # the last line may be cut short
                rule = "must hold the rows of a sweep to be resumed"
                raise CaseError([Problem("", rule, f"line {number + 1}", file=str(path))]) from None


@dataclass(frozen=True)
class SweepTable:
    """All rows of a sweep.

    Attributes:
        keys: that were swept.
        rows: one for each point, the last key fastest.
        case: that was varied; None where it is not known.
    """

    keys: tuple[str, ...]
    rows: tuple[Row, ...]
    case: Case | None = None

    @property
    def converged(self) -> bool:
        return all(row.converged for row in self.rows)

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Arrays (n,) by name: swept keys, then scalars (NaN where a point has none), `converged`, `seconds`
        and `message`.

        Vectors are three columns [x], [y], [z]; values with a unit are numbers and the unit is in `units`.
        """
        found: dict[str, NDArray[Any]] = {name: array for name, array, _ in self._swept}
        for name in dict.fromkeys(name for row in self.rows for name in row.values):
            found[name] = np.array([row.values.get(name, np.nan) for row in self.rows], dtype=float)
        found["converged"] = np.array([row.converged for row in self.rows])
        found["seconds"] = np.array([row.seconds for row in self.rows])
        found["message"] = np.array([row.message for row in self.rows])
        return found

    @cached_property
    def units(self) -> dict[str, str]:
        """Units of the columns that have one."""
        found = {name: unit for name, _, unit in self._swept if unit}
        for row in self.rows:
            of = {name: row.units.get(name.partition("[")[0], "") for name in row.values}
            found |= {name: unit for name, unit in of.items() if unit}
        return found

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    @cached_property
    def _swept(self) -> list[tuple[str, NDArray[Any], str]]:
        """(column, values, unit) of every swept key."""
        return [column for key in self.keys for column in self._settings(key)]

    def _settings(self, key: str) -> list[tuple[str, NDArray[Any], str]]:
        """(column, values, unit) of a swept key."""
        given = [row.settings[key] for row in self.rows]
        if all(isinstance(value, list | tuple) and len(value) == 3 for value in given):
            parts = [_numbers([value[k] for value in given]) for k in range(3)]
            if all(part is not None for part in parts):
                names = (f"{key}[{axis}]" for axis in AXES)
                return [(name, *part) for name, part in zip(names, parts, strict=True) if part is not None]
        numbers = _numbers(given)
        if numbers is not None:
            return [(key, *numbers)]
        return [(key, np.array([v if isinstance(v, str) else show(v) for v in given]), "")]

    def to_csv(self, path: str | Path) -> Path:
        """One row a point; the unit of a swept key stands in its header."""
        keys = {name: unit for name, _, unit in self._swept}
        header = [f"{name} [{keys[name]}]" if keys.get(name) else name for name in self.columns]
        return write_rows(Path(path), header, zip(*(a.tolist() for a in self.columns.values()), strict=True))

    def to_hdf5(self, path: str | Path) -> Path:
        """A dataset for each column, its unit as an attribute."""
        with atomic_path(Path(path)) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(provenance())
            file.attrs["keys"] = json.dumps(self.keys)
            if self.case is not None:
                file.attrs["case"] = layout.case_values(self.case)
            for name, array in self.columns.items():
                text = array.dtype.kind == "U"
                data = array.astype(object) if text else array
                item = file.create_dataset(
                    layout.escaped(name), data=data, dtype=h5py.string_dtype() if text else None
                )
                item.attrs["unit"] = self.units.get(name, "")
        return Path(path)


def _numbers(values: Sequence[Any]) -> tuple[NDArray[np.float64], str] | None:
    """Numbers and their common unit, or None where they are something else."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=float), ""
    matches = [_QUANTITY.fullmatch(value) if isinstance(value, str) else None for value in values]
    units = {match[2] for match in matches if match is not None}
    if None in matches or len(units) != 1:
        return None
    return np.array([float(match[1]) for match in matches if match is not None]), units.pop()


@dataclass(frozen=True)
class SweepColumns:
    """The numbers of a sweep.h5.

    Attributes:
        keys: that were swept.
        swept, results: arrays (n,) by the name of their column.
        units: of all of them, "" for none.
        converged: (n,) of the points.
        case: that was varied, or None.
    """

    keys: tuple[str, ...]
    swept: Mapping[str, NDArray[np.float64]]
    results: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    converged: NDArray[np.bool_]
    case: Case | None


def sweep_file(path: Path) -> Path | None:
    """The sweep.h5 that a path is, or that is in it."""
    file = path if path.name == HDF5_NAME else path / HDF5_NAME
    return file if file.is_file() else None


def read_columns(file: Path) -> SweepColumns:
    """The numbers that `SweepTable.to_hdf5` wrote.

    Raises:
        CaseError: if the file is damaged.
    """
    with undamaged(file), h5py.File(file) as table:
        items = {layout.unescaped(name): item for name, item in table.items() if item.dtype.kind == "f"}
        columns = {name: item[()] for name, item in items.items()}
        units = {name: str(item.attrs["unit"]) for name, item in items.items()}
        keys = tuple(json.loads(table.attrs["keys"]))
        case = Case.model_validate_json(table.attrs["case"]) if "case" in table.attrs else None
        converged = table["converged"][()]
    swept = {name: column for name, column in columns.items() if name.startswith(keys)}
    results = {name: column for name, column in columns.items() if name not in swept}
    return SweepColumns(keys, swept, results, units, converged, case)
