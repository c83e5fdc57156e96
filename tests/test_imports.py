"""What may import what: nothing imports leftwards, and only the command line prints or exits."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from helpers import PACKAGE, ROOT

MODULES = sorted(PACKAGE.rglob("*.py"))

# A room of the package, and what its modules may not import, directly.
FORBIDDEN = {
    "closedform.errors": (
        "closedform.projects",
        "sympy", "lark", "jinja2", "click", "rich", "closedform.grammar", "closedform.derive",
        "closedform.render", "closedform.cli", "closedform.api", "closedform.files",
    ),
    "closedform.files": (
        "closedform.projects",
        "sympy", "lark", "jinja2", "click", "rich", "closedform.grammar", "closedform.derive",
        "closedform.render", "closedform.cli", "closedform.api",
    ),
    "closedform.grammar": (
        "closedform.projects",
        "sympy", "jinja2", "click", "rich", "closedform.derive", "closedform.render",
        "closedform.cli", "closedform.api", "closedform.integrations", "closedform.files",
    ),
    "closedform.derive": (
        "closedform.projects",
        "lark", "jinja2", "click", "rich", "closedform.render", "closedform.cli",
        "closedform.api", "closedform.integrations", "closedform.files",
    ),
    "closedform.render": (
        "closedform.projects",
        "lark", "click", "closedform.cli", "closedform.api", "closedform.integrations",
    ),
    "closedform.projects": ("click", "rich", "lark", "jinja2", "closedform.cli", "closedform.api"),
    "closedform.api": ("click", "rich", "lark", "jinja2", "closedform.cli"),
    "closedform.integrations": ("closedform.cli", "lark", "sympy"),
}  # fmt: skip

# Calls that print, read a terminal or end the process.
EDGE = {"print", "input", "exit", "quit", "breakpoint"}
EDGE_METHODS = {
    ("click", "echo"), ("click", "secho"), ("sys", "exit"), ("os", "_exit"), ("stdout", "write"),
    ("stderr", "write"),
}  # fmt: skip
AT_THE_EDGE = "closedform.cli"


def name_of(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imports_of(tree: ast.AST, module: str, is_package: bool = False) -> Iterator[str]:
    """Every module that a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - node.level + is_package]
                base = ".".join([*above, base] if base else above)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def leftward(code: str, module: str, is_package: bool = False) -> list[str]:
    """The imports of a module that its room may not have."""
    rules = [names for room, names in FORBIDDEN.items() if inside(module, room)]
    return sorted(
        found
        for found in set(imports_of(ast.parse(code), module, is_package))
        if any(inside(found, name) for names in rules for name in names)
    )


def edge_calls(code: str) -> list[str]:
    """Calls that print or exit."""
    return [ast.unparse(node.func) for node in ast.walk(ast.parse(code)) if is_edge_call(node)]


def is_edge_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in EDGE | {"echo", "secho"}
    if isinstance(node.func, ast.Attribute):
        owner = ast.unparse(node.func.value).rpartition(".")[2]
        return (owner, node.func.attr) in EDGE_METHODS
    return False


def ids(paths: Iterable[Path]) -> list[str]:
    return [name_of(path) for path in paths]


def test_modules_are_found() -> None:
    """Fails when the tests below go over an empty or renamed package."""
    assert len(MODULES) > 25
    names = ids(MODULES)
    for room in FORBIDDEN:
        known = [name for name in names if inside(name, room)]
        assert known or room == "closedform.integrations"  # each is optional
    assert AT_THE_EDGE in names


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_nothing_imports_leftwards(path: Path) -> None:
    """Fails when a room of the package imports one to its left, or another's library."""
    code = path.read_text("utf-8")
    assert leftward(code, name_of(path), path.name == "__init__.py") == []


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_only_the_command_line_prints(path: Path) -> None:
    """Fails when another module than cli.py prints or exits."""
    if name_of(path) == AT_THE_EDGE:
        assert edge_calls(path.read_text("utf-8"))
    else:
        assert edge_calls(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        ("closedform.grammar.parser", "import sympy", ["sympy"]),
        ("closedform.grammar.parser", "import sympy.core as s", ["sympy.core"]),
        ("closedform.grammar.parser", "def f():\n    import sympy", ["sympy"]),
        ("closedform.grammar.parser", "from sympy import Add", ["sympy", "sympy.Add"]),
        ("closedform.grammar.parser", "from closedform import derive", ["closedform.derive"]),
        ("closedform.grammar.parser", "from .. import derive", ["closedform.derive"]),
        (
            "closedform.grammar.parser",
            "from ..derive.cost import Node",
            ["closedform.derive.cost", "closedform.derive.cost.Node"],
        ),
        ("closedform.derive.cost", "import jinja2", ["jinja2"]),
        ("closedform.derive.cost", "import_module('closedform.render')", ["closedform.render"]),
        ("closedform.render.view", "import closedform.cli", ["closedform.cli"]),
        ("closedform.render.view", "from closedform import api", ["closedform.api"]),
        ("closedform.render.view", "import closedform.derive.cost, sympy, jinja2", []),
        ("closedform.derive.cost", "import sympy_extra, closedform.rendering", []),
        ("closedform.cli", "import sympy, closedform.derive", []),
    ],
)
def test_the_check_can_fail(module: str, code: str, expected: list[str]) -> None:
    """Fails when an import that is forbidden is not seen, or one that is allowed is refused."""
    assert leftward(code, module) == expected


def test_relative_imports_of_a_package_are_seen() -> None:
    """Fails when `from . import x` in an __init__.py is taken for one folder further up."""
    assert leftward("from . import parser", "closedform.grammar", True) == []
    assert leftward("from .. import derive", "closedform.grammar", True) == ["closedform.derive"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('x')", ["print"]),
        ("import click\nclick.echo('x')", ["click.echo"]),
        ("from click import echo\necho('x')", ["echo"]),
        ("import sys\ndef f():\n    sys.exit(1)", ["sys.exit"]),
        ("import sys\nsys.stdout.write('x')", ["sys.stdout.write"]),
        ("raise SystemExit", []),
        ("file.write('x'); printer.print('x')", []),
    ],
)
def test_the_check_of_printing_can_fail(code: str, expected: list[str]) -> None:
    """Fails when a call that prints is not seen."""
    assert edge_calls(code) == expected
