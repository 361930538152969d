"""Diffusive superconducting hybrids: the matrix Usadel equation with spin–orbit coupling, by finite
elements."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from usadel_fem.case import Case, load_case
    from usadel_fem.labelled import Observable
    from usadel_fem.physics.basis import from_plain_basis, to_plain_basis
    from usadel_fem.plot import draw, drawable
    from usadel_fem.run import solve
    from usadel_fem.solution import Solution, load
    from usadel_fem.sweeping import sweep

__version__ = "0.1.0"

__all__ = [
    "Case",
    "Observable",
    "Solution",
    "__version__",
    "draw",
    "drawable",
    "from_plain_basis",
    "load",
    "load_case",
    "solve",
    "sweep",
    "to_plain_basis",
]

_HOME = {
    "Case": "usadel_fem.case",
    "Observable": "usadel_fem.labelled",
    "Solution": "usadel_fem.solution",
    "draw": "usadel_fem.plot",
    "drawable": "usadel_fem.plot",
    "from_plain_basis": "usadel_fem.physics.basis",
    "load": "usadel_fem.solution",
    "load_case": "usadel_fem.case",
    "solve": "usadel_fem.run",
    "sweep": "usadel_fem.sweeping",
    "to_plain_basis": "usadel_fem.physics.basis",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: `import usadel_fem` stays fast."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
