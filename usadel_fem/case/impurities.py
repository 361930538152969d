"""A material given by its impurities: the parameters that D, θ, κ and τ_so follow from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field as Described

from ..errors import show
from .base import Broken, Model
from .expressions import Expression, Scalar
from .quantities import Quantity

__all__ = ["Impurities"]

_PAIRS = (("m", "v_F"), ("lambda", "B"))


class Impurities(Model):
    """Short-range impurities with spin–orbit coupling in a metal with one spherical Fermi surface.

    >>> Impurities(p_F=13.6, v_F=900.0, n_im=0.05, a="0.03 + 0.01*x", B=0.1).a
    Expression(text='0.03 + 0.01*x')
    """

    _SYNONYMS: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("kF", "k_F", "pF", "P_F", "fermi_momentum"), "p_F"),
        **dict.fromkeys(("mass", "m_eff", "effective_mass", "m_e"), "m"),
        **dict.fromkeys(("vF", "v", "velocity", "fermi_velocity"), "v_F"),
        **dict.fromkeys(("n", "n_i", "n_imp", "nim", "density", "concentration"), "n_im"),
        **dict.fromkeys(("scattering_length", "a_s", "a_0"), "a"),
        **dict.fromkeys(("lambda_c", "lambda_so", "compton", "compton_length", "wavelength"), "lambda"),
        **dict.fromkeys(("vertex", "spin_orbit", "b", "amplitude"), "B"),
    }

    p_F: Annotated[float, Quantity("inverse length", above=0)]
    """Fermi wave number p_F/ħ [1/length]; > 0."""
    m: Annotated[float, Quantity("mass", above=0)] | None = None
    """Effective mass, as m/ħ² [1/(energy·length²)]; > 0. Excludes v_F."""
    v_F: Annotated[float, Quantity("velocity", above=0)] | None = None
    """Fermi velocity p_F/m, as ħv_F [energy·length]; > 0. Excludes m."""
    n_im: Annotated[Scalar, Quantity("number density", above=0, field=True)]
    """Density of impurities [1/length³]; > 0."""
    a: Annotated[Scalar, Quantity("length", other_than=0, infinite=True, field=True)]
    """Scattering length [length]: not 0, of either sign; inf and -inf are a resonance. There a case can be
    solved only with B; with lambda, `usadel-fem material` says what is left."""
    lambda_: Annotated[Scalar, Quantity("length", least=0, field=True)] | None = Described(
        default=None, alias="lambda"
    )
    """Effective Compton wavelength λ of the spin–orbit potential λ²σ·(∇U × −i∇) [length]. Excludes B."""
    B: Annotated[Scalar, Quantity("vertex", field=True)] | None = None
    """Spin–orbit vertex B of the amplitude A + i(p × p')·σ B/p_F² [energy·length³]: with lambda it would be
    λ²p_F²·2πa/m, which has no limit at resonance. Excludes lambda."""

    @property
    def velocity(self) -> float:
        """ħv_F [energy·length], also where m is given."""
        if self.v_F is not None:
            return self.v_F
        assert self.m is not None
        return self.p_F / self.m

    @property
    def couples_spin(self) -> bool:
        """Whether there is any spin–orbit coupling."""
        return any(value is not None and value != 0.0 for value in (self.lambda_, self.B))

    @property
    def unbounded(self) -> bool:
        """Whether λ is given at a resonance, where B = λ²p_F²·2πa/m has no limit."""
        resonant = isinstance(self.a, float) and math.isinf(self.a)
        return resonant and self.B is None and self.couples_spin

    @property
    def varies(self) -> bool:
        """Whether any of the parameters depends on position."""
        return any(isinstance(value, Expression) for value in (self.n_im, self.a, self.lambda_, self.B))

    @classmethod
    def _rules(cls, data: Mapping[str, Any]) -> Iterable[Broken]:
        given = {**data, "lambda": data.get("lambda", data.get("lambda_"))}
        for first, second in _PAIRS:
            one, other = given.get(first), given.get(second)
            if one is None and other is None:
                yield Broken((), f"must have {first} or {second}", show(dict(data)))
            if one is not None and other is not None:
                received = f"{first} = {show(one)} and {second} = {show(other)}"
                yield Broken((second,), f"must not stand beside {first}: give one of the two", received)
