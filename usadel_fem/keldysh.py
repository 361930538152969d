"""The Keldysh block of the nodal equation [ǧ_i, F_i] = 0: a real linear operator on ĥ, given ǧ^R.

    E_i = ǧ^R_iF^K_i + ǧ^K_iF^A_i − F^R_iǧ^K_i − F^K_iǧ^A_i,   tested with the eight block-diagonal B_α

F is a polynomial of the nodal matrices, so that F^K is its derivative along ǧ^K with ǧ^R to the left and ǧ^A
to the right of ǧ^K.  The Dynes Γ is a lifetime: the Keldysh part −2Γτ₃ĥ_i of its self-energy follows the
local ĥ, and it absorbs neither charge nor spin nor energy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from usadel_fem import action
from usadel_fem.action import SpinHallState, blocks
from usadel_fem.fem.forms import Contact, Forms
from usadel_fem.fem.links import block_diagonal, left_right
from usadel_fem.physics.keldysh import EIGHT, advanced, commutator_keldysh, components, keldysh, matrices
from usadel_fem.physics.nambu import TAU3, TAU3_DIAGONAL, Complex, Real, dot_sigma
from usadel_fem.physics.spectral import density_of_states


@dataclass(frozen=True)
class KineticOperator:
    """h ↦ ¼ Tr B_αE_i at one real energy, (N, 8) → (N, 8).

    Attributes:
        forms: the assembled device.
        r, a: ǧ^R_i and ǧ^A_i, (N, 4, 4).
        force_r, force_a: F^R_i and F^A_i.
        omega: Ω_i of `action.source`, contacts included.
        dynes: ∫ N_F Γ φ_i (N,).
        contacts: terminal → the contact, ǧ^R and ǧ^A of its reservoir.
        relaxation: rate × ∫ N_F φ_i × density of states (N,): every component of δĥ goes to the bath.
        state: the spin Hall form between ǧ^R and ǧ^A, or None.
        inertia: 1/τ of an implicit step in time τ, in the normal state: it acts with ∫ N_F φ_iφ_j.
    """

    forms: Forms
    r: Complex
    a: Complex
    force_r: Complex
    force_a: Complex
    omega: Complex
    dynes: Real
    contacts: Mapping[str, tuple[Contact, Complex, Complex]]
    relaxation: Real
    state: SpinHallState | None
    inertia: float = 0.0

    @classmethod
    def at(
        cls,
        forms: Forms,
        g: Complex,
        omega: Complex,
        energy: float,
        reservoirs: Mapping[str, Complex],
        relaxation: float = 0.0,
    ) -> KineticOperator:
        """The operator at a converged ǧ^R.

        Args:
            omega: `action.source` of this energy.
            reservoirs: ǧ^R (4, 4) of each terminal.
            relaxation: rate at which ĥ relaxes to the bath, [energy].
        """
        weights, a = forms.potentials(energy), advanced(g)
        left, right = action.spin_hall_state(forms, g), action.spin_hall_state(forms, a)
        force = action.force(forms, g, omega, left)
        state = None
        if left is not None and right is not None:
            state = SpinHallState(left.form, left.g, left.gradient, right)
        contacts = {
            c.terminal: (c, reservoirs[c.terminal], advanced(reservoirs[c.terminal])) for c in forms.contacts
        }
        loss = relaxation * weights.weight * density_of_states(g)
        return cls(forms, g, a, force, advanced(force), omega, weights.dynes, contacts, loss, state)

    def __call__(self, h: Real, outside: Mapping[str, Real] | None = None) -> Real:
        """¼ Tr B_αE_i for ĥ with components h (N, 8).

        Args:
            outside: ĥ (8,) of the reservoirs behind tunnel contacts; None for 0, the linear part alone.
        """
        hm, k = self.keldysh(h)
        out = components(self._balance(hm, k, outside))
        out += 2 * self.relaxation[:, None] * h
        if self.inertia:
            out += 2 * self.inertia * (self.forms.mass @ h)
        return out

    def keldysh(self, h: Real) -> tuple[Complex, Complex]:
        """ĥ_i and ǧ^K_i, (N, 4, 4) each."""
        hm = matrices(h)
        k = np.empty_like(self.r)
        for part in blocks(h.shape[0]):
            k[part] = keldysh(self.r[part], self.a[part], hm[part])
        return hm, k

    def _balance(self, hm: Complex, k: Complex, outside: Mapping[str, Real] | None) -> Complex:
        force = action.quadratic(self.forms, k)
        if self.state is not None:
            force += self.state.change(k)
        force -= 2 * self.dynes[:, None, None] * (TAU3_DIAGONAL[:, None] * hm)
        for name, h in (outside or {}).items():
            if name in self.contacts:
                force -= 0.5 * self.contacts[name][0].weight[:, None, None] * self._behind(name, h)[1]
        out = np.empty_like(k)
        for part in blocks(k.shape[0]):
            out[part] = commutator_keldysh(
                (self.r[part], k[part], self.a[part]), (self.force_r[part], force[part], self.force_a[part])
            )
        return out

    def _behind(self, name: str, h: Real) -> tuple[Complex, Complex, Complex]:
        """Γǧ_resΓ behind a tunnel contact: retarded, Keldysh for ĥ (8,), advanced."""
        contact, r, a = self.contacts[name]
        gamma = contact.filter
        return gamma @ r @ gamma, gamma @ keldysh(r, a, matrices(h)) @ gamma, gamma @ a @ gamma

    def contact_currents(self, h: Real, outside: Mapping[str, Real]) -> dict[str, Real]:
        """¼ Tr B_α of the Keldysh matrix current into the device through each tunnel contact, (8,)."""
        k = self.keldysh(h)[1]
        found = {}
        for name, (contact, _, _) in self.contacts.items():
            half, turn = 0.5 * contact.weight[:, None, None], 1j * dot_sigma(contact.mixing) * TAU3_DIAGONAL
            r, own, a = self._behind(name, outside[name])
            flow = commutator_keldysh((self.r, k, self.a), (half * r - turn, half * own, half * a - turn))
            found[name] = components(flow.sum(axis=0))
        return found

    def matrix(self) -> sparse.csr_matrix:
        """The linear part assembled, (8N, 8N) real: the reference and the fallback, not the default."""
        linear = action.quadratic_matrix(self.forms)
        if self.state is not None:
            linear = linear + self.state.matrix()
        n = self.forms.size
        b = np.broadcast_to(EIGHT[:, None], (8, n, 4, 4))
        to_k = np.stack([keldysh(self.r, self.a, x).reshape(n, 16) for x in b], axis=-1)
        test = 0.25 * np.swapaxes(EIGHT, 1, 2).reshape(8, 16)
        tested = test @ (left_right(self.r, None) - left_right(None, self.a))
        local = test @ (left_right(None, self.force_a) - left_right(self.force_r, None)) @ to_k
        width = -2 * self.dynes[:, None, None] * np.stack([(TAU3 @ x).ravel() for x in EIGHT], axis=-1)
        local = local + tested @ width
        local = local + 2 * self.relaxation[:, None, None] * np.eye(8)
        total = block_diagonal(tested) @ linear @ block_diagonal(to_k) + block_diagonal(local)
        if self.inertia:
            total = total + 2 * self.inertia * sparse.kron(self.forms.mass, sparse.identity(8))
        return sparse.csr_matrix(total.real)
