"""Every file in cases/ runs, converges, keeps what must be kept, and gives the number its header promises.

The numbers in the headers are computed here by other means: integrals, ordinary differential equations, and
linear finite elements that share no code with the solver.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import skfem
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import usadel_fem as uf
from tests.cases.common import COARSE, FILES, FOLDER, check, field, header, profile, promised, solved
from tests.cases.linear import LinearDevice, critical_temperature, matsubara_sum
from tests.cases.profiles import amplitudes_behind_a_contact, rotating_field
from tests.cases.vortex import current, grid
from tests.verification.minigap import minigap

HBAR = 0.6582119569  # meV ps
K_B = 0.08617333262  # meV/K


def test_there_are_cases() -> None:
    assert list(FILES) == [f"{n:02}" for n in range(1, len(FILES) + 1)]
    assert len(FILES) >= 12


@pytest.mark.parametrize("number", FILES)
def test_header(number: str) -> None:
    """Physics, the expected number and where it comes from, in a comment that fits on a screen."""
    text = header(number)
    assert len(text) > 500
    assert "Expected" in text
    assert "Source: " in text or re.search(r"\(.* \d{4}\)|\(\d{4}\)", text)
    assert uf.load_case(FILES[number]).info.title


@pytest.mark.parametrize("number", FILES)
def test_case(number: str) -> None:
    check(solved(number))


@pytest.mark.slow
@pytest.mark.parametrize("number", COARSE)
def test_case_as_it_is(number: str) -> None:
    check(solved(number, full=True))


# 01 ------------------------------------------------------------


def trilayer(file: str) -> LinearDevice:
    def exchange(x: NDArray[Any]) -> NDArray[Any]:
        turn = np.pi * (x[0] - 2) / 2
        return np.stack([0 * turn, 1.2 * np.sin(turn), 1.2 * np.cos(turn)])

    ferromagnet = {"D": 0.6, "h": exchange}
    metal = {"D": 1.5, "theta": 0.2, "kappa": 0.3, "tau_so": 4.0}
    mesh = skfem.Mesh.load(FOLDER.parent / "meshes" / file)
    return LinearDevice(mesh, skfem.ElementTriP2(), {"S": {"D": 1.0}, "F": ferromagnet, "N": metal})


def test_trilayer_pair_amplitudes() -> None:
    """With a small given Δ all four amplitudes follow the linear equation, the spin–orbit terms included.

    The x triplet exists only through theta and kappa. What the linear theory neglects is |f|² = 1e-3.
    """
    omega, delta = 0.3, 0.01
    case = uf.load_case(FILES["01"])
    solution = uf.solve(
        uf.Case(
            mesh=case.mesh,
            material={**case.material, "superconductor": {"D": 1.0, "Delta": delta}},
            region=case.region,
            solve={"kind": "spectrum", "energies": {"imaginary": [omega]}},
            source=case.source,
        )
    )
    device = trilayer("sfn_trilayer.msh")
    expected = device.amplitudes(omega, device.pairing("S", delta))
    distance, order = cKDTree(solution.nodes[:, :2]).query(device.basis.doflocs.T)
    assert distance.max() < 1e-9
    got = np.vstack([field(solution, "singlet")[0][order], field(solution, "triplet")[0][order].T])
    for component in range(4):
        error = np.linalg.norm(got[component] - expected[component]) / np.linalg.norm(expected[component])
        assert error < 1e-3, component


def test_trilayer_critical_temperature_of_the_header() -> None:
    """The coarse mesh is 0.5 % off the finest that was tried."""
    [tc] = promised("01", r"from 0\.567 to (\d\.\d+)")
    assert critical_temperature(
        trilayer("sfn_trilayer_coarse.msh"), "S", 0.567, (0.38, 0.43)
    ) == pytest.approx(tc, rel=0.01)


@pytest.mark.slow
def test_trilayer_critical_temperature() -> None:
    [tc] = promised("01", r"from 0\.567 to (\d\.\d+)")
    mesh = ("mesh.file", '"../meshes/sfn_trilayer_coarse.msh"')
    solution = solved(
        "01", mesh, ("solve.critical_temperature", "true"), ("solve.temperature", "0.3"), full=True
    )
    assert solution.summary["observables"]["Tc"] == pytest.approx(tc, rel=0.02)


def test_trilayer_gap() -> None:
    """Largest at the outer face of S, below the bulk gap, smallest at F, none outside."""
    solution = solved("01")
    delta, x = field(solution, "Delta_abs"), solution.nodes[:, 0]
    inside = x < 2 + 1e-9
    assert 0.7 < delta[x < 1e-9].mean() <= delta.max() < 1.0
    assert delta[x < 1e-9].mean() > 0.95 * delta.max()
    assert x[inside][np.argmin(delta[inside])] == pytest.approx(2.0)
    assert np.all(delta[~inside] == 0)


def test_trilayer_spin_current_flows_along_the_axis_of_rotation() -> None:
    """S_x flows through F; at the outer faces of the device nothing flows."""
    solution = solved("01")
    regions = np.array(solution.region_names)[solution.cell_region]
    means = {b: np.abs(field(solution, f"spin_current_{b}")[regions == "F", 0]).mean() for b in "xyz"}
    assert means["x"] > 5 * max(means["y"], means["z"])


# 02 ------------------------------------------------------------


def test_minigap_of_a_very_long_wire() -> None:
    assert minigap(1.0, 1.0, 1e8) == pytest.approx(promised("02", r"wire\): (\d\.\d+) E_Th")[0], abs=1e-4)


@pytest.mark.parametrize("phase", [0, 90])
def test_minigap(phase: int) -> None:
    """The grid of energies is 0.2 µeV wide and the edge is taken where the density of states reaches 0.1."""
    numbers = promised("02", r"integral gives (\d+\.\d+) ueV, and (\d+\.\d+) ueV at a phase of 90 degrees")
    expected = minigap(1000.0, HBAR * 1e4 * 1e3, 1400.0, np.deg2rad(phase))
    assert expected == pytest.approx(numbers[phase // 90], abs=0.01)
    solution = solved("02", ("terminal.right.phase", f'"{phase} deg"'))
    assert solution.summary["observables"]["min_gap"] == pytest.approx(expected, abs=0.1)


# 03 ------------------------------------------------------------


def test_oscillation() -> None:
    """The linear formula; what is left is of the order |f|², 1e-4."""
    solution = solved("03")
    x, singlet = profile(solution, "singlet", "wire")
    _, triplet = profile(solution, "triplet", "wire")
    expected = amplitudes_behind_a_contact(x, 0.2707, 10.0, HBAR * 500, 60.0, 1.3, 2.0)
    size = np.abs(expected[0]).max()
    assert np.abs(singlet[0] - expected[0]).max() < 2e-3 * size
    assert np.abs(triplet[0, :, 2] - expected[1]).max() < 2e-3 * size
    first, step = promised("03", r"= (\d\.\d) nm and again pi xi_F = (\d+) nm")
    sign = np.sign(singlet[0].imag)
    zeros = x[:-1][sign[1:] != sign[:-1]][:2]
    assert zeros[0] == pytest.approx(first, abs=0.3)
    assert zeros[1] - zeros[0] == pytest.approx(step, abs=0.5)


# 04 ------------------------------------------------------------


def wall(x: NDArray[Any]) -> NDArray[Any]:
    return np.stack([10 / np.cosh((x - 0.4) / 0.2), -10 * np.tanh((x - 0.4) / 0.2)])


def test_long_range_triplets() -> None:
    """cosh law behind the wall: |f|² is up to 0.15 at E = 0 and corrects it by 2 % at most, less above."""
    solution = solved("04")
    x = solution.nodes[:, 0]
    end, far = int(np.argmax(x)), x > 2.5
    for i, tolerance in ((0, 0.02), (2, 0.03), (10, 0.005), (20, 0.002)):
        k = np.sqrt(-2j * (solution.energies[i] + 0.02j))
        triplet, singlet = field(solution, "triplet")[i], field(solution, "singlet")[i]
        law = triplet[end, 0] * np.cosh(k * (5.0 - x[far]))
        assert np.abs(triplet[far, 0] / law - 1).max() < tolerance
        assert np.abs(triplet[far, 1:]).max() < 0.05 * np.abs(triplet[far, 0]).max()
        assert np.abs(singlet[end]) < 1e-4 * np.abs(triplet[end, 0])


def test_zero_bias_peak() -> None:
    """Nonlinear equation, solved in Riccati amplitudes: agrees to the error of the mesh."""
    [peak] = promised("04", r"peak at the far end, (\d\.\d+)")
    grid = np.unique(np.concatenate([np.linspace(0, 1.5, 200), np.linspace(1.5, 5, 60)]))
    expected, _ = rotating_field(grid, 0.02, wall, 1.0, 1.0)
    assert expected[-1] == pytest.approx(peak, abs=1e-3)
    solution = solved("04")
    x, dos = solution.nodes[:, 0], field(solution, "dos")
    assert dos[0, np.argmax(x)] == pytest.approx(expected[-1], abs=5e-4)
    assert dos[0, np.argmax(x)] > dos[1, np.argmax(x)] > dos[2, np.argmax(x)]


def test_no_wall_no_long_range_triplets() -> None:
    solution = solved("04", ("material.F.exchange", "[0, 0, 10]"))
    assert field(solution, "dos")[:, np.argmax(solution.nodes[:, 0])] == pytest.approx(1.0, abs=1e-5)


# 05 ------------------------------------------------------------


def bilayer() -> LinearDevice:
    cells = np.concatenate([np.linspace(0, 40, 41), np.linspace(40, 120, 41)[1:]])
    mesh = skfem.MeshLine(cells).with_subdomains({"Nb": lambda x: x[0] < 40, "Cu": lambda x: x[0] > 40})
    material = {"Nb": {"D": HBAR * 300}, "Cu": {"D": HBAR * 4000, "N_F": 0.2}}
    return LinearDevice(mesh, skfem.ElementLineP2(), material)


def test_bilayer_critical_temperature() -> None:
    """0.3 % for the coarse mesh of the test."""
    [kelvin] = promised("05", r"T_c = (\d\.\d+) K")
    expected = critical_temperature(bilayer(), "Nb", 8.8 * K_B, (4 * K_B, 8.5 * K_B))
    assert expected / K_B == pytest.approx(kelvin, abs=0.01)
    assert solved("05").summary["observables"]["Tc"] == pytest.approx(expected, rel=3e-3)


def test_bilayer_gap() -> None:
    """|Δ| falls from the outer face of Nb to Cu, and is none there; pairing lowers the free energy."""
    solution = solved("05")
    x, delta = solution.nodes[:, 0], field(solution, "Delta_abs")
    order = np.argsort(x[x < 40 + 1e-9])
    assert np.all(np.diff(delta[x < 40 + 1e-9][order]) < 1e-6)
    assert np.all(delta[x > 40 + 1e-9] == 0)
    assert 0.5 * 1.764 * 8.8 * K_B < delta.max() < 1.764 * 8.8 * K_B
    assert solution.summary["observables"]["free_energy"] < 0


# 06 ------------------------------------------------------------


def test_crossed_wires() -> None:
    """Linear second-order tetrahedra; the neglected |f|² and the other quadrature make up 2 %."""
    west, east, north = promised(
        "06", r"device of (-?\d\.\d+) \(west\), (-?\d\.\d+) \(east\), (-?\d\.\d+) \(north\)"
    )
    header_says = {"west": west, "east": east, "north": north}
    got = solved("06").summary["observables"]["terminal_current"]
    expected = linear_currents()
    for name, value in expected.items():
        assert header_says[name] == pytest.approx(value, abs=2e-5)
        assert got[name] == pytest.approx(value, abs=0.02 * east * np.sign(east))
    assert abs(sum(got.values())) < 1e-8 * abs(east)


def linear_currents(temperature: float = 0.55, gap: float = 0.3) -> dict[str, float]:
    def along(axis: int) -> Any:
        return lambda x: np.stack([np.full(x.shape[1:], 1.5 * (axis == k)) for k in range(3)])

    normal = {"D": 3.0}
    material = dict.fromkeys(("N", "S1", "S2"), normal) | {
        "F1": {"D": 2.0, "h": along(2)},
        "F2": {"D": 2.0, "h": along(0)},
    }
    device = LinearDevice(
        skfem.Mesh.load(FOLDER.parent / "meshes/cross3d.msh"), skfem.ElementTetP2(), material
    )
    x = device.basis.doflocs
    ends = {
        "west": (x[0] < -1.9999, 0.0),
        "east": (x[0] > 1.9999, np.pi / 2),
        "north": (x[1] > 1.9999, -np.pi / 3),
    }
    nodes = {name: np.flatnonzero(where) for name, (where, _) in ends.items()}

    def currents(omega: float) -> NDArray[np.float64]:
        modulus = gap / np.hypot(omega, gap)
        held = {int(k): 1j * modulus * np.exp(1j * ends[name][1]) for name in ends for k in nodes[name]}
        f = device.amplitudes(omega, np.zeros(4 * device.size, dtype=complex), held)
        return np.array([device.current(omega, f, nodes[name]) for name in ends])

    totals = np.pi * temperature * matsubara_sum(currents, temperature, exact=4, points=5)
    return dict(zip(ends, map(float, totals), strict=True))


# 07 ------------------------------------------------------------


def test_vortex() -> None:
    """Currents of cells, whose size is a tenth to a fifth of the radius: 2 % of the maximum on average."""
    most, radius = promised("07", r"phi is (\d\.\d+) at its maximum, at r = (\d\.\d+)")
    r = grid(5.0)
    expected = current(r, 0.2, 1.0, np.tanh(r))
    assert expected.max() == pytest.approx(most, abs=0.005)
    assert r[np.argmax(expected)] == pytest.approx(radius, abs=0.03)
    solution = solved("07")
    x, y, _ = solution.nodes[solution.cells[:, :3]].mean(axis=1).T
    flow, distance = field(solution, "charge_current"), np.hypot(x, y)
    around = (x * flow[:, 1] - y * flow[:, 0]) / distance
    outwards = (x * flow[:, 0] + y * flow[:, 1]) / distance
    error = around - np.interp(distance, r, expected)
    assert np.sqrt(np.mean(error**2)) < 0.02 * most
    assert np.sqrt(np.mean(outwards**2)) < 0.01 * most


def test_vortex_core_is_normal() -> None:
    solution = solved("07")
    core = int(np.argmin(np.linalg.norm(solution.nodes, axis=1)))
    assert solution.green_function(0)[core] == pytest.approx(np.diag([1, 1, -1, -1]), abs=1e-3)
