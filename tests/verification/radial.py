"""The equation of the paper with rotational symmetry, as a boundary-value problem in r. Test only.

Shares no code with the package. With n turns of the phase of Δ and m = 1 (spins turn with space) or m = 0
(h along z, spins do not turn),

    ǧ(r, φ) = V ǧ(r) V⁻¹,   V = e^{iφQ},   Q = ½(nτ₃ − mσ_z),   V σ_x V⁻¹ = e_r·σ (m = 1),

so that e_φ·∇ǧ = ǧ_φ = (i/r)[Q, ǧ].  In the plane ε_{zrφ} = 1 and Eqs. (1)–(3) read, P{X} = ½(X − ǧXǧ),

    (1/r)(rN_F J_r)' + (i/r)[Q, N_F J_φ] = N_F([Ω, ǧ] − (1/8τ_so)[σ^aǧσ^a, ǧ] + T)
    J_r = −D P{ǧǧ'  − (θ/2){ǧ_φ, σ_z} − i(κ/2)[ǧǧ_φ, σ_z]}
    J_φ = −D P{ǧǧ_φ + (θ/2){ǧ', σ_z}  + i(κ/2)[ǧǧ', σ_z]}
    T   = (D/4)θ[σ_z, ǧ[ǧ', ǧ_φ]] + (iD/4)κ[[ǧ', ǧ_φ], σ_z],   Ω = i(ε + h·σ)τ₃ − iΔ̌.

J_r without its first term is algebraic in ǧ, hence ǧ' follows from ǧ and J_r: a system of first order.
Unknowns are the Riccati amplitudes of ǧ = Mτ₃M⁻¹, M = [[1, γ], [γ̃, 1]], and the blocks eh and he of
M⁻¹(rN_FJ_r)M, whose other blocks vanish; they are continuous where coefficients jump. At a vacuum J_r = 0; on
the axis of a disk entries of γ ∝ e^{iqφ} grow as r^|q|.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_bvp

Array = NDArray[Any]
Profile = Callable[[Array], Array]

SX, SY, SZ = (np.kron(np.eye(2), s) for s in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]))
T3 = np.diag([1.0, 1.0, -1.0, -1.0])
PAIR = np.kron([[0, 1], [-1, 0]], np.eye(2))

SIZE, STEP = 16, 1e-6
"""Unknowns of a layer; their change in numerical derivatives."""

CENTRE = 1e-4
"""Where the axis of a disk is cut off, over the first radius; errors are its square."""


@dataclass(frozen=True)
class Layer:
    """Coefficients as functions of r between two radii; rate 1/τ_so, h = (h_r, h_φ, h_z), gap |Δ|."""

    start: float
    end: float
    d: Profile
    n_f: Profile
    theta: Profile
    kappa: Profile
    rate: Profile
    gap: Profile
    h: tuple[Profile, Profile, Profile]


@dataclass(frozen=True)
class Disk:
    """A disk (the first layer starts at 0) or an annulus of layers.

    Attributes:
        layers: from the inside out.
        winding: n.
        turning: m.
        energy: ε + iΓ or iω.
        rim: ǧ (4, 4) held at the outer circle; None for vacuum. The inner circle is vacuum.
    """

    layers: tuple[Layer, ...]
    winding: int
    turning: int
    energy: complex
    rim: Array | None = None

    @property
    def q(self) -> Array:
        return 0.5 * (self.winding * T3 - self.turning * SZ)


@dataclass(frozen=True)
class Fields:
    """At points: ǧ and N_FT (Q, 4, 4), and N_FJ along three orthogonal axes (Q, 3, 4, 4)."""

    g: Array
    current: Array
    torque: Array


@dataclass(frozen=True)
class Radial:
    """A solution: `fields(x, y)` in Cartesian components."""

    disk: Disk
    profile: Callable[[Array], Array]

    def polar(self, r: Array) -> tuple[Array, Fields]:
        """ǧ' (Q, 4, 4) and the fields at φ = 0, where the axes r, φ, z are x, y, z."""
        owner = np.searchsorted([layer.start for layer in self.disk.layers[1:]], r, side="right")
        out = np.zeros((6, r.size, 4, 4), dtype=complex)
        for number, layer in enumerate(self.disk.layers):
            low, high = bounds(layer)
            at = np.clip(r[owner == number], low, high)
            y = self.profile((at - low) / (high - low))[SIZE * number : SIZE * (number + 1)]
            state = State(self.disk, layer, at, y)
            n_f = state.at(layer.n_f)
            flows = state.flow / at[:, None, None], n_f * state.around, n_f * state.upward
            out[:, owner == number] = np.stack([state.slope, state.g, *flows, n_f * state.torque])
        return out[0], Fields(out[1], np.swapaxes(out[2:5], 0, 1), out[5])

    def fields(self, x: Array, y: Array) -> Fields:
        """At points (Q,), axes x, y, z; radii beyond the disk are moved to its rim."""
        phi = np.arctan2(y, x)
        v = np.exp(1j * phi[:, None] * np.diag(self.disk.q))
        _, polar = self.polar(np.hypot(x, y))
        cos, sin = np.cos(phi)[:, None, None], np.sin(phi)[:, None, None]
        radial, around, up = (polar.current[:, k] for k in range(3))
        plane = np.stack([cos * radial - sin * around, sin * radial + cos * around, up], axis=1)
        turn = v[:, :, None] * v.conj()[:, None, :]
        return Fields(turn * polar.g, turn[:, None] * plane, turn * polar.torque)


def commutator(a: Array, b: Array) -> Array:
    return a @ b - b @ a


@dataclass(frozen=True)
class State:
    """Everything that follows from the unknowns y (16, Q) at radii r (Q,) of one layer."""

    disk: Disk
    layer: Layer
    r: Array
    y: Array

    def at(self, profile: Profile) -> Array:
        return profile(self.r)[:, None, None]

    @cached_property
    def amplitudes(self) -> tuple[Array, Array]:
        return square(self.y[:4]), square(self.y[4:8])

    @cached_property
    def frame(self) -> tuple[Array, Array]:
        gamma, tilde = self.amplitudes
        n, n_tilde = (np.linalg.inv(np.eye(2) - x) for x in (gamma @ tilde, tilde @ gamma))
        back = -blocks(gamma @ n_tilde, tilde @ n)
        back[:, :2, :2], back[:, 2:, 2:] = n, n_tilde
        return np.eye(4) + blocks(gamma, tilde), back

    @cached_property
    def g(self) -> Array:
        m, back = self.frame
        return m @ T3 @ back

    @cached_property
    def flow(self) -> Array:
        """rN_FJ_r."""
        m, back = self.frame
        return m @ blocks(square(self.y[8:12]), square(self.y[12:])) @ back

    @cached_property
    def turn(self) -> Array:
        """ǧ_φ."""
        return 1j / self.r[:, None, None] * commutator(self.disk.q, self.g)

    def projected(self, x: Array) -> Array:
        return 0.5 * (x - self.g @ x @ self.g)

    def bent(self, dg: Array, spin: Array) -> Array:
        """P{(θ/2){∂ǧ, σ} + i(κ/2)[ǧ∂ǧ, σ]}."""
        theta, kappa = 0.5 * self.at(self.layer.theta), 0.5j * self.at(self.layer.kappa)
        return self.projected(theta * (dg @ spin + spin @ dg) + kappa * commutator(self.g @ dg, spin))

    @cached_property
    def slope(self) -> Array:
        """ǧ' from ǧǧ' = −J_r/D + P{…}."""
        weight = self.r[:, None, None] * self.at(self.layer.n_f) * self.at(self.layer.d)
        return self.g @ (self.bent(self.turn, SZ) - self.flow / weight)

    @cached_property
    def around(self) -> Array:
        """J_φ."""
        return -self.at(self.layer.d) * (self.g @ self.turn + self.bent(self.slope, SZ))

    @cached_property
    def upward(self) -> Array:
        """J_z, from ε_{φzr} = 1 and ε_{rzφ} = −1. For m = 0 its spin axes turn, and it is not given."""
        if self.disk.turning == 0:
            return np.full_like(self.g, np.nan)
        return self.at(self.layer.d) * (self.bent(self.slope, SY) - self.bent(self.turn, SX))

    @cached_property
    def torque(self) -> Array:
        """T."""
        both = commutator(self.slope, self.turn)
        spin_hall = self.at(self.layer.theta) * commutator(SZ, self.g @ both)
        swapping = 1j * self.at(self.layer.kappa) * commutator(both, SZ)
        return 0.25 * self.at(self.layer.d) * (spin_hall + swapping)

    @cached_property
    def sources(self) -> Array:
        """[Ω, ǧ] − (1/8τ_so)[σ^aǧσ^a, ǧ] + T."""
        h = sum(self.at(p) * s for p, s in zip(self.layer.h, (SX, SY, SZ), strict=True))
        omega = 1j * ((self.disk.energy * np.eye(4) + h) @ T3 - self.at(self.layer.gap) * PAIR)
        sandwich = sum(s @ self.g @ s for s in (SX, SY, SZ))
        return commutator(omega - self.at(self.layer.rate) / 8 * sandwich, self.g) + self.torque

    @cached_property
    def change(self) -> Array:
        """y' (16, Q)."""
        m, back = self.frame
        gamma, tilde = self.amplitudes
        turned = back @ self.slope @ m  # M⁻¹ǧ'M = [M⁻¹M', τ₃]
        d_gamma = -0.5 * (np.eye(2) - gamma @ tilde) @ turned[:, :2, 2:]
        d_tilde = 0.5 * (np.eye(2) - tilde @ gamma) @ turned[:, 2:, :2]
        d_flow = self.r[:, None, None] * self.at(self.layer.n_f) * self.sources
        d_flow = d_flow - 1j * self.at(self.layer.n_f) * commutator(self.disk.q, self.around)
        d_flow = back @ d_flow @ m + commutator(back @ self.flow @ m, back @ blocks(d_gamma, d_tilde))
        parts = (d_gamma, d_tilde, d_flow[:, :2, 2:], d_flow[:, 2:, :2])
        return np.concatenate([x.reshape(-1, 4).T for x in parts])


def square(rows: Array) -> Array:
    """(4, Q) -> (Q, 2, 2)."""
    return rows.T.reshape(-1, 2, 2)


def blocks(eh: Array, he: Array) -> Array:
    """[[0, eh], [he, 0]]."""
    out = np.zeros((eh.shape[0], 4, 4), dtype=complex)
    out[:, :2, 2:], out[:, 2:, :2] = eh, he
    return out


def bounds(layer: Layer) -> tuple[float, float]:
    """Its radii, the axis of a disk cut off."""
    return (layer.start or CENTRE * layer.end), layer.end


def riccati(g: Array) -> Array:
    """γ and γ̃ of ǧ (4, 4), (8,)."""
    gamma = -g[:2, 2:] @ np.linalg.inv(np.eye(2) - g[2:, 2:])
    tilde = g[2:, :2] @ np.linalg.inv(np.eye(2) + g[:2, :2])
    return np.concatenate([gamma.ravel(), tilde.ravel()])


def angular_momenta(disk: Disk) -> Array:
    """q of the entries of γ and γ̃ ∝ e^{iqφ}, which grow as r^|q| from the axis, (8,)."""
    spin = disk.turning * np.array([0, 1, -1, 0])
    return np.concatenate([disk.winding - spin, -disk.winding - spin])


def solve(disk: Disk, points: int = 40, tolerance: float = 1e-6) -> Radial:
    """ǧ(r), sought from the normal state; layers lie side by side, functions of (r − start)/(end − start).

    SciPy's tolerance is one of residuals; errors of ǧ, those of CENTRE included, were seen to be 1e-8.
    """
    momenta = np.abs(angular_momenta(disk))

    def right(s: Array, y: Array) -> Array:
        parts = []
        for number, layer in enumerate(disk.layers):
            low, high = bounds(layer)
            state = State(disk, layer, low + (high - low) * s, y[SIZE * number : SIZE * (number + 1)])
            parts.append((high - low) * state.change)
        return np.concatenate(parts)

    def ends(inner: Array, outer: Array) -> Array:
        if disk.layers[0].start:
            first = inner[8:SIZE]
        else:
            at = np.array([bounds(disk.layers[0])[0]])
            change = State(disk, disk.layers[0], at, inner[:SIZE, None]).change[:8, 0]
            first = at[0] * change - momenta * inner[:8]
        last = outer[-8:] if disk.rim is None else outer[-SIZE:-8] - riccati(disk.rim)
        return np.concatenate([first, outer[:-SIZE] - inner[SIZE:], last])

    s = np.linspace(0, 1, points)
    if not disk.layers[0].start:
        s = np.concatenate([[0.0], np.geomspace(CENTRE, s[1], 12)[:-1], s[1:]])
    found = solve_bvp(
        lambda s, y: real(right(s, cplx(y))),
        lambda a, b: real(ends(cplx(a), cplx(b))),
        s,
        np.zeros((2 * SIZE * len(disk.layers), s.size)),
        fun_jac=lambda s, y: jacobian(lambda y: right(s, y), cplx(y)),
        tol=tolerance,
        max_nodes=4000,
    )
    assert found.success, found.message
    for start in range(0, SIZE * len(disk.layers), SIZE):  # the physical branch: 1 − γγ† > 0
        for rows in (slice(start, start + 4), slice(start + 4, start + 8)):
            assert np.linalg.norm(square(cplx(found.y)[rows]), ord=2, axis=(1, 2)).max() < 1
    return Radial(disk, lambda s: cplx(found.sol(s)))


def jacobian(f: Callable[[Array], Array], y: Array) -> Array:
    """∂f/∂y of a holomorphic function of columns (n, Q), for real and imaginary parts, (2n, 2n, Q)."""
    columns = []
    for row in range(y.shape[0]):
        step = np.zeros_like(y)
        step[row] = STEP
        columns.append((f(y + step) - f(y - step)) / (2 * STEP))
    a = np.stack(columns, axis=1)
    return np.concatenate([real(a), real(1j * a)], axis=1)


def real(y: Array) -> Array:
    """SciPy compares steps by Σ step², which means nothing where they are complex."""
    return np.concatenate([y.real, y.imag])


def cplx(y: Array) -> Array:
    half = y.shape[0] // 2
    return y[:half] + 1j * y[half:]
