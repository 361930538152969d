"""Small solved cases, one for each kind of result that pictures are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from usadel_fem import Case, Solution, solve

LAYERS = [{"region": "S", "length": 1.3, "elements": 4}, {"region": "F", "length": 0.9, "elements": 3}]
MEV = {"energy": "meV", "length": "nm"}


def solved(**tables: Any) -> Solution:
    return solve(Case(**tables), progress=False)


@pytest.fixture(scope="session")
def wire() -> Solution:
    """Spectrum of a bilayer in one dimension: spin-split, with probes and a superconducting terminal."""
    return solved(
        units=MEV,
        mesh={"shape": "layers", "layers": LAYERS},
        material={"S": {"D": 0.9, "Delta": 0.7}, "F": {"D": 0.6, "exchange": [0.2, 0, 0.5]}},
        region={"S": "S", "F": "F"},
        terminal={"left": {"Delta": 0.7, "phase": 0.4}},
        solve={"kind": "spectrum", "energies": [0.9, 0.1, 0.4, 0.6, 0.0, 1.2, 0.3], "broadening": 0.05},
        output={"at": {"end": [2.2], "all": {"from": [0.2], "to": [2.1], "num": 11}}},
    )


@pytest.fixture(scope="session")
def disk() -> Solution:
    """Equilibrium of a superconducting disk with a vortex and a field in and across its plane."""
    return solved(
        mesh={"shape": "disk", "radius": 1.7, "resolution": 0.8},
        material={"S": {"D": 0.9, "Delta": "tanh(r)", "exchange": ["0.3", "0.2*x", "0.4"], "kappa": 0.1}},
        region={"disk": "S"},
        vortex=[{"at": [0.0, 0.0], "winding": 1}],
        solve={"kind": "equilibrium", "temperature": 0.5},
    )


@pytest.fixture(scope="session")
def film() -> Solution:
    """Spectrum of a bilayer in two dimensions, with currents in the cells."""
    return solved(
        mesh={"shape": "layers", "width": 0.8, "resolution": 0.5, "layers": [
            {"region": "S", "length": 1.0}, {"region": "N", "length": 1.0}]},
        material={"S": {"D": 0.9, "Delta": {"abs": 0.8, "phase": "0.4*y"}}, "N": {"D": 0.7}},
        region={"S": "S", "N": "N"},
        solve={"kind": "spectrum", "energies": [0.6, 0.0, 0.3], "broadening": 0.05},
        output={
            "fields": ["dos", "singlet", "charge_current", "Delta_abs", "Delta_phase"],
            "at": {"cut": {"from": [0.1, 0.2], "to": [1.9, 0.6], "num": 9}},
        },
    )  # fmt: skip


@pytest.fixture(scope="session")
def bar() -> Solution:
    """Spin Hall effect in a normal strip."""
    return solved(
        mesh={"shape": "rectangle", "length": 3.0, "width": 0.9, "elements": [6, 3]},
        material={"N": {"D": 0.8, "theta": 0.1, "tau_so": 0.6}},
        region={"rectangle": "N"},
        terminal={"left": {"normal": True, "voltage": 0.37}, "right": {"normal": True}},
        solve={"kind": "nonequilibrium", "temperature": 0.1},
    )


@pytest.fixture(scope="session")
def biased() -> Solution:
    """A wire on a superconductor under voltage: distributions and spectral currents."""
    return solved(
        mesh={"shape": "wire", "length": 0.9, "elements": 3},
        material={"N": {"D": 1.1}},
        region={"wire": "N"},
        terminal={"left": {"Delta": 3.0}, "right": {"normal": True, "voltage": 0.8}},
        solve={
            "kind": "nonequilibrium", "temperature": 0.3, "broadening": 0.1, "energy_tolerance": 0.1,
            "conductance": True,
        },
    )  # fmt: skip


@pytest.fixture(scope="session")
def pulse() -> Solution:
    """Spins that diffuse and precess in time."""
    return solved(
        units={"energy": "ueV", "length": "um"},
        mesh={"shape": "wire", "length": 4.0, "elements": 8},
        material={"N": {"D": "200 cm^2/s", "exchange": [0, 0, 12.0]}},
        region={"wire": "N"},
        terminal={"left": {"normal": True, "voltage": 3.0}, "right": {"normal": True}},
        solve={
            "kind": "nonequilibrium", "temperature": "10 K",
            "time": {"stop": "90 ps", "output": 9, "spin_voltage": ["20*exp(-(x - 2)**2)", "0", "0"]},
        },
        output={"at": {"detector": [1.0]}},
    )  # fmt: skip


@pytest.fixture(scope="session")
def block() -> Solution:
    """A normal block in three dimensions, with a current and spins."""
    return solved(
        mesh={"shape": "box", "length": 1.5, "width": 0.8, "depth": 0.6, "elements": [3, 2, 2]},
        material={"N": {"D": 0.8, "theta": 0.1, "tau_so": 0.6}},
        region={"box": "N"},
        terminal={"left": {"normal": True, "voltage": 0.37}, "right": {"normal": True}},
        solve={"kind": "nonequilibrium", "temperature": 0.1},
    )


@pytest.fixture(scope="session")
def junctions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Results of a short junction at four phases."""
    folders = []
    for i, phase in enumerate((1.9, 0.0, 0.7, 2.9)):
        solution = solved(
            mesh={"shape": "wire", "length": 0.6, "elements": 2},
            material={"N": {"D": 1.1}},
            region={"wire": "N"},
            terminal={"left": {"Delta": 0.9}, "right": {"Delta": 0.9, "phase": phase}},
            solve={"kind": "equilibrium", "temperature": 0.3},
        )
        folder = tmp_path_factory.mktemp(f"phase{i}")
        solution.save(folder / "result.h5")
        folders.append(folder)
    return folders
