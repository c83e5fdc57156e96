"""The table of formats: found from the files of a folder, light, and asked by everybody else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from closedform.api import zoo
from closedform.errors import ClosedformError
from closedform.render.formats import format_of_file, own_names, own_sites
from helpers import PACKAGE, Ran, call

NAMES = (
    *("md", "fragment", "html", "json", "macros", "mkdocs", "notebook", "svg", "tex", "text"),
    *("tikz", "typst"),
)


def test_names() -> None:
    """Fails when the order in `--help` changes, in which Markdown comes first."""
    assert own_names() == NAMES
    assert own_sites() == ("md", "html", "mkdocs")


def test_rows_are_light() -> None:
    """Fails when a row imports SymPy or Jinja2, which `--help` would wait for."""
    rows = "from closedform.render import formats as f; list(map(f.format_named, f.own_names()))"
    heavy = "print(*sorted({'sympy', 'jinja2', 'lark', 'click'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {rows}; {heavy}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.md", "md"),
        ("a.tex", "tex"),
        ("a.macros.tex", "macros"),
        ("a.fragment.tex", "fragment"),
        ("a.tikz", "tikz"),
        ("a.typ", "typst"),
        ("tex.htm", "html"),
    ],
)
def test_suffixes(file: str, name: str) -> None:
    assert format_of_file(Path(file)) == name


# What a format lacks -----------------------------------------------------------------------

STEPS = "error[format]: the format `{}` lacks a way to write derivations\n"
PAGES = "error[format]: the format `{}` lacks a way to write the pages of a project\n"
FOR_STEPS = (
    "     = help: choose one of md, fragment, html, macros, mkdocs, notebook, tex, text, typst\n"
)
FOR_PAGES = "     = help: choose one of md, html, mkdocs\n"


def test_formats_without_derivations() -> None:
    said = STEPS.format("json") + FOR_STEPS
    assert call("derive", "vit", "--steps", "--to", "json") == Ran(2, "", said)
    with pytest.raises(ClosedformError) as raised:
        zoo("vit").derivation(to="json")
    assert f"{raised.value}\n" == said


@pytest.mark.parametrize("to", ["fragment", "json", "macros", "notebook", "tex", "text", "typst"])
def test_formats_without_pages(to: str, tmp_path: Path) -> None:
    ran = call("docs", "vit", "-o", "site", "--to", to, folder=tmp_path)
    assert ran == Ran(2, "", PAGES.format(to) + FOR_PAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_template_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("<< wrong", "utf-8")
    ran = call("derive", "vit", "--template", "own.j2", "-o", "a.json", folder=tmp_path)
    said = "error[format]: the format `json` lacks a way to fill in templates\n"
    assert ran == Ran(2, "", said + FOR_STEPS.replace(" macros,", ""))


def test_an_unknown_name() -> None:
    for name, near in (("qqqq", f"there are {', '.join(NAMES)}"), ("txt", "did you mean `text`?")):
        with pytest.raises(ClosedformError) as raised:
            zoo("vit").report(name)
        said = f"error[format]: there is no format `{name}`\n     = help: {near}"
        assert str(raised.value) == said


# One file a format -------------------------------------------------------------------------


def decisions(code: str) -> Iterator[str]:
    """The texts on which a module decides: in comparisons, patterns, and keys of tables."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare):
            places: list[ast.expr | None] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            places = [node.value]
        elif isinstance(node, ast.Dict):
            places = [*node.keys]
        else:
            continue
        for place in places:
            yield from _texts(place)


def _texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for item in node.elts:
            yield from _texts(item)


# Names of formats that are keys of data too.
DATA = {
    "text": (
        "render/markup/templating.py",
        "render/formats/json.py",
        "render/report/verdicts.py",
        "grammar/tables.py",
    )
}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_a_format_is_named_in_its_own_file_alone(path: Path) -> None:
    """Fails when a module decides by the name of a format, so that a new one is left out."""
    own = {path.stem} if path.parent.name == "formats" else set()
    place = path.relative_to(PACKAGE).as_posix()
    found = set(decisions(path.read_text("utf-8"))) & set(NAMES) - own
    assert {name for name in found if place not in DATA.get(name, ())} == set()


@pytest.mark.parametrize(
    "code",
    [
        "if to == 'md': pass",
        "x = 1 if to in ('json', 'md') else 2",
        "match to:\n    case 'md': pass",
        "KINDS = {'md': 1}",
    ],
)
def test_decisions_are_seen(code: str) -> None:
    """Fails when the test above could not fail."""
    assert "md" in set(decisions(code))
