"""The spin splitting of a preconditioner against dense matrices."""

import numpy as np
import pytest

from usadel_fem import Case, action
from usadel_fem.action import Linearisation
from usadel_fem.device import build_device
from usadel_fem.linearise import linearise
from usadel_fem.physics.frames import Frames, by_entry
from usadel_fem.physics.nambu import TAU3_DIAGONAL, frame, from_frame
from usadel_fem.solver import splitting
from usadel_fem.solver.energies import DeviceSolver
from usadel_fem.solver.linear import NewtonSystem, ScalarPreconditioner, local_shift
from usadel_fem.solver.splitting import BLOCKS, _in_frames, inverse_factors, sandwich, spin_splitting


def random(*shape: int):
    rng = np.random.default_rng(7)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_factors_invert_the_potentials_of_every_mode(compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(splitting.kernels, "compiled", lambda: None)
    n = 13
    ee, hh = (random(2, 2, n) * c for c in (0.3, 0.4j))
    for m in (ee, hh):
        m[1, 1] = -m[0, 0]
    base, scalar = 2.0 + 0.3 * random(n), 0.7 - random(n)
    places, w = np.arange(2, n + 2), random(n + 3, 2, 2, 2)
    found = w.copy()
    sandwich(inverse_factors(ee, hh, base, scalar), places)(found)
    assert np.array_equal(found[[0, 1, -1]], w[[0, 1, -1]])
    found, w = found[places], w[places]
    for i in range(n):
        e, h = ee[..., i], hh[..., i]
        for block, (left, right) in enumerate(((e, h), (h, e))):
            x = found[i, block]
            back = base[i] * x - 0.5 * (left @ x + x @ right)
            assert np.abs(back - scalar[i] * w[i, block]).max() < 1e-12


def test_fields_are_turned_into_the_frames():
    """Against the 4×4 matrices."""
    device = build_device(ferromagnet(1.3))
    n = device.forms.size
    m, inverse = frame(0.3 * random(n, 2, 2), 0.2j * random(n, 2, 2))
    lin = Linearisation.at(device.forms, m, inverse, from_frame(m, inverse), random(n, 4, 4))
    nodes = np.arange(2, n, 2)
    x = np.zeros((n, 4, 4), dtype=complex)
    x[:, :2, :2], x[:, 2:, 2:] = random(n, 2, 2), 1j * random(n, 2, 2)
    exact = (inverse @ x @ m * TAU3_DIAGONAL)[nodes]
    found = _in_frames(
        Frames.of(lin.m[nodes], lin.inverse[nodes]), by_entry(x[nodes, :2, :2]), by_entry(x[nodes, 2:, 2:])
    )
    for block, part in zip(BLOCKS, found, strict=True):
        y = exact[:, block, block]
        y = y - 0.5 * np.trace(y, axis1=1, axis2=2)[:, None, None] * np.eye(2)
        assert np.abs(np.moveaxis(part, -1, 0) - y).max() < 1e-12


def ferromagnet(diffusion: float) -> Case:
    return Case(
        mesh={"shape": "rectangle", "length": 2.0, "width": 1.0, "resolution": 0.3},
        material={"F": {"D": diffusion, "N_F": 0.8, "exchange": [0.7, "0.4*y", -0.9]}},
        region={"rectangle": "F"},
        solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.02},
    )


def preconditioned(diffusion: float):
    """P⁻¹H w and w around the normal state at ε = 0.3."""
    device = build_device(ferromagnet(diffusion))
    omega = DeviceSolver(device).source(0.3)
    tangents = linearise(device.forms, device.start(0.3), omega, device.forms.free)
    preconditioner = ScalarPreconditioner(device.forms, device.forms.free, 2)
    preconditioner.prepare(tangents, omega)
    w = random(device.forms.size, 2, 2, 2)
    system = NewtonSystem(tangents, preconditioner)
    return system.preconditioned(tangents.hessian(w)), w


def test_where_the_field_outweighs_diffusion_a_preconditioned_mode_is_nearly_itself():
    """κ is then a hundredth of the shift, of order |h| ≈ 1.2 against ε = 0.3."""
    image, w = preconditioned(1e-9)
    assert np.abs(image - w).max() < 0.06 * np.abs(w).max()


def test_where_diffusion_outweighs_the_field_it_changes_little():
    """T differs from 1 by at most 1/OF_FIELD of the field's part in any mode; diffusion rules the others."""
    device = build_device(ferromagnet(1e4))
    omega = DeviceSolver(device).source(0.3)
    tangents = linearise(device.forms, device.start(0.3), omega, device.forms.free)
    split = spin_splitting(tangents, omega, local_shift(tangents)[0])
    assert split is not None
    w = random(device.forms.size, 2, 2, 2)
    turned = w.copy()
    split(turned)
    assert np.abs(turned - w).max() < 2 / splitting.OF_FIELD * np.abs(w).max()


def test_nothing_is_split_without_a_field():
    device = build_device(
        Case(
            mesh={"shape": "rectangle", "length": 1.0, "width": 1.0, "resolution": 0.5},
            material={"S": {"D": 1.0, "Delta": 0.83}},
            region={"rectangle": "S"},
            solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.02},
        )
    )
    omega = action.source(device.forms, 0.3)
    tangents = linearise(device.forms, device.start(0.3), omega, device.forms.free)
    assert spin_splitting(tangents, omega, local_shift(tangents)[0]) is None
