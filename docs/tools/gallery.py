"""The gallery: every case run and drawn by the commands that its page shows, its numbers compared."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import usadel_fem as uf
from docs.tools.commands import command
from docs.tools.gallery_cases import ENTRIES
from docs.tools.gallery_entries import Entry, Number, Picture
from docs.tools.keeping import GENERATED, ROOT, digest, drawing_version, kept, version, write
from docs.tools.markdown import escaped, from_comment, table

CASES = {path.name[:2]: path for path in sorted((ROOT / "cases").glob("*.toml"))}
Say = Callable[[str], None]


def gallery(say: Say = print) -> None:
    """Write the pages of the gallery, and their pictures."""
    rows = []
    for number, entry in ENTRIES.items():
        case = CASES[number]
        say(f"gallery: {case.stem}")
        result = run(case, entry.settings)
        pictures = [draw(case, result, picture) for picture in entry.pictures]
        compared = [compare(case, result, number) for number in entry.numbers]
        write(f"gallery/{case.stem}.md", page(case, entry, compared, pictures))
        title = uf.load_case(case).info.title
        rows.append([f"[{number}]({case.stem}.md)", escaped(title), f"![]({pictures[0].name})"])
    write("gallery/index.md", index(rows))


def run(case: Path, settings: Mapping[str, str]) -> Path:
    """The folder of the result of `usadel-fem run`."""
    mesh = uf.load_case(case).mesh_path
    variant = digest(*map(str, settings.items()))
    parts = [case.read_bytes(), *([mesh.read_bytes()] if mesh else [])]
    name = f"{case.stem}-{variant}-{digest(version(), *parts)}"

    def make(folder: Path) -> None:
        sets = [word for item in settings.items() for word in ("--set", "=".join(item))]
        command("run", str(case), "-o", str(folder), "--quiet", *sets)

    return kept("run", name, make)


def draw(case: Path, result: Path, picture: Picture) -> Path:
    """A picture by `usadel-fem plot`, in the folder of generated pages."""
    file = re.sub(r"\W+", "_", "_".join((case.stem, picture.quantity, *picture.options))) + ".png"
    name = f"{file}-{digest(version(), drawing_version(), result.name, *picture.options)}"

    def make(folder: Path) -> None:
        command("plot", str(result), picture.quantity, *picture.options, "-o", str(folder / file))

    target = GENERATED / "gallery" / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept("picture", name, make) / file, target)
    return target


def compare(case: Path, result: Path, number: Number) -> list[str]:
    """A row of the table: what it is, expected, found, difference.

    Raises:
        ValueError: if they differ by more than is allowed.
    """
    found = number.read(uf.load(result))
    if number.against:
        found = 0.5 * (found - number.read(uf.load(run(case, number.against))))
    text = header(case).replace("\n", " ")
    promised = re.search(number.promised, text)
    if promised is None:
        raise ValueError(f"{case.name}: its header does not say {number.promised}")
    expected = float(promised[1])
    off = abs(found / expected - 1)
    if off > number.allowed:
        raise ValueError(f"{case.name}: {number.what} is {found:.6g}, and not {expected:g}")
    return [escaped(number.what), promised[1], f"{found:.5g}", f"{100 * off:.2g} %"]


def header(case: Path) -> str:
    """The comment at the head of a case."""
    lines = []
    for line in case.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)


def page(case: Path, entry: Entry, compared: list[list[str]], pictures: list[Path]) -> str:
    """The page of one case."""
    title = uf.load_case(case).info.title
    sets = "".join(f" \\\n    --set {key}='{value}'" for key, value in entry.settings.items())
    commands = [f"usadel-fem run cases/{case.name} -o {case.stem}.out{sets}"]
    commands += [
        " ".join(("usadel-fem plot", f"{case.stem}.out", picture.quantity, *picture.options))
        for picture in entry.pictures
    ]
    shown = [
        f":::{{figure}} {path.name}\n:alt: {picture.caption}\n\n{escaped(picture.caption)}\n:::"
        for path, picture in zip(pictures, entry.pictures, strict=True)
    ]
    short = "\nThe settings make the run of this page short; the case as it is, is finer.\n" if sets else ""
    return f"""# {escaped(title)}

{from_comment(header(case))}

{table(["number", "expected", "found", "difference"], compared)}

```sh
{chr(10).join(commands)}
```
{short}
{chr(10).join(shown)}

```{{literalinclude}} ../../../cases/{case.name}
:language: toml
:start-at: "[case]"
:caption: cases/{case.name}
```
"""


def index(rows: list[list[str]]) -> str:
    """The first page of the gallery."""
    names = "\n".join(CASES[number].stem for number in ENTRIES)
    return f"""# Gallery

The files in `cases/`, run and drawn as these pages were built. Each says what it shows, the number to expect
and where that number comes from; a build ends where a number is missed.

{table(["case", "shows", ""], rows)}

```{{toctree}}
:hidden:
{names}
```
"""
