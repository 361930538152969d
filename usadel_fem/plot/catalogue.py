"""What can be drawn from a solution, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from matplotlib.figure import Figure

from usadel_fem.errors import CaseError, Problem, did_you_mean
from usadel_fem.labelled import Observable
from usadel_fem.observables.traces import BALANCE, CURRENTS, TORQUES
from usadel_fem.plot import data, history, maps, probes, spectra, vectors
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

SPINS = ("exchange", "spin_density", "magnetization", *TORQUES, *BALANCE)
FLOWS = (*CURRENTS, "energy_current", *(f"printed_{name}" for name in CURRENTS))
HIDDEN = ("material", "gamma", "gamma_tilde", "distribution", "dos")
TYPICAL = (
    "local_gap", "charge_current", "charge_density", "spin_density", "singlet", "triplet", "spin_torque",
    "spin_source",
)  # fmt: skip
"""Fields that are drawn where nothing is asked for, unless they vanish."""
SYNONYMS = {
    "current": "charge_current",
    "density_of_states": "dos",
    "ldos": "dos_map",
    "phase": "Delta_phase",
    "Delta": "delta",
    "order_parameter": "delta",
    "spin": "spin_density",
    "texture": "exchange",
    "h": "exchange",
    "residuals": "convergence",
    "kinetic": "terminal_spectral_current",
    "time": "traces",
}


@dataclass(frozen=True)
class Entry:
    """One picture that can be made.

    Attributes:
        text: what it shows.
        draw: makes it.
        usual: whether it is drawn where nothing is asked for.
        series: "energy" or "time" where it shows one of many and a film can be made.
    """

    text: str
    draw: Callable[[Solution, Options], Figure]
    usual: bool = False
    series: str = ""


def entries(solution: Solution) -> dict[str, Entry]:
    """All pictures of a solution, in the order in which they are listed."""
    found: dict[str, Entry] = {}
    found.update(_spectra(solution))
    found.update(_fields(solution))
    found.update(_places(solution))
    if any(report.residual_history for report in solution.convergence):
        found["convergence"] = Entry(
            "residual of each energy, step by step, and iterations", history.convergence, True
        )
    if solution.times.size:
        found["traces"] = Entry("currents, charge and spin against time", history.traces, True)
    return found


def find(solution: Solution, name: str, options: Options) -> tuple[str, Entry]:
    """The picture meant by a name, and its full name.

    Raises:
        CaseError: if the solution has no such picture.
    """
    known = entries(solution)
    if name in known:
        return name, known[name]
    meant = SYNONYMS.get(name, name)
    if name == "spin_current":
        axis = options.axis if options.axis in data.AXES and options.axis else _strongest(solution)
        meant = f"spin_current_{axis}"
        if meant in known:
            return meant, _of_all_components(known[meant])
    if name == "torque":
        zero = data.vanishes(solution, "spin_torque")
        meant = "spin_source" if zero else "spin_torque"
    if meant in known:
        return meant, known[meant]
    here = [short for short, full in SYNONYMS.items() if full in known]
    hint = did_you_mean(name, [*known, *here])
    rule = "is not in this result; it has " + ", ".join(known)
    raise CaseError([Problem(name, rule, hint=hint, file="plot")])


def _of_all_components(entry: Entry) -> Entry:
    """A picture whose name took up the component that was asked for."""

    def draw(solution: Solution, options: Options) -> Figure:
        return entry.draw(solution, replace(options, component=options.part))

    return replace(entry, draw=draw)


def _strongest(solution: Solution) -> str:
    """The spin component with the largest current in the device."""
    sizes, along = {}, list(data.plane_axes(solution))
    for axis in data.AXES:
        found = data.observable(solution, f"spin_current_{axis}")
        sizes[axis] = 0.0 if found is None else data.largest(np.asarray(found)[..., along])
    return max(sizes, key=lambda axis: sizes[axis])


def _spectra(solution: Solution) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    real = solution.case.solve.real_energies
    many = len(solution.energies) > 1
    if data.observable(solution, "dos") is not None and real:
        if many:
            found["dos"] = Entry("density of states: regions, device, probes", spectra.dos, True)
        found["dos_map"] = Entry(
            "density of states in space" + (", or against energy on a wire" if many else ""),
            _of(maps.draw, ("dos",)), True, "energy" if many else "",
        )  # fmt: skip
        if many and all(data.observable(solution, n) is not None for n in ("dos_up", "dos_down")):
            up, down = (np.asarray(data.observable(solution, n)) for n in ("dos_up", "dos_down"))
            split = not np.allclose(up, down, atol=1e-6, equal_nan=True)
            found["dos_spin"] = Entry(
                "densities of states of both spins against energy", spectra.spin_resolved, split
            )
    for name, text in (
        ("spectral_current", "spectral charge currents of the terminals"),
        ("spectral_spin_current", "spectral spin currents of the terminals"),
        ("terminal_spectral_current", "Keldysh currents of the terminals against energy"),
    ):
        values = data.mapping(solution, name)
        if values and many:
            scale = data.REST * data.flow_scale(solution)
            usual = any(data.largest(np.asarray(v)) > scale for v in values.values())
            found[name] = Entry(text, _of(spectra.terminal_currents, name), usual)
    driven = solution.case.solve.kind == "nonequilibrium" and many
    if driven and any(report.ok for report in solution.convergence):
        found["distribution"] = Entry("distribution ĥ against energy", spectra.distribution, True)
    return found


W = TypeVar("W")


def _of(draw: Callable[[Solution, W, Options], Figure], what: W) -> Callable[[Solution, Options], Figure]:
    """A drawing function that knows what to draw."""
    return lambda solution, options: draw(solution, what, options)


def _fields(solution: Solution) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    names = [
        n for n, v in solution.observables.items()
        if isinstance(v, Observable) and v.at in ("node", "cell") and n not in HIDDEN
    ]  # fmt: skip
    one = len(data.plane_axes(solution)) == 1
    typical = {*TYPICAL, f"spin_current_{_strongest(solution)}"}
    if "Delta_abs" in names and "Delta_phase" in names:
        varies = any(data.superconducts(solution, r) for r in solution.region_names)
        found["delta"] = Entry(
            "modulus and phase of the pair potential",
            _of(maps.draw, ("Delta_abs", "Delta_phase")), varies,
        )  # fmt: skip
    if any(h != 0 for r in solution.region_names for h in solution.case.material_of(r).exchange):
        text = "exchange field of the case"
        found["exchange"] = Entry(text, _of(vectors.spins, "exchange"), not one)
    for name in sorted(names):
        value = solution.observables[name]
        assert isinstance(value, Observable)
        series = next((s for s in ("energy", "time") if s in value.dims and value.shape[0] > 1), "")
        usual = name in typical and not data.vanishes(solution, name)
        if name in SPINS:
            entry = Entry(value.description, _of(vectors.spins, name), usual, series)
        elif name in FLOWS:
            entry = Entry(value.description, _of(vectors.currents, name), usual, series)
        else:
            entry = Entry(value.description, _of(maps.draw, (name,)), usual, series)
        found[name] = entry
    return found


def _places(solution: Solution) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for probe in probes.lines_of(solution):
        here = probes.fields_at(solution, probe)
        found[f"probe:{probe}"] = Entry(f"fields along {probe}", partial(_cut, probe, ()), bool(here))
        for name in here:
            found[f"probe:{probe}:{name}"] = Entry(f"{name} along it", partial(_cut, probe, (name,)))
    for name in solution.observables:
        if name.startswith("vortex:"):
            here = list(probes.profiles(solution, name))
            for title, names in [(name, tuple(here)), *((f"{name}:{one}", (one,)) for one in here)]:
                text = "F(r) around the vortex: " + ", ".join(names)
                found[title] = Entry(text, partial(_profile, name, names), title == name)
    return found


def _profile(vortex: str, names: tuple[str, ...], solution: Solution, options: Options) -> Figure:
    return probes.vortex(solution, vortex, names, options)


def _cut(probe: str, names: tuple[str, ...], solution: Solution, options: Options) -> Figure:
    return probes.cut(solution, probe, names, options)
