"""Fields made of ǧ and ∂_kǧ: means over the cells, values at probes, profiles around vortices."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from usadel_fem import action
from usadel_fem.device import Device
from usadel_fem.labelled import Observable
from usadel_fem.observables.probes import probe_points
from usadel_fem.observables.traces import BALANCE, CURRENTS, POINT_FIELDS, TORQUES, Sampler, cell_mean
from usadel_fem.observables.vortices import VortexProfile
from usadel_fem.physics.nambu import Complex

Places = dict[str, dict[str, Complex]]
"""Place ("cells", "probe:NAME", "vortex:NUMBER") → field → values."""

ON_REQUEST = tuple(name for name in POINT_FIELDS if name.startswith("printed_"))
"""Made only where `output.fields` names them."""


class LocalFields:
    """Evaluates the fields of one ǧ, place by place.

    Args:
        device: the device.
        names: the fields to make.
    """

    def __init__(self, device: Device, names: Collection[str]) -> None:
        self.device = device
        self.names = [name for name in POINT_FIELDS if name in names]
        self.elements = device.mesh.mesh.nelements

    @cached_property
    def profiles(self) -> dict[str, VortexProfile]:
        """Where fields are taken around vortices."""
        vortices = self.device.case.vortex if self.names else ()
        found = {f"vortex:{k}": VortexProfile.around(self.device, v) for k, v in enumerate(vortices, 1)}
        return {place: profile for place, profile in found.items() if profile is not None}

    @cached_property
    def places(self) -> dict[str, Sampler]:
        """What takes them, place by place."""
        if not self.names:
            return {}
        device, space = self.device, self.device.space
        found = {"cells": Sampler(device, space.evaluation(2 * space.order))}
        for name, probe in device.case.output.at.items():
            found[f"probe:{name}"] = Sampler(device, space.at_points(probe_points(probe)))
        for place, profile in self.profiles.items():
            found[place] = Sampler(device, space.at_points(profile.points))
        return found

    def __call__(self, g: Complex) -> Places:
        """The traces as they are, complex."""
        found = {place: sampler(g, self.names) for place, sampler in self.places.items()}
        if "cells" in found:
            weight = self.places["cells"].plain.weight
            found["cells"] = {n: cell_mean(weight, self.elements, v) for n, v in found["cells"].items()}
        for place, profile in self.profiles.items():
            found[place] = {n: profile.of(v) for n, v in found[place].items() if n in TORQUES or n in BALANCE}
        return found

    def observables(
        self, places: Places, energy: str
    ) -> tuple[dict[str, Observable], dict[str, dict[str, Observable]]]:
        """Labelled values of every place: the fields of the cells, and the others by place.

        Args:
            places: real or complex values, those of a spectrum with an axis of energies in front.
            energy: unit of a current over N_F length.
        """
        axes: dict[str, tuple[str, ...]] = {
            "cells": ("cell", "component"),
            "probe": ("point", "component"),
            "vortex": ("radius",),
        }
        cells: dict[str, Observable] = {}
        others: dict[str, dict[str, Observable]] = {}
        for place, values in places.items():
            kind = place.partition(":")[0]
            found = cells if kind == "cells" else others.setdefault(place, {})
            if place in self.profiles:
                text = "distance from the place of the vortex in the case"
                found["radius"] = Observable(self.profiles[place].radius, ("radius",), "length", text)
            for name, array in values.items():
                unit = f"N_F {energy}" + ("·length" if name.endswith(tuple(CURRENTS)) else "")
                dims = axes[kind][:1] if name == "printed_defect" else axes[kind]
                dims = ("energy",) * (array.ndim - len(dims)) + dims
                text = POINT_FIELDS[name] + (": its F(r), the part along n ẑ×ĥ" if kind == "vortex" else "")
                found[name] = Observable(array, dims, unit, text, "cell" if kind == "cells" else "global")
        return cells, others


def spectral(name: str, x: Any, energy: complex) -> Any:
    """What a field shows at one energy: −½ Re x if it is real, π Im x if imaginary, as sums take it.

    The torque of Eq. (84), which enters no balance, is shown as it is, complex; so is the norm of a defect.
    """
    if name in ("spin_torque", "printed_defect"):
        return x
    return -0.5 * np.real(x) if action.is_real(energy) else np.pi * np.imag(x)
