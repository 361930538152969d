"""What a shell is offered, asked as it asks; and the scripts that make it ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from usadel_fem.cli import main
from usadel_fem.templates import template_names


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cases, a result, and other things."""
    monkeypatch.chdir(tmp_path)
    for name in ("wire.toml", "wall.toml", "wild.txt", "wire.h5", "wire.out/result.h5", "other/deep.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def offered(*words: str) -> list[tuple[str, str]]:
    """(type, value) of what bash would be offered for the last of the words."""
    asked = {
        "_USADEL_FEM_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["usadel-fem", *words]),
        "COMP_CWORD": str(len(words)),
    }
    result = CliRunner(env=asked).invoke(main, prog_name="usadel-fem")
    lines = [line.partition(",") for line in result.output.splitlines()]
    return [(kind, value) for kind, _, value in lines]


def values(*words: str) -> list[str]:
    found = offered(*words)
    assert {kind for kind, _ in found} == {"plain"}
    return [value for _, value in found]


def test_commands() -> None:
    assert {"run", "check", "new", "mesh", "cite"} <= set(values(""))
    assert values("comp") == ["completion"]


def test_templates() -> None:
    assert values("new", "") == template_names()
    assert values("new", "sn") == ["sn_bilayer", "sns_junction"]
    assert values("new", "nanowire-") == ["nanowire_3d"]


def test_cases(here: Path) -> None:
    for command in ("run", "check", "cite", "material"):
        assert values(command, "w") == ["wall.toml", "wire.toml"]
    assert values("run", "other/") == ["other/deep.toml"]


def test_results(here: Path) -> None:
    for command in ("info", "export"):
        assert values(command, "w") == ["wire.h5", "wire.out"]


def test_anything_else_is_left_to_the_shell(here: Path) -> None:
    assert offered("run", "nowhere/x") == [("file", "nowhere/x")]
    assert offered("mesh", "w") == [("file", "w")]


def test_choices() -> None:
    assert values("export", "--format", "v") == ["vtu", "vtkhdf"]
    assert values("completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(
    ("shell", "says"),
    [("bash", "complete -o nosort -F"), ("zsh", "#compdef usadel-fem"), ("fish", "complete --no-files")],
)
def test_scripts(shell: str, says: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert says in result.stdout
    assert f"_USADEL_FEM_COMPLETE={shell}_complete" in result.stdout


def test_an_unknown_shell() -> None:
    result = CliRunner().invoke(main, ["completion", "csh"])
    assert result.exit_code == 2


def test_the_module_completes_too(here: Path) -> None:
    asked = {"_USADEL_FEM_COMPLETE": "bash_complete", "COMP_WORDS": "usadel-fem check wi", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "usadel_fem"],
        env={**os.environ, **asked, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "plain,wire.toml\n"
