"""Fields and terminal quantities of a spectrum, collected energy by energy."""

from __future__ import annotations

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.labelled import Observable, Observables
from usadel_fem.observables.local import LocalFields, Places, spectral
from usadel_fem.observables.points import charge_and_spin, terminal_currents
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


class SpectrumFields:
    """Observables of ǧ at every energy of a spectrum; energies that failed stay NaN."""

    def __init__(self, device: Device, energies: Complex, make: NewSeries = InMemory) -> None:
        self.device, self.energies, self.make = device, energies, make
        n, asked = energies.size, device.case.output.fields
        self.nodal: dict[str, Series] = {}
        for name, (kind, inner, _, _) in NODAL.items():
            wanted = name == "dos" or (name in asked if asked is not None else not name.startswith("gamma"))
            if wanted:  # "dos" gives the gaps
                self.nodal[name] = make(name, (n, device.space.size, *inner), kind)
        self.cells: dict[str, Series] = {}
        weight = device.forms.lumped.weight
        self.share = weight / weight.sum()
        self.mean_dos = np.full(n, np.nan)
        self.local = LocalFields(device, [name for name in POINT_FIELDS if self._asked(name)])
        self.places: Places = {}
        self.charge = {name: np.full(n, np.nan) for name in device.case.terminal}
        self.spin = {name: np.full((n, 3), np.nan) for name in device.case.terminal}

    def add(self, index: int, g: Complex, omega: Complex) -> None:
        """Take ǧ (N, 4, 4) of energy number `index`."""
        fields = self._fields(g)
        self.mean_dos[index] = self.share @ fields["dos"]
        for name, series in self.nodal.items():
            series[index] = fields[name]
        energy = complex(self.energies[index])
        for name, current in terminal_currents(self.device, g, omega, energy).items():
            charge, spin = charge_and_spin(current)
            self.charge[name][index] = spectral("charge_current", charge, energy)
            self.spin[name][index] = spectral("spin_current_x", spin, energy)

        for place, values in self.local(g).items():
            for name, value in values.items():
                self._keep(index, place, name, spectral(name, value, energy))

    def _fields(self, g: Complex) -> dict[str, Real | Complex]:
        """What is kept at the nodes."""
        up, down = spin_resolved_dos(g, self.device.case.solve.quantisation_axis)
        found = {"dos": density_of_states(g), "dos_up": up, "dos_down": down}
        found |= {"singlet": singlet(g), "triplet": triplet(g)}
        if "gamma" in self.nodal or "gamma_tilde" in self.nodal:
            found["gamma"], found["gamma_tilde"] = (a.reshape(-1, 4) for a in riccati(g))
        return found

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

    def _asked(self, name: str) -> bool:
        """Whether the case names a field that is not made without being asked for."""
        return any(field.startswith(name) for field in self.device.case.output.fields or ())

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
        cells, places = self.local.observables(self.places, "energy")
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
