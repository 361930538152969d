"""Gmsh is no part of the test tools: its wheel needs system libraries that a bare machine lacks."""

import importlib
from pathlib import Path


def _has_gmsh() -> bool:
    try:
        importlib.import_module("gmsh")
    except (ImportError, OSError):
        return False
    return True


FOLDER = Path(__file__).parent
collect_ignore = [] if _has_gmsh() else [str(FOLDER / "test_generators.py")]
