"""The generators in meshes/: names, sizes in closed form, the same bytes every time. They need Gmsh."""

from __future__ import annotations

import subprocess
import sys
from math import asin, pi, sqrt
from pathlib import Path
from typing import Any

import pytest

from usadel_fem.fem.mesh import load_mesh, summary

MESHES = Path(__file__).parents[2] / "meshes"


def script(name: str, *arguments: str) -> Any:
    command = [sys.executable, str(MESHES / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def made(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    """What a generator makes, as `summary` tells it."""
    out = folder / f"{name}.msh"
    done = script(name, *arguments, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return summary(load_mesh(out))


def measures(found: dict[str, Any], kind: str) -> dict[str, float]:
    return {name: part["measure"] for name, part in found[kind].items()}


def segment(radius: float, width: float) -> float:
    """Area between a chord of a circle and its arc."""
    half = width / 2
    return float(radius**2 * asin(half / radius) - half * sqrt(radius**2 - half**2))


@pytest.mark.parametrize(
    ("name", "arguments", "file"),
    [
        ("disk", (), "disk.msh"),
        ("cross3d", (), "cross3d.msh"),
        ("sfn_trilayer", ("--size", "2.2"), "sfn_trilayer_coarse.msh"),
    ],
)
def test_the_meshes_of_the_cases(tmp_path: Path, name: str, arguments: tuple[str, ...], file: str) -> None:
    """The same parts of the same size as those that are kept; elements are up to the version of Gmsh."""
    kept, found = summary(load_mesh(MESHES / file)), made(tmp_path, name, *arguments)
    for kind in ("regions", "boundaries", "interfaces"):
        assert measures(found, kind) == pytest.approx(measures(kept, kind), rel=1e-3)


def test_a_generator_repeats_itself(tmp_path: Path) -> None:
    arguments = ("S=1.5", "F=0.9", "--roughness", "0.06", "--correlation", "0.4", "--size", "1.5")
    files = [tmp_path / f"{i}.msh" for i in range(3)]
    for file, seed in zip(files, ("5", "5", "6"), strict=True):
        assert script("stack", *arguments, "--seed", seed, "--out", str(file)).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


def test_slanted_stack(tmp_path: Path) -> None:
    found = made(tmp_path, "stack", "S=1.2", "F=0.8", "S=1.1", "--width", "1.3", "--slant", "0.4")
    assert measures(found, "regions") == pytest.approx({"S": 2.3 * 1.3, "F": 0.8 * 1.3})
    face = sqrt(1.3**2 + 0.4**2)
    assert measures(found, "interfaces") == pytest.approx({"S|F": face, "F|S": face})
    sides = {"left": 1.3, "right": 1.3, "bottom": 3.1, "top": 3.1}
    assert measures(found, "boundaries") == pytest.approx(sides)


def test_bulging_stack(tmp_path: Path) -> None:
    """A parabola of height b over the width w has the area 2bw/3."""
    found = made(tmp_path, "stack", "S=1.2", "N=0.9", "--width", "1.4", "--bulge", "0.3")
    assert found["curved"]
    assert measures(found, "regions")["S"] == pytest.approx(1.4 * 1.2 + 2 / 3 * 0.3 * 1.4, rel=1e-4)


def test_rough_stack(tmp_path: Path) -> None:
    """Longer than a straight face, and no new area: the profile has no mean."""
    found = made(tmp_path, "stack", "S=1.2", "N=0.9", "--width", "3", "--roughness", "0.08")
    assert measures(found, "interfaces")["S|N"] > 3.05
    assert measures(found, "regions") == pytest.approx({"S": 3.6, "N": 2.7}, rel=1e-3)


def test_hall_bar(tmp_path: Path) -> None:
    found = made(
        tmp_path, "hall_bar", "--length", "4", "--width", "1.2", "--pairs", "1", "--arm-width", "0.5"
    )
    assert measures(found, "regions") == pytest.approx({"bar": 4.8, "top1": 0.4, "bottom1": 0.4})
    assert measures(found, "interfaces") == pytest.approx({"bar|top1": 0.5, "bar|bottom1": 0.5})
    edge = 2 * (4 - 0.5) + 4 * 0.8
    assert measures(found, "boundaries") == pytest.approx(
        {"source": 1.2, "drain": 1.2, "top1_end": 0.5, "bottom1_end": 0.5, "edge": edge}
    )


def test_cross_junction(tmp_path: Path) -> None:
    """Each rounded corner adds r²(1 − π/4)."""
    found = made(tmp_path, "cross_junction", "--fillet", "0.25", "--arm", "1.1")
    total = sum(measures(found, "regions").values())
    corners = 4 * 0.25**2 * (1 - pi / 4)
    assert total == pytest.approx(1.0 * 0.6 + 2 * 1.1 * (1.0 + 0.6) + corners, rel=1e-5)
    assert measures(found, "regions")["west"] == pytest.approx(1.1 - 0.25)
    assert measures(found, "boundaries")["north_end"] == pytest.approx(0.6)
    assert measures(found, "interfaces")["centre|east"] == pytest.approx(1.0)


@pytest.mark.parametrize(("hole", "leads", "body"), [(0.9, 2, "ring"), (0.0, 3, "disk"), (0.9, 0, "ring")])
def test_ring(tmp_path: Path, hole: float, leads: int, body: str) -> None:
    arguments = ("--radius", "2", "--hole", str(hole), "--leads", str(leads), "--size", "1.3")
    found = made(tmp_path, "ring", *arguments)
    lead = 0.6 * 3 - segment(2, 0.6) - 0.6 * sqrt(4 - 0.09)
    assert measures(found, "regions") == pytest.approx(
        {body: pi * (4 - hole**2)} | {f"lead{k + 1}": lead for k in range(leads)}, rel=1e-3
    )
    boundaries = measures(found, "boundaries")
    assert boundaries["rim"] == pytest.approx(2 * 2 * (pi - leads * asin(0.15)), rel=1e-4)
    assert boundaries.get("hole", 0.0) == pytest.approx(2 * pi * hole, rel=1e-4)
    assert [boundaries[f"lead{k + 1}_end"] for k in range(leads)] == pytest.approx([0.6] * leads)


def test_full_shell(tmp_path: Path) -> None:
    found = made(tmp_path, "core_shell", "--length", "0.8", "--order", "2", "--size", "1.5")
    regions = {"core": pi * 0.25 * 0.8, "shell": pi * (0.49 - 0.25) * 0.8}
    assert measures(found, "regions") == pytest.approx(regions, rel=2e-3)
    assert measures(found, "interfaces")["core|shell"] == pytest.approx(2 * pi * 0.5 * 0.8, rel=2e-3)
    boundaries = measures(found, "boundaries")
    assert boundaries["surface"] == pytest.approx(2 * pi * 0.7 * 0.8, rel=2e-3)
    assert boundaries["shell_left"] == pytest.approx(pi * (0.49 - 0.25), rel=2e-3)


def test_half_shell(tmp_path: Path) -> None:
    """The bare part of the core is surface, and the middle of the shell stands at +z."""
    found = made(
        tmp_path, "core_shell", "--length", "0.8", "--order", "2", "--coverage", "0.3", "--size", "1.5"
    )
    assert measures(found, "regions")["shell"] == pytest.approx(0.3 * pi * (0.49 - 0.25) * 0.8, rel=5e-3)
    assert measures(found, "interfaces")["core|shell"] == pytest.approx(0.3 * 2 * pi * 0.5 * 0.8, rel=2e-3)
    skin = (0.3 * 2 * pi * 0.7 + 0.7 * 2 * pi * 0.5 + 2 * 0.2) * 0.8
    assert measures(found, "boundaries")["surface"] == pytest.approx(skin, rel=2e-3)
    device = load_mesh(tmp_path / "core_shell.msh")
    shell = device.mesh.p[:, device.mesh.t[:, device.regions["shell"]]].mean(axis=(1, 2))
    assert shell[2] > 0.4
    assert abs(shell[1]) < 0.02


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("stack", ("S=0.2", "N=0.2", "F=1", "--bulge", "-0.3", "--slant", "0.9"), "meet"),
        ("stack", ("S=-1",), "invalid layer value"),
        ("hall_bar", ("--pairs", "9", "--arm-width", "0.7"), "do not fit"),
        ("cross_junction", ("--fillet", "2"), "does not fit"),
        ("ring", ("--hole", "3"), "does not fit"),
        ("ring", ("--leads", "9", "--lead-width", "1.5"), "do not fit"),
        ("core_shell", ("--coverage", "1.5"), "must be > 0 and <= 1"),
    ],
)
def test_sizes_that_cannot_be(tmp_path: Path, name: str, arguments: tuple[str, ...], says: str) -> None:
    done = script(name, *arguments, "--out", str(tmp_path / "x.msh"))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
