"""Stack of layers in two dimensions with slanted, bulging or rough interfaces: second-order triangles.

Layers follow each other along x.  Regions: the names of the layers.  Boundaries: left, right, bottom, top.
Interfaces: "S|F" between neighbours S and F.  All interfaces have the same slant, bulge and roughness
(another profile of the last kind for each, but the same ones every time).

    python meshes/stack.py S=2 F=1 N=2 [--width 2] [--slant 0.3] [--bulge 0.2]
                           [--roughness 0.1] [--correlation 0.5] [--seed 1] [--size 1.0] [--out stack.msh]
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gmsh
from gmsh_setup import mesh_file, name, options

Profile = Callable[[float], float]
POINTS_PER_CORRELATION = 4


@dataclass(frozen=True)
class Interface:
    """How an interface departs from a straight line across the stack.

    Attributes:
        slant: how far its top lies to the right of its bottom.
        bulge: how far its middle lies to the right of the line between its ends.
        roughness: root mean square of a random profile.
        correlation: length over which that profile changes.
        seed: another number, another profile.
    """

    slant: float = 0.0
    bulge: float = 0.0
    roughness: float = 0.0
    correlation: float = 0.5
    seed: int = 1

    @property
    def straight(self) -> bool:
        """Whether two points are enough for it."""
        return not self.bulge and not self.roughness

    def profile(self, width: float, number: int) -> Profile:
        """Departure x(y) of interface `number`, for y from 0 to `width`."""
        rough = _rough(width, self, number) if self.roughness else _none

        def departure(y: float) -> float:
            t = y / width
            return self.slant * (t - 0.5) + 4 * self.bulge * t * (1 - t) + rough(y)

        return departure


def _none(y: float) -> float:
    return 0.0


def _rough(width: float, interface: Interface, number: int) -> Profile:
    """Cosines that decay beyond the inverse correlation length, of random amplitudes."""
    dice = random.Random(f"{interface.seed}/{number}")
    last = max(1, math.ceil(2 * width / interface.correlation))
    waves = []
    for n in range(1, last + 1):
        k = math.pi * n / width
        waves.append((k, dice.gauss(0.0, 1.0) * math.exp(-((k * interface.correlation) ** 2) / 8)))
    norm = math.sqrt(sum(a * a for _, a in waves) / 2) or 1.0
    return lambda y: interface.roughness / norm * sum(a * math.cos(k * y) for k, a in waves)


def build(layers: Sequence[tuple[str, float]], width: float, interface: Interface, size: float) -> None:
    """The stack: (name, thickness) of every layer from left to right.

    Raises:
        ValueError: if two interfaces would meet.
    """
    geo = gmsh.model.geo
    faces = [sum(length for _, length in layers[:k]) for k in range(len(layers) + 1)]
    coarse = 0.3 * size * min(width, *(length for _, length in layers))
    fine = min(coarse, 0.4 * size * interface.correlation) if interface.roughness else coarse
    lines, ends, last = [], [], None
    for number, x in enumerate(faces):
        inside = 0 < number < len(layers)
        count = 1
        if inside and not interface.straight:
            count = math.ceil(max(8, POINTS_PER_CORRELATION * width / interface.correlation))
        step = fine if inside else coarse
        depart = interface.profile(width, number) if inside else _none
        nodes = [(x + depart(width * i / count), width * i / count) for i in range(count + 1)]
        if last is not None and min(p[0] for p in nodes) <= max(p[0] for p in last):
            raise ValueError(f"interfaces {number - 1} and {number} meet: the layers are too thin")
        last = nodes
        points = [geo.addPoint(px, py, 0.0, step) for px, py in nodes]
        ends.append((points[0], points[-1]))
        lines.append(geo.addSpline(points) if count > 1 else geo.addLine(*points))
    bottom = [geo.addLine(ends[k][0], ends[k + 1][0]) for k in range(len(layers))]
    top = [geo.addLine(ends[k][1], ends[k + 1][1]) for k in range(len(layers))]
    regions: dict[str, list[int]] = {}
    for k, (region, _) in enumerate(layers):
        loop = geo.addCurveLoop([bottom[k], lines[k + 1], -top[k], -lines[k]])
        regions.setdefault(region, []).append(geo.addPlaneSurface([loop]))
    geo.synchronize()
    for region, surfaces in regions.items():
        name(2, region, surfaces)
    groups = {"left": lines[:1], "right": lines[-1:], "bottom": bottom, "top": top}
    for k in range(1, len(layers)):
        groups.setdefault(f"{layers[k - 1][0]}|{layers[k][0]}", []).append(lines[k])
    for label, curves in groups.items():
        name(1, label, curves)


def layer(text: str) -> tuple[str, float]:
    """A layer as NAME=THICKNESS."""
    label, _, length = text.partition("=")
    if not label or float(length) <= 0:
        raise ValueError("must be NAME=THICKNESS, of positive thickness")
    return label, float(length)


def main() -> None:
    """Write the mesh."""
    parser = options(__doc__, "stack.msh")
    parser.add_argument("layers", nargs="+", type=layer, metavar="NAME=THICKNESS")
    parser.add_argument("--width", type=float, default=2.0)
    for key, default in (("slant", 0.0), ("bulge", 0.0), ("roughness", 0.0), ("correlation", 0.5)):
        parser.add_argument(f"--{key}", type=float, default=default)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    interface = Interface(chosen.slant, chosen.bulge, chosen.roughness, chosen.correlation, chosen.seed)
    with mesh_file(chosen.out, dim=2, order=2):
        try:
            build(chosen.layers, chosen.width, interface, chosen.size)
        except ValueError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
