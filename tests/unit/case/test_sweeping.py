import pytest

from tests.samples import CASE_TEXT
from usadel_fem.case import Case, grid, load_case, varied
from usadel_fem.errors import CaseError

SWEEP = """
[sweep]
"terminal.left.Delta" = {start = 0.2, stop = 0.8, num = 4}
material.N.exchange = [[0, 0, 0.1], [0, 0, 0.3]]
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "wire.toml"
    path.write_text(CASE_TEXT + SWEEP)
    return load_case(path)


def test_quoted_keys_and_tables_mean_the_same(case):
    assert list(case.sweep) == ["terminal.left.Delta", "material.N.exchange"]
    assert case.sweep["terminal.left.Delta"] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert case.sweep["material.N.exchange"] == ([0, 0, 0.1], [0, 0, 0.3])


def test_grid_is_the_product_with_the_last_key_fastest(case):
    points = grid(case.sweep)
    assert len(points) == 8
    assert points[1] == {"terminal.left.Delta": 0.2, "material.N.exchange": [0, 0, 0.3]}


def test_a_point_is_the_case_with_its_keys(case):
    point = varied(case, grid(case.sweep)[3])
    assert point.terminal["left"].Delta == pytest.approx(0.4)
    assert tuple(point.material["N"].exchange) == (0.0, 0.0, 0.3)
    assert not point.sweep
    rest = {"terminal", "material", "sweep", "source"}
    assert point.model_dump(exclude=rest) == case.model_dump(exclude=rest)


def test_overrides_of_the_case_hold_at_every_point(tmp_path):
    path = tmp_path / "wire.toml"
    path.write_text(CASE_TEXT + SWEEP)
    case = load_case(path, {"material.N.D": "0.37", "terminal.left.Delta": "0.9"})
    point = varied(case, {"terminal.left.Delta": 0.2})
    assert (point.material["N"].D, point.terminal["left"].Delta) == (0.37, 0.2)


def test_a_case_built_in_python_varies_as_the_file_does(case):
    built = Case.model_validate_json(case.model_dump_json(by_alias=True, exclude_defaults=True))
    assert not built.source.text
    for settings in grid(case.sweep):
        one, other = varied(case, settings), varied(built, settings)
        hidden = {"source", "output"}
        assert one.model_dump(exclude=hidden) == other.model_dump(exclude=hidden)


def test_values_may_carry_units(tmp_path):
    text = CASE_TEXT.replace("[case]", '[units]\nenergy = "meV"\nlength = "nm"\n\n[case]', 1)
    path = tmp_path / "wire.toml"
    path.write_text(text + '\n[sweep]\n"solve.broadening" = {start = "20 ueV", stop = "80 ueV", num = 3}\n')
    case = load_case(path)
    found = [varied(case, settings).solve.broadening for settings in grid(case.sweep)]
    assert found == pytest.approx([0.02, 0.05, 0.08], rel=1e-14)


def test_tables_and_strings_are_values_too(case):
    point = varied(case, {"mesh.shape": "wire", "terminal.left": {"Delta": 0.3, "phase": "pi/3"}})
    assert point.terminal["left"].phase == pytest.approx(1.0471975511965976)


def test_a_wrong_value_names_its_key(case):
    with pytest.raises(CaseError) as error:
        varied(case, {"material.N.D": -1, "material.N.exchagne": [0, 0, 1]})
    assert {problem.key for problem in error.value.problems} == {"material.N.D", "material.N.exchagne"}
