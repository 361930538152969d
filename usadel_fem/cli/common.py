"""What the commands share: arguments, exit status, and mistakes told in a line each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from usadel_fem.allocator import keep_memory
from usadel_fem.cli.completion import files
from usadel_fem.errors import CaseError, Problem
from usadel_fem.interrupts import STATUS, at_once, raised

if TYPE_CHECKING:
    from usadel_fem.case import Case

EXIT_BAD_INPUT = 2
EXIT_FAILED = 1
EXIT_NOT_CONVERGED = 3
EXIT_INTERRUPTED = STATUS

CASE = click.argument(
    "case_file", metavar="CASE", type=click.Path(path_type=Path), shell_complete=files(".toml")
)
SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a key of the case to a TOML value, such as material.F.exchange='[0, 0, 0.3]'. Repeatable.",
)
OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Directory of the results. [default: from the case]",
)
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Where: processes, threads, threads:N, mpi, or the tcp://HOST:PORT of a Dask scheduler.",
)
QUIET = click.option("--quiet", is_flag=True, help="Show no progress and no closing words.")
RESULT = click.argument(
    "result",
    metavar="DIR|FILE.h5",
    type=click.Path(path_type=Path),
    shell_complete=files(".h5", inside="result.h5"),
)


def load(path: Path, settings: tuple[str, ...]) -> Case:
    """The case of a file with the --set options."""
    with at_once():
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


def require_directory(directory: Path) -> None:
    """Refuse an output that could not be written before hours are spent."""
    for path in (directory, *directory.parents):
        if path.exists():
            if not path.is_dir():
                raise CaseError([Problem("", "must be a directory", received=str(path), file="output")])
            return


def load_with_directory(path: Path, settings: tuple[str, ...], output: Path | None) -> tuple[Case, Path]:
    """The case of a file, and where its results go; told in plain lines if there is something wrong."""
    with plain_errors(path):
        case = load(path, settings)
        directory = output if output is not None else Path(case.output.directory)
        require_directory(directory)
    return case, directory


def get_ready(jobs: int, scheduler: str | None) -> None:
    """Import what solves cases, and meanwhile let worker processes be prepared."""
    keep_memory()
    if jobs > 1 and scheduler in (None, "processes"):
        from usadel_fem.parallel.forks import prepare

        prepare()
    with at_once():
        import_module("usadel_fem.sweeping")


@contextmanager
def plain_errors(file: Path | None = None, system: int = EXIT_BAD_INPUT) -> Iterator[None]:
    """Mistakes of the user and complaints of the system as lines on standard error, and the exit status.

    `file` is the case file, which problems that name no file of their own are found in.
    """
    try:
        with raised():
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
