"""The pictures of docs/vortex.md, made by `usadel-fem plot` from the case.

python docs/figures.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CASE = HERE.parent / "cases" / "08_vortex_torque.toml"
RUN = ("--set", "solve.energies={ imaginary = [0.1, 0.3, 1.0] }")
PICTURES = {
    "vortex_torque.png": ("spin_torque", "--energy", "0.3", "--window", "-2.3", "2.3", "-2.3", "2.3"),
    "vortex_profile.png": ("vortex:1:spin_torque",),
}
"""File → what `usadel-fem plot` is asked for."""


def main() -> None:
    """Write docs/vortex_torque.png and docs/vortex_profile.png."""
    with tempfile.TemporaryDirectory() as result:
        _usadel_fem("run", str(CASE), "-o", result, *RUN)
        for name, words in PICTURES.items():
            _usadel_fem("plot", result, *words, "-o", str(HERE / name))


def _usadel_fem(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "usadel_fem", *words], check=True)


if __name__ == "__main__":
    main()
