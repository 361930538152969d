"""The discrete equation [ǧ_i, F_i] = 0 against Eqs. (1)–(3) of the paper, written out anew in `smooth`.

With any smooth φ and any normalised field ǧ,

    Σ_i φ(r_i)[ǧ_i, F_i] → ∫ φ{∂_k(N_FJ_k) − N_F[Ω, ǧ] + (N_F/8τ_so)[σ^aǧσ^a, ǧ] − N_FT} − ∮ φ n_kN_FJ_k

with J the part of Eq. (2) that anticommutes with ǧ: second order for P1; for P2 the third at least.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.discrete import LENGTHS, balance, block, discretise, rate
from tests.verification.smooth import (
    NAMBU3,
    Waves,
    anticommutator,
    as_dual,
    commutator,
    constant,
    covariant,
    divergence,
    local_terms,
    printed_current,
    projected_current,
    random_setting,
    residual,
    torque,
    variation,
)
from tests.verification.table import compare

ROUND_OFF = 1e-12
PLANES = [(0, 1), (1, 2), (2, 0), (0, 2), (0, 1, 2), (1, 0, 2)]


def points(count=40):
    return np.random.default_rng(11).uniform(0, 1, (3, count))


@pytest.mark.parametrize("axes", PLANES)
def test_only_the_projected_current_agrees_with_normalisation(axes):
    """{ǧ, ∂_kJ_k − T} = 0 for any D, N_F, θ, κ of position: not so for Eq. (2) as printed."""
    setting, r = random_setting(21, axes), points()
    g = setting.green(r)
    size = np.abs(residual(setting, r)).max()
    assert np.abs(anticommutator(g, residual(setting, r))).max() < ROUND_OFF * size
    assert np.abs(anticommutator(g, residual(setting, r, printed_current))).max() > 0.01 * size


@pytest.mark.parametrize("axes", PLANES)
def test_swapping_is_nothing_where_it_is_uniform(axes):
    """∂_kJ^κ_k = T_κ for uniform N_FDκ."""
    setting, r = random_setting(22, axes, d=constant(1.3), kappa=constant(0.45)), points()
    g, dg = setting.field(r)
    _, d, _, kappa = setting.kinetic(r)
    one, none = constant(1.0).dual(r, axes), constant(0.0).dual(r, axes)
    flow = divergence(projected_current, one, g, dg, (d, none, kappa))
    flow = flow - divergence(projected_current, one, g, dg, (d, none, none))
    twist = torque(g, dg, d, none, kappa)
    assert np.abs(twist).max() > 0.1
    assert np.abs(flow - twist).max() < ROUND_OFF * np.abs(twist).max()


@pytest.mark.parametrize("axes", PLANES)
def test_equation_is_the_variation_of_the_action(axes):
    """[ǧ, δS/δǧ] is the residual of Eqs. (1)–(3) with the projected current, at every point."""
    setting, r = random_setting(24, axes), points()
    g, expected = setting.green(r), residual(setting, r)
    found = commutator(g, variation(setting, r))
    assert np.abs(found - expected).max() < ROUND_OFF * np.abs(expected).max()


@pytest.mark.parametrize("axes", [(0, 1), (2, 0), (0, 1, 2)])
def test_the_same_in_a_magnetic_field(axes):
    """∂_k → ∂̃_k = ∂_k − i[A_kτ₃, ·] in Eqs. (1)–(3), curl A ≠ 0: no further terms appear."""
    setting, r = random_setting(25, axes), points()
    amplitudes = {
        k: Waves(np.array([0.6 + 0.2 * k]), np.array([[0.9, -1.2, 0.7]]), np.array([k])) for k in axes
    }
    a = {k: w.dual(r, axes) * as_dual(NAMBU3) for k, w in amplitudes.items()}
    g, plain = setting.field(r)
    dg = covariant(a, g, plain)
    n_f, d, theta, kappa = setting.kinetic(r)
    expected = n_f.value * (local_terms(setting, r, g.value) - torque(g, dg, d, theta, kappa))
    for place, k in enumerate(axes):
        flow = n_f * projected_current(k, g, dg, d, theta, kappa)
        expected = expected + flow.slope[place] - 1j * commutator(a[k], flow).value
    found = commutator(g.value, variation(setting, r, a))
    assert np.abs(found - commutator(g.value, variation(setting, r))).max() > 0.1
    assert np.abs(found - expected).max() < ROUND_OFF * np.abs(expected).max()


def bubble(axes):
    """∏ sin(πx/L): nothing on the boundary."""
    lengths = np.array(LENGTHS[: len(axes)])
    return lambda r: np.prod(np.sin(np.pi * r[list(axes)] / lengths[:, None]), axis=0)


GENERAL = Waves(np.array([0.3, 1.1]), np.array([[0, 0, 0], [1.1, -0.7, 0.9]]), np.array([0.0, 0.4]))


def gauss(axes, count=14):
    """Gauss points (3, Q) and weights of the whole block."""
    x, w = np.polynomial.legendre.leggauss(count)
    sides = [0.5 * length * (x + 1) for length in LENGTHS[: len(axes)]]
    weights = [0.5 * length * w for length in LENGTHS[: len(axes)]]
    r = np.zeros((3, count ** len(axes)))
    r[list(axes)] = np.reshape(np.meshgrid(*sides, indexing="ij"), (len(axes), -1))
    return r, np.prod(np.meshgrid(*weights, indexing="ij"), axis=0).ravel()


def strong(setting, axes):
    """∫ φ residual for the bubble."""
    r, weight = gauss(axes)
    return np.einsum("q,q,qab->ab", weight, bubble(axes)(r), residual(setting, r))


def weak(setting, axes):
    """The right side of the header after partial integration, for a φ that lives on the boundary too."""
    r, weight = gauss(axes)
    g, dg = setting.field(r)
    n_f, d, theta, kappa = setting.kinetic(r)
    local = local_terms(setting, r, g.value) - torque(g, dg, d, theta, kappa)
    total = GENERAL.derivative(r)[:, None, None] * n_f.value * local
    for k in axes:
        flow = n_f.value * projected_current(k, g, dg, d, theta, kappa).value
        total = total - GENERAL.derivative(r, k)[:, None, None] * flow
    return np.einsum("q,qab->ab", weight, total)


CASES = [
    ((1,), 1, (8, 16, 32)),
    ((1,), 2, (8, 16, 32)),
    ((0, 1), 1, (5, 10, 20)),
    ((0, 1), 2, (5, 8, 13)),
    ((0, 2), 1, (5, 10, 20)),
    ((0, 2), 2, (5, 8, 13)),
    ((0, 1, 2), 1, (4, 6, 8)),
    ((0, 1, 2), 2, (2, 3, 4)),
    ((1, 0, 2), 2, (2, 3, 4)),
]


EVEN = {
    "d": constant(1.3),
    "n_f": constant(0.7),
    "theta": constant(0.37),
    "kappa": constant(-0.28),
    "rate": constant(0.83),
}
"""Coefficients of one material."""


@pytest.mark.parametrize("varies", [True, False])
@pytest.mark.parametrize(("axes", "order", "cells"), CASES)
def test_discrete_equation_is_that_of_the_paper(axes, order, cells, varies):
    """Every coefficient varies, or none; random meshes; φ with and without a boundary term."""
    setting = random_setting(23, axes, **({} if varies else EVEN))
    expected = [strong(setting, axes), weak(setting, axes)]
    errors = []
    for n in cells:
        space = block(n, axes, order)
        forms, omega = discretise(space, setting)
        nodes = space.nodes.T
        flow = balance(forms, setting.green(nodes), omega)
        found = [
            np.einsum("i,iab->ab", phi, flow) for phi in (bubble(axes)(nodes), GENERAL.derivative(nodes))
        ]
        errors.append([np.abs(f - e).max() / np.abs(e).max() for f, e in zip(found, expected, strict=True)])
    title = f"equation, axes {axes}, {'varying' if varies else 'even'}"
    for name, error in zip(("interior", "boundary"), np.transpose(errors), strict=True):
        seen = rate(cells, error)
        if order == 1:
            compare(f"{title}, P1, {name}: rate", seen, 2, atol=0.35)
        else:
            compare(f"{title}, P2, {name}: rate (at least 3)", seen, 4, atol=1.2)
        assert error[-1] < (0.05 if order == 1 else 2e-3)
