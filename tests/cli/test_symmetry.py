"""What `check` and `run` say of the symmetry that they found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.samples import CASE_TEXT
from usadel_fem.cli import main

COLLINEAR = "symmetry: collinear along [0, 0, 1], 2 of 8 unknowns per node"
ALONG = '--set=material.N.exchange=[0.0, 0.18, "0.24 + 0*x"]'
RIGHT = "--set=terminal.right={Delta = 0.7, phase = 1.3}"
OPPOSITE = '--set=terminal.right={Delta = 0.7, phase = "pi"}'
MATSUBARA = "--set=solve.energies={imaginary = [0.31]}"


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    return tmp_path


def said(*arguments: str) -> list[str]:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("settings", "line", "unknowns"),
    [
        ([], COLLINEAR, 18),
        ([ALONG], "symmetry: collinear along [0, 0.6, 0.8], 2 of 8 unknowns per node", 18),
        ([MATSUBARA], "symmetry: collinear along [0, 0, 1], 1 of 8 unknowns per node", 9),
        ([MATSUBARA, "--set=material.N.tau_so=2.1"], COLLINEAR, 18),
        (["--set=material.N.exchange=[0, 0, 0]"], "symmetry: spin-independent, 1 of 8 unknowns per node", 9),
        (['--set=material.N.exchange=[0, 0.1, "0.3*x"]'], "symmetry: none, 8 of 8 unknowns per node", 72),
        ([RIGHT], COLLINEAR.replace("2 of", "4 of"), 36),
        ([RIGHT, MATSUBARA], COLLINEAR, 18),
        ([OPPOSITE], COLLINEAR, 18),
        (['--set=solve.symmetry="off"'], "symmetry: none, 8 of 8 unknowns per node", 72),
    ],
)
def test_check_says_what_was_found_and_what_is_left(wire: Path, settings, line, unknowns) -> None:
    lines = said("check", "wire.toml", *settings)
    assert line in lines
    assert f"9 nodes of order 2, {unknowns} complex unknowns at each energy" in lines


def test_run_says_it_too_and_keeps_it_in_the_summary(wire: Path) -> None:
    assert COLLINEAR in said("run", "wire.toml", "-o", "out")
    summary = json.loads((wire / "out" / "summary.json").read_text())
    expected = {"symmetry": "collinear", "axis": [0.0, 0.0, 1.0], "unknowns_per_node": 2, "of": 8}
    assert summary["symmetry"] == expected
    assert not said("run", "wire.toml", "-o", "quiet", "--quiet")


def test_a_normal_device_out_of_equilibrium_has_nothing_to_say(wire: Path) -> None:
    """ǧ^R = τ₃ is known there."""
    rest = ["--set=terminal.left={normal = true}", '--set=solve={kind = "nonequilibrium", temperature = 0.1}']
    lines = said("check", "wire.toml", *rest)
    assert not [line for line in lines if line.startswith("symmetry")]
    said("run", "wire.toml", *rest, "-o", "out")
    assert json.loads((wire / "out" / "summary.json").read_text())["symmetry"] is None


def test_another_word_is_refused(wire: Path) -> None:
    result = CliRunner().invoke(main, ["check", "wire.toml", '--set=solve.symmetry="on"'])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "auto" in result.stderr
