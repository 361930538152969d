"""All subjects in turn, each in its own interpreter; results.json and the tables of docs/performance.md.

    python -m benchmarks [--large] [NAME ...]

Subjects that are not run keep their figures of the last run; the large sets have records of their own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import table

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "performance.md"
LARGE = " --large"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


def subjects() -> list[str]:
    """The modules of this folder that measure."""
    names = sorted(path.stem for path in HERE.glob("[!_]*.py"))
    return [name for name in names if hasattr(importlib.import_module(f"benchmarks.{name}"), "measure")]


def run(name: str, large: bool) -> dict[str, Any]:
    """The record of one subject, run alone with one BLAS thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(path), *["--large"] * large]
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, check=True, cwd=HERE.parent, env={**os.environ, **one})
        record = json.loads(path.read_text(encoding="utf-8"))
    return {"command": f"python -m benchmarks.{name}" + LARGE * large, **record}


def written(page: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    """The page with the tables between its marks."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{tables(records)}\n\n{END}{after}"


def tables(records: Mapping[str, Mapping[str, Any]]) -> str:
    """A table per subject, under the machine it was measured on."""
    parts: list[str] = []
    last: Mapping[str, str] | None = None
    for record in records.values():
        if record["environment"] != last:
            last = record["environment"]
            parts.append("; ".join(f"{key} {value}" for key, value in last.items()) + ".")
        how = f"{record['minutes']:.1f} minutes; load of the machine at the start {record['load']:g}"
        head = f"### {record['title']}\n\n`{record['command']}` ({how})"
        parts.append(head + "\n\n" + table(record["figures"]))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="the sizes that take many minutes or gigabytes")
    parser.add_argument("names", nargs="*", metavar="NAME", help="subjects to run; all without")
    arguments = parser.parse_args()
    known = subjects()
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    records = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in arguments.names or known:
        print(f"== {name}", flush=True)
        records[name + LARGE * arguments.large] = run(name, arguments.large)
        ordered = {key: records[key] for n in known for key in (n, n + LARGE) if key in records}
        RESULTS.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), ordered), encoding="utf-8")


if __name__ == "__main__":
    main()
