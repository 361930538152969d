"""Fields and terminal quantities of a spectrum, collected energy by energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.labelled import Observable, Observables
from usadel_fem.observables.defects import DefectsAt
from usadel_fem.observables.local import LocalFields, Places, spectral
from usadel_fem.observables.points import charge_and_spin, nodal_balance, terminal_currents
from usadel_fem.observables.traces import POINT_FIELDS
from usadel_fem.physics.nambu import Complex, Real, riccati
from usadel_fem.physics.spectral import density_of_states, singlet, spin_resolved_dos, triplet
from usadel_fem.series import InMemory, NewSeries, Series

GAP_THRESHOLD = 0.1
"""Density of states, relative to the normal state, at which a gap ends."""


BLOCK = 2**18
"""Values of the density of states looked at together."""

_AMPLITUDE = "Riccati amplitude: entries uu, ud, du, dd"
NODAL: dict[str, tuple[type, tuple[int, ...], str, str]] = {
    "dos": (float, (), "2 N_F", "density of states ¼ Re Tr τ₃ǧ over its normal value"),
    "dos_up": (float, (), "N_F", "density of states of spins along the quantisation axis"),
    "dos_down": (float, (), "N_F", "density of states of spins against the quantisation axis"),
    "singlet": (complex, (), "", "singlet amplitude f₀ = ½ tr f̂"),
    "triplet": (complex, (3,), "", "triplet amplitudes f = ½ tr σf̂"),
    "gamma": (complex, (4,), "", _AMPLITUDE),
    "gamma_tilde": (complex, (4,), "", _AMPLITUDE),
}
"""Type, shape at a node, unit and description."""


@dataclass(frozen=True)
class SpectrumAt:
    """What a spectrum keeps of one energy.

    Attributes:
        nodal: by name, see `NODAL`.
        mean_dos: over the device.
        charge, spin: spectral currents into the device by terminal, the spin current (3,).
        local: fields by place.
        defects: of ǧ.
    """

    nodal: dict[str, Real | Complex]
    mean_dos: float
    charge: dict[str, float]
    spin: dict[str, Real]
    local: Places
    defects: DefectsAt


class SpectrumObserver:
    """Makes of ǧ at one energy what `SpectrumFields` collects, wherever ǧ is found."""

    def __init__(self, device: Device) -> None:
        self.device = device
        weight = device.forms.lumped.weight
        self.share = weight / weight.sum()
        self.nodal = nodal_names(device)
        self.local = local_fields(device)

    def __call__(self, energy: complex, g: Complex, omega: Complex) -> SpectrumAt:
        """Of ǧ (N, 4, 4) and its Ω."""
        balance = nodal_balance(self.device, g, omega)
        charge, spin, dos = {}, {}, density_of_states(g)
        for name, current in terminal_currents(self.device, g, omega, energy, balance).items():
            of_charge, of_spin = charge_and_spin(current)
            charge[name] = float(spectral("charge_current", of_charge, energy))
            spin[name] = spectral("spin_current_x", of_spin, energy)
        local = {
            place: {name: spectral(name, value, energy) for name, value in values.items()}
            for place, values in self.local(g).items()
        }
        defects = DefectsAt.balanced(self.device, g, omega, balance)
        return SpectrumAt(self._fields(g, dos), float(self.share @ dos), charge, spin, local, defects)

    def _fields(self, g: Complex, dos: Real) -> dict[str, Real | Complex]:
        """What is kept at the nodes."""
        found: dict[str, Real | Complex] = {"dos": dos, "singlet": singlet(g), "triplet": triplet(g)}
        found["dos_up"], found["dos_down"] = spin_resolved_dos(g, self.device.case.solve.quantisation_axis)
        if "gamma" in self.nodal or "gamma_tilde" in self.nodal:
            found["gamma"], found["gamma_tilde"] = (a.reshape(-1, 4) for a in riccati(g))
        return {name: found[name] for name in self.nodal}


def nodal_names(device: Device) -> list[str]:
    """The nodal fields that the case asks for, and "dos", which gives the gaps."""
    asked = device.case.output.fields
    usual = [name for name in NODAL if not name.startswith("gamma")]
    return [name for name in NODAL if name == "dos" or name in (usual if asked is None else asked)]


def local_fields(device: Device) -> LocalFields:
    """Those that the case names: none is made without being asked for."""
    asked = tuple(device.case.output.fields or ())
    return LocalFields(device, [name for name in POINT_FIELDS if any(a.startswith(name) for a in asked)])


class SpectrumFields:
    """Observables of ǧ at every energy of a spectrum; energies that failed stay NaN."""

    observer = SpectrumObserver

    def __init__(self, device: Device, energies: Complex, make: NewSeries = InMemory) -> None:
        self.device, self.energies, self.make = device, energies, make
        n, size = energies.size, device.space.size
        self.nodal: dict[str, Series] = {}
        for name in nodal_names(device):
            kind, inner, _, _ = NODAL[name]
            self.nodal[name] = make(name, (n, size, *inner), kind)
        self.cells: dict[str, Series] = {}
        self.mean_dos = np.full(n, np.nan)
        self.places: Places = {}
        self.charge = {name: np.full(n, np.nan) for name in device.case.terminal}
        self.spin = {name: np.full((n, 3), np.nan) for name in device.case.terminal}

    def add(self, index: int, found: SpectrumAt) -> None:
        """Take what was found at energy number `index`."""
        self.mean_dos[index] = found.mean_dos
        for name, series in self.nodal.items():
            series[index] = found.nodal[name]
        for name, charge in found.charge.items():
            self.charge[name][index], self.spin[name][index] = charge, found.spin[name]
        for place, values in found.local.items():
            for name, value in values.items():
                self._keep(index, place, name, value)

    def _keep(self, index: int, place: str, name: str, value: Complex) -> None:
        shape = (self.energies.size, *value.shape)
        if place == "cells":
            if name not in self.cells:
                self.cells[name] = self.make(name, shape, value.dtype)
            self.cells[name][index] = value
            return
        kept = self.places.setdefault(place, {})
        if name not in kept:
            kept[name] = np.full(shape, np.nan, dtype=value.dtype)
        kept[name][index] = value

    def observables(self) -> Observables:
        """Labelled arrays; the current is ∫₀^∞ tanh(ε/2T) j dε = T Σ_{ω>0} j of `spectral_current` j."""
        unit = f"N_F energy·length^{self.device.space.dimension}"
        found: dict[str, Observable | dict[str, Observable]] = {
            **{name: _nodal(name, series) for name, series in self.nodal.items()},
            "spectral_current": {
                name: Observable(j, ("energy",), unit, "spectral charge current into the device", "energy")
                for name, j in self.charge.items()
            },
            "spectral_spin_current": {
                name: Observable(
                    j,
                    ("energy", "component"),
                    unit,
                    "spectral spin current into the device",
                    "energy",
                )
                for name, j in self.spin.items()
            },
        }
        if self.cells:
            self.places["cells"] = {name: series.read() for name, series in self.cells.items()}
        cells, places = local_fields(self.device).observables(self.places, "energy")
        found |= {**cells, **places}
        if all(action.is_real(e) for e in self.energies):
            found |= self._gaps()
        return found

    def _gaps(self) -> dict[str, Observable]:
        """Gap at each node, the smallest of them off the terminals, and that of the whole device."""
        forms, energies = self.device.forms, self.energies.real
        dos, step = self.nodal["dos"].read(), max(1, BLOCK // energies.size)
        parts = [gap_edges(energies, dos[:, k : k + step]) for k in range(0, dos.shape[1], step)]
        local = np.concatenate(parts)
        off_terminals = local[forms.free]
        off_terminals = off_terminals[np.isfinite(off_terminals)]
        whole = gap_edges(energies, self.mean_dos[:, None])[0]
        edge = f"lowest energy with a density of states of {GAP_THRESHOLD}"
        return {
            "local_gap": Observable(local, ("node",), "energy", edge, "node"),
            "min_gap": Observable(
                off_terminals.min() if off_terminals.size else np.nan,
                unit="energy",
                description="smallest local gap off the terminals",
            ),
            "gap": Observable(whole, unit="energy", description=f"{edge} on average over the device"),
        }


def gap_edges(energies: Real, dos: Real) -> Real:
    """Smallest |ε| where the density of states (n, N) passes `GAP_THRESHOLD`, (N,); NaN if none does."""
    order = np.argsort(np.abs(energies))
    e, d = np.abs(energies)[order], dos[order]
    above = d >= GAP_THRESHOLD
    first = np.argmax(above, axis=0)
    edges = e[first].astype(float)
    nodes = np.flatnonzero(first > 0)
    here, before = d[first[nodes], nodes], d[first[nodes] - 1, nodes]
    part = (GAP_THRESHOLD - before) / (here - before)
    edges[nodes] = e[first[nodes] - 1] + part * (e[first[nodes]] - e[first[nodes] - 1])
    edges[~above.any(axis=0)] = np.nan
    return edges


def _nodal(name: str, series: Series) -> Observable:
    _, inner, unit, description = NODAL[name]
    dims = ("energy", "node", *{3: ("component",), 4: ("entry",)}.get(sum(inner), ()))
    return Observable(series.read(), dims, unit, description, "node")
