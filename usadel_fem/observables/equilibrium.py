"""Thermodynamic sums over Matsubara frequencies: currents, spin density, torque, free energy.

With X(ω) = Tr(…) of ǧ, J or T the symmetry ǧ(−ω) = −τ₃ǧ(ω)†τ₃ turns −(iπ/2)T Σ_ω X into
πT Σ_{ω>0} Im X; the rule of `physics.matsubara` does the sum.
"""

from __future__ import annotations

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.labelled import Observable, Observables
from usadel_fem.observables.local import ON_REQUEST, LocalFields, Places
from usadel_fem.observables.points import charge_and_spin, nodal_average, terminal_currents
from usadel_fem.observables.traces import POINT_FIELDS
from usadel_fem.physics.matsubara import MatsubaraRule
from usadel_fem.physics.nambu import SIGMA, TAU3, Complex, trace
from usadel_fem.physics.spectral import singlet, triplet

SOFT_CUTOFF = 10.0
"""Λ of the pair amplitudes in units of the largest energy: their plain sums grow without end, as ln ω."""


class EquilibriumSums:
    """Adds up what every frequency contributes; `observables` labels the totals."""

    def __init__(self, device: Device, rule: MatsubaraRule, delta: Complex | None) -> None:
        self.device, self.rule, self.delta = device, rule, delta
        nodes = device.space.size
        wanted = device.case.output.fields or [name for name in POINT_FIELDS if name not in ON_REQUEST]
        self.local = LocalFields(device, {*wanted, "spin_torque"})
        self.places: Places = {}
        self.spin_density = np.zeros((nodes, 3))
        self.singlet, self.triplet = np.zeros(nodes, dtype=complex), np.zeros((nodes, 3), dtype=complex)
        self.terminal_charge = dict.fromkeys(device.case.terminal, 0.0)
        self.terminal_spin = {name: np.zeros(3) for name in device.case.terminal}
        self.soft_cutoff = SOFT_CUTOFF * device.largest_energy
        self.free_energy = 0.0
        self._normal = np.broadcast_to(TAU3, (nodes, 4, 4)).copy()

    def add(self, index: int, g: Complex, omega: Complex) -> None:
        """Take ǧ (N, 4, 4) at frequency number `index` of the rule."""
        rule = self.rule
        weight = np.pi * rule.temperature * float(rule.weights[index])
        frequency = 1j * float(rule.frequencies[index])
        for place, values in self.local(g).items():
            kept = self.places.setdefault(place, {})
            for name, value in values.items():
                summand = value if name == "printed_defect" else value.imag
                kept[name] = kept.get(name, 0.0) + weight * summand
        self.spin_density += weight * np.einsum("aij,nji->na", SIGMA @ TAU3, g).imag
        soft = 2 * weight / (1 + (frequency.imag / self.soft_cutoff) ** 2)
        self.singlet += soft * singlet(g)
        self.triplet += soft * triplet(g)
        for name, current in terminal_currents(self.device, g, omega, frequency).items():
            charge, spin = charge_and_spin(current)
            self.terminal_charge[name] += weight * charge.imag
            self.terminal_spin[name] += weight * spin.imag
        if self.device.case.solve.free_energy:
            self.free_energy += weight * self._excess_action(g, omega, frequency)

    def _excess_action(self, g: Complex, omega: Complex, frequency: complex) -> float:
        """Re S[ǧ] − S[τ₃] at Δ = 0, with the part N_F |Δ|² 2/ω that makes the sum converge.

        Both are ∝ ω while their difference falls as ω⁻³: with d = ǧ − τ₃, Tr τ₃d = −½ Tr d² saves the digits.
        """
        forms = self.device.forms
        d = g - TAU3
        along = 0.25 * trace(TAU3, omega)
        rest = omega - along[:, None, None] * TAU3
        excess = np.sum(trace(rest, d) - 0.5 * along * trace(d, d))
        excess += np.sum(trace(0.5 * d + self._normal, action.quadratic(forms, d)))
        state = action.spin_hall_state(forms, g)
        if state is not None:
            excess += state.value()
        return float(excess.real) + 2 * self._gap_squared(frequency) / frequency.imag

    def _gap_squared(self, frequency: complex) -> float:
        """∫ N_F |Δ|² over the device, with the weights that the action has at this frequency."""
        forms, pairing = self.device.forms, self.device.forms.pairing
        if forms.potentials(frequency) is forms.lumped:
            gap = forms.lumped.delta.copy()
            if forms.lumped.pairing is not None and self.delta is not None:
                gap += forms.lumped.pairing @ self.delta
            return float(np.sum(np.abs(gap) ** 2 / forms.lumped.weight))
        total = self.device.given_gap_squared
        if pairing is not None and self.delta is not None:
            total += float(np.real(np.conj(self.delta) @ (pairing.gram @ self.delta)))
        return total

    def observables(self) -> Observables:
        """Labelled totals. Currents are N_F J_k of the device, q = 1."""
        total = f"N_F energy²·length^{self.device.space.dimension}"
        h = nodal_average(self.device, "exchange")
        n_f = nodal_average(self.device, "N_F")[:, None]
        induced = n_f * self.spin_density
        cells, places = self.local.observables(self.places, "energy²")
        found: dict[str, Observable | dict[str, Observable]] = {
            **cells,
            **places,
            "spin_density": Observable(
                2 * n_f * h + induced,
                ("node", "component"),
                "N_F energy",
                "spin density, Pauli part included",
                "node",
            ),
            "magnetization": Observable(
                induced,
                ("node", "component"),
                "N_F energy",
                "spin density less its normal-state value 2N_F h",
                "node",
            ),
            "singlet": Observable(
                self.singlet, ("node",), "energy", "2πT Σ_{ω>0} f₀/(1 + ω²/Λ²), Λ ten energy scales", "node"
            ),
            "triplet": Observable(
                self.triplet,
                ("node", "component"),
                "energy",
                "2πT Σ_{ω>0} f/(1 + ω²/Λ²), Λ ten energy scales",
                "node",
            ),
            "terminal_current": {
                name: Observable(i, unit=total, description="charge current into the device")
                for name, i in self.terminal_charge.items()
            },
            "terminal_spin_current": {
                name: Observable(i, ("component",), total, "spin current into the device")
                for name, i in self.terminal_spin.items()
            },
        }
        for name in ("spin_torque", "printed_defect"):
            if name in cells:
                values = np.asarray(cells[name]).reshape(cells[name].shape[0], -1)
                largest = np.linalg.norm(values, axis=1).max(initial=0.0)
                text = f"largest {name}"
                found[f"max_{name}"] = Observable(largest, unit=cells[name].unit, description=text)
        if self.device.case.solve.free_energy:
            found["free_energy"] = Observable(
                self.free_energy + self._coupling_energy(),
                unit=total,
                description="F − F of the normal state",
            )
        return found

    def _coupling_energy(self) -> float:
        """N_F |Δ|² ln(T/T_c) of self-consistent regions; a given Δ leaves a constant open."""
        pairing = self.device.forms.pairing
        if pairing is None or self.delta is None:
            return 0.0
        logarithm = np.log(self.rule.temperature / pairing.tc)
        return float(np.real(np.conj(self.delta * logarithm) @ (pairing.gram @ self.delta)))
