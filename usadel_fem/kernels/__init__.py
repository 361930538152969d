"""Compiled twins of the hot paths: the algebra of `action.py` and `physics/frames.py`, with numba.

Nothing here knows a mesh: arrays come in and go out. numba is imported on first use; where it is missing or
broken, or switched off by NUMBA_DISABLE_JIT=1, everything runs on the NumPy reference, only slower.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any


@lru_cache(maxsize=1)
def compiled() -> Any:
    """The module `kernels.operators`, or None where there is no compiler."""
    try:
        if import_module("numba").config.DISABLE_JIT:
            return None
        operators = import_module("usadel_fem.kernels.operators")
        operators.check()
    except Exception:  # a broken installation raises anything
        return None
    return operators
