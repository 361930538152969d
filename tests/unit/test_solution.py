from pathlib import Path

import numpy as np
import pytest

import usadel_fem as uf
from tests.samples import ENERGIES, green_functions, observables, wire_case, wire_solution
from usadel_fem.errors import CaseError


def test_the_public_names_are_there() -> None:
    assert {"Case", "Observable", "Solution", "load", "load_case", "solve"} <= set(dir(uf))
    assert uf.Solution.__name__ == "Solution"
    assert uf.load_case.__module__.startswith("usadel_fem.case")
    with pytest.raises(AttributeError, match="has no attribute 'unknown'"):
        _ = uf.unknown


def test_shapes_and_state() -> None:
    solution = wire_solution()
    assert solution.nodes.shape == (9, 3)
    assert solution.cells.shape == (4, 3)
    assert solution.cell_type == "line3"
    assert solution.cell_region.shape == (4,)
    assert solution.region_names == ("wire",)
    assert solution.converged
    assert solution.green_function(2).shape == (9, 4, 4)


def test_repr_is_short_and_says_what_failed() -> None:
    assert "3 energies, converged" in repr(wire_solution())
    text = repr(wire_solution(failed=1))
    assert "3 energies, 1 failed" in text
    assert len(text) < 300


def test_a_failed_energy_has_no_green_function() -> None:
    solution = wire_solution(failed=1)
    assert not solution.converged
    with pytest.raises(ValueError, match="energy number 1"):
        solution.green_function(1)
    with pytest.raises(IndexError):
        solution.green_function(3)


@pytest.mark.parametrize("failed", [None, 1])
def test_save_and_load(tmp_path: Path, failed: int | None) -> None:
    solution = wire_solution(failed)
    file = solution.save(tmp_path / "out.h5")
    again = uf.load(file)
    assert again.case == wire_case()
    assert again.mesh.same_as(solution.mesh)
    assert np.array_equal(again.energies, ENERGIES)
    assert again.convergence == solution.convergence
    assert again.summary == solution.summary
    for i, expected in enumerate(green_functions()):
        if i != failed:
            assert np.array_equal(again.green_function(i), expected)
    with pytest.raises(ValueError if failed is not None else IndexError):
        again.green_function(3 if failed is None else failed)


def test_observables_survive_the_file(tmp_path: Path) -> None:
    again = uf.load(wire_solution().save(tmp_path / "out.h5"))
    expected = observables()
    assert list(again.observables) == list(expected)
    dos = again.observables["dos"]
    assert isinstance(dos, uf.Observable)
    assert (dos.dims, dos.unit, dos.description, dos.at) == (
        ("energy", "node"),
        "2 N_F",
        "density of states",
        "node",
    )
    assert np.array_equal(dos, np.asarray(expected["dos"]))
    currents = again.observables["terminal_current"]
    assert isinstance(currents, dict)
    assert {name: float(value) for name, value in currents.items()} == {"left": 0.37, "S/N": -0.37}


def test_a_loaded_solution_saves_again(tmp_path: Path) -> None:
    first = uf.load(wire_solution().save(tmp_path / "out.h5"))
    second = uf.load(first.save(tmp_path / "out.h5"))
    assert np.array_equal(second.green_function(1), green_functions()[1])
    assert [path.name for path in tmp_path.iterdir()] == ["out.h5"]


def test_load_takes_a_directory(tmp_path: Path) -> None:
    wire_solution().save(tmp_path / "result.h5")
    assert uf.load(tmp_path).converged


@pytest.mark.parametrize("content", [None, b"", b"not HDF5 at all", "truncated"])
def test_an_unreadable_file_is_one_line(tmp_path: Path, content: bytes | str | None) -> None:
    file = tmp_path / "out.h5"
    if content == "truncated":
        whole = wire_solution().save(file).read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif isinstance(content, bytes):
        file.write_bytes(content)
    with pytest.raises(CaseError) as caught:
        uf.load(file)
    assert len(str(caught.value).splitlines()) == 1
    assert str(file) in str(caught.value)
