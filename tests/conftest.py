"""Options and fixtures that several test files share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Module
from closedform.files import read_text
from closedform.projects import zoo_names
from helpers import ROOT, Golden

collect_ignore = ["bridges/models.py"]  # modules of PyTorch, which is not always there

gc.set_threshold(100_000, 20, 100)  # as in the command line
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process that is started compiles anew


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the golden files from what is printed now"
    )


MODELS = frozenset(zoo_names())


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let one process run what is asked of one model, or the tests of one file: what they share
    is made once."""
    named = getattr(item, "callspec", None)
    models = [word for word in named.id.split("-") if word in MODELS] if named else []
    item.add_marker(pytest.mark.xdist_group(models[0] if models else item.nodeid.split("::")[0]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first, of which one may take long, and the models last, which are many."""
    items.sort(key=_is_of_a_model)


def _is_of_a_model(item: pytest.Item) -> bool:
    return any(mark.args[0] in MODELS for mark in item.iter_markers("xdist_group"))


@pytest.fixture(autouse=True, scope="session")
def files_of_the_repository_are_derived_once() -> Iterator[None]:
    """A project of a file that no test writes is that of all tests in this process."""
    opened: dict[tuple[Path, Path], Module] = {}
    derived: dict[Module, Project] = {}
    load: Callable[[Loader, Path], Module] = Loader.file
    begin: Callable[..., None] = Project.__init__

    def file(loader: Loader, path: Path) -> Module:
        whole = path.resolve()
        if loader.read is not read_text or not whole.is_relative_to(ROOT) or loader.loaded:
            return load(loader, path)
        if (whole, path) not in opened:
            opened[whole, path] = load(loader, path)
            derived[opened[whole, path]] = Project(opened[whole, path])
        return opened[whole, path]

    def same(project: Project, module: Module, *others: Any, **named: Any) -> None:
        begin(project, module, *others, **named)
        if module in derived and project.of is None:
            own = {name: getattr(project, name) for name in ("widths", "asked", "configured")}
            vars(project).update({**vars(derived[module]), **own})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Loader, "file", file)
        patched.setattr(Project, "__init__", same)
        yield


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
