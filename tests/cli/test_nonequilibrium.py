"""kind = "nonequilibrium" from a case file to its results, interrupted and in several processes."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import usadel_fem as uf
from usadel_fem.cli import main

CASE = """\
[mesh]
shape = "wire"
length = 1.3
elements = 4

[material.F]
D = 0.83
exchange = [0, 0, 0.2]

[region]
wire = "F"

[terminal.left]
Delta = 0.83
phase = 0.4

[terminal.right]
normal = true
voltage = 0.3
spin_voltage = [0.05, 0, 0.1]
contact = { conductance = 0.7, polarisation = [0, 0, 0.3] }

[solve]
kind = "nonequilibrium"
temperature = 0.1
energies = [0.123]
energy_tolerance = 1e-4

[output.at]
middle = [0.65]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> None:
    result = CliRunner().invoke(main, ["run", "wire.toml", "--quiet", *arguments])
    assert result.exit_code == 0, result.output


def same(one: uf.Solution, two: uf.Solution, tolerance: float) -> None:
    assert np.array_equal(one.energies, two.energies)
    for i in (0, 7, len(one.energies) - 1):
        assert np.allclose(one.green_function(i), two.green_function(i), atol=tolerance)
        assert np.allclose(one.distribution(i), two.distribution(i), atol=tolerance)
    for name in ("terminal_current", "terminal_spectral_current"):
        for terminal in ("left", "right"):
            first, second = one.observables[name][terminal], two.observables[name][terminal]
            assert np.allclose(first, second, atol=tolerance)


def test_what_a_run_leaves(here: Path) -> None:
    run()
    summary = json.loads((here / "wire.out" / "summary.json").read_text())
    assert summary["converged"] is True
    assert max(summary["conservation_defect"].values()) < 1e-10
    assert abs(summary["observables"]["terminal_balance"]["charge"]) < 1e-10
    assert summary["observables"]["integration_error"] < 1e-4
    solution = uf.load(here / "wire.out")
    energies = solution.energies.real
    assert np.all(np.diff(energies) > 0)
    assert 0.123 in energies
    assert solution.distribution(3).shape == (9, 8)
    current = solution.observables["terminal_spectral_current"]["right"]
    assert current.dims == ("energy", "kind")
    assert current.shape == (energies.size, 8)
    assert "spin_density" in solution.observables["probe:middle"]
    with h5py.File(here / "wire.out" / "result.h5") as file:  # in the order in which they were solved
        assert np.any(np.diff(file["energies"][()].real) < 0)


def test_an_interrupted_run_goes_on(here: Path) -> None:
    run("-o", "whole")
    run("-o", "resumed")
    with h5py.File(here / "resumed" / "result.h5", "r+") as file:
        del file["observables"], file["order"]
        count = len(file["energies"]) - 20
        for name in ("energies", "reports", "kept", "green_function", "distribution"):
            file[name].resize(count, axis=0)
        before = file["green_function"][0]
        file["kept"][2] = False  # as if it had failed
    run("-o", "resumed", "--resume")
    same(uf.load(here / "whole"), uf.load(here / "resumed"), 1e-7)
    with h5py.File(here / "resumed" / "result.h5") as file:
        assert np.array_equal(file["green_function"][0], before)
        assert count + 20 == len(file["energies"])


def test_several_processes_give_the_same(here: Path) -> None:
    run("-o", "one")
    run("-o", "two", "--jobs", "2")
    same(uf.load(here / "one"), uf.load(here / "two"), 1e-7)


def test_saving_and_loading_from_python(here: Path) -> None:
    solution = uf.solve(uf.load_case(here / "wire.toml"))
    again = uf.load(solution.save(here / "saved.h5"))
    same(solution, again, 0.0)
    with pytest.raises(IndexError):
        again.distribution(10_000)
    spectrum = uf.solve(
        uf.load_case(
            here / "wire.toml",
            {
                "solve.kind": '"spectrum"',
                "terminal.right": "{normal = true}",
                "solve.energy_tolerance": "1e-5",
            },
        )
    )
    with pytest.raises(ValueError, match="nonequilibrium"):
        spectrum.distribution(0)


def test_check_says_what_will_be_done(here: Path) -> None:
    result = CliRunner().invoke(main, ["check", "wire.toml"])
    assert result.exit_code == 0
    assert "nonequilibrium at T = 0.1" in result.output
    assert "voltage = 0.3" in result.output
    normal = CliRunner().invoke(
        main, ["check", "wire.toml", "--set", "terminal.left={normal = true, temperature = 0.2}"]
    )
    assert "one linear solve" in normal.output


def test_a_grid_that_may_not_grow_is_reported(here: Path) -> None:
    result = CliRunner().invoke(
        main, ["run", "wire.toml", "--set", "solve.max_energies=9", "--set", "solve.energy_tolerance=1e-6"]
    )
    assert result.exit_code == 3
    assert "raise solve.max_energies" in result.output


def test_a_grid_that_may_not_grow_says_so(here: Path) -> None:
    """Exit status 3, the reason in words, and the result all the same."""
    settings = ["--set", "solve.max_energies=9", "--set", "solve.energy_tolerance=1e-9"]
    result = CliRunner().invoke(main, ["run", "wire.toml", "--quiet", *settings])
    assert result.exit_code == 3
    assert "not converged: the integrals over energy are not as accurate as asked for" in result.stderr
    assert "raise solve.max_energies" in result.stderr
    assert not uf.load(here / "wire.out").converged
