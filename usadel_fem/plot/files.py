"""Pictures as files: PNG, SVG, PDF, and HTML with a slider over energies or times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from usadel_fem.io.atomic import atomic_path, write_text
from usadel_fem.plot import catalogue, data, films
from usadel_fem.plot.options import Options
from usadel_fem.plot.style import styled
from usadel_fem.solution import Solution

Format = Literal["png", "svg", "pdf", "html"]
FORMATS: tuple[Format, ...] = ("png", "svg", "pdf", "html")
NOT_IN_NAMES = re.compile(r"[^\w.+-]+")


def file_name(quantity: str, kind: Format) -> str:
    """The name of a picture's file.

    >>> file_name("probe:across:dos", "png")
    'probe_across_dos.png'
    """
    return f"{NOT_IN_NAMES.sub('_', quantity)}.{kind}"


def write(solution: Solution, quantity: str, path: Path, kind: Format, options: Options) -> Path:
    """Draw a quantity and write it to a file; returns the file."""
    name, entry = catalogue.find(solution, quantity, options)
    if kind == "html" and entry.series:
        axis = data.series(solution, entry.series)
        order = np.argsort(axis.values, kind="stable").tolist()
        start = order.index(data.step_of(solution, entry.series, options))
        texts = [axis.text(i) for i in order]
        page = films.film(
            lambda o: entry.draw(solution, o), order, texts, start, _title(solution, name), options
        )
        return write_text(path, page)
    return write_figure(entry.draw(solution, options), path, kind, options, _title(solution, name))


def write_figure(figure: Figure, path: Path, kind: Format, options: Options, title: str = "") -> Path:
    """Write a figure to a file; returns the file."""
    if kind == "html":
        return write_text(path, films.still(figure, title))
    # no date, so that the same picture is the same file
    metadata: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with atomic_path(path) as temporary, styled():
        figure.savefig(temporary, format=kind, dpi=options.dpi, metadata=metadata.get(kind))
    return path


def _title(solution: Solution, name: str) -> str:
    return f"{solution.case.info.title}: {name}" if solution.case.info.title else name
