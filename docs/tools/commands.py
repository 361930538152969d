"""The command line, run as the pages show it."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

from usadel_fem.cli import main


def command(*words: str) -> str:
    """Run `usadel-fem WORDS` in this process; what it wrote to standard output.

    Raises:
        RuntimeError: if it ends with another status than 0, with what it said.
    """
    said, complained = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(complained):
            main(list(words), prog_name="usadel-fem", standalone_mode=False)
    except SystemExit as end:
        if end.code:
            line = " ".join(("usadel-fem", *words))
            raise RuntimeError(f"{line}: exit status {end.code}\n{complained.getvalue()}") from None
    return said.getvalue()
