"""What terminals drive: currents, accumulations and powers as integrals of Keldysh functions over energy.

With δǧ^K = ǧ^Rδĥ − δĥǧ^A and the symmetry ĥ(−ε) = −Xĥ(ε)*X the charge current −⅛ ∫ dε Tr τ₃J^K is
−∫₀^∞ c dε, where c = ¼ Tr τ₃J^K; spin likewise with σ^a, energy with ε·1.  The part tanh(ε/2T) of ĥ is
summed at Matsubara frequencies (`observables.equilibrium`) and added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from usadel_fem.device import Device
from usadel_fem.labelled import Observable
from usadel_fem.observables.points import nodal_average
from usadel_fem.observables.traces import CHUNK, CURRENTS, POINT_FIELDS, Sampler, cell_mean
from usadel_fem.physics.currents import matrix_current, matrix_torque
from usadel_fem.physics.keldysh import (
    CHARGE,
    ENERGY,
    SIGMA_8,
    SPIN,
    advanced,
    components,
    keldysh,
    matrices,
    triangular,
)
from usadel_fem.physics.nambu import Complex, Real

AXES = "xyz"
SMALL_CHUNK = CHUNK // 8
"""Points of 8×8 matrices along three axes handled at once."""


class ElementCurrents:
    """¼ Tr B_α of the Keldysh blocks of N_F J_k and of N_F T, averaged over each element."""

    def __init__(self, device: Device) -> None:
        space = device.space
        self.sampler = Sampler(device, space.evaluation(2 * space.order))
        self.elements = device.mesh.mesh.nelements

    def __call__(self, g: Complex, k: Complex) -> tuple[Real, Real]:
        """(n, 3, 8) and (n, 8) from nodal ǧ^R and ǧ^K."""
        sampler = self.sampler
        fields = [sampler.gradient(x) for x in (g, k, advanced(g))]
        total = np.empty((sampler.theta.size, 4, 8))
        for start in range(0, total.shape[0], SMALL_CHUNK):
            s = slice(start, start + SMALL_CHUNK)
            value = triangular(*(f[0][s] for f in fields))
            gradient = triangular(*(f[1][s] for f in fields))
            at = value, gradient, sampler.n_f_d[s], sampler.theta[s], sampler.kappa[s], SIGMA_8
            total[s, :3] = components(matrix_current(*at)[..., :4, 4:])
            total[s, 3] = components(matrix_torque(*at)[..., :4, 4:])
        mean = cell_mean(sampler.plain.weight, self.elements, total)
        return mean[:, :3], mean[:, 3]


class KineticFields:
    """Adds up currents in the cells and accumulations at the nodes, energy by energy."""

    def __init__(self, device: Device) -> None:
        self.device = device
        nodes, elements = device.space.size, device.mesh.mesh.nelements
        self.currents = ElementCurrents(device)
        self.charge, self.energy = np.zeros((elements, 3)), np.zeros((elements, 3))
        self.spin, self.source = np.zeros((elements, 3, 3)), np.zeros((elements, 3))
        self.charge_density, self.spin_density = np.zeros(nodes), np.zeros((nodes, 3))

    def add(self, weight: float, energy: float, g: Complex, h: Real) -> None:
        """Take ǧ^R and δĥ (N, 8) of one energy with its weight in ∫₀^∞ dε."""
        if not h.any():
            return
        k = keldysh(g, advanced(g), matrices(h))
        c = components(k)
        self.charge_density -= weight * c[:, 0]
        self.spin_density -= weight * c[:, 5:]
        j, torque = self.currents(g, k)
        self.source -= weight * torque[:, SPIN]
        self.charge -= weight * j[:, :, CHARGE]
        self.energy -= weight * energy * j[:, :, ENERGY]
        self.spin -= weight * np.swapaxes(j[:, :, SPIN], 1, 2)

    def observables(self, equilibrium: Mapping[str, Observable]) -> dict[str, Observable]:
        """Fields with the equilibrium parts of the same names added."""
        n_f = nodal_average(self.device, "N_F")
        found = {
            "charge_current": _field("charge_current", self.charge, equilibrium),
            "spin_source": _field("spin_source", self.source, equilibrium),
            "spin_density": _with(equilibrium["spin_density"], n_f[:, None] * self.spin_density),
            "energy_current": Observable(
                self.energy, ("cell", "component"), "N_F energy³·length", "energy current density", "cell"
            ),
            "charge_density": Observable(
                n_f * self.charge_density,
                ("node",),
                "N_F energy",
                "charge imbalance: 2N_F times the electrochemical potential in a normal metal",
                "node",
            ),
        }
        for b, axis in enumerate(AXES):
            name = f"spin_current_{axis}"
            found[name] = _field(name, self.spin[:, b], equilibrium)
        return found


def _field(name: str, driven: Real, equilibrium: Mapping[str, Observable]) -> Observable:
    """A field of cells, driven and in equilibrium; the normal state has no part in equilibrium."""
    total = driven + np.asarray(equilibrium.get(name, 0.0))
    unit = "N_F energy²" + ("·length" if name in CURRENTS else "")
    return Observable(total, ("cell", "component"), unit, POINT_FIELDS[name], "cell")


def _with(equilibrium: Observable, driven: Real) -> Observable:
    """The equilibrium part plus the driven one, with its labels."""
    like = equilibrium
    return Observable(np.asarray(like) + driven, like.dims, like.unit, like.description, like.at)


def terminal_scalars(
    device: Device,
    charge: Mapping[str, float],
    spin: Mapping[str, Real],
    energy: Mapping[str, float],
) -> dict[str, Observable | dict[str, Observable]]:
    """Labelled totals of the terminals, and the power that is dissipated.

    A reservoir gives the heat I_E − VI − V_s·I_s with its energy current I_E; in a steady state that loses no
    energy to a bath these sum to −Σ (VI + V_s·I_s), the power that the sources put in.
    """
    length = f"length^{device.space.dimension}"
    terminals = device.case.terminal
    work = {
        name: t.voltage * charge[name] + float(np.dot(t.spin_voltage, spin[name]))
        for name, t in terminals.items()
    }

    def labelled(values: Mapping[str, float | Real], unit: str, text: str) -> dict[str, Observable]:
        return {
            name: Observable(v, ("component",) if np.ndim(v) else (), f"{unit}·{length}", text)
            for name, v in values.items()
        }

    voltages = {name: t.voltage for name, t in terminals.items()}
    heat = {name: energy[name] - work[name] for name in terminals}
    return {
        "terminal_current": labelled(charge, "N_F energy²", "charge current into the device"),
        "terminal_spin_current": labelled(spin, "N_F energy²", "spin current into the device"),
        "terminal_energy_current": labelled(energy, "N_F energy³", "energy current into the device"),
        "terminal_heat_current": labelled(heat, "N_F energy³", "heat that the reservoir gives to the device"),
        "terminal_voltage": {
            name: Observable(v, unit="energy", description="voltage, given or found where a terminal floats")
            for name, v in voltages.items()
        },
        "dissipated_power": Observable(
            sum(work.values()), unit=f"N_F energy³·{length}", description="power Σ VI + V_s·I_s put in"
        ),
        "terminal_balance": {
            "charge": _balance(charge, [*charge.values(), *spin.values()]),
            "energy": _balance(energy, [*energy.values(), *work.values()]),
            "spin": _balance(spin, [*charge.values(), *spin.values()]),
        },
    }


def conductances(
    device: Device, terminals: Sequence[str], swept: Sequence[str], slopes: Real
) -> dict[str, Observable]:
    """∂I_a/∂V_b by "a,b" from (swept terminals b, terminals a)."""
    unit = f"N_F energy·length^{device.space.dimension}"
    return {
        f"{a},{b}": Observable(slopes[i, j], unit=unit, description="∂I_a/∂V_b, current into the device at a")
        for i, b in enumerate(swept)
        for j, a in enumerate(terminals)
    }


def _balance(currents: Mapping[str, float | Real], alike: Iterable[float | Real]) -> Observable:
    """Σ over the terminals, relative to the largest current of the same unit: what stays in the device."""
    total = np.sum([np.asarray(i) for i in currents.values()], axis=0)
    largest = max((float(np.abs(i).max()) for i in alike), default=0.0)
    text = "sum over the terminals, relative to the largest current of the same unit"
    dims = ("component",) if total.ndim else ()
    return Observable(total / largest if largest else total, dims, "", text)
