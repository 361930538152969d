"""The figure of docs/vortex.md, from cases/08_vortex_torque.toml.

python docs/figures.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.tri import Triangulation

import usadel_fem as uf

HERE = Path(__file__).parent
CASE = HERE.parent / "cases" / "08_vortex_torque.toml"
FREQUENCIES = "{ imaginary = [0.1, 0.3, 1.0] }"
COLOURS = ("#0072b2", "#d55e00", "#009e73")  # told apart by all eyes


def field(axes: plt.Axes, solution: uf.Solution, index: int) -> None:
    """Arrows of the torque over |Δ|, near the core."""
    x, y, _ = solution.nodes.T
    corners = solution.cells[:, :3]
    gap = np.asarray(solution.observables["Delta_abs"])
    image = axes.tripcolor(Triangulation(x, y, corners), gap, shading="gouraud", cmap="cividis")
    centre = solution.nodes[corners].mean(axis=1)
    torque = np.asarray(solution.observables["spin_torque"])[index].real
    near = np.abs(centre[:, :2]).max(axis=1) < 2.3
    size = np.linalg.norm(torque[near], axis=1).max()
    axes.quiver(*centre[near, :2].T, *torque[near, :2].T / size, color="white", scale=9, width=0.006)
    axes.quiver(-1.9, 1.75, 0.8, 0.6, color="#cc3311", scale=9, width=0.01)
    axes.text(-1.65, 1.62, "h", color="#cc3311", va="top", weight="bold", fontsize=12)
    axes.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), aspect="equal", xlabel=r"$x/\xi$", ylabel=r"$y/\xi$")
    axes.set_title("Tr στ₃T at ω = 0.3 Δ (arrows) over |Δ|", fontsize=10)
    axes.figure.colorbar(image, ax=axes, label=r"$|\Delta(r)|/\Delta$", shrink=0.85)


def profiles(axes: plt.Axes, solution: uf.Solution) -> None:
    """F(r) at each frequency."""
    vortex = solution.observables["vortex:1"]
    assert not isinstance(vortex, uf.Observable)
    for energy, row, colour in zip(
        solution.energies, np.asarray(vortex["spin_torque"]), COLOURS, strict=True
    ):
        axes.plot(vortex["radius"], row.real, color=colour, label=f"ω = {energy.imag:g} Δ")
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set(xlim=(0, 3.5), xlabel=r"$r/\xi$", ylabel=r"$F(r)$  [$N_F\Delta$]")
    axes.set_title("κ = 0.1, |h| = 0.4 Δ, n = 1", fontsize=10)
    axes.legend(frameon=False)


def main() -> None:
    """Write docs/vortex_torque.png."""
    solution = uf.solve(uf.load_case(CASE, {"solve.energies": FREQUENCIES}))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    field(left, solution, 1)
    profiles(right, solution)
    figure.savefig(HERE / "vortex_torque.png", dpi=130)


if __name__ == "__main__":
    main()
