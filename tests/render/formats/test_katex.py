"""Every formula of the zoo, in every flavour of Markdown, is typeset by KaTeX in strict mode.

Needs node, and `npm install` in tests/katex; fails where they are missing.
"""

from __future__ import annotations

import json
import subprocess
from itertools import product

import pytest

from closedform.choices import LANGUAGES
from closedform.formula import Function, Product, Symbol
from closedform.projects import open_project
from closedform.render.formulas.aligned import aligned
from closedform.render.formulas.latex import latex
from helpers import ROOT, TESTS, formulas, markdown_texts

KATEX = TESTS / "katex"
MODELS = ("vit", "pvt", "recurrent", "scaling")

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


def test_katex_takes_every_formula_of_the_gallery() -> None:
    """The pages are those of the repository, which other tests hold to what is derived."""
    pages = sorted((ROOT / "docs" / "zoo").glob("*.md"))
    assert len(pages) > 80
    found = [
        (f"{page.name}, formula {at}", formula)
        for page in pages
        for at, formula in enumerate(formulas(page.read_text("utf-8"), "md"), 1)
    ]
    assert len(found) > 3000
    assert refused(found) == []


def test_katex_takes_every_formula() -> None:
    """Of some models, in every language and flavour."""
    found = []
    asked = [*product(MODELS, ["en"]), *product(MODELS[::2], LANGUAGES[1:])]
    for name, lang in asked:
        project = open_project(name)
        for entity in project.parts():
            for what, texts in markdown_texts(project, entity, lang):
                for flavour, text in texts.items():
                    place = f"{what} of {entity.name} as {flavour} in {lang}"
                    several = enumerate(formulas(text, flavour), 1)
                    found += [(f"{place}, formula {at}", formula) for at, formula in several]
    assert refused(found) == []


def test_tables_have_no_bar_in_a_formula() -> None:
    for page in sorted((ROOT / "docs" / "zoo").glob("*.md")):
        for line in page.read_text("utf-8").split("\n"):
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
