"""Every template passes `check`, runs, keeps what must be kept, and gives the number its header promises."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skfem
from click.testing import CliRunner
from numpy.typing import NDArray

import usadel_fem as uf
from tests.cases.common import check, field, profile
from tests.cases.linear import LinearDevice, matsubara_sum
from tests.cases.test_spin_orbit_cases import torque_of_linear_amplitudes, triangles
from tests.templates import closed_forms
from usadel_fem.cli import main
from usadel_fem.fem.mesh import load_mesh, summary
from usadel_fem.templates import FOLDER, new_case, template_names

REDUCED = {
    "sn_bilayer": {"solve.energies": "{ start = 0.09, stop = 0.12, num = 61 }"},
    "sns_junction": {"mesh.elements": "5"},
    "sfs_junction": {"mesh.elements": "16"},
    "sfn_spin_orbit": {"mesh.resolution": "0.3"},
    "spin_hall_bar": {"mesh.elements": "[12, 8]"},
    "lateral_spin_valve": {"mesh.resolution": "0.1"},
    "vortex_disk": {"mesh.resolution": "0.8"},
    "nanowire_3d": {"solve.energies": "{ start = 0.08, stop = 0.12, num = 9 }"},
    "ns_conductance": {"mesh.elements": "8", "solve.energy_tolerance": "1e-3"},
    "spin_pulse": {"mesh.elements": "100", "solve.time.output": "2"},
}
"""What makes a template faster without moving its number beyond the tolerance."""

FULL = pytest.mark.slow
BOTH = pytest.mark.parametrize("full", [False, pytest.param(True, marks=FULL)], ids=["reduced", "full"])


@functools.cache
def solved(name: str, full: bool, *more: tuple[str, str]) -> uf.Solution:
    overrides = {} if full else REDUCED[name]
    return uf.solve(uf.load_case(FOLDER / f"{name}.toml", {**overrides, **dict(more)}))


def scalars(solution: uf.Solution) -> dict[str, Any]:
    return dict(solution.summary["observables"])


def header(name: str) -> str:
    lines = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


def promised(name: str, pattern: str) -> float:
    """The number of the header that stands where `pattern` has a group."""
    found = re.search(pattern, header(name))
    assert found is not None, f"the header of {name} does not say {pattern}"
    return float(found[1])


def test_there_are_templates() -> None:
    assert set(REDUCED) == set(template_names())
    assert len(REDUCED) >= 8


@pytest.mark.parametrize("name", REDUCED)
def test_a_beginner_finds_his_way(name: str) -> None:
    """What it is, where to look, the number and its source, what to try; lines that fit."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    for word in ("Look at:", "Expected:", "Try:", "Reduced numbers|reduced|[Pp]lain numbers"):
        assert re.search(word, text), word
    assert text.count("#") > 15
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", REDUCED)
def test_it_passes_check(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["new", name, "mine"]).exit_code == 0
    result = CliRunner().invoke(main, ["check", "mine.toml"])
    assert (result.exit_code, result.stderr) == (0, "")


@BOTH
@pytest.mark.parametrize("name", REDUCED)
def test_it_runs(name: str, full: bool) -> None:
    check(solved(name, full))


@BOTH
def test_common_gap(full: bool) -> None:
    """Thin but not infinitely so, and rounded by the broadening: 2 %."""
    expected = closed_forms.common_gap()
    assert promised("sn_bilayer", r"= (\d\.\d+) meV") == pytest.approx(expected, abs=5e-5)
    assert scalars(solved("sn_bilayer", full))["gap"] == pytest.approx(expected, rel=0.02)


@BOTH
def test_short_junction(full: bool) -> None:
    """(L/ξ)² = 1 %."""
    expected = closed_forms.short_junction()
    assert promised("sns_junction", r"which is (\d+\.\d) at") == pytest.approx(expected, abs=0.05)
    current = scalars(solved("sns_junction", full))["terminal_current"]
    assert current["left"] == pytest.approx(expected, rel=0.015)
    assert current["right"] == pytest.approx(-current["left"], rel=1e-6)


@BOTH
def test_pi_junction(full: bool) -> None:
    expected = closed_forms.pi_junction()
    assert promised("sfs_junction", r"(-0\.\d+) for the numbers") == pytest.approx(expected, abs=5e-5)
    assert scalars(solved("sfs_junction", full))["terminal_current"]["left"] == pytest.approx(
        expected, rel=0.02
    )


def test_a_shorter_junction_is_a_usual_one() -> None:
    usual = solved("sfs_junction", False, ("mesh.length", "8"))
    assert scalars(usual)["terminal_current"]["left"] > 0


@BOTH
def test_torque_in_the_metal(full: bool) -> None:
    def exchange(x: NDArray[Any]) -> NDArray[Any]:
        return np.stack([0.8 + 0 * x[0], 1.1 * np.cos(2 * x[1]), 0.3 + 0 * x[0]])

    solution = solved("sfn_spin_orbit", full)
    device = LinearDevice(
        triangles(solution),
        skfem.ElementTriP2(),
        {
            "S": {"D": 1.0},
            "F": {"D": 0.7, "h": exchange},
            "N": {"D": 1.4, "theta": 0.3, "kappa": -0.2, "tau_so": 2.2},
        },
    )
    source = device.pairing("S", 0.3)

    def torque(omega: float) -> float:
        f = device.amplitudes(omega, source)
        return torque_of_linear_amplitudes(device, f, "N", 1.4 * -0.2, 1.4 * 0.3).imag

    expected = float(np.pi * 0.5 * matsubara_sum(torque, 0.5, exact=4, points=5))
    regions = np.array(solution.region_names)[solution.cell_region]
    corners = solution.nodes[solution.cells[:, :3]]
    spans = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.linalg.norm(np.cross(spans[:, 0], spans[:, 1]), axis=1)[regions == "N"]
    total = area @ field(solution, "spin_source")[regions == "N", 1]
    assert total == pytest.approx(expected, rel=0.03)
    if full:
        said = promised("sfn_spin_orbit", r"over N, is (-\d\.\d+e-\d)")
        assert said == pytest.approx(expected, rel=5e-3)


@BOTH
def test_edge_spins(full: bool) -> None:
    """First order in θ = 0.1."""
    expected = closed_forms.edge_spin()
    assert promised("spin_hall_bar", r": (\d\.\d+) N_F meV at the edge") == pytest.approx(expected, abs=5e-6)
    _, spin = profile(solved("spin_hall_bar", full), "spin_density", "across")
    assert [-spin[0, 2], spin[-1, 2]] == pytest.approx([expected, expected], rel=0.01)


@BOTH
def test_nonlocal_resistance(full: bool) -> None:
    """The crossing is a tenth as wide as the arms are long."""
    expected = closed_forms.nonlocal_resistance()
    assert promised("lateral_spin_valve", r"is (0\.\d+)\. Source") == pytest.approx(expected, abs=5e-5)
    ratio = []
    for sign in (1, -1):
        turned = ("terminal.east.contact.polarisation", f"[{0.4 * sign}, 0, 0]")
        found = scalars(solved("lateral_spin_valve", full, turned))
        ratio.append(found["terminal_voltage"]["east"] / found["terminal_current"]["west"])
    assert (ratio[0] - ratio[1]) / 2 == pytest.approx(expected, rel=0.02)


@BOTH
def test_vortex_current(full: bool) -> None:
    largest, radius = closed_forms.vortex_current()
    assert promised("vortex_disk", r"its maximum, (\d\.\d+),") == pytest.approx(largest, abs=0.005)
    assert promised("vortex_disk", r"at r = (\d\.\d+)\.") == pytest.approx(radius, abs=0.02)
    x, flow = profile(solved("vortex_disk", full), "charge_current", "ray")
    assert flow[:, 1].max() == pytest.approx(largest, rel=0.04)
    assert x[np.argmax(flow[:, 1])] == pytest.approx(radius, abs=0.3)


@BOTH
def test_gap_of_the_core(full: bool) -> None:
    """θ is uniform to 1 %; the energies are 4 µeV apart (5 in the reduced run)."""
    found = summary(load_mesh(FOLDER / "nanowire_3d.msh"))
    core, shell = (found["regions"][name]["measure"] for name in ("core", "shell"))
    expected = closed_forms.core_gap(core, shell, found["interfaces"]["core|shell"]["measure"])
    assert promised("nanowire_3d", r"Expected: (0\.\d+) meV") == pytest.approx(expected, abs=5e-5)
    assert scalars(solved("nanowire_3d", full))["min_gap"] == pytest.approx(expected, rel=0.03)


@BOTH
def test_conductance_of_the_wire(full: bool) -> None:
    """The maximum of the published curve at T = 0; thermal smearing takes 2e-4 of it."""
    assert promised("ns_conductance", r"the maximum (\d\.\d+) G_N") == pytest.approx(1.1463, abs=5e-4)
    found = scalars(solved("ns_conductance", full))["terminal_conductance"]["right,right"]
    assert found == pytest.approx(2 * 1.1463, rel=1e-3)
    assert promised("ns_conductance", r"dI/dV = (\d\.\d+)") == pytest.approx(found, abs=1.5e-3)


@BOTH
def test_spins_at_the_detector(full: bool) -> None:
    expected = closed_forms.spins_at_the_detector()
    said = [promised("spin_pulse", rf"S_{axis} = (-?\d\.\d+)") for axis in "xy"]
    assert said == pytest.approx([expected.real, expected.imag], abs=5e-5)
    at_the_detector = solved("spin_pulse", full).observables["probe:detector"]
    assert isinstance(at_the_detector, dict)
    found = np.asarray(at_the_detector["spin_density"])[-1, 0]
    assert found[:2] == pytest.approx(said, abs=2e-3)


def test_a_new_case_with_its_mesh(tmp_path: Path) -> None:
    files = new_case("nanowire_3d", tmp_path / "wire.toml")
    assert [path.name for path in files] == ["wire.toml", "wire.msh"]
    assert 'file = "wire.msh"' in files[0].read_text(encoding="utf-8")
    assert uf.load_case(files[0]).output.directory == "wire.out"


Run = Callable[..., Any]


@pytest.fixture
def usadel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["new", *arguments])


def test_the_list(usadel: Run) -> None:
    lines = usadel("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == template_names()
    assert "sns_junction        SNS junction: supercurrent through a short normal wire" in lines


def test_nothing_is_overwritten(usadel: Run, tmp_path: Path) -> None:
    (tmp_path / "wire.msh").write_text("mine", encoding="utf-8")
    result = usadel("nanowire-3d", "wire")
    assert result.exit_code == 2
    assert result.stderr == ("wire.msh: exists already, and is left as it is (give the case another name)\n")
    assert [path.name for path in tmp_path.iterdir()] == ["wire.msh"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sn_bilayr", "x"), "new: must be a template; received 'sn_bilayr' (did you mean 'sn_bilayer'?)"),
        (("sns", "x"), "new: must be a template; received 'sns' (did you mean 'sns_junction'?)"),
        (("quantum_dot", "x"), "(there are lateral_spin_valve, nanowire_3d"),
        (("sn_bilayer",), "new: must have a TEMPLATE and a NAME (usadel-fem new --list names the templates)"),
        (("sn_bilayer", ".toml"), "new: must be the name of a case; received '.toml'"),
        (("sn_bilayer", "nowhere/x"), "nowhere/x.toml: No such file or directory"),
    ],
)
def test_mistakes_are_one_line(usadel: Run, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    result = usadel(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
