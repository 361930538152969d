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
from usadel_fem.action import pair
from usadel_fem.device import Device
from usadel_fem.linearise import linearise
from usadel_fem.physics.matsubara import matsubara_rule
from usadel_fem.physics.nambu import TAU3, TAU3_DIAGONAL, Complex
from usadel_fem.physics.spectral import singlet
from usadel_fem.solver.linear import NewtonSystem, ScalarPreconditioner
from usadel_fem.solver.pool import Workers
from usadel_fem.solver.selfconsistency import inverse_sum
from usadel_fem.solver.worker import Bench, forget

LOWEST = 1e-3
"""Temperatures below this part of the highest T_c0 count as no superconductivity."""

SCAN = 9
SHARED_ABOVE = 1000
"""Nodes above which the response is worth sending to workers, vector by vector."""

DIRECT_BELOW = 3000
"""Nodes up to which the response is factorised rather than iterated."""

RESPONSE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class CriticalTemperature:
    """T_c (0 without superconductivity) and the normalised Δ_p (P,) that appears there (None without)."""

    value: float
    mode: Complex | None


def critical_temperature(
    device: Device,
    tolerance: float = 1e-8,
    each: Callable[[float], None] | None = None,
    workers: Workers | None = None,
) -> CriticalTemperature:
    """Highest T at which an infinitesimal Δ solves the gap equation.

    Args:
        device: with self-consistent regions; no terminal may superconduct.
        tolerance: relative, on T.
        each: called with every temperature that is tried.
        workers: where frequencies are solved; None for this process.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    workers = Workers(device) if workers is None or device.forms.size < SHARED_ABOVE else workers
    highest = float(pairing.tc.max())
    start = np.exp(1j * device.initial_phase()[pairing.node])

    def excess(t: float) -> float:
        if each is not None:
            each(t)
        return largest_eigenvalue(device, t, start, workers)[0] - 1.0

    upper, above = highest, excess(highest)
    value = highest if above >= 0 else 0.0
    for t in [] if above >= 0 else highest * np.geomspace(1.0, LOWEST, SCAN)[1:]:
        if excess(t) > 0:
            value = float(brentq(excess, t, upper, xtol=tolerance * highest, rtol=tolerance))
            break
        upper = t
    mode = largest_eigenvalue(device, value, start, workers)[1] if value else None
    workers.gather(forget, [("critical",)] * workers.count)
    return CriticalTemperature(value, mode)


def largest_eigenvalue(
    device: Device, temperature: float, start: Complex, workers: Workers | None = None
) -> tuple[float, Complex]:
    """Largest real part of the eigenvalues of the gap operator at T, and its mode.

    Each worker answers for its share of the frequencies.
    """
    pairing = device.forms.pairing
    assert pairing is not None
    rule = matsubara_rule(temperature, device.largest_energy, device.case.solve.cutoff, 1e-9)
    inverse_coupling = np.log(temperature / pairing.tc) + 2 * np.pi * temperature * inverse_sum(rule)
    workers = Workers(device) if workers is None else workers
    below = rule.below_cutoff
    pairs = list(zip(rule.weights[below].tolist(), rule.frequencies[below].tolist(), strict=True))
    shares = workers.shares(pairs)

    def apply(delta: Complex) -> Complex:
        total = sum(workers.gather(respond, [(temperature, share, delta.ravel()) for share in shares]))
        return np.asarray(2 * np.pi * temperature * total / inverse_coupling)

    size = pairing.node.size
    if size <= 3:
        values, vectors = np.linalg.eig(np.stack([apply(e) for e in np.eye(size, dtype=complex)], axis=-1))
    else:
        operator = LinearOperator((size, size), matvec=apply, dtype=complex)
        values, vectors = eigs(operator, k=1, which="LR", v0=start.astype(complex), tol=1e-10)
    best = int(np.argmax(values.real))
    mode = vectors[:, best]
    return float(values[best].real), mode / mode[np.argmax(np.abs(mode))]


def respond(bench: Bench, temperature: float, share: list[tuple[float, float]], delta: Complex) -> Complex:
    """Σ weight·(−if₀) at the pairing nodes, (P,), over (weight, frequency); the responses of a temperature
    are kept until another comes."""
    known, responses = bench.kept.get("critical", (None, {}))
    if known != temperature:
        responses = {}
        bench.kept["critical"] = temperature, responses
    missing = [frequency for _, frequency in share if frequency not in responses]
    responses.update(zip(missing, _responses(bench.device, missing), strict=True))
    total = np.zeros(delta.size, dtype=complex)
    for weight, frequency in share:
        total += weight * responses[frequency](delta)
    return total


def _responses(device: Device, frequencies: list[float]) -> list[Callable[[Complex], Complex]]:
    """Δ ↦ −if₀ at every frequency."""
    g = np.broadcast_to(TAU3, (device.forms.size, 4, 4)).copy()
    eye = np.broadcast_to(np.eye(4, dtype=complex), g.shape).copy()
    return [_response(device, g, eye, frequency) for frequency in frequencies]


def _response(device: Device, g: Complex, eye: Complex, frequency: float) -> Callable[[Complex], Complex]:
    """Around ǧ = τ₃, with frames 1."""
    forms, pairing, free = device.forms, device.forms.pairing, device.forms.free
    assert pairing is not None
    energy = 1j * frequency
    omega = action.source(forms, energy, None, device.reservoirs(energy))
    weights = forms.potentials(energy).pairing
    assert weights is not None
    preconditioner = ScalarPreconditioner(forms, free, device.space.dimension)
    tangents = linearise(forms, g, omega, free)
    system = NewtonSystem(tangents, preconditioner)
    small = free.size <= DIRECT_BELOW
    if small:
        factors = _pair_block(system)
    else:
        preconditioner.prepare(tangents, omega)

    def response(delta: Complex) -> Complex:
        change = np.zeros_like(g)
        change[:, 0, 2] = change[:, 1, 3] = -1j * (weights @ delta)
        right = -pair(-2 * change * TAU3_DIAGONAL)[free]
        full = np.zeros((forms.size, 2, 2, 2), dtype=complex)
        if small:
            full[free, 0] = factors.solve(right[:, 1].ravel()).reshape(-1, 2, 2)
        else:
            full[free] = system.krylov(system.preconditioned(right), RESPONSE_TOLERANCE, 300).w
        return -1j * singlet(system.tangents.lin.change_of_g(full)[pairing.node])

    return response


def _pair_block(system: NewtonSystem) -> Any:
    """Factors of the Hessian between w_eh and the residual of w_he: at ǧ = τ₃ the two halves decouple."""
    matrix = system.tangents.lin.matrix()
    rows = (8 * system.tangents.nodes[:, None] + np.arange(4, 8)).ravel()
    columns = (8 * system.tangents.nodes[:, None] + np.arange(4)).ravel()
    with threadpool_limits(1):
        return splu(matrix[rows][:, columns].tocsc())
