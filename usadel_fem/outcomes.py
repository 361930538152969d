"""How the solution of one energy ended: an outcome in words and the numbers that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """Why the solver stopped; the value is a sentence for the user.

    >>> Outcome.CONVERGED.ok, Outcome.STAGNATED.ok
    (True, False)
    """

    CONVERGED = "converged"
    MAX_ITERATIONS = "the largest allowed number of iterations was reached"
    STAGNATED = "the residual stopped decreasing above the tolerance"
    LINEAR_SOLVER_FAILED = "the linear system of a Newton step could not be solved"
    BROKEN_CAUSALITY = "the iteration left the physical branch (negative density of states)"
    NOT_A_NUMBER = "a number that is not finite appeared"
    WORKERS_LOST = "every worker that tried it was lost"
    NOT_RUN = "it has not been solved yet"

    @property
    def ok(self) -> bool:
        """True where the result can be used."""
        return self is Outcome.CONVERGED


@dataclass(frozen=True)
class EnergyReport:
    """What the solver did at one energy.

    Attributes:
        energy: ε + iΓ for a retarded energy, iω for a Matsubara frequency [units.energy].
        outcome: why the solver stopped.
        newton_iterations, krylov_iterations: steps, and linear iterations summed over them.
        residual_history: norm of the residual before each step and after the last.
        seconds: wall-clock time.
        location: where the residual is largest in the end, in space [units.length].
        hint: what to try, where the solver failed.

    >>> print(EnergyReport(0.3 + 0.01j, Outcome.CONVERGED, 5, 31, (1.0, 2e-12), seconds=0.52))
    energy 0.3+0.01j: converged after 5 steps (31 Krylov iterations), residual 2e-12, 0.52 s
    """

    energy: complex
    outcome: Outcome
    newton_iterations: int = 0
    krylov_iterations: int = 0
    residual_history: tuple[float, ...] = ()
    seconds: float = 0.0
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    hint: str = ""

    @property
    def ok(self) -> bool:
        return self.outcome.ok

    def __str__(self) -> str:
        residual = f", residual {self.residual_history[-1]:.0e}" if self.residual_history else ""
        place = "" if self.ok else " at ({:.4g}, {:.4g}, {:.4g})".format(*self.location)
        advice = f"; try: {self.hint}" if self.hint and not self.ok else ""
        return (
            f"energy {format_energy(self.energy)}: {self.outcome.value} after {self.newton_iterations} steps"
            f" ({self.krylov_iterations} Krylov iterations){residual}{place}, {self.seconds:.2f} s{advice}"
        )


def format_energy(energy: complex) -> str:
    """A short text of a complex energy, without the part that is zero.

    >>> format_energy(0.5 + 0.01j), format_energy(0.5), format_energy(0.31j)
    ('0.5+0.01j', '0.5', '+0.31j')
    """
    value = complex(energy)
    if value.imag == 0.0:
        return f"{value.real:.6g}"
    real = f"{value.real:.6g}" if value.real else ""
    return f"{real}{value.imag:+.6g}j"
