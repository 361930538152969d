"""What a shell can complete, and the command that sets it up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def files(*suffixes: str, inside: str = "") -> Complete:
    """Completion of files by their ends, and of folders that hold a file called `inside`.

    Where there is none, the shell completes whatever file it finds.
    """

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        start = incomplete.rpartition("/")[2]
        folder = Path(incomplete[: len(incomplete) - len(start)] or ".")
        found = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            wanted = path.suffix in suffixes or (inside and (path / inside).is_file())
            if wanted and path.name.startswith(start):
                found.append(CompletionItem(f"{incomplete[: len(incomplete) - len(start)]}{path.name}"))
        return found or [CompletionItem(incomplete, type="file")]

    return complete


def templates(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of templates, with what they show where the shell tells."""
    from usadel_fem.templates import titles

    return [
        CompletionItem(name, help=title)
        for name, title in titles().items()
        if name.startswith(incomplete.replace("-", "_"))
    ]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that makes a shell complete commands, options, templates, cases and results.

    \b
    bash:  usadel-fem completion bash > ~/.local/share/bash-completion/completions/usadel-fem
    zsh:   usadel-fem completion zsh > ~/.zfunc/_usadel-fem      (with ~/.zfunc in fpath)
    fish:  usadel-fem completion fish > ~/.config/fish/completions/usadel-fem.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "the choice above"
    main = context.find_root().command
    source = kind(main, {}, "usadel-fem", "_USADEL_FEM_COMPLETE")
    click.echo(source.source_template % source.source_vars())
