"""How good elements are: their smallest angle, and how far from regular they are."""

from __future__ import annotations

import numpy as np
import skfem
from numpy.typing import NDArray

from usadel_fem.fem.mesh_check import edge_lengths
from usadel_fem.fem.mesh_named import Index, Real, vertices

REGULAR = {2: 2 * np.sqrt(3), 3: 2 * np.sqrt(6)}
"""Edge over the radius of the inscribed circle or ball of a regular element."""


def smallest_angles(mesh: skfem.Mesh) -> Real:
    """Smallest angle of every triangle, smallest dihedral angle of every tetrahedron, degrees (elements,).

    60 for a regular triangle, 70.5 for a regular tetrahedron; 90 in one dimension, where there are none.

    Example:
        >>> import numpy as np, skfem
        >>> corner = skfem.MeshTri(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), np.array([[0], [1], [2]]))
        >>> smallest_angles(corner).round(6).tolist()
        [45.0]
    """
    if mesh.dim() == 1:
        return np.full(mesh.nelements, 90.0)
    outwards, _ = _normals(mesh)
    pairs = [(i, j) for i in range(mesh.dim() + 1) for j in range(i)]
    cosine = np.array([-np.sum(outwards[i] * outwards[j], axis=0) for i, j in pairs])
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).min(axis=0))


def aspect_ratios(mesh: skfem.Mesh) -> Real:
    """Longest edge over the radius of the inscribed circle or ball, 1 for a regular element (elements,)."""
    dim = mesh.dim()
    if dim == 1:
        return np.ones(mesh.nelements)
    _, size = _normals(mesh)
    corners = vertices(mesh)[:, np.asarray(mesh.t)]
    spans = (corners[:, 1:] - corners[:, :1]).transpose(2, 0, 1)
    content = np.abs(np.linalg.det(spans)) / (1, 1, 2, 6)[dim]
    radius = dim * content / size.sum(axis=0)
    return np.asarray(edge_lengths(mesh).max(axis=0) / radius / REGULAR[dim])


def _normals(mesh: skfem.Mesh) -> tuple[Real, NDArray[np.float64]]:
    """Unit normals (sides, dim, elements), outwards, and lengths or areas (sides, elements) of all sides."""
    dim = mesh.dim()
    corners = vertices(mesh)[:, np.asarray(mesh.t)].transpose(1, 0, 2)  # (corner, dim, element)
    normals = []
    for k in range(dim + 1):
        others: Index = np.delete(np.arange(dim + 1), k)
        first = corners[others[0]]
        if dim == 2:
            span = corners[others[1]] - first
            normal = np.stack([span[1], -span[0]])
        else:
            one, two = (corners[i] - first for i in others[1:])
            normal = np.cross(one, two, axis=0) / 2
        inwards = np.sum(normal * (corners[k] - first), axis=0) > 0
        normals.append(np.where(inwards, -normal, normal))
    stacked = np.array(normals)
    size = np.linalg.norm(stacked, axis=1)
    return stacked / size[:, None], size
