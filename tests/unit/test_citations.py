"""What a case rests on: features one at a time, complete entries, the software as in CITATION.cff."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import usadel_fem as uf
from tests.samples import wire_case
from usadel_fem.citations import FEATURES, as_bibtex, as_text, features_of, references
from usadel_fem.citations.references import Reference

ROOT = Path(__file__).parents[2]
ALL = [value for value in vars(references).values() if isinstance(value, Reference)]
MATSUBARA = {"kind": "spectrum", "energies": {"imaginary": [0.7]}}
DRIVEN = {"kind": "nonequilibrium", "temperature": 0.3, "broadening": 0.02}
PLAIN: dict[str, Any] = {"material": {"N": {"D": 0.83}}, "terminal": {}, "solve": MATSUBARA}
ALWAYS = {"this program", "matrix Usadel equation", "finite elements", "arrays and linear algebra"}


def names(**changes: Any) -> set[str]:
    """Features of a plain normal wire with changes, less those of every case."""
    found = {feature.name for feature in features_of(wire_case(**{**PLAIN, **changes}))}
    assert found >= ALWAYS
    return found - ALWAYS


def of_material(**keys: Any) -> set[str]:
    return names(material={"N": {"D": 0.83, **keys}})


def of_terminal(solve: Any = MATSUBARA, **keys: Any) -> set[str]:
    return names(terminal={"left": keys}, solve=solve)


def test_a_plain_wire_needs_the_equation_and_the_tools() -> None:
    assert names() == set()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"theta": 0.1}, {"spin Hall angle and spin swapping", "spin Hall effect"}),
        ({"kappa": "0.1*x"}, {"spin Hall angle and spin swapping", "spin swapping"}),
        ({"theta": 0.0, "kappa": 0.0}, set()),
        ({"tau_so": 3.0}, {"spin-orbit relaxation"}),
        ({"exchange": [0, 0, "0.3*x"]}, {"exchange fields"}),
        ({"exchange": [0, 0, 0]}, set()),
        ({"rashba": 0.2}, {"Rashba and Dresselhaus coupling"}),
        ({"dresselhaus": -0.2}, {"Rashba and Dresselhaus coupling"}),
        ({"Delta": 0.7}, set()),
    ],
)
def test_materials(keys: dict[str, Any], expected: set[str]) -> None:
    assert of_material(**keys) == expected


def test_impurities_give_all_spin_orbit_terms() -> None:
    table = {"p_F": 13.0, "m": 0.7, "n_im": 30.0, "a": 0.06, "lambda": 0.01}
    found = names(material={"N": {"impurities": table}})
    assert {"spin Hall effect", "spin swapping", "spin-orbit relaxation"} <= found


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"Delta": 0.7}, set()),
        ({"Delta": 0.7, "exchange": [0, 0.2, 0]}, {"exchange fields"}),
        ({"Delta": 0.7, "contact": 0.4}, {"tunnel barriers"}),
        (
            {"Delta": 0.7, "contact": {"conductance": 0.4, "polarisation": [0, 0, 0.3]}},
            {"tunnel barriers", "barriers that filter spins"},
        ),
        (
            {"Delta": 0.7, "contact": {"conductance": 0.4, "spin_mixing": [0, 0, 0.3]}},
            {"tunnel barriers", "barriers that mix spins"},
        ),
    ],
)
def test_terminals(keys: dict[str, Any], expected: set[str]) -> None:
    assert of_terminal(**keys) == expected


def test_interfaces() -> None:
    layers = [{"region": "S", "length": 1.5, "elements": 3}, {"region": "N", "length": 0.7, "elements": 3}]
    barrier = {"S|N": {"conductance": 0.4, "polarisation": [0.3, 0, 0], "spin_mixing": [0.1, 0, 0]}}
    found = names(mesh={"shape": "layers", "layers": layers}, region={"S": "N", "N": "N"}, interface=barrier)
    assert found == {"tunnel barriers", "barriers that filter spins", "barriers that mix spins"}


def test_kinds() -> None:
    real = {"kind": "spectrum", "energies": [0.2], "broadening": 0.02}
    assert names(solve={"kind": "equilibrium", "temperature": 0.3}) == {"Matsubara sums"}
    assert names(solve=real) == set()
    assert of_terminal(real, Delta=0.7) == {"broadening of energies"}
    assert of_terminal(DRIVEN, normal=True, voltage=0.2) == {"Keldysh functions"}
    assert of_terminal(DRIVEN, normal=True, spin_voltage=[0, 0, 0.2]) == {
        "Keldysh functions",
        "spins out of equilibrium",
    }
    assert names(solve={**DRIVEN, "time": {"stop": 0.7}}) == {"Keldysh functions", "steps in time"}
    assert names(output={"fields": ["gamma"]}) == {"Riccati amplitudes"}


@pytest.mark.parametrize(
    ("mesh", "multigrid"),
    [
        ({"shape": "rectangle", "length": 1.2, "width": 0.7, "resolution": 0.3}, False),
        ({"shape": "box", "length": 1.2, "width": 0.7, "depth": 0.6, "resolution": 0.3}, True),
        ({"file": "x.msh"}, True),
        ({"file": "x.msh", "axes": ["x", "y"]}, False),
    ],
)
def test_meshes(mesh: dict[str, Any], multigrid: bool) -> None:
    found = names(mesh=mesh)
    assert ("multigrid, on large meshes in 3D" in found) == multigrid
    assert ("mesh file" in found) == ("file" in mesh)


def test_every_reference_has_a_feature_and_a_key_of_its_own() -> None:
    cited = [reference for feature in FEATURES for reference in feature.references]
    assert set(cited) == set(ALL)
    assert len({reference.key for reference in ALL}) == len(ALL) == len(cited)


@pytest.mark.parametrize("reference", ALL, ids=lambda reference: reference.key)
def test_entries_are_complete(reference: Reference) -> None:
    entry = reference.bibtex()
    assert re.fullmatch(r"@(article|book|software)\{\w+,\n(  \w+ = \{.+\},\n)+  \w+ = \{.+\}\n\}", entry)
    assert entry.count("{") == entry.count("}")
    assert entry.isascii()
    if reference.journal:
        assert reference.volume
        assert reference.pages
        assert reference.year
        assert f"{reference.journal} {reference.volume}, {reference.pages} ({reference.year})" in str(
            reference
        )
    assert re.fullmatch(r"(10\.\d{4,}/\S+)?", reference.doi)


def test_the_software_as_in_the_citation_file() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^title: (.+)$", text, re.MULTILINE)[1] == references.SOFTWARE.title
    assert re.search(r"^version: (.+)$", text, re.MULTILINE)[1] == references.SOFTWARE.version
    assert f'- name: "{references.SOFTWARE.authors[0]}"' in text
    assert references.HUANG.doi in text
    assert references.HUANG.title in text


def test_text_and_bibtex() -> None:
    case = uf.load_case(ROOT / "cases" / "20_nonlocal_spin_valve_3d.toml")
    text, entries = as_text(case), as_bibtex(case)
    assert "  K. D. Usadel, Phys. Rev. Lett. 25, 507 (1970), doi:10.1103/PhysRevLett.25.507" in text
    assert text.endswith("F. J. Jedema, A. T. Filip, B. J. van Wees, Nature 410, 345 (2001)")
    assert "% tunnel barriers\n@article{Kuprianov1988," in entries
    assert "author = {{the usadel\\_fem developers}}" in entries
    assert "% named by the case: F. J. Jedema" in entries
