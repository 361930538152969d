"""Normal metals out of equilibrium by other means: drift and diffusion, with scikit-fem alone.

With the potential V and the spin voltages U^a (n = 2N_F V, S^a = 2N_F U^a) Eqs. (79)–(81) of the paper read

    J_k/2N_F = −D∂_kV + Dθ ε_akj ∂_jU^a,    J^b_k/2N_F = −D∂_kU^b + Dθ ε_bkj ∂_jV − Dκ (δ_kb ∂_aU^a − ∂_bU^k)

    ∂_kJ_k = 0,    ∂_kJ^a_k = 2N_F [−U^a/τ_so − 2(h×U)^a]

A contact of conductance G and polarisation P along an axis p lets in, per area,

    2G [V_r − V + P(U^p_r − U^p)]    and    2G [U^a_r − U^a + δ_ap P(V_r − V)]

of charge and spin; a reservoir behind a polarised contact has no spin voltage across p here.

Unknowns stand in blocks (V, x, y, z) of one scalar Lagrange space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from tests.cases.linear import EPSILON

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Lead:
    """A reservoir at a boundary of the mesh.

    Attributes:
        bias: V and spin voltages, (4,).
        conductance: of the contact per area; None for a transparent one.
        polarisation: along `axis`.
        axis: 1, 2, 3 for x, y, z.
        floating: whether `bias[0]` is what no charge current says; needs a conductance.
    """

    bias: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    conductance: float | None = None
    polarisation: float = 0.0
    axis: int = 3
    floating: bool = False

    def response(self) -> Real:
        """Currents of charge and spin per area by differences of V and U, (4, 4)."""
        matrix = np.eye(4)
        matrix[0, self.axis] = matrix[self.axis, 0] = self.polarisation
        return 2 * (self.conductance or 0.0) * matrix


@dataclass
class Drift:
    """One device of a uniform metal.

    Attributes:
        mesh: with its boundaries named.
        element: of one component.
        leads: by boundary.
        d, theta, kappa, tau_so, h: of the metal, N_F = 1.
    """

    mesh: Any
    element: Any
    leads: Mapping[str, Lead]
    d: float
    theta: float = 0.0
    kappa: float = 0.0
    tau_so: float = np.inf
    h: tuple[float, float, float] = (0.0, 0.0, 0.0)
    u: Real = field(init=False)
    currents: dict[str, Real] = field(init=False)
    voltages: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.basis = skfem.Basis(self.mesh, self.element, intorder=4)
        n, bulk = self.basis.N, self._bulk()
        floating = [name for name, lead in self.leads.items() if lead.floating]
        inner, right = bulk, np.zeros(4 * n + len(floating))  # the last unknowns: voltages of floating leads
        coupling, own = np.zeros((4 * n, len(floating))), np.zeros(len(floating))
        held, fixed, areas = np.zeros(right.size), np.zeros(right.size, dtype=bool), {}
        for name, lead in self.leads.items():
            if lead.conductance is None:
                nodes = self.basis.get_dofs(name).all()
                for c in range(4):
                    fixed[nodes + c * n], held[nodes + c * n] = True, lead.bias[c]
                continue
            facets = skfem.FacetBasis(self.mesh, self.element, facets=name, intorder=4)
            mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(facets)
            areas[name] = skfem.LinearForm(lambda v, w: v).assemble(facets)
            inner = inner + sparse.kron(lead.response(), mass)
            right[: 4 * n] += np.kron(lead.response() @ lead.bias, areas[name])
            if lead.floating:
                coupling[:, floating.index(name)] = -np.kron(lead.response()[0], areas[name])
                own[floating.index(name)] = lead.response()[0, 0] * areas[name].sum()
        system = sparse.bmat(
            [[inner, coupling], [coupling.T, np.diag(own)]] if floating else [[inner]]
        ).tocsc()
        free = np.flatnonzero(~fixed)
        factors = splu(system[free][:, free].tocsc(), permc_spec="MMD_AT_PLUS_A")
        held[free] = factors.solve(right[free] - (system @ held)[free])
        self.u = held[: 4 * n].reshape(4, n)
        self.voltages = {name: float(held[4 * n + i]) for i, name in enumerate(floating)}
        flux = (bulk @ self.u.ravel()).reshape(4, n)
        self.currents = {}
        for name, lead in self.leads.items():
            if name in areas:
                bias = np.array([self.voltages.get(name, lead.bias[0]), *lead.bias[1:]])
                self.currents[name] = lead.response() @ (bias * areas[name].sum() - self.u @ areas[name])
            else:
                self.currents[name] = flux[:, self.basis.get_dofs(name).all()].sum(axis=1)

    def _bulk(self) -> Any:
        """∫ −J_k∂_kv + (U/τ_so + 2h×U) v: rows are test functions, (4n, 4n)."""
        dimension = self.mesh.dim()
        mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(self.basis)
        crossed = [
            [
                skfem.BilinearForm(lambda u, v, w, k=k, j=j: v.grad[k] * u.grad[j]).assemble(self.basis)
                for j in range(dimension)
            ]
            for k in range(dimension)
        ]
        stiffness = sum(crossed[k][k] for k in range(dimension))
        blocks = [[0 * mass for _ in range(4)] for _ in range(4)]
        for c in range(4):
            blocks[c][c] = self.d * stiffness
        for a in range(1, 4):
            blocks[a][a] = blocks[a][a] + mass / self.tau_so
        for (a, k, j), sign in EPSILON.items():
            if max(k, j) < dimension:
                blocks[0][a + 1] = blocks[0][a + 1] - self.d * self.theta * sign * crossed[k][j]
                blocks[a + 1][0] = blocks[a + 1][0] - self.d * self.theta * sign * crossed[k][j]
            blocks[a + 1][j + 1] = blocks[a + 1][j + 1] + 2 * sign * self.h[k] * mass
        for b in range(dimension):
            for a in range(dimension):  # Dκ (δ_kb ∂_aU^a − ∂_bU^k) ∂_kv
                blocks[b + 1][a + 1] = blocks[b + 1][a + 1] + self.d * self.kappa * crossed[b][a]
        for b in range(dimension):
            for k in range(dimension):
                blocks[b + 1][k + 1] = blocks[b + 1][k + 1] - self.d * self.kappa * crossed[k][b]
        return 2 * sparse.bmat(blocks).tocsr()

    def at(self, points: Real) -> Real:
        """V and U at points (p, dim), (4, p)."""
        where = self.basis.probes(points.T)
        return np.array([where @ u for u in self.u])
