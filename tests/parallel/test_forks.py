"""The process that workers are forked from: what it has imported, and from where."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from usadel_fem import kernels
from usadel_fem.ahead import examples
from usadel_fem.device import build_device
from usadel_fem.parallel.forks import PIPE, prepare, processes, widen
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.worker import ready

ROOT = Path(__file__).parents[2]

SCRIPT = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from usadel_fem.parallel.forks import processes

def seen():
    blocked = 2 in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    loaded = len(sys.modules["usadel_fem.kernels.stream"].forth.signatures)
    return sys.modules["usadel_fem.run"].__file__, loaded, blocked, os.getppid()

import signal
if __name__ == "__main__":
    assert "usadel_fem.run" not in sys.modules
    with processes(2) as crew:
        (file, loaded, blocked, parent), (*_, other) = [lane.submit(seen).result() for lane in crew.lanes]
        threads = len(os.listdir(f"/proc/{{parent}}/task"))
    print(file, loaded, blocked, parent == other != os.getpid(), threads)
"""


def test_workers_have_the_package_of_this_process(tmp_path: Path) -> None:
    """Another package of that name in the working directory is not taken; the server has a single thread.

    Kernels that are on disk are loaded.
    """
    for case in examples():
        assert DeviceSolver(build_device(case)).solve(0.3)[1].ok
    impostor = tmp_path / "there" / "usadel_fem"
    impostor.mkdir(parents=True)
    (impostor / "__init__.py").write_text("raise RuntimeError('impostor')\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, str(script)], cwd=impostor.parent, capture_output=True, text=True, check=False
    )
    file = str(ROOT / "usadel_fem" / "run.py")
    loaded = "0" if kernels.compiled() is None else "1"
    assert found.stdout.split() == [file, loaded, "True", "True", "1"], found.stderr


UNGUARDED = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import usadel_fem as uf
from tests.parallel.cases import gap, wire

print(uf.solve(KIND(), jobs=2).converged)
"""


@pytest.mark.parametrize("kind", ["wire", "gap"])
def test_a_script_without_a_guard_is_told_so(tmp_path: Path, kind: str) -> None:
    """At once, and by nothing else: its workers, which import it, start none of their own."""
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED.replace("KIND", kind), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("Traceback") == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith("usadel_fem.parallel.lanes.LostWorkers: a worker ended by itself before its first")
    assert '`if __name__ == "__main__":`' in last
    assert "memory" not in done.stderr
    assert "bootstrapping" not in done.stderr


def test_a_worker_that_is_killed_while_it_starts_has_another_reason() -> None:
    """By a signal: it is replaced."""
    with processes(1) as crew:
        (lane,) = crew.lanes
        lane.ready = die
        with pytest.raises(BrokenExecutor):
            lane.submit(os.getpid).result(timeout=60)
        lane.ready = None
        crew.renew(lane)
        assert lane.submit(len, b"again").result() == 5


def test_a_worker_that_ends_by_itself_after_its_first_task_is_replaced() -> None:
    with processes(1) as crew:
        (lane,) = crew.lanes
        lane.ready = os.getpid
        assert lane.submit(len, b"one").result() == 3
        with pytest.raises(BrokenExecutor):
            lane.submit(os._exit, 1).result(timeout=60)
        crew.renew(lane)
        assert lane.submit(len, b"again").result() == 5


def die() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_what_is_not_on_disk_is_not_compiled(tmp_path: Path) -> None:
    """Only the small kernel that checks the compiler is."""
    found = subprocess.run(
        [sys.executable, "-c", "import usadel_fem.ahead"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert len(list(tmp_path.rglob("*.nbc"))) <= 1


def test_preparing_leaves_this_process_as_it_was() -> None:
    environment, blocked = dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    prepare()
    assert dict(os.environ) == environment
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked


def end_while_sending() -> None:
    """The head of a result of 100,000 bytes, and ten of them."""
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    writer = frame.f_locals["result_queue"]._writer.fileno()
    os.write(writer, struct.pack("!i", 100_000) + 10 * b"x")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_ends_while_it_sends_a_result_is_lost_and_not_waited_for() -> None:
    with processes(1) as crew:
        (lane,) = crew.lanes
        assert lane.submit(os.getpid).result() != os.getpid()
        with pytest.raises(BrokenExecutor):
            lane.submit(end_while_sending).result(timeout=60)
        lane.renew()
        assert lane.submit(len, b"again").result() == 5


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_workers_have_one_blas_thread() -> None:
    with processes(1) as crew:
        assert crew.lanes[0].submit(blas_threads).result() == {1}


def test_a_worker_is_woken_once() -> None:
    with processes(1) as crew:
        (lane,) = crew.lanes
        lane.ready = ready
        crew.wake()
        answer = lane.submit(os.getpid).result()
        first = lane.greeting
        lane.wake()
        assert lane.greeting is first
        assert lane.process() == answer


def test_workers_that_are_starting_end_too() -> None:
    """Whoever is interrupted so early leaves none of them behind."""
    crew = processes(2)
    for lane in crew.lanes:
        lane.ready = ready
    crew.wake()
    crew.close(at_once=True)
    for lane in crew.lanes:
        process = lane.process()
        assert process is not None
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_large_result_has_room_on_its_way() -> None:
    """More than twice the usual 64 kB are taken before anyone reads, where the system is Linux."""
    reading, writing = os.pipe()
    try:
        widen(reading)
        os.set_blocking(writing, False)
        taken = os.write(writing, bytes(PIPE))
        assert taken >= (PIPE // 2 if sys.platform == "linux" else 1)
    finally:
        os.close(reading)
        os.close(writing)
