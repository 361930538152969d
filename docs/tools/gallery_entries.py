"""What the gallery shows of each case: pictures, and numbers against those that its header promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

import usadel_fem as uf

Reader = Callable[[uf.Solution], float]


@dataclass(frozen=True)
class Number:
    """A number of a case.

    Attributes:
        what: it is, with its unit.
        promised: pattern of the header of the case, one group: the expected number.
        read: the same from a solution.
        allowed: difference, relative to the expected number.
        against: settings of a second run; the number is then half the difference of the two.
    """

    what: str
    promised: str
    read: Reader
    allowed: float
    against: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """What `usadel-fem plot` is asked for, with its options, and what is to be seen."""

    quantity: str
    caption: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One case of the gallery.

    Attributes:
        pictures, numbers: of it.
        settings: what makes its run short, as of `--set`.
    """

    pictures: tuple[Picture, ...]
    numbers: tuple[Number, ...]
    settings: dict[str, str] = field(default_factory=dict)


def values(solution: uf.Solution, *names: str) -> NDArray[np.complex128]:
    """An observable, or one inside a dictionary of them."""
    found = solution.observables
    for name in names:
        found = found[name]  # type: ignore[assignment]
    return np.asarray(found)


def scalar(*names: str, component: int = 0) -> Reader:
    """A scalar by its names, such as "terminal_current", "left", or a component of a vector."""
    return lambda solution: float(np.atleast_1d(values(solution, *names).real)[component])


def at_node(name: str, choose: Callable[[NDArray[np.float64]], NDArray[np.bool_]], *rest: int) -> Reader:
    """The mean of a nodal field over the nodes at chosen positions (N, 3); `rest` picks a component."""
    return lambda solution: float(values(solution, name)[(choose(solution.nodes), *rest)].real.mean())


def along(probe: str, name: str, *index: int) -> Reader:
    """One value of a probe."""
    return lambda solution: float(values(solution, f"probe:{probe}", name)[index].real)


def around_vortex(name: str, radius: float) -> Reader:
    """A profile around the first vortex, at a radius."""

    def read(solution: uf.Solution) -> float:
        profile = np.atleast_2d(values(solution, "vortex:1", name).real)[0]
        return float(np.interp(radius, values(solution, "vortex:1", "radius"), profile))

    return read


def zeros_apart(solution: uf.Solution) -> float:
    """Distance of the first two zeros of the singlet amplitude along the wire."""
    x = values(solution, "probe:wire", "position")[:, 0].real
    f = values(solution, "probe:wire", "singlet")[0].imag
    at = np.flatnonzero(np.sign(f[1:]) != np.sign(f[:-1]))[:2]
    return float(np.diff(x[at] + (x[at + 1] - x[at]) * f[at] / (f[at] - f[at + 1]))[0])


def circulation(solution: uf.Solution) -> float:
    """Largest current along φ in a ring of elements."""
    x, y, _ = solution.nodes[solution.cells[:, :3]].mean(axis=1).T
    flow, r = values(solution, "charge_current").real, np.hypot(x, y)
    around = (x * flow[:, 1] - y * flow[:, 0]) / r
    return float(max(around[np.abs(r - middle) < 0.12].mean() for middle in np.linspace(0.8, 1.6, 9)))


def total_torque(solution: uf.Solution) -> float:
    """∫ Tr σ^yT over N."""
    inside = np.array(solution.region_names)[solution.cell_region] == "N"
    a, b, c = np.moveaxis(solution.nodes[solution.cells[inside, :3]], 1, 0)
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return float(area @ values(solution, "spin_source")[inside, 1].real)


def resistance(one: str, other: str) -> Reader:
    """(V_one − V_other)/I_west."""

    def read(solution: uf.Solution) -> float:
        voltage, current = (solution.observables[n] for n in ("terminal_voltage", "terminal_current"))
        return float((voltage[one] - voltage[other]) / current["west"])

    return read


def difference(name: str, one: str, other: str, factor: float = 1.0) -> Reader:
    """Difference of a scalar of two terminals, times a factor."""
    return lambda solution: factor * (scalar(name, one)(solution) - scalar(name, other)(solution))


def times(factor: float, read: Reader) -> Reader:
    """Another unit."""
    return lambda solution: factor * read(solution)
