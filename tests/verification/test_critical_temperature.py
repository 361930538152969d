"""Critical temperatures of homogeneous pieces and of S/N bilayers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma

from tests.verification.cases import N_F, TC, TILTED, D, package_tc, run
from tests.verification.table import compare
from usadel_fem.case import Case

Real = np.ndarray[Any, np.dtype[np.float64]]


def tc_of_grain(material: dict[str, Any]) -> float:
    """T_c of one element; the uniform mode is exact there."""
    solution = run(
        mesh={"shape": "wire", "length": 0.1, "elements": 1},
        material={"S": {"D": D, "N_F": N_F, "Tc": TC, **material}},
        region={"wire": "S"},
        solve={"kind": "equilibrium", "temperature": TC, "critical_temperature": True},
    )
    return float(solution.observables["Tc"])


@pytest.mark.parametrize("h", [0.11, 0.37])
def test_exchange_field(h: float) -> None:
    """ln(T_c0/T_c) = Re ψ(½ + ih/2πT_c) − ψ(½) (Sarma 1963; Maki and Tsuneto 1964): the highest root."""

    def equation(t: float) -> float:
        return float(np.log(TC / t) - digamma(0.5 + 0.5j * h / np.pi / t).real + digamma(0.5))

    grid = np.linspace(TC, 0.05 * TC, 300)
    first = int(np.argmax([equation(t) > 0 for t in grid]))
    expected = brentq(equation, grid[first], grid[first - 1])
    compare(f"T_c in an exchange field {h}", tc_of_grain({"exchange": h * TILTED}), expected, rel=2e-7)


@pytest.mark.parametrize(("h", "tau"), [(0.37, 0.9), (0.37, 4.0), (0.9, 0.2)])
def test_exchange_field_with_spin_relaxation(h: float, tau: float) -> None:
    """T_c with spin–orbit scattering (K. Maki, Prog. Theor. Phys. 36, 886 (1966)) in these conventions.

    ωf_s − ihf_t = Δ, (ω + b)f_t − ihf_s = 0, b = 1/2τ_so: f_s = Δ(ω + b)/((ω + λ₊)(ω + λ₋)),
    λ± = b/2 ± √(b²/4 − h²);  ln(T_c0/T_c) = Σ± c± ψ(½ + λ±/2πT_c) − ψ(½),  c± = ∓λ∓/(λ₊ − λ₋).
    """
    b = 1 / (2 * tau)
    root = np.sqrt(b**2 / 4 - h**2 + 0j)
    plus, minus = b / 2 + root, b / 2 - root

    def equation(t: float) -> float:
        weighted = -minus * digamma(0.5 + plus / (2 * np.pi * t)) + plus * digamma(
            0.5 + minus / (2 * np.pi * t)
        )
        return float(np.log(TC / t) - (weighted / (plus - minus)).real + digamma(0.5))

    grid = np.linspace(TC, 0.02 * TC, 300)
    first = int(np.argmax([equation(t) > 0 for t in grid]))
    expected = brentq(equation, grid[first], grid[first - 1])
    got = tc_of_grain({"exchange": h * TILTED, "tau_so": tau})
    compare(f"T_c with exchange {h} and τ_so = {tau}", got, expected, rel=2e-7)


def test_too_large_a_field_leaves_no_superconductivity() -> None:
    """ln(T_c0/T) = Re ψ(½ + ih/2πT) − ψ(½) has roots below h = 0.61 Δ₀ only; here h = 1.1 Δ₀."""
    got = tc_of_grain({"exchange": 0.9 * TILTED})
    compare("T_c above the largest field of a second-order transition", got, 0.0)


S_LAYER = {"thickness": 1.9, "D": 1.3, "N_F": 0.7}
N_LAYER = {"thickness": 1.1, "D": 2.2, "N_F": 0.45}


def multimode_tc(conductance: float | None, cutoff: float | None) -> float:
    """T_c of the bilayer from the cosine modes of S (many-mode method, Fominov et al., PRB 66, 014507).

    N is eliminated: N_FD f' = B f at the S/N face, B = N_nD_nk_n tanh(k_nd_n) = b, in series with a barrier:
    1/B = 1/b + 1/G, k_n² = 2ω/D_n.  With A_m = ω + Dq_m²/2 and φ_m the cosines at the face,
    K = A⁻¹ − A⁻¹φ φᵀA⁻¹ β/(1 + β Σφ²/A),  β = B/2N_F, and Σφ²/A = κ coth(κd)/ω, κ² = 2ω/D.
    Δ_m falls as m⁻² or slower, T_c(M) as M^{−1.3} (transparent) to M⁻³ (barrier): three M and Aitken.
    """
    d, diffusion, n_f = S_LAYER["thickness"], S_LAYER["D"], S_LAYER["N_F"]

    def face(w: Real) -> Real:
        k = np.sqrt(2 * w / N_LAYER["D"])
        b = N_LAYER["N_F"] * N_LAYER["D"] * k * np.tanh(k * N_LAYER["thickness"])
        return b if conductance is None else b * conductance / (b + conductance)

    def excess(t: float, modes: int) -> float:
        q = np.pi * np.arange(modes) / d
        phi = np.sqrt(np.where(q == 0, 1, 2) / d)
        unit = np.pi * t
        if cutoff is None:
            # single frequencies, then Gauss panels in ω of the integral Σ → ∫dω/2πT from a midpoint
            start, panels = 400, np.geomspace(1, 1e10, 61)
            x, weight = np.polynomial.legendre.leggauss(8)
            low = (2 * np.arange(start) + 1) * unit
            edge = 2 * start * unit * panels
            centre, half = (edge[1:] + edge[:-1]) / 2, (edge[1:] - edge[:-1]) / 2
            w = np.concatenate([low, (centre[:, None] + half[:, None] * x).ravel()])
            count = np.concatenate([np.ones(start), (half[:, None] * weight / (2 * unit)).ravel()])
        else:
            w = (2 * np.arange(round(cutoff / (2 * unit))) + 1) * unit
            count = np.ones(w.size)
        kappa = np.sqrt(2 * w / diffusion)
        beta = face(w) / (2 * n_f)
        strength = beta / (1 + beta * kappa / np.tanh(kappa * d) / w)
        inverse = 1 / (w[:, None] + diffusion * q**2 / 2)
        matrix = -(inverse * phi * (count * strength)[:, None]).T @ (inverse * phi)
        matrix += np.diag((count[:, None] * (inverse - 1 / w[:, None])).sum(axis=0))
        return float(2 * np.pi * t * np.linalg.eigvalsh(matrix)[-1] - np.log(t / TC))

    def solve(modes: int) -> float:
        return float(brentq(excess, 0.05 * TC, 0.9999 * TC, args=(modes,), xtol=1e-10))

    first, second, third = solve(75), solve(150), solve(300)
    return third + (third - second) ** 2 / (2 * second - first - third)


def bilayer(conductance: float | None, thickness: tuple[float, float], **solve: Any) -> Case:
    """S|N, Δ in S alone."""
    thin = max(thickness) < 0.01
    return Case(
        mesh={
            "shape": "layers",
            "layers": [
                {"region": "S", "length": thickness[0], "elements": 1 if thin else 20},
                {"region": "N", "length": thickness[1], "elements": 1 if thin else 10},
            ],
            "grading": 6.0 if conductance else 30.0,
        },
        material={
            "S": {"D": S_LAYER["D"], "N_F": S_LAYER["N_F"], "Tc": TC},
            "N": {"D": N_LAYER["D"], "N_F": N_LAYER["N_F"]},
        },
        region={"S": "S", "N": "N"},
        interface={"S|N": {"conductance": conductance}} if conductance else {},
        solve={"kind": "equilibrium", "temperature": TC, "critical_temperature": True, **solve},
    )


THICKNESS = (S_LAYER["thickness"], N_LAYER["thickness"])


@pytest.mark.parametrize("conductance", [0.6, 2.5])
def test_bilayer_with_a_barrier(conductance: float) -> None:
    """S|N with different D, N_F and a tunnel interface, no cutoff; P2 on the graded mesh errs by 1e-6."""
    expected = multimode_tc(conductance, None)
    got = package_tc(bilayer(conductance, THICKNESS), expected)
    compare(f"T_c of an S/N bilayer, G = {conductance}", got, expected, rel=1e-5)


def test_bilayer_with_a_cutoff() -> None:
    """Both sums end at the same frequency ω_c = 30: the mesh errs by 1e-6."""
    expected = multimode_tc(0.6, 30.0)
    got = package_tc(bilayer(0.6, THICKNESS, cutoff=30.0), expected)
    compare("T_c of an S/N bilayer, ω_c = 30", got, expected, rel=1e-5)


def test_transparent_bilayer() -> None:
    """The problem of de Gennes and Werthamer (1963), solved exactly; Δ(x) → 0 logarithmically at the face.

    Without a cutoff that tip is never resolved: elements of size h cut the sum at D/h², and T_c
    approaches its limit from below as h.
    """
    expected = multimode_tc(None, None)
    got = package_tc(bilayer(None, THICKNESS), expected)
    compare("T_c of a transparent S/N bilayer", got, expected, rel=6e-4)


def test_thin_bilayer_of_de_gennes() -> None:
    """Cooper limit (P. G. de Gennes, Rev. Mod. Phys. 36, 225 (1964)): f = wΔ/ω, w the share of S in ΣN_Fd.

    With Δ in S alone ln(T_c0/T_c) = (1 − w) 2πT Σ_{ω<ω_c} 1/ω: a cutoff, here 5, is part of the answer.
    Corrections are of order ω_cd²/D = 1e-5.
    """
    thin, cutoff = (1.5e-3, 0.4e-3), 5.0
    parts = thin[0] * S_LAYER["N_F"], thin[1] * N_LAYER["N_F"]
    normal = parts[1] / sum(parts)

    def equation(t: float) -> float:
        count = round(cutoff / (2 * np.pi * t))
        return float(np.log(TC / t) - normal * (digamma(count + 0.5) - digamma(0.5)))

    grid = np.linspace(TC, 0.05 * TC, 4001)
    first = int(np.argmax([equation(t) > 0 for t in grid]))
    expected = brentq(equation, grid[first], grid[first - 1])
    got = package_tc(bilayer(None, thin, cutoff=cutoff), expected)
    compare("T_c of a thin bilayer, Cooper limit", got, expected, rel=3e-5)
