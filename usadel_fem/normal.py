"""The kinetic operator of the normal state on spin and charge: real scalar matrices times 4×4 couplings.

With ǧ^R = τ₃ everywhere the four potentials μ (σ_x, σ_y, σ_z, τ₃ of ĥ) do not meet energy and τ₃σ, and each
form of `fem/forms.py` is one scalar matrix and one real 4×4 matrix, found here from the forms' own algebra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from usadel_fem.action import sigma_sandwich
from usadel_fem.fem.forms import Contact, Forms
from usadel_fem.keldysh import KineticOperator
from usadel_fem.physics.keldysh import CHARGE, EIGHT, SPIN, commutator_keldysh, components
from usadel_fem.physics.nambu import SIGMA, TAU3, TAU3_DIAGONAL, Complex, Real, commutator, dot_sigma

ACTIVE = slice(SPIN.start, CHARGE + 1)
"""Spin and charge, of the eight components of ĥ."""

Potentials = Mapping[str, Real]
"""Terminal → potentials in the eight components."""

_BASIS: Complex = EIGHT[ACTIVE]
_KELDYSH: Complex = 2 * TAU3 @ _BASIS
"""ǧ^K of each of the four."""


@dataclass(frozen=True)
class ContactCoupling:
    """A tunnel contact: nodes, current into the device by μ there (n, 4, 4), and by the reservoir's (4, 4).

    Attributes:
        nodes: of the contact, (n,).
        weight: ∫ G φ_i there, (n,).
        own: currents per node from μ_i.
        other: currents per weight from V.
    """

    nodes: Real
    weight: Real
    own: Real
    other: Real

    def current(self, value: Real, outside: Real) -> Real:
        """Spin and charge currents into the device, (4,)."""
        return np.einsum("nab,nb->a", self.own, value[self.nodes]) + self.weight.sum() * self.other @ outside


@dataclass(frozen=True)
class NormalOperator:
    """μ ↦ E(μ, V), (N, 4) → (N, 4), as `KineticOperator` has it.

    Attributes:
        terms: (scalar matrix, 4×4 coupling); None where links (gauge fields) need the matrices of spin.
        local: what is local in the equation, (N, 4, 4).
        contacts: terminal → coupling.
        full: the operator on all eight components.
    """

    full: KineticOperator
    terms: tuple[tuple[sparse.csr_matrix, Real], ...] | None
    local: Real
    contacts: dict[str, ContactCoupling]

    @classmethod
    def of(cls, full: KineticOperator) -> NormalOperator:
        """From the kinetic operator at ǧ^R = τ₃."""
        forms = full.forms
        contacts = {name: _contact(entry[0]) for name, entry in full.contacts.items()}
        linked = not sparse.issparse(forms.stiffness) or forms.precession is not None
        if linked:
            return cls(full, None, np.zeros((0, 4, 4)), contacts)
        terms = tuple((matrix, _coupling(local)) for matrix, local in _forms(forms))
        return cls(full, terms, _local(full), contacts)

    def __call__(self, value: Real, outside: Potentials | None = None) -> Real:
        """E(μ, V); None for V leaves the linear part alone."""
        if self.terms is None:
            total = np.ascontiguousarray(self.full(eight(value))[:, ACTIVE])
        else:
            total = np.einsum("nab,nb->na", self.local, value)
            for matrix, coupling in self.terms:
                total += (matrix @ value) @ coupling.T
        for name, potentials in (outside or {}).items():
            if name in self.contacts:
                contact = self.contacts[name]
                total[contact.nodes] -= np.outer(contact.weight, contact.other @ potentials[ACTIVE])
        return total

    def contact_currents(self, value: Real, outside: Potentials) -> dict[str, Real]:
        """Spin and charge currents into the device through each tunnel contact, (4,)."""
        return {name: c.current(value, outside[name][ACTIVE]) for name, c in self.contacts.items()}


def eight(value: Real) -> Real:
    """(N, 8) from (N, 4), the other components 0."""
    full = np.zeros((value.shape[0], 8))
    full[:, ACTIVE] = value
    return full


def _project(x: Complex) -> Real:
    """¼ Tr B_αx of spin and charge, (..., 4)."""
    return components(x)[..., ACTIVE]


def _coupling(local: Callable[[Complex], Complex]) -> Real:
    """4×4 matrix of τ₃F^K + F^Kτ₃, F^K = local(ǧ^K)."""
    force = local(_KELDYSH)
    return np.ascontiguousarray(_project(TAU3 @ force + force @ TAU3).T)


def _forms(forms: Forms) -> Iterator[tuple[sparse.csr_matrix, Callable[[Complex], Complex]]]:
    """The terms of `action.quadratic`, the spin Hall form at ∂ǧ = 0: scalar matrix, map of ǧ^K to F^K."""
    yield sparse.csr_matrix(forms.stiffness), lambda k: 0.5 * k
    if forms.spin_relaxation is not None:
        yield forms.spin_relaxation, lambda k: -0.125 * sigma_sandwich(k)
    for a, matrix in forms.swapping:
        yield sparse.csr_matrix(matrix), lambda k, a=a: -0.25j * commutator(k, SIGMA[a])  # type: ignore[misc]
    for field in forms.transverse:
        yield field.matrix, lambda k, f=field: -f.left @ k @ f.right  # type: ignore[misc]
    for tunnel in forms.tunnels:
        yield tunnel.matrix, lambda k, t=tunnel: -0.5 * t.filter @ k @ t.filter  # type: ignore[misc]
    if forms.spin_hall is not None:
        at, weight = forms.spin_hall.at, forms.spin_hall.weight
        for k, l, a, sign in forms.spin_hall.planes:
            half = at.gradient[k].T @ sparse.diags(0.25 * sign * weight) @ at.gradient[l]
            turn = SIGMA[a] * TAU3_DIAGONAL
            yield sparse.csr_matrix(half - half.T), lambda k, s=turn: -(k @ s) - s @ k  # type: ignore[misc]


def _local(full: KineticOperator) -> Real:
    """ǧ^KF^A − F^Rǧ^K and the Dynes term, (N, 4, 4)."""
    out = np.empty((full.forms.size, 4, 4))
    for b in range(4):
        k = _KELDYSH[b]
        width = -2 * full.dynes[:, None, None] * (TAU3 @ _BASIS[b])
        change = k @ full.force_a - full.force_r @ k + TAU3 @ width + width @ TAU3
        out[:, :, b] = _project(change)
    return out


def _contact(contact: Contact) -> ContactCoupling:
    nodes = np.flatnonzero(contact.weight)
    weight, gamma = contact.weight[nodes], contact.filter
    half = 0.5 * weight[:, None, None]
    turn = 1j * dot_sigma(contact.mixing[nodes]) * TAU3_DIAGONAL
    filtered = gamma @ TAU3 @ gamma
    none = np.zeros((4, 4))
    own = np.empty((nodes.size, 4, 4))
    for b in range(4):
        flow = commutator_keldysh(
            (TAU3, _KELDYSH[b], -TAU3), (half * filtered - turn, none, -half * filtered - turn)
        )
        own[:, :, b] = _project(flow)
    other = _coupling(lambda k: 0.5 * gamma @ k @ gamma)
    return ContactCoupling(nodes, weight, own, other)
