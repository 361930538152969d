"""The mesh as files and pictures see it: nodes in space, cells of one type, and the region of every cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NODES_PER_CELL = {"line": 2, "line3": 3, "triangle": 3, "triangle6": 6, "tetra": 4, "tetra10": 10}


@dataclass(frozen=True, eq=False)
class FieldMesh:
    """Nodes and cells that carry the fields of a result.

    Args:
        nodes: (N, 3) positions in space [units.length].
        cell_type: a meshio name: line, line3, triangle, triangle6, tetra or tetra10.
        cells: (n, k) node numbers, in the node order of VTK.
        cell_region: (n,) index into `region_names`.
        region_names: the names of the regions.

    Raises:
        ValueError: if the arrays do not fit each other.

    >>> mesh = FieldMesh(np.eye(3), "triangle", np.array([[0, 1, 2]]), np.array([0]), ("S",))
    >>> mesh
    FieldMesh(3 nodes, 1 triangle, regions: S)
    """

    nodes: NDArray[np.float64]
    cell_type: str
    cells: NDArray[np.int64]
    cell_region: NDArray[np.int64]
    region_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.cell_type not in NODES_PER_CELL:
            raise ValueError(
                f"cell_type must be one of {', '.join(NODES_PER_CELL)}; instead received {self.cell_type!r}"
            )
        _expect("nodes", self.nodes, (len(self.nodes), 3))
        _expect("cells", self.cells, (len(self.cells), NODES_PER_CELL[self.cell_type]))
        _expect("cell_region", self.cell_region, (len(self.cells),))
        if self.cells.size and not 0 <= self.cells.min() <= self.cells.max() < len(self.nodes):
            raise ValueError(f"cells must name nodes 0 to {len(self.nodes) - 1}")
        if self.cell_region.size and not 0 <= self.cell_region.min() <= self.cell_region.max() < len(
            self.region_names
        ):
            raise ValueError(f"cell_region must name regions 0 to {len(self.region_names) - 1}")

    def __repr__(self) -> str:
        regions = ", ".join(self.region_names)
        return f"FieldMesh({len(self.nodes)} nodes, {len(self.cells)} {self.cell_type}, regions: {regions})"

    def same_as(self, other: FieldMesh) -> bool:
        """True if nodes, cells and regions agree to rounding."""
        return (
            self.cell_type == other.cell_type
            and self.region_names == other.region_names
            and np.array_equal(self.cells, other.cells)
            and np.array_equal(self.cell_region, other.cell_region)
            and self.nodes.shape == other.nodes.shape
            and bool(np.allclose(self.nodes, other.nodes, rtol=1e-12, atol=1e-12 * _size(self.nodes)))
        )


def _size(nodes: NDArray[np.float64]) -> float:
    return float(np.ptp(nodes, axis=0).max()) if len(nodes) else 0.0


def _expect(name: str, array: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}; instead received {array.shape}")
