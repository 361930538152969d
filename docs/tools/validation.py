"""The tables of verified numbers: the verification tests run, and what they compared.

python -m docs.tools.validation FILE.json     run the tests, write what they compared
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from docs.tools.keeping import ROOT, digest, kept, version, write
from docs.tools.markdown import escaped, table

TESTS = ROOT / "tests" / "verification"
RESULT = "rows.json"


class Recorder:
    """A plugin of pytest: which test made which rows of the table."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        from tests.verification.table import ROWS

        before = len(ROWS)
        yield
        module = item.getparent(pytest.Module)
        assert module is not None
        about = " ".join((module.obj.__doc__ or "").split("\n\n")[0].split())
        self.rows += [
            {
                "file": module.path.name,
                "about": about,
                "name": row.name,
                "got": row.got,
                "expected": row.expected,
                "tolerance": row.tolerance,
            }
            for row in ROWS[before:]
        ]


def validation(say: Any = print) -> None:
    """Write the page, from tests that run now unless they ran with this version before."""
    files = sorted(path for path in TESTS.glob("*.py"))
    name = f"verification-{digest(version(), *(path.read_bytes() for path in files))}"

    def make(folder: Path) -> None:
        say("verification tests: some minutes")
        words = [sys.executable, "-m", "docs.tools.validation", str(folder / RESULT)]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the verification tests failed\n{done.stdout[-4000:]}{done.stderr[-2000:]}")

    rows = json.loads((kept("tests", name, make) / RESULT).read_text(encoding="utf-8"))
    write("validation.md", page(rows))


def page(rows: list[dict[str, Any]]) -> str:
    """A table for every file of tests."""
    parts = [HEAD.format(count=len(rows))]
    for file, group in groupby(rows, key=lambda row: str(row["file"])):
        each = list(group)
        lines = [
            [
                escaped(row["name"]),
                f"{row['got']:.6g}",
                f"{row['expected']:.6g}",
                f"{row['got'] - row['expected']:.1e}",
                f"{row['tolerance']:.1e}",
            ]
            for row in each
        ]
        title = file.removeprefix("test_").removesuffix(".py").replace("_", " ").capitalize()
        head = ["", "found", "expected", "difference", "allowed"]
        parts.append(
            f"## {title}\n\n{escaped(each[0]['about'])} (`tests/verification/{file}`)\n\n{table(head, lines)}"
        )
    return "\n\n".join(parts) + "\n"


HEAD = """# Numbers against closed forms and other solutions

The {count} numbers that the tests in `tests/verification` compare, with what they should be and by how
much they may differ. They were computed as these pages were built, by the tests that also run with `make
test`; a number that is off ends the build.

- *rates*: smooth random fields with every term on are made solutions by a source term; errors then have
  to fall with the power of the element size that theory promises. "expected" is the power.
- *closed forms and published numbers*: gaps, critical fields and temperatures, currents, conductances,
  spin accumulations.
- *another solver*: disks and rings with winding, turning fields and jumps of all coefficients, against
  finite differences of the radial equation, which share no code with this program. "expected" is a
  difference of zero.
- *balances and symmetries*: what has to agree to rounding or to the tolerance of the solver.

Tests that assert without a number – gradients and Hessians against differences of the action, causality,
invariances – run beside them and are not listed."""


def main(target: str) -> int:
    """Run the tests and write the rows."""
    files = [
        path for path in sorted(TESTS.glob("test_*.py")) if "compare(" in path.read_text(encoding="utf-8")
    ]
    recorder = Recorder()
    status = pytest.main(["-q", "-p", "no:cacheprovider", *map(str, files)], plugins=[recorder])
    Path(target).write_text(json.dumps(recorder.rows), encoding="utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
