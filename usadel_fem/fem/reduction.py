"""Collinear problems as channels of spin: the forms of one, or of two with spin relaxation between them.

For s = ±1 along the axis n (s = 0 where nothing depends on spin) a form of `fem/forms.py` becomes

    ¼ K_ij Tr ǧ_iǧ_j                        itself, in each channel; links keep their U(1) part
    Tr Ω_iǧ_i                               Ω projected: ε + s h·n
    −(1/16) M^so_ij Tr σ^aǧ_iσ^aǧ_j         −(1/16) M^so_ij C_st Tr ǧ_isǧ_jt, C = [[1, 2], [2, 1]] or 3
    −(i/4) A^a_ij Tr σ^aǧ_iǧ_j              nothing: A is antisymmetric, the trace symmetric
    ¼ Tr σ^aǧ ∂_kǧ ∂_lǧ                     itself, times s n_a
    −½ D_ij Tr Xǧ_iYǧ_j                     X and Y with s for n·σ
    −½ G_ij Tr ǧ_i Γ ǧ_j Γ                  Γ = t + s u τ₃

each times two where s = 0.  What acts on ǧ_i as a number joins the stiffness: F_i = ½ K_ij ǧ_j.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from usadel_fem.fem.collinear import ROUNDING, field_products, filter_parts, spin_axis
from usadel_fem.fem.forms import Forms, Potentials, SpinHall, Transverse, Tunnel
from usadel_fem.fem.links import LinkedMatrix, Matrix
from usadel_fem.physics.channels import Channels
from usadel_fem.physics.nambu import PAULI, Real

COUPLING = {(0,): np.array([[3.0]]), (1, -1): np.array([[1.0, 2.0], [2.0, 1.0]])}
"""C of spin relaxation, σ^aǧσ^a in channels."""

FEW = 5000
"""Nodes up to which two channels take less time at once than one after the other."""

TAU3 = PAULI[3]
ONE = PAULI[0]


@dataclass(frozen=True)
class Reduction:
    """A problem in channels of spin.

    Attributes:
        channels: how they make up ǧ.
        systems: forms of what is to be solved: all channels at once where they are coupled, else one by one.
            Their nodes are those of the mesh, once for each channel.
        full: forms of the device.
    """

    channels: Channels
    systems: tuple[Forms, ...]
    full: Forms

    @cached_property
    def whole(self) -> Forms:
        """Forms of all channels at once."""
        if len(self.systems) == 1:
            return self.systems[0]
        return channel_forms(self.full, self.channels, self.channels.signs)

    @property
    def together(self) -> Forms | None:
        """Uncoupled channels at once, which on few nodes is faster; else None."""
        return self.whole if len(self.systems) > 1 and self.full.size <= FEW else None

    def unknowns(self, imaginary: bool) -> int:
        """Complex unknowns per node, of the 8 of a full ǧ, without mirror images at imaginary energies."""
        return 2 if imaginary and len(self.systems) > 1 else 2 * len(self.channels.signs)


def reduce(forms: Forms, exchanges: Sequence[ArrayLike] = ()) -> Reduction | None:
    """The channels of a device that is collinear or does not depend on spin, or None.

    Args:
        forms: of the device.
        exchanges: exchange fields of the terminals, (3,) each.
    """
    collinear, axis = spin_axis(forms, exchanges)
    if not collinear:
        return None
    channels = Channels(axis)
    coupled = forms.spin_relaxation is not None
    parts = [channels.signs] if coupled else [(s,) for s in channels.signs]
    systems = tuple(channel_forms(forms, channels, signs) for signs in parts)
    return Reduction(channels, systems, forms)


def symmetry(reduction: Reduction | None, imaginary: bool, angles: bool = False) -> dict[str, Any]:
    """What a summary says of it; `angles` where a real gauge leaves one unknown of two.

    >>> symmetry(None, imaginary=False)
    {'symmetry': 'none', 'axis': None, 'unknowns_per_node': 8, 'of': 8}
    """
    if reduction is None:
        return {"symmetry": "none", "axis": None, "unknowns_per_node": 8, "of": 8}
    axis = reduction.channels.axis
    name = "spin-independent" if axis is None else "collinear"
    unknowns = reduction.unknowns(imaginary) // (2 if angles else 1)
    return {"symmetry": name, "axis": axis and list(axis), "unknowns_per_node": unknowns, "of": 8}


def in_words(found: Mapping[str, Any]) -> str:
    """A line about a `symmetry`.

    >>> in_words({"symmetry": "collinear", "axis": [0.0, 0.6, 0.8], "unknowns_per_node": 4, "of": 8})
    'symmetry: collinear along [0, 0.6, 0.8], 4 of 8 unknowns per node'
    """
    axis = found["axis"]
    along = "" if axis is None else " along [" + ", ".join(f"{x:.4g}" for x in axis) + "]"
    left = f"{found['unknowns_per_node']} of {found['of']} unknowns per node"
    return f"symmetry: {found['symmetry']}{along}, {left}"


def channel_forms(forms: Forms, channels: Channels, signs: tuple[int, ...]) -> Forms:
    """The forms of some of the channels, (C·N, 2, 2)."""
    count, n = len(signs), np.array(channels.axis or (0.0, 0.0, 0.0))
    fields = field_products(forms)
    tunnels = [(t, *filter_parts(t.filter)) for t in forms.tunnels]
    number = sparse.csr_matrix(2 * (forms.size * count,))
    if forms.spin_relaxation is not None:
        number -= 0.25 * sparse.kron(COUPLING[signs], forms.spin_relaxation)
    for tunnel, t, u in tunnels:
        if not u.any():
            number -= t**2 * _copies(tunnel.matrix, count)
    found = []
    if fields is not None:
        pattern, entries = fields

        def field(values: Real, weights: Sequence[float]) -> sparse.csr_matrix:
            return sparse.kron(np.diag(weights), _with(pattern, values)).tocsr()

        number -= 2 * field(np.trace(entries[1:, 1:]), [1] * count)
        found = [Transverse(field(entries[0, 0], [1] * count), TAU3, TAU3)]
        mixed = field(n @ entries[0, 1:], signs)
        if mixed.data.any():
            found += [Transverse(mixed, TAU3, ONE), Transverse(mixed, ONE, TAU3)]
    return Forms(
        stiffness=_plus(_repeated(_unlinked(forms.stiffness), count), number.tocsr()),
        scalar_stiffness=_copies(forms.scalar_stiffness, count),
        mass=_copies(forms.mass, count),
        consistent=_potentials(forms.consistent, n, signs),
        lumped=_potentials(forms.lumped, n, signs),
        resolution=forms.resolution,
        spin_relaxation=None,
        swapping=(),
        precession=None,
        spin_hall=_spin_hall(forms.spin_hall, n, signs),
        transverse=tuple(found),
        pairing=None,
        tunnels=tuple(
            Tunnel(tunnel.name, _placed(tunnel.matrix, c, count), t * ONE + s * (n @ u) * TAU3)
            for tunnel, t, u in tunnels
            if u.any()
            for c, s in enumerate(signs)
        ),
        contacts=(),
        pinned={
            name: np.concatenate([nodes + c * forms.size for c in range(count)])
            for name, nodes in forms.pinned.items()
        },
        corners=None if forms.corners is None else _copies(forms.corners, count),
        barriers=None if forms.barriers is None else _copies(forms.barriers, count),
    )


def _with(pattern: sparse.coo_matrix, values: Real) -> sparse.csr_matrix:
    return sparse.csr_matrix((values, (pattern.row, pattern.col)), shape=pattern.shape)


def _unlinked(matrix: Matrix) -> Matrix:
    """Without the transport of triplets; a plain matrix where nothing else is transported."""
    if not isinstance(matrix, LinkedMatrix):
        return matrix
    rest = abs(matrix.charged - matrix.plain)
    if rest.nnz == 0 or rest.max() <= ROUNDING * abs(matrix.plain).max():
        return matrix.plain
    return LinkedMatrix(matrix.plain, matrix.charged)


def _repeated(matrix: Matrix, count: int) -> Matrix:
    """The same matrix for every channel."""
    if isinstance(matrix, LinkedMatrix):
        return LinkedMatrix(_copies(matrix.plain, count), _copies(matrix.charged, count))
    return _copies(matrix, count)


def _copies(matrix: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    return matrix if count == 1 else sparse.block_diag([matrix] * count, format="csr")


def _placed(matrix: sparse.csr_matrix, channel: int, count: int) -> sparse.csr_matrix:
    """A matrix for one of the channels."""
    return sparse.kron(np.diag(np.eye(count)[channel]), matrix).tocsr()


def _plus(matrix: Matrix, number: sparse.csr_matrix) -> Matrix:
    if number.nnz == 0:
        return matrix
    if isinstance(matrix, LinkedMatrix):
        return matrix + LinkedMatrix(number, number)
    return (matrix + number).tocsr()


def _potentials(given: Potentials, n: Real, signs: tuple[int, ...]) -> Potentials:
    """Weights of every channel, the exchange along the axis as that of a spin along z."""
    exchange = np.zeros((len(signs), given.weight.size, 3))
    exchange[:, :, 2] = np.outer(signs, given.exchange @ n)
    weight, dynes, delta = (np.tile(x, len(signs)) for x in (given.weight, given.dynes, given.delta))
    return Potentials(weight, dynes, exchange.reshape(-1, 3), delta, None)


def _spin_hall(form: SpinHall | None, n: Real, signs: tuple[int, ...]) -> SpinHall | None:
    if form is None or not form.weight.any():
        return None
    count, at = len(signs), form.at
    several = replace(
        at,
        value=_repeated(_unlinked(at.value), count),
        gradient=tuple(_repeated(_unlinked(m), count) for m in at.gradient),
        weight=np.tile(at.weight, count),
        position=np.tile(at.position, count),
        element=np.tile(at.element, count),
    )
    ((k, l, a, sign),) = form.planes  # one plane, normal to n
    return SpinHall(several, np.outer(signs, form.weight).ravel(), ((k, l, a, sign * n[a]),))
