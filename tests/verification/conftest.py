"""Prints the table of verified numbers after the last test."""

from __future__ import annotations

import pytest

from tests.verification import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if table.ROWS:
        terminalreporter.section("verification against closed forms and published numbers")
        for line in table.lines():
            terminalreporter.write_line(line)
