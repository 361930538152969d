"""Commands about a result: info, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from usadel_fem.cli.common import PATH, RESULT, plain_errors, require_directory, require_directory_name

if TYPE_CHECKING:
    from usadel_fem.solution import Solution

FORMATS = ["vtu", "vtkhdf", "csv"]


@click.command()
@RESULT
def info(result: Path) -> None:
    """Say what a result holds: case, versions, convergence, scalars."""
    with plain_errors():
        from usadel_fem.io.info import describe_result

        click.echo(describe_result(result))


@click.command()
@RESULT
@click.option("--format", "kind", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("-o", "--output", type=PATH, help="Directory. [default: beside the result]")
def export(result: Path, kind: str, output: Path | None) -> None:
    """Write the fields and numbers of a result in another format."""
    with plain_errors():
        from usadel_fem.solution import load

        solution = load(result)
        directory = output if output is not None else (result if result.is_dir() else result.parent)
        require_directory_name(output)
        require_directory(directory)
        for path in write(solution, directory, kind):
            click.echo(path)


def write(solution: Solution, directory: Path, kind: str) -> list[Path]:
    """Write a solution in a format, one of `export` and of `output.formats`; returns the files."""
    writers = {"vtu": solution.to_vtu, "vtkhdf": solution.to_vtkhdf, "csv": solution.to_csv}
    return writers[kind](directory)
