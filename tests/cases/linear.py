"""Weak proximity effect by other means: the Usadel equation to first order in f̂, with scikit-fem alone.

With f̂ = f_s + f·σ the quadratic part of the action gives, at a Matsubara frequency ω > 0,

    ∫ N_F [ D ∇f_μ·∇g_μ + 2ω f_μ g_μ − 2i h·(f g_s + f_s g) + f·g/τ_so
            + Dκ ε_ija ε_abc ∂_i f_b ∂_j g_c + Dθ ε_ija (∂_i f_s ∂_j g_a + ∂_i f_a ∂_j g_s) ] = ∫ N_F 2iΔ g_s

for every test function (g_s, g).  Unknowns stand in blocks (s, x, y, z) of one scalar Lagrange space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import splu

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

EPSILON = {p: (-1) ** sum(p[i] < p[j] for i in range(3) for j in range(i)) for p in permutations(range(3))}
"""ε_ijk where it is not zero."""


@dataclass
class LinearDevice:
    """Assembled forms of a device; `material` maps regions to D, N_F, h(x) (3, ...), theta, kappa, tau_so.

    Attributes:
        mesh: with the regions as subdomains.
        element: of one component.
    """

    mesh: Any
    element: Any
    material: Mapping[str, Mapping[str, Any]]
    static: Any = field(init=False)
    mass: Any = field(init=False)
    masses: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.basis = skfem.Basis(self.mesh, self.element, intorder=6)
        self.size = self.basis.N
        blocks: dict[tuple[int, int], Any] = {}
        self.masses = {}
        for region, values in self.material.items():
            basis = skfem.Basis(self.mesh, self.element, elements=region, intorder=6)
            n_f, d = values.get("N_F", 1.0), values["D"]
            mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(basis) * n_f
            stiffness = skfem.BilinearForm(lambda u, v, w: sum(u.grad * v.grad)).assemble(basis) * n_f * d
            self.masses[region] = mass
            for mu in range(4):
                _add(blocks, mu, mu, stiffness)
            if values.get("tau_so"):
                for b in (1, 2, 3):
                    _add(blocks, b, b, mass / values["tau_so"])
            if "h" in values:
                for b in range(3):
                    form = skfem.BilinearForm(lambda u, v, w, b=b, h=values["h"]: h(w.x)[b] * u * v)
                    exchange = -2j * n_f * form.assemble(basis)
                    _add(blocks, 0, b + 1, exchange)
                    _add(blocks, b + 1, 0, exchange)
            self._spin_orbit(
                blocks, basis, n_f * d * values.get("theta", 0.0), n_f * d * values.get("kappa", 0.0)
            )
        zero = sparse.csr_matrix((self.size, self.size))
        self.static = (
            sparse.bmat([[blocks.get((i, j), zero) for j in range(4)] for i in range(4)])
            .tocsr()
            .astype(complex)
        )
        self.mass = sparse.kron(sparse.eye(4), sum(self.masses.values())).tocsr()

    def _spin_orbit(self, blocks: dict[tuple[int, int], Any], basis: Any, theta: float, kappa: float) -> None:
        """Row = test function, column = amplitude."""
        dimension = self.mesh.dim()
        for (i, j, a), sign in EPSILON.items():
            if max(i, j) >= dimension or not (theta or kappa):
                continue
            form = skfem.BilinearForm(lambda u, v, w, i=i, j=j: u.grad[i] * v.grad[j])
            cross = sign * form.assemble(basis)
            _add(blocks, a + 1, 0, theta * cross)
            _add(blocks, 0, a + 1, theta * cross)
            for (first, b, c), other in EPSILON.items():
                if first == a:
                    _add(blocks, c + 1, b + 1, kappa * other * cross)

    def matrix(self, omega: float) -> Any:
        """The operator at one frequency, (4n, 4n)."""
        return (self.static + 2 * omega * self.mass).tocsc()

    def amplitudes(self, omega: float, source: Complex, held: Mapping[int, complex] | None = None) -> Complex:
        """(f_s, f_x, f_y, f_z) at the nodes, (4, n), for a right-hand side (4n,) and given values of f_s.

        `held`: node → f_s there; triplets vanish at the same nodes.
        """
        matrix, held = self.matrix(omega), held or {}
        f = np.zeros(4 * self.size, dtype=complex)
        nodes = np.array(sorted(held), dtype=int)
        f[nodes] = [held[k] for k in nodes]
        fixed = np.concatenate([nodes + mu * self.size for mu in range(4)])
        free = np.setdiff1d(np.arange(f.size), fixed)
        right = source[free] - matrix[free][:, fixed] @ f[fixed]
        f[free] = splu(matrix[free][:, free].tocsc()).solve(right)
        return f.reshape(4, self.size)

    def pairing(self, region: str, delta: complex) -> Complex:
        """The right-hand side ∫ N_F 2iΔ g_s of a uniform Δ in one region."""
        source = np.zeros((4, self.size), dtype=complex)
        source[0] = 2j * delta * np.asarray(self.masses[region].sum(axis=1)).ravel()
        return source.ravel()

    def current(self, omega: float, f: Complex, nodes: Any) -> float:
        """−4 Im ∮ f̄_s N_F D ∂_n f_s: what one frequency adds to I/πT into the device through held nodes."""
        flux = (self.matrix(omega) @ f.ravel())[: self.size]
        return -4 * float(np.imag(np.sum(np.conj(f[0, nodes]) * flux[nodes])))


def _add(blocks: dict[tuple[int, int], Any], row: int, column: int, matrix: Any) -> None:
    blocks[row, column] = blocks[row, column] + matrix if (row, column) in blocks else matrix


def matsubara_sum(terms: Any, temperature: float, exact: int = 40, points: int = 16) -> Any:
    """Σ_{n≥0} terms(ω_n)."""
    return sum(w * terms(omega) for omega, w in zip(*matsubara_rule(temperature, exact, points), strict=True))


def matsubara_rule(temperature: float, exact: int = 40, points: int = 16) -> tuple[Real, Real]:
    """ω and weights: `exact` frequencies one by one, the rest by the midpoint rule as an integral over ω."""
    unit = np.pi * temperature
    x, w = np.polynomial.legendre.leggauss(points)
    u, w = 0.5 * (x + 1), 0.5 * w
    start = 2 * exact * unit  # ω = start/u² resolves the half-integer powers of boundary layers
    omega = np.concatenate([unit * (2 * np.arange(exact) + 1), start / u**2])
    return omega, np.concatenate([np.ones(exact), w * start / (unit * u**3)])


def critical_temperature(
    device: LinearDevice, region: str, tc0: float, bracket: tuple[float, float]
) -> float:
    """T_c of a device whose one superconducting region has T_c0 in the bulk: a root of the gap equation.

    Δ ln(T/T_c0) + 2πT Σ [Δ/ω − f_s(ω)/i] = 0, tested with the functions of the region.
    """
    mass = device.masses[region]
    nodes = np.flatnonzero(np.abs(mass).sum(axis=1))
    source = np.zeros((4 * device.size, nodes.size), dtype=complex)
    source[: device.size] = 2j * mass[:, nodes].toarray()
    gram = mass[nodes][:, nodes].toarray()

    def largest(t: float) -> float:
        def term(omega: float) -> Complex:
            f = splu(device.matrix(omega)).solve(source)[: device.size]
            return gram / omega - (mass[nodes] @ f) / 1j

        operator = np.log(t / tc0) * gram + 2 * np.pi * t * matsubara_sum(term, t, exact=12, points=10)
        return float(np.min(np.linalg.eigvals(np.linalg.solve(gram, operator)).real))

    return float(brentq(largest, *bracket, xtol=1e-6))
