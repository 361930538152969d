from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.samples import CASE_TEXT
from usadel_fem.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    return tmp_path


def test_text(here: Path) -> None:
    result = CliRunner().invoke(main, ["cite", "wire.toml"])
    assert result.exit_code == 0
    assert "Usadel" in result.stdout
    assert "exchange fields" in result.stdout
    assert "spin swapping" not in result.stdout


def test_bibtex_of_a_changed_case(here: Path) -> None:
    result = CliRunner().invoke(main, ["cite", "wire.toml", "--bibtex", "--set", "material.N.kappa=0.1"])
    assert result.exit_code == 0
    assert "@article{Lifshits2009," in result.stdout


def test_mistakes(here: Path) -> None:
    result = CliRunner().invoke(main, ["cite", "wir.toml"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 'wire.toml'?" in result.stderr
