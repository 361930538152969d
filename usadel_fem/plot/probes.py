"""Line cuts at the probes of a case, and radial profiles around its vortices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from usadel_fem.case.output import Point
from usadel_fem.plot import data, labels, one_dimensional, style
from usadel_fem.plot.data import AXES
from usadel_fem.plot.one_dimensional import Track
from usadel_fem.plot.options import Options
from usadel_fem.solution import Solution

MOST = 6
LAST = ("dos_up", "dos_down", "local_gap", "Delta_phase")
"""Fields that are left out where there are others."""


def lines_of(solution: Solution) -> list[str]:
    """Names of the probes that are lines."""
    at = solution.case.output.at
    return [n for n in at if not isinstance(at[n], Point) and data.mapping(solution, f"probe:{n}")]


def fields_at(solution: Solution, probe: str) -> list[str]:
    """Fields that a probe has, those that vanish left out."""
    values = data.mapping(solution, f"probe:{probe}")
    return [
        name
        for name, value in values.items()
        if "point" in value.dims and name != "position" and np.any(np.abs(np.asarray(value)) > 1e-12)
    ]


@style.in_style
def cut(solution: Solution, probe: str, names: tuple[str, ...], options: Options) -> Figure:
    """Fields along a line probe: those that are named, or the first few that do not vanish."""
    values = data.mapping(solution, f"probe:{probe}")
    position = np.asarray(values["position"])
    if not names:
        found = fields_at(solution, probe)
        names = tuple([n for n in found if n not in LAST] or found)[:MOST]
    fields = tuple(data.as_field(name, values[name], "point") for name in names)
    x, label = _along(solution, position)
    figure = one_dimensional.track_picture(solution, _fitting(Track(x, label, fields), options), options)
    figure.suptitle(f"probe {probe}")
    return figure


def _fitting(track: Track, options: Options) -> Track:
    """Without fields of which the chosen component does not exist."""
    if options.axis in AXES and options.axis:
        vectors = tuple(f for f in track.fields if f.vector)
        return replace(track, fields=vectors or track.fields)
    return track


def _along(solution: Solution, position: data.Real) -> tuple[data.Real, str]:
    """Coordinate along a probe: that of an axis if the line follows one, else the distance from its start."""
    varying = np.flatnonzero(np.ptp(position, axis=0) > 0)
    axes = solution.case.mesh.axes or data.plane_axes(solution)
    if len(varying) == 1:
        return position[:, varying[0]], labels.coordinate(solution.case, int(axes[varying[0]]))
    distance = np.linalg.norm(position - position[0], axis=1)
    return distance, labels.with_unit("distance", labels.unit(solution.case, "length"))


@style.in_style
def vortex(solution: Solution, vortex_: str, names: tuple[str, ...], options: Options) -> Figure:
    """F(r) of torques and of the balance of spin around a vortex."""
    values = data.mapping(solution, vortex_)
    radius = np.asarray(values["radius"])
    fields = [
        data.Field(n, np.asarray(values[n]), "point", values[n].unit, "energy" if values[n].ndim > 1 else "")
        for n in names
    ]
    label = labels.with_unit("$r$", labels.unit(solution.case, "length"))
    track = Track(radius, label, tuple(fields))
    figure = one_dimensional.track_picture(solution, track, options)
    for axes in figure.axes:
        if axes.get_ylabel():
            axes.set_ylabel(f"$F(r)$ of {axes.get_ylabel().replace('|', '')}")
    return figure


def profiles(solution: Solution, vortex_: str) -> tuple[str, ...]:
    """Fields that have a profile around a vortex, those that vanish left out."""
    values = data.mapping(solution, vortex_)
    return tuple(n for n, v in values.items() if n != "radius" and np.any(np.abs(np.asarray(v)) > 1e-12))
