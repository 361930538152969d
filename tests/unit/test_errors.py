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
    ("value", "text"),
    [
        (True, "true"), (1.5, "1.5"), ("a", '"a"'), ([1, "b"], '[1, "b"]'), ({"a": (1,)}, "{a = [1]}"),
        (None, "nothing"), ("a\nb", '"a\\nb"'), ("x" * 200, '"' + "x" * 76 + "..."),
    ],
)  # fmt: skip
def test_values_are_shown_on_one_line(value, text):
    assert show(value) == text
