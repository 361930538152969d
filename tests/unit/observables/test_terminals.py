"""Terminal currents: what enters through contacts and reservoirs leaves through the others."""

import numpy as np

import usadel_fem as uf
from usadel_fem import Case


def test_spin_brought_in_by_spin_mixing_is_counted_at_its_contact() -> None:
    """Without exchange field and relaxation inside, the spin currents of all terminals add up to zero."""
    contact = {"conductance": 0.4, "polarisation": [0.3, 0, 0.2], "spin_mixing": [0.1, 0.25, 0]}
    case = Case(
        mesh={"shape": "wire", "length": 1.7, "resolution": 0.1},
        material={"N": {"D": 1.3, "N_F": 0.7}},
        region={"wire": "N"},
        terminal={
            "left": {"Delta": 0.83, "contact": contact},
            "right": {"Delta": 0.83, "phase": 1.1, "exchange": [0.2, 0, 0.3]},
        },
        solve={"kind": "equilibrium", "temperature": 0.17},
    )
    solution = uf.solve(case)
    spin = {name: np.asarray(value) for name, value in solution.observables["terminal_spin_current"].items()}
    assert np.abs(spin["left"]).min() > 1e-5
    np.testing.assert_allclose(spin["left"], -spin["right"], atol=1e-8)
    inside = np.stack([solution.observables[f"spin_current_{b}"][:, 0] for b in "xyz"])
    np.testing.assert_allclose(inside.mean(axis=1), spin["left"], rtol=1e-4)
