"""The local shift of the scalar preconditioner: one compiled pass against NumPy."""

import numpy as np
import pytest

from tests.unit.kernels import test_channel, test_hessian
from usadel_fem.linearise import PlainTangents
from usadel_fem.solver import linear


def tangents_of(s):
    if s == 1:
        forms = test_channel.channels(2, 1)
        lin, omega, _ = test_channel.state(forms)
    else:
        lin, omega, _ = test_hessian.linearisation(2, 1)
    nodes = np.random.default_rng(6).permutation(lin.forms.size)[: lin.forms.size // 2]
    return PlainTangents(lin, nodes), test_hessian.compiled(lin, omega, nodes)


@pytest.mark.parametrize("s", [1, 2])
def test_mean_and_spread_are_those_of_the_eigenvalues(s):
    plain, compiled = tangents_of(s)
    ee, hh = (np.moveaxis(block, -1, 0) for block in plain.nodal)
    one = np.eye(s)
    whole = np.stack([np.kron(a, one) + np.kron(one, b.T) for a, b in zip(ee, hh, strict=True)]) / 2
    mean, variance = compiled.mean_and_spread()
    assert np.abs(mean - np.trace(whole, axis1=1, axis2=2) / s**2).max() < 1e-13 * np.abs(mean).max()
    expected = plain.mean_and_spread()
    assert np.abs(mean - expected[0]).max() < 1e-13 * np.abs(mean).max()
    assert np.abs(variance - expected[1]).max() < 1e-13 * variance.max()


@pytest.mark.parametrize("s", [1, 2])
def test_the_shift_is_that_of_numpy(s, monkeypatch):
    plain, compiled = tangents_of(s)
    assert plain.forms.barriers is not None
    found = linear.local_shift(compiled)
    monkeypatch.setattr(linear.kernels, "compiled", lambda: None)
    expected = linear.local_shift(plain)
    for one, two in zip(found, expected, strict=True):
        assert np.abs(one - two).max() < 1e-13 * np.abs(two).max()
    least = linear.LEAST * plain.forms.half_diagonal[plain.nodes]
    assert (expected[1].real > 2 * least).any()


def test_what_is_not_finite_is_left_out(monkeypatch):
    plain, _ = tangents_of(1)
    mean = np.full(plain.nodes.size, 0.3 - 0.7j)
    mean[1], mean[2] = np.nan, complex(-np.inf, 0.2)
    spread = (mean, np.full(plain.nodes.size, 0.25))
    monkeypatch.setattr(PlainTangents, "mean_and_spread", lambda self: spread)
    for compiled in (linear.kernels.compiled(), None):
        monkeypatch.setattr(linear.kernels, "compiled", lambda found=compiled: found)
        with np.errstate(all="ignore"):
            _, shift = linear.local_shift(plain)
        assert np.isfinite(shift).all()
        assert shift[0] == shift[3]
