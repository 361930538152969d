"""Looks that all pictures share: fonts, colours told apart by all eyes, colour scales fit for data.

Sequential scales are perceptually uniform; diverging ones are symmetric about zero; phases go around.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, MaxNLocator
from numpy.typing import NDArray

from usadel_fem.plot.data import Kind
from usadel_fem.plot.options import WIDTHS, Options

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Colours of lines, after Okabe and Ito."""
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1, 1, 1)))
MAPS: dict[Kind, str] = {"sequential": "viridis", "diverging": "RdBu_r", "cyclic": "twilight"}
GREY = "0.45"
WIDE = 1.7
"""A map this much wider than high has its colour bar below, and its neighbours too."""

RC: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "figure.titlesize": 8,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "usadel_fem",
}

P = ParamSpec("P")
T = TypeVar("T")


class Picture(Figure):
    """A figure of matplotlib that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with styled():
            self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


@contextmanager
def styled() -> Iterator[None]:
    """The looks, while something is drawn or written."""
    with matplotlib.rc_context(RC):
        yield


def in_style(draw: Callable[P, T]) -> Callable[P, T]:
    """A drawing function whose figures have the looks."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        with styled():
            return draw(*args, **kwargs)

    return drawn


def panels(
    count: int, options: Options, *, ratio: float, columns: int = 1, bars: bool = False, share: bool = False
) -> tuple[Picture, list[Axes]]:
    """A figure with `count` axes.

    Args:
        ratio: height over width of one panel.
        columns: at most this many in a row.
        bars: leave room for colour bars, and give panels the aspect of their data.
        share: let panels below each other share the horizontal axis.
    """
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    width = WIDTHS[options.width or ("double" if columns > 1 else "single")]
    panel = (width - 0.55) / columns - 0.2
    below = bars and 1 / ratio > WIDE
    drawn = panel - (0.75 if bars and not below else 0.0)
    height = rows * (drawn * ratio + (0.95 if below else 0.45)) + 0.25
    if share:
        height = rows * drawn * ratio + 0.55
    figure = Picture(figsize=(width, min(height, 9.2)), layout="compressed" if bars else "constrained")
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(w_pad=0.05, h_pad=0.04, wspace=0.03, hspace=0.03)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=share)
    flat = list(axes.ravel())
    for unused in flat[count:]:
        unused.remove()
    return figure, flat[:count]


def norm_of(values: NDArray[Any], kind: Kind) -> Normalize:
    """The limits of a colour scale: ±π, symmetric about zero, or from zero to the largest."""
    if kind == "cyclic":
        return Normalize(-np.pi, np.pi)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if kind == "diverging":
        size = max(abs(low), abs(high)) or 1.0
        return Normalize(-size, size)
    low = min(low, 0.0)
    return Normalize(low, high if high > low else low + 1.0)


def colour_map(kind: Kind, options: Options) -> str:
    """The name of the colour map: the user's, or the one for this kind of data."""
    return options.cmap or MAPS[kind]


def colour_bar(
    figure: Figure, axes: Axes, image: ScalarMappable, label: str, kind: Kind, *, below: bool = False
) -> Colorbar:
    """A colour bar with its label; phases are marked in parts of π."""
    place = "bottom" if below else "right"
    aspect = 30 if below else 20
    over = "max" if getattr(image, "clipped_above", False) else "neither"
    bar = figure.colorbar(image, ax=axes, label=label, location=place, aspect=aspect, pad=0.02, extend=over)
    if kind != "cyclic" and not isinstance(image.norm, LogNorm):
        bar.locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    bar.ax.tick_params(direction="out", top=False, left=False, right=not below, bottom=below)
    if kind == "cyclic":
        bar.set_ticks([-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi])
        bar.set_ticklabels(["−π", "−π/2", "0", "π/2", "π"])
    return bar


def phase_axis(axes: Axes, low: float, high: float, along: str = "x") -> None:
    """Ticks at multiples of π/2 where an axis spans enough of them."""
    if high - low < 0.9 * np.pi:
        return
    step = np.pi / 2 if high - low < 4.2 * np.pi else np.pi
    numbers = np.arange(np.ceil(low / step - 1e-6), np.floor(high / step + 1e-6) + 1)
    target = axes.xaxis if along == "x" else axes.yaxis
    target.set_major_locator(FixedLocator(list(numbers * step)))
    target.set_ticklabels([_multiple(n * step / np.pi) for n in numbers])


def _multiple(value: float) -> str:
    """A multiple of π in words.

    >>> [_multiple(v) for v in (-1.0, -0.5, 0.0, 1.5, 2.0)]
    ['−π', '−π/2', '0', '3π/2', '2π']
    """
    halves = round(2 * value)
    if halves == 0:
        return "0"
    sign = "−" if halves < 0 else ""
    number, end = (abs(halves) // 2, "π") if halves % 2 == 0 else (abs(halves), "π/2")
    return f"{sign}{number if number > 1 else ''}{end}"


LEVEL = 1e-4
"""Relative changes below this are not worth a scale of their own."""


def calm(axes: Axes) -> None:
    """Show values that hardly change as level, without an offset at the axis."""
    low, high = axes.dataLim.intervaly
    size = max(abs(low), abs(high))
    if np.isfinite(size) and high - low < LEVEL * size:
        axes.set_ylim(low - 0.05 * size, high + 0.05 * size)


def fold_label(axes: Axes) -> None:
    """Put the unit of the ordinate in a second line where the label is longer than the figure is high."""
    figure, label = axes.get_figure(root=True), axes.yaxis.label
    assert figure is not None
    figure.draw_without_rendering()
    extent = label.get_window_extent()
    what, bracket, unit = label.get_text().rpartition(" (")
    if bracket and (extent.y0 < 0 or extent.y1 > figure.bbox.height):
        label.set_text(f"{what}\n({unit}")


def legend(axes: Axes, **options: Any) -> None:
    """A legend where there is more than one thing to tell apart."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) > 1 or (names and options.get("always")):
        options.pop("always", None)
        axes.legend(handles, names, ncols=1 if len(names) < 5 else 2, columnspacing=1.2, **options)
