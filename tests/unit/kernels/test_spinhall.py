"""The table of terms of the spin Hall form against the products of 4×4 matrices that it stands for."""

import numpy as np
import pytest

from usadel_fem.fem.forms import planes
from usadel_fem.kernels import spinhall
from usadel_fem.physics.nambu import SIGMA, commutator

NAMBU = np.kron(np.eye(4).reshape(4, 2, 2), np.eye(2))
"""The four places of a Nambu matrix, with any spin."""


def at_places(u):
    """Fields (F, 4, 4) as the table counts: component by component, 2×2 Nambu matrices."""
    basis = [np.eye(4), *SIGMA]
    return [
        np.array([[np.trace(x @ place.T @ s) / 2 for place in NAMBU] for s in basis]).reshape(4, 2, 2)
        for x in u
    ]


def half(a, x):
    return 0.5 * (SIGMA[a] @ x + x @ SIGMA[a])


def by_hand(oriented, g, x, frozen):
    """What multiplies φ and its gradient."""
    out = np.zeros_like(g)
    for k, l, a in oriented:
        gk, gl, xk, xl = g[k + 1], g[l + 1], x[k + 1], x[l + 1]
        out[k + 1] += commutator(xl, half(a, g[0]))
        out[l + 1] -= commutator(xk, half(a, g[0]))
        if not frozen:
            out[0] += half(a, commutator(xk, gl) + commutator(gk, xl))
            out[k + 1] += commutator(gl, half(a, x[0]))
            out[l + 1] -= commutator(gk, half(a, x[0]))
    return out


AXES = [(0, 1), (0, 2), (2, 1), (0, 1, 2), (1, 0, 2)]


def oriented_planes(axes):
    return tuple((k, l, a) if sign > 0 else (l, k, a) for k, l, a, sign in planes(axes))


def fields(axes):
    rng = np.random.default_rng(len(axes))
    return [rng.normal(size=(1 + len(axes), 4, 4, 2)) @ [1, 1j] for _ in range(2)]


def summed(table, g, x):
    """What a table of terms adds up to."""
    place = {
        start + spinhall.FIELD * f + spinhall.PART * c: matrix
        for start, of in ((spinhall.FIXED, g), (spinhall.VARIED, x))
        for f, field in enumerate(at_places(of))
        for c, matrix in enumerate(field)
    }
    factors, ends = table
    found = np.zeros((len(ends), 2, 2), dtype=complex)
    for n, (start, i, minus_i, end) in enumerate(ends):
        for t in range(start, end):
            u, v = (place[at] for at in factors[t])
            imaginary = 1j if t < minus_i else -1j
            found[n] += u @ v - v @ u if t < i else imaginary * (u @ v + v @ u)
    return found


def assert_close(found, by_fields):
    expected = np.concatenate(at_places(by_fields))
    assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("axes", AXES)
def test_the_terms_are_those_of_the_form(axes, frozen):
    oriented, (g, x) = oriented_planes(axes), fields(axes)
    assert_close(summed(spinhall.terms(oriented, frozen), g, x), by_hand(oriented, g, x, frozen))


@pytest.mark.parametrize("axes", AXES)
def test_the_terms_of_the_force(axes):
    """The form is cubic: along ǧ its force changes by twice itself. There are half as many terms."""
    oriented, (g, _) = oriented_planes(axes), fields(axes)
    table = spinhall.force_terms(oriented)
    assert_close(summed(table, g, np.full_like(g, np.nan)), 0.5 * by_hand(oriented, g, g, False))
    assert 2 * len(table[0]) == len(spinhall.terms(oriented, False)[0])
