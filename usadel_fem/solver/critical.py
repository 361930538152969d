"""Critical temperature from the linearised gap equation: an eigenvalue problem, no bisection of full solves.

Around the normal state ǧ = τ₃ the response f₀ = iKΔ of every frequency is a linear solve, and T_c is the
highest temperature at which the operator 2πT Σ K / [ln(T/T_c0) + 2πT Σ 1/ω] has the eigenvalue 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, eigs, splu
from threadpoolctl import threadpool_limits

from usadel_fem import action
from usadel_fem.action import Linearisation, pair
from usadel_fem.device import Device
from usadel_fem.physics.matsubara import MatsubaraRule, matsubara_rule
from usadel_fem.physics.nambu import TAU3, TAU3_DIAGONAL, Complex
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.linear import NewtonSystem, ScalarPreconditioner
from usadel_fem.solver.selfconsistency import inverse_sum

LOWEST = 1e-3
"""Temperatures below this part of the highest T_c0 count as no superconductivity."""

SCAN = 9
DIRECT_BELOW = 3000
"""Nodes up to which the response is factorised rather than iterated."""

RESPONSE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class CriticalTemperature:
    """T_c (0 without superconductivity) and the normalised Δ_p (P,) that appears there (None without)."""

    value: float
    mode: Complex | None


def critical_temperature(
    device: Device, tolerance: float = 1e-8, each: Callable[[float], None] | None = None
) -> CriticalTemperature:
    """Highest T at which an infinitesimal Δ solves the gap equation.

    Args:
        device: with self-consistent regions; no terminal may superconduct.
        tolerance: relative, on T.
        each: called with every temperature that is tried.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    highest = float(pairing.tc.max())
    start = np.exp(1j * device.initial_phase()[pairing.node])

    def excess(t: float) -> float:
        if each is not None:
            each(t)
        return largest_eigenvalue(device, t, start)[0] - 1.0

    upper, above = highest, excess(highest)
    if above >= 0:
        return CriticalTemperature(highest, largest_eigenvalue(device, highest, start)[1])
    for t in highest * np.geomspace(1.0, LOWEST, SCAN)[1:]:
        if excess(t) > 0:
            value = float(brentq(excess, t, upper, xtol=tolerance * highest, rtol=tolerance))
            return CriticalTemperature(value, largest_eigenvalue(device, value, start)[1])
        upper = t
    return CriticalTemperature(0.0, None)


def largest_eigenvalue(device: Device, temperature: float, start: Complex) -> tuple[float, Complex]:
    """Largest real part of the eigenvalues of the gap operator at T, and its mode."""
    pairing = device.forms.pairing
    assert pairing is not None
    rule = matsubara_rule(temperature, device.largest_energy, device.case.solve.cutoff, 1e-9)
    inverse_coupling = np.log(temperature / pairing.tc) + 2 * np.pi * temperature * inverse_sum(rule)
    responses = _responses(device, rule)

    def apply(delta: Complex) -> Complex:
        total = np.zeros(delta.size, dtype=complex)
        for weight, response in responses:
            total += weight * response(delta.ravel())
        return 2 * np.pi * temperature * total / inverse_coupling

    size = pairing.node.size
    if size <= 3:
        values, vectors = np.linalg.eig(np.stack([apply(e) for e in np.eye(size, dtype=complex)], axis=-1))
    else:
        operator = LinearOperator((size, size), matvec=apply, dtype=complex)
        values, vectors = eigs(operator, k=1, which="LR", v0=start.astype(complex), tol=1e-10)
    best = int(np.argmax(values.real))
    mode = vectors[:, best]
    return float(values[best].real), mode / mode[np.argmax(np.abs(mode))]


def _responses(device: Device, rule: MatsubaraRule) -> list[tuple[float, Callable[[Complex], Complex]]]:
    """(weight, Δ ↦ −if₀) at every frequency below the cutoff."""
    forms, pairing = device.forms, device.forms.pairing
    assert pairing is not None
    g = np.broadcast_to(TAU3, (forms.size, 4, 4)).copy()
    eye = np.broadcast_to(np.eye(4, dtype=complex), g.shape).copy()
    free = forms.free

    def response_at(frequency: float) -> Callable[[Complex], Complex]:
        energy = 1j * frequency
        omega = action.source(forms, energy, None, device.reservoirs(energy))
        weights = forms.potentials(energy).pairing
        assert weights is not None
        preconditioner = ScalarPreconditioner(forms, free, device.space.dimension)
        system = NewtonSystem(Linearisation.at(forms, eye, eye, g, omega), free, preconditioner)
        small = free.size <= DIRECT_BELOW
        if small:
            factors = _pair_block(system)
        else:
            preconditioner.prepare(system.lin)

        def response(delta: Complex) -> Complex:
            change = np.zeros_like(g)
            change[:, 0, 2] = change[:, 1, 3] = -1j * (weights @ delta)
            right = -pair(-2 * change * TAU3_DIAGONAL)[free]
            full = np.zeros((forms.size, 2, 2, 2), dtype=complex)
            if small:
                full[free, 0] = factors.solve(right[:, 1].ravel()).reshape(-1, 2, 2)
            else:
                full[free] = system.krylov(system.preconditioned(right), RESPONSE_TOLERANCE, 300).w
            return -1j * singlet(system.lin.change_of_g(full)[pairing.node])

        return response

    below = np.flatnonzero(rule.below_cutoff)
    return [(float(rule.weights[k]), response_at(float(rule.frequencies[k]))) for k in below]


def _pair_block(system: NewtonSystem) -> Any:
    """Factors of the Hessian between w_eh and the residual of w_he: at ǧ = τ₃ the two halves decouple."""
    matrix = system.lin.matrix()
    rows = (8 * system.free[:, None] + np.arange(4, 8)).ravel()
    columns = (8 * system.free[:, None] + np.arange(4)).ravel()
    with threadpool_limits(1):
        return splu(matrix[rows][:, columns].tocsc())
