"""Numbers that the pages give for the cases they show."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import usadel_fem as uf
from tests.docs.pages import DOCS, blocks
from usadel_fem.templates import FOLDER


def whole_case(page: str) -> str:
    """The text of the first whole case of a page."""
    return next(b.text for b in blocks(DOCS / page) if b.language == "toml" and not b.fragment)


def said(page: str, pattern: str) -> dict[str, float]:
    """Numbers in the text of a page, by the names of the groups."""
    text = " ".join((DOCS / page).read_text(encoding="utf-8").replace("−", "-").split())
    found = re.search(pattern, text)
    assert found is not None
    return {name: float(number) for name, number in found.groupdict().items()}


def test_current_of_the_barriers() -> None:
    number = said("coming/geneus.md", r"is (?P<current>0\.\d+) N_F Δ₀²ξ .* eI/G_NΔ₀ = (?P<ratio>0\.\d+)\.")
    solution = uf.solve(uf.Case.model_validate(tomllib.loads(whole_case("coming/geneus.md"))))
    found = float(solution.observables["terminal_current"]["right"])
    assert found == pytest.approx(number["current"], rel=1e-3)
    assert found / (2 / 3) == pytest.approx(number["ratio"], rel=5e-3)


def test_current_of_the_first_run() -> None:
    number = said("guide/first_run.md", r"summary.json` says (?P<current>\d+),")
    solution = uf.solve(uf.load_case(FOLDER / "sns_junction.toml"))
    assert abs(float(solution.observables["terminal_current"]["left"])) == pytest.approx(
        number["current"], abs=0.5
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "pattern"),
    [
        ("14 mT", r"(?P<vortex>-\d+) against (?P<none>-\d+) N_F meV² nm² without it"),
        ("8 mT", r"without vortex wins, (?P<none>-\d+) against (?P<vortex>-\d+)"),
    ],
)
def test_vortex_or_none(field: str, pattern: str, tmp_path: Path) -> None:
    (tmp_path / "disk.toml").write_text(whole_case("coming/tdgl.md"), encoding="utf-8")
    found = said("coming/tdgl.md", pattern)
    for name, more in (("vortex", {}), ("none", {"vortex": "[]"})):
        case = uf.load_case(tmp_path / "disk.toml", {"field.B": f'"{field}"', **more})
        assert float(uf.solve(case).observables["free_energy"]) == pytest.approx(found[name], rel=1e-3)
