"""Disks and rings with rotational symmetry, given once: to the radial solver and to a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.verification import radial
from usadel_fem.case import Case
from usadel_fem.device import Device, build_device
from usadel_fem.observables.local import LocalFields
from usadel_fem.observables.traces import cell_mean
from usadel_fem.physics.nambu import SIGMA, TAU3, Complex
from usadel_fem.solver.energies import DeviceSolver


@dataclass(frozen=True)
class Powers:
    """Σ_k c_k r^k: a function, and an expression of a case file."""

    c: tuple[float, ...]

    def __call__(self, r: NDArray[Any]) -> NDArray[Any]:
        return np.polynomial.polynomial.polyval(np.asarray(r, dtype=float), self.c)

    @property
    def text(self) -> str:
        return " + ".join(f"({c!r})*r**{k}" for k, c in enumerate(self.c))


def powers(*c: float) -> Powers:
    return Powers(c)


def material(layer: radial.Layer, disk: radial.Disk) -> dict[str, Any]:
    """The material of a layer, in Cartesian components; m = 1 turns the spins with space."""
    r, t, z = (f"({p.text})" for p in layer.h)
    plane = [f"{r}*cos(phi) - {t}*sin(phi)", f"{r}*sin(phi) + {t}*cos(phi)"] if disk.turning else [0, 0]
    dynes = {} if disk.energy.real == 0 else {"dynes": disk.energy.imag}
    return {
        "D": layer.d.text,
        "N_F": layer.n_f.text,
        "theta": layer.theta.text,
        "kappa": layer.kappa.text,
        "tau_so": f"1/({layer.rate.text})",
        "exchange": [*plane, z],
        "Delta": {"abs": layer.gap.text, "phase": f"{disk.winding}*phi"},
        **dynes,
    }


def device(disk: radial.Disk, resolution: float, order: int, level: int, **tables: Any) -> Device:
    """The case of a disk or ring of one or two layers."""
    inner, outer = disk.layers[0].start, disk.layers[-1].end
    shape: dict[str, Any] = {"resolution": resolution, "order": order, "refine": level}
    if inner:
        shape |= {"shape": "annulus", "inner": inner, "outer": outer}
        regions = ["annulus"]
    else:
        shape |= {"shape": "disk", "radius": outer}
        regions = ["disk"]
        if len(disk.layers) == 2:
            shape["core"] = disk.layers[0].end
            regions = ["core", "disk"]
    energies = [disk.energy.real] if disk.energy.real else {"imaginary": [disk.energy.imag]}
    broadening = {"broadening": disk.energy.imag} if disk.energy.real else {}
    case = Case(
        mesh=shape,
        material={r: material(layer, disk) for r, layer in zip(regions, disk.layers, strict=True)},
        region={r: r for r in regions},
        solve={"kind": "spectrum", "energies": energies, "tolerance": 1e-11, **broadening},
        **tables,
    )
    return build_device(case)


def solved(disk: radial.Disk, device: Device) -> Complex:
    """ǧ_h (N, 4, 4)."""
    energy = disk.energy.real or disk.energy
    g, report = DeviceSolver(device).solve(energy)
    assert report.ok, report
    return g


def traces_of(exact: radial.Fields) -> dict[str, Complex]:
    """Tr τ₃J_k, Tr σ^bJ_k, Tr σ^aτ₃T, Tr σ^aT, weighted by N_F."""
    return {
        "charge": np.einsum("ij,qkji->qk", TAU3, exact.current),
        "spin": np.einsum("bij,qkji->qbk", SIGMA, exact.current),
        "torque": np.einsum("aij,qji->qa", SIGMA @ TAU3, exact.torque),
        "source": np.einsum("aij,qji->qa", SIGMA, exact.torque),
    }


class Elements:
    """The package's currents and torques, by the names of `traces_of`."""

    def __init__(self, device: Device) -> None:
        spins = [f"spin_current_{b}" for b in "xyz"]
        self.names = ["charge_current", *spins, "spin_torque", "spin_source"]
        self.fields = LocalFields(device, self.names)
        self.sampler, self.elements = self.fields.places["cells"], self.fields.elements
        self.at = self.sampler.plain

    def at_points(self, g: Complex) -> dict[str, Complex]:
        """At the quadrature points `at`."""
        return self._named(self.sampler(g, self.names))

    def __call__(self, g: Complex) -> dict[str, Complex]:
        """As the fields of cells show them."""
        return self._named(self.fields(g)["cells"])

    def mean(self, values: Complex) -> Complex:
        """Averages over elements of any values at the points."""
        return cell_mean(self.at.weight, self.elements, values)

    def _named(self, found: dict[str, Complex]) -> dict[str, Complex]:
        charge, x, y, z, torque, source = (found[name] for name in self.names)
        return {"charge": charge, "spin": np.stack([x, y, z], axis=1), "torque": torque, "source": source}
