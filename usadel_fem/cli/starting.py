"""Commands that come before a case: new."""

from __future__ import annotations

from pathlib import Path

import click

from usadel_fem.cli.common import plain_errors
from usadel_fem.errors import CaseError, Problem


@click.command()
@click.argument("template", required=False)
@click.argument("name", required=False, type=click.Path(path_type=Path))
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
