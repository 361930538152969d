"""`sweep(case)`: every point of the case's [sweep] table solved, and one row of numbers for each."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usadel_fem.case import Case, grid, varied
from usadel_fem.errors import CaseError, Problem
from usadel_fem.io import layout
from usadel_fem.io.reader import RESULT_NAME
from usadel_fem.io.summary import numbers, scalars, units
from usadel_fem.io.sweep import ROWS_NAME, Row, RowLog, SweepTable
from usadel_fem.parallel.dispatch import ADVICE, Answer, Dispatch
from usadel_fem.parallel.lanes import Crew, Lane
from usadel_fem.parallel.pieces import Piece, Pieces
from usadel_fem.progress import Progress, choose_progress
from usadel_fem.run import solve
from usadel_fem.solver.pool import hire

POINTS = "points"
"""Folder of the results of single points."""


@dataclass(frozen=True)
class SweepPoint:
    """One case of a sweep: its number, the keys that were set, and what they make of the case."""

    number: int
    settings: Mapping[str, Any]
    case: Case

    @property
    def digest(self) -> str:
        """Of all that its numbers depend on."""
        deciding = json.dumps(layout.deciding(layout.case_values(self.case)), sort_keys=True)
        return hashlib.sha256(deciding.encode()).hexdigest()


def points_of(case: Case) -> list[SweepPoint]:
    """The points of a case's sweep, the last key fastest.

    Raises:
        CaseError: the case has no sweep, or values that it cannot take: all of them, each once.
    """
    if not case.sweep:
        rule = 'is required: keys and their values, such as sweep = {"material.F.D" = [1, 2]}'
        raise CaseError([Problem("sweep", rule, "nothing")])
    found, problems = [], []
    for number, settings in enumerate(grid(case.sweep)):
        try:
            found.append(SweepPoint(number, settings, varied(case, settings)))
        except CaseError as error:
            problems += [Problem(p.key, p.rule, p.received, p.hint, _blamed(p, case)) for p in error.problems]
    if problems:
        raise CaseError(problems)
    return found


def _blamed(problem: Problem, case: Case) -> str:
    """Overrides of a point are the sweep's, unless the user set some too."""
    return f"{case.source.file or 'case'}, sweep" if problem.file == "--set" else problem.file


def sweep(
    case: Case,
    *,
    output: Path | None = None,
    progress: bool | Progress | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    executor: Executor | None = None,
    resume: bool = False,
    keep: bool = True,
) -> SweepTable:
    """Solve every point of the case's [sweep].

    Args:
        case: with a [sweep] table.
        output: directory for rows.jsonl, written point by point, and the result.h5 of every point in
            points/NUMBER; None keeps the table in memory and nothing else.
        progress: True for a bar or plain lines on standard error, a step for each point.
        jobs: points solved at a time; where there are more jobs than points, energies of each.
        scheduler, executor: see `solve`. Workers on other machines send back the rows alone.
        resume: leave out the points whose rows are in `output`, and go on with those that were begun.
        keep: False leaves only the rows.

    Raises:
        CaseError: no [sweep], values that the case cannot take, or rows of another sweep to be resumed.
        LostWorkers: workers end again and again without a result; the rows so far are in `output`.

    >>> case = Case(
    ...     mesh={"shape": "wire", "length": 2.0, "resolution": 0.5},
    ...     material={"N": {"D": 1.0}},
    ...     region={"wire": "N"},
    ...     terminal={"left": {"Delta": 0.83}, "right": {"Delta": 0.83}},
    ...     solve={"kind": "equilibrium", "temperature": 0.2},
    ...     sweep={"terminal.right.phase": [0.0, 0.7]},
    ... )
    >>> table = sweep(case)
    >>> table["terminal.right.phase"].tolist(), bool(table["terminal_current[left]"][1] > 0.1)
    ([0.0, 0.7], True)
    """
    points = points_of(case)
    shown = choose_progress(progress)
    shown.start(len(points), "points")
    with RowLog(None if output is None else output / ROWS_NAME, resume) as log:
        done = log.rows([point.digest for point in points])
        todo = [point for point in points if point.number not in done]
        for row in done.values():
            shown.advance(row)
        crew = hire(min(jobs, max(len(todo), 1)), scheduler, executor)
        folder = None if output is None or not keep else output / POINTS
        job = _Solving(todo, folder, max(1, jobs // max(len(todo), 1)), resume)
        with crew or nullcontext():
            for number, row in job.rows(crew):
                point = points[number]
                done[number] = row
                log.add(point.digest, row)
                shown.advance(row)
    shown.finish()
    return SweepTable(tuple(case.sweep), tuple(done[point.number] for point in points), case)


@dataclass(frozen=True)
class _Solving:
    """The points still to be solved, as a job for the lanes of a crew."""

    points: list[SweepPoint]
    folder: Path | None
    jobs: int
    resume: bool

    def rows(self, crew: Crew | None) -> Iterator[tuple[int, Row]]:
        """(number, row) as points are finished."""
        if crew is None:
            for point in self.points:
                yield point.number, self._solve(point, self.folder).value
            return
        pieces = Pieces(range(len(self.points)), len(crew.lanes), most=1)
        for piece, row in Dispatch(crew, pieces, self):
            point = self.points[piece.items[0]]
            lost = Row(point.settings, {}, {}, False, 0.0, f"its workers were lost: {ADVICE}")
            yield point.number, lost if row is None else row

    def submit(self, lane: Lane, piece: Piece) -> Future[Any]:
        return lane.submit(self._solve, self.points[piece.items[0]], self.folder)

    def take(self, lane: Lane, piece: Piece, value: Any) -> None:
        return None

    def _solve(self, point: SweepPoint, folder: Path | None) -> Answer:
        began = time.perf_counter()
        directory = None if folder is None else folder / f"{point.number:04d}"
        row = solve_point(point, directory, self.jobs, self.resume)
        return Answer(row, time.perf_counter() - began)


def solve_point(point: SweepPoint, directory: Path | None, jobs: int, resume: bool) -> Row:
    """One row; a case that its mesh refuses gives one without numbers."""
    began = time.perf_counter()
    again = resume and point.case.solve.time is None
    again = again and directory is not None and (directory / RESULT_NAME).exists()
    try:
        solution = solve(point.case, output=directory, jobs=jobs, resume=again)
    except CaseError as error:
        return Row(point.settings, {}, {}, False, time.perf_counter() - began, str(error))
    if directory is not None:
        solution.to_summary(directory)
    values = dict(numbers(scalars(solution.observables)))
    failed = "" if solution.converged else "; ".join(solution.summary["failed"] or solution.summary["notes"])
    return Row(
        point.settings,
        values,
        units(solution.observables),
        solution.converged,
        time.perf_counter() - began,
        failed,
    )
