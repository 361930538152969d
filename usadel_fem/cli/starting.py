"""Commands that come before a case: new, mesh."""

from __future__ import annotations

from pathlib import Path

import click

from usadel_fem.cli.common import PATH, plain_errors, require_directory
from usadel_fem.cli.completion import templates
from usadel_fem.errors import CaseError, Problem


@click.command()
@click.argument("template", required=False, shell_complete=templates)
@click.argument("name", required=False, type=PATH)
@click.option("--list", "listed", is_flag=True, help="Name the templates, and say what each of them shows.")
def new(template: str | None, name: Path | None, listed: bool) -> None:
    """Write a commented case to start from: NAME.toml, and NAME.msh if it has a mesh of its own."""
    with plain_errors():
        from usadel_fem.templates import new_case, titles

        if listed:
            known = titles()
            width = max(map(len, known))
            click.echo("\n".join(f"{key:<{width}}  {title}" for key, title in known.items()))
            return
        if template is None or name is None:
            hint = "usadel-fem new --list names the templates"
            raise CaseError([Problem("", "must have a TEMPLATE and a NAME", hint=hint, file="new")])
        files = new_case(template, name)
        click.echo(f"wrote {', '.join(map(str, files))}; solve it with: usadel-fem run {files[0]}")


@click.command()
@click.argument("source", metavar="IN", type=PATH)
@click.argument("target", metavar="[OUT.msh]", type=PATH, required=False)
@click.option("--scale", type=float, default=1.0, help="Multiply coordinates, such as 1e9 from m to nm.")
@click.option("--numbers", metavar="NAME", help="Cell data that number the regions and boundaries.")
@click.option("--name-sides", "sides", is_flag=True, help="Name flat outer sides left, right, bottom, ...")
@click.option("--force", is_flag=True, help="Replace an OUT.msh that exists.")
def mesh(
    source: Path, target: Path | None, scale: float, numbers: str | None, sides: bool, force: bool
) -> None:
    """Say what a mesh file holds and what a case on it needs; write it as OUT.msh, which a case can name.

    Reads what meshio reads: Gmsh of all versions, Abaqus, MED, VTK, VTU, XDMF, Netgen, Medit, ...
    """
    with plain_errors(source):
        from usadel_fem.convert import convert_mesh

        if not 0 < scale < float("inf"):
            raise CaseError([Problem("", "must be > 0", str(scale), file="--scale")])
        if target is not None:
            require_directory(target.parent)
        click.echo(convert_mesh(source, target, scale=scale, numbers=numbers, sides=sides, force=force))
