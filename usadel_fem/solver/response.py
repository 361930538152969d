"""Linear response of the normal state ǧ = τ₃ to an infinitesimal pair potential, at Matsubara frequencies.

The frames are 1, and the Hessian is that of any other state: it is eliminated along a line, many frequencies
at once, and otherwise applied without a matrix under GMRES; in channels of spin where they are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np

from usadel_fem import action
from usadel_fem.action import Linearisation, pair
from usadel_fem.device import Device
from usadel_fem.fem.space import Index
from usadel_fem.linearise import Tangents, linearise
from usadel_fem.physics.nambu import Complex, tau3_signs
from usadel_fem.solver.banded import Elimination, Factorisation
from usadel_fem.solver.banded_newton import BandedNewton
from usadel_fem.solver.banded_sweep import AT_ONCE
from usadel_fem.solver.linear import NewtonSystem, ScalarPreconditioner

MOST_KRYLOV = 400

GAIN = 1e-5
"""What a linear solve with a preconditioner in single precision may be asked for."""

Response = Callable[[Complex, float], Complex]
"""Δ_p (P,) and an accuracy, relative ↦ Σ weight·(−if₀) at the pairing nodes, (P,)."""


class NormalState:
    """A device without a pair potential, and what is prepared once for all frequencies."""

    def __init__(self, device: Device) -> None:
        reduction = device.reduction
        self.device = device
        self.channels = None if reduction is None else reduction.channels
        self.forms = device.forms if reduction is None else reduction.whole
        self.size = 4 if reduction is None else 2
        self.count = self.forms.size // device.forms.size
        self.line: BandedNewton | None = None
        dimension = device.space.dimension
        if dimension == 1 and self.forms.free.size and device.case.solve.linear != "krylov":
            self.line = BandedNewton(self.forms, Elimination.of(self.forms, self.size))
        self._last = ScalarPreconditioner(self.forms, self.forms.near, dimension)

    def response(self, frequencies: Sequence[float], weights: Sequence[float]) -> Response:
        """Of a sum over frequencies."""
        energies = [1j * frequency for frequency in frequencies]
        if self.line is None:
            return _Iterated(self, energies, weights)
        return _Eliminated(self, energies, weights)

    def source(self, energy: complex) -> Complex:
        """Ω_i (n, 2s, 2s) of terminals and fields."""
        omega = action.source(self.device.forms, energy, None, self.device.reservoirs(energy))
        return omega if self.channels is None else self.channels.project(omega)

    def tau3(self, count: int) -> Complex:
        """(count, 2s, 2s)."""
        return np.tile(np.diag(tau3_signs(self.size)).astype(complex), (count, 1, 1))

    def right(self, energy: complex, delta: Complex) -> Complex:
        """−r (n, 2, s, s) of the part −iΔ̌ of Ω."""
        weights, s = self.device.forms.potentials(energy).pairing, self.size // 2
        assert weights is not None
        gap = np.tile(weights @ delta, self.count)
        change = np.zeros((gap.size, 2 * s, 2 * s), dtype=complex)
        change[:, :s, s:] = -1j * gap[:, None, None] * np.eye(s)
        return pair(2 * change * tau3_signs(2 * s))

    def singlet(self, nodes: Index, w: Complex) -> Complex:
        """−if₀ at the pairing nodes, of δǧ = −2τ₃w for w (n, 2, s, s) at some nodes, zero elsewhere."""
        pairing = self.device.forms.pairing
        assert pairing is not None
        f = np.zeros(self.forms.size, dtype=complex)
        f[nodes] = -2 * np.trace(w[:, 0], axis1=1, axis2=2) / w.shape[-1]
        return np.asarray(-1j * f.reshape(self.count, -1).mean(axis=0)[pairing.node])

    def preconditioner(self, tangents: Tangents, omega: Complex) -> ScalarPreconditioner:
        """Of one frequency, on the hierarchy of all."""
        self._last = copy(self._last)
        self._last.prepare(tangents, omega)
        return self._last


class _Iterated:
    """By GMRES, frequency by frequency; only the preconditioners are kept."""

    def __init__(self, state: NormalState, energies: Sequence[complex], weights: Sequence[float]) -> None:
        self.state = state
        self.frequencies = []
        for energy, weight in zip(energies, weights, strict=True):
            self.frequencies.append((energy, weight, state.preconditioner(*self._linearised(energy))))

    def __call__(self, delta: Complex, accuracy: float) -> Complex:
        total = np.zeros(delta.size, dtype=complex)
        for energy, weight, preconditioner in self.frequencies:
            tangents, _ = self._linearised(energy)
            system = NewtonSystem(tangents, preconditioner)
            w = _refined(system, self.state.right(energy, delta)[tangents.nodes], accuracy)
            if w is None:
                raise ArithmeticError(f"the normal state at ω = {energy.imag:.6g}: GMRES does not converge")
            total += weight * self.state.singlet(tangents.nodes, w)
        return total

    def _linearised(self, energy: complex) -> tuple[Tangents, Complex]:
        omega, forms = self.state.source(energy), self.state.forms
        return linearise(forms, self.state.tau3(len(omega)), omega, forms.near), omega


def _refined(system: NewtonSystem, right: Complex, accuracy: float) -> Complex | None:
    """w with H w = right to an accuracy or to rounding, as the preconditioner measures it.

    What that returns in single precision is corrected by residuals in double precision.
    """
    w, step, before = np.zeros_like(right), system.preconditioned(right), np.inf
    size = float(np.linalg.norm(step))
    goal = accuracy * size
    while not (size <= goal or size > 0.5 * before):
        found = system.krylov(step, max(goal / size, GAIN), MOST_KRYLOV)
        if not found.ok:
            return None
        w = w + found.w
        step = system.preconditioned(right - system.tangents.hessian(w))
        before, size = size, float(np.linalg.norm(step))
    return w


class _Eliminated:
    """Along a line, exactly; as many frequencies at once as stay in the cache."""

    def __init__(self, state: NormalState, energies: Sequence[complex], weights: Sequence[float]) -> None:
        self.state = state
        count = min(-(-len(energies) * state.forms.size // AT_ONCE), len(energies))
        self.parts: list[tuple[Sequence[complex], Sequence[float], Factorisation]] = []
        for part in np.array_split(np.arange(len(energies)), count):
            some = [energies[k] for k in part]
            self.parts.append((some, [weights[k] for k in part], self._factorised(some)))

    def __call__(self, delta: Complex, accuracy: float) -> Complex:
        total = np.zeros(delta.size, dtype=complex)
        for energies, weights, factors in self.parts:
            nodes = factors.elimination.nodes
            right = np.stack([self.state.right(energy, delta)[nodes] for energy in energies], axis=1)
            w = factors.solve(right.reshape(*right.shape[:2], -1)).reshape(right.shape)
            total += self.state.singlet(nodes, np.tensordot(w, weights, axes=(1, 0)))
        return total

    def _factorised(self, energies: Sequence[complex]) -> Factorisation:
        state, line = self.state, self.state.line
        assert line is not None
        omega = np.stack([state.source(energy) for energy in energies], axis=1)
        omega = omega.reshape(-1, *omega.shape[2:])
        one = np.tile(np.eye(state.size, dtype=complex), (len(omega), 1, 1))
        lin = Linearisation.at(line.copies(len(energies)), one, one, state.tau3(len(omega)), omega)
        return line.elimination.factorise(lin, len(energies))
