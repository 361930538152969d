"""Pictures of results: from a solution to figures of matplotlib, which is needed only here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from usadel_fem.errors import CaseError, Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from usadel_fem.solution import Solution

__all__ = ["draw", "drawable", "require_matplotlib"]


def draw(solution: Solution, quantity: str, **options: Any) -> Figure:
    """A picture of a quantity.

    Args:
        solution: a solved case.
        quantity: one of `drawable`, such as "dos", "delta", "charge_current", "probe:NAME".
        options: energy, time, component, region, cmap, width ("single" or "double"), dpi: see
            `usadel_fem.plot.options.Options`.

    Raises:
        CaseError: no such quantity in this solution, an option that cannot be, or no matplotlib.
    """
    require_matplotlib()
    from usadel_fem.plot.catalogue import find
    from usadel_fem.plot.options import Options

    chosen = Options(**options)
    return find(solution, quantity, chosen)[1].draw(solution, chosen)


def drawable(solution: Solution) -> dict[str, str]:
    """What can be drawn from a solution: name and what it shows."""
    require_matplotlib()
    from usadel_fem.plot.catalogue import entries

    return {name: entry.text for name, entry in entries(solution).items()}


def require_matplotlib() -> None:
    """Refuse in one line where matplotlib is missing."""
    if find_spec("matplotlib") is None:
        hint = "pip install 'usadel_fem[plot]'"
        raise CaseError([Problem("", "needs matplotlib, which is not installed", hint=hint, file="plot")])
