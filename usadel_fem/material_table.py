"""What impurities make of a material, in words: the table of `usadel-fem material`, and its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from usadel_fem.case import Impurities
from usadel_fem.case.quantities import UnitSystem
from usadel_fem.case.units import DIMENSIONS, to_reduced
from usadel_fem.physics.microscopics import Ratio, Scattering, regime
from usadel_fem.physics.nambu import Real

__all__ = ["MaterialReport", "ResonanceReport"]


@dataclass(frozen=True)
class MaterialReport:
    """One material given by its impurities, with everything that follows from them.

    Attributes:
        key: dotted key, or a title where there is no case.
        given: the parameters as written.
        scattering: coefficients at the nodes of the material's regions; at one point where nothing varies.
        units: base units, None for reduced numbers.
        states: N_F in the unit of the case, at the same points.
        gap: the largest gap of the case, 0 where nothing superconducts.
        exchange: |h| at the same points as the coefficients, None where it is not known.
    """

    key: str
    given: Impurities
    scattering: Scattering
    units: UnitSystem | None
    states: Real | None = None
    gap: float = 0.0
    exchange: Real | None = None

    @property
    def coherence(self) -> Real | None:
        """ξ = √(D/Δ) of the largest gap."""
        return np.sqrt(self.scattering.D / self.gap) if self.gap else None

    @property
    def magnetic(self) -> Real | None:
        """ξ_h = √(D/|h|), inf where h vanishes; None where it vanishes everywhere."""
        if self.exchange is None or not self.exchange.any():
            return None
        return np.sqrt(self.scattering.D * _inverse(self.exchange))

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The conditions of the paper, where they are worst."""
        return regime(self.scattering, self.coherence, self.magnetic)

    @property
    def warnings(self) -> list[str]:
        """One line per condition that fails."""
        return [f"{self.key}: {ratio}" for ratio in self.ratios if not ratio.ok]

    def brief(self) -> str:
        """One line for `usadel-fem check`."""
        return ", ".join(f"{name} = {text}" for name, text in self._main_numbers().items())

    def __str__(self) -> str:
        rows = {**self._given_rows(), **self._derived_rows()}
        width = max(map(len, rows)) + 2
        lines = [self.key, *(f"  {name:<{width}}{text}" for name, text in rows.items())]
        lines += self._limit()
        lines += ["  regime", *(f"    {ratio}" for ratio in self.ratios)]
        if self.coherence is None:
            lines.append("    xi / l: no gap is known here, so there is no coherence length to compare with")
        return "\n".join(lines)

    def _main_numbers(self) -> Mapping[str, str]:
        s = self.scattering
        numbers = {
            "D": s.D, "theta": s.theta, "kappa": s.kappa, "tau_so": _inverse(s.relaxation_rate),
            "N_F": s.N_F if self.states is None else self.states, "l": s.l,
        }  # fmt: skip
        return {name: _range(value) for name, value in numbers.items()}

    def _limit(self) -> list[str]:
        return []

    def _given_rows(self) -> Mapping[str, str]:
        s = self.scattering
        rows = {
            "p_F": self._in(s.p_F, "inverse length"),
            "v_F": self._in(s.v_F, "velocity", "m/s"),
            "m": self._in(s.m, "mass", "m_e"),
            "n_im": self._in(s.n_im, "number density", "cm^-3"),
            "a": f"{self._in(s.a, 'length')}, p_F a = {_range(s.p_F * s.a)}",
            "B": self._in(s.vertex, "vertex"),
            "lambda": self._in(s.length, "length"),
        }
        if self.given.B is not None:
            rows["lambda"] += " (|lambda^2| = |B| / p_F^2 t_0)"
        else:
            rows["B"] += " (lambda^2 p_F^2 t_0)"
        return rows

    def _derived_rows(self) -> Mapping[str, str]:
        s = self.scattering
        spin_time = _inverse(s.relaxation_rate)
        rows = {
            "tau": self._in(s.tau, "time", "fs"),
            "l": self._in(s.l, "length"),
            "D": self._in(s.D, "diffusion constant", "cm^2/s"),
            "N_F": self._states(),
            "theta": _sum(s.theta, ("skew", s.skew), ("side jump", s.side_jump)),
            "kappa": _sum(s.kappa, ("local", s.local), ("nonlocal", s.nonlocal_)),
            "tau_so": self._in(spin_time, "time", "ps"),
            "sqrt(D tau_so)": self._in(np.sqrt(s.D * spin_time), "length"),
        }
        if self.coherence is not None:
            gap = f"Delta = {self.gap:.4g}{_unit('energy', self.units)}, the largest gap of the case"
            rows["xi"] = f"{self._in(self.coherence, 'length')} = sqrt(D / Delta), {gap}"
        if self.magnetic is not None:
            assert self.exchange is not None
            field = f"|h| = {self._in(self.exchange, 'energy')}"
            rows["xi_h"] = f"{self._in(self.magnetic, 'length')} = sqrt(D / |h|), {field}"
        return rows

    def _states(self) -> str:
        unit = " per energy and length^3" if self.units is None else " {}^-1 {}^-3".format(*self.units)
        relative = "" if self.states is None else f"; relative, as the case uses it: {_range(self.states)}"
        return f"{_range(self.scattering.N_F)}{unit}{relative}"

    def _in(self, values: Real, dimension: str, other: str = "") -> str:
        """Values in the units of the case and, where these are known, in another unit."""
        text = f"{_range(values)}{_unit(dimension, self.units)}"
        if self.units is None or not other:
            return text
        return f"{text} = {_range(values / to_reduced(f'1 {other}', dimension, *self.units))} {other}"


@dataclass(frozen=True, kw_only=True)
class ResonanceReport(MaterialReport):
    """One material at a = ±inf that is given by λ: what is left, and how the rest grows.

    Attributes:
        slope: what grows, per p_Fa or its square; the limits themselves are the `scattering`.
    """

    slope: Scattering

    @property
    def warnings(self) -> list[str]:
        """That only a part is finite, and one line per condition that fails."""
        cause = f"at a resonance, a = {_word(self.scattering.a)}, there is no finite B at fixed lambda"
        rest = "what stays finite is tau, l, D, N_F, the side jump and the local swapping"
        return [f"{self.key}: {cause}: give B instead of lambda; {rest}", *super().warnings]

    def _main_numbers(self) -> Mapping[str, str]:
        return {**super()._main_numbers(), **dict.fromkeys(("theta", "kappa", "tau_so"), _NO_LIMIT)}

    def _given_rows(self) -> Mapping[str, str]:
        text = f"{_NO_LIMIT}: -> {_word(self.scattering.a)} like a (lambda^2 p_F^2 t_0)"
        return {**super()._given_rows(), "B": text}

    def _derived_rows(self) -> Mapping[str, str]:
        s = self.scattering
        rows = {
            "theta": f"{_NO_LIMIT}: -> {_word(s.a)} like a (skew); {_range(s.side_jump)} (side jump)",
            "kappa": f"{_NO_LIMIT}: -> {_word(-s.a)} like -a (nonlocal); {_range(s.local)} (local)",
            "tau_so": f"{_NO_LIMIT}: 1/tau_so -> +inf like a^2, tau_so -> 0",
            "sqrt(D tau_so)": "-> 0 like 1/|a|",
        }
        return {**super()._derived_rows(), **rows}

    def _limit(self) -> list[str]:
        """The formulae of θ, κ and 1/τ_so with their numbers."""
        slope = self.slope
        local, side_jump = _factor(self.scattering.local), _factor(self.scattering.side_jump)
        rows = {
            "B": (f"{self._in(slope.vertex, 'vertex')} x", "lambda^2 p_F^2 x / pi N_F"),
            "theta": (f"{local} x + {side_jump}", "lambda^2 p_F^2 (2 x / 3 + 2 / p_F l)"),
            "kappa": (f"{local} - {side_jump} x", "lambda^2 p_F^2 (2 / 3 - 2 x / p_F l)"),
            "1/tau_so": (
                f"{self._in(slope.relaxation_rate, 'energy')} x^2",
                "(8/9) lambda^4 p_F^4 x^2 / tau",
            ),
        }
        lines = [f"    {name:<10}-> {text} = {formula}" for name, (text, formula) in rows.items()]
        return [f"  limit a -> {_word(self.scattering.a)} at fixed lambda, x = p_F a", *lines]


_NO_LIMIT = "no limit at fixed lambda"


def _word(infinite: Real) -> str:
    """The infinity that all values are."""
    return f"{float(infinite.flat[0]):+}"


def _range(values: Real) -> str:
    low, high = float(np.min(values)) + 0.0, float(np.max(values)) + 0.0  # no -0
    return f"{low:.4g}" if np.isclose(low, high, rtol=1e-12, atol=0.0) else f"{low:.4g} to {high:.4g}"


def _factor(values: Real) -> str:
    text = _range(values)
    return f"({text})" if " " in text else text


def _sum(total: Real, *parts: tuple[str, Real]) -> str:
    return f"{_range(total)} = " + " + ".join(f"{_range(value)} ({name})" for name, value in parts)


def _inverse(rate: Real) -> Real:
    """1/rate, such as the time of a rate; inf where there is none."""
    return np.divide(1.0, rate, out=np.full_like(rate, np.inf), where=rate > 0)


def _unit(dimension: str, units: UnitSystem | None) -> str:
    """The base unit of a dimension, such as `` meV nm^2``; nothing in reduced numbers."""
    if units is None:
        return ""
    _, *powers = DIMENSIONS[dimension]
    words = zip(units, powers, strict=True)
    return "".join(f" {unit}" + (f"^{power}" if power != 1 else "") for unit, power in words if power)
