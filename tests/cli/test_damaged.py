"""Results that are ours but damaged: one line, exit status 2, whatever is wrong inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from click.testing import CliRunner, Result

import usadel_fem as uf
from tests.samples import CASE_TEXT, wire_solution
from usadel_fem.cli import main
from usadel_fem.errors import CaseError
from usadel_fem.io import layout

COMMANDS = (["info"], ["export", "--format", "csv"], ["plot", "--list"])


def replaced(name: str, text: str) -> Callable[[h5py.File], None]:
    """A text in the file with another one in its place."""

    def damage(file: h5py.File) -> None:
        del file[name]
        file[name] = text

    return damage


def report_of_another_version(file: h5py.File) -> None:
    file[layout.REPORTS][0] = '{"energy": [0.1, 0.0], "outcome": "LUCKY"}'


DAMAGES: dict[str, Callable[[h5py.File], None]] = {
    "no mesh": lambda file: file.__delitem__(layout.MESH),
    "no energies": lambda file: file.__delitem__(layout.ENERGIES),
    "no summary": lambda file: file.__delitem__(layout.SUMMARY),
    "mesh without a kind": lambda file: file[layout.MESH].attrs.__delitem__("cell_type"),
    "case that is none": replaced(layout.CASE_VALUES, '{"mesh": 3'),
    "report of another version": report_of_another_version,
    "array without a description": lambda file: next(
        iter(file[layout.OBSERVABLES].values())
    ).attrs.__delitem__("dims"),
}


def one_line(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    return result


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return wire_solution().save("result.h5")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_something_is_missing_or_strange(file: Path, damage: Callable[[h5py.File], None]) -> None:
    with h5py.File(file, "r+") as content:
        damage(content)
    for command in COMMANDS:
        assert one_line(*command, str(file)).stderr.startswith("result.h5: ")
    with pytest.raises(CaseError):
        uf.load(file)


def test_no_run_goes_on_from_it(file: Path) -> None:
    Path("wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    with h5py.File(file, "r+") as content:
        content[layout.CASE_VALUES][()] = "[1"
    before = file.read_bytes()
    result = one_line("run", "wire.toml", "-o", ".", "--resume", "--quiet")
    assert result.stderr.startswith("result.h5: must be a whole result; received JSONDecodeError: ")
    assert result.stderr.endswith("(is it damaged, or of another version?)\n")
    assert file.read_bytes() == before


def test_a_green_function_that_is_not_there(file: Path) -> None:
    solution = uf.load(file)
    with h5py.File(file, "r+") as content:
        del content[layout.GREEN]
    with pytest.raises(CaseError, match=r"result\.h5: must be a whole result; received KeyError"):
        solution.green_function(0)


@pytest.mark.parametrize("content", [b"", b"no table", None])
def test_the_table_of_a_sweep(file: Path, content: bytes | None) -> None:
    table = Path("sweep.h5")
    if content is None:
        with h5py.File(table, "w") as empty:
            empty["voltage"] = [0.1, 0.3]
    else:
        table.write_bytes(content)
    file.unlink()
    for command in (["info"], ["plot"]):
        line = one_line(*command, str(table)).stderr
        assert line.startswith("sweep.h5: must be a whole result; received ")
