"""The command `run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from usadel_fem.cli.common import (
    CASE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NOT_CONVERGED,
    OUTPUT,
    QUIET,
    SCHEDULER,
    SET,
    get_ready,
    load_with_directory,
    plain_errors,
)
from usadel_fem.cli.results import write
from usadel_fem.errors import CaseError
from usadel_fem.progress import LoggedProgress, choose_progress

if TYPE_CHECKING:
    from usadel_fem.case import Case
    from usadel_fem.solution import Solution


@click.command()
@CASE
@SET
@OUTPUT
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Energies solved at a time."
)
@SCHEDULER
@click.option("--resume", is_flag=True, help="Go on with what an interrupted run left in the directory.")
@QUIET
def run(
    case_file: Path,
    settings: tuple[str, ...],
    output: Path | None,
    jobs: int,
    scheduler: str | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Solve a case; leave result.h5, fields.vtu, summary.json and log.txt in the output directory."""
    case, directory = load_with_directory(case_file, settings, output)
    with plain_errors(case_file, system=EXIT_FAILED):
        get_ready(jobs, scheduler)
        solution = _solve(case, directory, quiet, jobs=jobs, scheduler=scheduler, resume=resume)
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


def _solve(
    case: Case, directory: Path, quiet: bool, *, jobs: int, scheduler: str | None, resume: bool
) -> Solution:
    from usadel_fem.run import solve

    progress = choose_progress(not quiet)
    try:
        with LoggedProgress(progress, directory / "log.txt", append=resume) as logged:
            return solve(
                case, progress=logged, output=directory, jobs=jobs, scheduler=scheduler, resume=resume
            )
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
        write(solution, directory, kind)
    solution.to_summary(directory)


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
        "fields.vtkhdf",
        "result.h5",
        "summary.json",
        "scalars.csv",
        "spectra.csv",
        "times.csv",
        "log.txt",
    )
    return [name for name in wanted if (directory / name).exists()]
