"""What every subject needs: figures with their noise, timing, fresh processes, the record of the machine."""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

PACKAGES = ("numpy", "scipy", "scikit-fem", "pyamg", "numba")


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        value: the median where it was repeated.
        unit: "" for ratios and counts.
        spread: (largest − smallest)/median of the repeats, or the standard error of an exponent; None for
            what repeats exactly or was measured once.
        target: e.g. "≥ 50"; "" where none was set.
        note: what a reader has to know of it, in a few words.
    """

    value: float
    unit: str = ""
    spread: float | None = None
    target: str = ""
    note: str = ""


Measure = Callable[[bool], dict[str, Figure]]


def median(values: Sequence[float], unit: str = "", target: str = "", note: str = "") -> Figure:
    """The middle of some repeats, with their spread."""
    middle = float(np.median(values))
    spread = float(np.ptp(values) / middle) if len(values) > 1 and middle else None
    return Figure(middle, unit, spread, target, note)


def seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of one call, in which other programs do not count, and its result."""
    began = time.process_time()
    result = function()
    return time.process_time() - began, result


def ratios(one: Callable[[], Any], other: Callable[[], Any], repeats: int) -> list[float]:
    """Time of `one` over time of `other`, measured in turns so that both see the same machine."""
    return [seconds(one)[0] / seconds(other)[0] for _ in range(repeats)]


def rate(function: Callable[[], Any], least: float = 0.2) -> float:
    """Seconds per call of a short function, called until `least` seconds have gone."""
    function()
    calls, began = 0, time.process_time()
    while calls == 0 or time.process_time() - began < least:
        function()
        calls += 1
    return (time.process_time() - began) / calls


def exponent(sizes: Sequence[float], values: Sequence[float], target: str = "", note: str = "") -> Figure:
    """p of value ∝ size^p by least squares, with its standard error.

    >>> exponent([1.0, 2.0, 4.0], [3.0, 12.0, 48.0]).value
    2.0
    """
    x, y = np.log(sizes), np.log(values)
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (x @ x))) if len(x) > 2 else None
    return Figure(round(slope, 12), "", error, target, note)


def peak_gigabytes() -> float:
    """Largest resident size of this process so far, from Linux: getrusage would report the parent's too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a module in a new interpreter: its peak memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_alone, function, *arguments).result()


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    with threadpool_limits(1):
        return function(*arguments)


def environment() -> dict[str, str]:
    """Machine and versions."""
    blas = sorted(
        {f"{i['internal_api']} {i['version']}" for i in threadpool_info() if i["user_api"] == "blas"}
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{pages / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "usadel_fem": importlib.import_module("usadel_fem").__version__,
        **{name: _version(name) for name in PACKAGES},
        "BLAS": ", ".join(blas) or "unknown",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def run(measure: Measure, title: str) -> None:
    """The command line of a subject: measure, show, and write to a file if one is named."""
    parser = argparse.ArgumentParser(description=title.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="the sizes that take many minutes or gigabytes")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    began, load = time.perf_counter(), os.getloadavg()[0]
    with threadpool_limits(1):
        figures = measure(arguments.large)
    record = {
        "title": title.splitlines()[0],
        "large": arguments.large,
        "environment": environment(),
        "load": round(load, 2),
        "minutes": round((time.perf_counter() - began) / 60, 2),
        "figures": {name: asdict(figure) for name, figure in figures.items()},
    }
    print(table(record["figures"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Figures as a Markdown table.

    >>> print(table({"iterations": asdict(Figure(54, target="≤ 60"))}))
    | figure | measured | spread | target | unit |
    |---|---|---|---|---|
    | iterations | 54 | – | ≤ 60 |  |
    """
    rows = ["| figure | measured | spread | target | unit |", "|---|---|---|---|---|"]
    for name, f in figures.items():
        label = f"{name} ({f['note']})" if f["note"] else name
        spread = "–" if f["spread"] is None else f"{f['spread']:.2g}"
        value = f"{f['value']:,}" if isinstance(f["value"], int) else f"{f['value']:.3g}"
        rows.append(f"| {label} | {value} | {spread} | {f['target']} | {f['unit']} |")
    return "\n".join(rows)
