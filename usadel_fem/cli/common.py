"""What the commands share: arguments, exit status, and mistakes told in a line each."""

from __future__ import annotations

import os
import re
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

FILE_END = re.compile(r"\.(?!out$)(?:[a-z]{1,6}|h5|hdf5)")
"""Ends of names of files; T0.3, run.v2 and wire.out may well be directories."""

EXIT_BAD_INPUT = 2
EXIT_FAILED = 1
EXIT_NOT_CONVERGED = 3
EXIT_INTERRUPTED = STATUS

PATH = click.Path(path_type=Path, readable=False)
"""Of a file or directory; that it cannot be read is found, and told in a line, by what reads it."""

CASE = click.argument("case_file", metavar="CASE", type=PATH, shell_complete=files(".toml"))
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
    type=PATH,
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
    type=PATH,
    shell_complete=files(".h5", inside="result.h5"),
)


def load(path: Path, settings: tuple[str, ...]) -> Case:
    """The case of a file with the --set options."""
    with at_once():
        from usadel_fem.case import load_case

    return load_case(path, _overrides(settings))


def _overrides(settings: tuple[str, ...]) -> Mapping[str, str]:
    """The --set options as a mapping; all malformed ones are reported at once."""
    wrong = [
        Problem("", rule, received=repr(setting), file="--set")
        for setting in settings
        if (rule := _broken_rule(setting))
    ]
    if wrong:
        raise CaseError(wrong)
    pairs = [setting.partition("=") for setting in settings]
    return {key.strip(): value.strip() for key, _, value in pairs}


def _broken_rule(setting: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in setting):  # a byte that could not be decoded
        return "must be text in UTF-8"
    key, equals, value = setting.partition("=")
    return "" if key.strip() and equals and value.strip() else "must be KEY=VALUE"


def require_directory(directory: Path) -> None:
    """Refuse an output that could not be written before hours are spent."""
    for path in (directory, *directory.parents):
        if path.exists():
            if not path.is_dir():
                raise CaseError([Problem("", "must be a directory", received=str(path), file="output")])
            if not os.access(path, os.W_OK | os.X_OK):
                rule = "must be a directory that can be written to"
                raise CaseError([Problem("", rule, received=str(path), file="output")])
            return


def require_directory_name(output: Path | None, rule: str = "must be a directory") -> None:
    """Refuse to make a directory of a name that ends like a file's, such as out.vtu: a file was meant."""
    if output is not None and FILE_END.fullmatch(output.suffix.casefold()) and not output.exists():
        hint = f"{output.suffix} looks like the end of a file; make the directory first if it is one"
        raise CaseError([Problem("", rule, str(output), hint, "--output")])


def load_with_directory(path: Path, settings: tuple[str, ...], output: Path | None) -> tuple[Case, Path]:
    """The case of a file, and where its results go; told in plain lines if there is something wrong."""
    with plain_errors(path):
        case = load(path, settings)
        require_directory_name(output)
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
