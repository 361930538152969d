"""Smooth normalised fields with exact derivatives, and the equation of the paper at them.

Nothing of the package's discretisation enters: Eqs. (1)–(3) are written out again, index by index, and
differentiated by the product rule of dual numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
SPIN = [np.kron(np.eye(2), s) for s in PAULI]
NAMBU3 = np.diag([1.0, 1.0, -1.0, -1.0])
LEVI_CIVITA = [(0, 1, 2, 1), (1, 2, 0, 1), (2, 0, 1, 1), (1, 0, 2, -1), (2, 1, 0, -1), (0, 2, 1, -1)]
"""(a, k, j, ε_akj)."""


@dataclass(frozen=True)
class Dual:
    """A field (Q, n, n) and its first derivatives along the mesh axes (dim, Q, n, n)."""

    value: np.ndarray
    slope: np.ndarray

    __array_ufunc__ = None  # arrays leave operators to this class

    def along(self, place):
        """With its derivative along one mesh axis only."""
        return Dual(self.value, self.slope[place : place + 1])

    def __add__(self, other):
        other = as_dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        return self + -1 * other

    def __matmul__(self, other):
        other = as_dual(other)
        return Dual(self.value @ other.value, self.slope @ other.value + self.value @ other.slope)

    def __mul__(self, other):
        other = as_dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __rmul__ = __mul__

    def __rmatmul__(self, other):
        return as_dual(other) @ self


def as_dual(x):
    """Constants have no slope."""
    if isinstance(x, Dual):
        return x
    x = np.asarray(x)
    return Dual(x, np.zeros((1, 1, *(x.shape or (1, 1)))))


def commutator(a, b):
    return a @ b - b @ a


def anticommutator(a, b):
    return a @ b + b @ a


@dataclass(frozen=True)
class Waves:
    """Σ_m c_m cos(q_m·r + p_m), c_m of any shape; physical coordinates."""

    amplitude: np.ndarray  # (m, ...)
    q: np.ndarray  # (m, 3)
    phase: np.ndarray  # (m,)

    def derivative(self, r, *axes):
        """∂_axes at r (3, Q) -> (Q, ...)."""
        angle = np.einsum("mk,kq->mq", self.q, r) + self.phase[:, None]
        wave = np.cos(angle + 0.5 * np.pi * len(axes))
        wave = wave * np.prod([self.q[:, k] for k in axes], axis=0)[:, None] if axes else wave
        return np.tensordot(wave, self.amplitude, axes=(0, 0))

    def dual(self, r, axes):
        """As a field of 1×1 matrices."""
        slope = np.array([self.derivative(r, k) for k in axes])
        return Dual(self.derivative(r)[:, None, None], slope[..., None, None])


@dataclass(frozen=True)
class Setting:
    """ǧ* and all coefficients of the equation as functions of position."""

    gamma: Waves
    gamma_tilde: Waves
    d: Waves
    n_f: Waves
    theta: Waves
    kappa: Waves
    rate: Waves
    dynes: Waves
    exchange: Waves  # (3,)
    gap: Waves
    energy: complex
    axes: tuple[int, ...]

    def green(self, r):
        """ǧ* at r (3, Q)."""
        frame = self._frame(r) + np.eye(4)
        return frame @ NAMBU3 @ np.linalg.inv(frame)

    def field(self, r):
        """ǧ* and {k: ∂_kǧ*} of the mesh axes at r (3, Q), as dual numbers."""
        frame = self._frame(r) + np.eye(4)
        inverse = np.linalg.inv(frame)
        slope = {k: self._frame(r, k) @ inverse for k in self.axes}
        g = frame @ NAMBU3 @ inverse
        first = {k: commutator(slope[k], g) for k in self.axes}

        def second(k, j):
            bend = self._frame(r, j, k) @ inverse - slope[k] @ slope[j]
            return commutator(bend, g) + commutator(slope[k], first[j])

        dg = {k: Dual(first[k], np.array([second(k, j) for j in self.axes])) for k in self.axes}
        return Dual(g, np.array([first[k] for k in self.axes])), dg

    def kinetic(self, r):
        """N_F, D, θ, κ as dual numbers."""
        return [w.dual(r, self.axes) for w in (self.n_f, self.d, self.theta, self.kappa)]

    def _frame(self, r, *axes):
        m = np.zeros((r.shape[1], 4, 4), dtype=complex)
        m[:, :2, 2:] = self.gamma.derivative(r, *axes)
        m[:, 2:, :2] = self.gamma_tilde.derivative(r, *axes)
        return m

    def omega(self, r):
        """Ω = i(ε + iΓ + h·σ)τ₃ − iΔ̌ of Eq. (1), a real ε."""
        h = np.einsum("qa,aij->qij", self.exchange.derivative(r), SPIN)
        energy = (self.energy + 1j * self.dynes.derivative(r))[:, None, None] * np.eye(4)
        gap = self.gap.derivative(r)[:, None, None]
        pair = gap * np.kron([[0, 1], [0, 0]], np.eye(2)) - gap.conj() * np.kron([[0, 0], [1, 0]], np.eye(2))
        return 1j * (energy + h) @ NAMBU3 - 1j * pair

    def coefficient(self, name, r):
        """As the assembly asks for them, at physical coordinates (3, ...)."""
        waves = {
            "D": self.d,
            "N_F": self.n_f,
            "theta": self.theta,
            "kappa": self.kappa,
            "spin_relaxation_rate": self.rate,
            "dynes": self.dynes,
            "exchange": self.exchange,
            "Delta": self.gap,
        }[name]
        out = waves.derivative(r.reshape(3, -1))
        return np.moveaxis(out, 0, -1).reshape(*out.shape[1:], *r.shape[1:])


def printed_current(k, g, dg, d, theta, kappa):
    """J_k of Eq. (2)."""
    total = g @ dg[k]
    for a, first, j, sign in LEVI_CIVITA:
        if first == k and j in dg:
            total = total - theta * (0.5 * sign) * anticommutator(dg[j], SPIN[a])
            total = total - kappa * (0.5j * sign) * commutator(g @ dg[j], SPIN[a])
    return -1 * d * total


def projected_current(k, g, dg, d, theta, kappa):
    """½(J_k − ǧJ_kǧ)."""
    printed = printed_current(k, g, dg, d, theta, kappa)
    return 0.5 * (printed - g @ printed @ g)


def torque(g, dg, d, theta, kappa):
    """T of Eq. (3), plain values."""
    total = np.zeros_like(g.value)
    for a, k, j, sign in LEVI_CIVITA:
        if k in dg and j in dg:
            bent = dg[k].value @ dg[j].value
            total = total + (d * theta).value * 0.25 * sign * commutator(SPIN[a], g.value @ bent)
            total = total + (d * kappa).value * 0.25j * sign * commutator(bent, SPIN[a])
    return total


def divergence(rule, weight, g, dg, coefficients):
    """∂_k(weight · J_k), J_k = rule(k, ǧ, ∂ǧ, *coefficients)."""
    total = 0.0
    for place, k in enumerate(dg):
        along = {j: x.along(place) for j, x in dg.items()}
        flow = rule(k, g.along(place), along, *(c.along(place) for c in coefficients))
        total = total + (weight.along(place) * flow).slope[0]
    return total


def local_terms(setting, r, g):
    """−[Ω, ǧ] + (1/8τ_so)[σ^aǧσ^a, ǧ] at r, without N_F."""
    rate = setting.rate.derivative(r)[:, None, None]
    sandwich = sum(s @ g @ s for s in SPIN)
    return -commutator(setting.omega(r), g) + rate / 8 * commutator(sandwich, g)


def residual(setting, r, current=projected_current):
    """∂_k(N_FJ_k) − N_F[Ω, ǧ] + (N_F/8τ_so)[σ^aǧσ^a, ǧ] − N_FT at ǧ*, (Q, 4, 4)."""
    g, dg = setting.field(r)
    n_f, d, theta, kappa = setting.kinetic(r)
    local = local_terms(setting, r, g.value) - torque(g, dg, d, theta, kappa)
    return divergence(current, n_f, g, dg, (d, theta, kappa)) + n_f.value * local


def covariant(a, x, dx):
    """{k: ∂_kx − i[a_k, x]} from {k: ∂_kx}."""
    return {k: dx[k] - 1j * commutator(a[k], x) for k in dx}


def variation(setting, r, potential=None):
    """F = δS/δǧ of the action of `usadel_fem.action` at ǧ*, (Q, 4, 4).

    Args:
        potential: {k: A_kτ₃ + A_k^aσ^a} as dual numbers; axes off the mesh enter the diffusion term only.
    """
    a = potential or {k: as_dual(np.zeros((4, 4))) for k in setting.axes}
    g, plain = setting.field(r)
    dg = covariant({k: a[k] for k in plain}, g, plain)
    n_f, d, theta, kappa = setting.kinetic(r)
    by_value = np.zeros_like(g.value)
    by_gradient = {k: 0.5 * n_f * d * dg[k] for k in dg}
    for s, i, j, sign in LEVI_CIVITA:  # ε_sij = ε_ijs
        if i in dg and j in dg:
            hall, swap, spin = 0.25 * sign * n_f * d * theta, 0.25j * sign * n_f * d * kappa, as_dual(SPIN[s])
            by_value = by_value + (hall * (dg[i] @ dg[j] @ spin)).value
            edge = dg[j] @ spin @ g - spin @ g @ dg[j]
            by_gradient[i] = by_gradient[i] + hall * edge - swap * commutator(dg[j], spin)
    sandwich = sum(s @ g.value @ s for s in SPIN)
    local = setting.omega(r) - setting.rate.derivative(r)[:, None, None] / 8 * sandwich
    for k in [k for k in a if k not in dg]:
        local = local + 0.5 * d.value * commutator(a[k].value, commutator(a[k].value, g.value))
    force = n_f.value * local + by_value
    for place, k in enumerate(dg):
        force = force - by_gradient[k].slope[place] + 1j * commutator(a[k], by_gradient[k]).value
    return force


def random_setting(seed, axes, *, size=0.3, wave=2.0, energy=0.7, **replaced):
    """Random waves along the given physical axes; every coefficient varies."""
    rng = np.random.default_rng(seed)

    def waves(mean, amplitude, count=2):
        mean = np.asarray(mean)
        q = np.zeros((count + 1, 3))
        q[1:, list(axes)] = (
            wave * rng.uniform(0.5, 1.0, (count, len(axes))) * rng.choice([-1, 1], (count, len(axes)))
        )
        parts = amplitude * rng.normal(size=(count, *mean.shape))
        if np.iscomplexobj(mean):
            parts = parts + 1j * amplitude * rng.normal(size=parts.shape)
        return Waves(np.concatenate([mean[None], parts]), q, np.append(0.0, rng.uniform(0, 6, count)))

    def matrix():
        return waves(np.zeros((2, 2), dtype=complex), size / np.sqrt(2))

    found = {
        "gamma": matrix(),
        "gamma_tilde": matrix(),
        "d": waves(1.1, 0.1),
        "n_f": waves(0.9, 0.1),
        "theta": waves(0.3, 0.1),
        "kappa": waves(-0.25, 0.1),
        "rate": waves(0.8, 0.1),
        "dynes": waves(0.4, 0.05),
        "exchange": waves(np.array([0.3, -0.5, 0.4]), 0.2),
        "gap": waves(np.array(0.5 + 0.3j), 0.2),
    }
    return Setting(**(found | replaced), energy=energy, axes=tuple(axes))


def constant(value):
    """A coefficient that does not vary."""
    return Waves(np.asarray(value)[None], np.zeros((1, 3)), np.zeros(1))
