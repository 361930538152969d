"""The action of one spin channel, matrices 2×2: its gradient and Hessian against the action itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.verification.test_action import derivatives
from usadel_fem import action
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import frame, from_frame


def channel(field, order):
    """Diffusion, spin Hall effect and a vector potential on a rectangle; a random state of one channel."""
    case = Case(
        mesh={
            "shape": "rectangle",
            "length": 1.1,
            "width": 0.8,
            "elements": [3, 2],
            "order": order,
            "distortion": 0.5,
        },
        material={"N": {"D": "0.8 + 0.1*sin(x)", "N_F": 0.7, "theta": "0.3 + 0.2*x"}},
        region={"rectangle": "N"},
        terminal={"left": {"normal": True}},
        solve={"kind": "spectrum", "energies": {"imaginary": [0.31]}},
        **field,
    )
    forms = replace(build_device(case).forms, pinned={})
    rng = np.random.default_rng(2)

    def complex_(*shape):
        return rng.normal(size=(forms.size, *shape)) + 1j * rng.normal(size=(forms.size, *shape))

    m, inverse = frame(0.3 * complex_(1, 1), 0.3 * complex_(1, 1))
    return forms, m, inverse, complex_(2, 2), complex_(2, 1, 1)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("field", [{}, {"field": {"vector_potential": ["0.4 + 0.3*y", "0.5*x", 0]}}])
def test_gradient_and_hessian_of_a_channel_belong_to_its_action(order, field):
    forms, m, inverse, omega, w = channel(field, order)
    lin = action.Linearisation.at(forms, m, inverse, from_frame(m, inverse), omega)
    first, second = derivatives(forms, m, omega, w)
    terms, bent = lin.gradient() * w, lin.hessian(w) * w
    assert abs(terms.sum() - first) < 1e-9 * np.abs(terms).sum()
    assert abs(bent.sum() - second) < 1e-8 * np.abs(bent).sum()
    matrix, expected = lin.matrix(), lin.hessian(w).ravel()
    assert matrix.shape == (2 * forms.size, 2 * forms.size)
    assert np.abs(matrix @ w.ravel() - expected).max() < 1e-12 * np.abs(expected).max()
    assert abs(matrix - matrix.T).max() < 1e-13 * abs(matrix).max()
