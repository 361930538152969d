"""Integrals over energy on panels that halve themselves: Romberg's rule on nine points, none of them lost.

A panel of equal steps keeps all its points when it is halved, so that every expensive evaluation serves to
the end.  Its error is taken as the change from five points to nine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from usadel_fem.physics.nambu import Real

POINTS = 9
NARROWEST = 1e-9
"""Width of a panel, relative to the whole interval, that is not halved again."""


def romberg_weights(points: int) -> Real:
    """Weights of Romberg's rule on 2^k + 1 equal steps of the unit interval.

    >>> (90 * romberg_weights(5)).round(12).tolist()  # Boole
    [7.0, 32.0, 12.0, 32.0, 7.0]
    """
    levels = (points - 1).bit_length()
    table = []
    for level in range(levels):
        stride = (points - 1) >> level
        row = np.zeros(points)
        row[::stride] = stride / (points - 1)
        row[[0, -1]] *= 0.5
        table.append(row)
    for k in range(1, levels):
        table = [table[i + 1] + (table[i + 1] - table[i]) / (4**k - 1) for i in range(len(table) - 1)]
    return table[0]


FINE = romberg_weights(POINTS)
COARSE = np.zeros(POINTS)
COARSE[::2] = romberg_weights(5)


@dataclass(frozen=True)
class Group:
    """Components whose errors count relative to the largest of them.

    Attributes:
        counted: the components.
        floor: number of a component that only counts for the size, or None.
    """

    counted: slice
    floor: int | None = None

    def errors(self, changes: Real, sizes: Real) -> Real:
        """Relative error of each panel, (n,), from changes (n, m) and ∫|f| of the components (m,)."""
        size = float(sizes[self.counted].max(initial=0.0))
        if self.floor is not None:
            size = max(size, float(sizes[self.floor]))
        return changes[:, self.counted].max(axis=1, initial=0.0) / (size or 1.0)


@dataclass(frozen=True)
class Integral:
    """An integral and the rule that gave it.

    Attributes:
        points: rising, (n,).
        weights: of the points, (n,).
        value: the integral of each component, (m,).
        error: its estimated error, relative to the largest ∫|f| of a component of its group.
        fine: whether the tolerance was reached.
    """

    points: Real
    weights: Real
    value: Real
    error: float
    fine: bool


def integrate(
    evaluate: Callable[[list[float]], Mapping[float, Real]],
    edges: Sequence[float],
    tolerance: float,
    most: int,
    groups: Sequence[Group] = (Group(slice(None)),),
) -> Integral:
    """∫ f over the interval from the first to the last edge.

    Args:
        evaluate: gives f, (m,), at each of a rising list of new points.
        edges: rising; panels begin and end there.
        tolerance: relative to the largest ∫|f| of a component of the same group.
        most: points after which no panel is halved any more.
        groups: components of one kind each.

    >>> found = integrate(lambda x: {p: np.array([np.sqrt(p)]) for p in x}, [0.0, 1.0], 1e-6, 500)
    >>> bool(abs(found.value[0] - 2 / 3) < 1e-6), found.fine
    (True, True)
    """
    values: dict[float, Real] = {}
    panels = list(pairwise(edges))
    narrowest = NARROWEST * (edges[-1] - edges[0])
    while True:
        new = sorted({x for p in panels for x in _points(p)} - values.keys())
        values.update(evaluate(new))
        f = np.array([[values[x] for x in _points(p)] for p in panels])
        width = np.array([b - a for a, b in panels])[:, None]
        changes = np.abs(np.tensordot(f, FINE - COARSE, (1, 0)) * width)
        sizes = (np.tensordot(np.abs(f), FINE, (1, 0)) * width).sum(axis=0)
        errors = np.max([group.errors(changes, sizes) for group in groups], axis=0)
        total = max(float(group.errors(changes, sizes).sum()) for group in groups)
        wide = [b - a > narrowest for a, b in panels]
        coarse = [i for i, e in enumerate(errors) if wide[i] and e > tolerance / len(panels)]
        fine = total <= tolerance
        if fine or not coarse or len(values) >= most:
            return _integral(panels, values, total, fine)
        panels = [half for i, p in enumerate(panels) for half in (_halves(p) if i in coarse else (p,))]


def _points(panel: tuple[float, float]) -> list[float]:
    """Nine points that halving reproduces to the last bit."""
    points = [panel[0], panel[1]]
    while len(points) < POINTS:
        middle = [0.5 * (a + b) for a, b in pairwise(points)]
        points = [x for pair in zip(points, [*middle, 0.0], strict=True) for x in pair][:-1]
    return points


def _halves(panel: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    middle = 0.5 * (panel[0] + panel[1])
    return (panel[0], middle), (middle, panel[1])


def _integral(
    panels: Sequence[tuple[float, float]], values: Mapping[float, Real], error: float, fine: bool
) -> Integral:
    weight = dict.fromkeys(sorted(values), 0.0)
    for panel in panels:
        for x, w in zip(_points(panel), FINE, strict=True):
            weight[x] += (panel[1] - panel[0]) * w
    points, weights = np.array(list(weight)), np.array(list(weight.values()))
    value = weights @ np.array([values[x] for x in weight])
    return Integral(points, weights, value, error, fine)
