"""Templates of the user: what docs/templates.md promises, and what goes wrong in them."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from closedform import choices
from closedform import formula as w
from closedform.derive.arrange.forms import FORMS
from closedform.render.formats import names_with, own_names, template_in
from closedform.render.report.view import Report
from helpers import ROOT, Ran, call

PAGE = (ROOT / "docs" / "templates.md").read_text("utf-8")
HOSTILE = """\
\"\"\"About </script><img src=x onerror=alert(1)>\"\"\"

dim D  "50% & #1_"

model M(x: [4, D]):
    return x -> linear(D)

preset "\\\\input{/etc/passwd}": D=8
"""


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "two.arch").write_text(fences("arch")[0])
    (tmp_path / "hostile.arch").write_text(HOSTILE)
    return tmp_path


def fill(folder: Path, template: str, *options: str, file: str = "two.arch") -> Ran:
    (folder / "own.j2").write_text(template)
    return call("derive", file, "--template", "own.j2", *options, folder=folder)


# The page ----------------------------------------------------------------------------------


def test_badge_table(folder: Path) -> None:
    """Fails when the example of a README does not give what the page shows."""
    assert fill(folder, fences("jinja")[0]) == Ran(0, fences("markdown")[0], "")


def test_appendix(folder: Path) -> None:
    """Fails when the example of a paper does not give what the page shows."""
    assert fill(folder, fences("jinja")[1], "--to", "fragment") == Ran(0, fences("latex")[0], "")


def test_commands_of_the_page(folder: Path) -> None:
    """Fails when a command of the page does not run."""
    (folder / "badges.md.j2").write_text(fences("jinja")[0])
    (folder / "appendix.tex.j2").write_text(fences("jinja")[1])
    for line in fences("sh")[0].splitlines():
        assert call(*line.split()[1:], folder=folder) == Ran(0, "", "")
    assert (folder / "costs.md").read_text() == fences("markdown")[0]
    assert (folder / "appendix.tex").read_text() == fences("latex")[0]


def groups(kind: object) -> set[type]:
    """The dataclasses that a type is made of; a formula is none."""
    if isinstance(kind, type) and is_dataclass(kind):
        if kind in get_args(w.Written):
            return set()
        hints = get_type_hints(kind)
        return {kind}.union(*(groups(hints[field.name]) for field in fields(kind) if field.repr))
    return set().union(*map(groups, get_args(kind)))


def test_every_variable_is_documented() -> None:
    """Fails when the report has a value that the page does not name."""
    known = set(re.findall(r"`(?:report\.)?(\w+)`", PAGE))
    for group in groups(Report):
        missing = {field.name for field in fields(group) if field.repr} - known
        assert not missing, f"docs/templates.md does not name {missing} of {group.__name__}"


def test_every_function_is_documented() -> None:
    """Fails when a template has a function that the page does not name."""
    known = set(re.findall(r"`(\w+)\(", PAGE))
    for name in names_with(lambda row: row.template, own_names()):
        assert template_in(name).tools.keys() <= known


# Data and escaping -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "about", "meaning", "preset"),
    [
        (
            "md",
            "About &lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;",
            r"50% &amp; \#1\_",
            r"<span>&#92;</span>input\{/etc/passwd\}",
        ),
        (
            "fragment",
            r"About \textless{}/script\textgreater{}\textless{}img src=x "
            r"onerror=alert(1)\textgreater{}",
            r"50\% \& \#1\_",
            r"\textbackslash{}input\{/etc/passwd\}",
        ),
        (
            "text",
            "About </script><img src=x onerror=alert(1)>",
            "50% & #1_",
            r"\input{/etc/passwd}",
        ),
    ],
)
def test_texts_are_escaped_for_the_format(
    folder: Path, to: str, about: str, meaning: str, preset: str
) -> None:
    """Fails when a text of the model becomes markup in a user's template."""
    template = (
        "<< report.about >>\n<< report.symbols[0].meaning >>\n<< report.presets[0].title >>\n"
    )
    expected = f"{about}\n{meaning}\n{preset}\n"
    assert fill(folder, template, "--to", to, file="hostile.arch") == Ran(0, expected, "")


def test_format_follows_option_then_suffix_then_markdown(folder: Path) -> None:
    """Fails when a LaTeX file is escaped as Markdown."""
    template = "<< report.symbols[0].meaning >>"
    fill(folder, template, "-o", "out.tex", file="hostile.arch")
    assert (folder / "out.tex").read_text() == r"50\% \& \#1\_"
    fill(folder, template, "-o", "out.tex", "--to", "text", file="hostile.arch")
    assert (folder / "out.tex").read_text() == "50% & #1_"
    fill(folder, template, "-o", "out.rst", file="hostile.arch")
    assert (folder / "out.rst").read_text() == r"50% &amp; \#1\_"
    assert fill(folder, template, file="hostile.arch").out == r"50% &amp; \#1\_"


def test_formulas_have_three_faces(folder: Path) -> None:
    """Fails when a formula is escaped, or is not the same in all its forms."""
    formula = "report.formulas[1].formula"
    template = f"<< {formula}.text >> = << {formula}.plain >> = << report.formulas[1].expr >>"
    result = fill(folder, template, "--to", "text")
    assert result.out == "8 N D^2 = 8 N D^2 = 8*D**2*N"
    assert fill(folder, f"<< {formula}.text >>").out == r"8\, N\, D^{2}"


def test_a_formula_is_taken_as_it_is(folder: Path) -> None:
    """Fails when a function of templates needs `.text` of a formula."""
    formula = "report.formulas[0].formula"
    for tool in ("inline", "block"):
        given = fill(folder, f"<< {tool}({formula}) >>")
        assert given == fill(folder, f"<< {tool}({formula}.text) >>")
        assert (given.code, given.err) == (0, "")


def test_data_is_plain(folder: Path) -> None:
    """Fails when a template is handed an object of the algebra system."""
    template = "<< report.formulas[0].expr.subs >>"
    result = fill(folder, template)
    assert result.code == 1
    assert "has no attribute 'subs'" in result.err


# What goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("a\n<% for row in report.formulas %>\n", 2, "Unexpected end of template"),
        ("a\nb << report.titel >>\n", 2, "has no attribute 'titel'"),
        ("<< titel >>\n", 1, "'titel' is undefined"),
        ("a\n\n<< 1/0 >>\n", 3, "ZeroDivisionError('division by zero')"),
        ("<< number('x') >>\n", 1, "`number('x')` has an argument of another kind"),
        ("a\n<< number(nix) >>\n", 2, "'nix' is undefined"),
        (
            "<< display('x', 3) >>\n",
            1,
            "`display('x', 3)` has an argument of another kind: it is"
            " written display(name, node), and docs/templates.md says what each is",
        ),
        ("<< number(report) >>\n", 1, "`number({...})` has"),
        ("a\n<< report.formulas[0].formula | nix >>\n", 2, "No filter named 'nix'"),
    ],
)
def test_mistakes_name_the_line(folder: Path, template: str, line: int, message: str) -> None:
    """Fails when a mistake in a template ends in a traceback, or points to another line."""
    result = fill(folder, template)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"own.j2:{line}:1: error[template]: ")
    assert message in result.err
    assert "Traceback" not in result.err


def test_exit_codes(folder: Path) -> None:
    """Fails when a mistake in the call has another code than the table of them says."""
    assert fill(folder, "x", "--to", "nix").code == 2
    result = call("derive", "two.arch", "--template", "no.j2", folder=folder)
    assert (result.code, result.out) == (3, "")
    assert fill(folder, "x", "--to", "json") == Ran(
        2,
        "",
        "error[format]: the format `json` lacks a way to fill in templates\n"
        "     = help: choose one of md, fragment, html, mkdocs, notebook, tex, text, typst\n",
    )


def test_wrong_template_leaves_the_output(folder: Path) -> None:
    """Fails when the old output is lost to a template that fails."""
    (folder / "out.md").write_text("old\n")
    assert fill(folder, "<< nix >>", "-o", "out.md").code == 1
    assert (folder / "out.md").read_text() == "old\n"


def test_templates_are_read_only_when_asked_for(folder: Path) -> None:
    """Fails when a template beside the model is taken by itself."""
    (folder / "report.md.j2").write_text("<< 1/0 >>")
    (folder / "two.j2").write_text("<< 1/0 >>")
    assert call("derive", "two.arch", folder=folder).code == 0


def test_choices_are_those_that_there_are() -> None:
    """Fails when `--help` offers a form that does not exist, or hides one."""
    assert set(choices.FORMS) == {*FORMS, "parts"}
