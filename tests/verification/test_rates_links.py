"""Vector potentials: manufactured solutions with ∂̃_kǧ = ∂_kǧ − i[A_kτ₃ + A_k^aσ^a, ǧ] in every gradient term.

A is a smooth U(1) potential with a field of its own, A^a a uniform SU(2) field of any directions (it does
not commute with itself); the source is minus the variation of the continuous action at ǧ*.  Along axes that
the mesh lacks ∂̃ is the commutator alone (θ = κ = 0 then).
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import block, discretise, errors_of, fine, loads, outer, rate, solved
from tests.verification.smooth import NAMBU3, SPIN, Waves, as_dual, constant, random_setting, variation
from tests.verification.table import compare

SPIN_FIELD = np.array([[0.5, -0.3, 0.2], [-0.4, 0.6, 0.3], [0.25, 0.35, -0.55]])
"""A_k^a: row k."""


def vector_potential(axes):
    q = np.zeros((2, 3))
    q[:, list(axes)] = np.array([[1.3, -0.9, 0.7], [0.6, 1.1, -1.4]])[:, : len(axes)]
    return Waves(np.array([[0.9, -0.7, 0.8], [-0.5, 0.6, 0.7]]), q, np.array([0.3, 1.9]))


def solution(space, setting, axes, kind):
    """ǧ_h with the given fields: "U(1)", "SU(2)" or both; "across": both along all three axes."""
    waves, along = vector_potential(axes), list(axes)
    charge, spin = float(kind != "SU(2)"), float(kind != "U(1)")
    around = {"reservoirs": {"outer": outer(space)}}
    if charge:
        around["vector_potential"] = lambda x: waves.derivative(space.physical(x)).T[along]
    if spin:
        table = SPIN_FIELD[along]
        around["spin_field"] = lambda element: np.broadcast_to(table, (*element.shape, *table.shape))
    others = [k for k in range(3) if k not in axes] if kind == "across" else []
    if others:

        def transverse(x, element):
            out = np.empty((len(others), 4, *element.shape))
            r = space.physical(x).reshape(3, -1)
            out[:, 0] = waves.derivative(r).T[others].reshape(-1, *element.shape)
            out[:, 1:] = SPIN_FIELD[others].reshape(len(others), 3, *[1] * element.ndim)
            return out

        around["transverse"] = transverse
    forms, omega = discretise(space, setting, **around)
    at, r = fine(space, 2)
    potential = {}
    for k in [*axes, *others]:
        one = Waves(charge * waves.amplitude[:, k], waves.q, waves.phase).dual(r, axes)
        potential[k] = one * as_dual(NAMBU3) + as_dual(spin * np.tensordot(SPIN_FIELD[k], SPIN, axes=(0, 0)))
    omega = omega - loads(at, variation(setting, r, potential))
    return solved(space, forms, omega, setting.energy, setting.green(space.nodes.T))


@pytest.mark.parametrize(
    ("axes", "order", "cells", "kind"),
    [
        ((1,), 2, (10, 20, 40), "U(1) and SU(2)"),
        ((2,), 2, (10, 20, 40), "across"),
        ((2, 0), 1, (5, 10, 20), "U(1) and SU(2)"),
        ((0, 1), 2, (5, 8, 12), "U(1)"),
        ((1, 2), 2, (5, 8, 12), "SU(2)"),
        ((0, 1), 2, (5, 8, 12), "across"),
        pytest.param((0, 1, 2), 1, (3, 4, 6), "U(1) and SU(2)", marks=pytest.mark.slow),
        pytest.param((0, 1, 2), 2, (3, 4, 5), "U(1) and SU(2)", marks=pytest.mark.slow),
    ],
)
def test_gauge_fields_keep_the_order_of_the_elements(axes, order, cells, kind):
    zero = constant(0.0)
    setting = random_setting(41, axes, **({"theta": zero, "kappa": zero} if kind == "across" else {}))
    errors = []
    for n in cells:
        space = block(n, axes, order, distortion=0.6)
        errors.append(errors_of(space, solution(space, setting, axes, kind), setting.green))
    in_l2, _, at_nodes, _ = np.transpose(errors)
    name = f"{kind}, {len(axes)}D, P{order}"
    compare(f"{name}: rate in L²", rate(cells, in_l2), order + 1, atol=0.3)
    at = 4 if len(axes) == 1 else order + 1
    compare(f"{name}: rate at the nodes", rate(cells, at_nodes), at, atol=0.45)
