"""result.h5, reading: small things at once, Green functions one energy at a time, large fields where used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from usadel_fem.case import Case, Source
from usadel_fem.errors import CaseError, Problem
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io import layout
from usadel_fem.io.series import mapped
from usadel_fem.labelled import Observable
from usadel_fem.outcomes import EnergyReport, Outcome

RESULT_NAME = "result.h5"


def as_result_file(path: Path) -> Path:
    """The file meant by a path: itself, or the result.h5 of a directory."""
    return path / RESULT_NAME if path.is_dir() else path


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Around reading a file of ours: where it makes no sense, that is said of the file, in one line.

    Raises:
        CaseError: whatever goes wrong.
    """
    try:
        yield
    except CaseError:
        raise
    except Exception as error:  # HDF5, JSON, text and the case each have errors of their own
        said = " ".join(str(error).split())[:100]
        received, hint = f"{type(error).__name__}: {said}", "is it damaged, or of another version?"
        raise CaseError([Problem("", "must be a whole result", received, hint, str(path))]) from error


class ResultReader:
    """Reads a result.h5; use it in a `with` block.

    Raises:
        CaseError: if the file is missing, is no HDF5 file or no result of this program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        order = self._file.get(layout.ORDER)
        self._order = None if order is None else order[()]

    def done(self) -> frozenset[int]:
        """The energies that converged and whose Green function is there."""
        kept = self._ordered(self._file[layout.KEPT][()])
        return frozenset(i for i, report in enumerate(self.reports()) if kept[i] and report.ok)

    def _ordered(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values per energy in the order of the result: that of the file unless it says otherwise."""
        return values if self._order is None else values[self._order]

    def _place(self, index: int) -> int:
        return index if self._order is None else int(self._order[index])

    def case_text(self) -> str:
        return str(self._file[layout.CASE_TEXT].asstr()[()])

    def case_values(self) -> str:
        """The resolved case as JSON."""
        return str(self._file[layout.CASE_VALUES].asstr()[()])

    def case(self) -> Case:
        """The case that was solved; its numbers are in its base units."""
        try:
            case = Case.model_validate_json(self.case_values())
        except CaseError as error:
            raise CaseError(problem.within(str(self.path)) for problem in error.problems) from None
        return case.model_copy(update={"source": Source(text=self.case_text())})

    def provenance(self) -> dict[str, str]:
        return {key: str(value) for key, value in self._file[layout.PROVENANCE].attrs.items()}

    def mesh(self) -> FieldMesh:
        group = self._file[layout.MESH]
        return FieldMesh(
            nodes=group["nodes"][()],
            cell_type=str(group.attrs["cell_type"]),
            cells=group["cells"][()],
            cell_region=group["cell_region"][()],
            region_names=tuple(json.loads(group.attrs["region_names"])),
        )

    def energies(self) -> NDArray[np.complex128]:
        return self._ordered(np.asarray(self._file[layout.ENERGIES][()], dtype=np.complex128))

    def reports(self) -> tuple[EnergyReport, ...]:
        """One report per energy, also for those that have not been run yet."""
        texts = self._ordered(self._file[layout.REPORTS].asstr()[()])
        return tuple(
            parse_report(text) if text else EnergyReport(complex(energy), Outcome.NOT_RUN)
            for text, energy in zip(texts, self.energies(), strict=True)
        )

    def green_function(self, index: int) -> NDArray[np.complex128] | None:
        """ǧ of one energy, (N, 4, 4), or None where nothing was kept."""
        place = self._place(index)
        if not self._file[layout.KEPT][place]:
            return None
        return np.asarray(self._file[layout.GREEN][place], dtype=np.complex128)

    def distribution(self, index: int) -> NDArray[np.float64] | None:
        """ĥ of one energy, (N, 8), or None where nothing was kept or nothing is out of equilibrium."""
        place = self._place(index)
        if layout.DISTRIBUTION not in self._file or not self._file[layout.KEPT][place]:
            return None
        return np.asarray(self._file[layout.DISTRIBUTION][place], dtype=np.float64)

    def observables(self) -> dict[str, Observable | dict[str, Observable]]:
        """The labelled arrays; empty while the run has not ended."""
        found: dict[str, Observable | dict[str, Observable]] = {}
        for name, item in self._file.get(layout.OBSERVABLES, {}).items():
            if isinstance(item, h5py.Group):
                found[layout.unescaped(name)] = {layout.unescaped(k): _array(v) for k, v in item.items()}
            else:
                found[layout.unescaped(name)] = _array(item)
        return found

    def summary(self) -> dict[str, Any]:
        return dict(json.loads(self._file[layout.SUMMARY].asstr()[()]))

    def state(self, name: str) -> NDArray[Any] | None:
        """An array kept by `ResultWriter.write_state`, or None."""
        item = self._file.get(f"{layout.STATE}/{layout.escaped(name)}")
        return None if item is None else np.asarray(item[()])

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class GreenFunctions:
    """The Green functions of a file as a sequence; the file is opened for each one that is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with ResultReader(path) as reader:
            self._length = len(reader.energies())

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> NDArray[Any] | None:
        if not -self._length <= index < self._length:
            raise IndexError(f"energy number must be below {self._length}; instead received {index}")
        with undamaged(self._path), ResultReader(self._path) as reader:
            return reader.green_function(index % self._length)


class Distributions(GreenFunctions):
    """The distributions of a file as a sequence, read one at a time."""

    def __getitem__(self, index: int) -> NDArray[Any] | None:
        if not -self._length <= index < self._length:
            raise IndexError(f"energy number must be below {self._length}; instead received {index}")
        with undamaged(self._path), ResultReader(self._path) as reader:
            return reader.distribution(index % self._length)


def _opened(path: Path) -> h5py.File:
    if not path.exists():
        raise CaseError([Problem("", "does not exist", file=str(path))])
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        denied = isinstance(error, PermissionError)
        hint = "" if denied else "is it truncated, or being written by another run?"
        raise CaseError(
            [Problem("", "cannot be read as HDF5", received=layout.reason(error), hint=hint, file=str(path))]
        ) from error
    if file.attrs.get(layout.FORMAT) != layout.FORMAT_VERSION:
        file.close()
        raise CaseError([Problem("", "must be a result of usadel-fem", file=str(path))])
    return file


def _array(item: h5py.Dataset) -> Observable:
    return Observable(
        mapped(item),
        dims=tuple(json.loads(item.attrs["dims"])),
        unit=item.attrs["unit"],
        description=item.attrs["description"],
        at=item.attrs["at"],
    )


def parse_report(text: str) -> EnergyReport:
    """A report as `ResultWriter` stores it."""
    fields = json.loads(text)
    fields["energy"] = complex(*fields["energy"])
    fields["outcome"] = Outcome[fields["outcome"]]
    fields["residual_history"] = tuple(fields["residual_history"])
    fields["location"] = tuple(fields["location"])
    return EnergyReport(**fields)
