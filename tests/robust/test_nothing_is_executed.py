"""Files are data: deriving one opens, starts, imports and runs nothing that it names."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from helpers import PACKAGE, ZOO, call

pytestmark = pytest.mark.robust

HOSTILE = '''"""{{ 7*7 }} << 7*7 >> <% import os %> __import__("os").system("touch pwned")"""
dim N "__import__('os').system('touch pwned')"
dim D
model M(x: [N, D]):
    """${7*7} \\\\input{/etc/passwd} \\\\write18{touch pwned}"""
    return x -> linear(D)
preset "__import__('os')": N=2, D=3
'''
# What a run may not do, by the events of Python's audit hooks.
WATCH = """
    import json, os, sys
    sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
    seen = []
    def hook(event, arguments):
        room = event.split(".")[0]
        if arguments != (None,) and room in (
            "socket", "subprocess", "ctypes", "urllib", "ftplib", "pty",
        ):
            seen.append([event, str(arguments)])
        if event in ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove",
                     "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod"):
            seen.append([event, str(arguments)])
        if event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and str(path) != os.devnull and "__pycache__" not in str(path):
                seen.append([event, str(path)])
        if event == "exec":
            name = arguments[0].co_filename
            if os.getcwd() in os.path.abspath(name) and os.path.exists(name):
                seen.append([event, name])
    sys.dont_write_bytecode = True
    sys.addaudithook(hook)
    from closedform import cli
    # ctypes itself opens the program that runs, which is None
    codes = [cli.run(arguments) for arguments in json.loads(sys.argv[1])]
    print(json.dumps([codes, seen]))
"""


def watched(folder: Path, *commands: list[str]) -> tuple[list[int], list[list[str]]]:
    """The exit codes of commands in one process, and what they did that none may do."""
    script = textwrap.dedent(WATCH)
    ran = subprocess.run(
        [sys.executable, "-c", script, json.dumps(commands)],
        cwd=folder, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    codes, seen = json.loads(ran.stdout.splitlines()[-1])
    return codes, seen


def traps(folder: Path) -> None:
    """Files that are imported instead of ours, where the folder of a project is looked in."""
    for name in ("sympy", "jinja2", "lark", "closedform", "sitecustomize", "resource", "std"):
        (folder / f"{name}.py").write_text("open('pwned', 'w')\n")
    (folder / "m.arch").write_text(HOSTILE)


def test_a_hostile_file_does_nothing(tmp_path: Path) -> None:
    """Fails when a file, or what lies beside it, is run, or anything is written or started."""
    traps(tmp_path)
    formats = ("md", "html", "tex", "json", "text", "typst", "svg")
    commands = [["derive", "m.arch", "--to", to] for to in formats]
    codes, seen = watched(tmp_path, ["check", "m.arch"], *commands)
    assert (codes, seen) == ([0] * 8, [])
    assert not (tmp_path / "pwned").exists()


@pytest.mark.slow
def test_the_zoo_does_nothing(tmp_path: Path) -> None:
    """Fails when deriving a model of the zoo writes, starts, or connects to anything."""
    traps(tmp_path)
    files = [path for path in sorted(ZOO.glob("*.arch")) if "\nmodel " in path.read_text("utf-8")]
    models = [path.stem for path in files[::3]]
    codes, seen = watched(tmp_path, *(["derive", model] for model in models))
    assert (codes, seen) == ([0] * len(models), [])


def test_the_hook_sees(tmp_path: Path) -> None:
    """Fails when the audit hook of the tests above is blind."""
    (tmp_path / "m.arch").write_text("dim   D\n")
    _, seen = watched(tmp_path, ["fmt", "m.arch"])
    assert {event for event, _ in seen} >= {"open", "os.rename"}


def test_templates_run_only_when_asked_for(tmp_path: Path) -> None:
    """Fails when what looks like a template in a text of a file is filled in."""
    (tmp_path / "m.arch").write_text(HOSTILE)
    for to in ("text", "json"):
        assert "49" not in call("derive", "m.arch", "--to", to, folder=tmp_path).out


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_imports_do_not_leave_the_project(tmp_path: Path) -> None:
    """Fails when a link leads an import out of the folder of the project."""
    (tmp_path / "outside.arch").write_text("block B(x: [n]):\n    return x -> linear(3)\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / "inside.arch").symlink_to(tmp_path / "outside.arch")
    (project / "m.arch").write_text("from inside import B\nmodel M(x: [4]):\n    return x -> B\n")
    result = call("check", "m.arch", folder=project)
    assert result.code == 1
    assert "error[import]: `inside` leaves the project folder" in result.err


CALLS = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "lambdify", "S"}


def test_no_module_runs_a_text() -> None:
    """Fails when a module can make code, or an expression of SymPy, of a text."""
    import ast

    allowed = {"functions.py": {"compile", "exec"}, "outside.py": {"__import__"}}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name.endswith("tables.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func
                plain = name.id if isinstance(name, ast.Name) else None
                if isinstance(name, ast.Attribute) and ast.unparse(name.value) == "sympy":
                    plain = name.attr
                assert plain not in CALLS - allowed.get(path.name, set()), f"{path}:{node.lineno}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {a.name for a in node.names} | {getattr(node, "module", None)}
                bad = {"pickle", "marshal", "subprocess", "socket", "ctypes", "shelve"}
                assert not names & bad, f"{path}:{node.lineno}"
