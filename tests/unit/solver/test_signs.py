"""Energies of both signs: one of each pair is solved, and its image is what solving it would give."""

import numpy as np

from tests.verification.test_collinear import device
from usadel_fem.labelled import Observable
from usadel_fem.observables.spectrum import SpectrumObserver
from usadel_fem.run import solve
from usadel_fem.solver.energies import DeviceSolver

GRID = {"start": -0.6, "stop": 0.6, "num": 7}
SPIN_ORBIT = {"theta": "0.3 + 0.2*x", "kappa": -0.35, "tau_so": 2.1, "exchange": [0.3, "0.2*y", 0.1]}


def test_negative_energies_are_images_of_the_positive_ones():
    """Nothing collinear, with θ, κ and a vector potential; points that round differently are pairs too."""
    changes = {"F": SPIN_ORBIT, "field": {"vector_potential": ["0.4 + 0.3*y", "0.5*x", 0]}}
    dev = device(2, 1, **changes)
    case = dev.case.model_copy(update={"solve": dev.case.solve.model_validate(
        {"kind": "spectrum", "energies": GRID, "broadening": 0.05, "tolerance": 1e-10}
    )})  # fmt: skip
    solution = solve(case)
    energies = solution.energies.real
    assert any(a != -b for a, b in zip(energies, energies[::-1], strict=True))
    assert solution.converged
    for k, report in enumerate(solution.convergence):
        assert report.energy == solution.energies[k]
        assert (report.newton_iterations == 0) == (energies[k] < -1e-9)
    solver = DeviceSolver(dev)
    alone, report = solver.solve(complex(energies[1]))
    assert report.ok
    assert np.abs(solution.green_function(1) - alone).max() < 1e-9
    seen = SpectrumObserver(dev)(complex(energies[1]), alone, solver.source(complex(energies[1])))
    for name, values in seen.nodal.items():
        assert np.abs(solution.observables[name][1] - values).max() < 1e-8
    for name, spin in seen.spin.items():
        assert np.abs(solution.observables["spectral_spin_current"][name][1] - spin).max() < 1e-8
        assert abs(solution.observables["spectral_current"][name][1] - seen.charge[name]) < 1e-8
    assert max(np.abs(spin).max() for spin in seen.spin.values()) > 1e-3
    for name, value in solve(case, scheduler="threads:2").observables.items():
        if isinstance(value, Observable):
            assert np.allclose(value, solution.observables[name], rtol=0, atol=1e-7, equal_nan=True)
