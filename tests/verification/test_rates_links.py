"""Vector potentials: manufactured solutions with ∂̃_kǧ = ∂_kǧ − i[A_kτ₃ + A_k^aσ^a, ǧ] in every gradient term.

A is a smooth U(1) potential with a field of its own, A^a a uniform SU(2) field of any directions (it does
not commute with itself); the source is minus the variation of the continuous action at ǧ*.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import block, discretise, errors_of, fine, loads, outer, rate, solved
from tests.verification.smooth import NAMBU3, SPIN, Waves, as_dual, random_setting, variation
from tests.verification.table import compare

SPIN_FIELD = np.array([[0.5, -0.3, 0.2], [-0.4, 0.6, 0.3], [0.25, 0.35, -0.55]])
"""A_k^a: row k."""


def vector_potential(axes):
    q = np.zeros((2, 3))
    q[:, list(axes)] = np.array([[1.3, -0.9, 0.7], [0.6, 1.1, -1.4]])[:, : len(axes)]
    return Waves(np.array([[0.9, -0.7, 0.8], [-0.5, 0.6, 0.7]]), q, np.array([0.3, 1.9]))


def solution(space, setting, axes, *, charge, spin):
    """ǧ_h with the given fields (switched on by 1.0, off by 0.0)."""
    waves = vector_potential(axes)
    around = {"reservoirs": {"outer": outer(space)}}
    if charge:
        around["vector_potential"] = lambda x: waves.derivative(space.physical(x)).T[list(axes)]
    if spin:
        around["spin_field"] = lambda element: np.broadcast_to(SPIN_FIELD[list(axes)], (*element.shape, len(axes), 3))
    forms, omega = discretise(space, setting, **around)
    at, r = fine(space, 2)
    constant = {k: spin * sum(SPIN_FIELD[k, a] * SPIN[a] for a in range(3)) for k in axes}
    one = {k: Waves(charge * waves.amplitude[:, k], waves.q, waves.phase).dual(r, axes) for k in axes}
    potential = {k: one[k] * as_dual(NAMBU3) + as_dual(constant[k]) for k in axes}
    omega = omega - loads(at, variation(setting, r, potential))
    return solved(space, forms, omega, setting.energy, setting.green(space.nodes.T))


@pytest.mark.parametrize(
    ("axes", "order", "cells", "charge", "spin"),
    [
        ((1,), 2, (10, 20, 40), 1.0, 1.0),
        ((2, 0), 1, (5, 10, 20), 1.0, 1.0),
        ((0, 1), 2, (5, 8, 12), 1.0, 0.0),
        ((1, 2), 2, (5, 8, 12), 0.0, 1.0),
        pytest.param((0, 1, 2), 1, (3, 4, 6), 1.0, 1.0, marks=pytest.mark.slow),
        pytest.param((0, 1, 2), 2, (3, 4, 5), 1.0, 1.0, marks=pytest.mark.slow),
    ],
)
def test_links_keep_the_order_of_the_elements(axes, order, cells, charge, spin):
    setting = random_setting(41, axes)
    errors = []
    for n in cells:
        space = block(n, axes, order, distortion=0.6)
        errors.append(errors_of(space, solution(space, setting, axes, charge=charge, spin=spin), setting.green))
    in_l2, _, at_nodes, _ = np.transpose(errors)
    kind = " and ".join(n for n, on in (("U(1)", charge), ("SU(2)", spin)) if on)
    name = f"links {kind}, {len(axes)}D, P{order}"
    compare(f"{name}: rate in L²", rate(cells, in_l2), order + 1, atol=0.3)
    if len(axes) == 1:
        compare(f"{name}: rate at the nodes", rate(cells, at_nodes), 4, atol=0.35)
    else:
        compare(f"{name}: rate at the nodes", rate(cells, at_nodes), order + 1, atol=0.45)
