from pathlib import Path

import numpy as np
import pytest

from tests.samples import CASE_TEXT, ENERGIES, green_functions, observables, reports, wire_case, wire_mesh
from usadel_fem.case import load_case
from usadel_fem.errors import CaseError
from usadel_fem.fieldmesh import FieldMesh
from usadel_fem.io.reader import GreenFunctions, ResultReader
from usadel_fem.io.result import ResultWriter
from usadel_fem.outcomes import Outcome


def begin(path: Path, count: int, failed: int | None = None) -> None:
    """What an interrupted run leaves: the first `count` energies."""
    with ResultWriter(path, case=wire_case(), mesh=wire_mesh(), energies=list(ENERGIES)) as writer:
        for i in range(count):
            kept = None if i == failed else green_functions()[i]
            writer.write_energy(i, complex(ENERGIES[i]), kept, reports(failed)[i])


def test_every_energy_is_readable_before_the_file_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    writer = ResultWriter(file, case=wire_case(), mesh=wire_mesh())
    for i in range(2):
        writer.write_energy(i, complex(ENERGIES[i]), green_functions()[i], reports()[i])
    copied = tmp_path / "copy.h5"
    copied.write_bytes(file.read_bytes())  # what a killed process would leave
    writer.close()
    with ResultReader(copied) as reader:
        assert reader.done() == {0, 1}
        found = reader.green_function(1)
    assert found is not None
    assert np.array_equal(found, green_functions()[1])


def test_an_interrupted_run_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 2, failed=1)
    with ResultReader(file) as reader:
        assert reader.done() == {0}
        assert np.array_equal(reader.energies(), ENERGIES)
        outcomes = [report.outcome for report in reader.reports()]
        assert outcomes == [Outcome.CONVERGED, Outcome.STAGNATED, Outcome.NOT_RUN]
        assert reader.observables() == {}
        assert reader.summary() == {}
    assert GreenFunctions(file)[2] is None


def test_energies_may_end_in_any_order(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh()) as writer:
        for i in (2, 0, 1):
            writer.write_energy(i, complex(ENERGIES[i]), green_functions()[i], reports()[i])
    with ResultReader(file) as reader:
        assert reader.reports() == reports()
        found = reader.green_function(2)
    assert found is not None
    assert np.array_equal(found, green_functions()[2])


def test_resume_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 2, failed=1)
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh(), resume=True) as writer:
        assert writer.done == {0}
        for i in {0, 1, 2} - writer.done:
            writer.write_energy(i, complex(ENERGIES[i]), green_functions()[i], reports()[i])
        writer.write_observables(observables())
    with ResultReader(file) as reader:
        assert reader.done() == {0, 1, 2}
        assert reader.reports() == reports()


def test_resume_without_a_file_starts(tmp_path: Path) -> None:
    with ResultWriter(tmp_path / "new.h5", case=wire_case(), mesh=wire_mesh(), resume=True) as writer:
        assert writer.done == frozenset()


def test_without_resume_an_old_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 2)
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh()) as writer:
        assert writer.done == frozenset()
    assert len(GreenFunctions(file)) == 0


def test_resume_refuses_another_case(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 1)
    before = file.read_bytes()
    other = wire_case(material={"N": {"D": 0.84}})
    with pytest.raises(CaseError, match="another case"):
        ResultWriter(file, case=other, mesh=wire_mesh(), resume=True)
    assert file.read_bytes() == before


def test_resume_refuses_another_mesh(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 1)
    mesh = wire_mesh()
    moved = FieldMesh(mesh.nodes + 0.01, mesh.cell_type, mesh.cells, mesh.cell_region, mesh.region_names)
    with pytest.raises(CaseError, match="another mesh"):
        ResultWriter(file, case=wire_case(), mesh=moved, resume=True)


def test_title_and_output_do_not_matter_to_resume(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    begin(file, 1)
    same = wire_case(case={"title": "renamed"}, output={"directory": "elsewhere"})
    with ResultWriter(file, case=same, mesh=wire_mesh(), resume=True) as writer:
        assert writer.done == {0}


def test_observables_can_be_written_again(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh()) as writer:
        writer.write_observables(observables())
        writer.write_observables({"gap": observables()["gap"]})
    with ResultReader(file) as reader:
        assert list(reader.observables()) == ["gap"]


def test_state_of_an_iteration(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh()) as writer:
        writer.write_state("Delta", np.full(9, 0.5))
        writer.write_state("Delta", np.full(9, 0.3 + 0.1j))
    with ResultReader(file) as reader:
        assert np.array_equal(reader.state("Delta"), np.full(9, 0.3 + 0.1j))
        assert reader.state("other") is None


def test_the_shape_of_a_green_function_is_checked(tmp_path: Path) -> None:
    with (
        ResultWriter(tmp_path / "result.h5", case=wire_case(), mesh=wire_mesh()) as writer,
        pytest.raises(ValueError, match=r"must have the shape \(9, 4, 4\)"),
    ):
        writer.write_energy(0, 0.4j, green_functions()[0][:5], reports()[0])


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CaseError, match="cannot be written"):
        ResultWriter(tmp_path / "file" / "result.h5", case=wire_case(), mesh=wire_mesh())


def test_text_and_versions_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "wire.toml"
    source.write_text(CASE_TEXT)
    case = load_case(source)
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=case, mesh=wire_mesh()):
        pass
    with ResultReader(file) as reader:
        assert reader.case_text() == CASE_TEXT
        assert {"usadel_fem", "numpy", "python", "platform", "written"} <= set(reader.provenance())
        assert reader.case().material == case.material
    assert str(tmp_path).encode() not in file.read_bytes()


UNITS = """
units = {energy = "meV", length = "nm"}
mesh = {shape = "wire", length = "0.2 um", elements = 4}
material.S = {D = "5 cm^2/s", Delta = {abs = "1.2 meV", phase = "0.1*x"}, tau_so = "0.3 ps", dynes = 0.02}
region = {wire = "S"}
terminal.left = {normal = true, contact = {conductance = 0.7, polarisation = [0, 0, 0.4]}}
terminal.right = {Delta = "1.1 meV", phase = "pi/3", contact = "transparent"}
solve = {kind = "spectrum", energies = {imaginary = ["0.3 meV", 0.9]}, temperature = "1.2 K"}
output = {at = {middle = [50.0], line = {from = [0.0], to = ["0.1 um"], num = 3}}}
"""


def test_a_case_with_everything_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "units.toml"
    source.write_text(UNITS)
    case = load_case(source)
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=case, mesh=wire_mesh()):
        pass
    with ResultReader(file) as reader:
        again = reader.case()
    assert again.model_copy(update={"source": case.source}) == case


def test_a_result_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "result.h5"
    with ResultWriter(file, case=wire_case(), mesh=wire_mesh()) as writer:
        writer.write_energy(0, complex(ENERGIES[0]), green_functions()[0], reports()[0])
        found = GreenFunctions(file)[0]
        writer.write_energy(1, complex(ENERGIES[1]), green_functions()[1], reports()[1])
    assert found is not None
    assert np.array_equal(found, green_functions()[0])
    assert len(GreenFunctions(file)) == 2
