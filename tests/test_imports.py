"""What may import what: nothing imports leftwards, and only the command line prints or exits."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import closedform
from helpers import PACKAGE, ROOT

MODULES = sorted(PACKAGE.rglob("*.py"))

# The rooms from left to right: a module imports from its own room and from rooms to its left.
ROOMS = (
    "closedform.data",
    "closedform.errors",
    "closedform.limits",
    "closedform.checked",
    "closedform.choices",
    "closedform.files",
    "closedform.outside",
    "closedform.formula",
    "closedform.grammar",
    "closedform.derive.symbolic",
    "closedform.derive.resolve",
    "closedform.derive.assume",
    "closedform.derive.cost",
    "closedform.derive.elaborate",
    "closedform.derive.training",
    "closedform.derive.measures",
    "closedform.derive.arrange",
    "closedform.derive.solve",
    "closedform.derive.lower",
    "closedform.derive.pipeline",
    "closedform.derive.project",
    "closedform.derive.trace",
    "closedform.derive.check",
    "closedform.reason",
    "closedform.render.language",
    "closedform.render.formulas",
    "closedform.render.report",
    "closedform.render.pictures",
    "closedform.render.markup",
    "closedform.render.formats",
    "closedform.render.code",
    "closedform.render.site",
    "closedform.measures",
    "closedform.projects",
    "closedform.documents",
    "closedform.sweeps",
    "closedform.explore",
    "closedform.torch",
    "closedform.api",
    "closedform.console",
    "closedform.cli",
    "closedform.integrations",
    "closedform.__main__",
)

# Packages that hold rooms and have nothing of their own; the first gives the names of the API.
HALLS = ("closedform", "closedform.derive", "closedform.render")

EXPORTED = [f"closedform.{name}" for name in closedform.__all__]

# What a room may not need, however indirectly.
WITHOUT = {
    "closedform.grammar": ("sympy", "jinja2", "click", "rich"),
    "closedform.formula": ("sympy", "lark", "jinja2", "click", "rich"),
    "closedform.derive": ("jinja2", "click", "rich"),
    "closedform.reason": ("jinja2", "click", "rich"),
    "closedform.render": ("click", "rich"),
    "closedform.projects": ("click", "rich"),
    "closedform.api": ("click", "rich"),
    "closedform.torch.importing": ("torch", "click", "rich"),
}

# Libraries of one room alone: nobody else imports them.
OWN = {
    "lark": ("closedform.grammar",),
    "jinja2": ("closedform.render.markup",),
    "click": (
        "closedform.cli",
        "closedform.console",
        "closedform.integrations.ipython",
    ),
    "rich": ("closedform.console.exits", "closedform.console.terminal"),
    "torch": ("closedform.torch.tracing",),
}

# Calls that print, read a terminal or end the process.
EDGE = {"print", "input", "exit", "quit", "breakpoint"}
EDGE_METHODS = {
    ("click", "echo"), ("click", "secho"), ("sys", "exit"), ("os", "_exit"), ("stdout", "write"),
    ("stderr", "write"),
}  # fmt: skip
AT_THE_EDGE = (
    "closedform.cli",
    "closedform.console.commands.asking",
    "closedform.console.commands.bounding",
    "closedform.console.commands.bridging",
    "closedform.console.commands.checking",
    "closedform.console.commands.documenting",
    "closedform.console.exits",
    "closedform.console.commands.fitting",
    "closedform.integrations.ipython",
    "closedform.console.commands.library",
    "closedform.console.output",
    "closedform.console.commands.writing",
    "closedform.console.terminal",
)


def name_of(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def imports_of(code: str, module: str, is_package: bool = False) -> frozenset[str]:
    """Every module that a module imports, wherever in it the import stands."""
    return frozenset(_imports(ast.parse(code), module, is_package))


def _imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
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
        elif isinstance(node, ast.Call) and called(node) == "import_module":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def room_of(module: str) -> str | None:
    """The room that a module belongs to; None for a hall."""
    return next((room for room in ROOMS if inside(module, room)), None)


def rightward(code: str, module: str, is_package: bool = False) -> list[str]:
    """The imports of a module that are from a room to its right, or in no room."""
    own = room_of(module)
    assert own is not None
    found = []
    for name in imports_of(code, module, is_package):
        if inside(name, "closedform") and name not in (*HALLS, *EXPORTED):
            room = room_of(name)
            if room is None or ROOMS.index(room) > ROOMS.index(own):
                found.append(name)
    return sorted(found)


def foreign(code: str, module: str) -> list[str]:
    """The libraries that a module imports and that belong to another room."""
    names = {name.partition(".")[0] for name in imports_of(code, module)}
    return sorted(
        library
        for library, rooms in OWN.items()
        if library in names and not any(inside(module, room) for room in rooms)
    )


def graph(sources: Mapping[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Which modules each module imports, types alone included; other names stay as they are.

    `from folder import module` is an import of the module, not of what its folder gathers.
    """
    found: dict[str, set[str]] = {}
    for module, (code, is_package) in sources.items():
        names = imports_of(code, module, is_package)
        deeper = {name.rpartition(".")[0] for name in names & sources.keys()}
        own = {name for name in names & sources.keys() if name not in {*HALLS, *deeper}}
        found[module] = own | {name for name in names if not inside(name, "closedform")}
    return found


def needed(module: str, edges: Mapping[str, set[str]]) -> set[str]:
    """All that a module needs, however indirectly; not itself unless it stands in a circle."""
    found: set[str] = set()
    waiting = list(edges[module])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return found


def circles(edges: Mapping[str, set[str]]) -> list[str]:
    """The modules that need themselves."""
    return sorted(module for module in edges if module in needed(module, edges))


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


@cache
def package() -> dict[str, tuple[str, bool]]:
    """The source of every module of the package, and whether it is a folder's own."""
    return {name_of(p): (p.read_text("utf-8"), p.name == "__init__.py") for p in MODULES}


@cache
def whole() -> dict[str, set[str]]:
    """Which modules each module of the package imports."""
    return graph(package())


def test_modules_are_found() -> None:
    """Fails when the tests below go over an empty or renamed package, or a room is gone."""
    assert len(MODULES) > 100
    names = ids(MODULES)
    assert [room for room in ROOMS if not any(inside(name, room) for name in names)] == []
    assert [name for name in names if room_of(name) is None] == list(HALLS)
    assert set(AT_THE_EDGE) <= set(names)


def test_no_folder_is_a_heap() -> None:
    """Fails when a folder has more modules than can be seen at one look."""
    folders = Counter(path.parent for path in MODULES)
    assert [str(folder) for folder, count in folders.items() if count > 16] == []


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(name_of(p))], ids=name_of)
def test_nothing_imports_leftwards(path: Path) -> None:
    """Fails when a module imports from a room to its right, or the library of another room."""
    code, is_package = package()[name_of(path)]
    assert rightward(code, name_of(path), is_package) == []
    assert foreign(code, name_of(path)) == []


def test_there_is_no_circle() -> None:
    """Fails when modules import each other, for their types alone too."""
    edges = {module: needs for module, needs in whole().items() if module != "closedform"}
    assert circles(edges) == []  # the names of the API are imported when they are used


@pytest.mark.parametrize("room", WITHOUT)
def test_rooms_do_without(room: str) -> None:
    """Fails when a room needs a library that it must do without, however indirectly."""
    edges = whole()
    found = {
        name.partition(".")[0]
        for module in edges
        if inside(module, room)
        for name in needed(module, edges)
    }
    assert found & set(WITHOUT[room]) == set()


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_only_the_command_line_prints(path: Path) -> None:
    """Fails when a module other than those of the command line prints or exits."""
    if name_of(path) in AT_THE_EDGE:
        assert edge_calls(path.read_text("utf-8"))
    else:
        assert edge_calls(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        ("closedform.formula.tree", "import closedform.grammar", ["closedform.grammar"]),
        (
            "closedform.grammar.parser",
            "def f():\n    from closedform.derive.cost.tree import Node",
            ["closedform.derive.cost.tree", "closedform.derive.cost.tree.Node"],
        ),
        (
            "closedform.derive.cost.tree",
            "if TYPE_CHECKING:\n    from closedform.derive import solve",
            ["closedform.derive.solve"],
        ),
        (
            "closedform.derive.cost.tree",
            "from .. import elaborate",
            ["closedform.derive.elaborate"],
        ),
        ("closedform.derive.cost.tree", "import_module('closedform.cli')", ["closedform.cli"]),
        ("closedform.derive.cost.tree", "import closedform.rendering", ["closedform.rendering"]),
        ("closedform.derive.cost.tree", "import closedform.derive.assume.store, jinja2", []),
        ("closedform.render.report.view", "from closedform import api", ["closedform.api"]),
        ("closedform.cli", "import sympy, closedform.derive.check", []),
    ],
)
def test_the_check_can_fail(module: str, code: str, expected: list[str]) -> None:
    """Fails when an import that is forbidden is not seen, or one that is allowed is refused."""
    assert rightward(code, module) == expected


def test_relative_imports_of_a_package_are_seen() -> None:
    """Fails when `from . import x` in an __init__.py is taken for one folder further up."""
    assert rightward("from . import parser", "closedform.grammar", True) == []
    assert rightward("from .. import derive", "closedform.grammar", True) == []  # a hall
    assert rightward("from .. import cli", "closedform.grammar", True) == ["closedform.cli"]


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        ("closedform.derive.cost.tree", "from jinja2 import Template", ["jinja2"]),
        ("closedform.derive.cost.tree", "import lark.lark", ["lark"]),
        ("closedform.grammar.parser", "import lark", []),
        ("closedform.console.exits", "import rich.text, larks", []),
        ("closedform.cli", "import click, rich.text", ["rich"]),
    ],
)
def test_the_check_of_libraries_can_fail(module: str, code: str, expected: list[str]) -> None:
    """Fails when a library in the wrong room is not seen, or one in its own is refused."""
    assert foreign(code, module) == expected


def test_the_check_of_circles_can_fail() -> None:
    """Fails when a circle is not seen, or a library behind another module is not."""
    sources = {
        "closedform.a": ("if TYPE_CHECKING:\n    from closedform.b import B", False),
        "closedform.b": ("from closedform import c", False),
        "closedform.c": ("def f():\n    import closedform.a, sympy.core", False),
        "closedform.d": ("import closedform.a", False),
    }
    edges = graph(sources)
    assert circles(edges) == ["closedform.a", "closedform.b", "closedform.c"]
    assert "sympy.core" in needed("closedform.d", edges)


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
