from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.samples import one_cell, wire_mesh


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"cell_type": "quad"}, "cell_type must be one of"),
        ({"nodes": np.zeros((9, 2))}, r"nodes must have the shape \(9, 3\)"),
        ({"cells": np.zeros((4, 2), dtype=int)}, r"cells must have the shape \(4, 3\)"),
        ({"cells": np.full((4, 3), 9)}, "cells must name nodes 0 to 8"),
        ({"cell_region": np.zeros(3, dtype=int)}, r"cell_region must have the shape \(4,\)"),
        ({"cell_region": np.ones(4, dtype=int)}, "cell_region must name regions 0 to 0"),
    ],
)
def test_arrays_have_to_fit(change: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        replace(wire_mesh(), **change)


def test_meshes_are_compared_up_to_rounding() -> None:
    mesh = wire_mesh()
    assert mesh.same_as(replace(mesh, nodes=mesh.nodes * (1 + 1e-15)))
    assert not mesh.same_as(replace(mesh, nodes=mesh.nodes * (1 + 1e-6)))
    assert not mesh.same_as(replace(mesh, region_names=("other",)))
    assert not mesh.same_as(one_cell("line3"))
