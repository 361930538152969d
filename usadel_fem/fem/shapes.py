"""Built-in shapes: plain sizes and names in, a named mesh out."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from usadel_fem.errors import CaseError, Problem, did_you_mean, show
from usadel_fem.fem.mesh import DeviceMesh, named_to_device
from usadel_fem.fem.mesh_check import check_mesh
from usadel_fem.fem.mesh_named import NamedMesh, Real
from usadel_fem.fem.shape_grid import Grid, Mask, graded, grid_mesh
from usadel_fem.fem.shape_round import annulus_mesh, disk_mesh

__all__ = ["build_shape"]

Fields = Mapping[str, Any]
MOST_CELLS = 2_000_000
SIDES = [("left", "right"), ("bottom", "top"), ("front", "back")]


def build_shape(
    shape: object,
    *,
    axes: Sequence[int] | None = None,
    split: Collection[str] = (),
    refine: int = 0,
) -> DeviceMesh:
    """Mesh a built-in shape.

    Args:
        shape: its keys as a mapping or as an object with these attributes; the models of
            `usadel_fem.case.shapes` document them.
        axes: physical axis of every mesh coordinate; None for the first ones.
        split: interfaces whose two sides get separate nodes.
        refine: how often every edge is halved; round shapes are meshed anew, on the true circles.

    Returns:
        The mesh, coordinates in the units of the sizes.

    Raises:
        CaseError: keys `mesh.…` or `interface.NAME`.

    Example:
        >>> strip = build_shape({"shape": "rectangle", "length": 2.0, "width": 1.0, "resolution": 0.5})
        >>> strip.mesh.nelements, sorted(strip.boundaries)
        (16, ['bottom', 'left', 'right', 'top'])
    """
    fields = _fields(shape)
    kind = fields.pop("shape", "")
    if kind not in BUILDERS:
        hint = did_you_mean(str(kind), BUILDERS) or f"there are {', '.join(BUILDERS)}"
        raise CaseError([Problem("mesh.shape", "must be a built-in shape", show(kind), hint)])
    if refine and kind in ROUND:
        fields["level"] = refine
        refine = 0
    named = BUILDERS[kind](**fields)
    problems = check_mesh(named, "mesh.shape")
    if problems:
        raise CaseError(problems)
    return named_to_device(named, axes=() if axes is None else axes, split=split, refine=refine)


def layers(
    *,
    layers: Sequence[object],
    width: float | None = None,
    depth: float | None = None,
    resolution: float | None = None,
    grading: float = 1.0,
    distortion: float = 0.0,
    origin: Sequence[float] | None = None,
) -> NamedMesh:
    """Layers stacked along the first coordinate: a wire, a strip of some width, or a bar of some depth."""
    stack = [{**LAYER, **{k: v for k, v in _fields(layer).items() if v is not None}} for layer in layers]
    ticks: list[Real] = []
    faces, place = [0], 0.0
    for number, layer in enumerate(stack):
        elements = _elements(
            layer["length"], layer["elements"], layer["resolution"] or resolution, f"mesh.layers[{number}]"
        )
        ticks.append(graded(place, place + layer["length"], elements, layer["grading"] or grading))
        place += layer["length"]
        faces.append(faces[-1] + elements)
    along = np.concatenate([np.array([0.0]), *(part[1:] for part in ticks)])
    finest = resolution or min(
        float(layer["length"]) / len(part[1:]) for layer, part in zip(stack, ticks, strict=True)
    )
    across = [_uniform(size, finest) for size in _transverse(width, depth)]
    shape = (len(along) - 1, *(len(side) - 1 for side in across))
    _check_cells(math.prod(shape))
    regions: dict[str, Mask] = {}
    for layer, first, last in zip(stack, faces[:-1], faces[1:], strict=True):
        regions.setdefault(layer["region"], np.zeros(shape, dtype=bool))[first:last] = True
    grid = Grid(
        ticks=(along, *across),
        regions=regions,
        boundaries=_sides(shape),
        interfaces=_layer_interfaces(stack, faces),
        straight=(np.array(faces), *(np.zeros(0, dtype=np.int64) for _ in across)),
    )
    slant = _slants(stack, width)
    shift = _origin(origin, len(shape))

    def move(points: Real) -> Real:
        moved = points.copy()
        if width is not None:
            moved[0] += np.interp(points[0], along[faces], slant) * (points[1] / width - 0.5)
        return np.asarray(moved + shift[:, None])

    return grid_mesh(grid, distortion=distortion, move=move)


LAYER: Fields = {"elements": None, "resolution": None, "grading": None, "slant": 0.0, "interface": None}


def _layer_interfaces(stack: list[dict[str, Any]], faces: list[int]) -> dict[str, list[tuple[int, int]]]:
    """Interfaces by the name the user gave, else "<left region>|<right region>" between different regions."""
    interfaces: dict[str, list[tuple[int, int]]] = {}
    for number, layer in enumerate(stack):
        if layer["interface"] in sum(SIDES, ()):
            rule = "must not be the name of an outer boundary"
            raise CaseError([Problem(f"mesh.layers[{number}].interface", rule, show(layer["interface"]))])
    for left, right, face in zip(stack[:-1], stack[1:], faces[1:-1], strict=True):
        name = left["interface"]
        if name is None and left["region"] != right["region"]:
            name = f"{left['region']}|{right['region']}"
        if name is not None:
            interfaces.setdefault(name, []).append((0, face))
    return interfaces


def _slants(stack: list[dict[str, Any]], width: float | None) -> Real:
    """Shift of the top of every face against its bottom; the two ends of the stack are upright."""
    slant = np.array([0.0, *(layer["slant"] for layer in stack)])
    problems = []
    if slant[-1]:
        problems.append(
            Problem(f"mesh.layers[{len(stack) - 1}].slant", "must be 0 in the last layer", show(slant[-1]))
        )
    if width is None and slant.any():
        problems.append(
            Problem("mesh.layers.slant", "must be 0 without a width", "a slanted layer of a wire")
        )
    for number, layer in enumerate(stack):
        change = abs(slant[number + 1] - slant[number]) / 2
        if change >= layer["length"]:
            rule = f"must leave some of the layer's length {layer['length']:g} at top and bottom"
            problems.append(Problem(f"mesh.layers[{number}].slant", rule, show(layer["slant"])))
    if problems:
        raise CaseError(problems)
    return slant


def wire(
    *,
    length: float,
    region: str = "wire",
    elements: int | None = None,
    resolution: float | None = None,
    grading: float = 1.0,
    distortion: float = 0.0,
    origin: Sequence[float] | None = None,
) -> NamedMesh:
    """One line: boundaries left and right."""
    count = _elements(length, elements, resolution, "mesh")
    layer = {"region": region, "length": length, "elements": count, "grading": grading}
    return layers(layers=[layer], distortion=distortion, origin=origin)


def rectangle(*, length: float, width: float, region: str = "rectangle", **options: Any) -> NamedMesh:
    """Boundaries left, right, bottom, top."""
    return _block((length, width), region, **options)


def box(*, length: float, width: float, depth: float, region: str = "box", **options: Any) -> NamedMesh:
    """Boundaries left, right, bottom, top, front, back."""
    return _block((length, width, depth), region, **options)


def _block(
    sizes: tuple[float, ...],
    region: str,
    elements: Sequence[int] | None = None,
    resolution: float | None = None,
    grading: float = 1.0,
    distortion: float = 0.0,
    origin: Sequence[float] | None = None,
) -> NamedMesh:
    counts: Sequence[int | None] = elements or [None] * len(sizes)
    numbers = [_elements(size, n, resolution, "mesh") for size, n in zip(sizes, counts, strict=True)]
    _check_cells(math.prod(numbers))
    ticks = tuple(graded(0.0, size, n, grading) for size, n in zip(sizes, numbers, strict=True))
    grid = Grid(ticks, {region: np.ones(numbers, dtype=bool)}, _sides(tuple(numbers)))
    shift = _origin(origin, len(sizes))
    return grid_mesh(grid, distortion=distortion, move=lambda points: np.asarray(points + shift[:, None]))


def cross(
    *,
    width: float,
    arm: float,
    depth: float | None = None,
    resolution: float,
    centre: str = "centre",
    west: str = "west",
    east: str = "east",
    south: str = "south",
    north: str = "north",
    distortion: float = 0.0,
) -> NamedMesh:
    """A square of side `width` around the origin with four arms, in 2D or with a depth in 3D."""
    inner, outer = _elements(width, None, resolution, "mesh"), _elements(arm, None, resolution, "mesh")
    half = width / 2
    side = [np.linspace(-half - arm, -half, outer + 1)[:-1], np.linspace(-half, half, inner + 1)]
    ticks = np.concatenate([*side, np.linspace(half, half + arm, outer + 1)[1:]])
    blocks = np.array([0, outer, outer + inner, 2 * outer + inner])
    across = [_uniform(depth, resolution)] if depth is not None else []
    shape = (ticks.size - 1, ticks.size - 1, *(len(part) - 1 for part in across))
    first, second, third = (slice(a, b) for a, b in pairwise(blocks))
    places = [(centre, second, second), (west, first, second), (east, third, second)]
    places += [(south, second, first), (north, second, third)]
    _check_cells(math.prod(shape))
    regions: dict[str, Mask] = {}
    for name, x, y in places:
        regions.setdefault(name, np.zeros(shape, dtype=bool))[x, y] = True
    end = ticks.size - 1
    boundaries = {"west": (0, 0), "east": (0, end), "south": (1, 0), "north": (1, end)}
    if across:
        boundaries |= {"front": (2, 0), "back": (2, shape[2])}
    planes = [(0, outer), (0, outer + inner), (1, outer), (1, outer + inner)]
    interfaces: dict[str, list[tuple[int, int]]] = {}
    for name, plane in zip((west, east, south, north), planes, strict=True):
        if name != centre:
            interfaces.setdefault(f"{centre}|{name}", []).append(plane)
    empty = [np.zeros(0, dtype=np.int64) for _ in across]
    grid = Grid((ticks, ticks, *across), regions, boundaries, interfaces, (blocks, blocks, *empty))
    return grid_mesh(grid, distortion=distortion)


def disk(
    *,
    radius: float,
    resolution: float,
    region: str = "disk",
    core: float | None = None,
    core_region: str = "core",
    level: int = 0,
) -> NamedMesh:
    """A disk around the origin with circular edges: boundary rim."""
    if core is not None and core >= radius:
        raise CaseError([Problem("mesh.core", f"must be < {radius:g}, the radius", show(core))])
    inner = 2**level * _elements(core, None, resolution, "mesh") if core else 0
    outer = 2**level * _elements(radius - (core or 0.0), None, resolution, "mesh")
    _check_cells(3 * (inner + outer) ** 2)
    radii = np.concatenate(
        [np.linspace(0, core or 0.0, inner + 1)[1:], np.linspace(core or 0.0, radius, outer + 1)[1:]]
    )
    return disk_mesh(radii, inner, region, core_region)


def annulus(
    *, inner: float, outer: float, resolution: float, region: str = "annulus", level: int = 0
) -> NamedMesh:
    """A ring around the origin with circular edges: boundaries inner and outer."""
    if inner >= outer:
        raise CaseError([Problem("mesh.inner", f"must be < {outer:g}, the outer radius", show(inner))])
    rows = _elements(outer - inner, None, resolution, "mesh")
    step = min(resolution, 2 * (outer - inner) / rows)
    around = max(8, _elements(np.pi * (inner + outer), None, step, "mesh"))
    _check_cells(4**level * rows * around)
    return annulus_mesh(np.linspace(inner, outer, 2**level * rows + 1), 2**level * around, region)


BUILDERS: dict[str, Callable[..., NamedMesh]] = {
    "layers": layers,
    "wire": wire,
    "rectangle": rectangle,
    "box": box,
    "cross": cross,
    "disk": disk,
    "annulus": annulus,
}
ROUND = {"disk", "annulus"}


def _fields(model: object) -> dict[str, Any]:
    """Keys and values of a mapping, or the attributes of an object."""
    return dict(model) if isinstance(model, Mapping) else dict(vars(model))


def _elements(length: float, elements: int | None, resolution: float | None, key: str) -> int:
    """Number of elements along a length."""
    if elements is not None:
        return elements
    if resolution is None:
        raise CaseError([Problem(f"{key}.resolution", "is required, or a number of elements", "neither")])
    number = np.ceil(length / resolution - 1e-9)
    if not number <= MOST_CELLS:
        raise _too_fine(number)
    return max(1, int(number))


def _too_fine(cells: float) -> CaseError:
    rule = f"must give at most {MOST_CELLS:,} grid cells"
    return CaseError(
        [Problem("mesh.resolution", rule, f"{cells:.3g}", "a larger resolution means fewer elements")]
    )


def _check_cells(cells: int) -> None:
    if cells > MOST_CELLS:
        raise _too_fine(cells)


def _uniform(length: float, resolution: float) -> Real:
    return np.linspace(0.0, length, _elements(length, None, resolution, "mesh") + 1)


def _transverse(width: float | None, depth: float | None) -> list[float]:
    if width is None and depth is not None:
        raise CaseError([Problem("mesh.depth", "needs a width too", show(depth))])
    return [size for size in (width, depth) if size is not None]


def _origin(origin: Sequence[float] | None, dim: int) -> Real:
    """Position of the lower corner."""
    if origin is None:
        return np.zeros(dim)
    if len(origin) != dim:
        raise CaseError([Problem("mesh.origin", f"must have {dim} components", show(list(origin)))])
    return np.asarray(origin, dtype=np.float64)


def _sides(shape: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    """The outer planes of a block: names of `SIDES`."""
    return {SIDES[axis][end]: (axis, end * count) for axis, count in enumerate(shape) for end in (0, 1)}
