"""A Krylov step in turns against the same all at once: the same sums in the same order, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.kernels.test_single import BARRIERS, PINNED, SPACES, TERMS, device, source, state
from usadel_fem.kernels import steps
from usadel_fem.kernels.memory import Rooms
from usadel_fem.kernels.schedule import Schedule
from usadel_fem.kernels.steps import SingleStep
from usadel_fem.kernels.tiles import NODES
from usadel_fem.linearise import linearise
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import ScalarPreconditioner


def step_of(dev, tangents):
    """A preconditioner and a step at some tangents, and w in tiles."""
    forms, omega = dev.forms, source(dev)
    preconditioner = ScalarPreconditioner(forms, tangents.nodes, dev.space.dimension)
    preconditioner.prepare(tangents, omega)
    return preconditioner, tangents.in_tiles(preconditioner.free_rows(2))


def both_ways(preconditioner, step, tiles, monkeypatch, pace):
    """P⁻¹H w in turns, and all at once; the first twice, as nothing may be left in the rings."""
    original = Schedule.of
    with monkeypatch.context() as patch:
        patch.setattr(Schedule, "of", lambda *args: original(*args, pace=pace))
        found = [preconditioner.of_tiles(step, tiles, np.empty_like(tiles)) for _ in range(2)]
    assert np.array_equal(*found)
    with monkeypatch.context() as patch:
        patch.setattr(SingleStep, "streams", False)
        return found[0], preconditioner.of_tiles(step, tiles, np.empty_like(tiles))


@pytest.mark.parametrize("term", ["everything", "swapping"])
@pytest.mark.parametrize("pace", [1, 2, 5, 1000])
@pytest.mark.parametrize("tables", [PINNED, BARRIERS], ids=["pinned", "barriers"])
@pytest.mark.parametrize(("dim", "order"), SPACES)
def test_turns_change_nothing(dim, order, tables, pace, term, monkeypatch):
    dev = device(dim, order, TERMS[term], tables, resolution=0.07 * order * dim**2 / 4)
    tangents, _, w = state(dev)
    preconditioner, step = step_of(dev, tangents)
    tiles = steps.packed(w, Rooms(), step.size)
    assert len(tangents.nodes) > 2 * NODES
    found, expected = both_ways(preconditioner, step, tiles, monkeypatch, pace)
    assert np.isfinite(expected).all()
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("pace", [1, 3])
@pytest.mark.parametrize("dim", [2, 3])
def test_nodes_in_any_order(dim, pace, monkeypatch):
    """Nothing can be done then before nearly all of δǧ is there."""
    dev = device(dim, 1, TERMS["everything"], PINNED, resolution=0.1)
    nodes = np.random.default_rng(3).permutation(dev.forms.free)
    tangents, _, w = state(dev, nodes)
    preconditioner, step = step_of(dev, tangents)
    tiles = steps.packed(w, Rooms(), step.size)
    found, expected = both_ways(preconditioner, step, tiles, monkeypatch, pace)
    assert np.array_equal(found, expected)


def test_a_long_mesh_needs_little_of_the_field_at_once():
    dev = device(2, 1, TERMS["everything"], PINNED, resolution=0.02)
    solver = DeviceSolver(dev).solver
    tangents = linearise(dev.forms, dev.start(0.57), source(dev), solver.free)
    solver.preconditioner.prepare(tangents, source(dev))
    rows = solver.preconditioner.free_rows(2)
    schedule = rows.schedule(solver.preconditioner.hierarchy.rows)
    turns = schedule.forth
    assert (np.diff(turns, axis=0) >= 0).all()
    assert turns[0].tolist() == [0, 0, 0, 0]
    assert turns[-1].tolist() == [rows.tiles, len(rows.spin_hall[2]) // NODES, rows.tiles, turns[-1, 3]]
    assert turns[-1, 3] == len(solver.preconditioner.hierarchy.rows.order)
    assert (np.diff(schedule.back, axis=0) <= 0).all()
    assert schedule.back[-1].tolist() == [0, 0]
    narrow = Schedule.of(
        rows.tiles,
        [rows.coupling[:2]],
        rows.spin_hall[0],
        solver.preconditioner.hierarchy.rows.asked,
        1,
        pace=1,
    )
    across = 0.7 / 0.02 + 2
    assert narrow.mask < 4 * (2 * across + 2 * NODES) < NODES * rows.tiles
