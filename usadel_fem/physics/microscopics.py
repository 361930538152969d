"""Kinetic coefficients from impurity parameters: Eqs. 4–5, 33–37, 44–45, 56, 75–76 of the paper.

Electrons at the Fermi surface scatter from impurities with the amplitude t = A + i(p × p′)·σ B/p_F²: the
scalar part A = t_F = t_0/(1 + ip_Fa), t_0 = 2πa/m, exactly in the scattering length a; the spin–orbit part
B to first order. With x = p_Fa and b = πN_FB everything is a polynomial of b, b/x and 1/x:

    ω_1τ = b/x,  ω_2τ = b,  1/τ = (4πn/mp_F)/(1 + 1/x²),  l = (p_F²/4πn)(1 + 1/x²),  |B/t_F| = |b|√(1 + 1/x²)

so that a → ±∞ (1/x = 0, the unitarity limit) is an ordinary point *at fixed B*. The paper gives B by a length
λ instead, B = λ²p_F²t_0, that is b = λ²p_F²x: at fixed λ the spin–orbit part, and with it the skew and the
nonlocal coefficients and 1/τ_so, grows beyond any bound towards a resonance, where first order in B fails.
`resonance` gives what stays finite there, and how the rest grows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem.physics.nambu import Real

__all__ = ["SEPARATION", "Ratio", "Resonance", "Scattering", "impurity_scattering", "regime", "resonance"]

SEPARATION = 10.0
"""The least ratio of two lengths, one of which has to be much longer than the other."""


@dataclass(frozen=True)
class Scattering:
    """What impurities make of a metal; arrays (...) over positions, ħ = 1.

    Attributes:
        p_F, v_F, m: Fermi wave number, velocity and mass [1/length, energy·length, 1/(energy·length²)].
        n_im, a: density of impurities and scattering length [1/length³, length].
        N_F: mp_F/2π², density of states per spin [1/(energy·length³)].
        vertex: B at the Fermi surface [energy·length³].
        tau, l, D: scattering time, mean free path, diffusion constant [1/energy, length, energy·length²].
        omega_1, omega_2: spin–charge rates 2πnN_F Re and Im of t_F*B [energy].
        skew, side_jump: parts ⅔ω_2τ and 2ω_1τ/p_Fl of the spin Hall angle θ.
        local, nonlocal_: parts ⅔ω_1τ and −2ω_2τ/p_Fl of the swapping coefficient κ.
        relaxation_rate: 1/τ_so = (8/9) 2πnN_F B² [energy]: Eq. 56 is its Born limit, as
            λ⁴p_F⁴[1 + (p_Fa)²]/τ = 2πnN_F B².
        vertex_ratio: |B/t_F| = |λ²|p_F²√(1 + (p_Fa)²).
    """

    p_F: Real
    v_F: Real
    m: Real
    n_im: Real
    a: Real
    N_F: Real
    vertex: Real
    tau: Real
    l: Real
    D: Real
    omega_1: Real
    omega_2: Real
    skew: Real
    side_jump: Real
    local: Real
    nonlocal_: Real
    relaxation_rate: Real
    vertex_ratio: Real

    @property
    def theta(self) -> Real:
        """Spin Hall angle θ (Eqs. 4, 75)."""
        return self.skew + self.side_jump

    @property
    def kappa(self) -> Real:
        """Swapping coefficient κ (Eq. 5; the first equality of Eq. 76 has a wrong sign)."""
        return self.local + self.nonlocal_

    @property
    def length(self) -> Real:
        """|λ| with λ²p_F² = ω_1τ: 0 at resonance, where a finite B leaves no other [length]."""
        return np.sqrt(np.abs(self.omega_1 * self.tau)) / self.p_F

    @property
    def finite(self) -> bool:
        """Whether every number but a is finite, and D is positive."""
        values = [value for name, value in vars(self).items() if name != "a"]
        return all(bool(np.isfinite(value).all()) for value in values) and bool((self.D > 0).all())


def impurity_scattering(
    p_F: ArrayLike,
    v_F: ArrayLike,
    n_im: ArrayLike,
    a: ArrayLike,
    *,
    length: ArrayLike | None = None,
    vertex: ArrayLike | None = None,
) -> Scattering:
    """All kinetic coefficients; numbers or arrays that fit one another.

    Args:
        p_F, v_F, n_im: > 0; the mass is p_F/v_F.
        a: scattering length of either sign, not 0; ±inf is a resonance.
        length: λ of the spin–orbit potential λ²σ·(∇U × −i∇).
        vertex: B instead of λ; of either sign.

    Raises:
        ValueError: not exactly one of `length` and `vertex`, or a finite λ at resonance: there B is needed.

    >>> s = impurity_scattering(13.6, 900.0, 0.05, [0.04, np.inf], vertex=0.1)
    >>> s.l.round(1), bool(s.omega_1[1] == 0)
    (array([1289.1,  294.4]), True)
    """
    if (length is None) == (vertex is None):
        raise ValueError("give either the length λ or the vertex B")
    arrays = [np.asarray(value, dtype=float) for value in (p_F, v_F, n_im, a)]
    third = np.asarray(length if vertex is None else vertex, dtype=float)
    p, v, n, a_, third = np.broadcast_arrays(*arrays, third)
    if vertex is None and bool(np.any(np.isinf(a_) & (third != 0.0))):
        raise ValueError("at a = ±inf the length λ gives no finite vertex: give B")
    with np.errstate(all="ignore"):  # out of the range of floats: `finite` says so
        x = p * a_
        inverse = 1.0 / x
        states = p * p / (2 * np.pi**2 * v)
        if vertex is None:
            local = (third * p) ** 2
            full = np.where(local == 0.0, 0.0, local * x)
        else:
            full = np.pi * states * third
            local = full * inverse
        return _coefficients(p, v, n, a_, states, local, full, 1.0 + inverse**2)


def _coefficients(
    p: Real, v: Real, n: Real, a: Real, states: Real, local: Real, full: Real, excess: Real
) -> Scattering:
    """From `local` = ω_1τ = b/x, `full` = ω_2τ = b and `excess` = 1 + 1/x²: over the unitarity limit."""
    unitary_rate = 4 * np.pi * n * v / p**2
    rate = unitary_rate / excess
    free_path = p**2 / (4 * np.pi * n) * excess
    return Scattering(
        p_F=p,
        v_F=v,
        m=p / v,
        n_im=n,
        a=a,
        N_F=states,
        vertex=full / (np.pi * states),
        tau=excess / unitary_rate,
        l=free_path,
        D=v * free_path / 3,
        omega_1=local * rate,
        omega_2=full * rate,
        skew=2 / 3 * full,
        side_jump=2 * local / (p * free_path),
        local=2 / 3 * local,
        nonlocal_=-2 * full / (p * free_path),
        relaxation_rate=8 / 9 * full**2 * unitary_rate,
        vertex_ratio=np.abs(full) * np.sqrt(excess),
    )


@dataclass(frozen=True)
class Resonance:
    """The limit a → ±∞ at fixed λ; x = p_Fa.

    With B₁ = λ²p_F²/πN_F, the vertex of x = 1, and the mean free path l of the limit,

        B = B₁x,  θ = λ²p_F²[⅔x + 2/p_Fl],  κ = λ²p_F²[⅔ − 2x/p_Fl],  1/τ_so = (8/9)2πnN_F B₁²x²

    up to terms that vanish.

    Attributes:
        values: the limits. Finite are λ, τ, l, D, N_F, ω_1, side jump and local swapping; infinite with their
            signs, where λ is not 0, are B, ω_2, the skew and the nonlocal part, 1/τ_so and |B/t_F|.
        slope: the coefficients at a = ±∞ and the vertex B₁: what B, θ and κ grow by per x, and 1/τ_so per x².
    """

    values: Scattering
    slope: Scattering


def resonance(p_F: ArrayLike, v_F: ArrayLike, n_im: ArrayLike, a: ArrayLike, length: ArrayLike) -> Resonance:
    """What is left of the coefficients at a = ±∞ and fixed λ; arguments as in `impurity_scattering`.

    Raises:
        ValueError: a finite a.

    >>> values = resonance(13.6, 900.0, 0.05, -np.inf, 0.01).values
    >>> values.l.round(1), values.local.round(4), values.side_jump.round(8), values.theta, values.kappa
    (np.float64(294.4), np.float64(0.0123), np.float64(9.24e-06), np.float64(-inf), np.float64(inf))
    """
    p, v, n, a_, wave = (np.asarray(value, dtype=float) for value in (p_F, v_F, n_im, a, length))
    if not bool(np.isinf(a_).all()):
        raise ValueError("at a finite a the coefficients themselves are finite")
    with np.errstate(all="ignore"):  # out of the range of floats: `finite` of the slope says so
        slope = impurity_scattering(p, v, n, a_, vertex=2 * np.pi * v * wave**2)

    def grown(per_x: Real, power: int = 1) -> Real:
        return np.where(per_x == 0.0, 0.0, np.copysign(np.inf, per_x * np.sign(slope.a) ** power))

    values = replace(
        slope,
        vertex=grown(slope.vertex),
        omega_1=slope.omega_2,
        omega_2=grown(slope.omega_2),
        skew=grown(slope.skew),
        side_jump=-slope.nonlocal_,
        local=slope.skew,
        nonlocal_=grown(slope.nonlocal_),
        relaxation_rate=grown(slope.relaxation_rate, 2),
        vertex_ratio=grown(slope.vertex_ratio, 2),
    )
    return Resonance(values, slope)


@dataclass(frozen=True)
class Ratio:
    """One of the conditions under which the equation holds: `name` has to be much larger than 1.

    >>> print(Ratio("l / (1/p_F)", 2.3, "the quasiclassical expansion"))
    l / (1/p_F) = 2.3: the quasiclassical expansion needs ≫ 1
    """

    name: str
    value: float
    needed_by: str
    inverse: bool = False

    @property
    def ok(self) -> bool:
        """Whether the two sides are a factor `SEPARATION` apart."""
        return self.value <= 1 / SEPARATION if self.inverse else self.value >= SEPARATION

    def __str__(self) -> str:
        verdict = "ok" if self.ok else f"{self.needed_by} needs {'≪' if self.inverse else '≫'} 1"
        return f"{self.name} = {self.value:.3g}: {verdict}"


def regime(
    scattering: Scattering, coherence: ArrayLike | None = None, magnetic: ArrayLike | None = None
) -> tuple[Ratio, ...]:
    """The paper's regime ξ, ξ_h ≫ l ≫ 1/p_F ≫ λ, and |B/t_F| ≪ 1, each where it is worst.

    With l² = 3Dτ the first two are Δτ ≪ 1 and |h|τ ≪ 1: (ξ/l)² = 1/(3Δτ).

    Args:
        scattering: coefficients at any number of positions.
        coherence: ξ = √(D/Δ) at the same positions; None where nothing superconducts.
        magnetic: ξ_h = √(D/|h|) there, inf where h vanishes; None without an exchange field.

    The last condition is that of first order in the spin–orbit part. Far from resonance it is
    λ²p_F² ≪ 1 and follows from 1/p_F ≫ λ; near one it is the stronger of the two.
    """
    s = scattering
    found = []
    with np.errstate(divide="ignore"):
        for name, length in (("xi", coherence), ("xi_h", magnetic)):
            if length is not None:
                ratio = np.asarray(length, dtype=float) / s.l
                found.append(Ratio(f"{name} / l", float(ratio.min()), "the diffusive limit"))
        found.append(Ratio("l / (1/p_F)", float((s.l * s.p_F).min()), "the quasiclassical expansion"))
        wave = 1 / (s.p_F * s.length)
        found.append(Ratio("(1/p_F) / lambda", float(wave.min()), "weak spin–orbit coupling"))
    strength = float(s.vertex_ratio.max())
    found.append(Ratio("|B| / |t_F|", strength, "first order in the spin–orbit amplitude", inverse=True))
    return tuple(found)
