"""How kernels are compiled: once per machine, kept on disk, without Python's lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()[:12]
"""Stands in the name of every kernel: what numba keeps on disk for a function does not depend on the other
files that are compiled into it."""

inline = njit(forceinline=True, error_model="numpy")
"""For algebra inside of kernels."""

part = njit(error_model="numpy")
"""For loops inside of kernels: many nodes in a call, because a call counts references of its arrays."""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile on the first call, or load what an earlier process compiled.

    numba keeps it beside the source, in the user's cache where that is read-only, or nowhere.
    """
    function.__qualname__ += f"_{SOURCES}"
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no place to write
        return njit(**options)(function)
