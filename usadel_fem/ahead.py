"""Imported by the process that workers are forked from: all that they need, compiled kernels too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from threadpoolctl import threadpool_limits

from usadel_fem import kernels, sweeping
from usadel_fem.allocator import keep_memory
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.solver.energies import DeviceSolver

__all__ = ["examples", "load_kernels", "sweeping"]


class _NotOnDisk(Exception):
    """A kernel would have to be compiled."""


def examples() -> list[Case]:
    """Small problems whose kernels most others need: all 4×4 matrices, and channels of spin."""
    collinear: dict[str, Any] = {"D": 1.0, "exchange": [0, 0, 0.2]}
    full = {**collinear, "exchange": [0.1, "0.2*x", 0.2], "theta": 0.1, "kappa": 0.1, "tau_so": 3.0}
    return [
        Case(
            mesh={"shape": "rectangle", "length": 1.0, "width": 1.0, "resolution": 0.15, "order": 1},
            material={"F": material},
            region={"rectangle": "F"},
            terminal={"left": {"Delta": 1.0}},
            solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.1},
        )
        for material in (full, collinear)
    ]


def load_kernels() -> None:
    """Load what is on disk for the examples; a kernel that is not is left to those who need it."""
    if kernels.compiled() is None:
        return
    from numba.core.event import Event, Listener, install_listener

    class Refusal(Listener):  # type: ignore[misc]
        def on_start(self, event: Event) -> None:
            raise _NotOnDisk

        def on_end(self, event: Event) -> None:
            pass

    for case in examples():
        with suppress(Exception), install_listener("numba:compile", Refusal()):
            DeviceSolver(build_device(case)).solve(0.3)


keep_memory()
threadpool_limits(1)
load_kernels()
