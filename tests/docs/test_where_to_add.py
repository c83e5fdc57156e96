"""docs/architecture.md says where to add things: each is added there in a copy, and then works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import PACKAGE, ROOT

SECTION = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Where to add")[2]


@dataclass(frozen=True)
class Copy:
    """A copy of the package; `touched` are the files that were changed or added in it."""

    package: Path
    touched: set[str]

    def insert(self, file: str, before: str, text: str) -> None:
        """Put a text before the first place where another stands."""
        path = self.package / file
        content = path.read_text("utf-8")
        assert before in content, f"{before!r} is not in {file}"
        path.write_text(content.replace(before, text + before, 1), "utf-8")
        self.touched.add(file)

    def append(self, file: str, text: str) -> None:
        """Put a text at the end of a file, which may be new."""
        path = self.package / file
        path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")
        self.touched.add(file)

    def run(self, *arguments: str) -> str:
        """What the command line of the copy prints."""
        return self._ran("-m", "closedform", *arguments)

    def python(self, code: str) -> str:
        """What code prints that uses the copy."""
        return self._ran("-c", code)

    def _ran(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.package.parent,
            env={**os.environ, "PYTHONPATH": str(self.package.parent)},
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        return ran.stdout

    def derived(self, code: str) -> list[str]:
        """The formulas of a file."""
        path = self.package.parent / "mine.arch"
        path.write_text(code, "utf-8")
        text = self.run("derive", str(path), "--to", "text")
        assert self.run("fmt", "--check", str(path)) == ""
        return re.findall(r"^(?:params|macs) = .*$", text, re.M)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    ignored = shutil.ignore_patterns("*.pyc.*")  # being written by others
    return Copy(shutil.copytree(PACKAGE, tmp_path / "closedform", ignore=ignored), set())


def told(what: str) -> str:
    """What the page says of adding something."""
    found = re.search(rf"^- \*\*{what}\*\*: (.*?)(?=^- |\Z)", SECTION, re.M | re.S)
    assert found, f"docs/architecture.md does not say where to add: {what}"
    return found[1]


def assert_only_what_is_told(copy: Copy, what: str) -> None:
    """Fails when something else than the page says had to be touched."""
    text = told(what)
    paths = re.findall(r"`([\w./]+)`", text)
    assert paths
    for file in copy.touched:
        assert any(file.endswith(p) or f"/{p}" in f"/{file}" for p in paths), (
            f"{file}: not in {text!r}"
        )


def test_an_operation(copy: Copy) -> None:
    """Fails when an operation needs more than its lines in a file of std."""
    op = 'op twice(x: [...]) -> y: [...]:\n    """2 x."""\n    mac = 2*size(x)\n'
    copy.append("derive/std/activations.arch", f"\n{op}")
    code = "block B(x: [n, d]):\n    return x -> twice\n"
    assert copy.derived(code) == ["params = 0", "macs = 2 n d"]
    assert_only_what_is_told(copy, "An operation")


def test_a_model(copy: Copy) -> None:
    """Fails when a model needs more than its file."""
    code = '"""Tiny."""\n\ndim D  "width"\n\nmodel Tiny(x: [D]):\n    return x -> linear(D)\n'
    copy.append("zoo/tiny.arch", code)
    assert "macs = D^2" in copy.run("derive", "tiny", "--to", "text").splitlines()
    assert_only_what_is_told(copy, "A model")


@pytest.mark.slow
def test_a_function_of_sizes(copy: Copy) -> None:
    """Fails when a function of the language needs more than its two rows."""
    copy.insert("derive/resolve/builtin.py", '    "sqrt":', '    "double": "double(n)",\n')
    functions = "derive/elaborate/builtins/functions.py"
    copy.insert(functions, '    "sqrt":', '    "double": lambda arguments: 2 * arguments.size(),\n')
    code = "block B(x: [n, d]):\n    return x -> linear(double(d), bias=false)\n"
    assert copy.derived(code) == ["params = 2 d^2", "macs = 2 n d^2"]
    op = "op twice(x: [...]) -> y: [...]:\n    mac = double(size(x)) + [double(size(x)) > 1]\n"
    code = f"{op}\nblock B(x: [n, d]):\n    return x -> twice\n"
    assert copy.derived(code) == ["params = 0", "macs = 2 n d + 1"]
    steps = copy.run("derive", str(copy.package.parent / "mine.arch"), "--steps", "--to", "text")
    assert "= 2 n d + 1" in steps
    assert_only_what_is_told(copy, "A function of sizes or tensors")


def test_a_language_of_code(copy: Copy) -> None:
    """Fails when a language needs more than its file."""
    code = (
        "from closedform.render.code.expressions import Writer\n"
        "from closedform.render.code.languages.python import SPELLING\n"
        "from closedform.render.code.source import Language, Source\n\n\n"
        "def write(source: Source) -> str:\n"
        "    names = {size.name: '$' + size.name for size in source.sizes}\n"
        "    return Writer(SPELLING, names).text(source.value) + ';'\n\n\n"
        "LANGUAGE = Language(write)\n"
    )
    copy.append("render/code/languages/php.py", code)
    asked = "from closedform.api import zoo; print(zoo('vit')['MLP'].macs.export('php'))"
    assert copy.python(asked) == "2 * $d * $hidden;\n"
    assert_only_what_is_told(copy, "A language of code")


def test_a_statement(copy: Copy) -> None:
    """Fails when a statement needs more than a rule, a node, two methods and a row."""
    copy.insert("grammar/arch.lark", "\nbody:", '\nskip: "skip" name _NL\n')
    copy.insert("grammar/arch.lark", " | repeat", " | skip")
    node = "@dataclass(frozen=True)\nclass Skip(Node):\n    tensor: Name\n\n\n"
    copy.insert("grammar/tree.py", "@dataclass(frozen=True)\nclass Repeat", node)
    copy.insert("grammar/tree.py", " | Repeat", " | Skip")
    method = (
        "    def skip(self, kids):\n        return tree.Skip(kids[1], span=span_of(kids[:2]))\n\n"
    )
    copy.insert("grammar/builder.py", "    def repeat(", method)
    written = (
        "    @statement.register\n    def _(self, node: tree.Skip) -> None:\n"
        '        self.write(f"skip {node.tensor.name}")\n\n'
    )
    place = "    @statement.register\n    def _(self, node: tree.Repeat)"
    copy.insert("grammar/formatter.py", place, written)
    file = "derive/elaborate/statements/skips.py"
    copy.append(
        file, "def run_skip(context, node, scope):\n    context.tensor(node.tensor, scope)\n"
    )
    model = "derive/elaborate/model.py"
    copy.insert(
        model, "STATEMENTS", "from closedform.derive.elaborate.statements.skips import run_skip\n\n"
    )
    copy.insert(model, "    tree.Assign:", "    tree.Skip: run_skip,\n")
    code = "block B(x: [n, d]):\n    skip x\n    return x -> linear(d, bias=false)\n"
    assert copy.derived(code) == ["params = d^2", "macs = n d^2"]
    assert_only_what_is_told(copy, "A statement")
