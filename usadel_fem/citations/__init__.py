"""What a case rests on: one registry from features of a case to papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from usadel_fem.case import Case
from usadel_fem.citations import references as r
from usadel_fem.citations.references import Reference

__all__ = ["FEATURES", "Feature", "as_bibtex", "as_text", "features_of"]


@dataclass(frozen=True)
class Feature:
    """Something that a case may use.

    Attributes:
        name: what it is.
        used: whether a case uses it.
        references: where it comes from.
    """

    name: str
    used: Callable[[Case], bool]
    references: tuple[Reference, ...]


def _any_material(*keys: str) -> Callable[[Case], bool]:
    """Whether a material has one of these, of its own or from its impurities (which give all of them)."""
    return lambda case: any(
        material.impurities is not None or any(_nonzero(getattr(material, key)) for key in keys)
        for material in case.material.values()
    )


def _nonzero(value: Any) -> bool:
    """A number or vector that is not zero, or an expression."""
    if isinstance(value, tuple):
        return any(map(_nonzero, value))
    return value is not None and value != 0


def _exchange(case: Case) -> bool:
    parts: list[Any] = [*case.material.values(), *case.terminal.values()]
    return any(_nonzero(part.exchange) for part in parts)


def _contacts(case: Case) -> Iterator[Any]:
    yield from (terminal.contact for terminal in case.terminal.values())
    yield from case.interface.values()


def _any_contact(key: str) -> Callable[[Case], bool]:
    return lambda case: any(_nonzero(getattr(contact, key)) for contact in _contacts(case))


def _gauge_fields(case: Case) -> bool:
    return any(material.rashba or material.dresselhaus for material in case.material.values())


def _broadened(case: Case) -> bool:
    gaps = [m.Delta is not None or m.Tc is not None for m in case.material.values()]
    gaps += [bool(terminal.Delta) for terminal in case.terminal.values()]
    return case.solve.real_energies and any(gaps)


def _keldysh(case: Case) -> bool:
    return case.solve.kind == "nonequilibrium"


def _spin_split(case: Case) -> bool:
    spins = _exchange(case) or _any_contact("polarisation")(case)
    return _keldysh(case) and (spins or any(_nonzero(t.spin_voltage) for t in case.terminal.values()))


def _riccati(case: Case) -> bool:
    return not {"gamma", "gamma_tilde"}.isdisjoint(case.output.fields or ())


def _perhaps_3d(case: Case) -> bool:
    """A shape with a depth, or a file, unless its axes say otherwise."""
    if case.mesh.axes is not None:
        return len(case.mesh.axes) == 3
    return case.mesh.shape is None or getattr(case.mesh.shape, "depth", None) is not None


def _always(case: Case) -> bool:
    return True


FEATURES = (
    Feature("this program", _always, (r.SOFTWARE,)),
    Feature("matrix Usadel equation", _always, (r.USADEL, r.HUANG)),
    Feature("spin Hall angle and spin swapping", _any_material("theta", "kappa"), (r.SIGMA_MODEL,)),
    Feature("spin Hall effect", _any_material("theta"), (r.SPIN_HALL,)),
    Feature("spin swapping", _any_material("kappa"), (r.SWAPPING,)),
    Feature("spin-orbit relaxation", _any_material("tau_so"), (r.SPIN_RELAXATION,)),
    Feature("exchange fields", _exchange, (r.TRIPLETS, r.FERROMAGNETS)),
    Feature("Rashba and Dresselhaus coupling", _gauge_fields, (r.GAUGE_FIELDS,)),
    Feature("broadening of energies", _broadened, (r.DYNES,)),
    Feature("tunnel barriers", _any_contact("conductance"), (r.TUNNELLING,)),
    Feature("barriers that filter spins", _any_contact("polarisation"), (r.SPIN_FILTER, r.POLARISED)),
    Feature("barriers that mix spins", _any_contact("spin_mixing"), (r.SPIN_MIXING,)),
    Feature("Keldysh functions", _keldysh, (r.KELDYSH,)),
    Feature("spins out of equilibrium", _spin_split, (r.SPIN_SPLIT,)),
    Feature("Riccati amplitudes", _riccati, (r.RICCATI,)),
    Feature("Matsubara sums", lambda case: case.solve.kind == "equilibrium", (r.SUMS,)),
    Feature("steps in time", lambda case: case.solve.time is not None, (r.STEPS,)),
    Feature("finite elements", _always, (r.SCIKIT_FEM,)),
    Feature("arrays and linear algebra", _always, (r.NUMPY, r.SCIPY)),
    Feature("multigrid, on large meshes in 3D", _perhaps_3d, (r.PYAMG,)),
    Feature("mesh file", lambda case: case.mesh.file is not None, (r.GMSH,)),
)
"""In the order in which they are named."""


def features_of(case: Case) -> list[Feature]:
    """The features that a case uses."""
    return [feature for feature in FEATURES if feature.used(case)]


def as_text(case: Case) -> str:
    """What to cite, feature by feature, and what the case names itself."""
    lines = []
    for feature in features_of(case):
        lines += [feature.name, *(f"  {reference}" for reference in feature.references)]
    if case.info.references:
        lines += ["named by the case", *(f"  {text}" for text in case.info.references)]
    return "\n".join(lines)


def as_bibtex(case: Case) -> str:
    """The same as BibTeX; what the case names itself stands in comments."""
    entries = []
    for feature in features_of(case):
        each = "\n\n".join(reference.bibtex() for reference in feature.references)
        entries.append(f"% {feature.name}\n{each}")
    entries += [f"% named by the case: {' '.join(text.split())}" for text in case.info.references]
    return "\n\n".join(entries)
