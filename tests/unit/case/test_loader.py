"""Files that cannot be read, invalid TOML, several mistakes at once, overrides."""

import pytest

from usadel_fem.case import load_case
from usadel_fem.errors import CaseError

GOOD = """
mesh.file = "a.msh"
material.S = {D = 1.3, Delta = 0.83}
region = {lead = "S"}
solve = {kind = "spectrum", energies = [0.1, 0.4]}
"""


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def problems_of(path, overrides=None):
    with pytest.raises(CaseError) as caught:
        load_case(path, overrides or {})
    return caught.value.problems


INVALID_TOML = {
    "unclosed string": ('[case]\ntitle = "a\n[solve]\n', "line 2"),
    "no value": ("[mesh]\n\nfile =\n", "line 3"),
    "key twice": ("[mesh]\nfile = 'a'\nfile = 'b'\n", "line 3"),
    "table twice": ("[mesh]\n[region]\n[mesh]\n", "line 3"),
    "unclosed list": ("[solve]\nenergies = [1, 2\n", "line 2"),
    "bare word": ("kind = spectrum", "line 1"),
    "unclosed table": ("[solve", "line 1"),
}


@pytest.mark.parametrize(("text", "line"), INVALID_TOML.values(), ids=INVALID_TOML.keys())
def test_invalid_toml_names_the_line(good, text, line):
    good.write_text(text)
    [problem] = problems_of(good)
    assert problem.rule == "must be valid TOML"
    assert problem.received.startswith(line)


MANY = """
material.S = {D = 1.3, h = [0, 0], tau_so = 0, exchange = ["foo", "x.y", 1], Delta = 1, Tc = 2}
region = {lead = "T"}
solve = {kind = "equilibrium", tolerance = -1}
terminal.left.Delta = nan
sweep.a = 1
"""


def test_all_problems_at_once(good):
    good.write_text(MANY)
    assert {problem.key for problem in problems_of(good)} == {
        "mesh", "material.S.h", "material.S.tau_so", "material.S.exchange[0]", "material.S.exchange[1]",
        "material.S.Tc", "region.lead", "solve.temperature", "solve.tolerance", "solve.self_consistent",
        "terminal.left.Delta", "sweep",
    }  # fmt: skip


def test_files_that_cannot_be_read(good, tmp_path):
    [missing] = problems_of(tmp_path / "caze.toml")
    assert missing.rule == "must be an existing case file"
    assert "case.toml" in missing.hint
    [folder] = problems_of(tmp_path)
    assert folder.received == "a directory"
    good.write_bytes(b"[mesh]\nfile = '\xff'")
    [binary] = problems_of(good)
    assert binary.rule == "must be text in UTF-8"
    good.write_text("")
    assert {problem.key for problem in problems_of(good)} == {"mesh", "material", "region", "solve"}


OVERRIDES = {
    "unquoted string": ({"solve.kind": "spectrum"}, "solve.kind", "strings need their quotes"),
    "nothing": ({"solve.kind": ""}, "solve.kind", "one TOML value"),
    "two keys": ({"mesh.order": "1\nfile = 'b'"}, "mesh.order", "one TOML value"),
    "no key": ({"": "1"}, "", "dotted key"),
    "a key with an assignment": ({"a = 1\nb": "1"}, None, "dotted key"),
    "unknown key": ({"material.S.hh": "1"}, "material.S.hh", "is not a known key"),
    "wrong value": ({"mesh.order": "3"}, "mesh.order", "must be 1 or 2"),
    "into a number": ({"material.S.D.x": "3"}, "material.S.D.x", "must be a table or an entry of a list"),
    "no such entry": ({"solve.energies.5": "3"}, "solve.energies.5", "must be a table or an entry of a list"),
    "an entry": ({"solve.energies.1": '"low"'}, "solve.energies[1]", "'low' is not one"),
}


@pytest.mark.parametrize(("overrides", "key", "fragment"), OVERRIDES.values(), ids=OVERRIDES.keys())
def test_overrides_are_blamed_for_what_they_break(good, overrides, key, fragment):
    [problem] = problems_of(good, overrides)
    assert problem.file == "--set"
    assert key is None or problem.key == key
    assert fragment in str(problem)


def test_overrides_may_be_numbers_and_lists(good):
    case = load_case(good, {"material.S.D": 0.83, "solve.energies": [0.2, 0.3], "solve.linear": '"direct"'})
    assert case.material["S"].D == 0.83
    assert case.solve.energies == (0.2, 0.3)
    assert case.source.overrides[0] == ("material.S.D", "0.83")
