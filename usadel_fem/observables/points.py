"""Nodal balances: what flows through terminals, and material coefficients at the nodes."""

from __future__ import annotations

import numpy as np

from usadel_fem.device import Device
from usadel_fem.linearise import force
from usadel_fem.physics.nambu import (
    SIGMA,
    TAU3,
    TAU3_DIAGONAL,
    Complex,
    Real,
    commutator,
    dot_sigma,
    trace,
)

CHUNK = 20_000
"""Points handled at once, so that memory stays small."""


def nodal_balance(device: Device, g: Complex, omega: Complex) -> Complex:
    """[ǧ_i, F_i], (N, 4, 4): zero at free nodes, the matrix current into the device at pinned ones."""
    return commutator(g, force(device.forms, g, omega))


def terminal_currents(
    device: Device, g: Complex, omega: Complex, energy: complex, balance: Complex | None = None
) -> dict[str, Complex]:
    """Matrix current (4, 4) into the device through every terminal: ∫ −n·N_F J over its boundary.

    Args:
        balance: `nodal_balance`, where it is known.
    """
    balance = nodal_balance(device, g, omega) if balance is None else balance
    currents = {name: balance[nodes].sum(axis=0) for name, nodes in device.forms.pinned.items()}
    reservoirs = device.reservoirs(energy)
    for contact in device.forms.contacts:
        other = contact.filter @ reservoirs[contact.terminal] @ contact.filter
        turn = 1j * dot_sigma(contact.mixing) * TAU3_DIAGONAL
        flow = commutator(g, 0.5 * contact.weight[:, None, None] * other - turn)
        currents[contact.terminal] = flow.sum(axis=0)
    return currents


def charge_and_spin(current: Complex) -> tuple[complex, Complex]:
    """Tr τ₃J and Tr σ^aJ (3,) of a matrix current."""
    return complex(trace(TAU3, current)), np.einsum("aij,ji->a", SIGMA, current)


def nodal_average(device: Device, name: str) -> Real:
    """A material coefficient at the nodes, the mean of the regions that meet there, (N, ...)."""
    space = device.space
    total: Real = np.zeros((3, space.size) if name == "exchange" else space.size)
    count = np.zeros(space.size)
    for elements in device.mesh.regions.values():
        nodes, owner = space.owners(elements)
        total[..., nodes] += np.real(device.coefficient(name, space.doflocs[:, nodes], owner))
        count[nodes] += 1
    return (total / count).T
