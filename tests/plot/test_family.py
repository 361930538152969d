"""Pictures of several results, and of tables."""

from pathlib import Path

import numpy as np
import pytest

from tests.plot.reading import plots
from usadel_fem.case import Case
from usadel_fem.errors import CaseError
from usadel_fem.plot import family
from usadel_fem.plot.options import Options
from usadel_fem.solution import load

TABLE = """\
terminal.right.voltage,solve.temperature,terminal_current[left],terminal_current[right],gap,note
0.4,0.1,-0.5,0.5,,a
0.1,0.1,-0.2,0.2,,b
0.4,0.3,-0.3,0.3,,c
0.1,0.3,-0.1,0.1,,d
"""


def test_a_current_phase_relation(junctions: list[Path]) -> None:
    table = family.read(junctions)
    assert table.names()["cpr"] == "current–phase relation"
    (axes,) = plots(family.draw(table, "cpr", Options()))
    (line,) = [line for line in axes.lines if line.get_marker() == "."]
    assert list(line.get_xdata()) == [0.0, 0.7, 1.9, 2.9]
    found = [float(load(junctions[i]).observables["terminal_current"]["right"]) for i in (1, 2, 0, 3)]
    assert list(line.get_ydata()) == found
    assert axes.get_xlabel() == r"phase $\varphi$ of right (rad)"
    assert axes.get_ylabel() == "current $I$ of right ($N_F$ E₀² L₀)"
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "π/2"]


def test_a_table_of_two_keys(tmp_path: Path) -> None:
    (tmp_path / "sweep.csv").write_text(TABLE, encoding="utf-8")
    table = family.read([tmp_path / "sweep.csv"])
    assert set(table.names()) == {"iv", "terminal_current"}
    (axes,) = plots(family.draw(table, "iv", Options()))
    lines = {str(line.get_label()): line for line in axes.lines if line.get_marker() == "."}
    assert set(lines) == {"solve.temperature = 0.1", "solve.temperature = 0.3"}
    x, y = lines["solve.temperature = 0.3"].get_data()
    assert (list(x), list(y)) == ([0.1, 0.4], [0.1, 0.3])
    assert axes.get_xlabel() == "voltage $V$ of right"


def test_one_column_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "sweep.csv").write_text(TABLE, encoding="utf-8")
    (axes,) = plots(family.draw(family.read([tmp_path / "sweep.csv"]), "terminal_current[left]", Options()))
    assert list(axes.lines[0].get_ydata()) == [-0.2, -0.5]
    assert axes.get_ylabel() == "current $I$ of left"


def test_long_labels_stay_in_the_picture() -> None:
    case = Case(
        mesh={"shape": "wire", "length": 1.0, "elements": 2}, material={"N": {"D": 1.0}},
        region={"wire": "N"}, solve={"kind": "spectrum", "energies": [0.1], "broadening": 0.1},
    )  # fmt: skip
    columns = {f"terminal_heat_current[{n}]": np.array([0.1, 0.3]) for n in ("left", "right")}
    table = family.Family(
        {"terminal.right.voltage": np.array([0.2, 0.7])},
        columns,
        case,
        {"terminal_heat_current": "N_F energy^3·length"},
    )
    figure = family.draw(table, "terminal_heat_current", Options())
    figure.draw_without_rendering()
    extent = figure.axes[0].yaxis.label.get_window_extent()
    assert extent.y0 >= 0
    assert extent.y1 <= figure.bbox.height
    assert figure.axes[0].get_ylabel() == "terminal heat current of right\n($N_F$ E₀³ L₀)"


def test_keys_that_change_together_make_one_line(tmp_path: Path) -> None:
    text = "terminal.a.voltage,terminal.b.voltage,gap\n0.1,-0.1,1.0\n0.3,-0.3,0.8\n0.2,-0.2,0.9\n"
    (tmp_path / "sweep.csv").write_text(text, encoding="utf-8")
    (axes,) = plots(family.draw(family.read([tmp_path / "sweep.csv"]), "gap", Options()))
    assert [list(line.get_ydata()) for line in axes.lines] == [[1.0, 0.9, 0.8]]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a,b\n1,2\n", "must have a column of a key that changes"),
        ("", "must have a column of a key that changes"),
        ("solve.temperature,gap\n1,2\n1,3\n", "must have a column of a key that changes"),
    ],
)
def test_tables_that_say_nothing(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "sweep.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=rule):
        family.read([tmp_path / "sweep.csv"])


def test_results_that_do_not_differ(junctions: list[Path]) -> None:
    with pytest.raises(CaseError, match="must differ in a number"):
        family.read([junctions[0], junctions[0]])


def test_three_keys_are_too_many() -> None:
    keys = {f"solve.{n}": v for n, v in zip("abc", np.random.default_rng(3).random((3, 5)), strict=True)}
    keys["solve.a"] = np.array([1.0, 1.0, 2.0, 2.0, 3.0])
    keys["solve.b"] = np.array([1.0, 2.0, 1.0, 2.0, 1.0])
    keys["solve.c"] = np.array([1.0, 2.0, 2.0, 1.0, 1.0])
    with pytest.raises(CaseError, match="at most two numbers; received"):
        family.draw(family.Family(keys, {"gap": np.arange(5.0)}, None, {}), "gap", Options())


def test_an_unknown_quantity(junctions: list[Path]) -> None:
    with pytest.raises(CaseError, match=r"must be one of cpr, .*did you mean 'cpr'"):
        family.draw(family.read(junctions), "crp", Options())


def test_the_folder_of_a_sweep_is_a_family_with_units(tmp_path):
    from usadel_fem.io.sweep import HDF5_NAME, Row, SweepTable

    unit = {"terminal_current": "energy"}
    rows = tuple(
        Row({"terminal.b.phase": x, "solve.temperature": t}, {"terminal_current[b]": i}, unit, True, 0.1)
        for x, t, i in ((0.3, "0.1 K", 0.2), (0.9, "0.1 K", 0.5), (0.3, "0.4 K", 0.1), (0.9, "0.4 K", 0.3))
    )  # fmt: skip
    SweepTable(("terminal.b.phase", "solve.temperature"), rows).to_hdf5(tmp_path / HDF5_NAME)
    table = family.read([tmp_path])
    assert "cpr" in table.names()
    (axes,) = plots(family.draw(table, "cpr", Options()))
    assert [line.get_label() for line in axes.get_lines()[:2]] == [
        "solve.temperature = 0.1 K",
        "solve.temperature = 0.4 K",
    ]
    assert axes.get_lines()[1].get_ydata().tolist() == [0.1, 0.3]
