"""A solution as an xarray dataset: every observable with its axes named, numbered and given units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.vtk import series
from usadel_fem.labelled import SERIES, Observable, Observables, unit_text
from usadel_fem.outcomes import EnergyReport

KINDS = ("τ0", "τ0σx", "τ0σy", "τ0σz", "τ3", "τ3σx", "τ3σy", "τ3σz")
"""The eight parts of a distribution, in their order."""
AXES = ("x", "y", "z")
LABELS = {"component": AXES, "kind": KINDS}
SHARED = (*SERIES, "node", "cell", *LABELS)
"""Axes that mean the same in every observable."""

Units = tuple[str, str] | None
Entry = tuple[tuple[str, ...], NDArray[Any], dict[str, str]]
"""Axes, values and attributes of a variable, as xarray takes them."""


def build_dataset(
    mesh: FieldMesh,
    energies: NDArray[np.complex128],
    observables: Observables,
    convergence: Sequence[EnergyReport],
    units: Units,
    attributes: Mapping[str, str],
    more: Mapping[str, Entry] | None = None,
) -> Any:
    """The dataset (see `Solution.to_xarray`); `more` are further variables.

    Raises:
        ImportError: if xarray is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise ImportError('to_xarray needs xarray: pip install "usadel_fem[xarray]"') from error
    entries, stacked = _entries(observables, units)
    times = entries.pop("time", None)
    if len(convergence) == len(energies) and len(energies):
        ok = np.array([report.ok for report in convergence])
        entries["energy_converged"] = (("energy",), ok, {"long_name": "whether the energy converged"})
    entries |= more or {}
    used = {dim for dims, _, _ in entries.values() for dim in dims}
    found = _coordinates(mesh, energies, observables, units)
    if times is not None:
        found["time"] = times
    for dim, labels in {**LABELS, **stacked}.items():
        found[dim] = ((dim,), np.array(labels), {})
    kept = {name: entry for name, entry in found.items() if set(entry[0]) <= used}
    return xarray.Dataset(entries, coords=kept, attrs=dict(attributes))


def _coordinates(
    mesh: FieldMesh, energies: NDArray[np.complex128], observables: Observables, units: Units
) -> dict[str, Entry]:
    """Where nodes, cells and energies are."""
    energy, length = {"units": unit_text("energy", units)}, {"units": unit_text("length", units)}
    centres = mesh.nodes[mesh.cells].mean(axis=1)
    found: dict[str, Entry] = {}
    for k, axis in enumerate(AXES):
        found[axis] = (("node",), mesh.nodes[:, k], {"long_name": f"{axis} of the node", **length})
        found[f"cell_{axis}"] = (
            ("cell",),
            centres[:, k],
            {"long_name": f"{axis} of the cell's centre", **length},
        )
    regions = np.array(mesh.region_names)[mesh.cell_region]
    found["cell_region"] = (("cell",), regions, {"long_name": "region of the cell"})
    if "time" not in observables:
        _, places, _ = series(energies, observables)
        text = "energy: the part that tells them apart; energy_complex has both"
        found["energy"] = (("energy",), np.array(places), {"long_name": text, **energy})
        found["energy_complex"] = (("energy",), energies, {"long_name": "energy ε + iΓ or iω", **energy})
    return found


def _entries(observables: Observables, units: Units) -> tuple[dict[str, Entry], dict[str, list[str]]]:
    """The variables, and the labels of the axes along which dictionaries were stacked."""
    found: dict[str, Entry] = {}
    labels: dict[str, list[str]] = {}
    for name, value in observables.items():
        if isinstance(value, Observable):
            found[name] = _entry(value, units)
        elif value and not (axis := _along(name, value)):
            prefix = name.replace(":", "_") + "_"
            found |= {prefix + key: _entry(item, units, prefix) for key, item in value.items()}
        elif value:
            keys = list(value)
            if labels.setdefault(axis, keys) != keys:
                axis = f"{name}_{axis}"
                labels[axis] = keys
            dims, _, attributes = _entry(value[keys[0]], units)
            stacked = np.stack([np.asarray(item) for item in value.values()])
            found[name] = ((axis, *dims), stacked, attributes)
    return found, labels


def _along(name: str, value: Mapping[str, Observable]) -> str:
    """The axis along which a dictionary is stacked; empty where its entries do not fit each other."""
    first, *others = value.values()
    alike = all(other.dims == first.dims and other.shape == first.shape for other in others)
    if not alike or not name.startswith(("terminal_", "spectral_")) or not set(first.dims) <= set(SHARED):
        return ""
    return "pair" if any("," in key for key in value) else "terminal"


def _entry(value: Observable, units: Units, prefix: str = "") -> Entry:
    """A variable; axes of its own get a prefix, since another probe has other points."""
    dims = tuple(dim if dim in SHARED else prefix + dim for dim in value.dims)
    attributes = {"long_name": value.description, "units": unit_text(value.unit, units), "at": value.at}
    return dims, np.asarray(value), {key: text for key, text in attributes.items() if text}
