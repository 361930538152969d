"""A case put on its mesh: spaces, materials as functions of position, reservoirs, and the assembled forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from usadel_fem.action import is_real
from usadel_fem.case import Case
from usadel_fem.case.base import FrozenDict
from usadel_fem.case.checks import check_names, check_values
from usadel_fem.case.expressions import Scalar, evaluate
from usadel_fem.case.physical import Material
from usadel_fem.errors import CaseError, Problem
from usadel_fem.fem.assemble import Barrier, Surroundings, assemble
from usadel_fem.fem.forms import Forms
from usadel_fem.fem.mesh import DeviceMesh, load_mesh
from usadel_fem.fem.pieces import Piece, pieces
from usadel_fem.fem.reduction import Reduction, reduce
from usadel_fem.fem.shapes import build_shape
from usadel_fem.fem.space import Index, Space
from usadel_fem.gauge import GaugeField, check_field
from usadel_fem.materials import (
    At,
    check_impurities,
    check_resonances,
    diffusion,
    relative_states,
    relaxation_rate,
    spin_hall,
    swapping,
)
from usadel_fem.physics.bulk import bulk
from usadel_fem.physics.interfaces import spin_filter
from usadel_fem.physics.nambu import Complex, Real


@dataclass(frozen=True)
class Device:
    """Everything a solver needs to know of a case.

    Attributes:
        case: the resolved case.
        space: Lagrange space on the device's mesh.
    """

    case: Case
    space: Space
    _materials: tuple[Material, ...] = field(repr=False)

    @property
    def nodes(self) -> Real:
        """Physical positions (N, 3)."""
        return self.space.nodes

    @property
    def mesh(self) -> DeviceMesh:
        return self.space.device_mesh

    def coefficient(self, name: str, x: Real, element: Index) -> NDArray[np.generic]:
        """Material coefficients as `fem.assemble.Coefficient` defines them."""
        rule = COEFFICIENTS[name]
        shape = (3, *element.shape) if name == "exchange" else element.shape
        out = np.zeros(shape, dtype=complex if name == "Delta" else float)
        owner = self.space.region_of_element[element]
        position = self.space.physical(x)
        for number, material in enumerate(self._materials):
            inside = owner == number
            if inside.any():

                def at(value: Scalar, inside: NDArray[np.bool_] = inside) -> Real:
                    return evaluate(value, position[:, inside], self.space.axes)

                out[..., inside] = rule(material, at, self)
        if name == "Delta" and self.case.vortex:
            out = out * np.exp(1j * self.winding_phase(x))
        return out

    def winding_phase(self, x: Real) -> Real:
        """Σ_v n_v arg(r − r_v), the phase of the case's vortices at mesh coordinates x (dim, ...)."""
        phase = np.zeros(x.shape[1:])
        for vortex in self.case.vortex:
            phase += vortex.winding * np.arctan2(x[1] - vortex.at[1], x[0] - vortex.at[0])
        return phase

    def pieces(self) -> Iterator[Piece]:
        """The elements, a handful at a time, with the coefficients at their quadrature points."""
        return pieces(self.space, self.coefficient)

    @cached_property
    def forms(self) -> Forms:
        """The assembled matrices; made once."""
        return assemble(self.space, self.coefficient, self.surroundings)

    @cached_property
    def reduction(self) -> Reduction | None:
        """The channels of spin that are enough for this device, unless there are none or symmetry = "off"."""
        if self.case.solve.symmetry == "off":
            return None
        return reduce(self.forms, [t.exchange for t in self.case.terminal.values()])

    @cached_property
    def largest_energy(self) -> float:
        """The largest of Δ, T_c, |h|, 1/τ_so, in energy: the scale of Matsubara sums and continuations."""
        scales = [abs(t.Delta or 0.0) for t in self.case.terminal.values()]
        scales += [float(np.linalg.norm(t.exchange)) for t in self.case.terminal.values()]
        scales += [1.764 * m.Tc for m in self._materials if m.Tc]
        for piece in self.pieces():
            scales.append(float(np.sqrt((piece["exchange"] ** 2).sum(axis=0)).max()))
            scales.append(float(np.abs(piece["Delta"]).max()))
            scales.append(float(piece["spin_relaxation_rate"].max()) / 2)
        return max(scales) or 1.0

    @cached_property
    def given_gap_squared(self) -> float:
        """∫ N_F |Δ|² of the given pair potentials."""
        return sum(float(np.sum(p["N_F"] * np.abs(p["Delta"]) ** 2 * p.basis.dx)) for p in self.pieces())

    @property
    def normal(self) -> bool:
        """True where nothing superconducts: ǧ^R = τ₃ at every energy."""
        return all(m.Delta is None and m.Tc is None for m in self._materials) and not any(
            t.Delta for t in self.case.terminal.values()
        )

    @property
    def self_consistent(self) -> bool:
        return self.forms.pairing is not None

    def reservoirs(self, energy: complex, extra: float = 0.0) -> dict[str, Complex]:
        """ǧ (4, 4) of every terminal at ε + i·extra; the broadening of [solve] is added at real energies."""
        return {
            name: bulk(
                energy + 1j * (extra + self.broadening * is_real(energy)),
                (terminal.Delta or 0.0) * np.exp(1j * terminal.phase),
                terminal.exchange,
            )
            for name, terminal in self.case.terminal.items()
        }

    @cached_property
    def broadening(self) -> float:
        """Γ of materials and terminals that name none; else the smallest Γ of a material."""
        named = [m.dynes for m in self._materials if isinstance(m.dynes, float) and m.dynes > 0]
        return self.case.solve.broadening or min(named, default=0.0)

    def start(self, energy: complex) -> Complex:
        """A cold start: the normal state inside, the reservoirs' ǧ at their nodes, (N, 4, 4)."""
        g = np.empty((self.space.size, 4, 4), dtype=complex)
        g[:] = bulk(1j, 0.0)
        reservoirs = self.reservoirs(energy)
        for name, nodes in self.forms.pinned.items():
            g[nodes] = reservoirs[name]
        return g

    def initial_phase(self) -> Real:
        """Phase (N,) to start a self-consistent Δ from: harmonic between the terminals, plus the vortices."""
        terminals = {n: t for n, t in self.case.terminal.items() if t.Delta}
        phase = np.zeros(self.space.size)
        held = {n: nodes for n, nodes in self.forms.pinned.items() if n in terminals}
        values = {terminals[n].phase for n in terminals}
        if len(values) == 1:
            phase[:] = values.pop()
        elif len(held) > 1:
            known = np.concatenate(list(held.values()))
            phase[known] = np.concatenate(
                [np.full(nodes.size, terminals[n].phase) for n, nodes in held.items()]
            )
            free = np.setdiff1d(np.arange(phase.size), known)
            k = self.forms.scalar_stiffness + 1e-9 * self.forms.mass
            phase[free] = spsolve(sparse.csc_matrix(k[free][:, free]), -(k[free][:, known] @ phase[known]))
        return phase + self.winding_phase(self.space.doflocs)

    @cached_property
    def surroundings(self) -> Surroundings:
        """Barriers, reservoirs, superconducting regions and fields, as the assembly wants them."""
        mesh, case = self.mesh, self.case
        contacts, reservoirs, mixing, inside = [], {}, [], []
        for name, terminal in case.terminal.items():
            facets = mesh.boundaries[name]
            if terminal.contact.conductance is None:
                reservoirs[name] = facets
                continue
            contact = terminal.contact
            assert contact.conductance is not None
            turn = np.array(contact.spin_mixing)
            contacts.append(
                Barrier(name, facets, None, contact.conductance, spin_filter(contact.polarisation), turn)
            )
            mixing.append((facets, turn))
        for name, interface in case.interface.items():
            facets, partners = mesh.interfaces[name].facets, mesh.interfaces[name].partners
            for side in (facets, partners):
                if side is not None:
                    mixing.append((side, np.array(interface.spin_mixing)))
            if interface.conductance is not None:
                filters = spin_filter(interface.polarisation)
                inside.append(Barrier(name, facets, partners, interface.conductance, filters))
        tc = {r: m.Tc for r, m in zip(sorted(mesh.regions), self._materials, strict=True) if m.Tc is not None}
        gauge = GaugeField(case, self.space, self._materials)
        return Surroundings(
            interfaces=inside,
            contacts=contacts,
            mixing=[(facets, m) for facets, m in mixing if m.any()],
            reservoirs=reservoirs,
            critical_temperatures=tc,
            vector_potential=gauge.vector_potential(),
            spin_field=gauge.spin_field(),
            transverse=gauge.transverse(),
        )


def build_device(case: Case, *, unbounded: bool = False) -> Device:
    """Load the mesh of a case and check that both belong together.

    Args:
        unbounded: accept materials at a resonance that are given by λ. They have no coefficients: such a
            device knows its mesh and what was given, but cannot be solved.

    Raises:
        CaseError: mesh problems, names that do not agree, coefficients out of bounds on the mesh, or none.
    """
    hopeless = [] if unbounded else check_resonances(case)
    if hopeless:
        raise CaseError(hopeless)
    split = [n for n, i in case.interface.items() if i.conductance is not None]
    spec = case.mesh
    if spec.shape is not None:
        mesh = build_shape(spec.shape, axes=spec.axes, split=split, refine=spec.refine)
    else:
        assert case.mesh_path is not None
        mesh = load_mesh(case.mesh_path, axes=spec.axes, split=split, refine=spec.refine)
    problems = check_names(case, mesh.regions, mesh.boundaries, mesh.interfaces)
    if problems:
        raise CaseError(problems)
    space = Space(mesh, spec.order)
    for region, elements in mesh.regions.items():
        position = space.nodes[space.element_nodes(elements)].T
        problems += check_values(case, region, position, mesh.axes) or check_impurities(
            case, region, position, mesh.axes
        )
    problems += _check_vortices(case, space) + _check_terminals(case, space) + check_field(case, space)
    if problems:
        raise CaseError(problems)
    materials = tuple(case.material_of(region) for region in sorted(mesh.regions))
    return Device(case, space, materials)


def at_voltages(device: Device, voltages: Mapping[str, float], conductance: bool) -> Device:
    """The same device, its matrices included, with voltages where terminals floated.

    Args:
        voltages: by terminal.
        conductance: whether conductances are asked for.
    """
    case = device.case
    terminals = dict(case.terminal)
    for name, v in voltages.items():
        terminals[name] = terminals[name].model_copy(update={"voltage": v, "floating": False})
    solve = case.solve.model_copy(update={"conductance": conductance})
    case = case.model_copy(update={"terminal": FrozenDict(terminals), "solve": solve})
    changed = replace(device, case=case)
    changed.__dict__["forms"] = device.forms
    return changed


def _check_vortices(case: Case, space: Space) -> list[Problem]:
    if case.vortex and space.dimension != 2:
        return [
            Problem("vortex", "must stand beside a mesh of two dimensions", f"{space.dimension} dimension(s)")
        ]
    return []


def _check_terminals(case: Case, space: Space) -> list[Problem]:
    """No facet may belong to two terminals."""
    owner: dict[int, str] = {}
    problems = []
    for name in case.terminal:
        facets = space.device_mesh.boundaries[name].tolist()
        others = {owner[f] for f in facets if f in owner}
        owner.update(dict.fromkeys(facets, name))
        for other in sorted(others):
            rule = f"must not share a side of the mesh with terminal {other}"
            problems.append(Problem(f"terminal.{name}", rule, hint="give the boundaries disjoint groups"))
    return problems


def _delta(material: Material, at: At, _: Device) -> Complex | float:
    if material.Delta is None:
        return 0.0
    return at(material.Delta.abs) * np.exp(1j * at(material.Delta.phase))


def _dynes(material: Material, at: At, device: Device) -> Real | float:
    return device.broadening if material.dynes is None else at(material.dynes)


COEFFICIENTS: dict[str, Callable[[Material, At, Device], NDArray[np.generic] | float]] = {
    "D": lambda m, at, _: diffusion(m, at),
    "N_F": lambda m, at, device: relative_states(m, at, device.case),
    "theta": lambda m, at, _: spin_hall(m, at),
    "kappa": lambda m, at, _: swapping(m, at),
    "exchange": lambda m, at, _: np.stack([at(h) for h in m.exchange]),
    "spin_relaxation_rate": lambda m, at, _: relaxation_rate(m, at),
    "Delta": _delta,
    "dynes": _dynes,
}
