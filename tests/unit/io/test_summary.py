import json
from pathlib import Path

import numpy as np
import pytest

from tests.samples import observables, reports
from usadel_fem.io.atomic import atomic_path
from usadel_fem.io.summary import build_summary, write_summary


def strictly(text: str) -> dict[str, object]:
    """JSON without NaN and Infinity."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return dict(json.loads(text, parse_constant=refuse))


def test_what_a_summary_says(tmp_path: Path) -> None:
    summary = build_summary(
        observables(),
        reports(failed=2),
        seconds=3.5,
        conservation_defect={"charge": 2e-13},
        normalisation_defect=np.float64(4e-15),
        symmetry={"symmetry": "collinear", "axis": [0.0, 0.6, 0.8], "unknowns_per_node": 4, "of": 8},
    )
    found = strictly(write_summary(tmp_path / "summary.json", summary).read_text())
    assert found["converged"] is False
    assert found["observables"] == {
        "terminal_current": {"left": 0.37, "S/N": -0.37},
        "gap": None,
        "total_spin": [0.1, 0.2, 0.3],
    }
    assert found["conservation_defect"] == {"charge": 2e-13}
    assert found["normalisation_defect"] == 4e-15
    assert found["iterations"] == 19
    assert found["krylov_iterations"] == 142
    assert found["symmetry"] == {
        "symmetry": "collinear",
        "axis": [0.0, 0.6, 0.8],
        "unknowns_per_node": 4,
        "of": 8,
    }
    assert found["seconds"] == 3.5
    assert found["energies"] == 3
    assert len(str(found["failed"])) > 0
    assert isinstance(found["peak_memory_mb"], float)
    assert found["peak_memory_mb"] > 10


def test_a_self_consistency_that_failed_counts() -> None:
    assert not build_summary({}, reports(), seconds=0.1, converged=False)["converged"]
    assert build_summary({}, reports(), seconds=0.1)["converged"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(IsADirectoryError), atomic_path(file) as temporary:
        tmp_path.write_text(str(temporary.write_text("ne")))
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text() == "old"
