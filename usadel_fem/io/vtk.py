"""VTU files for ParaView: the one adapter around meshio.

Complex numbers become two real arrays, vectors have three components, and second-order cells keep
their middle nodes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import meshio
import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.atomic import atomic_path, write_text
from usadel_fem.io.columns import Columns, columns
from usadel_fem.labelled import Observable, Observables

_PER_ENERGY = re.compile(r"fields_\d{4,}\.vtu")

# what exchanging the second and third vertex does to the nodes of a cell
_MIRRORED = {
    "triangle": (0, 2, 1),
    "triangle6": (0, 2, 1, 5, 4, 3),
    "tetra": (0, 2, 1, 3),
    "tetra10": (0, 2, 1, 3, 6, 5, 4, 7, 9, 8),
}


def write_fields(
    directory: Path,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    only: Collection[str] | None = None,
) -> list[Path]:
    """Write fields.vtu and, for spectra and series in time, fields.pvd with one fields_NNNN.vtu per step.

    For spectra fields.vtu holds the fields without an energy axis and the spectral ones at the energy
    nearest to zero, which stands in its field data as energy_re and energy_im; the time of an entry of
    fields.pvd is its energy. For series in time it is the time, which is TimeValue of each file, and
    fields.vtu holds the last one.

    Args:
        directory: made if need be; files of an earlier run there are replaced.
        mesh: nodes and cells.
        energies: (n,) complex.
        observables: labelled arrays; those at "node" and "cell" are written.
        only: names of observables or of columns to write; None for all.

    Returns:
        the files.
    """
    _remove_old(directory)
    cell_data = {"region": mesh.cell_region} | columns(observables, "cell", only=only)
    point_data = columns(observables, "node", only=only)
    files: list[Path] = []
    labels, places, shown = series(energies, observables)
    for i, label in enumerate(labels):
        point_series = columns(observables, "node", step=i, only=only)
        cell_series = columns(observables, "cell", step=i, only=only)
        if not point_series and not cell_series:
            break
        path = directory / f"fields_{i:04d}.vtu"
        files.append(write_vtu(path, mesh, point_data | point_series, cell_data | cell_series, label))
    front = directory / "fields.vtu"
    if not files:
        return [write_vtu(front, mesh, point_data, cell_data)]
    write_text(front, files[shown].read_text(encoding="utf-8"))
    if len(files) == 1:
        files[0].unlink()
        return [front]
    return [front, _write_collection(directory / "fields.pvd", files, places), *files]


def series(
    energies: NDArray[np.complex128], observables: Observables
) -> tuple[list[Mapping[str, float]], list[float], int]:
    """Field data and time of every step, and the step that fields.vtu shows."""
    time = observables.get("time")
    if isinstance(time, Observable):
        times = [float(t) for t in time]
        return [{"TimeValue": t} for t in times], times, len(times) - 1
    labels: list[Mapping[str, float]] = [
        {"energy_re": float(e.real), "energy_im": float(e.imag)} for e in energies
    ]
    return labels, _times(energies), int(np.argmin(np.abs(energies))) if len(energies) else 0


def write_vtu(
    path: Path,
    mesh: FieldMesh,
    point_data: Columns,
    cell_data: Columns,
    label: Mapping[str, float] | None = None,
) -> Path:
    """Write one VTU file: arrays of shape (n,) or (n, 3) at nodes and cells, and numbers as field data."""
    grid = meshio.Mesh(
        mesh.nodes,
        [(mesh.cell_type, oriented(mesh))],
        point_data={name: storable(array) for name, array in point_data.items()},
        cell_data={name: [storable(array)] for name, array in cell_data.items()},
    )
    with atomic_path(path) as temporary:
        meshio.write(temporary, grid, file_format="vtu")
        if label is not None:
            _add_field_data(temporary, label)
    return path


def oriented(mesh: FieldMesh) -> NDArray[np.int64]:
    """The cells, mirrored where needed: positive tetrahedra, triangles with a common side up."""
    if mesh.cell_type not in _MIRRORED:
        return mesh.cells
    first, *others = (mesh.nodes[mesh.cells[:, i]] for i in range(4 if "tetra" in mesh.cell_type else 3))
    edges = [corner - first for corner in others]
    normal = np.cross(edges[0], edges[1])
    if len(edges) == 3:
        sign = np.sum(normal * edges[2], axis=1)
    else:
        up = np.argmax(np.abs(normal).sum(axis=0)) if len(normal) else 0
        sign = normal[:, up]
    mirrored = mesh.cells[:, _MIRRORED[mesh.cell_type]]
    return np.where(sign[:, None] < 0, mirrored, mesh.cells)


def storable(array: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers as int64, all others as float64."""
    return np.ascontiguousarray(array, dtype=np.int64 if array.dtype.kind in "iu" else np.float64)


def _add_field_data(path: Path, values: Mapping[str, float]) -> None:
    """meshio writes none into VTU files."""
    kind = 'type="Float64" NumberOfTuples="1" format="ascii"'
    arrays = "".join(
        f"<DataArray {kind} Name={quoteattr(name)}>{float(value)!r}</DataArray>\n"
        for name, value in values.items()
    )
    opening = "<UnstructuredGrid>"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(opening, f"{opening}\n<FieldData>\n{arrays}</FieldData>", 1), encoding="utf-8"
    )


def _write_collection(path: Path, files: list[Path], times: list[float]) -> Path:
    entries = "".join(
        f'    <DataSet timestep="{times[i]!r}" part="0" file={quoteattr(files[i].name)}/>\n'
        for i in np.argsort(times)
    )
    return write_text(
        path,
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n  <Collection>\n'
        f"{entries}  </Collection>\n</VTKFile>\n",
    )


def _times(energies: NDArray[np.complex128]) -> list[float]:
    """The part of the energies that tells them apart, else their numbers."""
    for part in (energies.real, energies.imag):
        if len(np.unique(part)) == len(energies):
            return [float(value) for value in part]
    return [float(i) for i in range(len(energies))]


def _remove_old(directory: Path) -> None:
    if directory.is_dir():
        for path in directory.iterdir():
            if path.name == "fields.pvd" or _PER_ENERGY.fullmatch(path.name):
                path.unlink()
