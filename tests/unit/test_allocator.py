"""Memory that is used again."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import resource
import numpy as np
from usadel_fem.allocator import keep_memory

def products() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [np.ones(2**17) for _ in range(64)]
    del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = [products() for _ in range(3)][-1]
kept = keep_memory()
print(kept, usual, [products() for _ in range(3)][-1])
"""
"""New pages of 64 arrays of 1 MB that were made, and given back, twice before."""


def test_freed_memory_is_used_again() -> None:
    """With pages of 4 kB or more, 64 MB are 16 thousand of them or fewer; less than a hundredth is new."""
    package = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=package, capture_output=True, text=True, check=True, timeout=60
    )
    kept, usual, now = found.stdout.split()
    assert kept == str(platform.libc_ver()[0] == "glibc")
    assert int(now) <= (160 if kept == "True" else int(usual) + 160)
