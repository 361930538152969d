"""Memory that is freed stays with this process: a new page costs more than what is written into it.

The C library gives memory of large arrays back, and asks the system for it again at the next product: at
4,000 nodes, 16 MB for every energy.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

__all__ = ["keep_memory"]

LARGE = 2**25
"""Bytes of an array that is asked from the system by itself, and given back: the most that glibc takes."""

KEPT = 2**30
"""Bytes that are kept."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""


def keep_memory() -> bool:
    """Keep what is freed from now on, where the C library is glibc; whether it is."""
    with suppress(AttributeError, OSError, TypeError):
        set_option = ctypes.CDLL(None).mallopt
        return bool(set_option(_MMAP_THRESHOLD, LARGE) and set_option(_TRIM_THRESHOLD, KEPT))
    return False
