"""Coefficients of impurities against the paper's complex amplitudes and against a Boltzmann equation."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from usadel_fem.physics.microscopics import (
    SEPARATION,
    Ratio,
    Scattering,
    impurity_scattering,
    regime,
    resonance,
)
from usadel_fem.physics.nambu import Complex, Real

P_F, V_F, N_IM = 7.3, 0.83, 0.11
MASS = P_F / V_F
LENGTHS = [-57.0, -0.83, -0.137, -0.011, 0.013, 0.137, 0.71, 31.0]
"""Scattering lengths from the Born limit to near resonance, |p_F a| = 0.08 to 416, of both signs."""


def of_paper(a: float, coupling: float) -> dict[str, float]:
    """The printed formulae with complex numbers; Eq. 56 with its factor beyond the Born limit."""
    states = MASS * P_F / (2 * np.pi**2)
    t_0 = 2 * np.pi * a / MASS
    t_f = t_0 / (1 + 1j * P_F * a)
    tau = 1 / (2 * np.pi * N_IM * states * abs(t_f) ** 2)
    vertex = coupling**2 * P_F**2 * t_0
    omega_1 = 2 * np.pi * N_IM * states * (np.conj(t_f) * vertex).real
    omega_2 = 2 * np.pi * N_IM * states * (np.conj(t_f) * vertex).imag
    free_path = V_F * tau
    return {
        "N_F": states,
        "vertex": vertex,
        "tau": tau,
        "l": free_path,
        "D": V_F * free_path / 3,
        "omega_1": omega_1,
        "omega_2": omega_2,
        "skew": 2 / 3 * omega_2 * tau,
        "side_jump": 2 * omega_1 * tau / (P_F * free_path),
        "local": 2 / 3 * omega_1 * tau,
        "nonlocal_": -2 * omega_2 * tau / (P_F * free_path),
        "theta": (coupling * P_F) ** 2 * (2 / 3 * P_F * a + 2 / (P_F * free_path)),
        "kappa": (coupling * P_F) ** 2 * (2 / 3 - 2 * P_F * a / (P_F * free_path)),
        "relaxation_rate": 8 / 9 * (coupling * P_F) ** 4 * (1 + (P_F * a) ** 2) / tau,
        "vertex_ratio": abs(vertex / t_f),
        "length": coupling,
    }


@pytest.mark.parametrize("a", LENGTHS)
def test_the_paper(a: float) -> None:
    expected = of_paper(a, 0.013)
    by_length = impurity_scattering(P_F, V_F, N_IM, a, length=0.013)
    by_vertex = impurity_scattering(P_F, V_F, N_IM, a, vertex=expected["vertex"])
    for name, value in expected.items():
        assert getattr(by_length, name) == pytest.approx(value, rel=1e-12), name
        assert getattr(by_vertex, name) == pytest.approx(value, rel=1e-12), name
    assert (by_length.m, by_length.a) == (pytest.approx(MASS), a)


@pytest.mark.parametrize("a", LENGTHS)
def test_the_optical_theorem(a: float) -> None:
    """Eq. 35, Im t_F = −πN_F|t_F|², in the form ω_2 = p_F a ω_1."""
    s = impurity_scattering(P_F, V_F, N_IM, a, vertex=0.21)
    assert s.omega_2 == pytest.approx(P_F * a * s.omega_1, rel=1e-12)


@pytest.mark.parametrize("a", LENGTHS)
def test_the_mean_free_path_is_that_of_the_cross_section(a: float) -> None:
    """s-wave scattering: σ = 4πa²/(1 + p²a²), textbooks; 4π/p² at resonance."""
    cross_section = 4 * np.pi * a**2 / (1 + (P_F * a) ** 2)
    found = impurity_scattering(P_F, V_F, N_IM, a, vertex=0.0).l
    assert found == pytest.approx(1 / (N_IM * cross_section), rel=1e-12)
    resonant = impurity_scattering(P_F, V_F, N_IM, np.copysign(np.inf, a), vertex=0.0).l
    assert resonant == pytest.approx(P_F**2 / (4 * np.pi * N_IM), rel=1e-12)


def sphere() -> tuple[Real, Real]:
    """Directions (m, 3) and weights (m,) that average polynomials up to degree 7 exactly."""
    cosines, weights = np.polynomial.legendre.leggauss(4)
    angles = np.arange(8) * np.pi / 4 + 0.1
    sines = np.sqrt(1 - cosines**2)[:, None]
    x, y = sines * np.cos(angles), sines * np.sin(angles)
    directions = np.stack([x, y, np.broadcast_to(cosines[:, None], x.shape)], axis=-1)
    return directions.reshape(-1, 3), np.repeat(weights / 16, 8)


PAULI = np.array([np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def collisions(t_f: complex, vertex: float) -> Real:
    """The collision operator in the basis (1, n_k) ⊗ (1, σ^b), times 1/2πnN_F: (4, 4, 4, 4), real.

    Element [i, c, k, b] is the rate at which n_kσ^b scatters *into* n_iσ^c:  ∫∫ n_i ½ Tr σ^c M n′_kσ^b M†,
    with M = t_F + iB(n × n′)·σ, normalised for ⟨n_in_i⟩ = 1/3. It knows nothing of Green functions.
    """
    n, weights = sphere()
    cross = np.cross(n[:, None], n[None, :])
    amplitude: Complex = t_f * PAULI[0] + 1j * vertex * np.einsum("pqa,aij->pqij", cross, PAULI[1:])
    harmonics = np.concatenate([np.ones((len(n), 1)), n], axis=1)
    norms = np.array([1.0, 3.0, 3.0, 3.0])
    return np.einsum(
        "p,q,pi,i,qk,cuv,pqvw,bwx,pqux->ickb",
        weights, weights, harmonics, norms, harmonics, PAULI / 2, amplitude, PAULI, amplitude.conj(),
        optimize=True,
    ).real  # fmt: skip


@pytest.mark.parametrize("a", [-0.83, -0.137, 0.137, 31.0])
def test_a_boltzmann_equation(a: float) -> None:
    """Skew scattering, local swapping and spin relaxation, signs included, from the Mott amplitude alone.

    With 0 = −v∂f + collisions, a current −D∂_j n drives J_k^b = (θ) Dε_bkj ∂_j n and so on (Eq. 81): to
    first order the coefficients are the off-diagonal rates over the momentum relaxation rate.
    """
    s = impurity_scattering(P_F, V_F, N_IM, a, length=0.013)
    t_f = complex(2 * np.pi * a / MASS / (1 + 1j * P_F * a))
    prefactor = 2 * np.pi * N_IM * float(s.N_F)
    rates = {sign: prefactor * collisions(t_f, sign * float(s.vertex)) for sign in (0, 1, -1)}
    linear, even = (rates[1] - rates[-1]) / 2, (rates[1] + rates[-1]) / 2
    out = rates[0][0, 0, 0, 0]
    assert out == pytest.approx(1 / float(s.tau), rel=1e-12)
    mixing = float(s.tau) * linear[1:, :, 1:, :]
    levi_civita = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        levi_civita[i, j, k], levi_civita[i, k, j] = 1, -1
    # J_i^c = −∂_i f^c + mixing · (−∂f), to be compared with Eqs. 80 and 81
    hall = np.einsum("cij->icj", levi_civita)
    np.testing.assert_allclose(-mixing[:, 1:, :, 0], float(s.skew) * hall, atol=1e-12)
    np.testing.assert_allclose(
        -mixing[:, 0, :, 1:], float(s.skew) * np.einsum("aij->ija", levi_civita), atol=1e-12
    )
    delta = np.eye(3)
    swap = np.einsum("ic,kb->ickb", delta, delta) - np.einsum("ib,ck->ickb", delta, delta)
    np.testing.assert_allclose(mixing[:, 1:, :, 1:], float(s.local) * swap, atol=1e-12)
    # an isotropic spin: what scatters out less what scatters in; B² adds to the rate out
    relaxation = (even[0, 0, 0, 0] - np.diag(even[0, 1:, 0, 1:])) * np.ones(3)
    np.testing.assert_allclose(relaxation, float(s.relaxation_rate), rtol=1e-9)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_resonance_is_the_limit(sign: float) -> None:
    """At fixed B, every number approaches its value at a = ±inf like 1/|p_F a| or faster."""
    limit = impurity_scattering(P_F, V_F, N_IM, sign * np.inf, vertex=0.21)
    assert limit.finite
    assert limit.tau == pytest.approx(P_F * MASS / (4 * np.pi * N_IM), rel=1e-12)
    assert limit.skew == pytest.approx(2 / 3 * np.pi * float(limit.N_F) * 0.21, rel=1e-12)
    assert limit.relaxation_rate == pytest.approx(
        16 / 9 * np.pi * N_IM * float(limit.N_F) * 0.21**2, rel=1e-12
    )
    assert (limit.side_jump, limit.local, limit.length, limit.omega_1) == (0, 0, 0, 0)
    assert limit.nonlocal_ < 0 < limit.skew
    large = sign * np.array([1e3, 1e6, 1e9, 1e12])
    near = impurity_scattering(P_F, V_F, N_IM, large, vertex=0.21)
    for field in fields(Scattering):
        if field.name != "a":
            value, end = getattr(near, field.name), float(getattr(limit, field.name))
            scale = abs(end) or abs(float(value[0])) * P_F * 1e3
            assert np.all(np.abs(value - end) <= 1.01 * scale / np.abs(P_F * large) + 4e-16 * abs(end)), (
                field.name
            )


def test_at_fixed_length_only_the_spin_orbit_part_grows() -> None:
    """Skew, nonlocal ∝ a and 1/τ_so ∝ a², while D saturates and the small parameter |B/t_F| ∝ a says so."""
    a = np.array([1e3, 1e4])
    s = impurity_scattering(P_F, V_F, N_IM, a, length=0.013)
    for name, power in (("skew", 1), ("nonlocal_", 1), ("relaxation_rate", 2), ("vertex_ratio", 1), ("D", 0)):
        low, high = getattr(s, name)
        assert np.log10(high / low) == pytest.approx(power, abs=1e-6), name


@pytest.mark.parametrize("a", [np.inf, -np.inf])
def test_a_length_at_resonance_is_refused(a: float) -> None:
    with pytest.raises(ValueError, match="give B"):
        impurity_scattering(P_F, V_F, N_IM, a, length=0.013)
    assert impurity_scattering(P_F, V_F, N_IM, a, length=0.0).finite


FINITE = ("tau", "l", "D", "N_F", "omega_1", "side_jump", "local", "length")
GROWING = {"vertex": 1, "omega_2": 1, "skew": 1, "nonlocal_": 1, "relaxation_rate": 2, "vertex_ratio": 1}
"""Powers of x; |B/t_F| grows like |x|."""


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_left_at_a_resonance(sign: float) -> None:
    """The printed formulae with complex numbers at x = ±7e12, which differ from the limit by 1/x² ~ 1e-26."""
    a = sign * 1e12
    found, expected = resonance(P_F, V_F, N_IM, sign * np.inf, 0.013), of_paper(a, 0.013)
    x = P_F * a
    for name in FINITE:
        assert getattr(found.values, name) == pytest.approx(expected[name], rel=1e-12), name
    for name, power in GROWING.items():
        assert getattr(found.values, name) == np.copysign(np.inf, expected[name]), name
        per_x = expected[name] / (abs(x) if name == "vertex_ratio" else x) ** power
        assert getattr(found.slope, name) == pytest.approx(per_x, rel=1e-12), name
    assert (found.values.theta, found.values.kappa) == (sign * np.inf, -sign * np.inf)
    assert found.values.a == sign * np.inf
    assert not any(
        np.isnan(getattr(s, f.name)) for s in (found.values, found.slope) for f in fields(Scattering)
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_finite_part_is_approached(sign: float) -> None:
    """θ − ⅔λ²p_F²x, κ + (2λ²p_F²/p_Fl)x and D tend to their limits like 1/x², 1/x and 1/x²."""
    x = sign * np.array([10.0, 100.0, 1000.0])
    near = impurity_scattering(P_F, V_F, N_IM, x / P_F, length=0.213)
    found = resonance(P_F, V_F, N_IM, sign * np.inf, 0.213)
    limit, slope = found.values, found.slope
    for error, order in (
        (near.theta - slope.theta * x - limit.side_jump, 2),
        (near.kappa - slope.kappa * x - limit.local, 1),
        (near.D - limit.D, 2),
    ):
        np.testing.assert_allclose(np.log10(error[:-1] / error[1:]), order, atol=0.01)


def test_where_the_length_vanishes_nothing_grows() -> None:
    found = resonance(P_F, V_F, N_IM, -np.inf, np.array([0.0, 0.013])).values
    plain = impurity_scattering(P_F, V_F, N_IM, -np.inf, length=0.0)
    for name in (*FINITE, *GROWING):
        assert getattr(found, name)[0] == getattr(plain, name), name
    np.testing.assert_array_equal(found.theta, [0, -np.inf])
    *_, weak, first = regime(found)
    assert (weak.value, first.value, first.ok) == (pytest.approx(1 / (P_F * 0.013)), np.inf, False)


def test_a_finite_scattering_length_is_no_resonance() -> None:
    with pytest.raises(ValueError, match="finite a"):
        resonance(P_F, V_F, N_IM, np.array([np.inf, 0.137]), 0.013)


@pytest.mark.parametrize("couplings", [{}, {"length": 0.1, "vertex": 0.1}])
def test_exactly_one_coupling(couplings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either"):
        impurity_scattering(P_F, V_F, N_IM, 0.1, **couplings)


@pytest.mark.parametrize("a", [0.0, 1e-200, 1e308])
def test_out_of_range_is_told_not_hidden(a: float) -> None:
    assert not impurity_scattering(P_F, V_F, N_IM, a, length=0.013).finite


def test_the_sign_of_the_vertex() -> None:
    """B → −B turns θ and κ round and leaves everything else."""
    plus, minus = (impurity_scattering(P_F, V_F, N_IM, 0.13, vertex=b) for b in (0.21, -0.21))
    for field in fields(Scattering):
        odd = field.name in ("vertex", "omega_1", "omega_2", "skew", "side_jump", "local", "nonlocal_")
        assert getattr(minus, field.name) == (-1 if odd else 1) * getattr(plus, field.name), field.name
    assert minus.length == plus.length


def test_fields_of_position() -> None:
    a, n = np.array([[0.1, -0.2, np.inf]]), np.array([[0.11], [0.07]])
    s = impurity_scattering(P_F, V_F, n, a, vertex=0.21)
    assert s.theta.shape == s.N_F.shape == (2, 3)
    one = impurity_scattering(P_F, V_F, 0.07, -0.2, vertex=0.21)
    assert s.kappa[1, 1] == one.kappa


def test_the_regime() -> None:
    s = impurity_scattering(P_F, V_F, N_IM, np.array([0.137, 0.3]), length=0.013)
    diffusive, classical, weak, first = regime(s, 3.0 * s.l)
    assert (diffusive.value, diffusive.ok) == (pytest.approx(3), False)
    assert classical.value == pytest.approx(P_F * s.l.min())
    assert weak.value == pytest.approx(1 / (P_F * 0.013))
    assert first.value == pytest.approx((P_F * 0.013) ** 2 * np.hypot(1, P_F * 0.3))
    assert len(regime(s)) == 3
    assert str(diffusive) == "xi / l = 3: the diffusive limit needs ≫ 1"
    assert str(Ratio("a", 2 * SEPARATION, "b")) == "a = 20: ok"
    assert Ratio("a", 0.09, "b", inverse=True).ok
    assert not Ratio("a", 0.11, "b", inverse=True).ok


def test_an_exchange_field_must_be_weak_against_the_scattering_rate() -> None:
    """ξ_h/l ≥ 10 is |h|τ ≤ 1/300, whatever the metal."""
    s = impurity_scattering(P_F, V_F, np.array([N_IM, 1.7 * N_IM]), 0.137, length=0.013)
    for share, fine in ((0.0031, True), (0.0036, False)):
        h = share / s.tau * np.array([1.0, 0.5])  # worst at the first point
        found, *_ = regime(s, None, np.sqrt(s.D / h))
        assert (found.name, found.ok) == ("xi_h / l", fine)
        assert found.value == pytest.approx(1 / np.sqrt(3 * share))
    names = [ratio.name for ratio in regime(s, s.l, np.array([np.inf, 30.0]) * s.l)[:2]]
    assert names == ["xi / l", "xi_h / l"]


def test_first_order_fails_near_a_resonance() -> None:
    """λ stays small there, the vertex does not."""
    *_, weak, first = regime(impurity_scattering(P_F, V_F, N_IM, 50.0, length=0.008))
    assert weak.ok
    assert not first.ok


def test_no_spin_orbit_coupling() -> None:
    s = impurity_scattering(P_F, V_F, N_IM, 0.137, length=0.0)
    assert (s.theta, s.kappa, s.relaxation_rate) == (0, 0, 0)
    assert all(ratio.ok for ratio in regime(s)[1:])
