"""VTKHDF files for ParaView: one HDF5 file with all energies or times, the mesh in it once.

Format: unstructured grid, version 2.2, with Steps (https://docs.vtk.org/en/latest/vtk_file_formats/).
Fields have the names and components of the VTU files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.columns import columns
from usadel_fem.io.vtk import oriented, series, storable
from usadel_fem.labelled import Observables

VERSION = (2, 2)
CELL = {"line": 3, "line3": 21, "triangle": 5, "triangle6": 22, "tetra": 10, "tetra10": 24}
"""VTK's numbers of the cells."""
ATTRIBUTES: tuple[tuple[Literal["node", "cell"], str], ...] = (("node", "PointData"), ("cell", "CellData"))


def write_vtkhdf(
    directory: Path,
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    only: Collection[str] | None = None,
) -> list[Path]:
    """Write fields.vtkhdf; spectra and series in time are its time steps, in ascending order.

    The time of a step is its energy (the part that varies) or its time; the energy also stands in the
    field data, as energy_re and energy_im. Fields without an axis of energies or times are the same in
    every step and stored once.

    Args:
        directory: made if need be.
        mesh: nodes and cells.
        energies: (n,) complex.
        observables: labelled arrays; those at "node" and "cell" are written.
        only: names of observables or of columns to write; None for all.

    Returns:
        the file.
    """
    path = directory / "fields.vtkhdf"
    labels, places, _ = series(energies, observables)
    order = [int(i) for i in np.argsort(places)]
    if not any(columns(observables, at, step=0, only=only) for at, _ in ATTRIBUTES if order):
        order = []
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        root = file.create_group("VTKHDF")
        root.attrs["Version"] = np.array(VERSION, dtype=np.int64)
        root.attrs.create("Type", np.bytes_("UnstructuredGrid"))
        _write_mesh(root, mesh)
        steps = _write_steps(root, [labels[i] for i in order], [places[i] for i in order]) if order else None
        for at, group in ATTRIBUTES:
            fixed = columns(observables, at, only=only)
            if at == "cell":
                fixed = {"region": mesh.cell_region} | fixed
            for name, values in fixed.items():
                root[group].create_dataset(name, data=storable(values))
                if steps is not None:
                    steps[f"{group}Offsets"][name] = np.zeros(len(order), dtype=np.int64)
            for k, i in enumerate(order):
                for name, values in columns(observables, at, step=i, only=only).items():
                    _append(root, group, name, storable(values), k, len(order))
    return [path]


def _write_mesh(root: Any, mesh: FieldMesh) -> None:
    cells = oriented(mesh)
    count, width = cells.shape
    for name, number in (("Points", len(mesh.nodes)), ("Cells", count), ("ConnectivityIds", cells.size)):
        root[f"NumberOf{name}"] = np.array([number], dtype=np.int64)
    root["Points"] = mesh.nodes
    root["Connectivity"] = cells.ravel()
    root["Offsets"] = np.arange(count + 1, dtype=np.int64) * width
    root["Types"] = np.full(count, CELL[mesh.cell_type], dtype=np.uint8)
    for group in ("PointData", "CellData", "FieldData"):
        root.create_group(group)


def _write_steps(root: Any, labels: list[Mapping[str, float]], places: list[float]) -> Any:
    """The steps: all of them on the one mesh."""
    count = len(places)
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = count
    steps["Values"] = np.array(places, dtype=np.float64)
    steps["NumberOfParts"] = np.ones(count, dtype=np.int64)
    for name in ("PartOffsets", "PointOffsets"):
        steps[name] = np.zeros(count, dtype=np.int64)
    for name in ("CellOffsets", "ConnectivityIdOffsets"):
        steps[name] = np.zeros((count, 1), dtype=np.int64)
    for group in ("PointData", "CellData", "FieldData"):
        steps.create_group(f"{group}Offsets")
    sizes = steps.create_group("FieldDataSizes")
    for name in labels[0]:
        root["FieldData"][name] = np.array([label[name] for label in labels])
        steps["FieldDataOffsets"][name] = np.arange(count, dtype=np.int64)
        sizes[name] = np.ones((count, 2), dtype=np.int64)  # components, tuples
    return steps


def _append(root: Any, group: str, name: str, values: NDArray[Any], step: int, steps: int) -> None:
    """One step of a field, behind the earlier ones."""
    if step == 0:
        shape = (steps * len(values), *values.shape[1:])
        root[group].create_dataset(name, shape=shape, dtype=values.dtype)
        offsets = np.arange(steps, dtype=np.int64) * len(values)
        root["Steps"][f"{group}Offsets"][name] = offsets
    root[group][name][step * len(values) : (step + 1) * len(values)] = values
