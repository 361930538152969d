"""Currents and torques at quadrature points, averaged over elements; nodal balances at terminals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.fem.assemble import with_links
from usadel_fem.fem.links import apply
from usadel_fem.fem.space import Evaluation, evaluation
from usadel_fem.physics.currents import matrix_current, matrix_torque
from usadel_fem.physics.nambu import (
    GENERATORS,
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


@dataclass(frozen=True)
class Traces:
    """Traces of N_F J_k and N_F T, averaged over each element.

    Attributes:
        charge: Tr τ₃ J_k, (n, 3).
        spin: Tr σ^b J_k, (n, 3, 3), spin index b first.
        torque: Tr σ^a τ₃ T, (n, 3), the torque of Eq. (84).
        spin_source: Tr σ^a T, (n, 3), the torque in the continuity equation of spin.
    """

    charge: Complex
    spin: Complex
    torque: Complex
    spin_source: Complex


class ElementTraces:
    """Evaluates `Traces` of a nodal Green function; matrices and coefficients are made once."""

    def __init__(self, device: Device) -> None:
        space = device.space
        basis = space.quadrature(2 * space.order)
        plain = evaluation(basis)
        self.at: Evaluation = with_links(space, plain, device.surroundings)
        self.elements = basis.nelems
        self.axes = list(space.axes)
        self.transverse = None
        if device.surroundings.transverse is not None:
            field = device.surroundings.transverse(plain.position, plain.element)
            self.transverse = np.einsum("tcq,cij->qtij", field, GENERATORS)
        names = ("N_F", "D", "theta", "kappa")
        self.n_f, self.d, self.theta, self.kappa = (
            np.real(device.coefficient(n, plain.position, plain.element)) for n in names
        )

    def __call__(self, g: Complex) -> Traces:
        value = apply(self.at.value, g)
        gradient = np.zeros((value.shape[0], 3, 4, 4), dtype=complex)
        if self.transverse is not None:
            others = [k for k in range(3) if k not in self.axes]
            gradient[:, others] = -1j * commutator(self.transverse, value[:, None])
        for axis, matrix in zip(self.axes, self.at.gradient, strict=True):
            gradient[:, axis] = apply(matrix, g)
        parts = [self._at_points(value[s], gradient[s], s) for s in _chunks(value.shape[0])]
        charge, spin, torque, source = (np.concatenate([p[k] for p in parts]) for k in range(4))
        return Traces(self._mean(charge), self._mean(spin), self._mean(torque), self._mean(source))

    def _at_points(
        self, g: Complex, gradient: Complex, s: slice
    ) -> tuple[Complex, Complex, Complex, Complex]:
        d, theta, kappa = self.n_f[s] * self.d[s], self.theta[s], self.kappa[s]
        current = matrix_current(g, gradient, d, theta, kappa)
        charge = trace(TAU3, current)
        spin = np.einsum("bij,qkji->qbk", SIGMA, current)
        torque = matrix_torque(g, gradient, d, theta, kappa)
        return (
            charge,
            spin,
            np.einsum("aij,qji->qa", SIGMA @ TAU3, torque),
            np.einsum("aij,qji->qa", SIGMA, torque),
        )

    def _mean(self, values: Complex) -> Complex:
        weight = self.at.weight.reshape(self.elements, -1)
        shaped = values.reshape(self.elements, -1, *values.shape[1:])
        return np.einsum("eq,eq...->e...", weight / weight.sum(axis=1, keepdims=True), shaped)


def _chunks(total: int) -> list[slice]:
    return [slice(k, min(k + CHUNK, total)) for k in range(0, total, CHUNK)]


def nodal_balance(device: Device, g: Complex, omega: Complex) -> Complex:
    """[ǧ_i, F_i], (N, 4, 4): zero at free nodes, the matrix current into the device at pinned ones."""
    force = action.force(device.forms, g, omega, action.spin_hall_state(device.forms, g))
    return commutator(g, force)


def terminal_currents(device: Device, g: Complex, omega: Complex, energy: complex) -> dict[str, Complex]:
    """Matrix current (4, 4) into the device through every terminal: ∫ −n·N_F J over its boundary."""
    balance = nodal_balance(device, g, omega)
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
        total[..., nodes] += np.real(
            device.coefficient(name, np.asarray(space.basis.doflocs)[:, nodes], owner)
        )
        count[nodes] += 1
    return (total / count).T
