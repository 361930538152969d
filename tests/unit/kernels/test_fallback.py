"""Without a compiler: the same results, and nothing that imports it before it is needed."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.unit.kernels.test_hessian import linearisation
from usadel_fem import kernels
from usadel_fem.kernels import compiler
from usadel_fem.linearise import linearise
from usadel_fem.physics.frames import Frames


@pytest.fixture
def undecided():
    """`compiled` asks again, now and after the test."""
    kernels.compiled.cache_clear()
    yield
    kernels.compiled.cache_clear()


def results(lin, omega, w):
    nodes = np.arange(1, lin.forms.size)
    tangents = linearise(lin.forms, lin.g, omega, nodes)
    frames = tangents.frames
    return {
        "frames": frames,
        "unknowns": frames.unknowns(frames.columns(w[nodes])),
        "residual": tangents.residual,
        "hessian": tangents.hessian(w[nodes]),
        "moved": tangents.moved(0.1 * w[nodes]),
    }


@pytest.mark.parametrize("broken", ["missing", "old", "off"])
def test_results_without_numba_are_the_same(broken, undecided, monkeypatch):
    lin, _, w = linearisation(2, 1)
    omega = np.random.default_rng(3).normal(size=lin.g.shape) + 0j
    expected = results(lin, omega, w)
    kernels.compiled.cache_clear()
    if broken == "missing":
        monkeypatch.setitem(sys.modules, "numba", None)
    elif broken == "old":
        monkeypatch.delattr("numba.config.DISABLE_JIT")
    else:
        monkeypatch.setattr("numba.config.DISABLE_JIT", 1)
    assert kernels.compiled() is None
    found = results(lin, omega, w)
    assert not isinstance(expected.pop("frames"), Frames)
    assert isinstance(found.pop("frames"), Frames)
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() < 1e-13 * np.abs(value).max(), name


def test_kernels_work_where_nothing_can_be_kept(monkeypatch):
    def nowhere(*args, **options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return plain(*args, **options)

    plain = compiler.njit
    monkeypatch.setattr(compiler, "njit", nowhere)

    def twice(x):
        return 2 * x

    assert compiler.kernel(twice)(4) == 8


def test_compiled_code_carries_the_sources_it_was_made_of():
    def nothing():
        return 0

    assert compiler.kernel(nothing).py_func.__qualname__.endswith(compiler.SOURCES)


@pytest.mark.parametrize(
    "what", ["import usadel_fem, usadel_fem.cli, usadel_fem.run", "import usadel_fem.solver.newton"]
)
def test_numba_is_not_imported_before_something_is_solved(what):
    code = f"{what}, sys; sys.exit('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.getcwd()}, check=False
    )
    assert done.returncode == 0
