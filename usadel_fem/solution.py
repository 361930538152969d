"""What a run gives back: energies, Green functions, labelled observables, and how each energy converged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

import usadel_fem
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.dataset import Entry, build_dataset
from usadel_fem.io.html import result_page
from usadel_fem.io.reader import Distributions, GreenFunctions, ResultReader, as_result_file, undamaged
from usadel_fem.io.result import write_result
from usadel_fem.io.summary import write_summary
from usadel_fem.io.tables import write_tables
from usadel_fem.io.vtk import write_fields
from usadel_fem.io.vtkhdf import write_vtkhdf
from usadel_fem.labelled import Observable, Observables
from usadel_fem.outcomes import EnergyReport, Outcome
from usadel_fem.physics.basis import to_plain_basis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from usadel_fem.case import Case

__all__ = ["EnergyReport", "FieldMesh", "Observable", "Observables", "Outcome", "Solution", "load"]


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """A solved case.

    Args:
        case: the case that was solved.
        mesh: nodes, cells and regions.
        energies: (n,) complex, ε + iΓ or iω [units.energy].
        green_functions: item i is ǧ at energy i, (N, 4, 4) complex, or None where nothing usable was
            found: a list, or a view of result.h5 that reads one energy at a time.
        observables: labelled arrays by name; quantities per terminal are dictionaries by terminal.
        convergence: one report per energy.
        summary: what summary.json says.
        distributions: out of equilibrium, item i is ĥ at energy i, (N, 8) real, or None.
    """

    case: Case
    mesh: FieldMesh
    energies: NDArray[np.complex128]
    green_functions: Sequence[NDArray[np.complex128] | None] | GreenFunctions
    observables: Observables
    convergence: tuple[EnergyReport, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)
    distributions: Sequence[NDArray[np.float64] | None] | Distributions = ()

    @property
    def nodes(self) -> NDArray[np.float64]:
        """(N, 3) positions [units.length]."""
        return self.mesh.nodes

    @property
    def cells(self) -> NDArray[np.int64]:
        """(n, k) node numbers in the node order of VTK; their meshio name is `cell_type`."""
        return self.mesh.cells

    @property
    def cell_type(self) -> str:
        return self.mesh.cell_type

    @property
    def cell_region(self) -> NDArray[np.int64]:
        """(n,) index of each cell into `region_names`."""
        return self.mesh.cell_region

    @property
    def region_names(self) -> tuple[str, ...]:
        return self.mesh.region_names

    @property
    def converged(self) -> bool:
        """True if every energy, and the self-consistency where there is one, converged."""
        return all(report.ok for report in self.convergence) and bool(self.summary.get("converged", True))

    @property
    def times(self) -> NDArray[np.float64]:
        """(n,) times of a run in time, t/ħ [1/units.energy]; empty for other runs."""
        found = self.observables.get("time")
        return np.asarray(found, dtype=float) if isinstance(found, Observable) else np.zeros(0)

    def green_function(
        self, index: int, basis: Literal["paper", "plain"] = "paper"
    ) -> NDArray[np.complex128]:
        """ǧ at every node, (N, 4, 4) complex: retarded or Matsubara as the energy is.

        Args:
            index: number of the energy.
            basis: "paper" for (ψ↑, ψ↓, ψ↓†, −ψ↑†), "plain" for (ψ↑, ψ↓, ψ↑†, ψ↓†): see `physics.basis`.

        Raises:
            IndexError: if there is no such energy.
            ValueError: if that energy did not converge and nothing was kept, or there is no such basis.
        """
        if basis not in ("paper", "plain"):
            raise ValueError(f'basis must be "paper" or "plain"; received {basis!r}')
        value = self.green_functions[index]
        if value is None:
            raise ValueError(f"no Green function was kept at energy number {index}: it did not converge")
        return value if basis == "paper" else to_plain_basis(value)

    def distribution(self, index: int) -> NDArray[np.float64]:
        """ĥ at every node, (N, 8) real, in the order τ₀(1, σ_x, σ_y, σ_z), τ₃(1, σ_x, σ_y, σ_z).

        Raises:
            IndexError: if there is no such energy.
            ValueError: if that energy did not converge, or the case is not of kind "nonequilibrium".
        """
        value = self.distributions[index] if len(self.distributions) else None
        if value is None:
            raise ValueError(
                f"no distribution was kept at energy number {index}: "
                'it did not converge, or the case is not of kind "nonequilibrium"'
            )
        return value

    def save(self, path: str | Path) -> Path:
        """Write everything to one HDF5 file, which :func:`load` reads back."""
        return write_result(
            Path(path),
            case=self.case,
            mesh=self.mesh,
            energies=self.energies,
            green_functions=self.green_functions,
            reports=self.convergence,
            observables=self.observables,
            summary=self.summary,
            distributions=self.distributions,
        )

    @classmethod
    def load(cls, path: str | Path) -> Solution:
        """Read a result.h5, or the one in a directory; Green functions stay on disk until they are asked for.

        Raises:
            CaseError: if the file is missing, damaged, or no result of this program.
        """
        file = as_result_file(Path(path))
        with undamaged(file), ResultReader(file) as reader:
            return cls(
                case=reader.case(),
                mesh=reader.mesh(),
                energies=reader.energies(),
                green_functions=GreenFunctions(file),
                observables=reader.observables(),
                convergence=reader.reports(),
                summary=reader.summary(),
                distributions=Distributions(file),
            )

    def to_vtu(self, directory: str | Path, fields: Collection[str] | None = None) -> list[Path]:
        """Write fields.vtu, and fields.pvd with one file per energy or time; returns the files.

        Args:
            directory: where to.
            fields: names to write; None for those the case asks for.
        """
        wanted = self.case.output.fields if fields is None else fields
        return write_fields(Path(directory), self.mesh, self.energies, self.observables, wanted)

    def to_vtkhdf(self, directory: str | Path, fields: Collection[str] | None = None) -> list[Path]:
        """Write fields.vtkhdf, one file with every energy or time; returns it. Arguments as of `to_vtu`."""
        wanted = self.case.output.fields if fields is None else fields
        return write_vtkhdf(Path(directory), self.mesh, self.energies, self.observables, wanted)

    def to_csv(self, directory: str | Path) -> list[Path]:
        """Write scalars, spectra, convergence and nodal fields as CSV tables; returns the files."""
        return write_tables(Path(directory), self.mesh, self.energies, self.observables, self.convergence)

    def to_xarray(self, green_functions: bool = False) -> Any:
        """Everything as an `xarray.Dataset`, with units and descriptions; needs xarray.

        Variables have the names of `observables`. Axes: "energy" (coordinate: the part that tells energies
        apart; "energy_complex" has both), "time", "node" (coordinates x, y, z), "cell" (cell_x, cell_y,
        cell_z, cell_region), "component" (x, y, z), "terminal" (names), "kind" (the eight parts of a
        distribution); probes and profiles have axes of their own, such as "probe_NAME_point".

        Args:
            green_functions: also "green_function" (energy, node, row, column) complex and, out of
                equilibrium, "distribution" (energy, node, kind), with NaN where nothing was kept.

        Raises:
            ImportError: if xarray is not installed.
        """
        more: dict[str, Entry] = {}
        if green_functions:
            dims = ("energy", "node", "row", "column")
            more["green_function"] = (dims, self._kept(self.green_functions), {"long_name": "ǧ"})
        if green_functions and len(self.distributions):
            more["distribution"] = (("energy", "node", "kind"), self._kept(self.distributions), {})
        return build_dataset(
            self.mesh,
            self.energies,
            self.observables,
            self.convergence,
            self.case.unit_system,
            {
                "title": self.case.info.title,
                "converged": str(self.converged).lower(),
                "source": f"usadel_fem {usadel_fem.__version__}",
                "case": self.case.source.text,
            },
            more,
        )

    def _kept(self, fields: Any) -> NDArray[Any]:
        """All fields of a sequence in one array, NaN for those that are None."""
        each = [fields[i] for i in range(len(self.energies))]
        some = next((field for field in each if field is not None), np.zeros((len(self.nodes), 0)))
        return np.array([np.full_like(some, np.nan) if field is None else field for field in each])

    def plot(self, quantity: str, **options: Any) -> Figure:
        """A picture, as a figure of matplotlib: see :func:`usadel_fem.draw`.

        Args:
            quantity: what to draw, such as "dos"; `usadel_fem.drawable` knows all.
            options: energy, time, component, region, cmap, width, dpi.
        """
        return usadel_fem.draw(self, quantity, **options)

    def to_summary(self, directory: str | Path) -> Path:
        """Write summary.json; returns the file."""
        return write_summary(Path(directory) / "summary.json", self.summary)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return result_page(
            self.case.info.title,
            self.converged,
            self.mesh,
            self.energies,
            self.observables,
            self.convergence,
            self.summary,
            self.case.unit_system,
        )

    def __repr__(self) -> str:
        failed = sum(not report.ok for report in self.convergence)
        state = "converged" if self.converged else f"{failed} failed" if failed else "not converged"
        names = ", ".join(self.observables) or "none"
        count = f"{self.times.size} times" if self.times.size else f"{len(self.energies)} energies"
        return f"Solution({count}, {state}; {self.mesh!r}; observables: {names})"


def load(path: str | Path) -> Solution:
    """Read a result.h5, or the one in a directory: see :meth:`Solution.load`."""
    return Solution.load(path)
