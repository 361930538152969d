"""Pictures of bodies: by a child process, or by matplotlib where that is not possible."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection
from mpl_toolkits.mplot3d.axes3d import Axes3D

from tests.plot.reading import bars
from usadel_fem import Solution
from usadel_fem.plot import three_d, three_d_child

SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
from matplotlib.image import imsave
folder = Path(sys.argv[1])
scene = json.loads((folder / "scene.json").read_text())
arrays = np.load(folder / "scene.npz")
assert set(arrays.files) >= {"points", "triangles"}
imsave(folder / "image.png", np.full((7, 5, 3), 0.25))
"""
CRASH = "import ctypes; ctypes.string_at(0)"


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces the child process by a script."""

    def put(script: str) -> None:
        monkeypatch.setattr(three_d, "find_spec", lambda name: True)
        monkeypatch.setattr(three_d, "_command", lambda folder: [sys.executable, "-c", script, str(folder)])

    return put


def solid(figure: Figure) -> Axes3D:
    (axes,) = [axes for axes in figure.axes if isinstance(axes, Axes3D)]
    return axes


@pytest.mark.parametrize("quantity", ["charge_density", "current", "spin_density"])
def test_the_child_draws(block: Solution, child: Callable[[str], None], quantity: str) -> None:
    child(SCRIPT)
    told: list[str] = []
    figure = block.plot(quantity, tell=told.append)
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [np.asarray(image.get_array()).shape[:2] for image in images] == [(7, 5)]
    assert told == []
    assert len(bars(figure)) == 1


def test_a_crash_is_told_and_harmless(block: Solution, child: Callable[[str], None]) -> None:
    child(CRASH)
    told: list[str] = []
    figure = block.plot("charge_density", tell=told.append)
    assert len(told) == 1
    assert told[0].startswith("drawn by matplotlib: PyVista crashed (signal ")
    assert "\n" not in told[0]
    assert any(isinstance(c, Poly3DCollection) for c in solid(figure).collections)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("raise SystemExit('no display')", "failed: no display"),
        ("pass", "failed"),
        ("import time; time.sleep(60)", "did not end within 0.2 s"),
    ],
)
def test_why_the_child_failed(
    block: Solution, child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    child(script)
    monkeypatch.setattr(three_d, "SECONDS", 0.2 if "sleep" in script else 60)
    with pytest.warns(UserWarning, match=f"drawn by matplotlib: PyVista {reason}$"):
        block.plot("charge_density")


def test_without_pyvista(block: Solution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(three_d, "find_spec", lambda name: None)
    told: list[str] = []
    figure = block.plot("charge_density", tell=told.append)
    assert told == ["drawn by matplotlib: for better pictures in 3D pip install 'usadel_fem[plot3d]'"]
    axes = solid(figure)
    (body,) = [c for c in axes.collections if isinstance(c, Poly3DCollection)]
    names = (axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel())
    assert names == ("$x$ (L₀)", "$y$ (L₀)", "$z$ (L₀)")
    assert bars(figure)[0].get_ylabel() == "charge density $n$ ($N_F$ E₀)"
    colours = np.unique(np.round(body.get_facecolor(), 6), axis=0)
    assert len(colours) > 20  # the density falls along the block


@pytest.mark.parametrize("quantity", ["charge_current", "spin_density"])
def test_arrows_by_matplotlib(block: Solution, monkeypatch: pytest.MonkeyPatch, quantity: str) -> None:
    monkeypatch.setattr(three_d, "find_spec", lambda name: None)
    figure = block.plot(quantity, tell=lambda text: None)
    (lines,) = [c for c in solid(figure).collections if isinstance(c, Line3DCollection)]
    segments = np.array(lines._segments3d)
    assert len(segments) > 5
    if quantity == "charge_current":
        steps = segments[:, 1] - segments[:, 0]
        assert np.all(steps[:, 0] > 0)


def test_the_real_child_draws_or_says_why(block: Solution) -> None:
    told: list[str] = []
    figure = block.plot("current", tell=told.append, dpi=60)
    drawn: list[Axes] = [axes for axes in figure.axes if axes.images]
    if drawn:
        image = np.asarray(drawn[0].images[0].get_array())
        assert image.min() < 0.7 * image.max()  # something stands on the white ground
        assert told == []
    else:
        assert len(told) == 1
        assert told[0].startswith("drawn by matplotlib: ")


def test_the_child_needs_nothing_of_this_package(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(three_d.CHILD), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "usadel_fem.plot" not in done.stderr.replace(str(three_d.CHILD), "")


def test_axes_end_at_short_numbers() -> None:
    """Corners of a polygon in a circle, in a slab."""
    assert three_d_child.rounded((0.0, 80.0, -39.8995, 39.8982, 0.1, 0.4)) == [0, 80, -40, 40, 0, 0.5]
    assert three_d_child.rounded((-0.3, 0.3, 0.0, 1e-9, 2.0, 2.6)) == pytest.approx([-0.3, 0.3, 0, 0, 2, 2.6])
