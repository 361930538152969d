"""Points and lines where a user wants to know the fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from usadel_fem.case.output import Line, Point
from usadel_fem.device import Device
from usadel_fem.errors import Problem
from usadel_fem.labelled import Observable, Observables
from usadel_fem.physics.nambu import Complex, Real


def check_probes(device: Device) -> list[Problem]:
    """Probes must lie in the mesh and have as many coordinates as it has."""
    problems = []
    for name, probe in device.case.output.at.items():
        points, dim = probe_points(probe), device.space.dimension
        rule = ""
        if points.shape[0] != dim:
            rule, received = (
                f"must have {dim} coordinates: the mesh has as many dimensions",
                str(points.shape[0]),
            )
        else:
            try:
                device.space.at_points(points)
            except ValueError as outside:
                rule, received = "must lie inside the mesh", str(outside)
        if rule:
            problems.append(Problem(f"output.at.{name}", rule, received))
    return problems


def probe_points(probe: Line | Point) -> Real:
    """Mesh coordinates of a probe, (dim, m)."""
    if isinstance(probe, Point):
        return np.array(probe.at)[:, None]
    start, stop = np.array(probe.start)[:, None], np.array(probe.stop)[:, None]
    return start + np.linspace(0, 1, probe.num) * (stop - start)


def _at(matrix: sparse.csr_matrix, field: Observable) -> Real | Complex:
    """Values at points of a field whose nodes are its first axis, or its second behind energies or times."""
    if field.dims.index("node"):
        return np.array([_at(matrix, row) for row in field])
    values = np.asarray(field)
    return np.asarray(matrix @ values.reshape(values.shape[0], -1)).reshape(-1, *values.shape[1:])


def probe_observables(device: Device, observables: Observables) -> dict[str, Mapping[str, Observable]]:
    """Fields at the probes of [output.at]: "probe:NAME" → {position, field: values}.

    Nodal fields are interpolated and join those that were evaluated at the probes themselves.
    """
    found: dict[str, Mapping[str, Observable]] = {}
    for name, probe in device.case.output.at.items():
        points = probe_points(probe)
        matrix = device.space.at_points(points).value
        values = {"position": Observable(points.T, ("point", "coordinate"), "length", "mesh coordinates")}
        for key, field in observables.items():
            if isinstance(field, Observable) and "node" in field.dims:
                dims = tuple("point" if d == "node" else d for d in field.dims)
                values[key] = Observable(_at(matrix, field), dims, field.unit, field.description)
        evaluated = observables.get(f"probe:{name}", {})
        found[f"probe:{name}"] = {**values, **evaluated} if isinstance(evaluated, Mapping) else values
    return found
