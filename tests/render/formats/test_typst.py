"""Typst: each written node, and the compiler itself, which sets the zoo and hostile texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typst as compiler

import closedform as cf
from closedform.derive.project import Project
from closedform.formula import (
    BigSum,
    Condition,
    Fraction,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Written,
)
from closedform.formula.signs import GREEK
from closedform.projects import derivation_of, open_project, report_of
from closedform.render.formats import comparison_in, format_named
from closedform.render.formats.typst import escape_typst
from closedform.render.formulas.typst import typst, typst_name
from closedform.render.report.compared.comparison import comparison
from helpers import ZOO, cases, programs

FILES = cases(programs(ZOO, 20), {"vit", "recurrent"})
N, D, S = Symbol("N"), Symbol("D"), Symbol("D", "s-1")
SUM = Sum((N, Product((Number(-2), D))))

NODES: list[tuple[Written, str]] = [
    (Number(1234), "1234"),
    (Number(12345678), "12 thin 345 thin 678"),
    (Symbol("d_model", "s"), 'd_("model",s)'),
    (S, "D_(s-1)"),
    (Symbol("λ"), "lambda"),
    (Symbol("名"), '"名"'),
    (SUM, "N - 2 thin D"),
    (Product((Number(4), N, SUM)), "4 thin N thin (N - 2 thin D)"),
    (Product((Number(-1), N, D)), "-N thin D"),
    (Product((N, Number(3), Power(Number(16), Number(2)))), "N dot 3 dot 16^(2)"),
    (Fraction(SUM, D), "frac(N - 2 thin D, D)"),
    (Power(SUM, Number(2)), "(N - 2 thin D)^(2)"),
    (Power(Function("floor", (N,)), Number(2)), "floor(N)^(2)"),
    (Function("ceil", (Fraction(N, D),)), "ceil(frac(N, D))"),
    (Function("sqrt", (N,)), "sqrt(N)"),
    (Function("max", (N, D)), "max(N, D)"),
    (Function("log", (N, Number(2))), "log_(2) (N)"),
    (Function("macs", (Symbol("MLP"),)), '"macs"("MLP")'),
    (Function("", (N, D)), "(N, D)"),
    (Condition("|", (N, D)), "N divides D"),
    (Condition("not", (Condition("=", (N, D)),)), "not (N = D)"),
    (Indicator(Condition(">", (N, Number(1)))), "[N > 1]"),
    (BigSum("s", Number(1), Number(4), Sum((N, S))), "sum_(s=1)^(4) (N + D_(s-1))"),
]


@pytest.mark.parametrize(("node", "text"), NODES, ids=[text for _, text in NODES])
def test_each_node(node: Written, text: str) -> None:
    assert typst(node) == text


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(TypeError, match="no Typst for object"):
        typst(object())  # type: ignore[arg-type]


def test_a_wide_numerator_stands_beside_the_bar() -> None:
    """A line may break in it there."""
    wide = Sum(tuple(Symbol(f"a_{i}") for i in range(20)))
    assert typst(Fraction(wide, D)) == f"frac(1, D) thin ({typst(wide)})"


def compiled(text: str) -> bytes:
    return compiler.compile(text.encode())


def test_the_compiler_knows_every_letter() -> None:
    """Fails when the name of a Greek letter is no letter in Typst."""
    names = [typst_name(f"{letter}_{letter}", "s-1") for letter in sorted(GREEK)]
    assert compiled("".join(f"${name}$ " for name in [*names, *(text for _, text in NODES)]))


def test_the_compiler_can_refuse() -> None:
    with pytest.raises(compiler.TypstError):
        compiled("$unknown$")


def documents(project: Project, lang: str) -> Iterator[str]:
    for part in project.parts():
        presets = [node.title for node in project.presets(part)[:1]]
        for preset in (None, *presets):
            report = report_of(project, part.name, preset=preset, lang=lang)
            yield format_named("typst").report(report)
        yield derivation_of(
            project, part.name, ("macs",), None, *presets[:1] or [None], "typst", lang
        )


@pytest.mark.parametrize("path", FILES)
def test_the_compiler_sets_the_zoo(path: Path) -> None:
    for lang in ("en", "zh"):
        for document in documents(open_project(path.stem), lang):
            assert compiled(document).startswith(b"%PDF")


def test_models_side_by_side() -> None:
    told = comparison([open_project("vit")], ["ViT-B/16"])
    assert compiled(comparison_in("typst")(told)).startswith(b"%PDF")


HOSTILE = [
    '#read("/etc/passwd")', "50% & #1_a_ *b*", "$x^2$ ~ [*]", "= head", "+ item", "- item",
    "1. item", "/ term: x", "// no comment", "https://a.b", "<label> @label", "`raw`",
    "u{41} a--b ...",     'a "b" \'c\'', "a\\b\\u{41}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_out_as_text(text: str) -> None:
    """Fails when a text of a file means something in Typst."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    source = (
        f'"""{quoted} ."""\n\ndim D "{quoted}"\n\n'
        f'block B_1(x: [n, d]):\n    """{quoted} ."""\n    return x -> linear(d)\n\n'
        "model M(x: [D, 3]):\n    return x -> B_1\n\n"
        f'preset "{quoted}": D=2\n'
    )
    file = cf.loads(source)
    for document in (file.report("typst"), file.derivation(preset=file.presets[0], to="typst")):
        assert escape_typst(text) in document
        assert compiled(document).startswith(b"%PDF")


@pytest.mark.parametrize("text", HOSTILE)
def test_an_escaped_text_is_that_text(text: str) -> None:
    source = f"#metadata[{escape_typst(text)}] <x>"
    (found,) = json.loads(compiler.query(source.encode(), "<x>"))
    assert _text(found["value"]) == text


def _text(content: dict) -> str:  # type: ignore[type-arg]
    """The text of a piece of content, which has nothing but text in it."""
    if content["func"] == "space":
        return " "
    if content["func"] == "sequence":
        return "".join(map(_text, content["children"]))
    assert content["func"] in ("text", "symbol"), content
    return str(content["text"])
