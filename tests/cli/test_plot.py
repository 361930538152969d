"""The command plot, as users call it."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.samples import wire_solution
from usadel_fem.cli import main


def plot(*arguments: object) -> Result:
    """Run `plot`; whatever happens, it must not be a traceback."""
    result = CliRunner().invoke(main, ["plot", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A directory with made-up numbers of a spectrum."""
    wire_solution().save(tmp_path / "wire.out" / "result.h5")
    return tmp_path / "wire.out"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_list_says_what_there_is(result: Path) -> None:
    done = plot(result, "--list")
    assert done.exit_code == 0
    assert re.search(r"^\* dos +density of states", done.stdout, re.MULTILINE)
    assert re.search(r"^  triplet ", done.stdout, re.MULTILINE) or "* triplet" in done.stdout
    assert names(result) == {"result.h5"}


def test_a_usual_choice_goes_beside_the_result(result: Path) -> None:
    done = plot(result / "result.h5", "--dpi", 50)
    assert done.exit_code == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert {"dos.png", "dos_map.png", "convergence.png"} <= {path.name for path in written}
    assert {path.parent for path in written} == {result}
    for path in written:
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_vector_files_keep_their_text(result: Path, kind: str) -> None:
    assert plot(result, "dos", "--format", kind).exit_code == 0
    data = (result / f"dos.{kind}").read_bytes()
    if kind == "svg":
        texts = [t for node in ET.fromstring(data).iter() if (t := (node.text or "").strip())]
        assert "mean" in texts
        assert "density" in "".join(texts)
    else:
        assert data.startswith(b"%PDF")
        assert b"/Type3" not in data.replace(b" ", b"")


def test_the_same_picture_is_the_same_file(result: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        assert plot(result, "dos", "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_film_is_one_file_that_needs_nothing_else(result: Path) -> None:
    assert plot(result, "dos_map", "--format", "html", "--energy", 0.4).exit_code == 0
    page = (result / "dos_map.html").read_text(encoding="utf-8")
    assert '<input id="step" type="range" min="0" max="2" value="1"' in page
    frames = re.search(r"const frames = (\[.*?\]);", page)
    assert frames is not None
    assert frames[1].count("iVBOR") == 3  # PNG in base64
    texts = re.search(r"const texts = (\[.*?\]);", page)
    assert texts is not None
    assert json.loads(texts[1]) == ["ε = 0.1 E₀", "ε = 0.4 E₀", "ε = 0.9 E₀"]
    assert "http" not in page
    assert len(page) < 300_000


def test_a_still_as_a_page(result: Path) -> None:
    assert plot(result, "dos", "--format", "html").exit_code == 0
    page = (result / "dos.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "data:image/png;base64," in page


def test_several_results_and_tables(tmp_path: Path) -> None:
    table = tmp_path / "sweep.csv"
    table.write_text("terminal.right.phase,terminal_current[right]\n0.0,0.0\n1.5,0.4\n", encoding="utf-8")
    assert plot(table, "--list").stdout.splitlines()[0].startswith("* cpr ")
    assert plot(table).exit_code == 0
    assert names(tmp_path) == {"sweep.csv", "cpr.png"}
    assert plot(table, "terminal_current", "-o", tmp_path / "there", "--format", "pdf").exit_code == 0
    assert names(tmp_path / "there") == {"terminal_current.pdf"}
    assert plot(table, "terminal_current[right]", "-o", tmp_path / "one").exit_code == 0
    assert names(tmp_path / "one") == {"terminal_current_right_.png"}


def test_no_suggestion_that_is_not_there(result: Path) -> None:
    done = plot(result, "order_paramete")
    assert "is not in this result" in done.stderr
    assert "did you mean" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["dosmap"], ["dosmap: is not in this result", "did you mean 'dos_map'?"]),
        (["delta"], ["delta: is not in this result; it has dos, "]),
        (["dos_map", "--energy", "7"], ["plot: energy: must lie between 0.1 and 0.9"]),
        (["dos", "--component", "q"], ["plot: component: must be x, y, z"]),
        (["dos", "--cmap", "jett"], ["plot: cmap:", "did you mean 'jet'?"]),
        (["triplet", "--region", "wier"], ["plot: region:", "did you mean 'wire'?"]),
        (["dos", "dos_map", "-o", "both.png"], ["--output: must be a directory"]),
        (["dos", "-o", "a.png", "--format", "svg"], ["--output: must end in .svg"]),
        (
            ["dos", "-o", "a.xyz"],
            ["--output: must be a directory, or end in .png, .svg, .pdf, .html; received a.xyz (.xyz looks"],
        ),
    ],
)
def test_bad_input(result: Path, arguments: list[str], parts: list[str]) -> None:
    done = plot(result, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    for part in parts:
        assert part in done.stderr
    assert names(result) == {"result.h5"}


@pytest.mark.parametrize("name", ["missing.h5", "missing.csv", "."])
def test_results_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = plot(name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert names(tmp_path) == set()


@pytest.mark.parametrize("arguments", [[], ["--dpi", "0"], ["--format", "gif"], ["--width", "wide"]])
def test_wrong_options(result: Path, arguments: list[str]) -> None:
    assert plot(*([result, "dos"] if arguments else []), *arguments).exit_code == 2


def test_without_matplotlib(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usadel_fem.plot.find_spec", lambda name: None)
    done = plot(result, "dos")
    hint = "(pip install 'usadel_fem[plot]')"
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"plot: needs matplotlib, which is not installed {hint}\n"
