"""What the README and the pages behind it show has to work."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from usadel_fem.cli import main
from usadel_fem.observables.fields import FIELDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs/guide/results.md").read_text(encoding="utf-8")
IMPURITIES = (ROOT / "docs/theory/microscopics.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_case_file_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("case.toml").write_text(block("toml"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "case.toml"])
    assert result.exit_code == 0, result.output
    assert "S/F bilayer" in result.stdout


def test_the_commands_exist() -> None:
    used = set(re.findall(r"^    usadel-fem (\w+)", README, re.MULTILINE))
    assert (
        used
        == {"new", "mesh", "cite", "check", "run", "info", "export", "material", "sweep", "plot"}
        <= set(main.commands)
    )


def test_the_impurities_are_accepted() -> None:
    found = re.search(r"^impurities = (\{.*\})$", IMPURITIES, re.MULTILINE)
    assert found is not None
    units = ["--energy-unit", "meV", "--length-unit", "nm"]
    result = CliRunner().invoke(main, ["material", "--impurities", found[1], *units])
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line by line, with a short case in place of the demo."""
    import usadel_fem as uf

    monkeypatch.chdir(tmp_path)
    short = block("toml").replace("num = 31", "num = 2").replace("resolution = 0.1", "resolution = 0.5")
    Path("case.toml").write_text(short, encoding="utf-8")
    for call in ("uf.load_case", "uf.solve", "solution.observables", "green_function", "to_vtu", "uf.load("):
        assert call in block("python")
    solution = uf.solve(uf.load_case("case.toml"))
    dos = solution.observables["dos"]
    assert isinstance(dos, uf.Observable)
    assert dos.dims == ("energy", "node")
    solution.save("short.h5")
    solution.to_vtu("short")
    assert uf.load("short.h5").green_function(0).shape == (len(solution.nodes), 4, 4)


def test_every_field_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)`", RESULTS))
    short = {"spin_current_y", "spin_current_z"}  # told as _y, _z
    assert set(FIELDS) - short <= explained


def test_every_case_is_listed() -> None:
    cases = {path.stem for path in (ROOT / "cases").glob("*.toml")}
    assert cases == set(re.findall(r"^\| `(\d\d_\w+)` \|", README, re.MULTILINE))
