"""`solve(case)`: the one verb. Device, self-consistency, energies, observables, results."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from usadel_fem.case import Case
from usadel_fem.device import Device, build_device
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.reader import RESULT_NAME, Distributions, GreenFunctions, ResultReader
from usadel_fem.io.result import ResultWriter
from usadel_fem.io.summary import build_summary
from usadel_fem.labelled import Observable, Observables
from usadel_fem.material_report import device_reports
from usadel_fem.nonequilibrium import KineticRun, settle
from usadel_fem.observables.defects import Defects
from usadel_fem.observables.equilibrium import EquilibriumSums
from usadel_fem.observables.fields import common_fields, wanted
from usadel_fem.observables.probes import probe_observables
from usadel_fem.observables.spectrum import SpectrumFields
from usadel_fem.outcomes import EnergyReport
from usadel_fem.parallel.lanes import Crew
from usadel_fem.physics.nambu import Complex
from usadel_fem.progress import Progress, choose_progress
from usadel_fem.requests import check_request, check_time, rule_of
from usadel_fem.series import InMemory
from usadel_fem.solution import Solution
from usadel_fem.solver.critical import critical_temperature
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.kinetic_gap import solve_driven_gap
from usadel_fem.solver.pool import Workers, hire
from usadel_fem.solver.selfconsistency import GapResult, solve_gap
from usadel_fem.solver.signs import both_signs
from usadel_fem.solver.symmetry import symmetry_of
from usadel_fem.solver.worker import Change, Observed, Observer
from usadel_fem.transient import TransientRun


def solve(
    case: Case,
    *,
    progress: bool | Progress | None = None,
    output: Path | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    executor: Executor | None = None,
    resume: bool = False,
) -> Solution:
    """Solve a case.

    Args:
        case: from `load_case` or built in Python.
        progress: True for a bar or plain lines on standard error.
        output: directory for result.h5, written energy by energy; None keeps everything in memory.
        jobs: energies solved at a time, by as many worker processes. Scripts that ask for more than one must
            keep what they run under `if __name__ == "__main__":`, as `multiprocessing` says.
        scheduler: "threads" or "threads:4" for threads instead, the address of a Dask scheduler
            ("tcp://HOST:8786"), or "mpi" under `python -m mpi4py.futures`: these take all their workers
            unless `jobs` is above 1.
        executor: any `concurrent.futures.Executor` instead; it stays open.
        resume: go on with the result.h5 that is in `output`.

    Raises:
        CaseError: the case and its mesh do not fit, there is no such scheduler, a result of another case is
            to be resumed, or a run in time is to be resumed or to have several workers.
        LostWorkers: workers end again and again without a result; what was finished is in `output`.

    >>> from usadel_fem import Case, solve
    >>> case = Case(
    ...     mesh={"shape": "wire", "length": 2.0, "resolution": 0.2},
    ...     material={"N": {"D": 1.0}},
    ...     region={"wire": "N"},
    ...     terminal={"left": {"Delta": 0.83}},
    ...     solve={"kind": "spectrum", "energies": {"imaginary": [0.31]}},
    ... )
    >>> solution = solve(case)
    >>> solution.converged, solution.green_function(0).shape
    (True, (21, 4, 4))
    """
    if case.solve.time is not None:
        check_time(jobs, resume, scheduler or executor)
    if case.solve.kind == "spectrum" and not case.solve.self_consistent:
        jobs = min(jobs, len(case.solve.energies or ()))
    with threadpool_limits(1):  # BLAS threads only disturb products of this size
        crew = hire(jobs, scheduler, executor)
        with crew or nullcontext():
            return _Run(case, choose_progress(progress), output, crew, resume).solution()


@dataclass
class _Run:
    case: Case
    progress: Progress
    output: Path | None
    crew: Crew | None
    resume: bool
    notes: list[str] = field(default_factory=list)

    def solution(self) -> Solution:
        self.began = time.perf_counter()
        self.device = build_device(self.case)
        check_request(self.device)
        self.workers = Workers(self.device, self.crew)
        self.mesh = field_mesh(self.device)
        spectrum = self.case.solve.kind == "spectrum"
        self.rule = None
        if not ((spectrum and not self.device.self_consistent) or self.case.solve.time is not None):
            self.rule = rule_of(self.device)
        if spectrum:
            self.energies = np.asarray(self.case.solve.energies, dtype=complex)
        elif self.case.solve.kind == "nonequilibrium":
            self.energies = np.zeros(0, dtype=complex)
        else:
            assert self.rule is not None
            self.energies = 1j * self.rule.frequencies
        if self.output is None:
            return self._solve(None)
        with ResultWriter(
            self.output / RESULT_NAME,
            case=self.case,
            mesh=self.mesh,
            energies=self.energies,
            resume=self.resume,
        ) as writer:
            return self._solve(writer)

    def _solve(self, writer: ResultWriter | None) -> Solution:
        if self.case.solve.time is not None:
            return self._in_time(writer)
        gap = self._gap(writer)
        delta = None if gap is None else gap.delta
        if self.case.solve.kind == "nonequilibrium":
            return self._nonequilibrium(writer, delta, gap)
        collected: SpectrumFields | EquilibriumSums
        if self.case.solve.kind == "spectrum":
            make = InMemory if writer is None else writer.series
            collected = SpectrumFields(self.device, self.energies, make)
        else:
            assert self.rule is not None
            collected = EquilibriumSums(self.device, self.rule, delta)
        defects = Defects()
        kept: list[Complex | None] = [None] * self.energies.size
        reports: list[EnergyReport | None] = [None] * self.energies.size
        self.progress.start(self.energies.size, "energies")
        for index, found, report in self._energies(writer, delta, collected.observer):
            reports[index] = report
            if report.ok:
                collected.add(index, found.values)
                defects.add(found.values.defects)
            if writer is None:
                kept[index] = found.result if report.ok else None
            elif index not in writer.done:
                g = found.result if report.ok else None
                writer.write_energy(index, complex(self.energies[index]), g, report)
            self.progress.advance(report)
        observables = dict(collected.observables())
        observables.update(common_fields(self.device, delta))
        if self.case.solve.critical_temperature:
            self.progress.start(None, "critical temperature")
            tc = critical_temperature(
                self.device, each=lambda t: self.progress.advance(f"T = {t:.6g}"), workers=self.workers
            ).value
            observables["Tc"] = Observable(tc, unit="energy", description="critical temperature k_B T_c")
        observables = wanted(observables, self.case.output.fields)
        observables.update(probe_observables(self.device, observables))
        done = tuple(r for r in reports if r is not None)
        return self._finish(writer, kept, done, observables, defects, gap)

    def _gap(self, writer: ResultWriter | None) -> GapResult | None:
        if not self.device.self_consistent:
            return None
        assert self.rule is not None
        self.progress.start(None, "self-consistency")

        def each(change: float) -> None:
            self.progress.advance(f"relative change of Δ {change:.1e}")

        result = solve_gap(self.device, self.rule, each=each, workers=self.workers)
        if self.case.solve.kind == "nonequilibrium" and result.converged:
            result = solve_driven_gap(self.device, self.rule, result, each, self.workers)
        if not result.converged:
            failed = [str(r) for r in result.reports if not r.ok]
            text = (
                "the pair potential did not converge: its last relative change was "
                + f"{result.history[-1]:.1e}"
            )
            self.notes += [text, *failed]
        if writer is not None:
            writer.write_state("delta", result.delta)
        return result

    def _nonequilibrium(
        self, writer: ResultWriter | None, delta: Complex | None, gap: GapResult | None
    ) -> Solution:
        assert self.rule is not None
        rule, workers, progress = self.rule, self.workers, self.progress

        def trial(device: Device, change: Change) -> KineticRun:
            return KineticRun(device, rule, delta, workers, None, progress, change, trial=True)

        settled, change, still = settle(self.device, trial)
        run = KineticRun(settled, rule, delta, workers, writer, progress, change)
        if not still:
            self.notes.append("the voltages of the floating terminals did not settle")
        found: dict[str, Observable | Mapping[str, Observable]] = dict(run.run())
        found.update(common_fields(self.device, delta))
        observables = wanted(found, self.case.output.fields)
        observables.update(probe_observables(self.device, observables))
        self.notes += run.notes
        self.energies = np.array(sorted(run.energies), dtype=complex)
        reports = tuple(run.reports[i] for i in run.order)
        kept: list[Complex | None] = []
        distributions: list[Complex | None] = []
        if writer is None:
            pairs = [run.kept[i] or (None, None) for i in run.order]
            kept, distributions = [g for g, _ in pairs], [h for _, h in pairs]
        return self._finish(
            writer, kept, reports, observables, run.defects, gap, distributions, run.converged and still
        )

    def _in_time(self, writer: ResultWriter | None) -> Solution:
        run = TransientRun(self.device, self.progress, InMemory if writer is None else writer.series)
        found: dict[str, Observable | Mapping[str, Observable]] = dict(run.run())
        found.update(common_fields(self.device, None))
        observables = wanted(found, self.case.output.fields)
        observables.update(probe_observables(self.device, observables))
        self.notes += run.notes
        defects = Defects()
        defects.conservation = run.conservation
        return self._finish(writer, [], (), observables, defects, None, converged=run.converged)

    def _energies(
        self, writer: ResultWriter | None, delta: Complex | None, observer: type[Observer]
    ) -> Iterator[tuple[int, Observed, EnergyReport]]:
        done: frozenset[int] = frozenset()
        if writer is not None and writer.done and self.output is not None:
            done = writer.done
            yield from self._stored(sorted(done), delta, observer)
        todo = [i for i in range(self.energies.size) if i not in done]

        def solved(
            some: Sequence[int], images: Collection[int]
        ) -> Iterator[tuple[int, Observed, EnergyReport]]:
            return self.workers.sweep(
                DeviceSolver, delta, self.energies, some, observer=observer, images=images
            )

        yield from both_signs(self.energies, todo, solved)

    def _stored(
        self, indices: Sequence[int], delta: Complex | None, observer: type[Observer]
    ) -> Iterator[tuple[int, Observed, EnergyReport]]:
        assert self.output is not None
        solver, observe = DeviceSolver(self.device, delta), observer(self.device)
        with ResultReader(self.output / RESULT_NAME) as reader:
            reports = reader.reports()
            for index in indices:
                g, energy = reader.green_function(index), complex(self.energies[index])
                if g is not None:
                    yield index, Observed(g, observe(energy, g, solver.source(energy))), reports[index]

    def _finish(
        self,
        writer: ResultWriter | None,
        kept: Sequence[Complex | None],
        reports: tuple[EnergyReport, ...],
        observables: Observables,
        defects: Defects,
        gap: GapResult | None,
        distributions: Sequence[Complex | None] | Distributions = (),
        converged: bool = True,
    ) -> Solution:
        if self.rule is not None and self.case.solve.kind == "equilibrium":
            self.notes.append(f"relative error of the Matsubara test sums {self.rule.error:.1e}")
            if not all(report.ok for report in reports):
                self.notes.append("the sums leave out the frequencies that failed")
        absent = [name for name in self.case.output.fields or () if name not in observables]
        if absent:
            kind = self.case.solve.kind
            self.notes.append(f'fields that kind = "{kind}" does not have here: {", ".join(absent)}')
        self.notes += defects.notes()
        self.notes += [note for report in device_reports(self.device) for note in report.warnings]
        run_at_once = self.case.solve.kind == "nonequilibrium" and self.device.normal
        summary = build_summary(
            observables,
            reports,
            seconds=time.perf_counter() - self.began,
            converged=converged and (gap is None or gap.converged),
            conservation_defect=defects.conservation,
            normalisation_defect=defects.normalisation if reports or run_at_once else math.nan,
            symmetry=symmetry_of(self.device, None if gap is None else gap.delta),
            notes=self.notes,
        )
        green: Sequence[Complex | None] | GreenFunctions = list(kept)
        if writer is not None:
            writer.write_observables(observables)
            writer.write_summary(summary)
            green, distributions = GreenFunctions(writer.path), Distributions(writer.path)
        self.progress.finish()
        return Solution(
            self.case, self.mesh, self.energies, green, observables, reports, summary, distributions
        )


def field_mesh(device: Device) -> FieldMesh:
    """Nodes and cells of the Lagrange space; scikit-fem and VTK number the nodes of a cell alike."""
    space = device.space
    names = {1: ("line", "line3"), 2: ("triangle", "triangle6"), 3: ("tetra", "tetra10")}
    return FieldMesh(
        nodes=space.nodes,
        cell_type=names[space.dimension][space.order - 1],
        cells=np.ascontiguousarray(space.element_dofs.T, dtype=np.int64),
        cell_region=space.region_of_element,
        region_names=tuple(sorted(device.mesh.regions)),
    )
