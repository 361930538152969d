"""Disks and rings: second-order triangles whose mid-edge nodes sit on the true circles."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from usadel_fem.fem.mesh_named import EDGES, Index, NamedMesh, Real, simplex_mesh


def disk_mesh(radii: Real, core: int, region: str, core_region: str) -> NamedMesh:
    """A disk of concentric rings; ring k has 6k nodes.

    Args:
        radii: radii of the rings, ascending; the last one is the rim.
        core: number of the ring that bounds the inner region; 0 for none.
        region: name of the (outer) region.
        core_region: name of the inner region.

    Returns:
        Regions, the boundary "rim" and, with a core, the interface "<core_region>|<region>".

    Example:
        >>> import numpy as np
        >>> named = disk_mesh(np.array([0.5, 1.0]), 0, "N", "core")
        >>> named.mesh.nelements, len(named.facets["rim"])
        (24, 12)
    """
    rings = len(radii)
    sizes = np.append(1, 6 * np.arange(1, rings + 1))
    ring = np.repeat(np.arange(rings + 1), sizes)
    start = np.append(0, np.cumsum(sizes)[:-1])
    position = np.arange(ring.size) - start[ring]
    points = polar(np.append(0.0, radii)[ring], 2 * np.pi * position / sizes[ring])
    cells = np.hstack([_ring_cells(k, start) for k in range(1, rings + 1)])
    inside = ring[cells].max(axis=0) <= core
    circles = {core, rings} - {0}
    regions = {region: np.flatnonzero(~inside)}
    if core:
        regions[core_region] = np.flatnonzero(inside)
    names = {"rim": rings} | ({f"{core_region}|{region}": core} if core else {})
    return _round_mesh(points, cells, ring, circles, regions, names)


def _ring_cells(k: int, start: Index) -> Index:
    """Triangles (3, 6(2k − 1)) between ring k − 1 and ring k."""
    sector, j = (part.ravel() for part in np.meshgrid(np.arange(6), np.arange(k), indexing="ij"))

    def outer(shift: int) -> Index:
        return np.asarray(start[k] + (sector * k + j + shift) % (6 * k))

    def inner(shift: int) -> Index:
        return np.asarray(start[k - 1] + (sector * (k - 1) + j + shift) % max(1, 6 * (k - 1)))

    out = np.array([outer(0), outer(1), inner(0)])
    back = np.array([inner(0), outer(1), inner(1)])[:, j < k - 1]
    return np.hstack([out, back])


def annulus_mesh(radii: Real, around: int, region: str) -> NamedMesh:
    """A ring of staggered rows of triangles.

    Args:
        radii: radii of the rows, ascending: the first is "inner", the last is "outer".
        around: number of nodes on every circle.
        region: name of the region.

    Example:
        >>> import numpy as np
        >>> named = annulus_mesh(np.array([1.0, 1.5, 2.0]), 12, "N")
        >>> named.mesh.nelements, sorted(named.facets)
        (48, ['inner', 'outer'])
    """
    rows = len(radii)
    ring, j = (part.ravel() for part in np.meshgrid(np.arange(rows), np.arange(around), indexing="ij"))
    points = polar(radii[ring], 2 * np.pi * (j + (ring % 2) / 2) / around)

    def node(row: Index, shift: int) -> Index:
        return np.asarray(row * around + (j[below] + shift) % around)

    below = ring < rows - 1
    row, up = ring[below], ring[below] + 1
    even = row % 2 == 0
    first = np.where(
        even, [node(row, 0), node(row, 1), node(up, 0)], [node(up, 0), node(up, 1), node(row, 0)]
    )
    second = np.where(
        even, [node(up, 0), node(row, 1), node(up, 1)], [node(row, 0), node(up, 1), node(row, 1)]
    )
    cells = np.hstack([first, second])
    regions = {region: np.arange(cells.shape[1])}
    return _round_mesh(points, cells, ring, {0, rows - 1}, regions, {"inner": 0, "outer": rows - 1})


def polar(radius: Real, angle: Real) -> Real:
    """Points (2, n) from polar coordinates."""
    return np.array([radius * np.cos(angle), radius * np.sin(angle)])


def _round_mesh(
    points: Real,
    cells: Index,
    ring: Index,
    circles: Collection[int],
    regions: dict[str, Index],
    names: dict[str, int],
) -> NamedMesh:
    """Bend the edges along some rings, and name facets by their ring.

    Only those are bent: straight edges inside leave the map affine, which keeps the order of P2.
    """
    ends = cells[EDGES[2]]  # (edges, 2, elements)
    middles = points[:, ends].mean(axis=2)
    along = (ring[ends[:, 0]] == ring[ends[:, 1]]) & np.isin(ring[ends[:, 0]], list(circles))
    radius = np.linalg.norm(points[:, ends[:, 0]], axis=0)
    bent = middles * (radius / np.maximum(np.linalg.norm(middles, axis=0), 1e-300))
    mesh = simplex_mesh(points, cells, np.where(along, bent, middles))
    facets = {name: np.flatnonzero((ring[mesh.facets] == k).all(axis=0)) for name, k in names.items()}
    return NamedMesh(mesh, regions, facets)
