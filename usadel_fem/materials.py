"""A material as functions of position, whether it is given by D, θ, κ and τ_so or by its impurities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from usadel_fem.case import Case
from usadel_fem.case.base import dotted
from usadel_fem.case.expressions import Scalar, evaluate
from usadel_fem.case.impurities import Impurities
from usadel_fem.case.physical import Material
from usadel_fem.errors import CaseError, Problem, show
from usadel_fem.physics.microscopics import Resonance, Scattering, impurity_scattering, resonance
from usadel_fem.physics.nambu import Real

At: TypeAlias = Callable[[Scalar], Real]
"""The values (...) of a number or an expression at the points of interest."""


def diffusion(material: Material, at: At) -> Real:
    """D (...) [energy·length²]."""
    if material.impurities is not None:
        return scattering(material.impurities, at).D
    assert material.D is not None
    return at(material.D)


def spin_hall(material: Material, at: At) -> Real:
    """θ (...)."""
    if material.impurities is not None:
        return scattering(material.impurities, at).theta
    return at(0.0 if material.theta is None else material.theta)


def swapping(material: Material, at: At) -> Real:
    """κ (...)."""
    if material.impurities is not None:
        return scattering(material.impurities, at).kappa
    return at(0.0 if material.kappa is None else material.kappa)


def relaxation_rate(material: Material, at: At) -> Real:
    """1/τ_so (...) [energy]."""
    if material.impurities is not None:
        return scattering(material.impurities, at).relaxation_rate
    return at(0.0) if material.tau_so is None else 1.0 / at(material.tau_so)


def relative_states(material: Material, at: At, case: Case) -> Real:
    """N_F (...) in the unit of the case.

    As given; else 1 for a material given by D, and for one given by its impurities mp_F/2π² over that of
    the first such material of the case.
    """
    if material.N_F is not None:
        return at(material.N_F)
    if material.impurities is None:
        return at(1.0)
    first = next(m.impurities for m in case.material.values() if m.impurities is not None)
    return at(states(material.impurities) / states(first))


def states(impurities: Impurities) -> float:
    """mp_F/2π², density of states per spin [1/(energy·length³)]."""
    return impurities.p_F**2 / (2 * np.pi**2 * impurities.velocity)


def couples_currents(material: Material) -> bool:
    """Whether θ or κ is finite anywhere."""
    if material.impurities is not None:
        return material.impurities.couples_spin
    return any(value is not None and value != 0.0 for value in (material.theta, material.kappa))


def scattering(impurities: Impurities, at: At) -> Scattering:
    """What follows from the impurities at some points.

    Raises:
        CaseError: numbers beyond the range of floats, as where a passes through 0.
    """
    given = impurities
    coupling = (
        {"vertex": at(given.B)}
        if given.B is not None
        else {"length": at(0.0 if given.lambda_ is None else given.lambda_)}
    )
    size = np.ones_like(at(given.n_im))
    found = impurity_scattering(
        given.p_F * size, given.velocity * size, at(given.n_im), at(given.a), **coupling
    )
    _require_finite(found, given)
    return found


def resonance_of(impurities: Impurities, at: At) -> Resonance:
    """What is left of `unbounded` impurities at some points.

    Raises:
        CaseError: numbers beyond the range of floats.
    """
    given = impurities
    assert given.unbounded
    assert given.lambda_ is not None
    size = np.ones_like(at(given.n_im))
    found = resonance(given.p_F * size, given.velocity * size, at(given.n_im), at(given.a), at(given.lambda_))
    _require_finite(found.slope, given)
    return found


def _require_finite(found: Scattering, given: Impurities) -> None:
    if not found.finite:
        rule = "must give finite numbers D > 0, theta, kappa and 1/tau_so everywhere"
        hint = "numbers too large or too small, or a passes through 0"
        numbers = {"p_F": given.p_F, "v_F": given.velocity, "n_im": given.n_im, "a": given.a}
        received = show({name: _written(value) for name, value in numbers.items()})
        raise CaseError([Problem("impurities", rule, received, hint)])


def _written(value: Scalar) -> object:
    return value if isinstance(value, float) else value.text


def check_resonances(case: Case) -> list[Problem]:
    """Problems of materials at a resonance that are given by λ: they have no θ, κ and τ_so to solve with."""
    rule = "must be finite beside lambda, whose vertex B = lambda^2 p_F^2 2 pi a/m has no limit there"
    return [
        Problem(
            dotted(("material", name, "impurities", "a")),
            rule,
            show(_written(material.impurities.a)),
            "give B instead of lambda",
        )
        for name, material in case.material.items()
        if material.impurities is not None and material.impurities.unbounded
    ]


def check_impurities(
    case: Case, region: str, position: ArrayLike, axes: Sequence[int] = (0, 1)
) -> list[Problem]:
    """Problems of a material that is given by its impurities, at points (3, ...) of one of its regions."""
    name = case.region[region]
    impurities = case.material[name].impurities
    if impurities is None:
        return []
    key = dotted(("material", name, "impurities"))

    def at(value: Scalar) -> Real:
        return evaluate(value, position, axes)

    try:
        found = resonance_of(impurities, at).slope if impurities.unbounded else scattering(impurities, at)
    except CaseError as error:
        return [Problem(key, p.rule, p.received, p.hint) for p in error.problems]
    if np.ptp(np.sign(found.a)):
        rule, hint = (
            "must keep its sign within a region",
            "in between nothing scatters, or all: split the region",
        )
        return [Problem(f"{key}.a", rule, show(_written(impurities.a)), hint)]
    return []
