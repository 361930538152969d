"""By what the problem of a device is smaller than the 8 unknowns per node of a full ǧ."""

from __future__ import annotations

from typing import Any

import numpy as np

from usadel_fem.device import Device
from usadel_fem.fem.reduction import symmetry
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.channels import he_over_eh
from usadel_fem.solver.energies import DeviceSolver


def symmetry_of(device: Device, delta: Complex | None = None) -> dict[str, Any] | None:
    """What a summary says of it; None where ǧ^R is known without solving for it.

    Args:
        delta: self-consistent Δ_p, (P,); None for the one to start from.

    >>> from usadel_fem.case import Case
    >>> from usadel_fem.device import build_device
    >>> wire = {"mesh": {"shape": "wire", "length": 2.0, "elements": 4}, "region": {"wire": "N"}}
    >>> case = Case(
    ...     **wire,
    ...     material={"N": {"D": 1.0}},
    ...     terminal={"left": {"Delta": 0.83}},
    ...     solve={"kind": "spectrum", "energies": [0.31]},
    ... )
    >>> symmetry_of(build_device(case))
    {'symmetry': 'spin-independent', 'axis': None, 'unknowns_per_node': 1, 'of': 8}
    """
    solve = device.case.solve
    if solve.time is not None or (solve.kind == "nonequilibrium" and device.normal):
        return None
    return symmetry(device.reduction, not solve.real_energies, angles=_in_angles(device, delta))


def _in_angles(device: Device, delta: Complex | None) -> bool:
    """Whether channels have a real gauge, by what their solver asks; phases are the same at all energies."""
    if device.reduction is None or device.forms.free.size == 0:
        return False
    pairing = device.forms.pairing
    if delta is None and pairing is not None:
        delta = np.exp(1j * device.initial_phase()[pairing.node])
    energy, solver = 1j * device.largest_energy, DeviceSolver(device, delta)
    omega, start = solver.prepared(energy, solver.normal(energy))
    return he_over_eh(device.reduction.systems[0], omega, start) is not None
