"""The same file gives the same bytes: in threads, under other seeds, locales and folders."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.files import read_text
from closedform.projects import report_of
from closedform.render.formats import format_named
from helpers import GOOD, PACKAGE

pytestmark = pytest.mark.robust


def derived(path: Path) -> str:
    """A report, of a project that nobody else has."""
    project = Project(Loader(read_text, path.parent).file(path))
    return "".join(
        format_named("md").report(report_of(project, part.name)) for part in project.models()
    )


def test_eight_threads_agree_with_one(tmp_path: Path) -> None:
    """Fails when two derivations at once disturb each other."""
    names = sorted(path for path in GOOD.glob("*.arch") if "from " not in path.read_text())[:8]
    paths = []
    for name in names:
        paths.append(tmp_path / name.name)
        paths[-1].write_text(name.read_text("utf-8"), "utf-8")
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(derived, paths))
    assert together == [derived(path) for path in paths]


@pytest.mark.slow
def test_seeds_locales_and_folders(tmp_path: Path) -> None:
    """Fails when the hash seed, the locale, the encoding or the folder shows in a report."""
    source = (GOOD / "conditions.arch").read_text("utf-8")
    found = set()
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("12345", "de_DE.UTF-8")):
        folder = tmp_path / seed / "ä b"
        folder.mkdir(parents=True)
        (folder / "m.arch").write_text(source, "utf-8")
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        ran = subprocess.run(
            [sys.executable, "-m", "closedform", "derive", "m.arch"],
            cwd=folder, env=environment, capture_output=True, check=True,
        )  # fmt: skip
        found.add(ran.stdout)
    assert len(found) == 1


# No state in modules -----------------------------------------------------------------------

CHANGING = {
    "append", "add", "update", "pop", "clear", "setdefault", "extend", "remove", "discard",
    "insert", "popitem", "sort", "reverse",
}  # fmt: skip


def changed(code: str) -> list[str]:
    """The names of a module that a function of it changes."""
    module = ast.parse(code)
    own = {
        name.id
        for node in module.body
        for name in ast.walk(node)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(name, ast.Name)
        and isinstance(name.ctx, ast.Store)
    }
    found = []
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = function.args
        local = {a.arg for a in (*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs)}
        nodes = list(ast.walk(function))
        local |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in nodes:
            target: ast.expr | None = None
            if isinstance(node, ast.Global):
                found += node.names
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                target = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                target = node.func.value if node.func.attr in CHANGING else None
            if isinstance(target, ast.Name) and target.id in own - local:
                found.append(target.id)
    return found


def test_no_module_has_state() -> None:
    """Fails when a function changes what all callers of a module share."""
    sources = (path for path in PACKAGE.rglob("*.py") if not path.name.endswith("tables.py"))
    found = {str(path): changed(path.read_text("utf-8")) for path in sources}
    assert {path: names for path, names in found.items() if names} == {}


def test_state_is_seen() -> None:
    """Fails when the test above is blind."""
    code = "A = {}\nB = []\nC = 1\ndef f():\n    A[1] = 2\n    B.append(3)\n    global C\n"
    assert changed(code) == ["A", "B", "C"] or set(changed(code)) == {"A", "B", "C"}
