"""From a space and material coefficients to the matrices of `forms.Forms`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from scipy import sparse

from usadel_fem.fem import forms
from usadel_fem.fem.corners import corner_values
from usadel_fem.fem.forms import Contact, Forms, Pairing, Potentials, SpinHall, Transverse, Tunnel
from usadel_fem.fem.links import Matrix, link
from usadel_fem.fem.pieces import Coefficient, Piece, Sums, pieces, varies
from usadel_fem.fem.space import Evaluation, Index, Space, evaluation
from usadel_fem.fem.sums import ProductSum
from usadel_fem.physics.nambu import GENERATORS, Complex, Real

RESOLVED = 0.2
"""Part of a node's diffusion energy ½K_ii/ω_i up to which an energy counts as resolved there."""


@dataclass(frozen=True)
class Barrier:
    """A tunnel barrier: facets (and partners inside the mesh), G, filter Γ, spin mixing G_φ m."""

    name: str
    facets: Index
    partners: Index | None
    conductance: float
    filter: Complex
    mixing: Real = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True)
class Surroundings:
    """What is attached to the materials: barriers, spin mixing, reservoirs, superconducting regions, fields.

    Attributes:
        interfaces: barriers inside the mesh.
        contacts: barriers to reservoirs.
        mixing: (facets, G_φ m) of spin-mixing surfaces.
        reservoirs: terminal → facets of transparent contacts.
        critical_temperatures: region → T_c0 of self-consistent regions.
        vector_potential: A of mesh coordinates (dim, ...) → (dim, ...), or None.
        spin_field: A_k^a of elements (...) → (..., dim, 3), or None.
        transverse: A of mesh coordinates (dim, ...) and elements (...) along the 3 − dim other axes, its
            components on τ₃, σ_x, σ_y, σ_z: (3 − dim, 4, ...), or None.
    """

    interfaces: Sequence[Barrier] = ()
    contacts: Sequence[Barrier] = ()
    mixing: Sequence[tuple[Index, Real]] = ()
    reservoirs: Mapping[str, Index] = field(default_factory=dict)
    critical_temperatures: Mapping[str, float] = field(default_factory=dict)
    vector_potential: Callable[[Real], Real] | None = None
    spin_field: Callable[[Index], Real] | None = None
    transverse: Callable[[Real, Index], Real] | None = None


def assemble(space: Space, coefficient: Coefficient, around: Surroundings | None = None) -> Forms:
    """Every matrix of the action, once per mesh.

    Args:
        space: P1 or P2.
        coefficient: material coefficients as functions of position and element.
        around: barriers, reservoirs, self-consistent regions and fields.
    """
    around = around or Surroundings()
    sums = Sums(space)
    links = _Links(space, around)
    bent: list[Index] = []
    uneven = False
    for piece in pieces(space, coefficient):
        _add(sums, piece, around)
        links.add(piece)
        theta = piece["theta"]
        bent.append(piece.elements[theta.any(axis=1)])
        uneven = uneven or varies(theta)
    scalar = sums.matrix("stiffness")
    pairing, weights = _pairing(space, sums, around.critical_temperatures)
    consistent, lumped = (
        replace(_potentials(space, rows, around), pairing=weight)
        for rows, weight in zip((sums.consistent, sums.lumped), weights, strict=True)
    )
    stiffness = links.stiffness.matrix()
    tunnels = tuple(_tunnel(space, b) for b in around.interfaces)
    return Forms(
        stiffness=scalar if stiffness is None else stiffness,
        scalar_stiffness=scalar,
        mass=sums.matrix("mass"),
        consistent=consistent,
        lumped=lumped,
        resolution=_resolution(0.5 * scalar.diagonal() / lumped.weight, consistent.weight),
        spin_relaxation=sums.found("spin relaxation"),
        swapping=_swapping(sums, links),
        precession=links.precession.matrix(),
        spin_hall=_spin_hall(space, coefficient, around, np.concatenate(bent), uneven),
        transverse=_transverse(sums),
        pairing=pairing,
        tunnels=tunnels,
        contacts=tuple(_contact(space, b) for b in around.contacts),
        pinned=_pinned(space, around.reservoirs),
        corners=corner_values(space),
        barriers=_barriers(tunnels),
    )


def _barriers(tunnels: tuple[Tunnel, ...]) -> sparse.csr_matrix | None:
    return sparse.csr_matrix(sum(tunnel.matrix for tunnel in tunnels)) if tunnels else None


def _add(sums: Sums, piece: Piece, around: Surroundings) -> None:
    """All the matrices and weights of some elements."""
    space, n_f, d = piece.space, piece["N_F"], piece["D"]
    rough, smooth = 2 * space.order - 2, 2 * space.order
    sums.add("stiffness", piece, forms.stiffness, rough, N_F=n_f, D=d)
    sums.add("mass", piece, forms.mass, smooth, N_F=n_f, c=np.ones_like(n_f))
    if piece.region in around.critical_temperatures:
        sums.pair(piece)
    sums.add("spin relaxation", piece, forms.mass, smooth, N_F=n_f, c=piece["spin_relaxation_rate"])
    if around.spin_field is None and around.vector_potential is None:
        for a in normals(space):
            form = forms.swapping(a, space.axes)
            sums.add(f"swapping {a}", piece, form, rough, N_F=n_f, D=d, kappa=piece["kappa"])
    if around.transverse is not None:
        field = around.transverse(*piece.points)
        for i, j in product(range(len(GENERATORS)), repeat=2):
            c = (field[:, i] * field[:, j]).sum(axis=0)
            sums.add(f"transverse {i} {j}", piece, forms.mass, smooth, N_F=n_f * d, c=c)
    delta = piece["Delta"]
    for row, c in enumerate((np.ones_like(n_f), piece["dynes"], *piece["exchange"], delta.real, delta.imag)):
        sums.weigh(row, piece, c)


def normals(space: Space) -> list[int]:
    """Axes of spin that swapping acts on in this mesh."""
    return sorted({plane[2] for plane in forms.planes(space.axes)})


def _potentials(space: Space, rows: Real, around: Surroundings) -> Potentials:
    """ω_i of 1, Γ, h and Δ; surfaces add their spin mixing."""
    exchange = rows[2:5].T.copy()
    for facets, mixing in around.mixing:
        exchange += forms.facet_weight(space, facets)[:, None] * mixing
    return Potentials(rows[0], rows[1], exchange, rows[5] + 1j * rows[6], None)


def _resolution(diffusion: Real, weight: Real) -> float:
    """|ε| up to which the Galerkin weights serve: everywhere, if one is negative, else anywhere."""
    negative = weight.min() < -1e-12 * weight.max()
    return RESOLVED * float(diffusion.min() if negative else diffusion.max())


class _Links:
    """Stiffness, swapping and precession where values are transported; empty without fields."""

    def __init__(self, space: Space, around: Surroundings) -> None:
        self.space, self.around = space, around
        self.stiffness, self.precession = ProductSum(), ProductSum()
        self.swapping = {a: ProductSum() for a in normals(space)}

    def add(self, piece: Piece) -> None:
        around, axes = self.around, self.space.axes
        if around.vector_potential is None and around.spin_field is None:
            return
        at = with_links(self.space, evaluation(piece.basis), around)
        weight = (piece["N_F"] * piece["D"]).ravel()
        self.stiffness.add(forms.covariant_stiffness(at, weight))
        weight = weight * piece["kappa"].ravel()
        if not weight.any():
            return
        if around.spin_field is None:
            for a, total in self.swapping.items():
                total.add(forms.covariant_swapping(at, weight, a, axes))
        elif self.space.dimension > 1:
            self.precession.add(forms.covariant_precession(at, weight, axes))


def _swapping(sums: Sums, links: _Links) -> tuple[tuple[int, Matrix], ...]:
    found: list[tuple[int, Matrix]] = []
    for a, total in links.swapping.items():
        linked = total.matrix()
        matrix = sums.found(f"swapping {a}") if linked is None else linked
        if matrix is not None:
            found.append((a, matrix))
    return tuple(found)


def _spin_hall(
    space: Space, coefficient: Coefficient, around: Surroundings, elements: Index, uneven: bool
) -> SpinHall | None:
    """The form on the elements where θ ≠ 0; θ may be `uneven` within some of them."""
    planes = forms.planes(space.axes)
    if not planes or not elements.size:
        return None
    at = space.evaluation(3 * space.order - 2 + 2 * uneven, np.sort(elements))
    n_f, d, t = (np.asarray(coefficient(n, at.position, at.element)) for n in ("N_F", "D", "theta"))
    return SpinHall(with_links(space, at, around), at.weight * n_f * d * t, planes)


def _transverse(sums: Sums) -> tuple[Transverse, ...]:
    found = []
    for (i, left), (j, right) in product(enumerate(GENERATORS), repeat=2):
        matrix = sums.found(f"transverse {i} {j}")
        if matrix is not None:
            found.append(Transverse(matrix, left, right))
    return tuple(found)


def with_links(space: Space, at: Evaluation, around: Surroundings) -> Evaluation:
    """Evaluation matrices that transport by the vector potential and the SU(2) field, where there are any."""
    if around.vector_potential is None and around.spin_field is None:
        return at
    return link(at, space.doflocs, around.vector_potential, around.spin_field)


def _pairing(
    space: Space, sums: Sums, tc: Mapping[str, float]
) -> tuple[Pairing | None, tuple[sparse.csr_matrix | None, sparse.csr_matrix | None]]:
    """Who pairs, and the weights of every Δ_p, consistent and lumped, (N, P)."""
    if not tc:
        return None, (None, None)
    nodes = [space.element_nodes(space.device_mesh.regions[region]) for region in tc]
    masses, lumped = zip(*(sums.pairing(r, n) for r, n in zip(tc, nodes, strict=True)), strict=True)
    pairing = Pairing(
        node=np.concatenate(nodes),
        region=np.concatenate([np.full(n.size, name) for n, name in zip(nodes, tc, strict=True)]),
        tc=np.concatenate([np.full(n.size, tc[name]) for n, name in zip(nodes, tc, strict=True)]),
        gram=sparse.block_diag([m[n] for m, n in zip(masses, nodes, strict=True)]).tocsr(),
    )
    return pairing, (sparse.hstack(masses).tocsr(), sparse.hstack(lumped).tocsr())


def _tunnel(space: Space, barrier: Barrier) -> Tunnel:
    assert barrier.partners is not None
    matrix = forms.tunnel_matrix(space, barrier.facets, barrier.partners, barrier.conductance)
    return Tunnel(barrier.name, matrix, barrier.filter)


def _contact(space: Space, barrier: Barrier) -> Contact:
    area = forms.facet_weight(space, barrier.facets)
    return Contact(barrier.name, barrier.conductance * area, barrier.filter, area[:, None] * barrier.mixing)


def _pinned(space: Space, reservoirs: Mapping[str, Index]) -> dict[str, Index]:
    """Nodes of each transparent terminal; a node of two terminals belongs to the first."""
    taken = np.zeros(space.size, dtype=bool)
    pinned = {}
    for name, facets in reservoirs.items():
        nodes = space.facet_nodes(facets)
        pinned[name] = nodes[~taken[nodes]]
        taken[nodes] = True
    return pinned
