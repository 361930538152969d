"""The reference of the command line, from the commands themselves; and the list of templates."""

from __future__ import annotations

import click

from docs.tools.keeping import write
from docs.tools.markdown import escaped, table
from usadel_fem.cli import main
from usadel_fem.templates import titles


def cli_reference() -> None:
    """Write the pages."""
    parts = [HEAD]
    for name, command in main.commands.items():
        context = click.Context(command, info_name=f"usadel-fem {name}")
        parts.append(section(name, command, context))
    write("cli.md", "\n\n".join(parts) + "\n")
    rows = [[f"`{name}`", escaped(title)] for name, title in titles().items()]
    write("templates.md", table(["template", "shows"], rows) + "\n")


HEAD = """# Every command

Errors go to standard error, one line each. Exit status: 0 done and converged, 2 bad input (nothing was
run), 3 not converged (what converged is saved), 130 interrupted (what was finished is saved)."""


def section(name: str, command: click.Command, context: click.Context) -> str:
    """Usage, what it does, options."""
    usage = " ".join(("usadel-fem", name, *command.collect_usage_pieces(context)))
    paragraphs = []
    for paragraph in (command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            paragraphs.append("```sh\n" + paragraph.removeprefix("\b").strip("\n") + "\n```")
        else:
            paragraphs.append(escaped(" ".join(paragraph.split())))
    rows = [
        [f"`{record[0]}`", escaped(record[1])]
        for option in command.get_params(context)
        if isinstance(option, click.Option) and (record := option.get_help_record(context))
    ]
    options = table(["option", ""], rows)
    return f"## {name}\n\n```text\n{usage}\n```\n\n" + "\n\n".join([*paragraphs, options])
