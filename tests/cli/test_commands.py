import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.samples import CASE_TEXT, ENERGIES, green_functions, reports, wire_case, wire_mesh, wire_solution
from usadel_fem import __version__
from usadel_fem.cli import main
from usadel_fem.errors import CaseError, Problem
from usadel_fem.io.result import ResultWriter
from usadel_fem.progress import Progress

Solve = Callable[..., Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a case file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wire.toml").write_text(CASE_TEXT, encoding="utf-8")
    return tmp_path


def usadel(*arguments: str) -> Result:
    """Run a command; whatever happens, it must not be a traceback."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def solving(monkeypatch: pytest.MonkeyPatch, failed: int | None = None) -> list[dict[str, Any]]:
    """Replace the solver by made-up numbers; returns what it is called with."""
    calls: list[dict[str, Any]] = []

    def solve(case: Any, *, progress: Progress, output: Path, **options: Any) -> Any:
        calls.append({"case": case, "output": output, **options})
        progress.start(3, "energies")
        for report in reports(failed):
            progress.advance(report)
        progress.finish()
        solution = wire_solution(failed)
        solution.save(output / "result.h5")
        return solution

    monkeypatch.setattr("usadel_fem.run.solve", solve)
    return calls


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def solve(case: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr("usadel_fem.run.solve", solve)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_version_and_help() -> None:
    first, *others = usadel("--version").stdout.splitlines()
    assert first == f"usadel-fem, version {__version__}"
    assert {"Python", "numpy", "scipy", "scikit-fem", "h5py", "meshio"} <= {
        line.split()[0] for line in others
    }
    for command in (
        "check",
        "run",
        "info",
        "export",
        "schema",
        "material",
        "new",
        "mesh",
        "cite",
        "completion",
    ):
        assert command in usadel("--help").stdout
        assert usadel(command, "--help").exit_code == 0


def test_help_needs_no_heavy_import() -> None:
    heavy = ("numpy", "scipy", "pydantic", "rich")
    code = f"import sys, usadel_fem.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "usadel_fem", "info", "missing.h5"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "missing.h5: does not exist\n")


def test_check_prints_the_description(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usadel_fem.describe.describe", lambda case: f"D is {case.material['N'].D}")
    result = usadel("check", "wire.toml", "--set", "material.N.D=0.61")
    assert (result.exit_code, result.stdout) == (0, "D is 0.61\n")
    assert listing(here) == ["wire.toml"]


def test_run_leaves_its_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = solving(monkeypatch)
    result = usadel("run", "wire.toml")
    assert result.exit_code == 0
    assert "results in wire.out: fields.vtu, fields.pvd, result.h5, summary.json, log.txt" in result.stdout
    assert {"fields.vtu", "result.h5", "summary.json", "log.txt"} <= set(listing(here / "wire.out"))
    assert json.loads((here / "wire.out" / "summary.json").read_text())["converged"] is True
    assert "energies: 3" in (here / "wire.out" / "log.txt").read_text()
    assert calls[0]["case"].info.title == "a wire"
    assert (calls[0]["jobs"], calls[0]["resume"]) == (1, False)


def test_options_reach_the_solver(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = solving(monkeypatch)
    arguments = (
        "-o",
        "there",
        "--jobs",
        "3",
        "--scheduler",
        "threads",
        "--resume",
        "--set",
        "material.N.exchange=[0, 0, 0.3]",
    )
    assert usadel("run", "wire.toml", *arguments).exit_code == 0
    assert calls[0]["output"] == Path("there")
    assert (calls[0]["jobs"], calls[0]["scheduler"], calls[0]["resume"]) == (3, "threads", True)
    assert calls[0]["case"].material["N"].exchange == (0.0, 0.0, 0.3)


def test_quiet_says_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solving(monkeypatch)
    result = usadel("run", "wire.toml", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert (here / "wire.out" / "log.txt").stat().st_size > 0


def test_progress_without_a_terminal_is_plain(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solving(monkeypatch, failed=1)
    result = usadel("run", "wire.toml")
    assert "energies 2/3: energy 0.1+0.02j: the residual stopped" in result.stderr
    assert "\x1b" not in result.output


def test_not_converged_is_explained(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solving(monkeypatch, failed=1)
    result = usadel("run", "wire.toml", "--quiet")
    assert result.exit_code == 3
    assert result.stdout == ""
    for part in (
        "not converged: 1 of 3 energies failed",
        "at (0.5, 0, 0)",
        "try: refine the mesh",
        "residuals: 7.0e-01 3.0e-02 2.9e-02",
    ):
        assert part in result.stderr
    assert json.loads((here / "wire.out" / "summary.json").read_text())["converged"] is False


def test_an_interruption_keeps_what_is_finished(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def solve(case: Any, *, progress: Progress, output: Path, **options: Any) -> Any:
        with ResultWriter(
            output / "result.h5", case=case, mesh=wire_mesh(), energies=list(ENERGIES)
        ) as writer:
            progress.start(3, "energies")
            writer.write_energy(0, complex(ENERGIES[0]), green_functions()[0], reports()[0])
            raise KeyboardInterrupt

    monkeypatch.setattr("usadel_fem.run.solve", solve)
    result = usadel("run", "wire.toml", "--quiet")
    assert result.exit_code == 130
    assert "1 of 3 energies are saved" in result.stderr
    assert "--resume" in result.stderr
    assert listing(here / "wire.out") == ["log.txt", "result.h5"]


def test_an_early_interruption(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    result = usadel("run", "wire.toml")
    assert (result.exit_code, result.stderr) == (130, "interrupted: nothing was finished\n")
    assert listing(here) == ["wire.toml"]


def test_a_case_that_does_not_fit_its_mesh(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, CaseError([Problem("region", "must name every region", file="wire.toml")]))
    result = usadel("run", "wire.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "wire.toml: region: must name every region\n"
    assert listing(here) == ["wire.toml"]


def test_a_full_disk_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, OSError(28, "No space left on device", "wire.out/result.h5"))
    result = usadel("run", "wire.toml")
    assert (result.exit_code, result.stderr) == (1, "wire.out/result.h5: No space left on device\n")


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["missing.toml"], ["missing.toml"]),
        (["."], ["directory"]),
        (["wire.toml", "--set", "material.N.D=-0.5"], ["material.N.D", "-0.5", "> 0"]),
        (["wire.toml", "--set", "material.N.D"], ["--set", "must be KEY=VALUE", "material.N.D"]),
        (["wire.toml", "--set", "=3"], ["--set", "must be KEY=VALUE"]),
        (["wire.toml", "--set", "material.N.D=[1"], ["material.N.D", "must be one TOML value"]),
        (["wire.toml", "--set", "materail.N.D=2.0"], ["did you mean 'material'?"]),
    ],
)
def test_bad_input(here: Path, command: str, arguments: list[str], parts: list[str]) -> None:
    result = usadel(command, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    for part in parts:
        assert part in result.stderr
    assert listing(here) == ["wire.toml"]


def test_all_mistakes_come_at_once(here: Path) -> None:
    (here / "wire.toml").write_text(CASE_TEXT.replace("0.83", "-0.83").replace("wire =", "wier ="))
    assert len(usadel("check", "wire.toml").stderr.splitlines()) >= 2


def test_malformed_settings_come_at_once(here: Path) -> None:
    result = usadel("check", "wire.toml", "--set", "a", "--set", "b=")
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == ["--set: must be KEY=VALUE"] * 2


def test_a_setting_that_is_no_text(here: Path) -> None:
    """As the shell hands it on: \\xe9 of Latin-1."""
    result = usadel("run", "wire.toml", "--set", 'case.title="\udce9"', "--set", "a")
    assert (result.exit_code, result.stdout) == (2, "")
    lines = [line.split(";")[0] for line in result.stderr.splitlines()]
    assert lines == ["--set: must be text in UTF-8", "--set: must be KEY=VALUE"]
    assert listing(here) == ["wire.toml"]


@pytest.mark.parametrize("jobs", ["0", "-2", "many"])
def test_jobs_must_be_a_positive_number(here: Path, jobs: str) -> None:
    assert usadel("run", "wire.toml", "--jobs", jobs).exit_code == 2


def test_an_output_in_the_way_is_found_before_solving(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = solving(monkeypatch)
    (here / "taken").write_text("a file")
    for output in ("taken", "taken/below"):
        result = usadel("run", "wire.toml", "-o", output)
        assert (result.exit_code, result.stderr) == (2, "output: must be a directory; received taken\n")
    assert calls == []


def test_an_output_that_cannot_be_written_to_is_found_before_solving(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = solving(monkeypatch)
    (here / "locked").mkdir()
    wire_solution().save(here / "result.h5")
    before = listing(here)
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != Path("locked"))
    mesh = str(Path(__file__).parents[2] / "meshes" / "disk.msh")
    commands = [
        ["run", "wire.toml", "-o", "locked/below/out"],
        ["sweep", "wire.toml", "-o", "locked"],
        ["export", "result.h5", "--format", "csv", "-o", "locked/tables"],
        ["plot", "result.h5", "dos", "-o", "locked/dos.png"],
        ["mesh", mesh, "locked/out.msh"],
    ]
    for command in commands:
        result = usadel(*command)
        assert (result.exit_code, result.stdout) == (2, ""), command
        assert result.stderr == "output: must be a directory that can be written to; received locked\n"
    assert calls == []
    assert listing(here) == before
    assert listing(here / "locked") == []


def test_what_cannot_be_read_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no lesson on how to call the command."""

    def denied(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    def denied_by_hdf5(*arguments: object, **options: object) -> None:
        said = "name = 'a.h5', errno = 13, error message = 'Permission denied', flags = 0"
        raise PermissionError(13, f"Unable to synchronously open file ({said})")

    (here / "a.h5").write_text("secret", encoding="utf-8")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setattr("pathlib.Path.read_text", denied)
    monkeypatch.setattr("h5py.File", denied_by_hdf5)
    says = {
        ("check", "wire.toml"): "wire.toml: must be a readable case file; received Permission denied\n",
        ("cite", "wire.toml"): "wire.toml: must be a readable case file; received Permission denied\n",
        ("material", "wire.toml"): "wire.toml: must be a readable case file; received Permission denied\n",
        ("info", "a.h5"): "a.h5: cannot be read as HDF5; received Permission denied\n",
        ("plot", "a.h5"): "a.h5: cannot be read as HDF5; received Permission denied\n",
    }
    for command, line in says.items():
        result = usadel(*command)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


@pytest.mark.parametrize("name", ["a.xyz", "there/out.h5", "result.HDF5", "fields.vtkhdf"])
@pytest.mark.parametrize("command", [["run"], ["sweep"], ["export", "--format", "csv"]])
def test_no_directory_that_is_called_like_a_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], name: str
) -> None:
    calls = solving(monkeypatch)
    wire_solution().save(here / "result.h5")
    result = usadel(*command, "result.h5" if "export" in command else "wire.toml", "-o", name)
    end = Path(name).suffix
    hint = f"({end} looks like the end of a file; make the directory first if it is one)"
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"--output: must be a directory; received {name} {hint}\n"
    assert listing(here) == ["result.h5", "wire.toml"]
    assert calls == []


@pytest.mark.parametrize("name", ["T0.3", "h1.2e-3", "run.v2", "wire.out", "there.d/plain", "made.xyz"])
def test_directories_with_a_dot(here: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    calls = solving(monkeypatch)
    (here / "made.xyz").mkdir()
    assert usadel("run", "wire.toml", "-o", name).exit_code == 0
    assert calls[0]["output"] == Path(name)


def test_info_on_a_directory_and_a_file(here: Path) -> None:
    wire_solution().save(here / "result.h5")
    assert "3, of which 3 converged" in usadel("info", ".").stdout
    assert usadel("info", "result.h5").exit_code == 0


@pytest.mark.parametrize("command", [["info"], ["export", "--format", "vtu"], ["export", "--format", "csv"]])
@pytest.mark.parametrize("name", ["missing.h5", ".", "wire.toml", "half.h5"])
def test_results_that_cannot_be_read(here: Path, command: list[str], name: str) -> None:
    whole = wire_solution().save(here / "half.h5")
    whole.write_bytes(whole.read_bytes()[:5000])
    before = listing(here)
    result = usadel(*command, name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert listing(here) == before


def test_export(here: Path) -> None:
    wire_solution().save(here / "result.h5")
    result = usadel("export", ".", "--format", "csv", "-o", "tables")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == str(Path("tables/scalars.csv"))
    assert usadel("export", "result.h5", "--format", "vtu").exit_code == 0
    assert {"fields.vtu", "fields.pvd", "fields_0002.vtu", "tables"} <= set(listing(here))


def test_export_of_an_unknown_format(here: Path) -> None:
    result = usadel("export", ".", "--format", "xls")
    assert result.exit_code == 2
    assert "vtu" in result.stderr


def test_schema_is_json() -> None:
    schema = json.loads(usadel("schema").stdout)
    assert set(wire_case().model_dump(by_alias=True, exclude_unset=True)) <= set(schema["properties"])
