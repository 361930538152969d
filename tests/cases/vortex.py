"""A vortex in a disk by other means: θ(r) on a radial grid, with finite differences and complex energies.

With ǧ collinear with a uniform h, spins along it have z = ω − ih, those against it z = ω + ih, and

    D(θ'' + θ'/r − sin 2θ/2r²) = 2z sin θ − 2|Δ| cos θ,      θ(0) = 0,   θ'(R) = 0;   ĝ = cos θ,  f̂ = i sin θ

for a winding of ±1 (L. Kramer, W. Pesch, R. J. Watts-Tobin, J. Low Temp. Phys. 14, 29 (1974)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from scipy.optimize import newton_krylov

from tests.cases.linear import matsubara_rule

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


def grid(radius: float, points: int = 1500) -> Real:
    """Radii (i + ½)R/n."""
    return (np.arange(points) + 0.5) * radius / points


def angles(r: Real, z: Any, d: float, gap: Real) -> Complex:
    """θ (m, n) at complex energies z (m,) on `grid` radii r (n,), by Newton's method."""
    z = np.asarray(z, dtype=complex)[:, None]
    step = r[1] - r[0]
    inner, outer = (r - step / 2) / (r * step**2), (r + step / 2) / (r * step**2)
    outer[-1] = 0.0  # nothing flows out at R, nor through r = 0
    theta = np.arctan(gap / z)
    for _ in range(50):
        bent = -(inner + outer) * theta
        bent[:, 1:] += inner[1:] * theta[:, :-1]
        bent[:, :-1] += outer[:-1] * theta[:, 1:]
        residual = (
            d * (bent - np.sin(2 * theta) / (2 * r**2)) - 2 * z * np.sin(theta) + 2 * gap * np.cos(theta)
        )
        diagonal = (
            -d * (inner + outer + np.cos(2 * theta) / r**2) - 2 * z * np.cos(theta) - 2 * gap * np.sin(theta)
        )
        change = np.empty_like(theta)
        for k, middle in enumerate(diagonal):
            bands = np.zeros((3, r.size), dtype=complex)
            bands[0, 1:], bands[1], bands[2, :-1] = d * outer[:-1], middle, d * inner[1:]
            change[k] = solve_banded((1, 1), bands, -residual[k])
        theta = theta + change
        if np.abs(change).max() < 1e-11:
            return theta
    raise AssertionError("no solution of the radial equation")


def current(r: Real, temperature: float, d: float, gap: Real) -> Real:
    """j_φ(r) = 4πT N_F D Σ_{ω>0} sin²θ/r at h = 0."""
    omega, weight = matsubara_rule(temperature, exact=20, points=10)
    total = weight @ np.sin(angles(r, omega, d, gap).real) ** 2
    return np.asarray(4 * np.pi * temperature * d * total / r)


def swapping_torque(r: Real, omega: float, h: float, d: float, gap: Real, kappa: float) -> Real:
    """F(r) of Eq. (84), Tr στ₃T = F(r) n ẑ×ĥ, to first order in κ at one frequency: (4iDκ/r) ∂_r(f_sf_t)."""
    up, down = np.sin(angles(r, [omega - 1j * h, omega + 1j * h], d, gap))
    product = -(up**2 - down**2) / 4
    return np.asarray((4j * d * kappa * np.gradient(product, r, edge_order=2) / r).real)


def spin_hall_source(r: Real, temperature: float, h: float, d: float, gap: Real, theta: float) -> Real:
    """G(r) of πT Σ_{ω>0} Im Tr σT = G(r) n ẑ×ĥ, to first order in θ: −(4Dθ/r) ∂_rg_t at each frequency."""
    omega, weight = matsubara_rule(temperature, exact=20, points=10)
    up, down = (np.cos(angles(r, omega + s * 1j * h, d, gap)) for s in (-1, 1))
    along = weight @ ((up - down) / 2).imag
    return np.asarray(-4 * np.pi * temperature * d * theta * np.gradient(along, r, edge_order=2) / r)


def self_consistent_gap(r: Real, temperature: float, tc: float, h: float, d: float) -> Real:
    """Δ(r) of Δ ln(T/T_c) + 2πT Σ_{ω>0}[Δ/ω − ½Re(sin θ_↑ + sin θ_↓)] = 0, by Newton–Krylov."""
    omega, weight = matsubara_rule(temperature, exact=20, points=10)
    gap = 1.7 * tc * np.tanh(r / np.sqrt(d / tc))
    inverse_coupling = np.log(temperature / tc) + 2 * np.pi * temperature * np.sum(weight / omega)

    def mismatch(delta: Real) -> Real:
        sine = weight @ np.sin(angles(r, omega - 1j * h, d, delta)).real
        return np.asarray(2 * np.pi * temperature * sine / inverse_coupling - delta)

    return np.asarray(newton_krylov(mismatch, gap, f_tol=1e-7))
