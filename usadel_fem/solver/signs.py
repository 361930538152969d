"""Energies of both signs: ǧ^R(−ε) = −Xǧ^R(ε)*X, so that only one of each pair ±ε is solved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from usadel_fem.outcomes import EnergyReport
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.worker import Observed

ROUNDING = 1e-14
"""Of the largest energy: what a grid of energies rounds to."""


def both_signs(
    energies: Complex,
    todo: Sequence[int],
    solve: Callable[[Sequence[int], Collection[int]], Iterator[tuple[int, Observed, EnergyReport]]],
) -> Iterator[tuple[int, Observed, EnergyReport]]:
    """(index, what was found, report) of the energies in `todo`; after each that is solved comes its image.

    Args:
        energies: all energies, (n,), complex; imaginary ones have no image.
        todo: which to solve, in the order of a sweep.
        solve: solves the energies with the first numbers, and observes the images of the second too.
    """
    images = _images(energies, todo)
    left_out = set(images.values())
    for index, found, report in solve([i for i in todo if i not in left_out], images):
        yield index, found, report
        if index in images:
            image = images[index]
            energy = complex(energies[image])
            done = replace(report, energy=energy, newton_iterations=0, krylov_iterations=0, seconds=0.0)
            yield image, found.at_minus_energy(), done


def _images(energies: Complex, todo: Sequence[int]) -> dict[int, int]:
    """Number of each ε > 0 → that of −ε.

    >>> _images(np.array([-0.5, -0.2, 0.2, 0.5, 0.7], dtype=complex), range(5))
    {2: 1, 3: 0}
    """
    values = energies.real * (energies.imag == 0)
    near = ROUNDING * float(np.abs(values).max(initial=0.0))
    below = sorted((i for i in todo if values[i] < 0), key=lambda i: -values[i])
    sizes = -values[below]
    found = {}
    for i in todo:
        k = int(np.searchsorted(sizes, values[i] - near))
        if values[i] > 0 and k < sizes.size and sizes[k] <= values[i] + near:
            found[i] = below[k]
    return found
