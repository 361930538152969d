"""Disks and rings with winding, turning exchange fields, θ(r), κ(r), τ_so against the radial equation.

ǧ at the nodes, and charge currents, spin currents and both torques at the quadrature points and averaged
over elements, at imaginary and real energies; coefficients vary, and jump at a circle.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.verification import radial
from tests.verification.discrete import rate
from tests.verification.rings import Elements, device, powers, solved, traces_of
from tests.verification.table import compare
from usadel_fem.physics.bulk import bulk

NONE = powers(0.0)

RING = radial.Layer(
    start=0.6,
    end=1.5,
    d=powers(1.3, -0.3),
    n_f=powers(0.7, 0.2),
    theta=powers(0.3, 0.2),
    kappa=powers(-0.4, 0.1),
    rate=powers(0.8, 0.2),
    gap=powers(0.5, 0.2),
    h=(powers(0.4, 0.2), powers(-0.3), powers(0.2, 0.3)),
)
"""Not smooth at r = 0, which is cut out."""

CORE = radial.Layer(
    start=0.0,
    end=1.4,
    d=powers(1.3, 0, -0.3),
    n_f=powers(0.7, 0, 0.2),
    theta=powers(0.3, 0, 0.2),
    kappa=powers(-0.4, 0, 0.1),
    rate=powers(0.8, 0, 0.2),
    gap=powers(0, 0.9, 0, -0.2),
    h=(powers(0, 0.4), powers(0, -0.3), powers(0.2, 0, 0.3)),
)
"""Smooth fields of x and y: a vortex of one turn, and fields in the plane that vanish at the centre."""

INSIDE = replace(CORE, end=0.7)
OUTSIDE = radial.Layer(
    start=0.7,
    end=1.4,
    d=powers(0.6, 0.2),
    n_f=powers(1.6, -0.3),
    theta=powers(-0.2, 0.1),
    kappa=powers(0.35),
    rate=powers(0.3, 0.1),
    gap=powers(0.8, 0.1),
    h=(powers(-0.3, 0.2), powers(0.5), powers(0.1, -0.4)),
)
"""Every coefficient jumps at r = 0.7."""

RIM = (0.83, [0.0, 0.0, 0.35])
"""|Δ| and exchange field of a reservoir around a disk without winding."""


def along_z(layer):
    return replace(layer, h=(NONE, NONE, layer.h[2]))


@cache
def disk(name):
    return {
        "ring, n = 2, ω = 0.31": radial.Disk((RING,), 2, 1, 0.31j),
        "ring, n = −1, ω = 0.83": radial.Disk((RING,), -1, 1, 0.83j),
        "ring, n = 1, ε = 0.6 + 0.1i": radial.Disk((RING,), 1, 1, 0.6 + 0.1j),
        "ring, n = 2, h along z": radial.Disk((along_z(RING),), 2, 0, 0.31j),
        "vortex, n = 1, ω = 0.31": radial.Disk((CORE,), 1, 1, 0.31j),
        "vortex, n = −1, ε = 0.6 + 0.1i": radial.Disk((CORE,), -1, 1, 0.6 + 0.1j),
        "disk in a reservoir, ω = 0.47": radial.Disk(
            (replace(CORE, gap=powers(0.5, 0, -0.1)),), 0, 1, 0.47j, bulk(0.47j, *RIM)
        ),
        "core and shell, n = −1, ω = 0.31": radial.Disk((INSIDE, OUTSIDE), -1, 1, 0.31j),
        "core and shell, n = 1, ε = 0.45 + 0.15i": radial.Disk((INSIDE, OUTSIDE), 1, 1, 0.45 + 0.15j),
    }[name]


NAMES = (
    "ring, n = −1, ω = 0.83",
    "ring, n = 1, ε = 0.6 + 0.1i",
    "ring, n = 2, h along z",
    "vortex, n = 1, ω = 0.31",
    "vortex, n = −1, ε = 0.6 + 0.1i",
    "disk in a reservoir, ω = 0.47",
    "core and shell, n = 1, ε = 0.45 + 0.15i",
)


@cache
def exact(name):
    return radial.solve(disk(name))


def built(name, order, level):
    given = disk(name)
    terminal = {} if given.rim is None else {"terminal": {"rim": {"Delta": RIM[0], "exchange": RIM[1]}}}
    return device(given, 0.45, order, level, **terminal)


@cache
def computed(name, order, level):
    """The evaluation of traces on a mesh, the places of its nodes, and ǧ_h."""
    on_mesh = built(name, order, level)
    return Elements(on_mesh), on_mesh.nodes.T[:2], solved(disk(name), on_mesh)


def differences(name, order, level, reference=None):
    """Root-mean-square errors of ǧ_h at the nodes, and relative ones of each trace at points and in elements.

    Args:
        reference: what ǧ_h is measured against; None for the solution of the radial equation.
    """
    reference = reference or exact(name)
    evaluate, nodes, g = computed(name, order, level)
    nodal = g - reference.fields(*nodes).g
    out = {"ǧ": np.sqrt((np.abs(nodal) ** 2).sum(axis=(1, 2)).mean())}
    weight = evaluate.at.weight
    volume = weight.reshape(evaluate.elements, -1).sum(axis=1)
    expected = traces_of(reference.fields(*evaluate.at.position))
    found, in_elements = evaluate.at_points(g), evaluate(g)
    axes = slice(0, 3 if disk(name).turning else 2)
    for trace in expected:
        cut = (..., axes) if trace in ("charge", "spin") else ...
        mean = evaluate.mean(expected[trace])
        out[f"{trace} at points"] = relative(found[trace][cut], expected[trace][cut], weight)
        out[f"{trace} of elements"] = relative(in_elements[trace][cut], mean[cut], volume)
    return out


def relative(found, expected, weight):
    """L² norm of the difference over that of what is expected, or over 1 % where symmetry forbids a trace."""
    parts = [np.tensordot(weight, np.abs(v) ** 2, 1).sum() for v in (found - expected, expected)]
    return np.sqrt(parts[0] / max(parts[1], 1e-4 * weight.sum()))


@pytest.mark.parametrize(
    "name",
    [
        "ring, n = 2, ω = 0.31",
        "core and shell, n = −1, ω = 0.31",
        *(pytest.param(n, marks=pytest.mark.slow) for n in NAMES if disk(n).turning == 1),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_rates(name, order):
    """Errors fall as h^(p+1) for ǧ and as h^p for whatever is made of gradients.

    At the nodes P2 is better than h³ on these meshes, and means over elements are better than h^p: an
    interpolation error's ∂_k over a triangle is an integral along its edges, where P2 is exact for cubics.
    """
    levels = (0, 1, 2)
    errors = [differences(name, order, level) for level in levels]
    cells = [2.0**level for level in levels]
    for quantity in errors[0]:
        found = rate(cells, [e[quantity] for e in errors])
        label = f"{name}, P{order}: rate of {quantity}"
        if quantity == "ǧ":
            compare(label, found, 2 if order == 1 else 3.5, atol=0.3 if order == 1 else 0.6)
        elif quantity.endswith("points"):
            compare(label, found, order, atol=0.3)
        else:
            assert order - 0.3 < found < order + 1.3, label
    compare(f"{name}, P{order}: ǧ at the nodes", errors[-1]["ǧ"], 0, atol=4e-3 if order == 1 else 4e-5)


ALLOWED = {"ǧ": 4e-4, "points": 0.05, "elements": 0.01}
"""On the second mesh of P2, by the rates and constants of `test_rates`."""


def excess(errors):
    """The largest error over what is allowed."""
    return max(value / ALLOWED[quantity.rsplit(maxsplit=1)[-1]] for quantity, value in errors.items())


@pytest.mark.parametrize("name", NAMES)
def test_agreement(name):
    """All of ǧ, J and T; without θ or κ in the radial equation they are far from each other.

    But where h is along z everything commutes with σ_z, and κ drops out.
    """
    errors = differences(name, 2, 1)
    compare(f"{name}: ǧ at the nodes", errors["ǧ"], 0, atol=ALLOWED["ǧ"])
    compare(f"{name}: errors of J, T over allowed ones", excess(errors), 0, atol=1)
    for coefficient, matters in (("theta", True), ("kappa", disk(name).turning == 1)):
        layers = tuple(replace(layer, **{coefficient: NONE}) for layer in disk(name).layers)
        without = excess(differences(name, 2, 1, radial.solve(replace(disk(name), layers=layers))))
        assert without > 5 if matters else without < 1, coefficient


def test_radial_solver_finds_the_bulk():
    """Uniform h, Δ, no winding: ǧ of a homogeneous superconductor, no flow; the axis is regular."""
    layer = replace(CORE, gap=powers(0.6), h=(NONE, NONE, powers(0.35)), rate=NONE)
    found = radial.solve(radial.Disk((layer,), 0, 1, 0.31j))
    fields = found.fields(np.array([0.0, 0.3, 0.9]), np.array([0.0, -0.7, 0.2]))
    assert np.abs(fields.g - bulk(0.31j, 0.6, [0, 0, 0.35])).max() < 1e-7
    assert np.abs(fields.current).max() < 1e-6


def test_radial_solver_does_not_care_how_spins_are_turned():
    """h along z: m = 0 and m = 1 are two ways to write one problem."""
    layer = along_z(CORE)
    ways = [radial.solve(radial.Disk((layer,), -1, m, 0.4 + 0.2j)) for m in (0, 1)]
    x, y = np.array([0.1, -0.6, 0.9]), np.array([0.2, 0.5, -0.8])
    first, second = (way.fields(x, y) for way in ways)
    assert np.abs(first.g - second.g).max() < 1e-6
    assert np.abs(first.current[:, :2] - second.current[:, :2]).max() < 1e-5
