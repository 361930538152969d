"""Tunnel interfaces: Kupriyanov and Lukichev, Sov. Phys. JETP 67, 1163 (1988); spin filters; spin mixing.

A barrier of conductance G per area: N_F n·J = −(G/2)[ǧ₁, Γǧ₂Γ]; for scalar angles N_FDθ' = G sin(θ₂ − θ₁).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_bvp
from scipy.optimize import brentq

from tests.verification.cases import DELTA, N_F, TILTED, D, T, bcs_dos, gap_edge, stack, wire
from tests.verification.table import compare

Real = np.ndarray[Any, np.dtype[np.float64]]
THIN = 2e-3
OMEGA = 0.13


def film(
    rate: float, thickness: float = THIN, material: Any = None, contact: Any = None, **solve: Any
) -> Any:
    """A thin film on an S reservoir behind G = 2 rate N_F d (rate: the minigap of weak coupling)."""
    barrier = {"conductance": 2 * rate * N_F * thickness, **(contact or {})}
    terminal = {"left": {"Delta": DELTA, "contact": barrier}}
    return wire(material or {}, terminal, thickness, 1, **solve)


def test_thin_film_of_mcmillan() -> None:
    """2ωN_Fd sin θ = G sin(θ_S − θ): tan θ = γ sin θ_S/(ω + γ cos θ_S), γ = G/2N_Fd (McMillan, PR 175, 537).

    A finite thickness changes θ by Gd/N_FD = 2γd²/D ≈ 2e-6.
    """
    rate, frequencies = 0.37, np.array([0.07, 0.5, 2.9])
    solution = film(rate, kind="spectrum", energies={"imaginary": frequencies.tolist()})
    root = np.hypot(frequencies, DELTA)
    theta = np.arctan(rate * DELTA / root / (frequencies + rate * frequencies / root))
    error = np.abs(solution.observables["singlet"][:, 0] - 1j * np.sin(theta)).max()
    compare("thin film behind a barrier, sin θ", error, 0.0, atol=2e-6)


@pytest.mark.parametrize("rate", [0.02, 0.37])
def test_minigap_of_a_thin_film(rate: float) -> None:
    """E_g(γ + √(Δ² − E_g²)) = γΔ (McMillan 1968); E_g → γ = G/2N_Fd for weak coupling.

    N ∝ (ε − E_g)^{−1/2} as in BCS: N⁻² extrapolated over 3e-3 E_g by a parabola, 1e-6.
    """
    expected = brentq(lambda e: e * (rate + np.sqrt(DELTA**2 - e**2)) - rate * DELTA, 0, 0.999 * DELTA)
    energies = expected * (1 + np.array([0.001, 0.002, 0.003]))
    solution = film(
        rate, kind="spectrum", energies=energies.tolist(), broadening=1e-7 * expected, tolerance=1e-6
    )
    got = gap_edge(energies, solution.observables["dos"][:, 0], peaked=True)
    compare(f"minigap of a thin film over γ = {rate}", got / rate, expected / rate, rel=2e-5)
    if rate < 0.1:
        compare("its weak-coupling limit", got / rate, 1.0, atol=1.5 * rate / DELTA)


SN = {"S": {"D": 1.3, "N_F": 0.7, "Delta": DELTA}, "N": {"D": 2.1, "N_F": 0.45}}


def test_strong_proximity_with_jumps_and_a_barrier() -> None:
    """S|N with different D and N_F and a tunnel interface of the mesh against SciPy's collocation.

    Dθ'' = 2(ω sin θ − Δ cos θ); N_FDθ' = G sin(θ_N − θ_S) at the barrier, 0 at both ends.
    """
    lengths, barrier = {"S": 1.7, "N": 1.1}, 0.9

    # both layers on 0 ≤ s ≤ 1, their barrier sides at s = 0
    def slopes(_: Real, y: Real) -> Real:
        s = 2 * (OMEGA * np.sin(y[0]) - DELTA * np.cos(y[0])) / SN["S"]["D"] * lengths["S"] ** 2
        n = 2 * OMEGA * np.sin(y[2]) / SN["N"]["D"] * lengths["N"] ** 2
        return np.array([y[1], s, y[3], n])

    def ends(a: Real, b: Real) -> Real:
        jump = barrier * np.sin(a[2] - a[0])
        flux = {n: SN[n]["N_F"] * SN[n]["D"] / lengths[n] for n in SN}
        return np.array([-flux["S"] * a[1] - jump, flux["N"] * a[3] - jump, b[1], b[3]])

    grid = np.linspace(0, 1, 40)
    guess = np.tile([[1.2], [0.0], [0.6], [0.0]], (1, 40))
    reference = solve_bvp(slopes, ends, grid, guess, tol=1e-9, max_nodes=20_000)
    assert reference.success
    solution = stack(
        [("S", lengths["S"], 24), ("N", lengths["N"], 16)],
        SN,
        {},
        {"S|N": {"conductance": barrier}},
        kind="spectrum",
        energies={"imaginary": [OMEGA]},
    )
    x = solution.nodes[:, 0] - lengths["S"]
    got = np.asarray(solution.observables["singlet"][0]).imag
    sides = [got[np.argmin(np.abs(x + lengths["S"]))], got[np.argmin(np.abs(x - lengths["N"]))]]
    names = ["S", "N"]
    for name, row, value in zip(names, (0, 2), sides, strict=True):
        expected = np.sin(reference.sol(1.0)[row])
        compare(f"S|N with a barrier, sin θ at the free end of {name}", value, expected, rel=1e-5)
    at_face = np.sort(got[np.abs(x) < 1e-9])
    expected = np.sort(np.sin(reference.sol(0.0)[[0, 2]]))
    compare("the same, jump of sin θ at the barrier", np.diff(at_face)[0], np.diff(expected)[0], rel=1e-5)


def test_interface_of_the_mesh_is_a_contact() -> None:
    """A stiff S lead (1/N_FD = 3e-7) behind a tunnel interface is a reservoir behind a contact."""
    barrier, length = 0.6, 1.4
    lead = {"D": 1e5, "N_F": 30.0, "Delta": DELTA}
    normal = {"D": D, "N_F": N_F}
    wanted: dict[str, Any] = {"kind": "spectrum", "energies": {"imaginary": [OMEGA]}}
    inside = stack(
        [("S", 0.3, 1), ("N", length, 14)],
        {"S": lead, "N": normal},
        {"left": {"Delta": DELTA}},
        {"S|N": {"conductance": barrier}},
        **wanted,
    )
    outside = wire({}, {"left": {"Delta": DELTA, "contact": barrier}}, length, 14, **wanted)
    ends = [complex(s.observables["singlet"][0][np.argmax(s.nodes[:, 0])]) for s in (inside, outside)]
    compare("tunnel interface against tunnel contact", abs(ends[0] - ends[1]), 0.0, atol=2e-6)


def test_spin_mixing_of_a_thin_film() -> None:
    """G_φ on a film of thickness d acts as h = G_φ/N_Fd (Tokuyasu, Sauls, Rainer 1988): Zeeman-split BCS."""
    h, width, energies = 0.29, 0.017, np.array([0.07, 0.5, 0.61, 1.05])
    mixing = (h * N_F * THIN * TILTED).tolist()
    terminal = {"left": {"normal": True, "contact": {"conductance": 1e-12, "spin_mixing": mixing}}}
    solution = wire(
        {"Delta": DELTA, "dynes": width},
        terminal,
        THIN,
        1,
        kind="spectrum",
        energies=energies.tolist(),
        quantisation_axis=TILTED.tolist(),
    )
    up = solution.observables["dos_up"][:, 0]
    error = np.abs(up - bcs_dos(energies + h + 1j * width)).max()
    compare("spin mixing on a thin film, density of states", error, 0.0, atol=2e-5)


def spin_mixing_by_a_layer(thickness: float | None) -> np.ndarray[Any, Any]:
    """f at the far end of N|S with G_φ at the face, or with a layer F of h = G_φ/N_Fd for it."""
    mixing = 0.25
    middle: list[tuple[str, float, int]] = []
    materials: dict[str, Any] = {"S": SN["S"], "N": SN["N"]}
    interface: dict[str, Any] = {"N|S": {"spin_mixing": (mixing * TILTED).tolist()}}
    if thickness is not None:
        middle = [("F", thickness, 2)]
        exchange = mixing / (SN["N"]["N_F"] * thickness) * TILTED
        materials["F"] = {**SN["N"], "exchange": exchange.tolist()}
        interface = {}
    solution = stack(
        [("N", 0.8 - (thickness or 0.0) / 2, 8), *middle, ("S", 1.1 - (thickness or 0.0) / 2, 12)],
        materials,
        {},
        interface,
        kind="spectrum",
        energies={"imaginary": [OMEGA]},
        tolerance=1e-11,
    )
    return np.asarray(solution.observables["triplet"][0][np.argmin(solution.nodes[:, 0])])


def test_spin_mixing_is_a_thin_ferromagnet() -> None:
    """S += iG_φ Tr m·σ τ₃ǧ per area is the limit of h N_Fd at d → 0, the difference ∝ d."""
    limit = spin_mixing_by_a_layer(None) @ TILTED
    layers = [spin_mixing_by_a_layer(d) @ TILTED for d in (0.02, 0.01)]
    errors = [abs(f / limit - 1) for f in layers]
    compare(
        "thin F layer against spin mixing: error at d over that at d/2", errors[0] / errors[1], 2.0, atol=0.1
    )
    compare("the same, extrapolated to d = 0", abs((2 * layers[1] - layers[0]) / limit - 1), 0.0, atol=5e-4)


def tunnel_current(phase: float, contact: dict[str, Any], material: Any = None) -> Any:
    """Sums of a short wire that a reservoir holds at phase 0, with a weak contact at `phase`."""
    terminal = {
        "left": {"Delta": DELTA},
        "right": {"Delta": DELTA, "phase": phase, "contact": {"conductance": 1e-5, **contact}},
    }
    base = {"Delta": DELTA, **(material or {})}
    return wire(base, terminal, 0.5, 3, kind="equilibrium", temperature=T).observables


def test_tunnel_current_of_ambegaokar_and_baratoff() -> None:
    """eR_NI = (πΔ/2) tanh(Δ/2T) sin φ, PRL 10, 486 (1963), with 1/R_N = 2G; corrections of order G = 1e-5."""
    phase = 0.8
    current = float(tunnel_current(phase, {})["terminal_current"]["right"])
    expected = np.pi * DELTA / 2 * np.tanh(DELTA / 2 / T) * np.sin(phase)
    compare("Ambegaokar–Baratoff eR_NI", abs(current) / 2e-5, expected, rel=5e-5)
    compare("its sign: out of the device at the higher phase", np.sign(current), -1.0)


@pytest.mark.parametrize("p", [0.35, 0.9])
def test_spin_filter_and_the_josephson_current(p: float) -> None:
    """I(P) = √(1 − P²) I(0) for singlets, any axis (Bergeret, Verso, Volkov, PRB 86, 060506 (2012))."""
    full = float(tunnel_current(0.8, {})["terminal_current"]["right"])
    filtered = float(
        tunnel_current(0.8, {"polarisation": (p * TILTED).tolist()})["terminal_current"]["right"]
    )
    compare(
        f"supercurrent through a filter P = {p} over that at 0", filtered / full, np.sqrt(1 - p * p), rel=5e-5
    )


def test_half_metallic_barrier_passes_no_singlet_current() -> None:
    """P = 1: √(1 − P²) = 0, up to the second order in G."""
    full = float(tunnel_current(0.8, {})["terminal_current"]["right"])
    current = float(tunnel_current(0.8, {"polarisation": TILTED.tolist()})["terminal_current"]["right"])
    compare("singlet current through P = 1 over that at 0", current / full, 0.0, atol=1e-4)


def test_triplets_pass_a_half_metallic_barrier() -> None:
    """P = 1 along z between condensates with h along x and along y: their triplets carry a Josephson current.

    To first order in G: I/G = πT Σ_{ω>0} ½ Im Tr τ₃[ǧ_A, Γǧ_BΓ], from bulk matrices written out here.
    """
    h, phase = 0.4, 0.8
    # Γ = (1 + σ_zτ₃)/√2 for P = 1
    gamma = np.array([1.0, 0.0, 0.0, 1.0]) * np.sqrt(2)
    sigma = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]])]

    def bulk(w: float, axis: int, chi: float) -> np.ndarray[Any, Any]:
        g = np.zeros((4, 4), dtype=complex)
        for s in (1, -1):
            project = 0.5 * (np.eye(2) + s * sigma[axis])
            shifted = w - 1j * s * h
            root = np.sqrt(shifted**2 + DELTA**2)
            nambu = np.array(
                [[shifted, 1j * DELTA * np.exp(1j * chi)], [-1j * DELTA * np.exp(-1j * chi), -shifted]]
            )
            g += np.kron(nambu / root, project)
        return g

    tau3 = np.diag([1.0, 1, -1, -1])
    total = 0.0
    frequencies = (2 * np.arange(4000) + 1) * np.pi * T
    for w in frequencies:
        a, b = bulk(w, 0, 0.0), bulk(w, 1, phase)
        b = gamma[:, None] * b * gamma
        total += 0.5 * np.trace(tau3 @ (a @ b - b @ a)).imag
    tail = 0.5 * np.trace(tau3 @ (a @ b - b @ a)).imag * w**2 / (2 * np.pi * T) ** 2 / frequencies.size
    expected = np.pi * T * (total + tail)
    terminal = {
        "left": {"Delta": DELTA, "exchange": [h, 0, 0]},
        "right": {
            "Delta": DELTA,
            "phase": phase,
            "exchange": [0, h, 0],
            "contact": {"conductance": 1e-5, "polarisation": [0, 0, 1.0]},
        },
    }
    material = {"Delta": DELTA, "exchange": [h, 0, 0]}
    solution = wire(material, terminal, 0.5, 3, kind="equilibrium", temperature=T)
    got = float(solution.observables["terminal_current"]["right"]) / 1e-5
    assert abs(expected) > 1e-3
    compare("triplet current through P = 1 over G", got, expected, rel=1e-3)


def test_materials_keep_their_own_dynes_broadening() -> None:
    """A barrier of G = 1e-9 decouples two superconductors: N(ε + iΓ) with the Γ of each, or that of solve."""
    energies, width = [0.2, 0.8, 0.86], 0.004
    materials = {
        "A": {"D": D, "N_F": N_F, "Delta": DELTA, "dynes": 0.021},
        "B": {"D": D, "N_F": N_F, "Delta": DELTA},
    }
    solution = stack(
        [("A", 0.4, 1), ("B", 0.4, 1)],
        materials,
        {},
        {"A|B": {"conductance": 1e-9}},
        kind="spectrum",
        energies=energies,
        broadening=width,
    )
    for name, place, own in (("A", 0.0, 0.021), ("B", 0.8, width)):
        node = int(np.argmin(np.abs(solution.nodes[:, 0] - place)))
        error = np.abs(solution.observables["dos"][:, node] - bcs_dos(np.array(energies) + 1j * own)).max()
        compare(f"Dynes broadening of material {name}", error, 0.0, atol=1e-6)
