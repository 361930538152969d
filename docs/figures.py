"""The pictures of these pages, made by `usadel_fem.plot` from the cases.

python docs/figures.py
"""

from __future__ import annotations

from pathlib import Path

import usadel_fem as uf
from usadel_fem.plot.files import write
from usadel_fem.plot.options import Options

HERE = Path(__file__).parent
CASE = HERE.parent / "cases" / "08_vortex_torque.toml"
FREQUENCIES = "{ imaginary = [0.1, 0.3, 1.0] }"


def main() -> None:
    """Write docs/vortex_torque.png and docs/vortex_profile.png."""
    solution = uf.solve(uf.load_case(CASE, {"solve.energies": FREQUENCIES}))
    near_core = Options(energy=0.3, window=(-2.3, 2.3, -2.3, 2.3))
    write(solution, "spin_torque", HERE / "vortex_torque.png", "png", near_core)
    write(solution, "vortex:1:spin_torque", HERE / "vortex_profile.png", "png", Options())


if __name__ == "__main__":
    main()
