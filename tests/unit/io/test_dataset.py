"""A solution as an xarray dataset: axes, labels, units, numbers."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.samples import ENERGIES, green_functions, observables, wire_case, wire_mesh, wire_solution
from tests.templates.test_templates import solved
from usadel_fem.labelled import Observable
from usadel_fem.solution import Solution


def test_every_observable_is_there() -> None:
    found = observables()
    data = wire_solution().to_xarray()
    assert data["dos"].dims == ("energy", "node")
    assert np.array_equal(data["dos"].values, np.asarray(found["dos"]))
    assert data["triplet"].dtype == complex
    assert np.array_equal(data["triplet"].values, np.asarray(found["triplet"]))
    assert data["dos"].attrs == {"long_name": "density of states", "units": "2 N_F", "at": "node"}
    assert data["spin_current_x"].dims == ("cell", "component")
    assert float(data["terminal_current"].sel(terminal="S/N")) == -0.37
    assert data["terminal_current"].attrs["units"] == "energy"
    assert np.isnan(float(data["gap"]))
    assert set(data) == {
        "dos",
        "Delta_abs",
        "triplet",
        *(f"spin_current_{axis}" for axis in "xyz"),
        "terminal_current",
        "terminal_dos",
        "gap",
        "total_spin",
        "energy_converged",
    }


def test_coordinates() -> None:
    data = wire_solution(failed=1).to_xarray()
    assert data["energy"].values.tolist() == ENERGIES.real.tolist()
    assert data["energy_complex"].values.tolist() == ENERGIES.tolist()
    assert data["x"].values.tolist() == wire_mesh().nodes[:, 0].tolist()
    assert data["cell_region"].values.tolist() == ["wire"] * 4
    assert data["component"].values.tolist() == ["x", "y", "z"]
    assert data["energy_converged"].values.tolist() == [True, False, True]
    nearest = data["dos"].sortby("energy").sel(energy=0.12, method="nearest")
    assert nearest.values.tolist() == data["dos"].values[1].tolist()
    assert data["total_spin"].sel(component="y") == 0.2


def test_terminals_that_differ_have_axes_of_their_own() -> None:
    """`terminal_dos` is known at one of the two terminals only."""
    data = wire_solution().to_xarray()
    assert data["terminal_current"].coords["terminal"].values.tolist() == ["left", "S/N"]
    assert data["terminal_dos"].dims == ("terminal_dos_terminal", "energy")
    assert data["terminal_dos"].coords["terminal_dos_terminal"].values.tolist() == ["left"]


def test_what_it_is_about() -> None:
    attributes = wire_solution(failed=1).to_xarray().attrs
    assert attributes["title"] == "a wire"
    assert attributes["converged"] == "false"
    assert attributes["source"].startswith("usadel_fem ")


def test_green_functions() -> None:
    data = wire_solution(failed=1).to_xarray(green_functions=True)
    assert data["green_function"].dims == ("energy", "node", "row", "column")
    assert np.array_equal(data["green_function"].values[2], green_functions()[2])
    assert np.isnan(data["green_function"].values[1]).all()


def test_distributions() -> None:
    numbers = np.random.default_rng(5).random((3, 9, 8))
    plain = wire_solution()
    solution = Solution(
        plain.case,
        plain.mesh,
        ENERGIES,
        plain.green_functions,
        {},
        plain.convergence,
        {},
        [None, *numbers[1:]],
    )
    data = solution.to_xarray(green_functions=True)
    assert np.isnan(data["distribution"].values[0]).all()
    assert np.array_equal(data["distribution"].sel(kind="τ3").values[2], numbers[2, :, 4])


def test_units_of_the_case() -> None:
    case = wire_case(units={"energy": "meV", "length": "nm"})
    plain = wire_solution()
    flow = {"terminal_current": {"left": Observable(0.3, unit="N_F energy²·length^1")}}
    data = Solution(case, plain.mesh, np.zeros(0), (), flow, ()).to_xarray()
    assert data["terminal_current"].attrs["units"] == "N_F meV²·nm"


def test_a_run_in_time_with_a_probe() -> None:
    solution = solved("spin_pulse", False)
    data = solution.to_xarray()
    assert data["time"].values.tolist() == solution.times.tolist()
    assert data["time"].attrs["units"] == "ħ/ueV"
    assert data["spin_density"].dims == ("time", "node", "component")
    at_the_end = data["probe_detector_spin_density"].isel(time=-1, probe_detector_point=0)
    assert float(at_the_end.sel(component="y")) == pytest.approx(-3.1071, abs=2e-3)
    assert "energy" not in data.coords


def test_a_run_out_of_equilibrium() -> None:
    data = solved("lateral_spin_valve", False).to_xarray()
    assert data["terminal_current"].sel(terminal=["west", "south"]).sum() == pytest.approx(0, abs=1e-12)
    assert data["terminal_balance_spin"].dims == ("component",)
    pairs = solved("ns_conductance", False).to_xarray()["terminal_conductance"]
    assert float(pairs.sel(pair="right,right")) == pytest.approx(2.2926, abs=2e-3)


def test_without_xarray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r'needs xarray: pip install "usadel_fem\[xarray\]"'):
        wire_solution().to_xarray()
