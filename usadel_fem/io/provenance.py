"""What made a result: versions, platform, time. Nothing about the person or the machine's name."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import usadel_fem

PACKAGES = ("numpy", "scipy", "scikit-fem", "pyamg", "meshio", "h5py", "pydantic", "pint")
OPTIONAL = ("numba", "dask", "distributed", "mpi4py", "matplotlib", "vtk", "pyvista", "xarray", "gmsh")
MISSING = "not installed"


def provenance() -> dict[str, str]:
    """Versions of this package and of what its numbers rest on, the platform and the time (UTC).

    >>> provenance()["usadel_fem"] == usadel_fem.__version__
    True
    """
    return {
        "usadel_fem": usadel_fem.__version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "platform": _platform(),
        "cores": str(os.cpu_count() or 0),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of everything installed that numbers, files or pictures may come from."""
    known = {name: _version(name) for name in (*PACKAGES, *OPTIONAL)}
    found = {name: value for name, value in known.items() if value != MISSING}
    return {"Python": f"{platform.python_version()} on {_platform()}", **found}


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB; NaN where the system does not tell."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _platform() -> str:
    return f"{platform.system()} {platform.machine()}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING
