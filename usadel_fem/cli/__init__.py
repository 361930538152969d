"""The command line: thin calls into `load_case`, `solve` and `Solution`, and words for what happened.

One module for each group of commands; importing this is quick, a command imports what it needs when it runs.
"""

from __future__ import annotations

import click

from usadel_fem import __version__
from usadel_fem.cli import cases, pictures, results, solving


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="usadel-fem")
def main() -> None:
    """Diffusive superconducting hybrids: solve the matrix Usadel equation of a case file.

    Exit status: 0 done and converged, 2 bad input (nothing was run), 3 not converged (what converged is
    saved), 130 interrupted (what was finished is saved).
    """


COMMANDS = (
    cases.check,
    solving.run,
    cases.material,
    results.info,
    results.export,
    pictures.plot,
    cases.schema,
)
for command in COMMANDS:
    main.add_command(command)
