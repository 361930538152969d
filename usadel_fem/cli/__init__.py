"""The command line: thin calls into `load_case`, `solve` and `Solution`, and words for what happened.

One module for each group of commands; importing this is quick, a command imports what it needs when it runs.
"""

from __future__ import annotations

import click

from usadel_fem import __version__
from usadel_fem.cli import cases, completion, pictures, results, solving, starting, sweeps


def _version(context: click.Context, option: click.Parameter, asked: bool) -> None:
    """The version, and a line for each thing that the numbers rest on."""
    if not asked or context.resilient_parsing:
        return
    from usadel_fem.io.provenance import versions

    click.echo(f"usadel-fem, version {__version__}")
    for name, version in versions().items():
        click.echo(f"  {name} {version}")
    context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show versions."
)
def main() -> None:
    """Diffusive superconducting hybrids: solve the matrix Usadel equation of a case file.

    Exit status: 0 done and converged, 2 bad input (nothing was run), 3 not converged (what converged is
    saved), 130 interrupted (what was finished is saved).
    """


COMMANDS = (
    starting.new,
    starting.mesh,
    cases.check,
    solving.run,
    sweeps.sweep,
    cases.material,
    results.info,
    results.export,
    pictures.plot,
    cases.schema,
    cases.cite,
    completion.completion,
)
for command in COMMANDS:
    main.add_command(command)
