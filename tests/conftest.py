"""Options and fixtures that several test files share."""

from __future__ import annotations

import pytest

from helpers import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the golden files from what is printed now"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as their summary, from every process."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(text))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the one beside its source, or writes it with --update."""
    return Golden(update=bool(request.config.getoption("--update")))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colours, and no traceback where a bug is reported on purpose."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CLOSEDFORM_TRACEBACK", raising=False)
