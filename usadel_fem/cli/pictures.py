"""The command plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from usadel_fem.cli.common import PATH, plain_errors, require_directory, require_directory_name
from usadel_fem.errors import CaseError, Problem

if TYPE_CHECKING:
    from usadel_fem.plot.files import Format
    from usadel_fem.plot.options import Options

FORMATS = ("png", "svg", "pdf", "html")


@click.command()
@click.argument("arguments", metavar="DIR|FILE.h5|TABLE.csv... [QUANTITY]...", nargs=-1, required=True)
@click.option("--list", "listing", is_flag=True, help="Say what can be drawn; * marks the usual choice.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Of the files. [default: png]")
@click.option("-o", "--output", type=PATH, help="Directory, or the file of a single picture.")
@click.option("--energy", type=float, help="Energy that fields are shown at. [default: nearest to zero]")
@click.option("--time", type=float, help="Time that fields are shown at. [default: the last]")
@click.option("--component", default="", help="x, y, z or abs of a vector; re, im, re_x, ...")
@click.option("--region", default="", help="Draw this region only.")
@click.option("--window", type=(float, float, float, float), help="Left, right, bottom and top of a map.")
@click.option("--cmap", default="", help="A colour map of matplotlib instead of the usual one.")
@click.option("--width", type=click.Choice(["single", "double"]), help="Column width.")
@click.option("--dpi", type=click.IntRange(min=1), default=200, show_default=True, help="Dots per inch.")
def plot(
    arguments: tuple[str, ...],
    listing: bool,
    kind: Format | None,
    output: Path | None,
    energy: float | None,
    time: float | None,
    component: str,
    region: str,
    window: tuple[float, float, float, float] | None,
    cmap: str,
    width: Literal["single", "double"] | None,
    dpi: int,
) -> None:
    """Draw what a run produced; several results, or the table of a sweep, give numbers against what changes.

    Without a QUANTITY a usual choice is drawn. Files go beside the result.
    """
    with plain_errors():
        from usadel_fem.plot import require_matplotlib

        require_matplotlib()
        from usadel_fem.plot.options import Options

        def tell(text: str) -> None:
            click.echo(text, err=True)

        options = Options(energy, time, component, region, cmap, window, width, dpi, tell=tell)
        results, quantities = _sorted_out(arguments)
        if listing:
            click.echo(_listing(results))
            return
        for path in _draw(results, quantities, kind, output, options):
            click.echo(path)


def _sorted_out(arguments: tuple[str, ...]) -> tuple[list[Path], list[str]]:
    """Results first: whatever exists or looks like a file; quantities behind them."""
    count = 1
    while count < len(arguments) and _is_result(arguments[count]):
        count += 1
    return [Path(a) for a in arguments[:count]], list(arguments[count:])


def _is_result(argument: str) -> bool:
    path = Path(argument)
    return path.suffix in (".h5", ".csv") or path.is_dir()


def _is_family(results: list[Path]) -> bool:
    from usadel_fem.io.sweep import sweep_file

    return len(results) > 1 or results[0].suffix == ".csv" or sweep_file(results[0]) is not None


def _listing(results: list[Path]) -> str:
    if _is_family(results):
        from usadel_fem.plot import family

        table = family.read(results)
        shown = table.names().items()
        return "\n".join(f"{'*' if name == table.usual else ' '} {name:<28} {text}" for name, text in shown)
    from usadel_fem.plot.catalogue import entries
    from usadel_fem.solution import load

    found = entries(load(results[0]))
    lines = [f"{'*' if entry.usual else ' '} {name:<28} {entry.text}" for name, entry in found.items()]
    return "\n".join(lines)


def _draw(
    results: list[Path], quantities: list[str], kind: Format | None, output: Path | None, options: Options
) -> list[Path]:
    from usadel_fem.plot import family, files
    from usadel_fem.plot.catalogue import entries, find
    from usadel_fem.solution import load

    if _is_family(results):
        table = family.read(results)
        names = quantities or [table.usual]
        home = _home(results[0]) if len(results) == 1 else Path()
        kind, paths = _targets(names, kind, output, home)
        return [
            files.write_figure(family.draw(table, name, options), path, kind, options, name)
            for name, path in zip(names, paths, strict=True)
        ]
    solution = load(results[0])
    names = quantities or [name for name, entry in entries(solution).items() if entry.usual]
    names = [find(solution, name, options)[0] for name in names]
    home = _home(results[0])
    kind, paths = _targets(names, kind, output, home)
    return [files.write(solution, name, path, kind, options) for name, path in zip(names, paths, strict=True)]


def _home(result: Path) -> Path:
    return result if result.is_dir() else result.parent


def _targets(
    names: list[str], kind: Format | None, output: Path | None, home: Path
) -> tuple[Format, list[Path]]:
    """The format, and the file of each picture."""
    from usadel_fem.plot.files import FORMATS as KNOWN
    from usadel_fem.plot.files import file_name

    suffix = next((f for f in KNOWN if output is not None and output.suffix == f".{f}"), None)
    if suffix is not None and output is not None:
        if len(names) > 1:
            rule = "must be a directory where several pictures are drawn"
            raise CaseError([Problem("", rule, str(output), file="--output")])
        if kind not in (None, suffix):
            raise CaseError(
                [Problem("", f"must end in .{kind} as --format says", str(output), file="--output")]
            )
        require_directory(output.parent)
        return suffix, [output]
    require_directory_name(output, f"must be a directory, or end in {', '.join(f'.{f}' for f in KNOWN)}")
    chosen: Format = kind or "png"
    directory = output or home
    require_directory(directory)
    return chosen, [directory / file_name(name, chosen) for name in names]
