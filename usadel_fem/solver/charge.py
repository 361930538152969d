"""A gauge for the scalar preconditioner: near the one where links hardly turn the phase.

With x_j = e^{iξ_j} y_j in the block eh, K with links, K_ij e^{iφ_ij}, becomes almost K for the ξ with the
least −Σ K_ij (ξ_i − ξ_j − φ_ij)², that is where ∇·A = 0 and A·n = 0. A scalar matrix is then near the
Hessian whatever the gauge of a case.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.multigrid import Hierarchy

ACCURACY, STEPS = 1e-3, 60
"""Of ξ, and steps of conjugate gradients at most: a preconditioner asks for little."""

NOTHING = 1e-12
"""Σ_j K_ij φ_ij relative to K that is rounding."""

REGULAR = 1e-8
"""What is added to the diagonal of K, relative to it: ξ is free up to a number."""


def phases(forms: Forms) -> Complex | None:
    """e^{iξ} of all nodes (N,), or None where nothing is turned; the same on both sides of a barrier."""
    if not isinstance(forms.stiffness, LinkedMatrix):
        return None
    plain = forms.stiffness.plain
    angles = sparse.csr_matrix(forms.stiffness.charged.multiply(plain))
    angles = sparse.csr_matrix((np.angle(angles.data), angles.indices, angles.indptr), angles.shape)
    currents = -0.5 * np.asarray(plain.multiply(angles).sum(axis=1)).ravel()
    if not np.abs(currents).max(initial=0.0) > NOTHING * forms.half_diagonal.max():
        return None
    matrix = sparse.csr_matrix(forms.scalar_half + REGULAR * sparse.diags(forms.half_diagonal))
    inverse = Hierarchy(matrix).inverse(np.zeros(forms.size))
    about = LinearOperator(matrix.shape, lambda x: inverse(x.reshape(-1, 1)).ravel(), dtype=float)
    xi, _ = cg(matrix, currents, rtol=ACCURACY, maxiter=STEPS, M=about)
    return np.asarray(np.exp(1j * xi)) if np.isfinite(xi).all() else None
