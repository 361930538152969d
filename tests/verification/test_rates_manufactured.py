"""Manufactured solutions: a smooth ǧ* solves the equation once ∫φ_iX, X = −½ǧ*R, is added to F_i.

R is the residual of Eqs. (1)–(3) at ǧ* (written out in `smooth`), so that [ǧ*, X] = −R.  Every term is
on and every coefficient varies; the meshes are random, ǧ = ǧ* on the whole boundary.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import block, discretise, errors_of, fine, loads, outer, rate, solved
from tests.verification.smooth import random_setting, residual
from tests.verification.table import compare

CASES = [
    ((1,), 1, (10, 20, 40)),
    ((1,), 2, (10, 20, 40)),
    ((0, 2), 1, (5, 10, 20)),
    ((1, 2), 2, (5, 9, 16)),
    ((0, 1, 2), 1, (4, 6, 8)),
    ((2, 0, 1), 2, (3, 4, 5)),
]


def manufactured(space, setting):
    """ǧ_h of a setting whose solution is its ǧ*."""
    at, r = fine(space, 2)
    forms, omega = discretise(space, setting, reservoirs={"outer": outer(space)})
    omega = omega + loads(at, -0.5 * setting.green(r) @ residual(setting, r))
    return solved(space, forms, omega, setting.energy, setting.green(space.nodes.T))


@pytest.mark.parametrize(("axes", "order", "cells"), CASES)
def test_error_falls_with_the_order_of_the_elements(axes, order, cells):
    """h^{p+1} in L² and, in the mean, at the nodes; smooth averages of the error faster still for P2."""
    setting = random_setting(31, axes)
    errors = []
    for n in cells:
        space = block(n, axes, order, distortion=0.6)
        errors.append(errors_of(space, manufactured(space, setting), setting.green))
    in_l2, at_vertices, at_nodes, averaged = np.transpose(errors)
    name = f"manufactured, {len(axes)}D, P{order}"
    compare(f"{name}: rate in L²", rate(cells, in_l2), order + 1, atol=0.3)
    if order == 1:
        compare(f"{name}: rate at the nodes", rate(cells, at_nodes), 2, atol=0.35)
        compare(f"{name}: rate of an average", rate(cells, averaged), 2, atol=0.35)
    elif len(axes) == 1:
        compare(f"{name}: rate at the nodes", rate(cells, at_vertices), 4, atol=0.3)
    else:
        compare(f"{name}: rate at the nodes", rate(cells, at_nodes), 3, atol=0.35)
        compare(f"{name}: rate of an average (at least 3)", rate(cells, averaged), 4, atol=1.0)


def test_vertices_of_regular_triangles_are_of_fourth_order():
    """P2 without distortion."""
    axes, cells = (0, 1), (5, 9, 16)
    setting = random_setting(32, axes)
    errors = []
    for n in cells:
        space = block(n, axes, 2, distortion=0.0)
        errors.append(errors_of(space, manufactured(space, setting), setting.green)[1])
    compare("manufactured, 2D, P2, regular: rate at the vertices", rate(cells, errors), 4, atol=0.3)
