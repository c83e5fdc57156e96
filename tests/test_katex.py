"""Every formula of the zoo in Markdown is typeset by KaTeX in strict mode.

Needs node, and `npm install` in tests/katex; fails where they are missing.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import TESTS, ZOO, names, programs

from closedform.api import load
from closedform.choices import LANGUAGES
from closedform.derive.written import Function, Product, Symbol
from closedform.render.aligned import aligned
from closedform.render.latex import latex

KATEX = TESTS / "katex"
FILES = programs(ZOO, 20)
DISPLAY = re.compile(r"^```math\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"\$`(.*?)`\$", re.DOTALL)

pytestmark = pytest.mark.slow


def formulas(text: str, place: str) -> Iterator[tuple[str, str]]:
    """Every formula of a Markdown text, displayed or in a line."""
    for at, found in enumerate([*DISPLAY.findall(text), *INLINE.findall(DISPLAY.sub("", text))]):
        yield f"{place}, formula {at + 1}", found


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
    file = load(path)
    found: list[tuple[str, str]] = []
    for name in file:
        found += formulas(file[name].report("md", lang), f"{path.stem}, report of {name}")
        for measure in ("macs", "params"):
            text = file[name].derivation(measure, lang=lang)
            found += formulas(text, f"{path.stem}, derivation of {measure} of {name}")
    assert refused(found) == []


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_tables_have_no_bar_in_a_formula(path: Path) -> None:
    file = load(path)
    for name in file:
        for text in (file[name].report("md"), file[name].derivation()):
            for line in text.split("\n"):
                if line.startswith("|"):
                    assert not any("|" in formula for formula in INLINE.findall(line)), line


def test_names_of_any_kind() -> None:
    symbols = ["d_model", "_", "__", "π", "名", "x_é_2", "alpha_beta", "Ω_1", "a_b_c"]
    lines = [latex(Product((Symbol(name, "s-1"), Symbol(name)))) for name in symbols]
    subject = Function("my_count", (Symbol("pad_to"),))
    lines.append(aligned([(subject, Symbol("x"), ("a_b {c} \\",))]))
    assert refused([(line, line) for line in lines]) == []


def test_katex_refuses_what_is_wrong() -> None:
    wrong = [("one", r"\frac{1}"), ("two", r"\operatorname{x}{"), ("three", "x^2")]
    assert [place for place, *_ in refused(wrong)] == ["one", "two"]
