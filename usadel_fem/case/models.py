"""The case: every key of a case file, frozen and in reduced units.

Its parts are in `physical` (materials to vortices), `solving`, `meshing` and `output`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, InstanceOf, StringConstraints
from pydantic import Field as Described
from pydantic.json_schema import SkipJsonSchema

from ..errors import show
from . import checks
from .base import Broken, FrozenDict, Model
from .expressions import Expression, Scalar
from .given import case_page
from .impurities import Impurities
from .meshing import MeshSpec
from .output import Line, Output, Point, Probe
from .physical import Contact, Field, Interface, Material, PairPotential, Terminal, Vortex
from .quantities import UnitSystem, units_of_case
from .solving import Solve
from .sweeping import Sweep
from .units import UnitError, check_base_unit

__all__ = [
    "Case",
    "Contact",
    "Expression",
    "Field",
    "Impurities",
    "Info",
    "Interface",
    "Line",
    "Material",
    "MeshSpec",
    "Output",
    "PairPotential",
    "Point",
    "Probe",
    "Scalar",
    "Solve",
    "Source",
    "Terminal",
    "Units",
    "Vortex",
]

_Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
_Value = TypeVar("_Value")
_Table = Annotated[dict[_Text, _Value], AfterValidator(FrozenDict)]
_NonEmpty = Annotated[dict[_Text, _Value], AfterValidator(FrozenDict), Described(min_length=1)]


class Info(Model):
    """What the case is about; changes nothing in the result."""

    title: str = ""
    """One line."""
    description: str = ""
    """A paragraph of physics."""
    references: tuple[str, ...] = ()
    """Papers this case rests on."""

    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("references"), str):
            return {**data, "references": [data["references"]]}
        return data


class Units(Model):
    """Units of the plain numbers of a case; strings then carry their own.

    >>> Units(energy="meV", length="nm").length
    'nm'
    """

    energy: _Text
    """Unit of energy, such as "meV"."""
    length: _Text
    """Unit of length, such as "nm"."""

    def _relations(self) -> Iterable[Broken]:
        for name, unit in (("energy", self.energy), ("length", self.length)):
            try:
                check_base_unit(unit, name)
            except UnitError as exc:
                example = "meV" if name == "energy" else "nm"
                yield Broken((name,), f'must be a unit of {name}, such as "{example}"', show(unit), exc.hint)


@dataclass(frozen=True)
class Source:
    """Where a case was read from: text, folder its relative paths start at, file, overrides of the text."""

    text: str = ""
    directory: str = "."
    file: str = ""
    overrides: tuple[tuple[str, str], ...] = ()


class Case(Model):
    """A whole problem: device, fields, what to solve and what to write.

    Tables may be given as models or as plain dictionaries. With `units`, give dictionaries: strings with
    units are converted as the case is built.

    Raises:
        CaseError: with every mistake found, one `Problem` each.

    >>> case = Case(
    ...     units={"energy": "meV", "length": "nm"},
    ...     mesh={"file": "wire.msh"},
    ...     material={"N": {"D": "5 cm^2/s"}},
    ...     region={"wire": "N"},
    ...     terminal={"left": {"Delta": "1.2 meV"}},
    ...     solve={"kind": "spectrum", "energies": ["0.5 meV", 1]},
    ... )
    >>> round(case.material["N"].D, 3), case.solve.broadening  # meV nm², meV
    (329.106, 0.012)
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        "materials": "material",
        "regions": "region",
        "terminals": "terminal",
        "interfaces": "interface",
        "fields": "field",
        "vortices": "vortex",
        "solver": "solve",
        "unit": "units",
        "geometry": "mesh",
        "info": "case",
    }

    info: Info = Described(default=Info(), alias="case")
    """Title, description and references."""
    units: Units | None = None
    """Units of plain numbers. Absent: reduced numbers (ħ = k_B = 1)."""
    mesh: MeshSpec
    """Mesh file or built-in shape."""
    material: _NonEmpty[Material]
    """Materials by name."""
    region: _NonEmpty[_Text]
    """Material of each region of the mesh."""
    terminal: _Table[Terminal] = Described(default_factory=FrozenDict)
    """Terminals by the name of their boundary; other boundaries are vacuum."""
    interface: _Table[Interface] = Described(default_factory=FrozenDict)
    """Interfaces by name; others are transparent."""
    field: Field | None = None
    """Magnetic field or vector potential."""
    vortex: tuple[Vortex, ...] = ()
    """Vortices in the initial phase of the pair potential."""
    solve: Solve
    """What to solve and how."""
    sweep: Sweep = Described(default_factory=FrozenDict)
    """Values of dotted keys, such as "material.F.D" = [1, 2] or {start =, stop =, num =}: a grid of cases for
    `usadel-fem sweep`. One run of the case leaves it aside."""
    output: Output = Output()
    """What to write."""
    source: SkipJsonSchema[InstanceOf[Source]] = Described(default=Source(), exclude=True)
    """Text and folder of the case file."""

    @property
    def unit_system(self) -> UnitSystem | None:
        """Base units (energy, length), or None in reduced numbers."""
        return None if self.units is None else (self.units.energy, self.units.length)

    @property
    def mesh_path(self) -> Path | None:
        """The mesh file, relative paths taken from the folder of the case file."""
        return None if self.mesh.file is None else Path(self.source.directory) / self.mesh.file

    def material_of(self, region: str) -> Material:
        """The material of a region."""
        return self.material[self.region[region]]

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        sections = {
            key: getattr(self, key) for key in type(self).model_fields if key not in ("info", "source")
        }
        return case_page(self.info.title, sections)

    @classmethod
    def _reading(cls, data: Mapping[str, Any]) -> AbstractContextManager[Any]:
        given = data.get("units")
        if given is None:
            return units_of_case(None)
        energy, length = (
            given.get(key) if isinstance(given, Mapping) else getattr(given, key, None)
            for key in ("energy", "length")
        )
        try:
            check_base_unit(str(energy), "energy")
            check_base_unit(str(length), "length")
        except UnitError:
            return units_of_case(None, broken=True)
        return units_of_case((str(energy), str(length)))

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        yield from checks.section_rules(data)

    def _relations(self) -> Iterable[Broken]:
        if not self.solve.real_energies:
            return
        for name, material in self.material.items():
            if material.dynes == 0:
                yield Broken(("material", name, "dynes"), "must be > 0 at real energies", "0")
        unnamed = any(material.dynes is None for material in self.material.values())
        if unnamed and not self.solve.broadening and not self._default_broadening():
            hint = "its default is a hundredth of the largest constant gap, and this case has none"
            yield Broken(("solve", "broadening"), "is required at real energies", "nothing", hint)

    def _complete(self) -> None:
        if self.solve.real_energies and not self.solve.broadening:
            self.__dict__["solve"] = self.solve.model_copy(update={"broadening": self._default_broadening()})

    def _default_broadening(self) -> float:
        """A hundredth of the largest constant gap; of the temperature where nothing superconducts."""
        gap = checks.largest_gap(self)
        normal = all(m.Delta is None and m.Tc is None for m in self.material.values())
        if not gap and normal and self.solve.kind == "nonequilibrium":
            gap = self.solve.temperature or 0.0
        return 0.01 * gap
