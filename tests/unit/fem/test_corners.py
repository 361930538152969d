"""Corners of quadratic elements: linear functions on them, and middles of edges that keep their values."""

import numpy as np
import pytest
from scipy import sparse

from usadel_fem.fem.corners import FLATTEST, corner_values
from usadel_fem.fem.forms import stiffness
from usadel_fem.fem.shapes import build_shape
from usadel_fem.fem.space import Space

SIDES = {1: {}, 2: {"width": 0.7}, 3: {"width": 0.5, "depth": 0.6}}


def space(dim, order, length=0.9, distortion=0.5):
    from usadel_fem.case import Case

    case = Case(
        mesh={
            "shape": "layers",
            "distortion": distortion,
            "layers": [{"region": r, "length": length, "elements": 3} for r in "AB"],
            **SIDES[dim],
        },
        material={"N": {"D": 1.3}},
        region={"A": "N", "B": "N"},
        solve={"kind": "spectrum", "energies": [0.3], "broadening": 0.1},
    )
    return Space(build_shape(case.mesh.shape, axes=case.mesh.axes), order)


def assembled(at):
    ones = np.ones
    basis = at.quadrature(4, np.arange(at.device_mesh.mesh.nelements))
    return stiffness.assemble(basis, N_F=ones(basis.dx.shape), D=ones(basis.dx.shape))


def own(values):
    """The node of each column: the only one with the value 1."""
    entries = sparse.coo_matrix(values)
    nodes = np.empty(values.shape[1], dtype=int)
    here = entries.data == 1.0
    nodes[entries.col[here]] = entries.row[here]
    assert here.sum() == values.shape[1]
    return nodes


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_linear_functions_have_the_stiffness_of_linear_elements(dim):
    quadratic, linear = space(dim, 2), space(dim, 1)
    values = corner_values(quadratic)
    corners = own(values)
    match = [np.argmin(((linear.nodes - x) ** 2).sum(axis=1)) for x in quadratic.nodes[corners]]
    assert np.abs(linear.nodes[match] - quadratic.nodes[corners]).max() < 1e-14
    expected = assembled(linear)[match][:, match].toarray()
    found = (values.T @ assembled(quadratic) @ values).toarray()
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("length", [0.9, 0.9e-2])
def test_they_reproduce_linear_functions_also_where_elements_are_flat(dim, length):
    at = space(dim, 2, length)
    values = corner_values(at)
    f = at.nodes @ [0.3, -1.7, 0.9] + 0.4
    assert np.abs(values @ f[own(values)] - f).max() < 1e-14 * 4


def test_long_edges_of_flat_elements_keep_their_middles():
    """Thickness d, width w: the short edges across lose their middles, those along keep them."""
    at = space(2, 2, 0.9e-2, distortion=0.0)
    values = corner_values(at)
    mesh = at.device_mesh.mesh
    lengths = np.linalg.norm(np.diff(mesh.p[:, mesh.facets], axis=1)[:, 0], axis=0)
    long = lengths > 0.1
    assert not (lengths[~long] > FLATTEST * 0.9e-2 / 3).any()
    assert values.shape[1] == mesh.nvertices + long.sum()


def test_linear_elements_have_nothing_coarser():
    assert corner_values(space(2, 1)) is None
