"""The entries of the gallery, by the number of the case."""

from __future__ import annotations

from docs.tools.gallery_entries import (
    Entry,
    Number,
    Picture,
    along,
    around_vortex,
    at_node,
    circulation,
    difference,
    resistance,
    scalar,
    times,
    total_torque,
    zeros_apart,
)

KELVIN = 1 / 0.08617333262  # per meV

NEAR_CORE = ("--window", "-2.5", "2.5", "-2.5", "2.5")

ENTRIES: dict[str, Entry] = {
    "01": Entry(
        (
            Picture("Delta_abs", "The pair potential of S, lower towards F"),
            Picture("spin_current_x", "Current of the spins along the axis about which the field turns"),
        ),
        (
            Number(
                "|Δ| at the outer face of S [Δ₀]",
                r"\|Delta\| is about (0\.\d+)",
                at_node("Delta_abs", lambda r: r[:, 0] < 1e-9),
                0.02,
            ),
        ),
        {"mesh.file": '"../meshes/sfn_trilayer_coarse.msh"'},
    ),
    "02": Entry(
        (
            Picture("dos", "Density of states of the wire: nothing below the minigap"),
            Picture("dos_map", "The same along the wire"),
        ),
        (Number("minigap [µeV]", r"integral gives (\d+\.\d+) ueV", scalar("min_gap"), 5e-3),),
    ),
    "03": Entry(
        (Picture("probe:wire:singlet", "The singlet amplitude along the wire changes its sign"),),
        (Number("distance of two zeros of f₀ [nm]", r"again pi xi_F = (\d+) nm", zeros_apart, 0.03),),
    ),
    "04": Entry(
        (
            Picture("dos", "Densities of states; the far end has the zero-bias peak"),
            Picture("dos_map", "The same along the wire"),
        ),
        (
            Number(
                "density of states at E = 0 at the far end",
                r"peak at the far end, (\d\.\d+)",
                along("end", "dos", 0, 0),
                1e-3,
            ),
        ),
    ),
    "05": Entry(
        (
            Picture("Delta_abs", "The pair potential of niobium next to copper"),
            Picture("singlet", "The pair amplitude goes on into the copper"),
        ),
        (Number("critical temperature [K]", r"T_c = (\d\.\d+) K", times(KELVIN, scalar("Tc")), 3e-3),),
        {"mesh.layers.0.elements": "6", "mesh.layers.1.elements": "6"},
    ),
    "06": Entry(
        (
            Picture("charge_current", "Supercurrents between the three terminals"),
            Picture("singlet", "The singlet amplitude, real and imaginary part"),
        ),
        (
            Number(
                "current into the east end [N_F Δ₀² L]",
                r"(-\d\.\d+) \(east\)",
                scalar("terminal_current", "east"),
                0.02,
            ),
        ),
    ),
    "07": Entry(
        (Picture("charge_current", "The current around the core"), Picture("delta", "Δ, modulus and phase")),
        (Number("largest current along φ [N_F Δ²ξ]", r"is (\d\.\d+) at its maximum", circulation, 0.03),),
    ),
    "08": Entry(
        (
            Picture("spin_torque", "The torque near the core stands across the field", NEAR_CORE),
            Picture("vortex:1:spin_torque", "F(r) of Eq. (84)"),
        ),
        (Number("F(r = 1) [N_F Δ]", r"and (0\.\d+) at r = 1", around_vortex("spin_torque", 1.0), 0.03),),
    ),
    "09": Entry(
        (
            Picture("spin_source", "The source of spin Tr σT", NEAR_CORE),
            Picture("vortex:1:spin_source", "The same against the distance from the axis"),
        ),
        (
            Number(
                "G(r = 1) [N_F Δ²]",
                r"and G = (0\.\d+) at r = 1",
                around_vortex("spin_source", 1.0),
                0.1,
            ),
        ),
        {"mesh.resolution": "0.7", "vortex.0.pinned": "true"},
    ),
    "10": Entry(
        (
            Picture("spin_density", "Spins along z at both edges", ("--component", "z")),
            Picture("probe:across:spin_density", "Their profile across the strip"),
        ),
        (
            Number(
                "S_z at the lower edge [N_F Δ]",
                r"is (-0\.\d+) at the edge y = 0",
                along("across", "spin_density", 0, 2),
                5e-3,
            ),
        ),
    ),
    "11": Entry(
        (Picture("charge_current", "Currents without a phase difference"),),
        (
            Number(
                "current into the left end [N_F E²ξ²]",
                r"of (-0\.\d+) at the left",
                scalar("terminal_current", "left"),
                0.02,
            ),
        ),
    ),
    "12": Entry(
        (
            Picture("spin_source", "The torque, largest where coefficients jump"),
            Picture("spin_current_y", "Currents of the spins along y"),
        ),
        (Number("torque along y on the spins of N [N_F E²]", r"is (-\d\.\d+e-\d)", total_torque, 0.02),),
    ),
    "13": Entry(
        (
            Picture("spin_density", "Spins along z at both edges of the strip", ("--component", "z")),
            Picture("probe:across:spin_density", "Their profile across the strip"),
        ),
        (
            Number(
                "S_z at the edge [N_F E]",
                r"edge (0\.\d+) for the numbers",
                along("across", "spin_density", -1, 2),
                0.01,
            ),
        ),
    ),
    "14": Entry(
        (Picture("distribution", "The distribution of electrons against energy"),),
        (
            Number(
                "dI/dV [G_N]",
                r"leaves (\d\.\d+) ",
                times(0.5, scalar("terminal_conductance", "right,right")),
                1e-4,
            ),
        ),
    ),
    "15": Entry(
        (Picture("terminal_spectral_current", "Currents into the terminals, energy by energy"),),
        (
            Number(
                "current at equal voltages [N_F Δ²ξ]",
                r"of both spins, (-[\d.e-]+) for",
                scalar("terminal_current", "left"),
                0.02,
            ),
        ),
    ),
    "16": Entry(
        (
            Picture("terminal_spectral_current", "Currents into the terminals, energy by energy"),
            Picture("charge_current", "The supercurrent in the strip"),
        ),
        (
            Number(
                "supercurrent at V = 7",
                r"at V = 7 it is ([\d.]+) ",
                difference("terminal_current", "left", "right", 0.5),
                2e-3,
            ),
        ),
    ),
    "17": Entry(
        (
            Picture("spin_density", "Spins that enter from below", ("--component", "z")),
            Picture("charge_density", "Charge between the ends"),
        ),
        (
            Number(
                "V_right − V_left [V₀]",
                r"contact G; (-[\d.e-]+) for",
                difference("terminal_voltage", "right", "left"),
                0.01,
            ),
        ),
    ),
    "18": Entry(
        (Picture("spin_density", "Spins along x turn on their way through the cross", ("--component", "x")),),
        (
            Number(
                "nonlocal resistance at h = 1.5",
                r"and (-[\d.]+) at h = ",
                resistance("east", "south"),
                5e-3,
                against={"terminal.east.contact.polarisation": "[-0.4, 0, 0]"},
            ),
        ),
    ),
    "19": Entry(
        (
            Picture("spin_density", "Spins along x, which nobody injected", ("--component", "x")),
            Picture("probe:across:spin_density", "The profile across the strip at x = 1.6"),
        ),
        (
            Number(
                "S_x at the upper edge, x = 1.6 [N_F V₀]",
                r"x = 1.6 it is (-[\d.e-]+) for",
                along("across", "spin_density", -1, 0),
                0.01,
            ),
        ),
    ),
    "20": Entry(
        (Picture("spin_density", "Spins in the crossed wires", ("--component", "z")),),
        (
            Number(
                "(V_east − V_north)/I_west, parallel",
                r"is (-[\d.]+) for parallel",
                resistance("east", "north"),
                2e-3,
            ),
        ),
    ),
    "21": Entry(
        (Picture("terminal_spectral_current", "Currents into the terminals, energy by energy"),),
        (
            Number(
                "dI/dV [G_N]",
                r"dI/dV = ([\d.]+) G_N",
                times(1 / 0.54545, scalar("terminal_conductance", "left,left")),
                1e-3,
            ),
        ),
    ),
    "22": Entry(
        (
            Picture("spin_density", "Spins that entered above the gap", ("--component", "z")),
            Picture("charge_density", "Charge of the quasiparticles, which decays with the spins"),
        ),
        (
            Number(
                "spin current into the strip at V = 1.4 [N_F Δ²ξ²]",
                r"spin current of ([\d.e-]+) enters",
                scalar("terminal_spin_current", "left", component=2),
                0.02,
            ),
        ),
    ),
    "23": Entry(
        (Picture("probe:along:charge_density", "The charge of quasiparticles along the wire"),),
        (
            Number(
                "charge density at the contact [N_F Δ]",
                r"charge density is ([\d.e-]+) at",
                along("along", "charge_density", 0),
                5e-3,
            ),
        ),
    ),
    "24": Entry(
        (Picture("traces", "Charge and spin of the channel in time"),),
        (
            Number(
                "S_x at the detector after 100 ps [N_F µeV]",
                r"S_x = (-?[\d.]+) and S_y",
                along("detector", "spin_density", 10, 0, 0),
                1e-3,
            ),
        ),
    ),
}
