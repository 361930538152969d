"""Pictures of devices of two dimensions."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, TriMesh
from matplotlib.quiver import Quiver

from tests.plot.reading import bars, plots
from usadel_fem import Solution


def smooth(axes: Axes) -> TriMesh:
    (image,) = [c for c in axes.collections if isinstance(c, TriMesh)]
    return image


def flat(axes: Axes) -> PolyCollection:
    """The map of cells, which lies over the ground."""
    return [c for c in axes.collections if type(c) is PolyCollection][-1]


def test_maps_say_what_the_elements_say(film: Solution) -> None:
    figure = film.plot("dos_map", energy=0.3)
    (axes,), (bar,) = plots(figure), bars(figure)
    image = smooth(axes)
    x, y = image._triangulation.x, image._triangulation.y  # type: ignore[attr-defined]
    dos = np.asarray(film.observables["dos"])[2]
    values = np.asarray(image.get_array())
    for place, value in zip(film.nodes, dos, strict=True):
        here = np.hypot(x - place[0], y - place[1]) < 1e-9
        assert here.any()
        assert np.allclose(values[here], value, atol=1e-12)
    assert len(x) == 15 * len(film.cells)  # four pieces along every edge
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$ (L₀)", "$y$ (L₀)")
    assert axes.get_aspect() == 1.0
    assert bar.get_xlabel() == "density of states ($2N_F$)"
    assert image.get_clim()[0] == 0.0
    assert figure.get_suptitle() == r"$\varepsilon$ = 0.3 E₀"


def test_signed_maps_are_symmetric_about_zero(film: Solution) -> None:
    figure = film.plot("singlet", energy=0.6)
    for axes, bar, part in zip(plots(figure), bars(figure), ("Re $f_0$", "Im $f_0$"), strict=True):
        low, high = smooth(axes).get_clim()
        values = np.asarray(film.observables["singlet"])[0]
        assert low == -high
        assert high == pytest.approx(np.abs(values.real if "Re" in part else values.imag).max())
        assert bar.get_xlabel() == part
        assert smooth(axes).get_cmap().name == "RdBu_r"


def test_phases_go_around(disk: Solution) -> None:
    modulus, phase = plots(disk.plot("delta"))
    image = flat(phase)
    assert image.get_clim() == (-np.pi, np.pi)
    assert image.get_cmap().name == "twilight"
    values, corner = np.asarray(image.get_array()), np.array([p.vertices[:3] for p in image.get_paths()])
    x, y = corner.mean(axis=1).T
    away = np.hypot(x, y) > 0.7
    turned = np.angle(np.exp(1j * (values - np.arctan2(y, x))))  # also across the cut at ±π
    assert np.abs(turned[away]).max() < 0.06
    assert smooth(modulus).get_cmap().name == "viridis"


def test_a_pair_potential_ends_with_its_region(film: Solution) -> None:
    modulus, phase = plots(film.plot("delta"))
    assert smooth(modulus)._triangulation.x.max() == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert modulus.get_xlim()[1] > 2.0
    assert flat(phase).get_clim() == (-np.pi, np.pi)


def test_streamlines_over_the_modulus(bar: Solution) -> None:
    figure = bar.plot("current")
    (axes,), (scale,) = plots(figure), bars(figure)
    cells = np.linalg.norm(np.asarray(bar.observables["charge_current"]), axis=1)
    drawn = np.asarray(flat(axes).get_array())
    assert np.allclose(drawn.reshape(len(cells), -1), cells[:, None], rtol=1e-14)
    assert scale.get_xlabel() == "$|j|$ ($N_F$ E₀² L₀)"
    lines = [c for c in axes.collections if c.get_path_effects()]
    assert len(lines) == 1
    steps = np.array([np.diff(s, axis=0)[0] for s in lines[0].get_segments() if len(s) > 1])
    assert np.all(steps[:, 0] >= 0)  # charge flows from the left
    assert np.abs(steps[:, 1]).max() < 0.05 * steps[:, 0].max()


@pytest.mark.parametrize("options", [{"component": "z"}, {}])
def test_the_spin_current_is_chosen(bar: Solution, options: dict[str, str]) -> None:
    figure = bar.plot("spin_current", **options)
    assert bars(figure)[0].get_xlabel() == r"$|j^{\,z}|$ ($N_F$ E₀² L₀)"


def test_a_component_of_a_current(bar: Solution) -> None:
    figure = bar.plot("spin_current_z", component="y")
    image = flat(plots(figure)[0])
    values = np.asarray(bar.observables["spin_current_z"])[:, 1]
    assert np.allclose(np.asarray(image.get_array()).reshape(len(values), -1), values[:, None])
    assert image.get_clim()[0] == -image.get_clim()[1]


def test_arrows_of_spins(disk: Solution) -> None:
    figure = disk.plot("texture")
    (axes,), (scale,) = plots(figure), bars(figure)
    (arrows,) = [c for c in axes.collections if isinstance(c, Quiver)]
    assert np.allclose(arrows.U, 0.3)
    assert np.allclose(arrows.V, 0.2 * arrows.X, atol=1e-12)
    assert len(arrows.X) > 100
    assert np.hypot(arrows.X, arrows.Y).max() < 1.71
    assert scale.get_ylabel() == "$h_z$ (E₀)"
    assert np.allclose(np.asarray(smooth(axes).get_array()), 0.4)
    (key,) = [a for a in axes.artists if hasattr(a, "label")]
    assert key.label == "0.2 E₀"


def test_arrows_of_a_field_that_was_solved(disk: Solution) -> None:
    (axes,) = plots(disk.plot("magnetization"))
    (arrows,) = [c for c in axes.collections if isinstance(c, Quiver)]
    spins = np.asarray(disk.observables["magnetization"])
    near = np.hypot(arrows.X, arrows.Y).argmin()
    distance = np.hypot(disk.nodes[:, 0] - arrows.X[near], disk.nodes[:, 1] - arrows.Y[near])
    assert arrows.U[near] == pytest.approx(spins[distance.argmin(), 0], abs=0.1 * np.abs(spins).max())
    assert smooth(axes).get_clim()[0] == -smooth(axes).get_clim()[1]


def test_a_spin_component_as_a_map(bar: Solution) -> None:
    figure = bar.plot("spin_density", component="z")
    image = smooth(plots(figure)[0])
    spins = np.asarray(bar.observables["spin_density"])[:, 2]
    assert np.asarray(image.get_array()).max() == pytest.approx(spins.max())
    assert bars(figure)[0].get_xlabel() == "$S_z$ ($N_F$ E₀)"


def test_torques_and_vortex_profiles(disk: Solution) -> None:
    figure = disk.plot("torque")
    assert any(isinstance(c, Quiver) for c in plots(figure)[0].collections)
    (profile,) = plots(disk.plot("vortex:1:spin_source"))
    x, y = profile.lines[0].get_data()
    values = disk.observables["vortex:1"]
    assert np.array_equal(x, np.asarray(values["radius"]))
    assert np.array_equal(y, np.asarray(values["spin_source"]))
    assert profile.get_xlabel() == "$r$ (L₀)"
    assert profile.get_ylabel().startswith("$F(r)$ of ")
    assert "E₀²" in profile.get_ylabel()


def test_a_window(disk: Solution) -> None:
    (axes,) = plots(disk.plot("texture", window=(-0.5, 0.7, -0.4, 0.6)))
    assert axes.get_xlim() == (-0.5, 0.7)
    (arrows,) = [c for c in axes.collections if isinstance(c, Quiver)]
    assert arrows.X.min() > -0.5
    assert arrows.Y.max() < 0.6


def test_regions_and_colours_are_chosen(film: Solution) -> None:
    (axes,) = plots(film.plot("dos_map", region="N", cmap="cividis"))
    image = smooth(axes)
    assert image._triangulation.x.min() == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert image.get_cmap().name == "cividis"


def test_films_have_one_scale(film: Solution) -> None:
    limits = {smooth(plots(film.plot("dos_map", step=i))[0]).get_clim() for i in range(3)}
    assert limits == {(0.0, float(np.asarray(film.observables["dos"]).max()))}
