"""Response of the normal state against the assembled Hessian, and critical temperatures without it."""

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from usadel_fem import action
from usadel_fem.action import Linearisation
from usadel_fem.case import Case
from usadel_fem.device import build_device
from usadel_fem.physics.nambu import TAU3, pair_matrix
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver import critical, factorisation, linear, response
from usadel_fem.solver.critical import critical_temperature
from usadel_fem.solver.linear import LinearResult, NewtonSystem
from usadel_fem.solver.response import NormalState

FIELDS = {
    "no spin": {},
    "collinear": {"exchange": [0.36, -0.48, 0.8]},
    "collinear, relaxed": {"exchange": [0.36, -0.48, 0.8], "tau_so": 1.7},
    "all": {"exchange": ["0.9*sin(2*x)", "0.9*cos(2*x)", 0.4], "tau_so": 1.7, "theta": 0.2, "kappa": 0.15},
}
SIZES = {"no spin": 2, "collinear": 2, "collinear, relaxed": 2, "all": 4}


def bilayer(field="all", width=None, order=1, **solve):
    """S | F with a barrier and a normal lead that filters spins where F does not keep an axis."""
    layers = [{"region": r, "length": d, "elements": 4} for r, d in (("S", 1.9), ("F", 1.1))]
    lead = {"conductance": 0.8} | ({"polarisation": [0.3, 0, 0.4]} if field == "all" else {})
    return build_device(
        Case(
            mesh={"shape": "layers", "order": order, "layers": layers}
            | ({} if width is None else {"width": width, "resolution": 0.4}),
            material={
                "S": {"D": 1.3, "N_F": 0.7, "Tc": 0.47},
                "F": {"D": 2.2, "N_F": 0.45, **FIELDS[field]},
            },
            region={"S": "S", "F": "F"},
            interface={"S|F": {"conductance": 0.9}},
            terminal={"right": {"normal": True, "contact": lead}},
            solve={"kind": "equilibrium", "temperature": 0.4, "critical_temperature": True, **solve},
        )
    )


def assembled(device, frequency, delta):
    """−if₀ with the whole Hessian, factorised."""
    forms, energy = device.forms, 1j * frequency
    g = np.tile(TAU3.astype(complex), (forms.size, 1, 1))
    one = np.tile(np.eye(4, dtype=complex), (forms.size, 1, 1))
    omega = action.source(forms, energy, None, device.reservoirs(energy))
    lin = Linearisation.at(forms, one, one, g, omega)
    gap = pair_matrix(forms.potentials(energy).pairing @ delta)
    changed = Linearisation.at(forms, one, one, g, omega - 1j * gap).gradient()
    w = np.zeros((forms.size, 2, 2, 2), dtype=complex)
    unknown = (8 * forms.free[:, None] + np.arange(8)).ravel()
    matrix = lin.matrix()[unknown][:, unknown].tocsc()
    w[forms.free] = spsolve(matrix, -changed[forms.free].ravel()).reshape(-1, 2, 2, 2)
    return -1j * singlet(lin.change_of_g(w)[forms.pairing.node])


FREQUENCIES, WEIGHTS = (0.7, 2.9, 40.0), (1.0, 0.6, 2.3)
"""Potentials are consistent at the first ones and lumped at the last."""


def some(device):
    rng = np.random.default_rng(2)
    size = device.forms.pairing.node.size
    return rng.normal(size=size) + 1j * rng.normal(size=size)


@pytest.mark.parametrize("symmetry", ["auto", "off"])
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("width", "order", "solver", "tolerance"),
    [(None, 2, "auto", 1e-12), (None, 1, "krylov", 1e-9), (1.2, 1, "auto", 1e-9), (1.2, 2, "auto", 1e-9)],
)
def test_it_is_that_of_the_assembled_hessian(field, width, order, solver, tolerance, symmetry):
    device = bilayer(field, width, order, linear=solver, symmetry=symmetry)
    state, delta = NormalState(device), some(device)
    assert state.size == (4 if symmetry == "off" else SIZES[field])
    found = state.response(FREQUENCIES, WEIGHTS)(delta, 1e-11)
    expected = sum(w * assembled(device, f, delta) for f, w in zip(FREQUENCIES, WEIGHTS, strict=True))
    assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


def test_frequencies_that_do_not_fit_in_the_cache_are_taken_apart(monkeypatch):
    device = bilayer()
    state, delta = NormalState(device), some(device)
    whole = state.response(FREQUENCIES, WEIGHTS)
    monkeypatch.setattr(response, "AT_ONCE", 2 * device.forms.size)
    parts = state.response(FREQUENCIES, WEIGHTS)
    assert len(parts.parts) == 2
    np.testing.assert_allclose(parts(delta, 1.0), whole(delta, 1.0), rtol=1e-12)


@pytest.mark.parametrize(("width", "cycles"), [(None, True), (1.2, True), (1.2, False)])
@pytest.mark.parametrize("field", FIELDS)
def test_no_matrix_of_all_unknowns_is_made(width, field, cycles, monkeypatch):
    """Nor one of half of them; K of a scalar, in channels twice, is what may be factorised without cycles."""
    device, largest = bilayer(field, width), [0]
    plain = factorisation.splu

    def factorised(matrix, **options):
        largest[0] = max(largest[0], matrix.shape[0])
        return plain(matrix, **options)

    monkeypatch.delattr(Linearisation, "matrix")
    monkeypatch.delattr(NewtonSystem, "direct")
    monkeypatch.setattr(factorisation, "splu", factorised)
    monkeypatch.setattr(linear, "cycles_pay", lambda *unknowns: cycles)
    assert 0.2 < critical_temperature(device, 1e-5).value < 0.47
    assert largest[0] == (0 if cycles else NormalState(device).forms.size)


def test_elimination_and_krylov_lead_to_the_same_critical_temperature():
    one, other = (critical_temperature(bilayer(linear=solver)) for solver in ("auto", "krylov"))
    assert other.value == pytest.approx(one.value, rel=1e-8)
    assert np.abs(other.mode - one.mode).max() < 1e-6


def test_gmres_that_fails_is_no_answer(monkeypatch):
    device = bilayer(width=1.2)
    failed = LinearResult(np.zeros((device.forms.free.size, 2, 2, 2), dtype=complex), 7, ok=False)
    monkeypatch.setattr(NewtonSystem, "krylov", lambda *_: failed)
    with pytest.raises(ArithmeticError, match="GMRES does not converge"):
        NormalState(device).response(FREQUENCIES, WEIGHTS)(some(device), 1e-9)


def junction(thickness):
    """S F S, the same from both sides."""
    layers = (("S1", 1.6), ("F", thickness), ("S2", 1.6))
    s = {"D": 1.3, "Tc": 0.47, "N_F": 0.7}
    return build_device(
        Case(
            mesh={
                "shape": "layers",
                "layers": [{"region": r, "length": d, "elements": 6} for r, d in layers],
            },
            material={"S": s, "F": {"D": 1.3, "N_F": 0.7, "exchange": [0.0, 0.0, 1.9]}},
            region={"S1": "S", "F": "F", "S2": "S"},
            interface={"S1|F": {"conductance": 0.9}, "F|S2": {"conductance": 0.9}},
            solve={"kind": "equilibrium", "temperature": 0.4, "critical_temperature": True},
        )
    )


@pytest.mark.parametrize(("thickness", "sign"), [(0.7, 1), (1.9, -1)])
def test_the_mode_may_be_odd(thickness, sign):
    """Through a ferromagnet of some √(D/h) pairs change sign; all eigenvalues of the whole matrix know it."""
    device = junction(thickness)
    found = critical_temperature(device)
    node = device.forms.pairing.node
    mirror = np.argsort(device.nodes[node, 0])
    np.testing.assert_allclose(found.mode[mirror], sign * found.mode[mirror[::-1]], atol=1e-6)
    values = spectrum(device, found.value)
    assert values[0] == pytest.approx(1.0, abs=1e-8)
    assert values[1] < 1.0 - 1e-4


def spectrum(device, temperature):
    """Real parts of all eigenvalues of the gap operator, falling: its columns one by one."""
    size = device.forms.pairing.node.size
    rule = critical._rule(device, temperature)
    state = NormalState(device).response(rule.frequencies, rule.weights)
    matrix = np.stack([state(e, 1e-12) for e in np.eye(size, dtype=complex)], axis=-1)
    matrix *= 2 * np.pi * temperature / critical.inverse_coupling(device, temperature)[:, None]
    return np.sort(np.linalg.eigvals(matrix).real)[::-1]
