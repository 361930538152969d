"""From a space and material coefficients to the matrices of `forms.Forms`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from usadel_fem.fem import forms
from usadel_fem.fem.forms import Contact, Forms, Pairing, Potentials, SpinHall, Transverse, Tunnel
from usadel_fem.fem.links import Matrix, link
from usadel_fem.fem.space import Evaluation, Index, Space, evaluation
from usadel_fem.physics.nambu import GENERATORS, Complex, Real

RESOLVED = 0.2
"""Part of a node's diffusion energy ½K_ii/ω_i up to which an energy counts as resolved there."""


class Coefficient(Protocol):
    """Values (...) of a material coefficient at mesh coordinates x (dim, ...) inside elements (...).

    Names: D, N_F, theta, kappa, spin_relaxation_rate (1/τ_so), dynes, Delta (complex), exchange (3, ...).
    """

    def __call__(self, name: str, x: Real, element: Index) -> NDArray[Any]: ...


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
    basis = space.basis
    x, element = space.points
    at = {n: np.asarray(coefficient(n, x, element)) for n in ("D", "N_F", "theta", "kappa")}
    n_f, d = at["N_F"], at["D"]
    scalar = forms.stiffness.assemble(basis, N_F=n_f, D=d).tocsr()
    linked = _linked_evaluation(space, around)
    stiffness: Matrix = scalar
    if linked is not None:
        stiffness = forms.covariant_stiffness(linked, (n_f * d).ravel())
    rate = np.asarray(coefficient("spin_relaxation_rate", x, element))
    pairing, masses = _pairing(space, coefficient, around.critical_temperatures)
    consistent = _potentials(space, coefficient, around, partial(_weight, basis, n_f))
    lumping = _lumping(basis)
    lumped = _potentials(space, coefficient, around, partial(_lumped_weight, basis, n_f, lumping))
    return Forms(
        stiffness=stiffness,
        scalar_stiffness=scalar,
        mass=_mass(basis, n_f, 1.0),
        consistent=replace(consistent, pairing=None if pairing is None else sparse.hstack(masses).tocsr()),
        lumped=replace(
            lumped, pairing=None if pairing is None else _lumped_pairing(space, coefficient, around)
        ),
        resolution=_resolution(0.5 * scalar.diagonal() / lumped.weight, consistent.weight),
        spin_relaxation=_mass(basis, n_f, rate) if rate.any() else None,
        swapping=_swapping(space, linked, n_f, d, at["kappa"], around.spin_field is not None),
        precession=_precession(space, linked, around, n_f * d * at["kappa"]),
        spin_hall=_spin_hall(space, coefficient, around, at["theta"]),
        transverse=_transverse(space, around, n_f * d),
        pairing=pairing,
        tunnels=tuple(_tunnel(space, b) for b in around.interfaces),
        contacts=tuple(_contact(space, b) for b in around.contacts),
        pinned=_pinned(space, around.reservoirs),
    )


def _potentials(
    space: Space, coefficient: Coefficient, around: Surroundings, weigh: Callable[[Any], Real]
) -> Potentials:
    """ω_i of 1, Γ, h and Δ, with `weigh` the integral of N_F c φ_i; surfaces add their spin mixing."""
    x, element = space.points
    delta, h = coefficient("Delta", x, element), np.asarray(coefficient("exchange", x, element))
    exchange = np.stack([weigh(c) for c in h], axis=-1)
    for facets, mixing in around.mixing:
        exchange = exchange + forms.facet_weight(space, facets)[:, None] * mixing
    return Potentials(
        weight=weigh(1.0),
        dynes=weigh(coefficient("dynes", x, element)),
        exchange=exchange,
        delta=weigh(np.real(delta)) + 1j * weigh(np.imag(delta)),
        pairing=None,
    )


def _resolution(diffusion: Real, weight: Real) -> float:
    """|ε| up to which the Galerkin weights serve: everywhere, if one is negative, else anywhere."""
    return RESOLVED * float(diffusion.min() if weight.min() < 0 else diffusion.max())


def _lumping(basis: Any) -> Real:
    """Positive shares of the nodes of an element, ∝ ∫φ_i² (Hinton, Rock, Zienkiewicz 1976), (n_local, 1)."""
    diagonal = np.array([float(np.sum(np.asarray(phi[0]) ** 2 * basis.dx)) for phi in basis.basis])
    return (diagonal / diagonal.sum())[:, None]


def _lumped_weight(basis: Any, n_f: Real, shares: Real, c: Any) -> Real:
    integral = (np.broadcast_to(n_f * c, basis.dx.shape) * basis.dx).sum(axis=1)
    nodes = basis.element_dofs.ravel()
    return np.bincount(nodes, (shares * integral).ravel(), minlength=basis.N)


def _lumped_pairing(space: Space, coefficient: Coefficient, around: Surroundings) -> sparse.csr_matrix:
    """Lumped weights of each region's Δ_p, one entry per column, (N, P)."""
    columns = []
    for region in around.critical_temperatures:
        basis, n_f, inside = _region(space, coefficient, region)
        column = _lumped_weight(basis, n_f, _lumping(basis), 1.0)
        columns.append(sparse.diags(column).tocsr()[:, inside])
    return sparse.hstack(columns).tocsr()


def _mass(basis: Any, n_f: Real, c: Any) -> sparse.csr_matrix:
    return forms.mass.assemble(basis, N_F=n_f, c=np.broadcast_to(c, n_f.shape)).tocsr()


def _weight(basis: Any, n_f: Real, c: Any) -> Real:
    return np.asarray(forms.weight.assemble(basis, N_F=n_f, c=np.broadcast_to(c, n_f.shape)))


def _swapping(
    space: Space, linked: Evaluation | None, n_f: Real, d: Real, kappa: Real, spin_field: bool
) -> tuple[tuple[int, Matrix], ...]:
    if not kappa.any() or spin_field:
        return ()
    found: list[tuple[int, Matrix]] = []
    for a in sorted({plane[2] for plane in forms.planes(space.axes)}):
        if linked is None:
            found.append(
                (a, forms.swapping(a, space.axes).assemble(space.basis, N_F=n_f, D=d, kappa=kappa).tocsr())
            )
        else:
            found.append((a, forms.covariant_swapping(linked, (n_f * d * kappa).ravel(), a, space.axes)))
    return tuple(found)


def _precession(
    space: Space, linked: Evaluation | None, around: Surroundings, coefficient: Real
) -> Matrix | None:
    if linked is None or around.spin_field is None or space.dimension == 1 or not coefficient.any():
        return None
    return forms.covariant_precession(linked, coefficient.ravel(), space.axes)


def _spin_hall(space: Space, coefficient: Coefficient, around: Surroundings, theta: Real) -> SpinHall | None:
    planes = forms.planes(space.axes)
    elements = np.flatnonzero(theta.any(axis=1))
    if not planes or not elements.size:
        return None
    varies = np.ptp(theta, axis=1).max() > 0
    at = evaluation(space.quadrature(3 * space.order - 2 + 2 * varies), elements)
    n_f, d, t = (np.asarray(coefficient(n, at.position, at.element)) for n in ("N_F", "D", "theta"))
    return SpinHall(with_links(space, at, around), at.weight * n_f * d * t, planes)


def _transverse(space: Space, around: Surroundings, weight: Real) -> tuple[Transverse, ...]:
    if around.transverse is None:
        return ()
    a = around.transverse(*space.points)
    found = []
    for i, left in enumerate(GENERATORS):
        for j, right in enumerate(GENERATORS):
            product = (a[:, i] * a[:, j]).sum(axis=0)
            if product.any():
                found.append(Transverse(_mass(space.basis, weight, product), left, right))
    return tuple(found)


def _linked_evaluation(space: Space, around: Surroundings) -> Evaluation | None:
    if around.vector_potential is None and around.spin_field is None:
        return None
    return with_links(space, evaluation(space.basis), around)


def with_links(space: Space, at: Evaluation, around: Surroundings) -> Evaluation:
    """Evaluation matrices that transport by the vector potential and the SU(2) field, where there are any."""
    if around.vector_potential is None and around.spin_field is None:
        return at
    return link(at, np.asarray(space.basis.doflocs), around.vector_potential, around.spin_field)


def _region(space: Space, coefficient: Coefficient, region: str) -> tuple[Any, Real, Index]:
    """Basis, N_F at its points and nodes of one region."""
    elements = space.device_mesh.regions[region]
    basis = space.basis.with_elements(elements)
    x = np.asarray(basis.global_coordinates())
    owner = np.broadcast_to(np.asarray(elements)[:, None], x.shape[1:])
    return basis, np.asarray(coefficient("N_F", x, owner)), space.element_nodes(elements)


def _pairing(
    space: Space, coefficient: Coefficient, tc: Mapping[str, float]
) -> tuple[Pairing | None, list[sparse.csr_matrix]]:
    """Who pairs, and ∫_region N_F φ_iφ_p (N, P_region) of each region."""
    if not tc:
        return None, []
    nodes, masses = [], []
    for region in tc:
        basis, n_f, inside = _region(space, coefficient, region)
        nodes.append(inside)
        masses.append(_mass(basis, n_f, 1.0)[:, inside])
    pairing = Pairing(
        node=np.concatenate(nodes),
        region=np.concatenate([np.full(n.size, name) for n, name in zip(nodes, tc, strict=True)]),
        tc=np.concatenate([np.full(n.size, tc[name]) for n, name in zip(nodes, tc, strict=True)]),
        gram=sparse.block_diag([m[n] for m, n in zip(masses, nodes, strict=True)]).tocsr(),
    )
    return pairing, masses


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
