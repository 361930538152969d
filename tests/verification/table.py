"""The numbers that verification tests compare, kept for the table at the end of the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison."""

    name: str
    got: float
    expected: float
    tolerance: float

    @property
    def difference(self) -> float:
        return self.got - self.expected

    @property
    def passed(self) -> bool:
        return abs(self.difference) <= self.tolerance

    def __str__(self) -> str:
        mark = "" if self.passed else "  <-- off"
        return (
            f"{self.name:<64.64} {self.got:>13.7g} {self.expected:>13.7g} "
            f"{self.difference:>9.1e} {self.tolerance:>8.1e}{mark}"
        )


ROWS: list[Row] = []


def compare(name: str, got: float, expected: float, *, rel: float = 0.0, atol: float = 0.0) -> None:
    """Note a number for the table and assert |got − expected| ≤ max(rel·|expected|, atol)."""
    row = Row(name, float(got), float(expected), max(rel * abs(float(expected)), atol))
    ROWS.append(row)
    assert row.passed, str(row)


def lines() -> list[str]:
    """The table."""
    head = f"{'':<64} {'got':>13} {'expected':>13} {'diff.':>9} {'allowed':>8}"
    return [head, *map(str, ROWS)]
