"""Orders of nodes: the numbers of a mesh file change nothing but rounding."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from usadel_fem import Case
from usadel_fem.device import build_device
from usadel_fem.fem.mesh_named import NamedMesh, simplex_mesh
from usadel_fem.fem.mesh_write import gmsh_lines
from usadel_fem.fem.ordering import along, bandwidth, compact
from usadel_fem.physics.nambu import normalisation_defect
from usadel_fem.solver.energies import DeviceSolver

ENERGY = 0.37
SIZES = {2: {"width": 1.0}, 3: {"width": 0.6, "depth": 0.7}}
RESOLUTION = {2: 0.07, 3: 0.2}


def grid(n, m):
    """The graph of n × m points, numbered along the second axis."""
    one, two = (sparse.diags([1.0, 1.0], [-1, 1], shape=(k, k)) for k in (n, m))
    return sparse.csr_matrix(sparse.kron(one, sparse.eye(m)) + sparse.kron(sparse.eye(n), two))


def test_what_is_in_order_stays_so():
    nodes = np.delete(np.arange(60 * 7), [0, 3, 100])
    assert np.array_equal(compact(grid(60, 7), nodes), nodes)


def test_any_numbers_are_put_in_order():
    matrix, shuffled = grid(60, 7), np.random.default_rng(0).permutation(60 * 7)
    nodes = np.arange(60 * 7)[5:]
    mixed = sparse.csr_matrix(matrix[shuffled][:, shuffled])
    found = compact(mixed, nodes)
    assert np.array_equal(np.sort(found), nodes)
    assert bandwidth(mixed, nodes) > 300
    assert bandwidth(mixed, found) <= 2 * 7


def test_nodes_of_a_chain_come_one_after_the_other():
    chain = sparse.csr_matrix(sparse.diags([1.0, 1.0], [-1, 1], shape=(9, 9)))
    shuffled = np.random.default_rng(1).permutation(9)
    order = along(sparse.csr_matrix(chain[shuffled][:, shuffled]), np.arange(9))
    assert (np.abs(np.diff(shuffled[order])) == 1).all()


@pytest.mark.parametrize("nodes", [[], [2], [0, 4]])
def test_few_nodes(nodes):
    nodes = np.array(nodes, dtype=int)
    assert np.array_equal(np.sort(compact(grid(3, 3), nodes)), nodes)


def case(dim, order, **mesh):
    """A rotating field, spin Hall angle, swapping and relaxation between superconductors at two phases."""
    metal = {
        "D": 1.3,
        "theta": 0.23,
        "kappa": 0.17,
        "tau_so": 2.3,
        "exchange": ["0.6*cos(x)", 0.3, "0.5*sin(y)"],
    }
    return Case(
        mesh={"order": order} | mesh,
        material={"A": {"D": 0.83, "N_F": 0.7}, "B": metal},
        region={"A": "A", "B": "B"},
        terminal={"left": {"Delta": 1.0}, "right": {"Delta": 0.83, "phase": 0.9}},
        solve={"kind": "spectrum", "energies": [ENERGY], "broadening": 0.01},
    )


def layers(dim, order):
    parts = [{"region": "A", "length": 0.8}, {"region": "B", "length": 1.1}]
    return case(dim, order, shape="layers", layers=parts, resolution=order * RESOLUTION[dim], **SIZES[dim])


def shuffled_file(path, dim, order):
    """The same mesh with other numbers for nodes and elements."""
    mesh = build_device(layers(dim, order)).space.device_mesh
    old, rng = mesh.mesh, np.random.default_rng(dim)
    number, kept = rng.permutation(old.p.shape[1]), rng.permutation(old.t.shape[1])
    points = np.empty_like(old.p)
    points[:, number] = old.p
    new = simplex_mesh(points, number[old.t][:, kept])
    place = {tuple(facet): k for k, facet in enumerate(np.sort(new.facets, axis=0).T.tolist())}
    moved = np.sort(number[old.facets], axis=0).T.tolist()
    facets = {n: np.array([place[tuple(moved[f])] for f in of]) for n, of in mesh.boundaries.items()}
    regions = {n: np.flatnonzero(np.isin(kept, elements)) for n, elements in mesh.regions.items()}
    path.write_text("".join(gmsh_lines(NamedMesh(new, regions, facets), mesh.axes)))


@pytest.mark.parametrize(("dim", "order"), [(2, 1), (2, 2), (3, 1), (3, 2)])
def test_numbers_of_nodes_change_nothing(dim, order, tmp_path):
    """The same field at the same places, in about as many steps."""
    shuffled_file(tmp_path / "shuffled.msh", dim, order)
    found = []
    for each in (layers(dim, order), case(dim, order, file=str(tmp_path / "shuffled.msh"))):
        device = build_device(each)
        solver = DeviceSolver(device)
        g, report = solver.solve(ENERGY)
        assert report.ok
        assert normalisation_defect(g) < 1e-10
        places = np.lexsort(np.round(device.nodes, 9).T)
        found.append((device.nodes[places], g[places], report, solver.solver))
    (nodes, g, one, _), (others, h, two, solver) = found
    assert np.allclose(nodes, others, atol=1e-12)
    assert np.abs(g - h).max() < 1e-7
    assert two.krylov_iterations < 1.3 * one.krylov_iterations + 2
    free, matrix = solver.forms.free, solver.forms.scalar_stiffness
    assert bandwidth(matrix, solver.free) < 0.5 * bandwidth(matrix, free)
