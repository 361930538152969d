"""Real runs with several workers of this machine: the same results, whoever is lost on the way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import usadel_fem as uf
from tests.parallel.cases import FATAL, GAP, Assassin, Deadly, driven, gap, same, wire
from tests.samples import wire_case
from usadel_fem.case import load_case
from usadel_fem.device import build_device
from usadel_fem.errors import CaseError
from usadel_fem.outcomes import Outcome
from usadel_fem.parallel.dispatch import Answer, Untold
from usadel_fem.parallel.lanes import Crew
from usadel_fem.solver import worker
from usadel_fem.solver.critical import largest_eigenvalue
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.pool import Workers, hire

MESHES = Path(__file__).parents[2] / "meshes"


@pytest.fixture
def crews(monkeypatch: pytest.MonkeyPatch) -> list[Crew]:
    """The crews of the runs of a test."""
    hired: list[Crew] = []

    def hiring(*arguments: object) -> Crew | None:
        crew = hire(*arguments)  # type: ignore[arg-type]
        if crew is not None:
            hired.append(crew)
        return crew

    monkeypatch.setattr("usadel_fem.run.hire", hiring)
    return hired


@pytest.mark.parametrize("lanes", [2, 3])
def test_threads_give_the_same_spectrum(lanes: int) -> None:
    same(uf.solve(wire()), uf.solve(wire(), scheduler=f"threads:{lanes}"))
    same(uf.solve(wire(3)), uf.solve(wire(3), scheduler="threads", jobs=lanes))


def test_threads_give_the_same_gap() -> None:
    case = gap(free_energy=True)
    same(uf.solve(case), uf.solve(case, scheduler="threads:3"), GAP)


def test_threads_give_the_same_critical_temperature() -> None:
    """The largest eigenvalue is 1 at T_c; at a given temperature it is the same to rounding."""
    device = build_device(gap())
    assert device.forms.pairing is not None
    start = np.ones(device.forms.pairing.node.size, dtype=complex)
    with hire(3, "threads") as crew:
        workers = Workers(device, crew)
        for t in (0.21, 0.34):
            one, two = (largest_eigenvalue(device, t, start, w)[0] for w in (None, workers))
            assert two == pytest.approx(one, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("self_consistent", [True, False])
def test_threads_give_the_same_out_of_equilibrium(self_consistent: bool) -> None:
    """The grid of energies is refined alike, whoever solved them."""
    case = driven(self_consistent)
    one, two = uf.solve(case), uf.solve(case, scheduler="threads:2")
    assert one.converged
    assert two.converged
    np.testing.assert_allclose(two.energies, one.energies, rtol=1e-6)
    for name in ("terminal_voltage", "terminal_current"):
        for key, value in one.observables[name].items():
            assert float(two.observables[name][key]) == pytest.approx(float(value), rel=1e-6, abs=1e-8)
    np.testing.assert_allclose(two.observables["Delta_abs"], one.observables["Delta_abs"], rtol=1e-6)


def test_an_executor_of_ones_own() -> None:
    with ThreadPoolExecutor(2) as executor:
        same(uf.solve(wire()), uf.solve(wire(), executor=executor))
        assert executor.submit(abs, -3).result() == 3


def test_a_killed_process_is_replaced(crews: list[Crew], tmp_path: Path) -> None:
    """SIGKILL in the middle: every energy is there, solved once, and another process took over."""
    assassin = Assassin(lambda: [crews[0].lanes[0].process()])
    found = uf.solve(wire(), jobs=2, progress=assassin, output=tmp_path)
    assert crews[0].lanes[0].process() not in (None, assassin.killed)
    assert os.getpid() != assassin.killed
    same(uf.solve(wire()), found)


@pytest.mark.slow
def test_an_energy_that_kills_its_workers_is_reported() -> None:
    energies = np.array([*np.linspace(0.0, 1.2, 24), FATAL], dtype=complex)
    energies.sort()
    with hire(2) as crew:
        workers = Workers(build_device(wire()), crew)
        found = {i: report for i, _, report in workers.sweep(Deadly, None, energies, range(25))}
    fatal = int(np.argmin(np.abs(energies - FATAL)))
    assert sorted(found) == list(range(25))
    assert found[fatal].outcome is Outcome.WORKERS_LOST
    assert "memory" in str(found[fatal])
    assert all(report.ok for i, report in found.items() if i != fatal)


@pytest.mark.slow
def test_processes_give_the_same_gap() -> None:
    same(uf.solve(gap()), uf.solve(gap(), jobs=2), GAP)


def test_the_mesh_goes_with_the_case(tmp_path: Path) -> None:
    """A worker that does not see the mesh file makes the same device of what it is sent."""
    mesh = tmp_path / "there" / "disk.msh"
    mesh.parent.mkdir()
    mesh.write_bytes((MESHES / "disk.msh").read_bytes())
    text = (MESHES.parent / "cases" / "07_vortex_disk.toml").read_text(encoding="utf-8")
    (tmp_path / "case.toml").write_text(text.replace("../meshes", "there"), encoding="utf-8")
    case = load_case(tmp_path / "case.toml")
    told = worker.Told.of(case, remote=True)
    expected = build_device(case)
    mesh.write_text("something else")
    assert isinstance(worker.task(told.key, None, lambda bench: bench.device), Untold)
    answer = worker.task(told.key, told, lambda bench: bench.device)
    assert isinstance(answer, Answer)
    np.testing.assert_array_equal(answer.value.nodes, expected.nodes)
    assert answer.value.case == case
    assert worker.Told.of(case, remote=True).key != told.key  # another mesh is another device


def seen(bench: worker.Bench) -> tuple[int, bytes, bytes]:
    """Of the worker's device; the process that it was made in, if it was sent."""
    device = bench.device
    return device.__dict__["made"], device.nodes.tobytes(), device.forms.stiffness.data.tobytes()


def test_processes_of_this_machine_are_sent_the_device() -> None:
    """To the last bit, and what was put beside it with it."""
    device = build_device(wire())
    device.__dict__["made"] = os.getpid()
    expected = os.getpid(), device.nodes.tobytes(), device.forms.stiffness.data.tobytes()
    with hire(2) as crew:
        assert Workers(device, crew).gather(seen, [()] * 2) == [expected] * 2


def test_who_is_sent_the_case_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers elsewhere, and all where the device is large."""
    device = build_device(wire())
    assert worker.Told.of(device.case, remote=False, device=device).device is device
    assert worker.Told.of(device.case, remote=True, device=device).device is None
    monkeypatch.setattr(worker, "LARGEST_SENT", device.space.size - 1)
    assert worker.Told.of(device.case, remote=False, device=device).device is None


def test_a_worker_keeps_what_it_needs_and_no_more() -> None:
    keys = []
    for length in (1.1, 1.3, 1.7):
        case = wire_case(mesh={"shape": "wire", "length": length, "elements": 2})
        told = worker.Told.of(case, remote=False)
        assert isinstance(worker.task(told.key, told, lambda bench: 0), Answer)
        keys.append(told.key)
    assert len(set(keys)) == 3
    assert isinstance(worker.task(keys[0], None, lambda bench: 0), Untold)
    assert isinstance(worker.task(keys[2], None, lambda bench: 0), Answer)


def test_a_lane_goes_on_where_it_was() -> None:
    """Newton steps of two pieces of a lane are those of one sweep; a foreign past is not used."""
    case = wire()
    case = case.model_copy(update={"solve": case.solve.model_copy(update={"linear": "krylov"})})  # no batches
    device = build_device(case)
    energies = np.array(case.solve.energies, dtype=complex)[:8]
    whole = [r.newton_iterations for _, _, r in DeviceSolver(device).sweep(energies.tolist())]
    bench = worker.Bench(device)

    def steps(part: slice, before: tuple[int, int] | None, here: tuple[int, int]) -> list[int]:
        found = worker.sweep(bench, DeviceSolver, None, energies[part], None, here, before, None)
        return [report.newton_iterations for _, report in found]

    assert steps(slice(0, 4), None, (0, 3)) + steps(slice(4, 8), (0, 3), (0, 7)) == whole
    cold = steps(slice(7, 8), (1, 3), (1, 7))
    assert cold == [DeviceSolver(device).solve(energies[7])[1].newton_iterations]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scheduler": "nonsense"}, "must be processes, threads, threads:N, mpi or an address"),
        ({"scheduler": "threads:0"}, "threads:N"),
        ({"scheduler": "threads:2", "jobs": 3}, "must agree with --jobs 3; received threads:2"),
        ({"scheduler": "foo://there:1"}, "must be an address such as tcp://HOST:8786"),
        ({"scheduler": "tcp://there"}, "must be an address such as tcp://HOST:8786"),
        ({"scheduler": "mpi"}, "mpiexec -n 4 python -m mpi4py.futures -m usadel_fem run CASE"),
        ({"scheduler": "mpi", "executor": ThreadPoolExecutor(1)}, "must not stand beside an executor"),
    ],
)
def test_a_scheduler_that_is_none(options: dict[str, object], words: str) -> None:
    with pytest.raises(CaseError, match=words):
        uf.solve(wire(), **options)  # type: ignore[arg-type]
