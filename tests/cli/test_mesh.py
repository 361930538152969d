from pathlib import Path

import pytest
from click.testing import CliRunner

from usadel_fem.cli import main

MESHES = Path(__file__).parents[2] / "meshes"
SOLVE = """
[solve]
kind = "equilibrium"
temperature = 0.3
"""


@pytest.mark.parametrize("name", ["sfn_trilayer_coarse", "cross3d"])
def test_the_skeleton_is_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["mesh", str(MESHES / f"{name}.msh"), "mine.msh", "--scale", "2.0"])
    assert (result.exit_code, result.stderr) == (0, "")
    report, tables = result.stdout.split("\n\n", 1)
    assert "written: mine.msh" in report
    Path("mine.toml").write_text(tables + SOLVE, encoding="utf-8")
    checked = CliRunner().invoke(main, ["check", "mine.toml"])
    assert (checked.exit_code, checked.stderr) == (0, "")
    Path("mine.toml").write_text(
        tables.replace("# [", "[").replace("# n", "n").replace("# c", "c") + SOLVE, encoding="utf-8"
    )
    every = CliRunner().invoke(main, ["check", "mine.toml"])
    assert (every.exit_code, every.stderr) == (0, "")
    assert "vacuum" not in every.stdout


def test_the_report() -> None:
    result = CliRunner().invoke(main, ["mesh", str(MESHES / "cross3d.msh")])
    assert result.exit_code == 0
    for part in (
        "mesh: 3D, 498 nodes, 1596 tetrahedra, edges",
        "quality: smallest dihedral angle",
        "region F1: ",
        "boundary north: area 0.7",
        "interface S1N: area 0.7",
        "outer boundary without a name: area",
        "# [interface.S1N]",
    ):
        assert part in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.vtu"], "nothing.vtu: names a file that does not exist"),
        ([str(MESHES / "disk.msh"), "x.msh", "--scale", "-2"], "--scale: must be > 0; received -2.0"),
        ([str(MESHES / "disk.msh"), "x.vtu"], "OUT: must end in .msh; received x.vtu"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["mesh", *arguments])
    assert result.exit_code == 2
    assert result.stderr.startswith(says)
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["mesh", str(MESHES / "disk.msh"), "mine.msh", "--scale", "2.5"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    first = Path("mine.msh").read_bytes()
    Path("mine.msh").write_text("dear to me", encoding="utf-8")
    refused = CliRunner().invoke(main, arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "mine.msh: exists already, and is left as it is (--force replaces it)\n"
    assert Path("mine.msh").read_text(encoding="utf-8") == "dear to me"
    assert CliRunner().invoke(main, [*arguments, "--force"]).exit_code == 0
    assert Path("mine.msh").read_bytes() == first


def test_force_replaces_neither_a_directory_nor_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = (MESHES / "disk.msh").read_bytes()
    Path("in.msh").write_bytes(source)
    Path("out.msh").mkdir()
    for target, says in {
        "out.msh": "out.msh: must be a file; received a directory",
        "in.msh": "OUT: must be another file than IN; received in.msh",
    }.items():
        result = CliRunner().invoke(main, ["mesh", "in.msh", target, "--force"])
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{says}\n")
    assert Path("in.msh").read_bytes() == source
