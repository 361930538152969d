"""Everything that is offered can be drawn, also where energies failed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.plot.conftest import solved
from usadel_fem import Observable, Solution, drawable
from usadel_fem.plot import catalogue, files
from usadel_fem.plot.options import Options

QUIET = Options(dpi=40, tell=lambda text: None)


@pytest.mark.parametrize("name", ["wire", "disk", "film", "bar", "biased", "pulse"])
def test_all_that_is_offered(name: str, request: pytest.FixtureRequest) -> None:
    solution: Solution = request.getfixturevalue(name)
    for quantity, entry in catalogue.entries(solution).items():
        figure = entry.draw(solution, QUIET)
        assert any(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes), quantity
        assert entry.text


@pytest.mark.parametrize("quantity", ["dos_map", "singlet", "charge_current"])
def test_films(film: Solution, tmp_path: Path, quantity: str) -> None:
    page = files.write(film, quantity, tmp_path / "film.html", "html", QUIET).read_text(encoding="utf-8")
    assert page.count("iVBOR") == 4  # three frames, and the first that is shown


def failing(solution: Solution, energy: int) -> Solution:
    """The same with the numbers of an energy lost."""

    def lost(value: Observable) -> Observable:
        if "energy" not in value.dims:
            return value
        array = np.array(value)
        array[(slice(None),) * value.dims.index("energy") + (energy,)] = np.nan
        return Observable(array, value.dims, value.unit, value.description, value.at)

    found = {
        name: lost(value) if isinstance(value, Observable) else {k: lost(v) for k, v in value.items()}
        for name, value in solution.observables.items()
    }
    return replace(solution, observables=found)


@pytest.mark.parametrize("name", ["wire", "film"])
def test_failed_energies_are_left_out(name: str, request: pytest.FixtureRequest) -> None:
    whole: Solution = request.getfixturevalue(name)
    solution = failing(whole, int(np.argmin(np.abs(whole.energies.real))))
    assert set(drawable(solution)) == set(drawable(whole))
    for entry in catalogue.entries(solution).values():
        assert entry.draw(solution, QUIET).axes


def test_elements_of_first_order() -> None:
    solution = solved(
        mesh={"shape": "rectangle", "length": 1.2, "width": 0.7, "elements": [3, 2], "order": 1},
        material={"N": {"D": 0.8, "exchange": [0.1, 0, 0]}},
        region={"rectangle": "N"},
        terminal={"left": {"Delta": 0.6}, "right": {"Delta": 0.6, "phase": 0.9}},
        solve={"kind": "equilibrium", "temperature": 0.4},
    )
    for entry in catalogue.entries(solution).values():
        assert entry.draw(solution, QUIET).axes
