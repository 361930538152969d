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


HINT = "(does its extension tell its format, and is it complete?)"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.vtu", b"", "received a.vtu (the file is empty)"),
        ("a.stl", b"", "received a.stl (the file is empty)"),
        ("a.mesh", b"[case]\ntitle = 3\n", f"received a.mesh {HINT}"),  # meshio exits
        ("a.msh", b"[case]\ntitle = 3\n", f"received a.msh {HINT}"),
        ("a.su2", b"[case]\ntitle = 3\n", f"received a.su2 {HINT}"),  # an UnboundLocalError
        ("a.vol", b"[case]\ntitle = 3\n", f"received a.vol (Not a valid Netgen mesh) {HINT}"),
    ],
)
def test_no_mesh_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    result = CliRunner().invoke(main, ["mesh", name])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{name}: must be a readable mesh; {says}\n"


def test_a_mesh_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    Path("a.vtu").write_text("secret", encoding="utf-8")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setattr("meshio.read", denied)
    result = CliRunner().invoke(main, ["mesh", "a.vtu"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "a.vtu: must be a readable mesh; received a.vtu (permission denied)\n"


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
