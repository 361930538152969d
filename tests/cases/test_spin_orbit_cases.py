"""The cases of spin–charge conversion give the numbers of their headers, computed here by other means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skfem
from numpy.typing import NDArray

import usadel_fem as uf
from tests.cases.common import field, promised, solved
from tests.cases.linear import LinearDevice, matsubara_rule, matsubara_sum
from tests.cases.vortex import grid, self_consistent_gap, spin_hall_source, swapping_torque
from tests.verification.test_spin_charge import Strip

T, GAP = 0.55, 0.3
"""Of the two cases with small pair amplitudes."""


def around_the_vortex(solution: uf.Solution, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Radii, and the profile of a field over them."""
    values = solution.observables["vortex:1"]
    assert isinstance(values, dict)
    return np.asarray(values["radius"]), np.asarray(values[name])


# 08 ------------------------------------------------------------


def test_torque_around_a_vortex() -> None:
    """First order in θ and κ, and the mesh of the core: 1.5 % of the largest torque."""
    axis, half, one = promised(
        "08", r"F is (0\.\d+) on the axis, half as much at r = (0\.\d+), and (0\.\d+) at r = 1"
    )
    r = grid(5.0)
    expected = swapping_torque(r, 0.3, 0.4, 1.0, np.tanh(r), 0.1)
    assert expected[0] == pytest.approx(axis, abs=5e-4)
    assert np.interp(half, r, expected) == pytest.approx(axis / 2, rel=0.01)
    assert np.interp(1.0, r, expected) == pytest.approx(one, abs=5e-5)
    radius, found = around_the_vortex(solved("08"), "spin_torque")
    assert np.abs(found[0].imag).max() < 1e-9
    assert np.abs(found[0].real - np.interp(radius, r, expected)).max() < 0.015 * axis


@pytest.mark.parametrize(
    ("settings", "sign"),
    [
        ({"vortex.0.winding": "-1"}, 1),  # the profile is that of n ẑ×ĥ
        ({"material.S.exchange": "[-0.32, -0.24, 0]"}, 1),
        ({"material.S.exchange": "[0.32, 0.24, 0]", "material.S.kappa": "-0.1"}, -1),
    ],
)
def test_signs_of_the_torque(settings: dict[str, str], sign: int) -> None:
    """T ∝ n ẑ×h: F(r) itself changes sign with κ alone."""
    _, found = around_the_vortex(solved("08", *settings.items()), "spin_torque")
    _, base = around_the_vortex(solved("08"), "spin_torque")
    assert np.abs(found - sign * base).max() < 0.02 * np.abs(base).max()
    torque, other = (field(solved("08", *s.items()), "spin_torque")[0].real for s in (settings, {}))
    if sign > 0:
        assert np.abs(torque + other).max() < 0.02 * np.abs(other).max()


def test_torque_stands_across_the_field_in_the_plane() -> None:
    torque = field(solved("08"), "spin_torque")[0].real
    along = np.cross([0, 0, 1], [0.8, 0.6, 0])
    size = np.abs(torque @ along).max()
    assert np.abs(torque - np.outer(torque @ along, along)).max() < 0.02 * size


# 09 ------------------------------------------------------------


def test_self_consistent_vortex() -> None:
    """Gap and spin source on the radial grid; elements of the test are as large as the core: 8 % in it."""
    gap, source = promised("09", r"= (0\.\d+) and G = (0\.\d+) at r = 1")
    r = grid(4.0)
    delta = self_consistent_gap(r, 0.25, 0.567, 0.25, 1.0)
    expected = spin_hall_source(r, 0.25, 0.25, 1.0, delta, 0.1)
    assert np.interp(1.0, r, delta) == pytest.approx(gap, abs=6e-4)
    assert np.interp(1.0, r, expected) == pytest.approx(source, abs=6e-5)
    solution = solved("09")
    distance = np.linalg.norm(solution.nodes, axis=1)
    assert np.abs(field(solution, "Delta_abs") - np.interp(distance, r, delta)).max() < 0.02
    radius, found = around_the_vortex(solution, "spin_source")
    assert np.abs(found - np.interp(radius, r, expected)).max() < 0.08 * expected.max()


def test_balance_of_spins_around_the_vortex() -> None:
    """Almost all of the torque flows off; the torque of Eq. (84) cancels between frequencies."""
    solution = solved("09")
    radius, source = around_the_vortex(solution, "spin_source")
    _, divergence = around_the_vortex(solution, "spin_current_divergence")
    _, net = around_the_vortex(solution, "net_spin_source")
    core = radius < 1.5
    assert np.allclose(net, source - divergence, atol=1e-12)
    assert np.abs(net[core]).max() < 0.03 * source.max()
    assert field(solution, "max_spin_torque") < 1e-9 * source.max()
    spin = field(solution, "magnetization")
    assert np.abs(spin[:, :2] @ [0, 1]).max() < 0.05 * np.abs(spin).max()  # h lies in the xz plane


# 10 ------------------------------------------------------------


def test_edge_spins() -> None:
    edge, opposite = promised("10", r"is (-0\.\d+) at the edge y = 0 and (0\.\d+) at y = 1\.7")
    strip = Strip(d=1.0, gap=1.0, slope=0.5, width=1.7, relaxation=1 / 3.0)
    omega, weight = matsubara_rule(0.2, exact=20, points=10)
    solution = solved("10")
    probe = solution.observables["probe:across"]
    assert isinstance(probe, dict)
    y, spin = np.asarray(probe["position"])[:, 1] - 0.85, np.asarray(probe["spin_density"])[:, 2]
    each = [w * strip.edge_spin(y, float(o), 0.1) for o, w in zip(omega, weight, strict=True)]
    expected = np.pi * 0.2 * np.sum(each, axis=0)
    assert [expected[0], expected[-1]] == pytest.approx([edge, opposite], abs=6e-5)
    assert np.abs(spin - expected).max() < 0.005 * opposite


# 11, 12 --------------------------------------------------------


def triangles(solution: uf.Solution) -> Any:
    """The straight triangles of a solution, with its regions, for the linear elements."""
    corners = solution.cells[:, :3]
    used, cells = np.unique(corners, return_inverse=True)
    mesh = skfem.MeshTri(solution.nodes[used, :2].T.copy(), cells.reshape(corners.shape).T.copy())
    names = np.array(solution.region_names)[solution.cell_region]
    return mesh.with_subdomains({name: np.flatnonzero(names == name) for name in solution.region_names})


def test_anomalous_current() -> None:
    left, right = promised("11", r"of (-0\.\d+) at the left and (0\.\d+) at the right")

    def exchange(x: NDArray[Any]) -> NDArray[Any]:
        return np.stack([0 * x[0], 0 * x[0], 1.5 * (x[1] - 0.6)])

    solution = solved("11")
    material = {"rectangle": {"D": 1.0, "h": exchange, "theta": 0.3}}
    device = LinearDevice(triangles(solution), skfem.ElementTriP2(), material)
    x = device.basis.doflocs[0]
    ends = [np.flatnonzero(x < 1e-9), np.flatnonzero(x > 1.1 - 1e-9)]

    def currents(omega: float) -> NDArray[np.float64]:
        held = {int(k): 1j * GAP / np.hypot(omega, GAP) for nodes in ends for k in nodes}
        f = device.amplitudes(omega, np.zeros(4 * device.size, dtype=complex), held)
        return np.array([device.current(omega, f, nodes) for nodes in ends])

    expected = np.pi * T * matsubara_sum(currents, T, exact=4, points=5)
    assert [left, right] == pytest.approx(expected.tolist(), abs=6e-6)
    got = solution.summary["observables"]["terminal_current"]
    assert [got["left"], got["right"]] == pytest.approx(expected.tolist(), rel=0.02)


def test_anomalous_current_needs_an_uneven_field() -> None:
    even = solved("11", ("material.F.exchange", '["0", "0", "1.5*(y - 0.6)**2"]'))
    current = even.summary["observables"]["terminal_current"]
    assert abs(current["left"]) < 1e-3 * abs(solved("11").summary["observables"]["terminal_current"]["left"])


def torque_of_linear_amplitudes(
    device: LinearDevice, f: NDArray[Any], region: str, swap: float, hall: float
) -> complex:
    """∫ Tr σ^yT of a region, Eq. (3) to second order in f̂ = f_s + f·σ, f̂ᶜ = −f̄_s + f̄·σ; D κ and D θ given."""
    basis = skfem.Basis(device.mesh, device.element, elements=region, intorder=6)
    pauli = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])

    def slope(axis: int) -> NDArray[Any]:
        parts = [
            basis.interpolate(f[mu].real).grad[axis] + 1j * basis.interpolate(f[mu].imag).grad[axis]
            for mu in range(4)
        ]
        upper = np.einsum("m...,mij->...ij", parts, pauli)
        lower = np.einsum("m...,mij->...ij", np.array([-parts[0], *parts[1:]]).conj(), pauli)
        change = np.zeros((*upper.shape[:-2], 4, 4), dtype=complex)
        change[..., :2, 2:], change[..., 2:, :2] = upper, -lower
        return change

    dx, dy = slope(0), slope(1)
    bent = dx @ dy - dy @ dx
    sy, sz = (np.kron(np.eye(2), pauli[k]) for k in (2, 3))
    inner = np.diag([1, 1, -1, -1]) @ bent
    torque = 0.25 * hall * (sz @ inner - inner @ sz) + 0.25j * swap * (bent @ sz - sz @ bent)
    return complex(np.sum(np.einsum("ij,...ji->...", sy, torque) * basis.dx))


def test_torque_in_the_hybrid() -> None:
    [total] = promised("12", r"the integral of Tr sigma\^y T, is (-?\d\.\d+e-\d)")

    def exchange(x: NDArray[Any]) -> NDArray[Any]:
        return np.stack([0.7 + 0 * x[0], 1.2 * np.cos(2 * x[1]), 0.4 + 0 * x[0]])

    solution = solved("12")
    material = {
        "S": {"D": 1.0},
        "F": {"D": 0.6, "h": exchange, "theta": -0.15, "kappa": 0.2},
        "N": {"D": 1.5, "theta": 0.3, "kappa": -0.25, "tau_so": 2.0},
    }
    device = LinearDevice(triangles(solution), skfem.ElementTriP2(), material)
    source = device.pairing("S", GAP)

    def torque(omega: float) -> float:
        f = device.amplitudes(omega, source)
        return torque_of_linear_amplitudes(device, f, "N", 1.5 * -0.25, 1.5 * 0.3).imag

    expected = float(np.pi * T * matsubara_sum(torque, T, exact=4, points=5))
    assert total == pytest.approx(expected, rel=5e-3)
    regions = np.array(solution.region_names)[solution.cell_region]
    corners = solution.nodes[solution.cells[:, :3]]
    area = 0.5 * np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    inside = regions == "N"
    assert area[inside] @ field(solution, "spin_source")[inside, 1] == pytest.approx(expected, rel=0.02)
    assert np.abs(field(solution, "net_spin_source")[inside]).max() == 0  # no h in N
