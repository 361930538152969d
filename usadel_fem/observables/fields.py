"""Fields every run has, and the choice of fields a user wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from usadel_fem.device import Device
from usadel_fem.labelled import Observable, Observables
from usadel_fem.observables.traces import POINT_FIELDS
from usadel_fem.physics.nambu import Complex

FIELDS = (
    "dos", "dos_up", "dos_down", "local_gap", "singlet", "triplet", "gamma", "gamma_tilde", "Delta_abs",
    "Delta_phase", "distribution", "energy_current", "spin_density", "charge_density", "magnetization",
    "material", *POINT_FIELDS,
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
        here = device.coefficient("Delta", space.doflocs[:, nodes], owner)
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
