import csv
import json

import h5py
import numpy as np
import pytest

from usadel_fem.errors import CaseError
from usadel_fem.io.sweep import Row, RowLog, SweepTable

ROWS = (
    Row({"T": "0.3 K", "h": [0, 0, 0.1]}, {"gap": 0.83}, {"gap": "energy"}, True, 0.5),
    Row({"T": "0.4 K", "h": [0, 0, 0.2]}, {}, {}, False, 0.1, 'no "mesh", no result'),
)
TABLE = SweepTable(("T", "h"), ROWS)


def test_columns_are_numbers_where_they_can_be():
    assert TABLE["T"].tolist() == [0.3, 0.4]
    assert TABLE["h[z]"].tolist() == [0.1, 0.2]
    assert TABLE["gap"][0] == 0.83
    assert np.isnan(TABLE["gap"][1])
    assert TABLE["converged"].tolist() == [True, False]
    assert TABLE.units == {"T": "K", "gap": "energy"}
    assert not TABLE.converged


def test_values_that_are_no_numbers_stay_text():
    rows = tuple(Row({"x": value}, {}, {}, True, 0.1) for value in ("0.3*x", 2, "1 K"))
    assert SweepTable(("x",), rows)["x"].tolist() == ["0.3*x", "2", "1 K"]


def test_csv_holds_every_row(tmp_path):
    with TABLE.to_csv(tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["T [K]"] for row in rows] == ["0.3", "0.4"]
    assert rows[0]["gap"] == "0.83"
    assert rows[1]["message"] == 'no "mesh", no result'


def test_hdf5_holds_columns_and_units(tmp_path):
    with h5py.File(TABLE.to_hdf5(tmp_path / "t.h5")) as file:
        assert json.loads(file.attrs["keys"]) == ["T", "h"]
        assert file["gap"].attrs["unit"] == "energy"
        assert file["h[z]"][()].tolist() == [0.1, 0.2]
        assert file["message"].asstr()[1] == ROWS[1].message


def test_finished_rows_are_found_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    with RowLog(path, resume=False) as log:
        log.add("a", ROWS[0])
        log.add("b", ROWS[1])
    with path.open("a") as file:
        file.write('{"point": "c", "sett')  # an interruption while writing
    with RowLog(path, resume=True) as log:
        assert log.rows(["b", "a", "c"]) == {1: ROWS[0]}
    with RowLog(path, resume=False) as log:
        assert log.rows(["a"]) == {}


def test_rows_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("nonsense\n{}\n")
    with pytest.raises(CaseError, match="line 1"):
        RowLog(path, resume=True)
