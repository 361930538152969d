"""The benchmarks keep their protocol and run, in sizes that take no time; no time is asserted."""

import doctest
import importlib
import inspect
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from benchmarks import __main__ as driver
from benchmarks import against_direct, bandwidth, common, devices, hybrids, iterations, million, scaling
from benchmarks.common import Figure
from usadel_fem.device import build_device
from usadel_fem.solver.multigrid import GROUP, Level, Rows

SUBJECTS = driver.subjects()


def checked(figures: dict[str, Figure]) -> dict[str, Figure]:
    assert figures
    for name, figure in figures.items():
        assert np.isfinite(figure.value), name
        assert figure.spread is None or figure.spread >= 0, name
    json.dumps({name: asdict(figure) for name, figure in figures.items()})
    return figures


def test_subjects_are_found() -> None:
    assert {"against_direct", "bandwidth", "hybrids", "million", "scaling"} <= set(SUBJECTS)
    assert not {"common", "devices"} & set(SUBJECTS)


@pytest.mark.parametrize("name", SUBJECTS)
def test_protocol(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert next(iter(inspect.signature(module.measure).parameters)) == "large"
    title = (module.__doc__ or "").splitlines()[0]
    assert title.endswith(".")
    assert "run(measure, __doc__)" in Path(module.__file__ or "").read_text(encoding="utf-8")


@pytest.mark.parametrize("whole", [True, False])
def test_direct_and_krylov_agree_on_a_small_strip(whole: bool) -> None:
    figures = checked(against_direct.warm(build_device(devices.strip(40)), whole, "≥ 50"))
    assert figures["direct over Krylov, warm energy"].target == "≥ 50"
    if whole:
        assert figures["largest difference of ǧ"].value < 1e-7


def test_sizes() -> None:
    assert build_device(devices.strip(10_000)).space.size == 141 * 71
    assert build_device(devices.bar(6_500)).space.size == 29 * 15**2


def test_sweep() -> None:
    figures = checked(against_direct.sweep(4, 3))
    assert figures["nodes"].value == 25


def test_hybrids() -> None:
    figures = checked(hybrids.counts(devices.hybrid(side=1.0), "small", "≤ 60"))
    assert figures["small, cold"].value > 0


@pytest.mark.parametrize(("make", "nodes"), [(devices.strip, 2_300), (devices.bar, 1_500)])
def test_bandwidth(make, nodes) -> None:
    figures = checked(bandwidth.iteration(make(nodes), "≤ 2", repeats=1, megabytes=1))
    assert figures["Krylov iteration over memory copy"].target == "≤ 2"


def test_bytes_of_a_preconditioner() -> None:
    """Five nodes in a row, two of which are coarse; the fine rows are filled up."""
    matrix = sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(5, 5)).tocsr()
    up = sparse.csr_matrix(np.eye(5)[:, 1::2] + 0.0)
    rows = Rows([Level.of(matrix, up)], 2, np.dtype(np.float32))
    apart = np.count_nonzero(rows.before)
    couplings, restricted, fine, coarse = 4, 2, GROUP, 2
    entries = 2 * 8 * (couplings + restricted - apart) + 4 * (fine + coarse + 1) + 4 * (fine + 1)
    order, before = 4 * (fine + coarse), 4 * (fine + coarse + 1)
    columns, inverses, frames_and_w = 2 * 128, 2 * 8, 64 + 64
    expected = (fine + coarse) * (columns + inverses) + 5 * frames_and_w + entries + 2 * (order + before)
    assert bandwidth.preconditioner_bytes(5, rows) == expected


def test_scaling_in_a_process_of_its_own() -> None:
    point = common.in_fresh_process(scaling.point, devices.strip, 50)
    assert point.nodes >= 50
    assert point.cold_krylov > 0
    assert point.peak >= point.base > 0
    assert min(point.setup, point.cold, point.warm) > 0


def test_exponents_of_scaling() -> None:
    points = [
        scaling.Point(
            nodes=n, setup=3e-4 * n, cold=7e-5 * n, warm=2e-5 * n**1.2, noise=0.1, base=0.2,
            peak=0.2 + 1e-6 * n, cold_krylov=40, warm_krylov=20,
        )
        for n in (10, 70)
    ]  # fmt: skip
    figures = checked(scaling.figures(points))
    assert figures["exponent of a warm energy"].value == pytest.approx(1.2)
    assert figures["exponent of memory"].value == pytest.approx(1.0)


def test_stages_of_a_large_mesh() -> None:
    figures = checked(million.stages(60))
    assert figures["peak memory"].value > 0
    assert figures["peak memory"].target == ""


def test_exponent_has_its_standard_error() -> None:
    """Against the covariance of numpy.polyfit."""
    sizes, values = [10.0, 30.0, 100.0, 300.0], [1.3, 4.6, 13.9, 47.0]
    found = common.exponent(sizes, values)
    slope, covariance = np.polyfit(np.log(sizes), np.log(values), 1, cov=True)
    assert found.value == pytest.approx(slope[0], abs=1e-11)
    assert found.spread == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)


def test_median_and_spread() -> None:
    figure = common.median([3.0, 2.0, 5.0], "s")
    assert (figure.value, figure.spread, figure.unit) == (3.0, 1.0, "s")
    assert common.median([3.0]).spread is None


def test_examples_of_the_shared_module() -> None:
    result = doctest.testmod(common)
    assert result.attempted > 0
    assert result.failed == 0


def test_page() -> None:
    figures = {"iterations": asdict(Figure(54, target="≤ 60"))}
    one = {
        "title": "Subject.",
        "command": "python -m benchmarks.subject",
        "environment": {"processor": "P", "numpy": "2.1"},
        "minutes": 1.0,
        "load": 0.5,
        "figures": figures,
    }
    page = f"before\n{driver.BEGIN}\nold\n{driver.END}\nafter\n"
    once = driver.written(page, {"subject": one, "other": one})
    assert driver.written(once, {"subject": one, "other": one}) == once
    assert "old" not in once
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert once.count("| iterations | 54 | – | ≤ 60 |  |") == 2
    assert once.count("processor P; numpy 2.1.") == 1
    text = driver.PAGE.read_text(encoding="utf-8")
    assert text.index(driver.BEGIN) < text.index(driver.END)


def test_environment_names_machine_and_versions() -> None:
    found = common.environment()
    assert {"processor", "cores", "memory", "Python", "numpy", "BLAS"} <= found.keys()
    assert found["numpy"] == np.__version__


QUICK = (
    "2D, hard hybrid, P1",
    "2D, D of F 0.0001 of S, P2",
    "2D, D of F 10000 of S, P2",
    "2D, layer of 0.01, P2",
)
ROWS = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name in iterations.matrix()
    if not name.startswith("1D")  # lines are eliminated
]


@pytest.mark.parametrize("name", ROWS)
def test_every_newton_step_takes_at_most_forty_iterations(name: str) -> None:
    figures = checked(iterations.measure(False, [name]))
    assert len(figures) == 2
    assert all(figure.value <= 40 for figure in figures.values()), figures


def test_lines_take_none_and_the_row_says_how() -> None:
    names = [name for name in iterations.matrix() if name.startswith("1D")]
    figures = checked(iterations.measure(False, [name for name in names if "krylov" not in name]))
    assert [name.rpartition(", ")[2] for name in figures] == ["eliminated"] * len(figures)
    assert all(figure.value == 0 and figure.target == "≤ 40" for figure in figures.values())
    (asked,) = (row for name, row in iterations.matrix().items() if "krylov" in name)
    assert asked.solvers == ("factorised",)


def test_the_hard_hybrid_takes_at_most_sixty_iterations() -> None:
    figures = checked(hybrids.counts(devices.hybrid(), "hard hybrid", "≤ 60"))
    assert figures["hard hybrid, cold"].value <= 60
