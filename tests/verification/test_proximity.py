"""Weak proximity effect: the linear equation has closed forms with complex wave numbers.

ǧ = cos θ_s τ₃ − sin θ_s τ₂ for spin s along h: D θ_s'' = 2(ω − ish) θ_s for small θ, so that
k_s² = 2(ω − ish)/D, f̂ = i sin θ_s: f₀ = i(θ₊ + θ₋)/2, f along h = i(θ₊ − θ₋)/2.
A contact of conductance G to a reservoir θ_S adds N_FD θ' = −G sin(θ_S − θ) at x = 0, x into the device.
Everything left out is of relative order θ² ≤ 1e-6; the solver's tolerance on θ is FINE.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.verification.cases import DELTA, N_F, TILTED, D, run, stack, wire
from tests.verification.table import compare

G = 1e-3
FINE = 1e-13
OMEGA = 0.13


def reservoir(omega: float) -> tuple[float, float]:
    """sin θ_S and cos θ_S of the S reservoir."""
    return DELTA / np.hypot(omega, DELTA), omega / np.hypot(omega, DELTA)


def in_order(solution: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """x, f₀ and the triplet amplitudes from left to right."""
    order = np.argsort(solution.nodes[:, 0])
    observables = solution.observables
    return solution.nodes[order, 0], observables["singlet"][0][order], observables["triplet"][0][order]


def contact(g: float = G) -> dict[str, Any]:
    return {"left": {"Delta": DELTA, "contact": g}}


def test_pair_amplitude_in_a_ferromagnet() -> None:
    """θ_s = A_s cosh k_s(L − x), A_s(N_FDk sinh kL + G cos θ_S cosh kL) = G sin θ_S.

    A. I. Buzdin, RMP 77, 935 (2005), section III, at a weak barrier; h along a tilted axis.  ten P2
    elements per 1/|k| err by 1e-7.
    """
    h, length = 0.9, 3.1
    solution = wire(
        {"exchange": h * TILTED},
        contact(),
        length,
        40,
        kind="spectrum",
        tolerance=FINE,
        energies={"imaginary": [OMEGA]},
    )
    x, singlet, triplet = in_order(solution)
    sine, cosine = reservoir(OMEGA)

    def theta(s: int) -> np.ndarray[Any, Any]:
        k = np.sqrt(2 * (OMEGA - 1j * s * h) / D)
        scale = N_F * D * k * np.sinh(k * length) + G * cosine * np.cosh(k * length)
        return np.asarray(G * sine / scale * np.cosh(k * (length - x)))

    plus, minus = theta(1), theta(-1)
    size = np.abs(plus).max()
    error = np.abs(singlet - 0.5j * (plus + minus)).max() / size
    compare("singlet amplitude in F, largest error over largest value", error, 0.0, atol=2e-6)
    error = np.abs(triplet - 0.5j * (plus - minus)[:, None] * TILTED).max() / size
    compare("triplet amplitudes in F, the same", error, 0.0, atol=2e-6)


def test_decay_and_oscillation_length() -> None:
    """k ξ_F = 1 ∓ i with ξ_F = √(D/h) for h ≫ ω: decay and oscillation over one length (Buzdin 2005).

    k from f₊(x₂)/f₊(x₁), half a wire from its far end (e^{−2·8}); ω/h = 1e-4 shifts it by 5e-5.
    """
    h = 2.6
    xi = np.sqrt(D / h)
    length = 12 * xi
    solution = wire(
        {"exchange": h * TILTED},
        contact(),
        length,
        120,
        kind="spectrum",
        tolerance=FINE,
        energies={"imaginary": [1e-4 * h]},
    )
    x, singlet, triplet = in_order(solution)
    up = singlet + triplet @ TILTED
    one, two = (int(np.argmin(np.abs(x - part * xi))) for part in (1.0, 4.0))
    k = -np.log(up[two] / up[one]) / (x[two] - x[one])
    compare("S/F: Re k ξ_F", k.real * xi, 1.0, atol=1e-4)
    compare("S/F: |Im k ξ_F|", abs(k.imag) * xi, 1.0, atol=1e-4)
    compare("S/F: sign of Im k for spins along h", np.sign(k.imag), -1.0)
    # f₀ ∝ Re[e^{−kx}/k] vanishes first where x/ξ_F + π/4 = π/2
    real = singlet.imag
    before = int(np.argmax(np.diff(np.sign(real)) != 0))
    crossing = x[before] - real[before] * (x[before + 1] - x[before]) / (real[before + 1] - real[before])
    compare("S/F: first zero of f₀ over ξ_F", crossing / xi, np.pi / 4, atol=1e-3)


@pytest.mark.parametrize("b", [0.4, 5.0])
def test_decay_with_spin_relaxation(b: float) -> None:
    """Singlet and triplet mix: k±² = 2λ±/D, λ± = ω + b/2 ± √(b²/4 − h²), b = 1/2τ_so; real for b > 2h.

    Demler, Arnold, Beasley, PRB 55, 15174 (1997); Fauré, Buzdin, Golubov, Kupriyanov, PRB 73, 064505 (2006).
    With M = [[ω, −ih], [−ih, ω + b]]: Df'' = 2Mf, N_FDf'(0) = −G((sin θ_S, 0) − cos θ_S f).
    """
    h, length = 0.9, 2.3
    material = {"exchange": h * TILTED, "tau_so": 1 / (2 * b)}
    solution = wire(
        material, contact(), length, 50, kind="spectrum", tolerance=FINE, energies={"imaginary": [OMEGA]}
    )
    x, singlet, triplet = in_order(solution)
    matrix = np.array([[OMEGA, -1j * h], [-1j * h, OMEGA + b]])
    values, modes = np.linalg.eig(matrix)
    expected = OMEGA + b / 2 + np.array([1, -1]) * np.sqrt(b**2 / 4 - h**2 + 0j)
    assert np.allclose(np.sort_complex(values), np.sort_complex(expected))
    k = np.sqrt(2 * values / D)
    sine, cosine = reservoir(OMEGA)
    scale = N_F * D * k * np.sinh(k * length) + G * cosine * np.cosh(k * length)
    amplitude = np.linalg.solve(modes, np.array([G * sine, 0])) / scale
    f = 1j * modes @ (amplitude[:, None] * np.cosh(k[:, None] * (length - x)))
    size = np.abs(f).max()
    error = max(
        np.abs(singlet - f[0]).max(),
        np.abs(triplet - f[1][:, None] * TILTED).max(),
    )
    compare(f"S/F with spin relaxation, 1/2τ_so = {b}", error / size, 0.0, atol=2e-6)


LAYERS = {
    "A": {"D": 1.3, "N_F": 0.7, "exchange": (0.5 * TILTED).tolist()},
    "B": {"D": 0.4, "N_F": 1.9, "exchange": (-0.2 * TILTED).tolist()},
}


def two_layers(barrier: float | None, lengths: tuple[float, float], x: np.ndarray[Any, Any], s: int) -> Any:
    """θ_s(x) in A|B behind the weak contact: N_FDθ' continuous, equal to G_B times the jump at a barrier."""
    sine, cosine = reservoir(OMEGA)
    spin = {"A": 0.5, "B": -0.2}
    k = {n: np.sqrt(2 * (OMEGA - 1j * s * spin[n]) / LAYERS[n]["D"]) for n in LAYERS}
    conductance = {n: LAYERS[n]["N_F"] * LAYERS[n]["D"] * k[n] for n in LAYERS}
    # θ = cosh k_B(L − x) in B; value and flux N_FDθ' carried to the left
    value, flux = np.cosh(k["B"] * lengths[1]), -conductance["B"] * np.sinh(k["B"] * lengths[1])
    left = value - flux / barrier if barrier else value
    y = lengths[0] - x
    cosh, sinh = np.cosh(k["A"] * y), np.sinh(k["A"] * y)
    in_a = left * cosh - flux / conductance["A"] * sinh
    start = left * np.cosh(k["A"] * lengths[0]) - flux / conductance["A"] * np.sinh(k["A"] * lengths[0])
    flow = flux * np.cosh(k["A"] * lengths[0]) - conductance["A"] * left * np.sinh(k["A"] * lengths[0])
    scale = G * sine / (G * cosine * start - flow)
    in_b = np.cosh(k["B"] * (sum(lengths) - x))
    return scale * in_a, scale * in_b


@pytest.mark.parametrize("barrier", [None, 0.8])
def test_jumps_of_diffusion_density_of_states_and_exchange(barrier: float | None) -> None:
    """Two ferromagnets of different D, N_F, h: transparent, or with a tunnel interface of the mesh."""
    lengths = (1.2, 0.9)
    solution = stack(
        [("A", lengths[0], 24), ("B", lengths[1], 24)],
        LAYERS,
        contact(),
        {"A|B": {"conductance": barrier}} if barrier else None,
        kind="spectrum",
        tolerance=FINE,
        energies={"imaginary": [OMEGA]},
    )
    x = solution.nodes[:, 0]
    up = np.asarray(solution.observables["singlet"][0] + solution.observables["triplet"][0] @ TILTED)
    in_a, in_b = two_layers(barrier, lengths, x, 1)
    at_face = np.abs(x - lengths[0]) < 1e-9
    either = np.where(x < lengths[0], in_a, in_b)
    either[at_face] = np.where(
        np.abs(up - 1j * in_a)[at_face] < np.abs(up - 1j * in_b)[at_face], in_a[at_face], in_b[at_face]
    )
    assert at_face.sum() == (2 if barrier else 1)
    error = np.abs(up - 1j * either).max() / np.abs(either).max()
    name = "transparent" if barrier is None else f"barrier {barrier}"
    compare(f"A|B with jumps of D, N_F and h, {name}", error, 0.0, atol=2e-6)


def test_resistive_layer_is_a_tunnel_interface() -> None:
    """A layer of thickness N_FD/G carries the flux of a barrier G, for small θ.

    With N_F = 1e-7 the layer holds no pairs of its own.
    """
    barrier, thickness = 0.8, 0.05
    layers = {**LAYERS, "R": {"N_F": 1e-7, "D": barrier * thickness / 1e-7}}
    whole = stack(
        [("A", 1.2, 24), ("R", thickness, 2), ("B", 0.9, 24)],
        layers,
        contact(),
        kind="spectrum",
        tolerance=FINE,
        energies={"imaginary": [OMEGA]},
    )
    split = stack(
        [("A", 1.2, 24), ("B", 0.9, 24)],
        LAYERS,
        contact(),
        {"A|B": {"conductance": barrier}},
        kind="spectrum",
        tolerance=FINE,
        energies={"imaginary": [OMEGA]},
    )
    ends = []
    for solution in (whole, split):
        far = int(np.argmax(solution.nodes[:, 0]))
        ends.append(complex(solution.observables["singlet"][0][far]))
    compare("resistive layer N_FD/G against a barrier G", abs(ends[0] / ends[1] - 1), 0.0, atol=1e-5)


def test_rotating_the_exchange_field_rotates_the_triplets() -> None:
    """Two layers with fields at an angle: f₀ stays and f turns with all h, to solver tolerance."""
    turn = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]]) @ np.array(
        [[1.0, 0, 0], [0, 0.28, -0.96], [0, 0.96, 0.28]]
    )
    fields = {"A": np.array([0.1, 0.4, 0.5]), "B": np.array([-0.6, 0.2, 0.3])}
    found = []
    for rotation in (np.eye(3), turn):
        material = {n: {**LAYERS[n], "exchange": (rotation @ fields[n]).tolist()} for n in LAYERS}
        solution = run(
            mesh={
                "shape": "layers",
                "layers": [{"region": n, "length": 0.7, "elements": 4} for n in ("A", "B")],
            },
            material=material,
            region={"A": "A", "B": "B"},
            terminal={"left": {"Delta": DELTA, "contact": 0.6}},
            solve={"kind": "spectrum", "energies": {"imaginary": [OMEGA]}, "tolerance": 1e-11},
        )
        found.append(solution.observables)
    change = np.abs(found[1]["singlet"][0] - found[0]["singlet"][0]).max()
    compare("singlets under a rotation of all spins", change, 0.0, atol=1e-9)
    change = np.abs(found[1]["triplet"][0] - found[0]["triplet"][0] @ turn.T).max()
    compare("triplets under a rotation of all spins", change, 0.0, atol=1e-9)
