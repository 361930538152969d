"""The command `sweep`."""

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
from usadel_fem.progress import LoggedProgress, choose_progress

if TYPE_CHECKING:
    from usadel_fem.io.sweep import SweepTable


@click.command()
@CASE
@SET
@OUTPUT
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Points solved at a time."
)
@SCHEDULER
@click.option("--resume", is_flag=True, help="Leave out the points that an interrupted sweep finished.")
@click.option("--table-only", is_flag=True, help="Keep the rows, not the result.h5 of every point.")
@QUIET
def sweep(
    case_file: Path,
    settings: tuple[str, ...],
    output: Path | None,
    jobs: int,
    scheduler: str | None,
    resume: bool,
    table_only: bool,
    quiet: bool,
) -> None:
    """Solve a case at every point of its [sweep]; leave sweep.csv and sweep.h5, a row for each point."""
    case, directory = load_with_directory(case_file, settings, output)
    with plain_errors(case_file, system=EXIT_FAILED):
        get_ready(jobs, scheduler)
        from usadel_fem.io.sweep import CSV_NAME, HDF5_NAME
        from usadel_fem.sweeping import sweep as sweep_case

        progress = choose_progress(not quiet)
        try:
            with LoggedProgress(progress, directory / "log.txt", append=resume) as logged:
                table = sweep_case(
                    case,
                    output=directory,
                    progress=logged,
                    jobs=jobs,
                    scheduler=scheduler,
                    resume=resume,
                    keep=not table_only,
                )
        except KeyboardInterrupt:
            click.echo(f"interrupted: the rows so far are in {directory}; go on with --resume", err=True)
            sys.exit(EXIT_INTERRUPTED)
        table.to_hdf5(directory / HDF5_NAME)
        table.to_csv(directory / CSV_NAME)
    if not quiet:
        click.echo(f"{len(table.rows)} points in {directory / CSV_NAME}, with units in {HDF5_NAME}")
    if not table.converged:
        _explain(table)
        sys.exit(EXIT_NOT_CONVERGED)


def _explain(table: SweepTable) -> None:
    failed = [row for row in table.rows if not row.converged]
    click.echo(f"{len(failed)} of {len(table.rows)} points did not converge", err=True)
    for row in failed:
        click.echo(f"  {row}", err=True)
