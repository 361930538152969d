"""Built-in shapes: exact measures, names, irregular grids, true circles."""

import numpy as np
import pytest
import skfem

from usadel_fem.case.shapes import Annulus, Box, Cross, Disk, Layer, Layers, Rectangle, Wire
from usadel_fem.errors import CaseError
from usadel_fem.fem.mesh import summary
from usadel_fem.fem.mesh_check import edge_lengths, jacobians
from usadel_fem.fem.shape_grid import graded
from usadel_fem.fem.shapes import build_shape

STACK = [
    {"region": "S", "length": 1.3, "resolution": 0.2, "slant": 0.4},
    {"region": "F", "length": 0.7, "resolution": 0.1, "slant": -0.3, "interface": "barrier"},
    {"region": "N", "length": 1.1, "elements": 5},
]


def measures(keys, kind, **options):
    return {name: part["measure"] for name, part in summary(build_shape(keys, **options))[kind].items()}


@pytest.mark.parametrize("distortion", [0.0, 0.95])
@pytest.mark.parametrize("grading", [1.0, 3.0])
@pytest.mark.parametrize(
    ("sizes", "across", "slanted"),
    [({}, 1.0, []), ({"width": 0.83}, 0.83, [0.4, 0.3]), ({"width": 0.83, "depth": 0.6}, 0.498, [0.4, 0.3])],
    ids=["1D", "2D", "3D"],
)
def test_layers(sizes, across, slanted, grading, distortion):
    stack = STACK if slanted else [{**layer, "slant": 0.0} for layer in STACK]
    keys = {
        "shape": "layers",
        "layers": stack,
        "resolution": 0.3,
        "grading": grading,
        "distortion": distortion,
    }
    keys |= sizes
    assert measures(keys, "regions") == pytest.approx(
        {"S": 1.3 * across, "F": 0.7 * across, "N": 1.1 * across}
    )
    tilt = [np.hypot(1, s / 0.83) for s in slanted] or [1, 1]
    assert measures(keys, "interfaces") == pytest.approx(
        {"S|F": across * tilt[0], "barrier": across * tilt[1]}
    )
    ends = measures(keys, "boundaries")
    assert (ends["left"], ends["right"]) == pytest.approx((across, across))
    assert list(ends) == ["left", "right", "bottom", "top", "front", "back"][: 2 + 2 * len(sizes)]
    if len(sizes) == 2:
        assert ends["front"] == pytest.approx(3.1 * 0.83)


def test_layers_start_at_the_origin_given():
    keys = {"shape": "layers", "layers": STACK, "width": 2.0, "resolution": 0.5, "origin": [-1.5, 0.25]}
    points = build_shape(keys).mesh.p
    np.testing.assert_allclose([points.min(axis=1), points.max(axis=1)], [[-1.5, 0.25], [1.6, 2.25]])


def test_layers_of_one_region_and_one_pair_of_names():
    sns = [{"region": region, "length": 1.3, "elements": 3} for region in "SNSN"]
    keys = {"shape": "layers", "layers": sns, "width": 0.7, "resolution": 0.35}
    assert measures(keys, "regions") == pytest.approx({"S": 1.82, "N": 1.82})
    assert measures(keys, "interfaces") == pytest.approx({"S|N": 1.4, "N|S": 0.7})
    nn = {"shape": "layers", "layers": [{"region": "N", "length": 1.3, "elements": 3}] * 2}
    assert measures(nn, "interfaces") == {}
    nn["layers"] = [{**nn["layers"][0], "interface": "tunnel"}, nn["layers"][1]]
    assert measures(nn, "interfaces", split=["tunnel"]) == {"tunnel": 1.0}


def test_grading_refines_towards_faces():
    steps = np.diff(graded(-1.0, 2.0, 60, 4.0))
    assert steps.max() / steps[[0, -1]].max() == pytest.approx(4.0, rel=0.01)
    assert steps[29] == pytest.approx(steps.max(), rel=1e-2)
    np.testing.assert_allclose(steps, steps[::-1])
    device = build_shape({"shape": "wire", "length": 1.7, "elements": 40, "grading": 5.0})
    assert np.ptp(np.log(edge_lengths(device.mesh))) == pytest.approx(np.log(5), rel=0.02)


@pytest.mark.parametrize(
    "keys",
    [
        {"shape": "rectangle", "length": 2.3, "width": 1.1, "resolution": 0.2},
        {"shape": "box", "length": 1.3, "width": 1.1, "depth": 0.9, "elements": [5, 4, 3]},
        {"shape": "cross", "width": 0.9, "arm": 1.4, "resolution": 0.3},
    ],
    ids=lambda keys: keys["shape"],
)
def test_distortion_makes_irregular_elements_of_the_same_orientation(keys):
    regular, irregular = (build_shape({**keys, "distortion": d}).mesh for d in (0.0, 0.99))
    np.testing.assert_array_equal(build_shape({**keys, "distortion": 0.99}).mesh.p, irregular.p)
    assert regular.nvertices == irregular.nvertices
    assert (
        np.abs(jacobians(regular)).std() < 1e-12 * np.abs(jacobians(regular)).max()
        or keys["shape"] == "cross"
    )
    assert np.unique(np.abs(jacobians(irregular)).round(9)).size > 0.9 * irregular.nelements
    assert np.abs(jacobians(irregular)).min() > 0.005 * np.abs(jacobians(regular)).min()
    assert np.abs(jacobians(irregular)).sum() == pytest.approx(np.abs(jacobians(regular)).sum())


def test_a_regular_grid_is_its_own_mirror_image():
    mesh = build_shape({"shape": "rectangle", "length": 2.0, "width": 1.0, "elements": [4, 2]}).mesh

    def edges(points):
        ends = (
            np.sort(points.T @ [1000, 1])[mesh.facets] if points is None else points[:, mesh.facets].round(9)
        )
        return {frozenset(map(tuple, ends[:, :, k].T.tolist())) for k in range(mesh.nfacets)}

    assert edges(mesh.p) == edges(np.array([[2.0], [0.0]]) + np.array([[-1.0], [1.0]]) * mesh.p)


@pytest.mark.parametrize(("depth", "across"), [(None, 1.0), (0.5, 0.5)], ids=["2D", "3D"])
def test_cross(depth, across):
    keys = {
        "shape": "cross",
        "width": 0.8,
        "arm": 1.2,
        "resolution": 0.4,
        "distortion": 0.9,
        "north": "south",
    }
    keys |= {"depth": depth} if depth else {}
    arm = 0.96 * across
    expected = {"centre": 0.64 * across, "west": arm, "east": arm, "south": 2 * arm}
    assert measures(keys, "regions") == pytest.approx(expected)
    ends = dict.fromkeys(("west", "east", "south", "north"), 0.8 * across)
    ends |= {"front": 4.48, "back": 4.48} if depth else {}
    assert measures(keys, "boundaries") == pytest.approx(ends)
    inner = {"centre|west": 0.8 * across, "centre|east": 0.8 * across, "centre|south": 1.6 * across}
    assert measures(keys, "interfaces") == pytest.approx(inner)
    four = build_shape(keys, split=["centre|south"])
    assert four.interfaces["centre|south"].split
    np.testing.assert_allclose(four.mesh.p[:2].min(axis=1), [-1.6, -1.6])


def rate(error):
    """Observed order from three meshes, each of half the size."""
    return np.log2(error[0] / error[1]), np.log2(error[1] / error[2])


def test_measures_of_a_disk_converge_with_the_fourth_power():
    keys = {"shape": "disk", "radius": 1.7, "core": 0.6, "resolution": 0.3}
    core, ring, rim = [], [], []
    for times in range(3):
        numbers = summary(build_shape(keys, refine=times))
        core.append(abs(numbers["regions"]["core"]["measure"] - np.pi * 0.36))
        ring.append(abs(numbers["regions"]["disk"]["measure"] - np.pi * (1.7**2 - 0.36)))
        rim.append(abs(numbers["boundaries"]["rim"]["measure"] - 2 * np.pi * 1.7))
    for error in (core, ring, rim):
        assert min(rate(error)) > 3.9
        assert error[0] < 1e-3


def test_measures_of_an_annulus():
    numbers = summary(build_shape({"shape": "annulus", "inner": 0.7, "outer": 1.9, "resolution": 0.2}))
    assert numbers["curved"]
    assert numbers["regions"]["annulus"]["measure"] == pytest.approx(np.pi * (1.9**2 - 0.7**2), rel=1e-5)
    assert numbers["boundaries"]["inner"]["measure"] == pytest.approx(2 * np.pi * 0.7, rel=1e-5)
    assert numbers["boundaries"]["outer"]["measure"] == pytest.approx(2 * np.pi * 1.9, rel=1e-5)


def test_a_thin_annulus_does_not_fold():
    keys = {"shape": "annulus", "inner": 1.0, "outer": 1.02, "resolution": 0.5}
    assert summary(build_shape(keys))["regions"]["annulus"]["measure"] == pytest.approx(
        np.pi * 0.0404, rel=1e-5
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"shape": "disk", "radius": 1.3, "resolution": 0.25},
        {"shape": "disk", "radius": 1.3, "core": 0.5, "resolution": 0.25},
        {"shape": "annulus", "inner": 0.5, "outer": 1.3, "resolution": 0.25},
    ],
    ids=["disk", "core", "annulus"],
)
def test_quadratic_elements_keep_their_order_on_round_meshes(keys):
    laplace = skfem.BilinearForm(lambda u, v, w: u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1])

    def exact(x):
        return np.exp(x[0]) * np.sin(x[1]) + np.cos(x[0] * x[0] + x[1] * x[1])

    def source(x):  # −Δ of it
        square = x[0] * x[0] + x[1] * x[1]
        return 4 * np.sin(square) + 4 * square * np.cos(square)

    error = []
    for times in range(3):
        mesh = build_shape(keys, refine=times).mesh
        basis = skfem.CellBasis(mesh, skfem.ElementTriP2(), intorder=6)
        load = skfem.LinearForm(lambda v, w: source(w.x) * v).assemble(basis)
        boundary = basis.get_dofs(mesh.boundary_facets())
        start = exact(basis.doflocs)
        solved = skfem.solve(*skfem.condense(laplace.assemble(basis), load, x=start, D=boundary))
        square = skfem.Functional(lambda w: (w["u"] - exact(w.x)) ** 2)
        error.append(np.sqrt(square.assemble(basis, u=basis.interpolate(solved))))
    assert min(rate(error)) > 2.8


MODELS = [
    Layers(shape="layers", layers=STACK, width=1.0, resolution=0.5),
    Wire(shape="wire", length=1.3, elements=7),
    Rectangle(shape="rectangle", length=1.3, width=0.7, resolution=0.5),
    Box(shape="box", length=1.3, width=0.7, depth=0.6, elements=[2, 1, 1]),
    Cross(shape="cross", width=0.5, arm=0.7, resolution=0.5),
    Disk(shape="disk", radius=1.3, resolution=0.5),
    Annulus(shape="annulus", inner=0.5, outer=1.3, resolution=0.5),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.shape)
def test_models_and_plain_keys_give_the_same_mesh(model):
    given = model.model_dump(exclude_unset=True)
    one, two = build_shape(model), build_shape(given)
    np.testing.assert_array_equal(one.mesh.p, two.mesh.p)
    assert list(one.regions) == list(two.regions)
    assert sum(elements.size for elements in one.regions.values()) == one.mesh.nelements


def test_axes_and_refinement():
    model = Rectangle(shape="rectangle", length=1.3, width=0.7, elements=(2, 1))
    device = build_shape(model, axes=(2, 0), refine=1)
    assert device.axes == (2, 0)
    assert device.mesh.nelements == 16


SLANTED = {"region": "S", "length": 0.2, "elements": 2, "slant": 0.5}
WRONG = {
    "unknown shape": ({"shape": "discs"}, "mesh.shape"),
    "no resolution": ({"shape": "rectangle", "length": 1.3, "width": 0.7}, "mesh.resolution"),
    "no resolution in a layer": (
        {"shape": "layers", "layers": [{"region": "N", "length": 1.3}]},
        "mesh.layers[0].resolution",
    ),
    "too fine": (
        {"shape": "box", "length": 1.3, "width": 0.7, "depth": 2.0, "resolution": 1e-3},
        "mesh.resolution",
    ),
    "far too fine": ({"shape": "disk", "radius": 1.3, "resolution": 1e-300}, "mesh.resolution"),
    "core outside": ({"shape": "disk", "radius": 1.3, "core": 1.3, "resolution": 0.1}, "mesh.core"),
    "inside out": ({"shape": "annulus", "inner": 1.3, "outer": 0.7, "resolution": 0.1}, "mesh.inner"),
    "depth without width": (
        {"shape": "layers", "layers": STACK, "depth": 0.7, "resolution": 0.5},
        "mesh.depth",
    ),
    "slant of the end": ({"shape": "layers", "layers": [SLANTED], "width": 0.7}, "mesh.layers[0].slant"),
    "slant of a wire": ({"shape": "layers", "layers": [STACK[0], STACK[2]]}, "mesh.layers.slant"),
    "slant too much": (
        {"shape": "layers", "layers": [SLANTED, STACK[2]], "width": 0.7},
        "mesh.layers[0].slant",
    ),
    "interface called left": (
        {"shape": "layers", "layers": [{**STACK[1], "interface": "left"}, STACK[2]], "width": 0.7},
        "mesh.layers[0].interface",
    ),
    "origin": ({"shape": "wire", "length": 1.3, "elements": 2, "origin": [0.1, 0.2]}, "mesh.origin"),
}


@pytest.mark.parametrize(("keys", "key"), WRONG.values(), ids=WRONG)
def test_sizes_that_do_not_fit(keys, key):
    with pytest.raises(CaseError) as caught:
        build_shape(keys)
    assert key in [problem.key for problem in caught.value.problems]
    assert all("\n" not in str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize("model", [*map(type, MODELS), Layer], ids=lambda model: model.__name__)
def test_every_key_is_documented(model):
    for name, field in model.model_fields.items():
        assert field.description, name
