"""`usadel-fem material`: the table, the regime, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import usadel_fem as uf
from usadel_fem.cli import main
from usadel_fem.physics.microscopics import impurity_scattering

CASE = """
[units]
energy = "meV"
length = "nm"

[mesh]
shape = "layers"
resolution = 20.0
layers = [{ region = "S", length = 100.0 }, { region = "N", length = 60.0 }]

[material.Nb]
D = "5 cm^2/s"
Delta = "0.83 meV"

[material.Pt]
impurities = {p_F = 9.0, m = "1 m_e", n_im = "2e22 cm^-3", a = "0.05 + 0.0001*x", lambda = 0.01}

[material.Au]
impurities = {p_F = 12.0, v_F = "1.4e6 m/s", n_im = "4e21 cm^-3", a = inf, B = 3.0}

[region]
S = "Nb"
N = "Pt"

[solve]
kind = "spectrum"
energies = [0.1]
"""
TABLE = "{p_F = 13.6, v_F = 900.0, n_im = 3.0, a = -0.04, B = 0.7}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def material(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["material", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def row(text: str, name: str) -> str:
    found = re.search(rf"^  {re.escape(name)}  +(.*)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"(?<![\w^-])-?\d+\.?\d*(?:e[+-]?\d+)?", text)]


def test_all_materials_of_a_case(here: Path) -> None:
    result = material("case.toml")
    assert (result.exit_code, result.stderr) == (0, "")
    blocks = result.stdout.split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["material.Pt", "material.Au"]
    assert row(blocks[0], "a") == "0.06 to 0.066 nm, p_F a = 0.54 to 0.594"  # of its region, 100 < x < 160
    assert row(blocks[1], "a") == "inf nm, p_F a = inf"
    assert row(blocks[0], "m").endswith("= 1 m_e")
    assert "relative, as the case uses it: 1" in row(blocks[0], "N_F")
    assert "Delta = 0.83 meV, the largest gap of the case" in row(blocks[0], "xi")


def test_the_numbers_in_both_units(here: Path) -> None:
    text = material("case.toml", "Au").stdout
    hbar = 0.6582119569  # meV ps
    v = 1.4e6 * 1e-3 * hbar
    s = impurity_scattering(12.0, v, 4.0, np.inf, vertex=3.0)
    tau, d, tau_so = float(s.tau), float(s.D), 1 / float(s.relaxation_rate)
    for name, expected in {
        "tau": [tau, tau * hbar * 1e3],
        "l": [float(s.l)],
        "D": [d, d / hbar * 1e-2],
        "tau_so": [tau_so, tau_so * hbar],
        "sqrt(D tau_so)": [np.sqrt(d * tau_so)],
        "theta": [float(s.theta), float(s.skew), float(s.side_jump)],
        "kappa": [float(s.kappa), float(s.local), float(s.nonlocal_)],
    }.items():
        assert numbers(row(text, name)) == pytest.approx(expected, rel=1e-3), name
    assert numbers(row(text, "xi"))[0] == pytest.approx(np.sqrt(d / 0.83), rel=1e-3)
    n_f = 12.0**2 / (2 * np.pi**2 * v)
    assert numbers(row(text, "N_F"))[0] == pytest.approx(n_f, rel=1e-3)


def test_without_a_case() -> None:
    reduced = material("--impurities", TABLE)
    assert reduced.exit_code == 0
    s = impurity_scattering(13.6, 900.0, 3.0, -0.04, vertex=0.7)
    assert numbers(row(reduced.stdout, "D")) == pytest.approx([float(s.D)], rel=1e-3)
    assert "no gap is known here" in reduced.stdout
    units = ["--energy-unit", "meV", "--length-unit", "nm"]
    table = TABLE.replace("-0.04", '"-0.4 angstrom"')
    with_units = material("--impurities", table, *units)
    assert with_units.exit_code == 0
    assert numbers(row(with_units.stdout, "D"))[0] == numbers(row(reduced.stdout, "D"))[0]
    assert row(with_units.stdout, "D").endswith("cm^2/s")


def test_outside_the_regime_it_warns(here: Path) -> None:
    settings = [
        "--set",
        'material.Pt.impurities.n_im="3e25 cm^-3"',
        "--set",
        "material.Pt.impurities.lambda=0.03",
    ]
    result = material("case.toml", "Pt", *settings)
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert [line.split(" = ")[0] for line in lines] == [
        "warning: material.Pt: l / (1/p_F)",
        "warning: material.Pt: (1/p_F) / lambda",
    ]
    assert lines[0].endswith(": the quasiclassical expansion needs ≫ 1")
    assert all(line.removeprefix("warning: material.Pt: ") in result.stdout for line in lines)
    assert "xi / l = " in result.stdout
    resonant = material("case.toml", "Au", "--set", "material.Au.impurities.B=30")
    assert "|B| / |t_F| = " in resonant.stderr
    assert "needs ≪ 1" in resonant.stderr


EXCHANGE = 'material.Pt.exchange=["0.3*(x - 100)", "0.4*(x - 100)", 0]'


def test_an_exchange_field_is_compared_with_the_scattering_rate(here: Path) -> None:
    """|h| = (x − 100)/2 meV on 100 < x < 160: worst where it is largest, and nothing at all where it is 0."""
    assert "xi_h" not in material("case.toml").stdout
    result = material("case.toml", "Pt", "--set", EXCHANGE)
    x = np.linspace(100.0, 160.0, 7)
    s = impurity_scattering(9.0, 9.0 * 76.19964, 20.0, 0.05 + 0.0001 * x, length=0.01)  # ħ²/m_e in meV nm²
    expected = float((np.sqrt(s.D[1:] / (0.5 * (x[1:] - 100))) / s.l[1:]).min())
    [line] = [line for line in result.stderr.splitlines() if "xi_h" in line]
    assert line == f"warning: material.Pt: xi_h / l = {expected:.3g}: the diffusive limit needs ≫ 1"
    assert "|h| = 0 to 30 meV" in row(result.stdout, "xi_h")
    assert "to inf nm = sqrt(D / |h|)" in row(result.stdout, "xi_h")
    weak = material("case.toml", "Pt", "--set", EXCHANGE.replace("0.3", "3e-6").replace("0.4", "4e-6"))
    assert "xi_h" not in weak.stderr
    assert "xi_h / l = " in weak.stdout
    checked = CliRunner().invoke(main, ["check", "case.toml", "--set", EXCHANGE])
    assert f"  {line}" in checked.stdout.splitlines()


REFUSED: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "must have a CASE, or --impurities TABLE"),
    "keys of no case": (["--set", "a=1"], "must have a CASE to --set keys of"),
    "missing file": (["other.toml"], "must be an existing case file"),
    "unknown name": (["case.toml", "pt"], "did you mean 'Pt'?"),
    "unlike any name": (["case.toml", "Wx"], "such materials: Pt, Au"),
    "given by D": (["case.toml", "Nb"], "it is given by D, not by impurities"),
    "both": (["case.toml", "--impurities", TABLE], "must not stand beside a case"),
    "units of a case": (["case.toml", "--energy-unit", "eV"], "must not stand beside a case"),
    "no table": (["--impurities", "13.6"], "--impurities: must be a table; received 13.6"),
    "no TOML": (["--impurities", "{p_F = }"], "--impurities: must be a TOML table in one line"),
    "two values": (["--impurities", f"{TABLE}\nb = 1"], "must be a TOML table in one line"),
    "unit of nothing": (["--impurities", TABLE.replace("900.0", '"900 m/s"')], "add --energy-unit"),
    "one unit": (
        ["--impurities", TABLE, "--energy-unit", "meV"],
        "--energy-unit: must stand beside --length",
    ),
    "the other unit": (["--impurities", TABLE, "--length-unit", "nm"], "--length-unit: must stand beside"),
    "wrong unit": (
        ["--impurities", TABLE, "--energy-unit", "nm", "--length-unit", "nm"],
        "--energy-unit: must be a unit of energy",
    ),
    "position": (["--impurities", TABLE.replace("3.0", '"3 + x"')], "there is no mesh for expressions"),
    "resonance out of range": (
        ["--impurities", TABLE.replace("-0.04, B = 0.7", "inf, lambda = 1e200")],
        "must give finite numbers D > 0",
    ),
    "out of range": (["--impurities", TABLE.replace("-0.04", "1e-200")], "must give finite numbers D > 0"),
}


@pytest.mark.parametrize(("arguments", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(here: Path, arguments: list[str], says: str) -> None:
    result = material(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    assert says in line


def left_at_resonance(text: str, sign: str) -> None:
    """What has no limit is said in words, with its sign, in its row."""
    other = "-" if sign == "+" else "+"
    for name, says in {
        "B": f"-> {sign}inf like a",
        "theta": f"-> {sign}inf like a (skew)",
        "kappa": f"-> {other}inf like -a (nonlocal)",
        "tau_so": "1/tau_so -> +inf like a^2, tau_so -> 0",
    }.items():
        assert row(text, name).startswith(f"no limit at fixed lambda: {says}"), name
    assert row(text, "sqrt(D tau_so)") == "-> 0 like 1/|a|"
    assert f"limit a -> {sign}inf at fixed lambda, x = p_F a" in text
    assert "nan" not in text


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_length_at_resonance(sign: str) -> None:
    """The finite rows are those of |a| = 1e12 to every digit printed; the others say how they grow."""
    table, units = TABLE.replace("B = 0.7", "lambda = 0.0031"), ["--energy-unit", "eV", "--length-unit", "nm"]
    found, near = (
        material("--impurities", table.replace("-0.04", f"{sign}{a}"), *units) for a in ("inf", "1e12")
    )
    assert (found.exit_code, near.exit_code) == (0, 0)
    for name in ("p_F", "v_F", "m", "n_im", "lambda", "tau", "l", "D", "N_F"):
        assert row(found.stdout, name) == row(near.stdout, name), name
    left_at_resonance(found.stdout, sign)
    s = (0.0031 * 13.6) ** 2
    path = 13.6**2 / (4 * np.pi * 3.0)
    assert numbers(row(found.stdout, "theta")) == pytest.approx([2 * s / (13.6 * path)], rel=1e-3)
    assert numbers(row(found.stdout, "kappa")) == pytest.approx([2 / 3 * s], rel=1e-3)
    for name, part in (("theta", "side jump"), ("kappa", "local")):
        [kept] = re.findall(rf"(\S+) \({part}\)", row(near.stdout, name))
        assert f"; {kept} ({part})" in row(found.stdout, name)
    cause = f"at a resonance, a = {sign}inf, there is no finite B at fixed lambda: give B instead of lambda"
    rest = "what stays finite is tau, l, D, N_F, the side jump and the local swapping"
    lines = found.stderr.splitlines()
    assert lines[0] == f"warning: impurities: {cause}; {rest}"
    assert [line.split(" = ")[0] for line in lines[1:]] == ["warning: impurities: |B| / |t_F|"]


def test_the_coefficients_of_the_limit() -> None:
    """θ, κ, B and 1/τ_so from the numbers of the limit, against a finite a = −53, x = −721."""
    table = TABLE.replace("B = 0.7", "lambda = 0.0031")
    text = material("--impurities", table.replace("-0.04", "-inf")).stdout
    found = dict(re.findall(r"^    (\S+) +-> (.*?) = ", text, re.MULTILINE))
    s, x = impurity_scattering(13.6, 900.0, 3.0, -53.0, length=0.0031), -53.0 * 13.6
    [vertex] = numbers(found["B"].removesuffix(" x"))
    assert vertex * x == pytest.approx(float(s.vertex), rel=1e-3)
    slope, rest = numbers(found["theta"])
    assert slope * x + rest == pytest.approx(float(s.theta), rel=1e-3)
    rest, slope = numbers(found["kappa"])
    assert " - " in found["kappa"]
    assert rest - slope * x == pytest.approx(float(s.kappa), rel=1e-3)
    rate = numbers(found["1/tau_so"].removesuffix(" x^2"))[0]
    assert rate * x**2 == pytest.approx(float(s.relaxation_rate), rel=1e-3)


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_length_at_resonance_in_a_case(here: Path, sign: str) -> None:
    """`material` says what is left, on the mesh of the case; `run` and `check` refuse in one line."""
    settings = [f"material.Pt.impurities.a={sign}inf", 'material.Pt.impurities.lambda="0.0001*x"']
    options = [part for setting in settings for part in ("--set", setting)]
    result = material("case.toml", *options)
    assert result.exit_code == 0
    first, second = result.stdout.split("\n\n")
    left_at_resonance(first, sign)
    assert row(first, "lambda") == "0.01 to 0.016 nm"
    local = 2 / 3 * (9.0 * np.array([0.01, 0.016])) ** 2
    assert numbers(row(first, "kappa")) == pytest.approx(local, rel=1e-3)
    assert "Delta = 0.83 meV, the largest gap of the case" in row(first, "xi")
    assert second == material("case.toml", "Au").stdout
    assert result.stderr.startswith(f"warning: material.Pt: at a resonance, a = {sign}inf, ")
    for command in ("run", "check"):
        refused = CliRunner().invoke(main, [command, "case.toml", *options])
        assert (refused.exit_code, refused.stdout) == (2, "")
        [line] = refused.stderr.splitlines()
        assert line.startswith("case.toml: material.Pt.impurities.a: must be finite beside lambda")
        assert line.endswith("(give B instead of lambda)")
    assert [path.name for path in here.iterdir()] == ["case.toml"]


def test_a_length_that_vanishes_at_resonance(here: Path) -> None:
    """Nothing grows then, and everything is printed."""
    settings = ["material.Pt.impurities.a=inf", 'material.Pt.impurities.lambda="0*x"']
    result = material("case.toml", "Pt", *(part for setting in settings for part in ("--set", setting)))
    assert result.exit_code == 0
    assert row(result.stdout, "theta") == "0 = 0 (skew) + 0 (side jump)"


def test_near_a_resonance_everything_is_finite() -> None:
    table = TABLE.replace("-0.04, B = 0.7", "1e6, lambda = 0.0031")
    result = material("--impurities", table)
    assert result.exit_code == 0
    s = impurity_scattering(13.6, 900.0, 3.0, 1e6, length=0.0031)
    expected = [float(s.theta), float(s.skew), float(s.side_jump)]
    assert numbers(row(result.stdout, "theta")) == pytest.approx(expected, rel=1e-3)
    assert "no limit" not in result.stdout
    [line] = result.stderr.splitlines()
    assert line.startswith("warning: impurities: |B| / |t_F| = ")


def test_a_case_without_impurities(here: Path) -> None:
    (here / "plain.toml").write_text(
        re.sub(r"impurities = .*", "D = 100", CASE).replace("[material.Au]\nD = 100\n", ""), encoding="utf-8"
    )
    result = material("plain.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("plain.toml: material: must have a material that is given by impurities")
    assert len(result.stderr.splitlines()) == 1


def test_a_result_keeps_the_resonance(here: Path) -> None:
    """Infinity survives result.h5, so that a run can be resumed and read."""
    arguments = ["run", "case.toml", "--set", 'region.N="Au"', "-o", "out", "--quiet"]
    for more in ([], ["--resume"]):
        result = CliRunner().invoke(main, [*arguments, *more])
        assert result.exit_code == 0, result.output
    impurities = uf.load("out").case.material["Au"].impurities
    assert impurities is not None
    assert impurities.a == np.inf
