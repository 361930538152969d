"""From numbers with units to reduced numbers: ħ = k_B = e = 1, one unit of energy and one of length.

A value of each dimension is multiplied by the constants that make it powers of energy and length alone:
ħD, k_B T, eV, τ/ħ, eB/ħ, eA/ħ, m/ħ², ħv. Constants: CODATA, through pint.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any

from ..errors import did_you_mean

__all__ = [
    "DIMENSIONS",
    "EXAMPLES",
    "UnitError",
    "check_base_unit",
    "looks_like_quantity",
    "reduced_unit",
    "to_reduced",
]

# dimension: ((what pint must find, constant to multiply by), ...), power of energy, power of length
DIMENSIONS: dict[str, tuple[tuple[tuple[str, str], ...], int, int]] = {
    "energy": ((("meV", ""),), 1, 0),
    "length": ((("nm", ""),), 0, 1),
    "inverse length": ((("1/nm", ""),), 0, -1),
    "diffusion constant": ((("cm^2/s", "hbar"),), 1, 2),
    "time": ((("ps", "1/hbar"),), -1, 0),
    "temperature": ((("K", "k"), ("meV", "")), 1, 0),
    "voltage": ((("mV", "e"),), 1, 0),
    "magnetic field": ((("T", "e/hbar"),), 0, -2),
    "vector potential": ((("T*m", "e/hbar"),), 0, -1),
    "conductance": ((("meV*nm", ""),), 1, 1),
    "mass": ((("kg", "1/hbar^2"),), -1, -2),
    "velocity": ((("m/s", "hbar"),), 1, 1),
    "number density": ((("1/nm^3", ""),), 0, -3),
    "vertex": ((("meV*nm^3", ""),), 1, 3),
    "angle": ((("rad", ""),), 0, 0),
}
EXAMPLES = {
    "energy": "1.2 meV",
    "length": "50 nm",
    "inverse length": "0.1 nm^-1",
    "diffusion constant": "5 cm^2/s",
    "time": "0.3 ps",
    "temperature": "1.2 K",
    "voltage": "0.1 mV",
    "magnetic field": "0.1 T",
    "vector potential": "2 mT*um",
    "conductance": "0.2 meV*nm",
    "mass": "0.9 m_e",
    "velocity": "1.4e6 m/s",
    "number density": "1e19 cm^-3",
    "vertex": "0.2 meV*nm^3",
    "angle": "90 deg",
}
"""One way to write a value of each dimension."""

_COMMON = (
    "eV",
    "meV",
    "ueV",
    "µeV",
    "J",
    "K",
    "mK",
    "m",
    "cm",
    "mm",
    "um",
    "µm",
    "nm",
    "pm",
    "angstrom",
    "s",
    "ms",
    "us",
    "ns",
    "ps",
    "fs",
    "V",
    "mV",
    "uV",
    "T",
    "mT",
    "m_e",
    "kg",
    "rad",
    "deg",
)
_HINTS = {
    "gauss": "write tesla",
    "G": "write tesla",
    "Oe": "write tesla",
    "degC": "write kelvin",
    "C": "write kelvin",
}

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WORD = r"(?:m_e\b|[^\W\d_]+)"
_FACTOR = rf"{_WORD}(?:(?:\^|\*\*)[+-]?\d\d?)?"
_UNIT = re.compile(rf"{_FACTOR}(?:\s*[*/·]\s*{_FACTOR}|\s+{_FACTOR})*")
_NO_UNIT = r"(?:(?:if|and|or|else|in|is|not|x|y|z|r|phi|pi|j)\b|\w+\()"
_QUANTITY = re.compile(rf"\s*((?>{_NUMBER}))\s*((?!{_NO_UNIT})[^\W\d_].*)", re.DOTALL)
_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "⁻": "^-", "¹": "1"})
_LONGEST = 60


class UnitError(ValueError):
    """A quantity that cannot be read: ``rule`` says what is allowed, ``hint`` what may have been meant."""

    def __init__(self, rule: str, hint: str = "") -> None:
        self.rule, self.hint = rule, hint
        super().__init__(f"{rule} ({hint})" if hint else rule)


def looks_like_quantity(text: str) -> bool:
    """Whether a text is a number followed by a unit, rather than an expression.

    >>> looks_like_quantity("5 cm^2/s"), looks_like_quantity("5*x"), looks_like_quantity("1 if x < 0 else 2")
    (True, False, False)
    """
    return _QUANTITY.fullmatch(text) is not None


def check_base_unit(text: str, dimension: str) -> None:
    """Raise `UnitError` unless `text` is a unit of `dimension` ("energy" or "length")."""
    _matching_constant(_unit(text), dimension)


@functools.lru_cache(maxsize=4096)
def to_reduced(text: str, dimension: str, energy: str, length: str) -> float:
    """The reduced value of a number with a unit.

    Parameters
    ----------
    text : such as "5 cm^2/s"
    dimension : a key of `DIMENSIONS`
    energy, length : the base units; not used for angles

    Raises
    ------
    UnitError : unknown unit, or a unit of another dimension

    >>> round(to_reduced("1 K", "temperature", "meV", "nm"), 7)
    0.0861733
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError("must be a number followed by a unit")
    unit = _unit(match[2])
    constant = _matching_constant(unit, dimension)
    value = float(match[1]) * float((unit * constant / _base(dimension, energy, length)).to("").magnitude)
    if not math.isfinite(value):
        raise UnitError("must be a finite number")
    return value


def reduced_unit(dimension: str, energy: str, length: str) -> float:
    """One reduced unit of a dimension in SI units: multiply a reduced number by it to leave the case's units.

    >>> round(reduced_unit("temperature", "meV", "nm"), 4)  # kelvin
    11.6045
    """
    unit, constant = DIMENSIONS[dimension][0][0]
    quantity = _base(dimension, energy, length) / (_registry().Quantity(1.0, unit) * _constant(constant))
    return float((quantity.to("") * _registry().Quantity(1.0, unit)).to_base_units().magnitude)


@functools.lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # imported only by cases with units

    return pint.UnitRegistry()


def _constant(name: str) -> Any:
    registry = _registry()
    hbar, charge = registry.Quantity(1.0, "hbar"), registry.Quantity(1.0, "elementary_charge")
    constants = {
        "": registry.Quantity(1.0, ""),
        "hbar": hbar,
        "1/hbar": 1 / hbar,
        "1/hbar^2": 1 / hbar**2,
        "e": charge,
        "e/hbar": charge / hbar,
        "k": registry.Quantity(1.0, "boltzmann_constant"),
    }
    return constants[name]


def _base(dimension: str, energy: str, length: str) -> Any:
    _, energies, lengths = DIMENSIONS[dimension]
    one = _registry().Quantity(1.0, "")
    return one * (_unit(energy) ** energies if energies else 1) * (_unit(length) ** lengths if lengths else 1)


def _unit(text: str) -> Any:
    import pint

    plain = text.strip().translate(_SUPERSCRIPTS).replace("·", "*").replace("μ", "µ")
    if len(plain) > _LONGEST or not _UNIT.fullmatch(plain):
        raise UnitError("must be a number followed by a unit", f"{text.strip()[:_LONGEST]!r} is no unit")
    for word in re.findall(_WORD, plain):
        _check_word(word)
    try:
        return _registry().Quantity(1.0, plain).to_root_units()
    except (pint.PintError, ValueError, TypeError, OverflowError):
        raise UnitError("must be a number followed by a unit", f"{plain!r} is no unit") from None


def _check_word(word: str) -> None:
    if word in _HINTS:
        raise UnitError("must carry an SI unit", _HINTS[word])
    if word not in _registry():
        suggestion = did_you_mean(word, _COMMON) or "a value that depends on position takes no unit"
        raise UnitError(f"must have a known unit; {word!r} is not one", suggestion)


def _matching_constant(unit: Any, dimension: str) -> Any:
    for example, constant in DIMENSIONS[dimension][0]:
        if unit.check(_registry().Quantity(1.0, example).dimensionality):
            return _constant(constant)
    article = "an" if dimension[0] in "aeiou" else "a"
    example = EXAMPLES[dimension]
    raise UnitError(f'must be {article} {dimension}, such as "{example}"', "the unit is of another dimension")
