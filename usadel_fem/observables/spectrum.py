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

GAP_THRESHOLD = 0.1
"""Density of states, relative to the normal state, at which a gap ends."""


class SpectrumFields:
    """Observables of ǧ at every energy of a spectrum; energies that failed stay NaN."""

    def __init__(self, device: Device, energies: Complex) -> None:
        self.device, self.energies = device, energies
        n, nodes = energies.size, device.space.size
        self.dos = np.full((n, nodes), np.nan)
        self.up, self.down = self.dos.copy(), self.dos.copy()
        self.singlet = np.full((n, nodes), np.nan, dtype=complex)
        self.triplet = np.full((n, nodes, 3), np.nan, dtype=complex)
        self.gamma = np.full((2, n, nodes, 4), np.nan, dtype=complex) if self._asked("gamma") else None
        self.local = LocalFields(device, [name for name in POINT_FIELDS if self._asked(name)])
        self.places: Places = {}
        self.charge = {name: np.full(n, np.nan) for name in device.case.terminal}
        self.spin = {name: np.full((n, 3), np.nan) for name in device.case.terminal}

    def add(self, index: int, g: Complex, omega: Complex) -> None:
        """Take ǧ (N, 4, 4) of energy number `index`."""
        self.dos[index] = density_of_states(g)
        self.up[index], self.down[index] = spin_resolved_dos(g, self.device.case.solve.quantisation_axis)
        self.singlet[index], self.triplet[index] = singlet(g), triplet(g)
        energy = complex(self.energies[index])
        for name, current in terminal_currents(self.device, g, omega, energy).items():
            charge, spin = charge_and_spin(current)
            self.charge[name][index] = spectral("charge_current", charge, energy)
            self.spin[name][index] = spectral("spin_current_x", spin, energy)

        if self.gamma is not None:
            self.gamma[:, index] = [amplitude.reshape(-1, 4) for amplitude in riccati(g)]
        for place, values in self.local(g).items():
            for name, value in values.items():
                self._keep(index, place, name, spectral(name, value, energy))

    def _keep(self, index: int, place: str, name: str, value: Complex) -> None:
        kept = self.places.setdefault(place, {})
        if name not in kept:
            kept[name] = np.full((self.energies.size, *value.shape), np.nan, dtype=value.dtype)
        kept[name][index] = value

    def _asked(self, name: str) -> bool:
        """Whether the case names a field that is not made without being asked for."""
        return any(field.startswith(name) for field in self.device.case.output.fields or ())

    def observables(self) -> Observables:
        """Labelled arrays; the current is ∫₀^∞ tanh(ε/2T) j dε = T Σ_{ω>0} j of `spectral_current` j."""
        axis = "the quantisation axis"
        unit = f"N_F energy·length^{self.device.space.dimension}"
        found: dict[str, Observable | dict[str, Observable]] = {
            "dos": _nodal(self.dos, "density of states ¼ Re Tr τ₃ǧ over its normal value", "2 N_F"),
            "dos_up": _nodal(self.up, f"density of states of spins along {axis}", "N_F"),
            "dos_down": _nodal(self.down, f"density of states of spins against {axis}", "N_F"),
            "singlet": _nodal(self.singlet, "singlet amplitude f₀ = ½ tr f̂"),
            "triplet": _nodal(self.triplet, "triplet amplitudes f = ½ tr σf̂"),
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
        cells, places = self.local.observables(self.places, "energy")
        found |= {**cells, **places}
        if self.gamma is not None:
            for name, values in zip(("gamma", "gamma_tilde"), self.gamma, strict=True):
                text = "Riccati amplitude: entries uu, ud, du, dd"
                found[name] = Observable(values, ("energy", "node", "entry"), "", text, "node")
        if all(action.is_real(e) for e in self.energies):
            found |= self._gaps()
        return found

    def _gaps(self) -> dict[str, Observable]:
        """Gap at each node, the smallest of them off the terminals, and that of the whole device."""
        forms, energies = self.device.forms, self.energies.real
        local = gap_edges(energies, self.dos)
        off_terminals = local[forms.free]
        off_terminals = off_terminals[np.isfinite(off_terminals)]
        weight = forms.lumped.weight / forms.lumped.weight.sum()
        whole = gap_edges(energies, (self.dos @ weight)[:, None])[0]
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


def _nodal(values: Real | Complex, description: str, unit: str = "") -> Observable:
    dims = ("energy", "node", "component")[: values.ndim]
    return Observable(values, dims, unit, description, "node")
