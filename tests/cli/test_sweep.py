"""`usadel-fem sweep`, run for real on a short SNS wire whose supercurrent is known."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import usadel_fem as uf
from usadel_fem.cli import main
from usadel_fem.sweeping import points_of

CASE = """\
[mesh]
shape = "wire"
length = 0.02
resolution = 0.01

[material.N]
D = 0.83

[region]
wire = "N"

[terminal.left]
Delta = 0.7

[terminal.right]
Delta = 0.7
phase = 0.0

[solve]
kind = "equilibrium"
temperature = 0.02

[sweep]
"terminal.right.phase" = [0.4, 1.9]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sns.toml").write_text(CASE)
    return tmp_path


def usadel(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def table() -> list[dict[str, str]]:
    with Path("out/sweep.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def kulik_omelyanchuk(phase: float) -> float:
    """I of a short diffusive SNS junction at T = 0, (πΔ/R) cos(φ/2) artanh sin(φ/2) with 1/R = 2N_FD/L."""
    return float(np.pi * 0.7 * np.cos(phase / 2) * np.arctanh(np.sin(phase / 2)) * 2 * 0.83 / 0.02)


def test_a_row_for_each_point(here):
    result = usadel("sweep", "sns.toml", "-o", "out")
    assert result.exit_code == 0, result.output
    assert "2 points" in result.stdout
    rows = table()
    for row in rows:
        expected = kulik_omelyanchuk(float(row["terminal.right.phase"]))
        # finite length (L/ξ)² = 3e-4 and temperature exp(−Δ/T) ~ 1e-15
        assert abs(float(row["terminal_current[left]"])) == pytest.approx(expected, rel=2e-3)
        assert row["converged"] == "True"
    assert uf.load("out/points/0001").case.terminal["right"].phase == 1.9


def test_resume_solves_only_what_is_missing(here):
    usadel("sweep", "sns.toml", "-o", "out", "--quiet")
    lines = Path("out/rows.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    first["values"]["terminal_current[left]"] = 0.123  # a mark: this row must not be solved again
    Path("out/rows.jsonl").write_text(json.dumps(first) + "\n" + lines[1][:20])
    assert usadel("sweep", "sns.toml", "-o", "out", "--resume", "--quiet").exit_code == 0
    rows = table()
    assert rows[0]["terminal_current[left]"] == "0.123"
    assert abs(float(rows[1]["terminal_current[left]"])) == pytest.approx(kulik_omelyanchuk(1.9), rel=2e-3)


def test_a_changed_case_is_not_mistaken_for_the_old_one(here):
    usadel("sweep", "sns.toml", "-o", "out", "--quiet", "--table-only")
    assert not Path("out/points").exists()
    result = usadel(
        "sweep", "sns.toml", "-o", "out", "--resume", "--set", "material.N.D=0.415", "--table-only"
    )
    assert result.exit_code == 0
    rows = table()
    assert abs(float(rows[0]["terminal_current[left]"])) == pytest.approx(
        kulik_omelyanchuk(0.4) / 2, rel=2e-3
    )


def test_points_do_not_depend_on_who_solves_them(here):
    case = uf.load_case("sns.toml")
    alone, together = uf.sweep(case), uf.sweep(case, jobs=2, scheduler="threads")
    assert together["terminal_current[left]"] == pytest.approx(alone["terminal_current[left]"], rel=1e-12)


def test_a_point_that_fails_does_not_stop_the_others(here):
    result = usadel("sweep", "sns.toml", "-o", "out", "--set", "solve.max_iterations=1", "--quiet")
    assert result.exit_code == 3
    assert "2 of 2 points did not converge" in result.stderr
    assert "terminal.right.phase = 1.9" in result.stderr


def test_wrong_values_are_told_before_anything_is_solved(here):
    Path("sns.toml").write_text(CASE.replace("[0.4, 1.9]", '[0.4, "x", 1.9]\n"material.N.D" = [0.83, -2]'))
    result = usadel("sweep", "sns.toml", "-o", "out")
    assert result.exit_code == 2
    assert "material.N.D: must be > 0; received -2" in result.stderr
    assert "sweep: terminal.right.phase" in result.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("terminal.rihgt.phase", 'terminal.rihgt: is not a terminal of the case; received "rihgt"'),
        ("material.M.D", "sns.toml, sweep: material.M: must be a material of the case, or of a region"),
    ],
)
def test_a_misspelt_name_is_told_once(here, key, says):
    Path("sns.toml").write_text(CASE.replace("terminal.right.phase", key))
    result = usadel("sweep", "sns.toml", "-o", "out")
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()


def test_a_case_without_a_sweep_is_refused(here):
    Path("sns.toml").write_text(CASE.partition("[sweep]")[0])
    result = usadel("sweep", "sns.toml")
    assert result.exit_code == 2
    assert "sweep: is required" in result.stderr


def test_one_run_leaves_the_sweep_aside(here):
    assert usadel("run", "sns.toml", "-o", "one", "--quiet").exit_code == 0
    assert uf.load("one").observables["terminal_current"]["left"] == pytest.approx(0.0, abs=1e-9)


def test_points_have_digests_of_what_decides(here):
    case = uf.load_case("sns.toml", {"output.directory": '"elsewhere"'})
    one, other = points_of(case), points_of(uf.load_case("sns.toml"))
    assert [p.digest for p in one] == [p.digest for p in other]
    assert len({p.digest for p in one}) == 2
