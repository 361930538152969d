"""How mistakes are worded."""

import pytest

from usadel_fem.errors import CaseError, Problem, did_you_mean, show


def test_a_problem_is_one_line():
    full = Problem("material.F.D", "must be > 0", "-1", "did you mean 1?", "a.toml")
    assert str(full) == "a.toml: material.F.D: must be > 0; received -1 (did you mean 1?)"
    assert str(Problem("", "must be valid TOML", file="a.toml")) == "a.toml: must be valid TOML"
    assert Problem("a", "b").within("f").file == "f"
    assert full.within("f") is full


def test_an_error_has_one_line_per_problem():
    error = CaseError([Problem("a", "b"), Problem("c", "d")])
    assert str(error).splitlines() == ["a: b", "c: d"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [("Exchange", "did you mean 'exchange'?"), ("h", "did you mean 'exchange'?"), ("zzz", "")],
)
def test_suggestions(word, hint):
    assert did_you_mean(word, ["D", "exchange"], {"h": "exchange"}) == hint


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("sns", "did you mean 'sns_junction'?"),
        ("BILAYER", "did you mean 'sn_bilayer'?"),
        ("vort", "did you mean 'vortex_disk'?"),
        ("valve", "did you mean 'lateral_spin_valve'?"),
        ("sp", "did you mean 'spin_bar' or 'spin_pulse' or 'spin_pump'?"),
        ("sn", "did you mean 'sn_bilayer' or 'sns_junction'?"),
        ("s", ""),  # too little to go by
        ("ayer", ""),  # neither a beginning nor a part
        ("", ""),
    ],
)
def test_parts_of_longer_names(word, hint):
    names = ["sn_bilayer", "sns_junction", "spin_bar", "spin_pulse", "spin_pump", "lateral_spin_valve"]
    assert did_you_mean(word, [*names, "vortex_disk"]) == hint


def test_no_suggestion_where_many_names_have_the_part():
    assert did_you_mean("spin", [f"long_name_{k}_of_spin" for k in range(4)]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (1.5, "1.5"), ("a", '"a"'), ([1, "b"], '[1, "b"]'), ({"a": (1,)}, "{a = [1]}"),
        (None, "nothing"), ("a\nb", '"a\\nb"'), ("x" * 200, '"' + "x" * 76 + "..."),
    ],
)  # fmt: skip
def test_values_are_shown_on_one_line(value, text):
    assert show(value) == text
