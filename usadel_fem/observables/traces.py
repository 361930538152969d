"""Currents and torques at points: traces of N_FJ_k and N_FT, by the names of the output fields."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from usadel_fem.device import Device
from usadel_fem.fem.assemble import with_links
from usadel_fem.fem.links import apply
from usadel_fem.fem.space import Evaluation
from usadel_fem.physics.currents import (
    PrintedWeights,
    matrix_current,
    matrix_torque,
    printed_current,
    printed_defect,
)
from usadel_fem.physics.nambu import GENERATORS, SIGMA, TAU3, Complex, Real, commutator, trace

CURRENTS = {
    "charge_current": "charge current density Tr τ₃J_k",
    "spin_current_x": "current of S_x along x, y, z: Tr σ^xJ_k",
    "spin_current_y": "current of S_y along x, y, z: Tr σ^yJ_k",
    "spin_current_z": "current of S_z along x, y, z: Tr σ^zJ_k",
}
TORQUES = {
    "spin_torque": "torque Tr στ₃T of Eq. (84)",
    "spin_source": "torque Tr σT of the spin continuity equation",
}
BALANCE = {
    "net_spin_source": "Tr σT − ∂̃_k Tr σJ_k, what torque and currents leave to precession",
    "spin_current_divergence": "∂̃_k Tr σJ_k, as the continuity equation of spin has it",
}
"""With an SU(2) field the divergence is covariant: it includes that the field turns the spins that flow.

Tr σ^a of the equation: gap and relaxation drop out, Tr σT − ∂_k Tr σJ_k = −Tr σ[Ω, ǧ] = 2N_F h×Tr στ₃ǧ."""

PRINTED = {
    **{f"printed_{name}": f"{text}, J_k of Eq. (2) as printed" for name, text in CURRENTS.items()},
    "printed_defect": "norm of {ǧ, ∂_kJ_k − T} of Eqs. (2) and (3) as printed",
}
POINT_FIELDS = CURRENTS | TORQUES | BALANCE | PRINTED
"""Fields that ǧ and ∂_kǧ at a point give, with their meaning: vectors, but for `printed_defect`."""

CHUNK = 20_000
"""Points handled at once, so that memory stays small."""


def asked(names: Collection[str], group: Collection[str]) -> bool:
    """Whether any of the group is among the names."""
    return not set(group).isdisjoint(names)


class Sampler:
    """Evaluates fields of `POINT_FIELDS` at fixed points; matrices and coefficients are made once.

    Args:
        device: the device.
        plain: evaluation matrices without links; `element` are elements of the mesh, on facets too.
    """

    def __init__(self, device: Device, plain: Evaluation) -> None:
        self.axes = list(device.space.axes)
        self.plain = plain
        self.at = with_links(device.space, plain, device.surroundings)
        self.device = device
        self.transverse = None
        if device.surroundings.transverse is not None:
            field = device.surroundings.transverse(plain.position, plain.element)
            self.transverse = np.einsum("tcq,cij->qtij", field, GENERATORS)
        names = ("N_F", "D", "theta", "kappa")
        n_f, d, self.theta, self.kappa = (
            np.real(device.coefficient(n, plain.position, plain.element)) for n in names
        )
        self.n_f_d = n_f * d
        h = np.real(device.coefficient("exchange", plain.position, plain.element))
        self.n_f_h: Real = (n_f * h).T
        self._weights: PrintedWeights | None = None

    def __call__(self, g: Complex, names: Collection[str]) -> dict[str, Complex]:
        """Those of `names` that are fields of points, each (Q, 3) complex, `printed_defect` (Q,) real."""
        value, gradient = self.gradient(g)
        parts = [self._fields(value[s], gradient[s], s, names) for s in _chunks(value.shape[0])]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def gradient(self, g: Complex) -> tuple[Complex, Complex]:
        """ǧ (Q, 4, 4) and ∂̃_kǧ along the physical axes (Q, 3, 4, 4)."""
        value = apply(self.at.value, g)
        gradient = np.zeros((value.shape[0], 3, 4, 4), dtype=complex)
        if self.transverse is not None:
            others = [k for k in range(3) if k not in self.axes]
            gradient[:, others] = -1j * commutator(self.transverse, value[:, None])
        for axis, matrix in zip(self.axes, self.at.gradient, strict=True):
            gradient[:, axis] = apply(matrix, g)
        return value, gradient

    def _fields(self, g: Complex, gradient: Complex, s: slice, names: Collection[str]) -> dict[str, Complex]:
        found: dict[str, Complex] = {}
        at = g, gradient, self.n_f_d[s], self.theta[s], self.kappa[s]
        if asked(names, CURRENTS):
            found |= _current_traces(matrix_current(*at), "")
        if asked(names, PRINTED):
            found |= _current_traces(printed_current(*at), "printed_")
            defect = printed_defect(g, gradient, self._printed_weights(s))
            found["printed_defect"] = np.linalg.norm(defect, axis=(-2, -1))
        if asked(names, TORQUES) or asked(names, BALANCE):
            torque = matrix_torque(*at)
            found["spin_torque"] = np.einsum("aij,qji->qa", SIGMA @ TAU3, torque)
            found["spin_source"] = np.einsum("aij,qji->qa", SIGMA, torque)
        if asked(names, BALANCE):
            spin = np.einsum("aij,qji->qa", SIGMA @ TAU3, g)
            found["net_spin_source"] = 2 * np.cross(self.n_f_h[s], spin)
            found["spin_current_divergence"] = found["spin_source"] - found["net_spin_source"]
        return {name: values for name, values in found.items() if name in names}

    def _printed_weights(self, s: slice) -> PrintedWeights:
        """N_FDθ and N_FDκ, interpolated within each element: at a jump neither side sees the other."""
        if self._weights is None:
            count = self.plain.element.size
            slopes = {name: np.zeros((count, 3)) for name in ("theta", "kappa")}
            nodes = self.device.space.doflocs
            for axis, matrix in zip(self.axes, self.plain.gradient, strict=True):
                entries = matrix.tocoo()
                place = nodes[:, entries.col], self.plain.element[entries.row]
                n_f, d = (np.real(self.device.coefficient(n, *place)) for n in ("N_F", "D"))
                for name, slope in slopes.items():
                    values = entries.data * n_f * d * np.real(self.device.coefficient(name, *place))
                    slope[:, axis] = np.bincount(entries.row, values, minlength=count)
            self._weights = PrintedWeights(
                self.n_f_d * self.theta, self.n_f_d * self.kappa, slopes["theta"], slopes["kappa"]
            )
        w = self._weights
        return PrintedWeights(w.theta[s], w.kappa[s], w.theta_slope[s], w.kappa_slope[s])


def _current_traces(current: Complex, prefix: str) -> dict[str, Complex]:
    """Tr τ₃J_k and Tr σ^bJ_k of (Q, 3, 4, 4), each (Q, 3)."""
    spin = np.einsum("bij,qkji->bqk", SIGMA, current)
    values = (trace(TAU3, current), *spin)
    return {prefix + name: value for name, value in zip(CURRENTS, values, strict=True)}


def _chunks(total: int) -> list[slice]:
    return [slice(k, min(k + CHUNK, total)) for k in range(0, max(total, 1), CHUNK)]


def cell_mean(weight: Real, cells: int, values: Complex) -> Complex:
    """Means (cells, ...) over each cell of values (Q, ...) at its quadrature points, weights (Q,)."""
    w = weight.reshape(cells, -1)
    shaped = values.reshape(*w.shape, *values.shape[1:])
    return np.asarray(np.einsum("eq,eq...->e...", w / w.sum(axis=1, keepdims=True), shaped))
