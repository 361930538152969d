"""Whole case files with one thing wrong, through the command line: exit status 2, one line, no files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.wrong import CASE, WRONG, Edit
from usadel_fem.cli import main

MESHES = Path(__file__).parents[2] / "meshes"

MESH_TEXT = (MESHES / "sfn_trilayer_coarse.msh").read_text(encoding="utf-8")


def without(section: str) -> str:
    start, end = MESH_TEXT.index(f"${section}"), MESH_TEXT.index(f"$End{section}")
    return MESH_TEXT[:start] + MESH_TEXT[end + len(section) + 5 :]


def cut(share: float) -> str:
    return MESH_TEXT[: int(share * len(MESH_TEXT))]


WRONG_MESH: dict[str, tuple[str, str]] = {
    "empty": ("", "the file is empty"),
    "text": ("a mesh\n", "must be a Gmsh MSH 4.1 file"),
    "cut in the header": (cut(0.005), "must be"),
    "cut in the nodes": (cut(0.3), "the file is cut short"),
    "cut in the elements": (cut(0.9), "the file is cut short"),
    "cut within the last line": (MESH_TEXT[:-15], "the file is cut short"),
    "old version": (MESH_TEXT.replace("4.1 0 8", "2.2 0 8", 1), "must be of version 4.1"),
    "no names": (without("PhysicalNames"), "must hold named physical groups"),
    "nodes of letters": (MESH_TEXT.replace("0.5", "half"), "mesh.file: "),
    "name twice": (MESH_TEXT.replace('"F"', '"S"', 1), "S twice"),
    "another name": (MESH_TEXT.replace('"F"', '"Ferro"', 1), "Ferro"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the case and its mesh, and nothing else."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(MESHES / "sfn_trilayer_coarse.msh", tmp_path / "trilayer.msh")
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def refused(folder: Path, *arguments: str) -> list[str]:
    """The lines of `run` and of `check`, which must be the same, with nothing solved or left."""
    before = sorted(path.name for path in folder.iterdir())
    lines = []
    for command in ("run", "check"):
        result = CliRunner().invoke(main, [command, *arguments])
        assert isinstance(result.exception, SystemExit), result.exception
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        assert "Traceback" not in result.stderr
        lines.append(result.stderr.splitlines())
    assert sorted(path.name for path in folder.iterdir()) == before
    assert lines[0] == lines[1]
    return lines[0]


def test_the_starting_point_is_good(here: Path) -> None:
    result = CliRunner().invoke(main, ["check", "case.toml"])
    assert (result.exit_code, result.stderr) == (0, "")


def test_there_are_many() -> None:
    assert len(WRONG) + len(WRONG_MESH) >= 60


@pytest.mark.parametrize(("edit", "says"), WRONG.values(), ids=WRONG)
def test_wrong_case(here: Path, edit: Edit, says: str) -> None:
    assert CASE.count(edit[0]) == 1 or edit[0] in ("self_consistent", "axes =", "normal = true"), edit[0]
    (here / "case.toml").write_text(CASE.replace(*edit, 1), encoding="utf-8")
    lines = refused(here, "case.toml")
    assert any(says in line for line in lines), lines
    assert all(line.startswith("case.toml: ") and len(line) < 500 for line in lines)
    assert len(lines) <= (5 if "[units]" in says else 2)  # one mistake may leave other keys without a partner


@pytest.mark.parametrize(("text", "says"), WRONG_MESH.values(), ids=WRONG_MESH)
def test_wrong_mesh(here: Path, text: str, says: str) -> None:
    (here / "trilayer.msh").write_text(text, encoding="utf-8")
    lines = refused(here, "case.toml")
    assert any(says in line for line in lines), lines
    assert all(line.startswith("case.toml: ") for line in lines)


def test_all_mistakes_at_once(here: Path) -> None:
    edits = (("D = 300.0", "D = -1"), ("theta = 0.1", "tehta = 0.1"), ('"equilibrium"', '"equilibirum"'))
    text = CASE
    for edit in edits:
        text = text.replace(*edit)
    (here / "case.toml").write_text(text, encoding="utf-8")
    assert [line.split(": ")[1] for line in refused(here, "case.toml")] == [
        "material.CuNi.D",
        "material.Pt.tehta",
        "solve.kind",
    ]


OVERRIDES: dict[str, tuple[list[str], str]] = {
    "no value": (["material.Pt.theta"], "--set: must be KEY=VALUE"),
    "no TOML": (["material.Pt.theta=high"], "--set: material.Pt.theta: must be one TOML value"),
    "out of bounds": (["material.Pt.D=-1"], "--set: material.Pt.D: must be > 0"),
    "unknown key": (["material.Pt.tehta=0.1"], "--set: material.Pt.tehta: is not a known key"),
    "not a table": (["solve.kind.name=1"], "--set: solve.kind.name: must be a table"),
    "unknown material": (["material.Ptt.D=2"], "--set: material.Ptt: must be a material of the case, or of"),
    "misspelt terminal": (["terminal.rihgt.phase=1"], "case.toml: terminal.rihgt: is not a terminal of the"),
    "no such entry": (['output.fields.7="dos"'], "--set: output.fields.7: "),
}


@pytest.mark.parametrize(("settings", "says"), OVERRIDES.values(), ids=OVERRIDES)
def test_wrong_override(here: Path, settings: list[str], says: str) -> None:
    lines = refused(here, "case.toml", *(part for setting in settings for part in ("--set", setting)))
    assert len(lines) == 1
    assert lines[0].startswith(says)


BYTES: dict[str, Callable[[], bytes]] = {
    "not text": lambda: bytes(range(256)),
    "latin-1": lambda: CASE.replace("a trilayer", "à trois").encode("latin-1"),
    "zeros": lambda: b"\0" * 100,
    "empty": lambda: b"",
}


@pytest.mark.parametrize("made", BYTES.values(), ids=BYTES)
def test_wrong_bytes(here: Path, made: Callable[[], bytes]) -> None:
    (here / "case.toml").write_bytes(made())
    assert all(line.startswith("case.toml: ") for line in refused(here, "case.toml"))
