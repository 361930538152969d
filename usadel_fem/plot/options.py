"""What a user may choose about a picture."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from usadel_fem.errors import CaseError, Problem, did_you_mean

Width = Literal["single", "double"]
WIDTHS: dict[Width, float] = {"single": 3.4, "double": 7.0}
"""Inches of a column and of a page of a journal."""

COMPONENT = re.compile(r"(re|im)?_?(x|y|z|abs)?")


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=3)


@dataclass(frozen=True)
class Options:
    """Choices about a picture; every default means "what suits the picture".

    Attributes:
        energy, time: which energy [units.energy] or time [as on the axes] a field is shown at: the nearest
            one that was solved. Default: the energy nearest to zero, the last time.
        component: x, y, z or abs of a vector, with re_ or im_ in front for that part, or re, im alone.
        region: draw this region only.
        cmap: a colour map of matplotlib.
        window: (left, right, bottom, top) of a map [units.length].
        width: "single" or "double" column.
        dpi: dots per inch of PNG files, and of the maps inside SVG and PDF files.
        step: number of the energy or time; colour scales are then those of all of them, as films need.
        tell: is called with a sentence where a picture is not made as asked.

    >>> Options(component="re_x").part, Options(component="re_x").axis, Options(component="abs").axis
    ('re', 'x', 'abs')
    """

    energy: float | None = None
    time: float | None = None
    component: str = ""
    region: str = ""
    cmap: str = ""
    window: tuple[float, float, float, float] | None = None
    width: Width | None = None
    dpi: int = 200
    step: int | None = None
    tell: Callable[[str], None] = _warn

    def __post_init__(self) -> None:
        if not COMPONENT.fullmatch(self.component):
            rule = "must be x, y, z, abs, re or im, or re_ or im_ before one of the first four"
            raise CaseError([Problem("component", rule, self.component, file="plot")])
        if self.width is not None and self.width not in WIDTHS:
            raise CaseError([Problem("width", "must be single or double", str(self.width), file="plot")])
        if self.window and not (self.window[0] < self.window[1] and self.window[2] < self.window[3]):
            rule = "must be left < right and bottom < top"
            raise CaseError([Problem("window", rule, " ".join(map(str, self.window)), file="plot")])
        if self.dpi < 1:
            raise CaseError([Problem("dpi", "must be > 0", str(self.dpi), file="plot")])
        if self.cmap:
            _check_map(self.cmap)

    @property
    def part(self) -> str:
        """ "re", "im" or "" for both."""
        found = COMPONENT.fullmatch(self.component)
        return (found and found[1]) or ""

    @property
    def axis(self) -> str:
        """ "x", "y", "z", "abs" or "" for all."""
        found = COMPONENT.fullmatch(self.component)
        return (found and found[2]) or ""


def _check_map(name: str) -> None:
    from matplotlib import colormaps

    if name not in colormaps:
        hint = did_you_mean(name, colormaps)
        raise CaseError([Problem("cmap", "must be a colour map of matplotlib", name, hint, file="plot")])
