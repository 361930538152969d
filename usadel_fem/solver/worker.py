"""At the worker: a device, put up once and kept, and the solvers that hold what they have prepared on it.

A task names its device by a key. A worker that does not know it answers `Untold` and is sent the device, or
the case, from which it makes its own mesh and matrices.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

import numpy as np
from threadpoolctl import threadpool_limits

from usadel_fem.case import Case
from usadel_fem.device import Device, at_voltages, build_device
from usadel_fem.outcomes import EnergyReport
from usadel_fem.parallel.dispatch import Answer, Untold
from usadel_fem.physics.channels import at_minus_energy
from usadel_fem.physics.nambu import Complex
from usadel_fem.solver.extrapolation import Track

Solved = tuple[int, Any, EnergyReport]

LARGEST_SENT = 100_000
"""Nodes of a device that is sent to processes of this machine: in 3D, 200 MB."""

MOST_DEVICES = 2
"""A worker of a cluster serves one run after another; it keeps the devices of the last."""


class Sweeper(Protocol):
    """What solves energies one after another: `DeviceSolver`, `KineticSolver`."""

    device: Device

    def __init__(self, device: Device, delta: Complex | None = None) -> None: ...

    def hold(self, delta: Complex | None) -> None: ...

    def source(self, energy: Any) -> Complex: ...

    def sweep(
        self, energies: Sequence[Any], start: Any = None, track: Track | None = None
    ) -> Iterator[Solved]: ...


class Observer(Protocol):
    """What is made of a converged ǧ (N, 4, 4) and its Ω where it is found: the run collects it."""

    def __init__(self, device: Device) -> None: ...

    def __call__(self, energy: complex, g: Complex, omega: Complex) -> Any: ...


@dataclass(frozen=True)
class Observed:
    """What a sweep gave at one energy, and what an observer made of it.

    Attributes:
        result: of the sweep.
        values: of the observer; None where the energy failed.
        image: the same at −ε, where that was asked for.
    """

    result: Any
    values: Any
    image: Any = None

    def at_minus_energy(self) -> Observed:
        """What would be found at −ε."""
        return Observed(None if self.values is None else at_minus_energy(self.result), self.image)


S = TypeVar("S", bound=Sweeper)

Change = tuple[tuple[tuple[str, float], ...], bool] | None
"""Voltages of terminals by name, and whether conductances are asked for, where a device is changed."""


@dataclass(frozen=True)
class Told:
    """What a worker is sent once.

    Attributes:
        key: of the device: what its case and mesh file say.
        case: the case.
        mesh: the mesh file, for workers that may not have it, or None.
        device: the device, or None for workers that make their own.
    """

    key: str
    case: Case
    mesh: bytes | None = field(default=None, repr=False)
    device: Device | None = field(default=None, repr=False)

    @classmethod
    def of(cls, case: Case, remote: bool, device: Device | None = None) -> Told:
        """What to send: `remote` workers get the mesh file, others the device unless it is too large."""
        mesh = None if case.mesh_path is None else case.mesh_path.read_bytes()
        parts = (case.model_dump_json(by_alias=True).encode(), str(case.mesh_path).encode(), mesh or b"")
        key = hashlib.sha256(b"\0".join(parts)).hexdigest()
        if remote:
            return cls(key, case, mesh)
        sent = device is not None and device.space.size <= LARGEST_SENT
        return cls(key, case, device=device if sent else None)


@dataclass(eq=False)
class Bench:
    """A device in one thread of one process, and what has been prepared on it there.

    Attributes:
        device: forms and materials.
        kept: whatever tasks leave for those that follow.
    """

    device: Device
    kept: dict[Any, Any] = field(default_factory=dict)

    def solver(self, kind: type[S], delta: Complex | None, change: Change = None) -> S:
        """The bench's solver of a kind, for a Δ_p and the device with its terminals changed."""
        known, found = self.kept.get(kind, (None, None))
        if found is None or known != change:
            device = self.device if change is None else at_voltages(self.device, dict(change[0]), change[1])
            found = kind(device, delta)
            self.kept[kind] = change, found
        found.hold(delta)
        return cast(S, found)

    def observed(
        self, observer: type[Observer], solver: Sweeper, energy: complex, result: Any, ok: bool, image: bool
    ) -> Observed:
        """What an observer makes of what a solver found at an energy, and if asked, of its image at −ε."""
        g = field_of(result)
        if not ok or g is None:
            return Observed(result, None)
        device, observe = self.kept.get(observer, (None, None))
        if device is not solver.device:
            observe = observer(solver.device)
            self.kept[observer] = solver.device, observe
        values = observe(energy, g, solver.source(energy))
        if not image:
            return Observed(result, values)
        return Observed(result, values, observe(-energy, at_minus_energy(g), solver.source(-energy)))


_devices: OrderedDict[str, Device] = OrderedDict()
_owned: WeakValueDictionary[str, Device] = WeakValueDictionary()
_lock = threading.Lock()
_here = threading.local()


def ready() -> int:
    """A first task: the worker's process; with it all modules are there."""
    return os.getpid()


def keep_device(key: str, device: Device) -> None:
    """Let workers in this process use a device while it lives; it is assembled before they share it."""
    with _lock:
        assert device.forms.free.size >= 0
        _owned[key] = device


def task(key: str, told: Told | None, work: Callable[..., Any], *arguments: Any) -> Answer | Untold:
    """work(bench, *arguments) at the device of a key."""
    bench = _bench(key, told)
    if bench is None:
        return Untold()
    began = time.perf_counter()
    value = work(bench, *arguments)
    return Answer(value, time.perf_counter() - began)


def _bench(key: str, told: Told | None) -> Bench | None:
    benches: OrderedDict[str, Bench] = _here.__dict__.setdefault("benches", OrderedDict())
    if key not in benches:
        with _lock:
            device = _owned.get(key) or _devices.get(key)
            if device is None:
                if told is None:
                    return None
                device = told.device or _built(told)
                assert device.forms.free.size >= 0
                _put(_devices, key, device)
            _put(benches, key, Bench(device))
    benches.move_to_end(key)
    return benches[key]


def _put(shelf: OrderedDict[str, Any], key: str, item: Any) -> None:
    shelf[key] = item
    shelf.move_to_end(key)
    while len(shelf) > MOST_DEVICES:
        shelf.popitem(last=False)


def _built(told: Told) -> Device:
    threadpool_limits(1)
    case = told.case
    with _mesh_file(told) as path:
        if path is not None:
            mesh = case.mesh.model_copy(update={"file": str(path)})
            case = case.model_copy(update={"mesh": mesh})
        return replace(build_device(case), case=told.case)


@contextmanager
def _mesh_file(told: Told) -> Iterator[Path | None]:
    """Where to read the mesh: None for where the case says, else a copy of what was sent."""
    path = told.case.mesh_path
    if told.mesh is None or path is None or (path.is_file() and path.read_bytes() == told.mesh):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(told.mesh)
        yield copy


def sweep(
    bench: Bench,
    kind: type[Sweeper],
    delta: Complex | None,
    energies: Complex,
    change: Change,
    here: tuple[int, int],
    before: tuple[int, int] | None,
    start: Any,
    observer: type[Observer] | None = None,
    images: Sequence[bool] = (),
) -> list[tuple[Any, EnergyReport]]:
    """Energies one after another.

    Args:
        bench: where.
        kind: of the solver.
        delta: self-consistent Δ_p or None.
        energies: (n,).
        change: of the terminals.
        here: names the last of them.
        before: names an energy that lies before the first: if it was the last one here, the sweep goes on.
        start: a result to start from otherwise, or None.
        observer: of the results, which are then `Observed`.
        images: of which energies it is to see the image too, (n,).
    """
    name, track = bench.kept.get("track", (None, None))
    if before is None or name != before:
        track = Track()
    bench.kept["track"] = here, track
    solver = bench.solver(kind, delta, change)
    found = swept(bench, solver, energies, observer, images, field_of(start), track)
    return [(result, report) for _, result, report in found]


def swept(
    bench: Bench,
    solver: Sweeper,
    energies: Complex,
    observer: type[Observer] | None,
    images: Sequence[bool],
    start: Complex | None = None,
    track: Track | None = None,
) -> Iterator[Solved]:
    """Energies one after another, observed as they are found; see `sweep`."""
    each = [complex(e) for e in energies]
    for k, result, report in solver.sweep(each, start, track):
        if observer is not None:
            result = bench.observed(observer, solver, each[k], result, report.ok, images[k])
        yield k, result, report


def forget(bench: Bench, *names: str) -> None:
    """Give back the memory of what tasks have kept."""
    for name in names:
        bench.kept.pop(name, None)


def field_of(result: Any) -> Complex | None:
    """ǧ (N, 4, 4) of what a sweep gave at one energy."""
    if isinstance(result, Observed):
        return field_of(result.result)
    return result if result is None or isinstance(result, np.ndarray) else result.g
