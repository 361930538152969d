"""Units against constants worked out by hand from the SI's exact e, h, k_B."""

import math

import pytest

from usadel_fem.case.units import (
    DIMENSIONS,
    EXAMPLES,
    UnitError,
    check_base_unit,
    looks_like_quantity,
    reduced_unit,
    to_reduced,
)

CHARGE = 1.602176634e-19
PLANCK = 6.62607015e-34
BOLTZMANN = 1.380649e-23
HBAR = PLANCK / (2 * math.pi)
MEV = 1e-3 * CHARGE

BY_HAND = [
    ("1 K", "temperature", BOLTZMANN / MEV),
    ("0.25 meV", "temperature", 0.25),
    ("0.83 eV", "energy", 830.0),
    ("2e-22 J", "energy", 2e-22 / MEV),
    ("1 µm", "length", 1000.0),
    ("1 μm", "length", 1000.0),
    ("3 angstrom", "length", 0.3),
    ("5 cm^2/s", "diffusion constant", HBAR * 5e-4 / (MEV * 1e-18)),
    ("5 cm²/s", "diffusion constant", HBAR * 5e-4 / (MEV * 1e-18)),
    ("5 cm**2 s^-1", "diffusion constant", HBAR * 5e-4 / (MEV * 1e-18)),
    ("0.3 ps", "time", 0.3e-12 * MEV / HBAR),
    ("0.1 mV", "voltage", 0.1),
    ("1 T", "magnetic field", CHARGE * 1e-18 / HBAR),
    ("2 mT*um", "vector potential", CHARGE * 2e-9 * 1e-9 / HBAR),
    ("0.1 nm^-1", "inverse length", 0.1),
    ("4 eV·pm", "conductance", 4.0),
    ("90 deg", "angle", math.pi / 2),
    ("-1.5e+1 meV", "energy", -15.0),
    (".5meV", "energy", 0.5),
]


@pytest.mark.parametrize(("text", "dimension", "expected"), BY_HAND)
def test_by_hand(text, dimension, expected):
    assert to_reduced(text, dimension, "meV", "nm") == pytest.approx(expected, rel=1e-8)


def test_known_numbers():
    assert to_reduced("1 K", "temperature", "meV", "nm") == pytest.approx(0.0861733, rel=1e-6)
    assert to_reduced("1 T", "magnetic field", "meV", "nm") == pytest.approx(1.519267e-3, rel=1e-6)
    assert to_reduced("5 cm^2/s", "diffusion constant", "meV", "nm") == pytest.approx(329.106, rel=1e-6)
    assert to_reduced("1 ps", "time", "meV", "nm") == pytest.approx(1.519267, rel=1e-6)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize(("energy", "length"), [("meV", "nm"), ("ueV", "um"), ("J", "angstrom")])
def test_there_and_back(dimension, energy, length):
    """A reduced number leaves the units as it came in, whatever the base units are."""
    reduced = to_reduced(EXAMPLES[dimension], dimension, energy, length)
    reference = to_reduced(EXAMPLES[dimension], dimension, "meV", "nm")
    here, there = reduced_unit(dimension, energy, length), reduced_unit(dimension, "meV", "nm")
    assert reduced * here == pytest.approx(reference * there, rel=1e-12)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("other", DIMENSIONS)
def test_wrong_dimensions_are_refused(dimension, other):
    allowed = {dimension} | ({"energy"} if dimension == "temperature" else set())
    if other in allowed:
        assert math.isfinite(to_reduced(EXAMPLES[other], dimension, "meV", "nm"))
    else:
        with pytest.raises(UnitError, match=f"must be an? {dimension}, such as"):
            to_reduced(EXAMPLES[other], dimension, "meV", "nm")


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "x",
        "2*x",
        "5*meV",
        "1 if x < 0 else 2",
        "1 or x",
        "0 and y",
        "1e3",
        "1_000",
        "2 x",
        "2 sin(x)",
        "1j",
        "",
    ],
)
def test_expressions_are_no_quantities(text):
    assert not looks_like_quantity(text)


@pytest.mark.parametrize("text", ["5 meV", "5meV", "1e3 nm", "-2. K", "3 min", "1 µm", "4 Ångström"])
def test_quantities(text):
    assert looks_like_quantity(text)


@pytest.mark.parametrize(
    "unit", ["", "2 meV", "meV + eV", "meV(1)", "__class__", "m**999", "m" * 70, "m.s", "[m]", "m^x"]
)
def test_texts_that_are_no_unit(unit):
    with pytest.raises(UnitError):
        check_base_unit(unit, "length")
    with pytest.raises(UnitError):
        to_reduced(f"1 {unit}", "length", "meV", "nm")
