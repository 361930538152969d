"""Uniform refinement: names, measures and geometry stay."""

from pathlib import Path

import numpy as np
import pytest
import skfem

from usadel_fem.errors import CaseError
from usadel_fem.fem.mesh import element_measures, facet_measures, load_mesh, named_to_device, summary
from usadel_fem.fem.mesh_check import check_mesh, edge_lengths, jacobians
from usadel_fem.fem.mesh_named import NamedMesh, is_curved, simplex_mesh
from usadel_fem.fem.mesh_refine import refine
from usadel_fem.fem.shapes import build_shape

MESHES = Path(__file__).parents[3] / "meshes"
LAYERS = [{"region": "S", "length": 1.3, "elements": 2}, {"region": "F", "length": 0.7, "elements": 1}]
STRAIGHT = {
    "1D": {"shape": "layers", "layers": LAYERS},
    "2D": {"shape": "layers", "layers": LAYERS, "width": 0.9, "resolution": 0.4, "distortion": 0.9},
    "3D": {
        "shape": "layers",
        "layers": LAYERS,
        "width": 0.9,
        "depth": 0.5,
        "resolution": 0.4,
        "distortion": 0.9,
    },
}


@pytest.mark.parametrize("keys", STRAIGHT.values(), ids=STRAIGHT)
@pytest.mark.parametrize("times", [1, 2])
def test_names_keep_their_measure(keys, times):
    coarse, fine = summary(build_shape(keys)), summary(build_shape(keys, refine=times))
    dim = coarse["dimension"]
    assert fine["elements"] == 2 ** (dim * times) * coarse["elements"]
    for kind, count, growth in (("regions", "elements", dim), ("boundaries", "facets", dim - 1)):
        assert fine[kind].keys() == coarse[kind].keys()
        for name, part in coarse[kind].items():
            assert fine[kind][name][count] == 2 ** (growth * times) * part[count]
            assert fine[kind][name]["measure"] == pytest.approx(part["measure"], rel=1e-12)
    assert fine["interfaces"]["S|F"]["measure"] == pytest.approx(coarse["interfaces"]["S|F"]["measure"])


@pytest.mark.parametrize("kind", [skfem.MeshLine1, skfem.MeshTri1, skfem.MeshTet1])
def test_the_nodes_are_those_of_scikit_fem(kind):
    mesh = kind().refined(1)
    ours = refine(NamedMesh(mesh, {"N": np.arange(mesh.nelements)}, {})).mesh
    theirs = mesh.refined(1)
    assert (ours.nvertices, ours.nelements, ours.nfacets) == (
        theirs.nvertices,
        theirs.nelements,
        theirs.nfacets,
    )
    np.testing.assert_allclose(*(m.p[:, np.lexsort(m.p.round(9))] for m in (ours, theirs)), atol=1e-15)


def test_tetrahedra_stay_regular():
    mesh = skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 3)] * 3)
    quality = []
    for _ in range(3):
        quality.append((np.abs(jacobians(mesh)[:, 0]) / edge_lengths(mesh).max(axis=0) ** 3).min())
        mesh = refine(NamedMesh(mesh, {}, {})).mesh
    np.testing.assert_allclose(quality, quality[0], rtol=1e-12)


@pytest.mark.parametrize("name", ["sfn_trilayer_coarse", "disk"])
def test_a_curved_mesh_keeps_its_geometry(name):
    coarse, fine = (load_mesh(MESHES / f"{name}.msh", refine=n) for n in (0, 1))
    assert fine.curved
    for region, elements in coarse.regions.items():
        np.testing.assert_allclose(
            element_measures(fine.mesh)[fine.regions[region]].reshape(-1, 4).sum(axis=1),
            element_measures(coarse.mesh)[elements],
            rtol=1e-12,
        )
    for boundary, facets in coarse.boundaries.items():
        length = [
            facet_measures(d.mesh, f).sum() for d, f in ((coarse, facets), (fine, fine.boundaries[boundary]))
        ]
        np.testing.assert_allclose(*length, rtol=1e-6)


def bent_tetrahedra() -> NamedMesh:
    """A small cube of tetrahedra with every edge bent by one smooth map."""
    mesh = skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 3)] * 3)
    quadratic = skfem.MeshTet2.from_mesh(mesh)

    def bend(x):
        return x + 0.1 * np.sin(2 * x[[1, 2, 0]])

    middles = bend(quadratic.doflocs)[:, quadratic.dofs.element_dofs[4:]]
    curved = simplex_mesh(bend(mesh.p), mesh.t, middles)
    floor = np.flatnonzero(np.isclose(mesh.p[2, mesh.facets], 0).all(axis=0))
    return NamedMesh(curved, {"N": np.arange(mesh.nelements)}, {"floor": floor})


def test_curved_tetrahedra_keep_their_volume():
    coarse = bent_tetrahedra()
    fine = refine(coarse)
    assert is_curved(fine.mesh)
    assert check_mesh(fine, "mesh.file") == []
    parents = skfem.CellBasis(coarse.mesh, skfem.ElementTetP1(), intorder=6).dx.sum(axis=1)
    children = (
        skfem.CellBasis(fine.mesh, skfem.ElementTetP1(), intorder=6).dx.sum(axis=1).reshape(-1, 8).sum(axis=1)
    )
    np.testing.assert_allclose(children, parents, rtol=1e-12)
    assert fine.facets["floor"].size == 4 * coarse.facets["floor"].size
    area = [facet_measures(m.mesh, m.facets["floor"]).sum() for m in (coarse, fine)]
    np.testing.assert_allclose(*area, rtol=1e-6)


def test_curved_tetrahedra_can_be_cut():
    bent = bent_tetrahedra()
    mesh = bent.mesh
    straight = skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 3)] * 3)
    middle = np.flatnonzero(np.isclose(straight.p[0, straight.facets], 0.5).all(axis=0))
    device = named_to_device(NamedMesh(mesh, bent.regions, {"cut": middle}), split=["cut"], refine=1)
    cut = device.interfaces["cut"]
    one, two = (
        skfem.FacetBasis(device.mesh, skfem.ElementTetP2(), facets=f) for f in (cut.facets, cut.partners)
    )
    np.testing.assert_allclose(*(np.asarray(side.global_coordinates()) for side in (one, two)), atol=1e-14)
    np.testing.assert_allclose(element_measures(device.mesh).sum(), element_measures(mesh).sum(), rtol=1e-12)


@pytest.mark.parametrize(("times", "rule"), [(-1, "must be >= 0"), (40, "must be <= ")])
def test_bad_numbers_of_refinements(times, rule):
    with pytest.raises(CaseError) as caught:
        build_shape(STRAIGHT["2D"], refine=times)
    (problem,) = caught.value.problems
    assert problem.key == "mesh.refine"
    assert problem.rule.startswith(rule)
