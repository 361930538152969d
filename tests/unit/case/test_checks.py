"""The case against its mesh, and expressions where they are used."""

import numpy as np
import pytest

from usadel_fem.case import Case, check_fields, check_names, check_values

MESH = {"regions": {"lead", "layer"}, "boundaries": {"left", "right"}, "interfaces": {"layer|lead"}}


def case(region=None, material=None, **changes):
    return Case(
        mesh={"file": "a.msh"},
        material={"S": {"D": 1.3, **(material or {})}},
        region=region or {"lead": "S", "layer": "S"},
        solve={"kind": "spectrum", "energies": [0.2], "broadening": 0.1},
        **changes,
    )


def test_agreement():
    good = case(terminal={"left": {"normal": True}}, interface={"layer|lead": {"conductance": 1}})
    assert check_names(good, **MESH) == []


DISAGREEMENTS = {
    "region left out": ({"region": {"lead": "S"}}, "region", 'add layer = "MATERIAL"'),
    "region of no mesh": (
        {"region": {"lead": "S", "layer": "S", "laier": "S"}}, "region.laier", "did you mean 'layer'"),
    "boundary of no mesh": (
        {"terminal": {"lefft": {"normal": True}}}, "terminal.lefft", "did you mean 'left'"),
    "boundary unlike any": ({"terminal": {"q": {"normal": True}}}, "terminal.q", "left, right"),
    "interface of no mesh": ({"interface": {"q": {}}}, "interface.q", "layer|lead"),
    "interface as terminal": (
        {"terminal": {"layer|lead": {"normal": True}}},
        'terminal."layer|lead"', 'write interface."layer|lead"'),
    "region as terminal": ({"terminal": {"lead": {"normal": True}}}, "terminal.lead", "write region.lead"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "key", "hint"), DISAGREEMENTS.values(), ids=DISAGREEMENTS.keys())
def test_disagreement(changes, key, hint):
    [problem] = check_names(case(**changes), **MESH)
    assert problem.key == key
    assert hint in problem.hint


def test_fields():
    wanted = case(output={"fields": ["dos", "chrage_current"]})
    [problem] = check_fields(wanted, ["dos", "charge_current"])
    assert (problem.key, problem.hint) == ("output.fields[1]", "did you mean 'charge_current'?")
    assert check_fields(case(), ["dos"]) == []


METAL = {"p_F": 7.3, "v_F": 0.83, "n_im": 0.11, "B": 0.2}
POINTS = np.array([[-1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("material", "key", "fragment"),
    [
        ({"D": "1 + x/2"}, None, ""),
        ({"D": "x"},
        "material.S.D", "must be > 0 everywhere in its region; received \"x\" (it takes the value -1)"),
        ({"D": "1/x"}, "material.S.D", "its value at (0, 0, 0) is inf"),
        ({"tau_so": "log(x)"}, "material.S.tau_so", "is nan"),
        ({"dynes": "x"}, "material.S.dynes", "must be >= 0"),
        ({"exchange": [0, "sqrt(x)", 0]}, "material.S.exchange[1]", "is nan"),
        ({"Delta": {"abs": "x"}}, "material.S.Delta.abs", "must be >= 0"),
        ({"Delta": {"abs": 1, "phase": "1/x"}}, "material.S.Delta.phase", "is inf"),
        ({"theta": "x", "kappa": "-x"}, None, ""),
        ({"D": None, "impurities": {**METAL, "a": "x"}},
        "material.S.impurities.a", "must be other than 0 everywhere in its region"),
        ({"D": None, "impurities": {**METAL, "a": "x + 0.3"}}, None, ""),
        ({"D": None, "impurities": {**METAL, "a": 1, "n_im": "1/x"}}, "material.S.impurities.n_im", "is inf"),
    ],
)  # fmt: skip
def test_values_on_the_mesh(material, key, fragment):
    problems = check_values(case(material=material), "lead", POINTS, (0,))
    assert [problem.key for problem in problems] == ([key] if key else [])
    assert all(fragment in str(problem) for problem in problems)


def test_no_points():
    assert check_values(case(material={"D": "x"}), "lead", np.empty((3, 0))) == []
