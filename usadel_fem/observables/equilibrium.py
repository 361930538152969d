"""Thermodynamic sums over Matsubara frequencies: currents, spin density, torque, free energy.

With X(ω) = Tr(…) of ǧ, J or T the symmetry ǧ(−ω) = −τ₃ǧ(ω)†τ₃ turns −(iπ/2)T Σ_ω X into
πT Σ_{ω>0} Im X; the rule of `physics.matsubara` does the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.labelled import Observable, Observables
from usadel_fem.observables.defects import DefectsAt
from usadel_fem.observables.local import ON_REQUEST, LocalFields, Places
from usadel_fem.observables.points import (
    charge_and_spin,
    nodal_average,
    nodal_balance,
    terminal_currents,
)
from usadel_fem.observables.traces import POINT_FIELDS
from usadel_fem.physics.matsubara import MatsubaraRule
from usadel_fem.physics.nambu import SIGMA, TAU3, Complex, Real, trace
from usadel_fem.physics.spectral import singlet, triplet

SOFT_CUTOFF = 10.0
"""Λ of the pair amplitudes in units of the largest energy: their plain sums grow without end, as ln ω."""


@dataclass(frozen=True)
class SummandAt:
    """What the sums take of one frequency, X of ǧ without weights.

    Attributes:
        local: Im of the fields by place, a defect as it is.
        spin_density, singlet, triplet: at the nodes, (N, 3), (N,), (N, 3).
        charge, spin: Im of the currents into the device by terminal, the spin current (3,).
        excess: Re S[ǧ] − S[τ₃] at Δ = 0, without what makes its sum converge; 0 where it is not asked for.
        defects: of ǧ.
    """

    local: Places
    spin_density: Real
    singlet: Complex
    triplet: Complex
    charge: dict[str, float]
    spin: dict[str, Real]
    excess: float
    defects: DefectsAt


class EquilibriumObserver:
    """Makes of ǧ at one frequency what `EquilibriumSums` adds up, wherever ǧ is found."""

    def __init__(self, device: Device) -> None:
        self.device, self.local = device, local_fields(device)

    def __call__(self, energy: complex, g: Complex, omega: Complex) -> SummandAt:
        """Of ǧ (N, 4, 4) at iω and its Ω."""
        balance = nodal_balance(self.device, g, omega)
        charge, spin = {}, {}
        for name, current in terminal_currents(self.device, g, omega, energy, balance).items():
            of_charge, of_spin = charge_and_spin(current)
            charge[name], spin[name] = of_charge.imag, of_spin.imag
        local = {
            place: {name: value if name == "printed_defect" else value.imag for name, value in values.items()}
            for place, values in self.local(g).items()
        }
        return SummandAt(
            local,
            np.einsum("aij,nji->na", SIGMA @ TAU3, g).imag,
            singlet(g),
            triplet(g),
            charge,
            spin,
            self._excess(g, omega) if self.device.case.solve.free_energy else 0.0,
            DefectsAt.balanced(self.device, g, omega, balance),
        )

    def _excess(self, g: Complex, omega: Complex) -> float:
        """Re S[ǧ] − S[τ₃] at Δ = 0.

        Both are ∝ ω while their difference falls as ω⁻³: with d = ǧ − τ₃, Tr τ₃d = −½ Tr d² saves the digits.
        """
        forms = self.device.forms
        d = g - TAU3
        along = 0.25 * trace(TAU3, omega)
        rest = omega - along[:, None, None] * TAU3
        excess = np.sum(trace(rest, d) - 0.5 * along * trace(d, d))
        normal = np.broadcast_to(TAU3, g.shape)
        excess += np.sum(trace(0.5 * d + normal, action.quadratic(forms, d)))
        state = action.spin_hall_state(forms, g)
        if state is not None:
            excess += state.value()
        return float(excess.real)


def local_fields(device: Device) -> LocalFields:
    """Those that the case names, else all that are made without being asked for."""
    wanted = device.case.output.fields or [name for name in POINT_FIELDS if name not in ON_REQUEST]
    return LocalFields(device, {*wanted, "spin_torque"})


class EquilibriumSums:
    """Adds up what every frequency contributes; `observables` labels the totals."""

    observer = EquilibriumObserver

    def __init__(self, device: Device, rule: MatsubaraRule, delta: Complex | None) -> None:
        self.device, self.rule, self.delta = device, rule, delta
        nodes = device.space.size
        self.places: Places = {}
        self.spin_density = np.zeros((nodes, 3))
        self.singlet, self.triplet = np.zeros(nodes, dtype=complex), np.zeros((nodes, 3), dtype=complex)
        self.terminal_charge = dict.fromkeys(device.case.terminal, 0.0)
        self.terminal_spin = {name: np.zeros(3) for name in device.case.terminal}
        self.soft_cutoff = SOFT_CUTOFF * device.largest_energy
        self.free_energy = 0.0

    def add(self, index: int, found: SummandAt) -> None:
        """Take what was found at frequency number `index` of the rule."""
        rule = self.rule
        weight = np.pi * rule.temperature * float(rule.weights[index])
        frequency = 1j * float(rule.frequencies[index])
        for place, values in found.local.items():
            kept = self.places.setdefault(place, {})
            for name, value in values.items():
                kept[name] = kept.get(name, 0.0) + weight * value
        self.spin_density += weight * found.spin_density
        soft = 2 * weight / (1 + (frequency.imag / self.soft_cutoff) ** 2)
        self.singlet += soft * found.singlet
        self.triplet += soft * found.triplet
        for name, charge in found.charge.items():
            self.terminal_charge[name] += weight * charge
            self.terminal_spin[name] += weight * found.spin[name]
        if self.device.case.solve.free_energy:  # the part N_F |Δ|² 2/ω makes the sum converge
            gap = 2 * self._gap_squared(frequency) / frequency.imag
            self.free_energy += weight * (found.excess + gap)

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
        cells, places = local_fields(self.device).observables(self.places, "energy²")
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
