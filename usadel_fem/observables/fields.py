"""Fields every run has, the choice of fields a user wants, and their values at probes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from usadel_fem.case.output import Line, Point
from usadel_fem.device import Device
from usadel_fem.errors import Problem
from usadel_fem.labelled import Observable, Observables
from usadel_fem.physics.nambu import Complex, Real

FIELDS = (
    "dos", "dos_up", "dos_down", "local_gap", "singlet", "triplet", "gamma", "gamma_tilde", "Delta_abs",
    "Delta_phase", "charge_current", "spin_current_x", "spin_current_y", "spin_current_z",
    "distribution", "energy_current", "spin_torque", "spin_source", "spin_density", "charge_density",
    "magnetization", "material",
)  # fmt: skip
"""Names that `output.fields` may choose from."""


def common_fields(device: Device, delta: Complex | None) -> dict[str, Observable]:
    """Δ at the nodes where there is one, and the number of every cell's material."""
    names = list(device.case.material)
    number = np.array([names.index(device.case.region[region]) for region in sorted(device.mesh.regions)])
    text = "number of the material: " + ", ".join(names)
    found = {"material": Observable(number[device.space.region_of_element], ("cell",), "", text, "cell")}
    gap = nodal_delta(device, delta)
    if np.any(gap):
        found["Delta_abs"] = Observable(
            np.abs(gap), ("node",), "energy", "modulus of the pair potential", "node"
        )
        found["Delta_phase"] = Observable(
            np.angle(gap), ("node",), "rad", "phase of the pair potential", "node"
        )
    return found


def nodal_delta(device: Device, delta: Complex | None) -> Complex:
    """Δ (N,) at the nodes; where regions meet, the one of larger modulus; 0 outside superconductors."""
    space, forms = device.space, device.forms
    total = np.zeros(space.size, dtype=complex)
    for elements in device.mesh.regions.values():
        nodes, owner = space.owners(elements)
        here = device.coefficient("Delta", np.asarray(space.basis.doflocs)[:, nodes], owner)
        larger = np.abs(here) > np.abs(total[nodes])
        total[nodes[larger]] = here[larger]
    if delta is not None and forms.pairing is not None:
        order = np.argsort(np.abs(delta), kind="stable")
        total[forms.pairing.node[order]] = delta[order]
    return total


def wanted(
    observables: Observables, names: Collection[str] | None
) -> dict[str, Observable | Mapping[str, Observable]]:
    """All observables, fields restricted to `names` where the user gave them."""
    if names is None:
        return dict(observables)
    return {n: v for n, v in observables.items() if n not in FIELDS or n in names}


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
                device.space.interpolation(points)
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


def probe_observables(device: Device, observables: Observables) -> dict[str, Mapping[str, Observable]]:
    """Nodal fields at the probes of [output.at]: "probe:NAME" → {position, field: values}."""
    found: dict[str, Mapping[str, Observable]] = {}
    for name, probe in device.case.output.at.items():
        points = probe_points(probe)
        matrix = device.space.interpolation(points)
        values = {"position": Observable(points.T, ("point", "coordinate"), "length", "mesh coordinates")}
        for key, field in observables.items():
            if isinstance(field, Observable) and "node" in field.dims:
                axis = field.dims.index("node")
                moved = np.moveaxis(np.asarray(field), axis, 0)
                at = (matrix @ moved.reshape(moved.shape[0], -1)).reshape(-1, *moved.shape[1:])
                dims = tuple("point" if d == "node" else d for d in field.dims)
                values[key] = Observable(np.moveaxis(at, 0, axis), dims, field.unit, field.description)
        found[f"probe:{name}"] = values
    return found
