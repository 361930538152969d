"""Interfaces cut open: nodes of their own on both sides, wherever the interface begins and ends."""

import numpy as np
import pytest
import skfem

from usadel_fem.errors import CaseError
from usadel_fem.fem.mesh import InterfaceFacets, named_to_device
from usadel_fem.fem.mesh_check import parts
from usadel_fem.fem.mesh_named import NamedMesh, is_curved
from usadel_fem.fem.mesh_split import cut_open
from usadel_fem.fem.shapes import build_shape

LAGRANGE = {1: skfem.ElementLineP2, 2: skfem.ElementTriP2, 3: skfem.ElementTetP2}
TWO = [{"region": "S", "length": 1.3, "elements": 3}, {"region": "F", "length": 0.7, "elements": 2}]


def grid(n: int = 4) -> skfem.Mesh:
    return skfem.MeshTri1.init_tensor(np.linspace(-1, 1, n + 1), np.linspace(-1, 1, n + 1))


def on(mesh: skfem.Mesh, test) -> np.ndarray:
    return np.flatnonzero(test(mesh.p[:, mesh.facets].mean(axis=1)) & (mesh.f2t[1] >= 0))


def assert_paired(mesh: skfem.Mesh, interface: InterfaceFacets) -> None:
    """Both sides have the same P2 nodes and quadrature points, in the same order, and share none."""
    one, two = (
        skfem.FacetBasis(mesh, LAGRANGE[mesh.dim()](), facets=facets, intorder=4)
        for facets in (interface.facets, interface.partners)
    )
    np.testing.assert_allclose(*(np.asarray(side.global_coordinates()) for side in (one, two)), atol=1e-14)
    nodes = [
        basis.get_dofs(facets).flatten()
        for basis, facets in ((one, interface.facets), (two, interface.partners))
    ]
    places = [np.unique(one.doflocs[:, side].round(12), axis=1) for side in nodes]
    np.testing.assert_array_equal(*places)
    assert not np.intersect1d(mesh.f2t[0, interface.facets], mesh.f2t[0, interface.partners]).size


@pytest.mark.parametrize("sizes", [{}, {"width": 1.0}, {"width": 1.0, "depth": 0.5}], ids=["1D", "2D", "3D"])
def test_an_interface_from_side_to_side_makes_two_meshes(sizes):
    keys = {"shape": "layers", "layers": TWO, "resolution": 0.3, **sizes}
    whole, cut = build_shape(keys), build_shape(keys, split=["S|F"])
    across = np.unique(whole.mesh.facets[:, whole.interfaces["S|F"].facets]).size
    assert cut.mesh.nvertices == whole.mesh.nvertices + across
    assert parts(whole.mesh).max() == 0
    assert parts(cut.mesh).max() == 1
    assert_paired(cut.mesh, cut.interfaces["S|F"])
    assert {name: facets.size for name, facets in cut.boundaries.items()} == {
        name: facets.size for name, facets in whole.boundaries.items()
    }
    for facets in cut.boundaries.values():
        assert np.all(cut.mesh.f2t[1, facets] == -1)


def test_side_one_is_the_first_region_of_the_alphabet():
    device = build_shape({"shape": "layers", "layers": TWO, "width": 1.0, "resolution": 0.3}, split=["S|F"])
    interface = device.interfaces["S|F"]
    assert np.isin(device.mesh.f2t[0, interface.facets], device.regions["F"]).all()
    assert np.isin(device.mesh.f2t[0, interface.partners], device.regions["S"]).all()


@pytest.mark.parametrize(
    ("inside", "more"),
    [
        (lambda x: np.isclose(x[0], 0), 5),
        (lambda x: np.isclose(x[0], 0) & (x[1] < 0), 2),
        (lambda x: np.isclose(x[0], 0) & (abs(x[1]) < 0.5), 1),
        (lambda x: np.isclose(x[0], 0) | (np.isclose(x[1], 0) & (x[0] > 0)), 5 + 3),
        (lambda x: np.isclose(x[0], 0) | np.isclose(x[1], 0), 5 + 5 + 1),
        (lambda x: (np.isclose(x[0], 0) & (x[1] < 0)) | (np.isclose(x[1], 0) & (x[0] < 0)), 2 + 2 + 1),
        (lambda x: np.isclose(abs(x).max(axis=0), 0.5) & (abs(x).max(axis=0) < 0.6), 8),
    ],
    ids=["through", "ends inside", "slit", "T-junction", "crossing", "corner", "closed loop"],
)
def test_duplicated_nodes(inside, more):
    mesh = grid()
    facets = on(mesh, inside)
    cut = cut_open(mesh, facets)
    assert cut.closed.size == 0
    assert cut.mesh.nvertices == mesh.nvertices + more
    assert cut.mesh.nfacets == mesh.nfacets + facets.size
    np.testing.assert_array_equal(cut.mesh.p, mesh.p[:, cut.vertex])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [skfem.MeshTri1, skfem.MeshTet1])
def test_random_cuts_against_a_search_by_hand(kind, seed):
    random = np.random.default_rng(seed)
    mesh = kind.init_tensor(*[np.linspace(0, 1, 4 if kind is skfem.MeshTri1 else 3)] * kind.elem.refdom.dim())
    interior = np.flatnonzero(mesh.f2t[1] >= 0)
    facets = random.choice(interior, size=interior.size // 2, replace=False)
    cut = cut_open(mesh, facets)
    for vertex in range(mesh.nvertices):
        around = set(np.flatnonzero((mesh.t == vertex).any(axis=0)).tolist())
        links = [
            set(mesh.f2t[:, f].tolist())
            for f in np.flatnonzero((mesh.facets == vertex).any(axis=0))
            if f not in facets and mesh.f2t[1, f] >= 0
        ]
        fans = 0
        while around:
            fan = {around.pop()}
            while grown := {e for link in links if link & fan for e in link} - fan:
                fan |= grown
            around -= fan
            fans += 1
        assert np.count_nonzero(cut.vertex == vertex) == fans


def test_elements_and_untouched_facets_stay():
    mesh = grid()
    facets = on(mesh, lambda x: np.isclose(x[0], 0))
    cut = cut_open(mesh, facets)
    np.testing.assert_array_equal(cut.vertex[cut.mesh.t], mesh.t)
    rest = np.setdiff1d(np.arange(mesh.nfacets), facets)
    one, two = mesh.f2t[:, rest[mesh.f2t[1, rest] >= 0]]
    assert all(
        np.intersect1d(cut.mesh.t2f[:, a], cut.mesh.t2f[:, b]).size == 1
        for a, b in zip(one, two, strict=True)
    )


def test_parts_that_touch_in_a_point_away_from_the_cut_stay_joined():
    points = np.array([[0.0, 1.0, 1.0, 2.0, 2.0, 3.0], [0.0, -1.0, 0.0, 0.0, 1.0, 0.0]])
    mesh = skfem.MeshTri1(points, np.array([[0, 2, 3], [1, 3, 4], [2, 4, 5]]))
    assert cut_open(mesh, on(mesh, lambda x: x[0] > 1.9)).mesh.nvertices == 6 + 2


def test_a_curved_interface_keeps_its_shape():
    keys = {"shape": "disk", "radius": 1.7, "core": 0.6, "resolution": 0.31}
    whole, cut = build_shape(keys), build_shape(keys, split=["core|disk"])
    assert is_curved(cut.mesh)
    interface = cut.interfaces["core|disk"]
    assert_paired(cut.mesh, interface)
    assert cut.mesh.nvertices == whole.mesh.nvertices + interface.facets.size
    assert cut.mesh.doflocs.shape[1] == whole.mesh.doflocs.shape[1] + 2 * interface.facets.size
    middles = cut.mesh.doflocs[:, cut.mesh.dofs.facet_dofs[0, interface.facets]]
    np.testing.assert_allclose(np.linalg.norm(middles, axis=0), 0.6, rtol=1e-14)
    np.testing.assert_allclose(
        skfem.CellBasis(cut.mesh, skfem.ElementTriP1()).dx,
        skfem.CellBasis(whole.mesh, skfem.ElementTriP1()).dx,
    )


@pytest.mark.parametrize("order", [1, 2])
def test_flux_through_a_barrier(order):
    keys = {"shape": "layers", "layers": [{**TWO[0], "slant": 0.3}, TWO[1]], "width": 1.0, "resolution": 0.3}
    device = build_shape({**keys, "distortion": 0.8}, split=["S|F"])
    element = {1: skfem.ElementTriP1, 2: skfem.ElementTriP2}[order]()
    interface, mesh, conductance = device.interfaces["S|F"], device.mesh, 1e6
    stiffness = skfem.BilinearForm(lambda u, v, w: u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1])
    mass = skfem.BilinearForm(lambda u, v, w: u * v)
    basis = skfem.CellBasis(mesh, element)
    sides = [skfem.FacetBasis(mesh, element, facets=f) for f in (interface.facets, interface.partners)]
    matrix = stiffness.assemble(basis)
    for a, one in enumerate(sides):
        for b, two in enumerate(sides):
            matrix = matrix + conductance * (-1) ** (a + b) * mass.assemble(one, two)
    u = basis.doflocs[0] / 2  # continuous and linear: no current but through the barrier
    ends = basis.get_dofs(np.concatenate([device.boundaries["left"], device.boundaries["right"]]))
    solved = skfem.solve(*skfem.condense(matrix, x=u, D=ends))
    np.testing.assert_allclose(solved, u, atol=1e-5)


def named(mesh: skfem.Mesh, **groups: np.ndarray) -> NamedMesh:
    return NamedMesh(mesh, {"N": np.arange(mesh.nelements)}, groups)


def problem(*args, **kwargs):
    with pytest.raises(CaseError) as caught:
        named_to_device(*args, **kwargs)
    (only,) = caught.value.problems
    return only


@pytest.mark.parametrize(
    "mesh", [grid(), skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 4)] * 3)], ids=["2D", "3D"]
)
def test_a_single_facet_inside_cannot_be_opened(mesh):
    outer = np.unique(mesh.facets[:, mesh.f2t[1] == -1])
    free = np.flatnonzero(~np.isin(mesh.facets, outer).any(axis=0))
    wrong = problem(named(mesh, slit=free[:1]), split=["slit"])
    assert wrong.key == "interface.slit"
    assert "cut open" in wrong.rule
    assert "refine" in wrong.hint
    if mesh.dim() == 2:
        device = named_to_device(named(mesh, slit=free[:1]), split=["slit"], refine=1)
        assert device.interfaces["slit"].split


def test_an_edge_inside_a_cut_with_both_ends_on_its_rim_is_found():
    # a fan of three triangles in 3D: every vertex is on the rim of the cut but the one on the outer boundary
    mesh = skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 5)] * 3)
    plane = np.flatnonzero(np.isclose(mesh.p[2, mesh.facets], 0.5).all(axis=0))
    middle = mesh.p[:, mesh.facets[:, plane]].mean(axis=1)
    narrow = plane[(abs(middle[0] - 0.5) < 0.25) & (middle[1] > 0.25) & (middle[1] < 0.5)]
    assert cut_open(mesh, narrow).closed.size == narrow.size
    wide = plane[(abs(middle[0] - 0.5) < 0.25) & (middle[1] > 0.25) & (middle[1] < 0.75)]
    opened = cut_open(mesh, wide)
    assert opened.mesh.nvertices == mesh.nvertices + 1


@pytest.mark.parametrize(
    ("split", "received", "hint"),
    [("SF_", "SF_", "did you mean 'SFN'?"), ("left", "an outer boundary", "terminal.left.contact")],
)
def test_only_interfaces_can_be_cut(split, received, hint):
    line = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
    wrong = problem(named(line, left=np.array([0]), SFN=np.array([1])), split=[split])
    assert wrong.key == f"interface.{split}"
    assert wrong.received == received
    assert hint in wrong.hint


def test_a_facet_cannot_belong_to_two_barriers():
    line = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
    wrong = problem(named(line, a=np.array([1]), b=np.array([1])), split=["a", "b"])
    assert (wrong.key, wrong.received) == ("interface.b", "some that are in a too")


def test_an_uncut_name_of_a_cut_facet_follows_side_one():
    line = skfem.MeshLine(np.array([0.0, 1.0, 2.0]))
    device = named_to_device(named(line, a=np.array([1]), b=np.array([1])), split=["a"])
    np.testing.assert_array_equal(device.interfaces["a"].facets, device.interfaces["b"].facets)
    assert not device.interfaces["b"].split
