from pathlib import Path

from tests.samples import ENERGIES, green_functions, reports, wire_case, wire_mesh, wire_solution
from usadel_fem.io.info import describe_result
from usadel_fem.io.result import ResultWriter
from usadel_fem.io.sweep import Row, SweepTable


def test_a_page_about_a_result(tmp_path: Path) -> None:
    file = wire_solution(failed=1).save(tmp_path / "result.h5")
    text = describe_result(tmp_path)
    assert describe_result(file) == text
    for part in (
        "a wire",
        "usadel_fem 0.1.0",
        "9 nodes, 4 line3",
        "3, of which 2 converged",
        "try: refine the mesh",
        "terminal_current[left] = 0.37",
        "dos [2 N_F]: 3 energy × 9 node",
        "spin_current_x: 4 cell × 3 component",
    ):
        assert part in text


def test_an_interrupted_run_has_not_failed(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh(), energies=list(ENERGIES)) as writer:
        writer.write_energy(0, complex(ENERGIES[0]), green_functions()[0], reports()[0])
    text = describe_result(file)
    assert "3, of which 1 converged, 2 not solved yet" in text
    assert "failed" not in text


def test_a_page_about_a_sweep(tmp_path: Path) -> None:
    unit = {"terminal_current": "N_F energy²·length^1"}
    rows = tuple(
        Row({"terminal.b.phase": x, "solve.temperature": "0.3 K"}, {"terminal_current[b]": y}, unit, ok, 0.1)
        for x, y, ok in ((0.4, 0.2, True), (0.9, 0.7, True), (1.7, 0.5, False))
    )
    SweepTable(("terminal.b.phase", "solve.temperature"), rows, wire_case()).to_hdf5(tmp_path / "sweep.h5")
    text = describe_result(tmp_path)
    assert describe_result(tmp_path / "sweep.h5") == text
    for line in (
        "case          a wire",
        "points        3, of which 2 converged",
        "key           terminal.b.phase: 0.4 to 1.7",
        "key           solve.temperature [K]: 0.3 to 0.3",
        "column        terminal_current[b] [N_F energy²·length]: 0.2 to 0.7",
    ):
        assert line in text.splitlines()
