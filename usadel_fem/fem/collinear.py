"""Is there a spin axis that everything in a device keeps?

Under rotations about such an axis n the action does not change, and ǧ consists of the two channels of spin
along n.  Every term of the equation that carries spin is looked at, as the assembled forms have it:

    exchange, spin mixing, terminals, spin filters        vectors that must be parallel to n
    spin Hall, ¼ Tr σ^aǧ ∂_kǧ ∂_lǧ                        the normal a of each plane is such a vector
    swapping, −(i/4) A^a Tr σ^aǧ_iǧ_j                     a = ±n, or no spin at all
    SU(2) links and their precession                      must not turn n, or no spin at all
    fields along other axes, −½ D Tr Xǧ_iYǧ_j             X and Y among τ₃ and n·σ; both σ, or no spin at all
    spin relaxation                                       isotropic: any n
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from usadel_fem.fem.forms import Forms
from usadel_fem.fem.links import LinkedMatrix, Matrix
from usadel_fem.physics.channels import Axis
from usadel_fem.physics.nambu import GENERATORS, SIGMA, TAU3, Complex, Real, trace

ROUNDING = 1e-13
"""Of the largest entry of its kind: what assembled integrals round to."""


def spin_axis(forms: Forms, exchanges: Sequence[ArrayLike] = ()) -> tuple[bool, Axis | None]:
    """Whether the problem is collinear, and its axis: None where nothing depends on spin.

    Args:
        forms: of the device.
        exchanges: exchange fields of the terminals, (3,) each.
    """
    groups = [v for v in _vectors(forms, exchanges) if v.any()]
    if not groups:
        return True, None
    n = _direction(groups[0])
    parallel = all(_vanishes(v - np.outer(v @ n, n), v) for v in groups)
    if not (parallel and _swapping_keeps(forms, n) and _links_keep(forms, n) and _fields_keep(forms, n)):
        return False, None
    return True, (float(n[0]), float(n[1]), float(n[2]))


def filter_parts(gamma: Complex) -> tuple[float, Real]:
    """t and u m of Γ = t + u m·σ τ₃."""
    return 0.25 * np.trace(gamma).real, np.array([0.25 * trace(s @ TAU3, gamma).real for s in SIGMA])


def field_products(forms: Forms) -> tuple[sparse.coo_matrix, Real] | None:
    """D_XY of the fields along other axes, X and Y of τ₃, σ_x, σ_y, σ_z: pattern and entries (4, 4, nnz)."""
    if not forms.transverse:
        return None
    pattern = sum(abs(field.matrix) for field in forms.transverse).tocoo()
    found = np.zeros((4, 4, pattern.nnz))
    for field in forms.transverse:
        i, j = (_number(x) for x in (field.left, field.right))
        found[i, j] = np.asarray(field.matrix[pattern.row, pattern.col]).ravel()
    return pattern, found


def _number(generator: Complex) -> int:
    return next(k for k, x in enumerate(GENERATORS) if np.array_equal(x, generator))


def _vectors(forms: Forms, exchanges: Sequence[ArrayLike]) -> Iterator[Real]:
    """Every vector of spin, (k, 3) of one kind."""
    yield forms.consistent.exchange
    yield forms.lumped.exchange
    yield np.asarray(exchanges, dtype=float).reshape(-1, 3)
    filters = [t.filter for t in forms.tunnels] + [c.filter for c in forms.contacts]
    yield np.array([filter_parts(gamma)[1] for gamma in filters]).reshape(-1, 3)
    if forms.spin_hall is not None and forms.spin_hall.weight.any():
        yield np.eye(3)[[a for _, _, a, _ in forms.spin_hall.planes]]
    fields = field_products(forms)
    if fields is not None:
        yield fields[1][0, 1:].T


def _direction(vectors: Real) -> Real:
    """Of the longest vector; its largest component is positive."""
    longest = vectors[np.argmax((vectors**2).sum(axis=1))]
    n = longest / np.linalg.norm(longest)
    return np.asarray(n * np.sign(n[np.argmax(np.abs(n))]))


def _vanishes(x: Real, scale: Real) -> bool:
    return bool(np.abs(x).max(initial=0.0) <= ROUNDING * np.abs(scale).max(initial=0.0))


def _swapping_keeps(forms: Forms, n: Real) -> bool:
    axes = np.eye(3)[[a for a, _ in forms.swapping]]
    return _vanishes(axes - np.outer(axes @ n, n), axes)


def _links_keep(forms: Forms, n: Real) -> bool:
    """Whether transport leaves n·σ alone, and the precession of swapping does not act on it."""
    linked: list[Matrix] = [forms.stiffness]
    if forms.spin_hall is not None:
        linked += [forms.spin_hall.at.value, *forms.spin_hall.at.gradient]
    kept = all(_keeps(m, n, 1.0) for m in linked if isinstance(m, LinkedMatrix))
    return kept and (forms.precession is None or _keeps(forms.precession, n, 0.0))


def _keeps(matrix: Matrix, n: Real, factor: float) -> bool:
    """Whether the matrix of the triplets, applied to nodal vectors n, is `factor` times that of singlets."""
    if not isinstance(matrix, LinkedMatrix):
        return True
    for singlet, triplet in matrix.parts():
        if triplet is not None:
            embed = sparse.kron(sparse.identity(singlet.shape[1]), n[:, None])
            lift = sparse.kron(sparse.identity(singlet.shape[0]), n[:, None])
            rest = abs(triplet @ embed - factor * (lift @ singlet))
            if rest.nnz and rest.max() > ROUNDING * abs(triplet).max():
                return False
    return True


def _fields_keep(forms: Forms, n: Real) -> bool:
    fields = field_products(forms)
    if fields is None:
        return True
    spin = fields[1][1:, 1:]
    return _vanishes(spin - np.multiply.outer(np.outer(n, n), np.trace(spin)), spin)
