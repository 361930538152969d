"""The kinetic operator against the whole 8×8 matrices, and the balances it has to keep."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.test_action import ENERGY, device, random_state
from usadel_fem import action
from usadel_fem.fem.links import spin_matrix
from usadel_fem.keldysh import KineticOperator
from usadel_fem.physics.keldysh import EIGHT, advanced, components, keldysh, matrices, triangular

TAU3 = np.diag([1.0, 1, -1, -1])
FIELDS = ["no field", "U(1)", "U(1) and SU(2)", "across"]


def transport(matrix, g):
    """Σ_j m_ijU_ijǧ_jU_ji of each 4×4 block of 8×8 matrices, through the map on flattened matrices."""
    flat, out = spin_matrix(matrix), np.zeros((matrix.shape[0], 8, 8), dtype=complex)
    for i in (0, 4):
        for j in (0, 4):
            block = np.ascontiguousarray(g[:, i : i + 4, j : j + 4]).reshape(-1)
            out[:, i : i + 4, j : j + 4] = (flat @ block).reshape(-1, 4, 4)
    return out


def twice(x):
    return np.kron(np.eye(2), x)


def naive_force(forms, g, omega):
    """F_i of 8×8 matrices, term by term as the action is written."""
    sigma = [
        twice(np.kron(np.eye(2), s))
        for s in np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    ]
    total = omega + 0.5 * transport(forms.stiffness, g)
    if forms.spin_relaxation is not None:
        moved = transport(forms.spin_relaxation, g)
        total = total - sum(s @ moved @ s for s in sigma) / 8
    for a, matrix in forms.swapping:
        moved = transport(matrix, g)
        total = total - 0.25j * (moved @ sigma[a] - sigma[a] @ moved)
    if forms.precession is not None:
        total = total + 0.5 * transport(forms.precession, g)
    for field in forms.transverse:
        total = total - twice(field.left) @ transport(field.matrix, g) @ twice(field.right)
    for tunnel in forms.tunnels:
        total = total - 0.5 * twice(tunnel.filter) @ transport(tunnel.matrix, g) @ twice(tunnel.filter)
    if forms.spin_hall is None:
        return total
    at = forms.spin_hall.at
    value, slope = transport(at.value, g), [transport(m, g) for m in at.gradient]
    for k, l, a, sign in forms.spin_hall.planes:
        w = 0.25 * sign * forms.spin_hall.weight[:, None, None]
        s = 0.5 * (sigma[a] @ value + value @ sigma[a])
        bent = slope[k] @ slope[l] - slope[l] @ slope[k]
        parts = [
            (at.value, 0.5 * (sigma[a] @ bent + bent @ sigma[a])),
            (at.gradient[k], slope[l] @ s - s @ slope[l]),
            (at.gradient[l], s @ slope[k] - slope[k] @ s),
        ]
        for matrix, part in parts:
            columns = matrix.shape[1]
            back = spin_matrix(matrix).conj().T
            for i in (0, 4):
                for j in (0, 4):
                    block = np.ascontiguousarray((w * part)[:, i : i + 4, j : j + 4]).reshape(-1)
                    total[:, i : i + 4, j : j + 4] += (back @ block).reshape(columns, 4, 4)
    return total


def random_problem(dim, order, fields):
    """Random ǧ^R (no solution), random ĥ inside and behind the contact."""
    dev = device(dim, order, fields)
    rng = np.random.default_rng(11)
    g = random_state(dev.forms)[2]
    reservoirs = dev.reservoirs(ENERGY)
    omega = action.source(dev.forms, ENERGY, None, reservoirs)
    operator = KineticOperator.at(dev.forms, g, omega, ENERGY.real, reservoirs)
    return dev, g, omega, operator, rng.normal(size=(dev.forms.size, 8)), {"right": rng.normal(size=8)}


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 1), (2, 2), (3, 1)])
def test_operator_is_the_keldysh_block_of_the_whole_commutator(dim, order, fields):
    dev, g, omega, operator, h, outside = random_problem(dim, order, fields)
    forms = dev.forms
    a, hm = advanced(g), matrices(h)
    whole = triangular(g, keldysh(g, a, hm), a)
    width = forms.potentials(ENERGY).dynes[:, None, None]
    source = -width * (TAU3 @ hm + hm @ TAU3)
    contact = forms.contacts[0]
    reservoir = dev.reservoirs(ENERGY)["right"]
    behind = keldysh(reservoir, advanced(reservoir), matrices(outside["right"]))
    source = source - 0.5 * contact.weight[:, None, None] * (contact.filter @ behind @ contact.filter)
    force = naive_force(forms, whole, triangular(omega, source, advanced(omega)))
    balance = (whole @ force - force @ whole)[:, :4, 4:]
    traces = 0.25 * np.einsum("aij,nji->na", EIGHT, balance)
    scale = np.abs(traces).max()
    assert np.abs(traces.imag).max() < 1e-13 * scale
    assert np.abs(operator(h, outside) - traces.real).max() < 1e-13 * scale


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 2), (3, 1)])
def test_assembled_operator_is_the_matrix_free_one(dim, order, fields):
    _, _, _, operator, h, _ = random_problem(dim, order, fields)
    expected = operator(h)
    assembled = (operator.matrix() @ h.ravel()).reshape(-1, 8)
    assert np.abs(assembled - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("fields", ["no field", "U(1)"])
@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 2), (3, 1)])
def test_energy_is_balanced_whatever_the_fields(dim, order, fields):
    """Σ_i Tr E_i is what the contact brings: no term of the equation absorbs energy but a relaxation."""
    dev, g, omega, operator, h, outside = random_problem(dim, order, fields)
    balance = operator(h, outside)
    brought = operator.contact_currents(h, outside)["right"]
    scale = np.abs(balance).sum()
    assert abs(balance[:, 0].sum() + brought[0]) < 1e-13 * scale
    lossy = KineticOperator.at(dev.forms, g, omega, ENERGY.real, dev.reservoirs(ENERGY), 0.37)
    taken = lossy(h, outside) - balance
    assert np.abs(taken - 2 * lossy.relaxation[:, None] * h).max() < 1e-12 * scale
    assert np.abs(lossy.matrix() @ h.ravel() - lossy(h).ravel()).max() < 1e-12 * scale


@pytest.mark.parametrize(("dim", "order"), [(1, 2), (2, 2), (3, 1)])
def test_charge_and_spin_change_only_by_terms_that_break_their_symmetry(dim, order):
    """Without Δ, h, spin filters and spin–orbit terms, charge and all spins are balanced, Γ included."""
    _, g, _, operator, h, _ = random_problem(dim, order, "no field")
    forms = operator.forms
    bare = type(forms)(
        **{
            **forms.__dict__,
            "spin_relaxation": None,
            "swapping": (),
            "spin_hall": None,
            "tunnels": (),
            "contacts": (),
        }
    )
    along = forms.potentials(ENERGY)
    normal = 1j * (ENERGY * along.weight + 1j * along.dynes)[:, None, None] * TAU3
    balance = KineticOperator.at(bare, g, normal, ENERGY.real, {})(h)
    assert np.abs(balance.sum(axis=0)).max() < 1e-13 * np.abs(balance).sum()
    paired = KineticOperator.at(bare, g, action.source(bare, ENERGY), ENERGY.real, {})(h).sum(axis=0)
    assert abs(paired[0]) < 1e-13 * np.abs(balance).sum()
    assert np.abs(paired[1:]).min() > 1e-6 * np.abs(balance).sum()


def test_operator_at_minus_the_energy():
    """ǧ^R(−ε) = −Xǧ^R(ε)*X turns ĥ(ε) into −Xĥ*X, and E(−ε) = −XE(ε)*X for every term."""
    dev, g, _, operator, h, outside = random_problem(2, 2, "no field")
    x = np.kron([[0, -1j], [1j, 0]], [[0, -1j], [1j, 0]])
    mirrored = -x @ g.conj() @ x
    reservoirs = dev.reservoirs(-ENERGY)
    omega = action.source(dev.forms, -ENERGY, None, reservoirs)
    other = KineticOperator.at(dev.forms, mirrored, omega, -ENERGY.real, reservoirs)

    def flipped(c):
        return components(-x @ matrices(c).conj() @ x)

    expected = flipped(operator(h, outside))
    found = other(flipped(h), {"right": flipped(outside["right"])})
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()
