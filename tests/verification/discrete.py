"""Random meshes, and the package's discrete equation on them with any coefficients."""

from __future__ import annotations

import numpy as np

from usadel_fem import action
from usadel_fem.fem.assemble import Surroundings, assemble
from usadel_fem.fem.shapes import build_shape
from usadel_fem.fem.space import Space
from usadel_fem.solver.newton import EnergySolver, Options

SIDES = {1: ("length",), 2: ("length", "width"), 3: ("length", "width", "depth")}
NAMES = {1: "wire", 2: "rectangle", 3: "box"}
LENGTHS = (1.0, 0.8, 0.9)


def block(cells, axes, order, distortion=0.8):
    """A line, rectangle or box with randomly moved nodes, `cells` grid cells along each side."""
    dim = len(axes)
    sizes = dict(zip(SIDES[dim], LENGTHS, strict=False))
    elements = cells if dim == 1 else [cells] * dim
    shape = {"shape": NAMES[dim], **sizes, "elements": elements, "distortion": distortion}
    return Space(build_shape(shape, axes=axes), order)


def coefficient_of(space, setting):
    """The coefficients of a setting, as functions of mesh coordinates."""
    return lambda name, x, element: setting.coefficient(name, space.physical(x))


def outer(space):
    """Every outer facet."""
    return np.unique(np.concatenate(list(space.device_mesh.boundaries.values())))


def discretise(space, setting, **around):
    """Forms and Ω_i of a setting."""
    forms = assemble(space, coefficient_of(space, setting), Surroundings(**around))
    return forms, action.source(forms, setting.energy)


def balance(forms, g, omega):
    """[ǧ_i, F_i]."""
    force = action.force(forms, g, omega, action.spin_hall_state(forms, g))
    return g @ force - force @ g


def fine(space, degree=3):
    """Evaluation at quadrature points exact well beyond the element order, and their physical places."""
    at = space.evaluation(2 * space.order + degree)
    return at, space.physical(at.position)


def loads(at, values):
    """∫φ_iX of X (Q, 4, 4) given at the points, (N, 4, 4)."""
    return (at.value.T @ (at.weight[:, None] * values.reshape(-1, 16))).reshape(-1, 4, 4)


def at_points(at, g):
    """ǧ_h at the quadrature points."""
    return (at.value @ g.reshape(-1, 16)).reshape(-1, 4, 4)


def solved(space, forms, omega, energy, start, **options):
    """ǧ_h (N, 4, 4) from a start that holds the values of the pinned nodes."""
    solver = EnergySolver(forms, space.nodes, space.dimension, Options(**{"tolerance": 1e-11, **options}))
    g, report = solver.solve(energy, omega, start)
    assert report.ok, report
    return g


def errors_of(space, g, exact):
    """Errors of ǧ_h against exact(r), where ǧ is held on the whole boundary.

    Returns:
        in L²; root mean square over inner vertices, over inner nodes; |∫φ(ǧ_h − ǧ)| for a smooth φ.
    """
    at, r = fine(space)
    inside = at_points(at, g) - exact(r)
    density = (np.abs(inside) ** 2).sum(axis=(1, 2))
    at_nodes = (np.abs(g - exact(space.nodes.T)) ** 2).sum(axis=(1, 2))
    smooth = np.cos(r.sum(axis=0))
    mean = np.einsum("q,q,qab->ab", at.weight, smooth, inside)
    free = np.setdiff1d(np.arange(space.size), space.facet_nodes(outer(space)))
    vertices = free[free < space.device_mesh.mesh.nvertices]
    return [
        np.sqrt(at.weight @ density),
        np.sqrt(at_nodes[vertices].mean()),
        np.sqrt(at_nodes[free].mean()),
        np.linalg.norm(mean),
    ]


def rate(cells, errors):
    """Slope of log error against log h by least squares, h ∝ 1/cells."""
    assert np.all(np.diff(errors) < 0), errors
    return -np.polyfit(np.log(cells), np.log(errors), 1)[0]
