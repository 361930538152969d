"""The command line: thin calls into `load_case`, `solve` and `Solution`, and words for what happened."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from usadel_fem import __version__
from usadel_fem.errors import CaseError, Problem
from usadel_fem.progress import LoggedProgress, choose_progress

if TYPE_CHECKING:
    from usadel_fem.case import Case
    from usadel_fem.solution import Solution

EXIT_BAD_INPUT = 2
EXIT_FAILED = 1
EXIT_NOT_CONVERGED = 3
EXIT_INTERRUPTED = 130

CASE = click.argument("case_file", metavar="CASE", type=click.Path(path_type=Path))
SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a key of the case to a TOML value, such as material.F.exchange='[0, 0, 0.3]'. Repeatable.",
)
RESULT = click.argument("result", metavar="DIR|FILE.h5", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="usadel-fem")
def main() -> None:
    """Diffusive superconducting hybrids: solve the matrix Usadel equation of a case file.

    Exit status: 0 done and converged, 2 bad input (nothing was run), 3 not converged (what converged is
    saved), 130 interrupted (what was finished is saved).
    """


@main.command()
@CASE
@SET
def check(case_file: Path, settings: tuple[str, ...]) -> None:
    """Validate a case and its mesh and print both; solve nothing."""
    with _plain_errors(case_file):
        case = _load(case_file, settings)
        from usadel_fem.describe import describe

        click.echo(describe(case))


@main.command()
@CASE
@SET
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Directory of the results. [default: from the case]",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Energies solved at a time."
)
@click.option("--resume", is_flag=True, help="Go on with what an interrupted run left in the directory.")
@click.option("--quiet", is_flag=True, help="Show no progress and no closing words.")
def run(
    case_file: Path, settings: tuple[str, ...], output: Path | None, jobs: int, resume: bool, quiet: bool
) -> None:
    """Solve a case; leave result.h5, fields.vtu, summary.json and log.txt in the output directory."""
    with _plain_errors(case_file):
        case = _load(case_file, settings)
        directory = output if output is not None else Path(case.output.directory)
        _require_directory(directory)
    with _plain_errors(case_file, system=EXIT_FAILED):
        solution = _solve(case, directory, jobs=jobs, resume=resume, quiet=quiet)
        _write(solution, directory, case.output.formats)
    if not quiet:
        found = solution.summary.get("symmetry")
        if found is not None:
            from usadel_fem.fem.reduction import in_words

            click.echo(in_words(found))
        click.echo(f"results in {directory}: " + ", ".join(_left_in(directory)))
    if not solution.converged:
        _explain(solution)
        sys.exit(EXIT_NOT_CONVERGED)


@main.command()
@click.argument("case_file", metavar="[CASE]", type=click.Path(path_type=Path), required=False)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@SET
@click.option("--impurities", metavar="TABLE", help="Parameters instead of a case: '{p_F = 13.6, m = ...}'.")
@click.option("--energy-unit", help="Unit of energy of the parameters, such as meV.")
@click.option("--length-unit", help="Unit of length of the parameters, such as nm.")
def material(
    case_file: Path | None,
    names: tuple[str, ...],
    settings: tuple[str, ...],
    impurities: str | None,
    energy_unit: str | None,
    length_unit: str | None,
) -> None:
    """Print what follows from the impurities of a case's materials, and check the regime of the theory."""
    with _plain_errors(case_file):
        if case_file is not None:
            if impurities or energy_unit or length_unit:
                rule = "must not stand beside a case, which has its own"
                raise CaseError([Problem("", rule, file="--impurities, --energy-unit, --length-unit")])
            case = _load(case_file, settings)
            from usadel_fem.material_report import reports_of

            reports = reports_of(case, names)
        elif impurities is None or settings:
            rule = "must have a CASE" + (" to --set keys of" if settings else ", or --impurities TABLE")
            raise CaseError([Problem("", rule, "nothing", file="material")])
        else:
            from usadel_fem.material_report import report_of_table

            reports = [report_of_table(impurities, energy_unit, length_unit)]
    click.echo("\n\n".join(map(str, reports)))
    for warning in (line for report in reports for line in report.warnings):
        click.echo(f"warning: {warning}", err=True)


@main.command()
@RESULT
def info(result: Path) -> None:
    """Say what a result holds: case, versions, convergence, scalars."""
    with _plain_errors():
        from usadel_fem.io.info import describe_result

        click.echo(describe_result(result))


@main.command()
@RESULT
@click.option("--format", "kind", type=click.Choice(["vtu", "csv"]), required=True, help="What to write.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Directory. [default: beside the result]"
)
def export(result: Path, kind: str, output: Path | None) -> None:
    """Write the fields and numbers of a result in another format."""
    with _plain_errors():
        from usadel_fem.solution import load

        solution = load(result)
        directory = output if output is not None else (result if result.is_dir() else result.parent)
        _require_directory(directory)
        for path in _export(solution, directory, kind):
            click.echo(path)


@main.command()
def schema() -> None:
    """Print the JSON schema of the case file, for completion in editors."""
    import json

    from usadel_fem.case import case_schema

    click.echo(json.dumps(case_schema(), indent=2))


def _load(path: Path, settings: tuple[str, ...]) -> Case:
    from usadel_fem.case import load_case

    return load_case(path, _overrides(settings))


def _overrides(settings: tuple[str, ...]) -> Mapping[str, str]:
    """The --set options as a mapping; all malformed ones are reported at once."""
    pairs = [setting.partition("=") for setting in settings]
    wrong = [
        Problem("", "must be KEY=VALUE", received=repr("".join(pair)), file="--set")
        for pair in pairs
        if not pair[0].strip() or not pair[1] or not pair[2].strip()
    ]
    if wrong:
        raise CaseError(wrong)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _solve(case: Case, directory: Path, *, jobs: int, resume: bool, quiet: bool) -> Solution:
    from usadel_fem.run import solve

    progress = choose_progress(not quiet)
    try:
        with LoggedProgress(progress, directory / "log.txt", append=resume) as logged:
            return solve(case, progress=logged, output=directory, jobs=jobs, resume=resume)
    except KeyboardInterrupt:
        click.echo(_interrupted(directory), err=True)
        sys.exit(EXIT_INTERRUPTED)


def _interrupted(directory: Path) -> str:
    from usadel_fem.io.reader import RESULT_NAME, ResultReader

    file = directory / RESULT_NAME
    try:
        with ResultReader(file) as reader:
            done, planned = len(reader.done()), len(reader.energies())
    except CaseError:
        return "interrupted: nothing was finished"
    if not planned:
        return "interrupted: nothing was finished"
    return f"interrupted: {done} of {planned} energies are saved in {file}; go on with --resume"


def _write(solution: Solution, directory: Path, formats: tuple[str, ...]) -> None:
    for kind in formats:
        _export(solution, directory, kind)
    solution.to_summary(directory)


def _export(solution: Solution, directory: Path, kind: str) -> list[Path]:
    return solution.to_csv(directory) if kind == "csv" else solution.to_vtu(directory)


def _explain(solution: Solution) -> None:
    """On standard error: what failed, why, how the residual went, and what to try."""
    failed = [report for report in solution.convergence if not report.ok]
    if failed:
        what = f"{len(failed)} of {len(solution.convergence)} energies failed"
    elif solution.case.solve.time is not None:
        what = "the integration in time failed"
    elif solution.case.solve.self_consistent:
        what = "the self-consistency failed"
    else:
        what = "the integrals over energy are not as accurate as asked for"
    click.echo(f"not converged: {what}", err=True)
    for report in failed:
        click.echo(f"  {report}", err=True)
        if report.residual_history:
            history = " ".join(f"{value:.1e}" for value in report.residual_history)
            click.echo(f"    residuals: {history}", err=True)
    for note in solution.summary.get("notes", ()):
        click.echo(f"  {note}", err=True)


def _left_in(directory: Path) -> list[str]:
    wanted = (
        "fields.vtu",
        "fields.pvd",
        "result.h5",
        "summary.json",
        "scalars.csv",
        "spectra.csv",
        "times.csv",
        "log.txt",
    )
    return [name for name in wanted if (directory / name).exists()]


def _require_directory(directory: Path) -> None:
    """Refuse an output that could not be written before hours are spent."""
    for path in (directory, *directory.parents):
        if path.exists():
            if not path.is_dir():
                raise CaseError([Problem("", "must be a directory", received=str(path), file="output")])
            return


@contextmanager
def _plain_errors(file: Path | None = None, system: int = EXIT_BAD_INPUT) -> Iterator[None]:
    """Mistakes of the user and complaints of the system as lines on standard error, and the exit status.

    `file` is the case file, which problems that name no file of their own are found in.
    """
    try:
        yield
    except CaseError as error:
        for problem in error.problems:
            click.echo(str(problem.within(str(file)) if file else problem), err=True)
        sys.exit(EXIT_BAD_INPUT)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"{place}{error.strerror or error}", err=True)
        sys.exit(system)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
