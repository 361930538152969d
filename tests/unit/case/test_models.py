"""Good cases: every key of a file, the same built in Python, units, and what a case can be used for."""

import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from usadel_fem.case import (
    Case,
    Expression,
    Line,
    Material,
    MeshSpec,
    PairPotential,
    Point,
    Solve,
    Terminal,
    load_case,
)
from usadel_fem.errors import CaseError, Problem

FULL = """
[case]
title = "everything"
description = "one of each"
references = "arXiv:1.1"

[units]
energy = "meV"
length = "nm"

[mesh]
file = "../meshes/a.msh"
axes = ["y", "z"]
order = 1
refine = 2

[material.S]
D = "5 cm^2/s"
N_F = 0.9
Tc = "9.2 K"
dynes = 0.01
tau_so = "0.3 ps"

[material.F]
D = "300 + 10*x"
exchange = ["0.3*cos(pi*x/4)", "2 meV", 0]
theta = 0.1
kappa = "0.2 if x < 3 else 0"
Delta = {abs = "0.1*tanh(r)", phase = "phi"}
rashba = "0.1 nm^-1"
dresselhaus = 0.2

[region]
"left lead" = "S"
layer = "F"

[terminal.left]
Delta = "1.2 meV"
phase = "pi/3"
contact = "transparent"

[terminal.right]
normal = true
exchange = [0, 0, "1 meV"]
contact = {conductance = 2, polarisation = [0, 0, 1], spin_mixing = [0.1, 0, 0]}

[terminal.top]
Delta = 0
phase = "90 deg"
contact = "0.5 meV*nm"

[interface."F|S"]
conductance = 0.7
polarisation = [0.3, 0, 0]

[interface.free]
spin_mixing = [0, 0, 0.2]

[field]
B = "0.1 T"
gauge = "landau_x"

[[vortex]]
at = [1, "2 nm"]
winding = -1

[solve]
kind = "spectrum"
temperature = "1.2 K"
energies = {start = 0, stop = "2 meV", num = 5}
self_consistent = true
fixed_phase = true
method = "picard"
linear = "direct"
tolerance = 1e-8
max_iterations = 10
cutoff = "1 eV"
quantisation_axis = [0, 3, 4]

[output]
directory = "there"
fields = ["dos"]
formats = ["vtu"]
[output.at]
middle = [0.5, "1 nm"]
across = {from = [0, 0], to = [0, 9], num = 4}
"""


@pytest.fixture
def full(tmp_path):
    path = tmp_path / "full.toml"
    path.write_text(FULL, encoding="utf-8")
    return load_case(path)


def small(**changes):
    return Case(**{
        "mesh": {"file": "a.msh"},
        "material": {"S": {"D": 1.3, "Delta": 0.83}},
        "region": {"wire": "S"},
        "solve": {"kind": "spectrum", "energies": [0.2]},
        **changes,
    })  # fmt: skip


def test_every_key(full, tmp_path):
    superconductor, ferromagnet = full.material["S"], full.material["F"]
    assert full.info.references == ("arXiv:1.1",)
    assert full.unit_system == ("meV", "nm")
    assert full.mesh_path == tmp_path / "../meshes/a.msh"
    assert (full.mesh.axes, full.mesh.order, full.mesh.refine) == ((1, 2), 1, 2)
    assert pytest.approx(329.106, rel=1e-6) == superconductor.D
    assert superconductor.Tc == pytest.approx(9.2 * 0.0861733, rel=1e-6)
    assert superconductor.tau_so == pytest.approx(0.3 * 1.519267, rel=1e-6)
    assert Expression("300 + 10*x") == ferromagnet.D
    assert ferromagnet.exchange == (Expression("0.3*cos(pi*x/4)"), pytest.approx(2.0), 0.0)
    assert ferromagnet.Delta == PairPotential(abs="0.1*tanh(r)", phase="phi")
    assert ferromagnet.rashba == pytest.approx(0.1)
    assert full.material_of("left lead") is superconductor
    assert full.terminal["left"].phase == pytest.approx(np.pi / 3)
    assert full.terminal["left"].contact.conductance is None
    assert full.terminal["right"].contact.polarisation == (0, 0, 1)
    assert full.terminal["top"].phase == pytest.approx(np.pi / 2)
    assert full.terminal["top"].contact.conductance == pytest.approx(0.5)
    assert full.interface["free"].spin_mixing == (0, 0, 0.2)
    assert pytest.approx(1.519267e-4, rel=1e-6) == full.field.B
    assert full.vortex[0].at == (1, 2)
    assert full.vortex[0].pinned
    assert full.solve.energies == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert full.solve.temperature == pytest.approx(1.2 * 0.0861733, rel=1e-6)
    assert full.solve.broadening == pytest.approx(0.01 * 1.764 * 9.2 * 0.0861733, rel=1e-6)
    assert full.solve.quantisation_axis == pytest.approx((0, 0.6, 0.8))
    assert full.output.at["middle"] == Point(at=[0.5, 1])
    assert full.output.at["across"] == Line(start=[0, 0], stop=[0, 9], num=4)
    assert full.source.text == FULL


def test_the_written_form_reads_back(full):
    again = Case.model_validate_json(full.model_dump_json(by_alias=True))
    assert again == full.model_copy(update={"source": again.source})


def test_cases_travel_and_can_be_keys(full):
    copy = pickle.loads(pickle.dumps(full))  # noqa: S301
    assert copy == full
    assert hash(copy) == hash(full)
    assert {full: 1}[copy] == 1


def test_cases_are_frozen(full):
    with pytest.raises(ValidationError, match="frozen"):
        full.solve.tolerance = 1e-3
    with pytest.raises(ValidationError, match="frozen"):
        full.mesh = None
    for change in (
        lambda table: table.update(F=None),
        lambda table: table.pop("F"),
        lambda table: table.clear(),
        lambda table: table.__setitem__("F", None),
        lambda table: table.__delitem__("F"),
    ):
        with pytest.raises(TypeError, match="frozen"):
            change(full.material)
    assert "F" in full.material


def test_overrides(tmp_path):
    path = tmp_path / "full.toml"
    path.write_text(FULL, encoding="utf-8")
    overrides = {
        "material.F.exchange": '["x", 0, "3 meV"]',
        'region."left lead"': '"F"',
        "vortex.0.winding": "2",
        "mesh.order": "2",
        "field.gauge": '"symmetric"',
        "terminal.new": "{normal = true}",
    }
    case = load_case(path, overrides)
    assert case.material["F"].exchange == (Expression("x"), 0, pytest.approx(3))
    assert case.region["left lead"] == "F"
    assert case.vortex[0].winding == 2
    assert case.mesh.order == 2
    assert case.terminal["new"].normal
    assert case.source.overrides == tuple(overrides.items())


def test_a_new_section_by_override(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(
        FULL.replace("[field]\n", "").replace('B = "0.1 T"\ngauge = "landau_x"', ""), encoding="utf-8"
    )
    assert load_case(path, {"field.B": "0.3"}).field.B == 0.3


def test_defaults_of_a_file(tmp_path):
    text = """
    mesh = {shape = "wire", length = "1 um", elements = 10}
    units = {energy = "meV", length = "nm"}
    material.S = {D = 1, Delta = 0.83}
    region.wire = "S"
    solve = {kind = "spectrum", energies = [0.1]}
    """
    path = tmp_path / "a wire.toml"
    path.write_text(text, encoding="utf-8")
    case = load_case(path)
    assert case.output.directory == "a wire.out"
    assert case.mesh.shape.length == pytest.approx(1000)
    assert case.material["S"].exchange == (0, 0, 0)
    assert case.terminal == {}
    assert case.vortex == ()
    assert case.mesh_path is None
    assert Case.model_validate_json(case.model_dump_json(by_alias=True)).mesh == case.mesh


def test_models_tables_and_mixtures_are_the_same():
    tables = small(terminal={"left": {"Delta": 0.83, "contact": 0.5}})
    models = small(
        mesh=MeshSpec(file="a.msh"),
        material={"S": Material(D=1.3, Delta=PairPotential(abs=0.83))},
        solve=Solve(kind="spectrum", energies=[0.2]),
        terminal={"left": Terminal(Delta=0.83, contact={"conductance": 0.5})},
    )
    assert tables == models


def test_python_values():
    material = Material(
        D=np.float64(1.3), exchange=np.array([0, 0, 0.4]), Delta=0.6 - 0.8j, N_F=Expression("1+x*x")
    )
    assert material.Delta.abs == pytest.approx(1)
    assert material.Delta.phase == pytest.approx(np.angle(0.6 - 0.8j))
    assert material.exchange == (0, 0, 0.4)
    assert Expression("1 + x*x".replace(" ", "")) == material.N_F


def test_python_mistakes_are_case_errors():
    with pytest.raises(CaseError) as caught:
        Material(D=-1, tau_so=0, h=1)
    assert {problem.key for problem in caught.value.problems} == {"D", "tau_so", "h"}
    with pytest.raises(CaseError, match="only a case knows its units"):
        Material(D="5 cm^2/s")
    with pytest.raises(CaseError) as caught:
        small(material={"S": {"D": -1}}, region={"wire": "T"})
    assert {problem.key for problem in caught.value.problems} == {"material.S.D", "region.wire"}
    with pytest.raises(CaseError, match="source: "):
        small(source={"text": ""})


def test_a_case_error_survives_a_worker():
    error = CaseError(
        [Problem("a", "must be > 0", "0"), Problem("a", "must be > 0", "0"), Problem("b", "is required")]
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert copy.problems == error.problems
    assert len(copy.problems) == 2
    assert str(copy) == "a: must be > 0; received 0\nb: is required"


@pytest.mark.parametrize(
    ("energies", "expected"),
    [
        ([1, 0.5, -0.25], (1, 0.5, -0.25)),
        (["1/4", 0.5], (0.25, 0.5)),
        ({"start": 1, "stop": 0, "num": 3}, (1, 0.5, 0)),
        ({"imaginary": [0.31, 1]}, (0.31j, 1j)),
        ({"imaginary": {"start": 0.5, "stop": 1, "num": 2}}, (0.5j, 1j)),
        (np.linspace(0, 1, 3), (0, 0.5, 1)),
        ((0.3j, 0.1j), (0.3j, 0.1j)),
    ],
)
def test_energies(energies, expected):
    solve = Solve(kind="spectrum", energies=energies)
    assert solve.energies == expected
    assert Solve.model_validate_json(solve.model_dump_json()) == solve


@pytest.mark.parametrize("energies", [[0.1, 0.2j], [-0.3j], [0.1 + 0.2j], [complex(0, np.inf)]])
def test_energies_off_the_axes_are_refused(energies):
    with pytest.raises(CaseError, match="must be"):
        Solve(kind="spectrum", energies=energies)


def test_broadening():
    assert small().solve.broadening == pytest.approx(0.0083)
    assert small(terminal={"left": {"Delta": 2}}).solve.broadening == pytest.approx(0.02)
    given = Solve(kind="spectrum", energies=[0.2], broadening=1e-5)
    assert small(solve=given).solve.broadening == 1e-5
    shared = Solve(kind="spectrum", energies=[0.2])
    assert small(solve=shared).solve.broadening == pytest.approx(0.0083)
    assert small(material={"S": {"D": 1, "dynes": 0.1}}).solve.broadening == 0
    assert shared.broadening == 0, "a case leaves the models it was given alone"
    assert small(solve={"kind": "spectrum", "energies": {"imaginary": [0.3]}}).solve.broadening == 0
    assert small(solve={"kind": "equilibrium", "temperature": 0.1}).solve.broadening == 0


def test_bias_of_a_terminal_in_units():
    case = Case(
        units={"energy": "meV", "length": "nm"},
        mesh={"shape": "wire", "length": 20, "resolution": 2},
        material={"N": {"D": 100}},
        region={"wire": "N"},
        terminal={
            "left": {"normal": True, "voltage": "0.1 mV", "temperature": "1.2 K"},
            "right": {"normal": True, "spin_voltage": ["20 uV", 0, 0.3]},
        },
        solve={"kind": "nonequilibrium", "temperature": "0.8 K"},
    )
    left, right = case.terminal["left"], case.terminal["right"]
    assert left.voltage == pytest.approx(0.1)
    assert left.temperature == pytest.approx(1.2 * 0.08617333262)
    assert right.spin_voltage == pytest.approx((0.02, 0, 0.3))
    assert case.solve.broadening == pytest.approx(0.01 * case.solve.temperature)


def test_a_run_in_time_in_units():
    """Times in ħ over the energy unit; what it was given comes back from JSON."""
    case = Case(
        units={"energy": "meV", "length": "nm"},
        mesh={"shape": "wire", "length": 130, "elements": 4},
        material={"N": {"D": "5 cm^2/s"}},
        region={"wire": "N"},
        terminal={"left": {"normal": True, "voltage": "0.1 mV", "signal": "1 if t < 2 else exp(2 - t)"}},
        solve={
            "kind": "nonequilibrium",
            "temperature": "0.8 K",
            "time": {
                "stop": "10 ps",
                "output": ["3 ps", 15],
                "voltage": "20 uV",
                "spin_voltage": ["0.1*x", 0, 0],
            },
        },
    )
    time = case.solve.time
    assert time.stop == pytest.approx(10 / 0.6582119569)
    assert time.times == pytest.approx([3 / 0.6582119569, 15])
    assert time.voltage == pytest.approx(0.02)
    assert case.terminal["left"].signal(3.0) == pytest.approx(np.exp(-1))
    again = Case.model_validate_json(case.model_dump_json(by_alias=True, exclude_defaults=True))
    assert again.solve.time == time
    assert again.terminal == case.terminal
    assert time.model_copy(update={"output": 3}).times.tolist() == [0, time.stop / 2, time.stop]
