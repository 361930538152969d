"""What a case asks for, judged on its mesh before anything is solved, and the Matsubara rule it needs."""

from __future__ import annotations

import numpy as np

from usadel_fem.case.checks import check_fields
from usadel_fem.device import Device
from usadel_fem.errors import CaseError, Problem
from usadel_fem.observables.fields import FIELDS
from usadel_fem.observables.probes import check_probes
from usadel_fem.physics.matsubara import MatsubaraRule, matsubara_rule

RULE_TOLERANCE = 1e-8
"""Relative error allowed in the test sums of a Matsubara rule."""


def rule_of(device: Device) -> MatsubaraRule:
    """The Matsubara rule of the case's temperature and largest energy."""
    solve_ = device.case.solve
    assert solve_.temperature is not None
    return matsubara_rule(solve_.temperature, device.largest_energy, solve_.cutoff, RULE_TOLERANCE)


def check_time(jobs: int, resume: bool, others: object = None) -> None:
    """A run in time does one step after another and keeps nothing between them."""
    problems = []
    if jobs != 1:
        rule = "must stand beside jobs = 1: each step in time follows from the last"
        problems.append(Problem("solve.time", rule, f"jobs = {jobs}", "run without --jobs"))
    if others:
        rule = "must not stand beside a scheduler: each step in time follows from the last"
        problems.append(Problem("solve.time", rule, str(others), "run without --scheduler"))
    if resume:
        rule = "must not be resumed: steps in time are kept only at the end"
        problems.append(Problem("solve.time", rule, "resume", "run without --resume"))
    if problems:
        raise CaseError(problems)


def check_request(device: Device) -> None:
    """Requests that need the mesh to be judged."""
    case = device.case
    problems = check_fields(case, FIELDS) + check_probes(device)
    gauge = device.surroundings
    fields, names = (gauge.vector_potential, gauge.spin_field, gauge.transverse), case.output.fields or ()
    if "printed_defect" in names and any(f is not None for f in fields):
        place = f"output.fields[{names.index('printed_defect')}]"
        rule = "must not name printed_defect beside a magnetic field, rashba or dresselhaus"
        problems.append(Problem(place, rule, hint="its closed form holds for plain gradients"))
    if case.solve.critical_temperature:
        if any(t.Delta for t in case.terminal.values()):
            rule = (
                "needs terminals that are all normal: a superconducting terminal fixes Δ at any temperature"
            )
            problems.append(Problem("solve.critical_temperature", rule))
        if device.forms.pairing is None or np.any(device.forms.consistent.delta):
            rule = "needs materials with Tc, and none with a given Delta"
            problems.append(Problem("solve.critical_temperature", rule))
    if problems:
        raise CaseError(problems)
