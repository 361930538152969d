"""Gauge fields of a case: the U(1) vector potential and the SU(2) field of intrinsic spin–orbit coupling.

∂̃_kǧ = ∂_kǧ − i[A_kτ₃ + A_k^aσ^a, ǧ].  Along the axes of the mesh they become link matrices; along the
others the device is uniform and ∂̃ is the commutator alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from usadel_fem.case import Case
from usadel_fem.case.expressions import evaluate
from usadel_fem.case.physical import Material
from usadel_fem.errors import Problem, show
from usadel_fem.fem.space import Index, Space
from usadel_fem.materials import couples_currents
from usadel_fem.physics.nambu import Real


@dataclass(frozen=True)
class GaugeField:
    """The gauge fields of a case on its mesh.

    Attributes:
        case: with [field] and the rashba and dresselhaus constants of its materials.
        space: the mesh and its axes.
        materials: of the regions in alphabetical order.
    """

    case: Case
    space: Space
    materials: tuple[Material, ...]

    def vector_potential(self) -> Callable[[Real], Real] | None:
        """A_k of mesh coordinates x along the mesh's own axes, (dim, ...)."""
        if self.case.field is None:
            return None
        axes = list(self.space.axes)
        return lambda x: self._field(x)[axes]

    def _field(self, x: Real) -> Real:
        """A (3, ...) along the physical axes at mesh coordinates x (dim, ...)."""
        given, position = self.case.field, self.space.physical(x)
        if given is None:
            return np.zeros_like(position)
        if given.vector_potential is not None:
            return np.stack([evaluate(c, position, self.space.axes) for c in given.vector_potential])
        matrix = uniform_field(given.B, given.gauge, self.space.axes)
        return np.einsum("kl,l...->k...", matrix, position)

    @cached_property
    def _spin_fields(self) -> Real:
        """A_k^a of each material (n, 3, 3), axis k first.

        Rashba A_x^y = −α, A_y^x = α; Dresselhaus A_x^x = β, A_y^y = −β.
        """
        table = np.zeros((len(self.materials), 3, 3))
        for number, m in enumerate(self.materials):
            table[number, 0, 1], table[number, 1, 0] = -m.rashba, m.rashba
            table[number, 0, 0], table[number, 1, 1] = m.dresselhaus, -m.dresselhaus
        return table

    def spin_field(self) -> Callable[[Index], Real] | None:
        """A_k^a of elements along the mesh's own axes, (..., dim, 3)."""
        table = self._spin_fields[:, list(self.space.axes)]
        return (lambda element: table[self.space.region_of_element[element]]) if table.any() else None

    def transverse(self) -> Callable[[Real, Index], Real] | None:
        """A along the axes that the mesh does not have: the device is uniform along them."""
        others = [k for k in range(3) if k not in self.space.axes]
        given = self.case.field
        charged = (
            given is not None
            and given.vector_potential is not None
            and any(given.vector_potential[k] != 0.0 for k in others)
        )
        if not others or not (charged or self._spin_fields[:, others].any()):
            return None

        def field(x: Real, element: Index) -> Real:
            out = np.zeros((len(others), 4, *element.shape))
            if charged:
                out[:, 0] = self._field(x)[others]
            spin = self._spin_fields[:, others][self.space.region_of_element[element]]
            out[:, 1:] = np.moveaxis(spin, (-2, -1), (0, 1))
            return out

        return field


def uniform_field(b: float | tuple[float, float, float] | None, gauge: str, axes: tuple[int, ...]) -> Real:
    """The matrix a with A_k = a_kl r_l of a uniform field: ½ B × r, or a Landau gauge along x or y."""
    if isinstance(b, tuple):
        bx, by, bz = b
    else:
        normal = {0, 1, 2} - set(axes[:2])
        components = [0.0, 0.0, 0.0]
        components[normal.pop()] = float(b or 0.0)
        bx, by, bz = components
    symmetric = 0.5 * np.array([[0, -bz, by], [bz, 0, -bx], [-by, bx, 0]])
    if gauge == "symmetric":
        return symmetric
    kept_first = (0, 2, 1) if gauge == "landau_x" else (1, 2, 0)
    rank = np.argsort(kept_first)
    return np.where(rank[:, None] < rank[None, :], 2 * symmetric, 0.0)


def check_field(case: Case, space: Space) -> list[Problem]:
    """A uniform B acts through the flux of the mesh plane; with fewer axes a vector potential is needed."""
    given = case.field
    materials = tuple(case.material[name] for name in case.region.values())
    if any(map(couples_currents, materials)) and GaugeField(case, space, materials).transverse():
        rule = "must lie along the axes of the mesh where theta or kappa is finite"
        return [Problem("field.vector_potential", rule, hint="rashba and dresselhaus count too")]
    if given is None or given.B is None or space.dimension == 3:
        return []
    hint = "give the vector potential instead"
    if space.dimension == 1:
        return [
            Problem("field.B", "must stand beside a mesh of two or three dimensions", show(given.B), hint)
        ]
    if isinstance(given.B, tuple) and any(given.B[k] for k in space.axes):
        return [
            Problem("field.B", "must lie along the normal of a two-dimensional mesh", show(given.B), hint)
        ]
    return []
