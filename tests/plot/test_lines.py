"""Pictures with lines and with position against energy or time."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from tests.plot.reading import bars, curve, plots
from usadel_fem import Solution
from usadel_fem.errors import CaseError
from usadel_fem.plot import sampling, style

PS = 658.2119569  # ħ/µeV, CODATA


def at(places: np.ndarray, wanted: float) -> int:
    return int(np.argmin(np.abs(np.nan_to_num(places, nan=np.inf) - wanted)))


def test_density_of_states(wire: Solution) -> None:
    (axes,) = plots(wire.plot("dos"))
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$\varepsilon$ (meV)", "density of states ($2N_F$)")
    order = np.argsort(wire.energies.real)
    x, y = curve(axes, "at end")
    assert np.array_equal(x, wire.energies.real[order])
    assert np.allclose(y, np.asarray(wire.observables["probe:end"]["dos"])[order, 0], rtol=1e-14)
    dos = np.asarray(wire.observables["dos"])
    rising = np.argsort(wire.nodes[:, 0])
    simpson = dos[:, rising[8:15]] @ np.array([1, 4, 2, 4, 2, 4, 1]) / 18  # three elements of F
    assert np.allclose(curve(axes, "F")[1], simpson[order], rtol=1e-12)
    (mark,) = [line for line in axes.lines if "Delta" in str(line.get_label())]
    assert set(mark.get_xdata()) == {0.7}
    assert mark.get_label() == r"$|\Delta|$ of left"


def test_spin_resolved_density_of_states(wire: Solution) -> None:
    (axes,) = plots(wire.plot("dos_spin", region="F"))
    order = np.argsort(wire.energies.real)
    kept = wire.cell_region == wire.region_names.index("F")
    for name, label in (("dos_up", "F ↑"), ("dos_down", "F ↓")):
        mean = sampling.mean(wire.mesh, np.asarray(wire.observables[name]), kept)
        assert np.allclose(curve(axes, label)[1], mean[order], rtol=1e-14)
    assert axes.get_ylabel() == "density of states per spin ($N_F$)"


@pytest.mark.parametrize(("name", "pick"), [("dos_map", np.real), ("singlet", np.imag)])
def test_position_against_energy(wire: Solution, name: str, pick: Callable[..., np.ndarray]) -> None:
    figure = wire.plot(name, component="" if name == "dos_map" else "im")
    (axes,), (bar,) = plots(figure), bars(figure)
    (image,) = [c for c in axes.collections if isinstance(c, QuadMesh)]
    places = np.asarray(image.get_coordinates())
    values = np.asarray(image.get_array()).reshape(places.shape[:2])
    order = np.argsort(wire.energies.real)
    assert np.allclose(places[:, 0, 1], wire.energies.real[order])
    data = pick(np.asarray(wire.observables["dos" if name == "dos_map" else name]))[order]
    for node, x in enumerate(wire.nodes[:, 0]):
        assert np.allclose(values[:, at(places[0, :, 0], x)], data[:, node], atol=1e-12)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$ (nm)", r"$\varepsilon$ (meV)")
    assert bar.get_ylabel() == ("density of states ($2N_F$)" if name == "dos_map" else "Im $f_0$")
    low, high = image.get_clim()
    assert low == (0.0 if name == "dos_map" else -high)


def test_profiles_at_one_energy(wire: Solution) -> None:
    (axes,) = plots(wire.plot("triplet", energy=0.41))
    assert axes.get_title() == r"$\varepsilon$ = 0.4 meV"
    data = np.asarray(wire.observables["triplet"])[2]
    for axis, label in ((0, "Re $f_x$"), (2, "Im $f_z$")):
        x, y = curve(axes, label)
        part = data[:, axis].real if label.startswith("Re") else data[:, axis].imag
        for node, place in enumerate(wire.nodes[:, 0]):
            assert y[at(x, place)] == pytest.approx(part[node], abs=1e-12)
    assert not any("f_y" in str(line.get_label()) for line in axes.lines)


def test_a_region_alone(wire: Solution) -> None:
    (axes,) = plots(wire.plot("singlet", energy=0.4, component="im", region="S"))
    x = np.asarray(axes.lines[0].get_xdata())
    assert (x.min(), x.max()) == (0.0, 1.3)


def test_the_pair_potential_ends_with_its_region(wire: Solution) -> None:
    modulus, phase = plots(wire.plot("delta"))
    assert modulus.get_ylabel() == r"$|\Delta|$ (meV)"
    x, y = (np.asarray(part) for part in modulus.lines[0].get_data())
    assert x.max() == pytest.approx(1.3)
    assert np.allclose(y, 0.7)
    assert phase.get_ylim() == (-np.pi, np.pi)
    assert phase.get_ylabel() == r"$\arg\,\Delta$ (rad)"


def test_an_exchange_field_jumps(wire: Solution) -> None:
    (axes,) = plots(wire.plot("exchange", component="z"))
    x, y = curve(axes, axes.lines[0].get_label())
    inside = np.isfinite(x)
    assert set(y[inside & (x < 1.299)]) == {0.0}
    assert set(y[inside & (x > 1.301)]) == {0.5}
    assert axes.get_ylabel() == "$h_z$ (meV)"


def test_line_probes(wire: Solution) -> None:
    (axes,) = plots(wire.plot("probe:all:singlet", energy=0.3, component="im"))
    x, y = axes.lines[0].get_data()
    assert np.allclose(x, np.linspace(0.2, 2.1, 11))
    assert np.allclose(y, np.asarray(wire.observables["probe:all"]["singlet"])[6].imag)
    assert axes.get_xlabel() == "$x$ (nm)"


def test_a_slanted_probe_has_a_distance(film: Solution) -> None:
    (axes,) = plots(film.plot("probe:cut:dos", energy=0.6))
    x, y = axes.lines[0].get_data()
    assert axes.get_xlabel() == "distance (L₀)"
    assert x[-1] == pytest.approx(np.hypot(1.8, 0.4))
    assert np.allclose(y, np.asarray(film.observables["probe:cut"]["dos"])[0])


def test_currents_of_the_terminals(wire: Solution, biased: Solution) -> None:
    (axes,) = plots(wire.plot("spectral_current"))
    order = np.argsort(wire.energies.real)
    left = np.asarray(wire.observables["spectral_current"]["left"])
    assert np.array_equal(curve(axes, "left")[1], left[order])
    assert axes.get_ylabel() == "spectral current ($N_F$ meV nm)"
    charge = next(a for a in plots(biased.plot("kinetic")) if "charge" in a.get_ylabel())
    current = np.asarray(biased.observables["terminal_spectral_current"]["right"])[:, 4]
    assert np.array_equal(curve(charge, "right")[1], -current)
    assert charge.get_ylabel() == "charge $-c_4$ ($N_F$ E₀ L₀)"


def test_distributions(biased: Solution) -> None:
    figure = biased.plot("distribution")
    energy, charge = plots(figure)
    assert [bar.get_ylabel() for bar in bars(figure)] == ["$h_0$ (energy)", "$h_3$ (charge)"]
    for axes, kind in ((energy, 0), (charge, 4)):
        image = next(c for c in axes.collections if isinstance(c, QuadMesh))
        places = np.asarray(image.get_coordinates())
        values = np.asarray(image.get_array()).reshape(places.shape[:2])
        node = int(np.argmax(biased.nodes[:, 0]))
        shown = [float(v) for v in values[:, -1]]
        assert np.allclose(shown, [biased.distribution(i)[node, kind] for i in range(len(biased.energies))])
        low, high = image.get_clim()
        assert low == -high


def test_traces_in_time(pulse: Solution) -> None:
    figure = pulse.plot("traces")
    spin = next(a for a in plots(figure) if a.get_ylabel().startswith("spin in the device"))
    assert spin.get_ylabel() == "spin in the device ($N_F$ µeV µm)"
    assert spin.get_xlabel() == "$t$ (ps)"
    x, y = curve(spin, "$x$")
    assert np.allclose(x, pulse.times * PS, rtol=1e-7)
    assert np.array_equal(y, np.asarray(pulse.observables["total_spin"])[:, 0])
    current = next(a for a in plots(figure) if a.get_ylabel().startswith("current"))
    left = pulse.observables["terminal_current"]["left"]
    assert np.array_equal(curve(current, "left")[1], np.asarray(left))
    seen = next(a for a in plots(figure) if "charge density" in a.get_ylabel())
    probe = np.asarray(pulse.observables["probe:detector"]["charge_density"])[:, 0]
    assert np.array_equal(seen.lines[0].get_ydata(), probe)


def test_position_against_time(pulse: Solution) -> None:
    (axes,) = plots(pulse.plot("spin_density", component="x"))
    assert axes.get_ylabel() == "$t$ (ps)"
    (image,) = [c for c in axes.collections if isinstance(c, QuadMesh)]
    assert np.asarray(image.get_coordinates())[-1, 0, 1] == pytest.approx(90.0)
    (at_time,) = plots(pulse.plot("spin_density", component="x", time=22.0))
    assert at_time.get_title() == "$t$ = 22.5 ps"


def test_convergence(wire: Solution) -> None:
    left, right = plots(wire.plot("convergence"))
    histories = [r.residual_history for r in wire.convergence]
    drawn = [tuple(line.get_ydata()) for line in left.lines[: len(histories)]]
    assert drawn == histories
    assert (left.get_xlabel(), left.get_ylabel(), left.get_yscale()) == ("Newton steps", "residual", "log")
    assert list(curve(right, "Newton")[1]) == [r.newton_iterations for r in wire.convergence]
    assert right.get_xlabel() == r"$\varepsilon$ (meV)"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"energy": 5.0}, "must lie between 0 and 1.2 meV"),
        ({"component": "w"}, "must be x, y, z"),
        ({"region": "s"}, "did you mean 'S'?"),
        ({"cmap": "virids"}, "did you mean 'viridis'?"),
        ({"width": "triple"}, "single or double"),
        ({"window": (1.0, 0.0, 0.0, 1.0)}, "left < right"),
        ({"dpi": 0}, "must be > 0"),
    ],
)
def test_options_that_cannot_be(wire: Solution, options: dict[str, object], word: str) -> None:
    with pytest.raises(CaseError, match=r"plot: ") as error:
        wire.plot("singlet", **options)
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_notebooks_can_show_a_figure(wire: Solution) -> None:
    assert wire.plot("dos", width="double")._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert wire.plot("dos", width="double").get_figwidth() == 7.0


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([0.104, 0.104000009], (0.95 * 0.104, 1.05 * 0.104)),
        ([-3.0, -3.0], (-3.15, -2.85)),
        ([0.3, 0.7], (0.28, 0.72)),  # margins of matplotlib
    ],
)
def test_what_hardly_changes_is_level(values: list[float], limits: tuple[float, float]) -> None:
    axes = Figure().add_subplot()
    axes.plot([0.0, 1.0], values)
    style.calm(axes)
    assert axes.get_ylim() == pytest.approx(limits, rel=1e-5)
