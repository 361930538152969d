"""What stands on axes and colour bars: symbols of the quantities, units of the case."""

from __future__ import annotations

import re

from usadel_fem.case import Case
from usadel_fem.case.units import reduced_unit
from usadel_fem.labelled import unit_text

REDUCED = ("E₀", "L₀")
"""Units of energy and length of a case without [units]."""

# whole quantity, one component {c} of it
_SYMBOLS: dict[str, tuple[str, str]] = {
    "dos": ("density of states", ""),
    "dos_up": ("density of states, spin up", ""),
    "dos_down": ("density of states, spin down", ""),
    "local_gap": ("local gap", ""),
    "singlet": ("$f_0$", ""),
    "triplet": ("$|f|$", "$f_{c}$"),
    "Delta_abs": (r"$|\Delta|$", ""),
    "Delta_phase": (r"$\arg\,\Delta$", ""),
    "charge_current": ("$|j|$", "$j_{c}$"),
    "energy_current": (r"$|j^{\,\varepsilon}|$", r"$j^{\,\varepsilon}_{c}$"),
    "charge_density": ("charge density $n$", ""),
    "spin_density": ("$|S|$", "$S_{c}$"),
    "magnetization": (r"$|\delta S|$", r"$\delta S_{c}$"),
    "exchange": ("$|h|$", "$h_{c}$"),
    "spin_torque": (r"$|\mathrm{Tr}\,\sigma\tau_3 T|$", r"$\mathrm{Tr}\,\sigma_{c}\tau_3 T$"),
    "spin_source": (r"$|\mathrm{Tr}\,\sigma T|$", r"$\mathrm{Tr}\,\sigma_{c} T$"),
    "spin_current_divergence": (
        r"$|\partial_k\mathrm{Tr}\,\sigma J_k|$",
        r"$\partial_k\mathrm{Tr}\,\sigma_{c} J_k$",
    ),
    "net_spin_source": (
        r"$|\mathrm{Tr}\,\sigma T - \partial_k\mathrm{Tr}\,\sigma J_k|$",
        r"$\mathrm{Tr}\,\sigma_{c}T - \partial_k\mathrm{Tr}\,\sigma_{c} J_k$",
    ),
    "terminal_current": ("current $I$", ""),
    "terminal_spin_current": ("spin current", "spin current $I^{c}$"),
    "terminal_conductance": (r"conductance $\partial I/\partial V$", ""),
    "terminal_charge": ("charge that came in", ""),
    "terminal_spin": ("spin that came in", "spin that came in, {c}"),
    "terminal_voltage": ("voltage $V$", ""),
    "total_charge": ("charge in the device", ""),
    "total_spin": ("spin in the device", "spin in the device, {c}"),
    "Tc": ("$k_BT_c$", ""),
    "free_energy": ("free energy $F - F_N$", ""),
    "gap": ("gap", ""),
    "min_gap": ("smallest local gap", ""),
} | {
    f"spin_current_{a}": (rf"$|j^{{\,{a}}}|$", rf"$j^{{\,{a}}}_{{c}}$") for a in "xyz"
}  # fmt: skip
_MICRO = re.compile(r"^u(?=eV$|m$|K$)")


def symbol(name: str, component: str = "") -> str:
    """A quantity, or a component of it, in mathematical text.

    >>> symbol("spin_density"), symbol("spin_density", "x"), symbol("anything_else", "y")
    ('$|S|$', '$S_x$', 'anything else, y')
    """
    plain = name.replace("_", " ")
    if name.startswith("printed_"):
        return symbol(name.removeprefix("printed_"), component) + ", as printed"
    whole, one = _SYMBOLS.get(name, (plain, f"{plain}, {{c}}"))
    return (one or whole).replace("{c}", component) if component else whole


def unit(case: Case, text: str) -> str:
    """A unit of an observable in the units of the case.

    >>> from usadel_fem import Case
    >>> wire = dict(mesh={"shape": "wire", "length": 1.0, "elements": 2}, material={"N": {"D": 1.0}},
    ...     region={"wire": "N"}, solve={"kind": "spectrum", "energies": [0.1], "broadening": 0.1})
    >>> unit(Case(**wire), "N_F energy²·length^2")
    '$N_F$ E₀² L₀²'
    >>> unit(Case(units={"energy": "meV", "length": "nm"}, **wire), "energy")
    'meV'
    """
    energy, length = (_MICRO.sub("µ", u) for u in case.unit_system or REDUCED)
    done = unit_text(text, (energy, length)).replace("·", " ")
    return done.replace("2 N_F", "2N_F").replace("N_F", "$N_F$").replace("2$N", "$2N")


def with_unit(what: str, unit_: str) -> str:
    """ "what (unit)", without brackets where there is no unit."""
    return f"{what} ({unit_})" if unit_ else what


def label(case: Case, name: str, unit_: str, component: str = "", part: str = "") -> str:
    """A whole label: part of a complex number, symbol, unit."""
    front = {"re": "Re ", "im": "Im "}.get(part, "")
    return with_unit(front + symbol(name, component), unit(case, unit_))


def coordinate(case: Case, axis: int) -> str:
    """The label of a coordinate axis."""
    return with_unit(f"${'xyz'[axis]}$", unit(case, "length"))


def time_scale(case: Case) -> tuple[float, str]:
    """What times are multiplied by to be shown, and their unit then: ps, or ħ/E₀ in reduced numbers."""
    if case.unit_system is None:
        return 1.0, f"ħ/{REDUCED[0]}"
    return reduced_unit("time", *case.unit_system) * 1e12, "ps"
