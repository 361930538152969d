"""Impurities in a case: units, expressions, infinity, and the written form."""

import json
import math

import numpy as np
import pytest

from usadel_fem.case import Case, Expression, Impurities, Material, load_case
from usadel_fem.case.units import to_reduced

HBAR = 6.62607015e-34 / (2 * math.pi)
MEV = 1.602176634e-22
ELECTRON = 9.1093837139e-31

TEXT = """
[units]
energy = "meV"
length = "nm"

[mesh]
shape = "wire"
length = 100.0
elements = 4

[material.light]
Delta = 0.83
impurities = {p_F = "9e7 cm^-1", m = "0.9 m_e", n_im = "2e19 cm^-3", a = inf, B = "-0.2 meV*nm^3"}

[material.heavy]
N_F = 1.0
impurities = {p_F = 7, v_F = "1.4e6 m/s", n_im = "0.02 + 0.0001*x", a = "-0.5 nm", lambda = 0.01}

[region]
wire = "light"

[solve]
kind = "spectrum"
energies = [0.1]
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(TEXT, encoding="utf-8")
    return load_case(path)


def test_units_by_hand(case):
    light, heavy = (case.material[name].impurities for name in ("light", "heavy"))
    assert light.p_F == pytest.approx(9.0)
    assert light.m == pytest.approx(0.9 * ELECTRON * MEV * 1e-18 / HBAR**2, rel=1e-8)
    assert light.n_im == pytest.approx(0.02)
    assert pytest.approx(-0.2) == light.B
    assert heavy.v_F == pytest.approx(1.4e6 * HBAR / (MEV * 1e-9), rel=1e-8)
    assert heavy.n_im == Expression("0.02 + 0.0001*x")
    assert heavy.velocity == heavy.v_F
    assert light.velocity == pytest.approx(9.0 / light.m)


def test_a_known_number():
    """ħ²/m_e = 76.2 meV nm², so that an electron with p_F = 10/nm has ħv_F = 762 meV nm."""
    assert 1 / to_reduced("1 m_e", "mass", "meV", "nm") == pytest.approx(76.19964, rel=1e-6)


@pytest.mark.parametrize("text", ["1 m_p", "1 m_ex", "1 am_e", "1 m_"])
def test_one_unit_has_an_underscore(text):
    with pytest.raises(ValueError, match="unit"):
        to_reduced(text, "mass", "meV", "nm")


@pytest.mark.parametrize("options", [{}, {"exclude_defaults": True}])
def test_the_written_form_reads_back(case, options):
    text = case.model_dump_json(by_alias=True, **options)
    assert "Infinity" not in text
    assert json.loads(text)["material"]["light"]["impurities"]["a"] == "inf"
    again = Case.model_validate_json(text)
    assert again == case.model_copy(update={"source": again.source})
    assert again.material["heavy"].N_F == 1.0
    assert again.material["light"].N_F is None
    assert again.model_dump_json(by_alias=True, **options) == text


@pytest.mark.parametrize("value", [-math.inf, "-inf", np.float64(-np.inf)])
def test_minus_infinity(value):
    given = Impurities(p_F=9, m=0.01, n_im=0.02, a=value, B=0.2)
    assert given.a == -math.inf
    assert Impurities.model_validate_json(given.model_dump_json(by_alias=True)) == given


@pytest.mark.parametrize("text", ["inf", "-inf", "+inf"])
def test_infinity_by_override(tmp_path, text):
    path = tmp_path / "case.toml"
    path.write_text(TEXT.replace("a = inf", "a = 0.3"), encoding="utf-8")
    assert load_case(path, {"material.light.impurities.a": text}).material["light"].impurities.a == float(
        text
    )


@pytest.mark.parametrize("a", [math.inf, -math.inf, "inf"])
@pytest.mark.parametrize("coupling", [0.01, "0.01*x"])
def test_a_length_at_resonance_is_read(a, coupling):
    """It has a limit in part, and is told apart from what can be solved."""
    given = Impurities(p_F=9, m=0.01, n_im=0.02, a=a, lambda_=coupling)
    assert given.unbounded
    assert Impurities.model_validate_json(given.model_dump_json(by_alias=True)) == given
    for solvable in ({"a": 1e12, "lambda": coupling}, {"a": a, "lambda": 0}, {"a": a, "B": coupling}):
        assert not Impurities(p_F=9, m=0.01, n_im=0.02, **solvable).unbounded


def test_from_python():
    table = {"p_F": 9, "m": 0.01, "n_im": 0.02, "a": 0.3, "lambda": 0.01}
    model = Impurities(p_F=9, m=0.01, n_im=0.02, a=0.3, lambda_=0.01)
    assert Material(impurities=table) == Material(impurities=model)
    assert (model.varies, model.couples_spin) == (False, True)
    assert Impurities(p_F=9, m=0.01, n_im="1+x", a=math.inf, lambda_=0).varies
    assert not Impurities(p_F=9, m=0.01, n_im=1, a=math.inf, lambda_=0).couples_spin
