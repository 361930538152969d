"""The quadratic terms as kernels in single precision take them, with vector potentials and spin filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse

from usadel_fem.fem.coupling import Coupling, coupling
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.physics.nambu import Complex, tau3_signs

Sandwich: TypeAlias = tuple[sparse.csr_matrix, Complex, Complex]
"""M, X and Y of a force −Σ_j M_ij Xx_jY."""


@dataclass(frozen=True)
class SingleTerms:
    """All of F_i that is linear in ǧ but for the spin Hall form.

    Attributes:
        coupling: with K of U(1) links on the blocks ee and hh, and on all others too.
        charged: c of what these add, c_ij x_j to eh and c*_ij x_j to he, sparse and complex; or None.
        sandwiches: what is left, on few nodes as a rule.
    """

    coupling: Coupling
    charged: sparse.csr_matrix | None
    sandwiches: tuple[Sandwich, ...]

    @classmethod
    def of(cls, forms: Forms) -> SingleTerms | None:
        """None where links transport spins or swap them."""
        stiffness, charged = forms.stiffness, None
        if isinstance(stiffness, LinkedMatrix):
            if stiffness.plain_triplet is not None or forms.swapping or forms.precession is not None:
                return None
            charged, stiffness = 0.5 * (stiffness.charged - stiffness.plain), stiffness.plain
        left = [(0.5 * t.matrix, t.filter, t.filter) for t in forms.tunnels if t.filtered]
        for field in forms.transverse:
            if _is_charge(field.left) and _is_charge(field.right):  # −D on ee and hh, +D on eh and he
                twice = 2 * field.matrix
                charged, stiffness = twice if charged is None else charged + twice, stiffness - twice
            else:
                left.append((field.matrix, field.left, field.right))
        plain = [tunnel.matrix for tunnel in forms.tunnels if not tunnel.filtered]
        found = coupling(stiffness, forms.scalar_stiffness, plain, forms.spin_relaxation, forms.swapping)
        return cls(found, None if charged is None else sparse.csr_matrix(charged, dtype=complex), tuple(left))


def _is_charge(x: Complex) -> bool:
    """Whether a matrix of nodal size is τ₃."""
    return np.array_equal(x, np.diag(tau3_signs(len(x))))
