"""Every formula of the zoo, in every flavour of Markdown, is typeset by KaTeX in strict mode.

Needs node, and `npm install` in tests/katex; fails where they are missing.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from closedform.choices import LANGUAGES
from closedform.formula import Function, Product, Symbol
from closedform.projects import open_project
from closedform.render.formulas.aligned import aligned
from closedform.render.formulas.latex import latex
from helpers import TESTS, ZOO, formulas, markdown_texts, names, programs

KATEX = TESTS / "katex"
FILES = programs(ZOO, 20)

pytestmark = pytest.mark.slow


def refused(found: list[tuple[str, str]]) -> list[list[str]]:
    """What KaTeX does not take."""
    assert found
    ran = subprocess.run(
        ["node", "check.mjs"],
        input=json.dumps(found),
        capture_output=True,
        text=True,
        cwd=KATEX,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, f"node, or katex in {KATEX} (npm install), is missing: {ran.stderr}"
    answer = json.loads(ran.stdout)
    assert answer["checked"] == len(found)
    return list(answer["refused"])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_katex_takes_every_formula(path: Path, lang: str) -> None:
    project = open_project(str(path))
    found = [
        (f"{what} of {entity.name} as {flavour}, formula {at}", formula)
        for entity in project.parts()
        for what, texts in markdown_texts(project, entity, lang)
        for flavour, text in texts.items()
        for at, formula in enumerate(formulas(text, flavour), 1)
    ]
    assert refused(found) == []


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_tables_have_no_bar_in_a_formula(path: Path) -> None:
    project = open_project(str(path))
    for entity in project.parts():
        for _, texts in markdown_texts(project, entity):
            for line in texts["md"].split("\n"):
                if line.startswith("|"):
                    assert not any("|" in formula for formula in formulas(line, "md")), line


def test_names_of_any_kind() -> None:
    symbols = ["d_model", "_", "__", "π", "名", "x_é_2", "alpha_beta", "Ω_1", "a_b_c"]
    lines = [latex(Product((Symbol(name, "s-1"), Symbol(name)))) for name in symbols]
    subject = Function("my_count", (Symbol("pad_to"),))
    lines.append(aligned([(subject, Symbol("x"), ("a_b {c} \\",))]))
    assert refused([(line, line) for line in lines]) == []


def test_katex_refuses_what_is_wrong() -> None:
    wrong = [("one", r"\frac{1}"), ("two", r"\operatorname{x}{"), ("three", "x^2")]
    assert [place for place, *_ in refused(wrong)] == ["one", "two"]
