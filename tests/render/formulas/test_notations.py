"""Formulas in every notation are read as they were meant: LaTeX, MathML, the text of drawings."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given, settings
from lark.exceptions import LarkError

import closedform as cf
from closedform import formula as w
from closedform.formula import Condition, Function, Indicator, Number, Power, Product, Sum, Symbol
from closedform.formula import precedence as rules
from closedform.formula.precedence import PLANE, RAISED_LINE, Level, Notation, Place
from closedform.render.formulas.latex import broken, latex
from closedform.render.formulas.mathml import mathml
from closedform.render.formulas.svg_line import pieces
from helpers import GOOD, examples
from latex_reader import read
from markup_readers import plain_of
from plain_reader import Values
from read_back import NOTATIONS, misread
from trees import every_tree, strewn, written

MARKUP = [name for name in NOTATIONS if name != "text"]


@pytest.mark.parametrize("step", examples(10, 1))
@pytest.mark.parametrize("notation", MARKUP)
def test_every_node_in_every_place_is_read_as_it_was_meant(notation: str, step: int) -> None:
    """Fails when brackets are missing between any three nodes (one of ten in quick runs)."""
    assert misread(notation, islice(every_tree(2), None, None, step)) is None


@pytest.mark.parametrize("many", examples(50, 150))
@pytest.mark.parametrize("notation", MARKUP)
def test_random_formulas_are_read_as_they_were_meant(notation: str, many: int) -> None:
    @settings(max_examples=many, deadline=None, derandomize=True, database=None)
    @given(written)
    def hold(node: w.Written) -> None:
        assert misread(notation, [node]) is None

    hold()


def wanted(notation: Notation) -> list[Place]:
    """The places that want brackets; those under a brace hold a part together, and no value."""
    levels = notation.least.items()
    return [place for place, level in levels if level != Level.ANYTHING and place != Place.BRACED]


RULES = [
    *(("LaTeX", PLANE, place) for place in wanted(PLANE)),
    *(("SVG", RAISED_LINE, place) for place in wanted(RAISED_LINE)),
]


@pytest.mark.parametrize(
    ("name", "notation", "place"), RULES, ids=[f"{name}-{place.name}" for name, _, place in RULES]
)
def test_without_a_rule_a_formula_is_misread(
    name: str, notation: Notation, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a place wants brackets for nothing, or when the readers would take anything."""
    monkeypatch.setitem(notation.least, place, Level.ANYTHING)  # type: ignore[arg-type]
    assert misread(name, strewn()) is not None


@pytest.mark.parametrize("notation", MARKUP)
def test_a_later_sign_is_seen(notation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a minus may stand behind a plus, a minus or another factor."""
    monkeypatch.setattr(rules, "begins_with_sign", lambda *_: False)
    assert misread(notation, strewn()) is not None


def test_mathml_puts_the_minus_before_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when MathML has the brackets of LaTeX, whose fractions never begin with a minus."""
    monkeypatch.setattr("closedform.render.formulas.mathml.PLANE_SIGNED", PLANE)
    assert misread("MathML", strewn()) is not None


# Looks -------------------------------------------------------------------------------------

N, D, S = Symbol("n"), Symbol("d"), Symbol("D", "s")
SUM, LESS, MORE = Sum((N, D)), Condition("<", (N, D)), Condition(">", (N, D))
BOTH = Condition("and", (Condition("or", (LESS, MORE)), LESS))

LATEX = [
    (Power(Function("", (SUM,)), Number(2)), r"\left(n + d\right)^{2}"),
    (Power(Indicator(LESS), Number(2)), r"\left[n < d\right]^{2}"),
    (Power(Function("max", (N, D)), Number(2)), r"\left(\max\left(n, d\right)\right)^{2}"),
    (Product((Number(-2), N)), r"-2\, n"),
    (Product((N, w.Fraction(Number(-1), D))), r"n\, \frac{-1}{d}"),
    (Indicator(BOTH), r"\left[\left(n < d \lor n > d\right) \land n < d\right]"),
]


@pytest.mark.parametrize(("node", "text"), LATEX, ids=[text for _, text in LATEX])
def test_latex(node: w.Written, text: str) -> None:
    assert latex(node) == text


def test_a_broken_product_keeps_its_sign() -> None:
    """Fails when a line that is broken begins with a minus in brackets, or without one."""
    node = Product((Number(-1), Sum(tuple(Symbol(f"a_{i}") for i in range(12)))))
    assert broken(node, 150.0)[0].startswith(r"-\bigl(a_{0} + ")


def test_brackets_in_mathml() -> None:
    assert mathml(Indicator(BOTH)) == (
        '<mrow><mo stretchy="false">[</mo><mrow><mrow><mo stretchy="false">(</mo><mrow>'
        "<mrow><mi>n</mi><mo>&lt;</mo><mi>d</mi></mrow><mo>∨</mo>"
        "<mrow><mi>n</mi><mo>&gt;</mo><mi>d</mi></mrow></mrow>"
        '<mo stretchy="false">)</mo></mrow><mo>∧</mo>'
        "<mrow><mi>n</mi><mo>&lt;</mo><mi>d</mi></mrow></mrow>"
        '<mo stretchy="false">]</mo></mrow>'
    )


def test_a_logarithm_has_its_base_as_an_index() -> None:
    node = Function("log", (SUM, Number(2)))
    assert w.plain(node) == "log_2(n + d)"
    assert latex(node) == r"\log_{2}\left(n + d\right)"
    assert mathml(node) == (
        "<mrow><msub><mi>log</mi><mn>2</mn></msub><mo>\u2061</mo><mrow>"
        '<mo stretchy="false">(</mo><mrow><mrow><mi>n</mi><mo>+</mo><mi>d</mi></mrow></mrow>'
        '<mo stretchy="false">)</mo></mrow></mrow>'
    )
    assert [(piece.text, piece.level) for piece in pieces(node)] == [
        ("log", 0), ("2", -1), ("(", 0), ("n", 0), ("\u2009+\u2009", 0), ("d", 0), (")", 0),
    ]  # fmt: skip


def test_a_power_in_an_exponent_is_written_in_a_line() -> None:
    """Fails when 2^(n^2) and 2^(n 2) look alike in a drawing."""
    node = Power(Number(2), Power(N, Number(2)))
    assert [(piece.text, piece.level) for piece in pieces(node)] == [("2", 0), ("n^2", 1)]
    assert plain_of(pieces(Product((Number(2), Number(3))))) == "2 * 3"


@pytest.mark.parametrize("to", ["text", "md", "html", "tex"])
def test_a_condition_in_every_format(to: str) -> None:
    """Fails when `(A > 4 or B > 4) and C > 4` loses its brackets in a format."""
    file = cf.load(GOOD / "condition_or_in_and.arch")
    shown = {
        "text": "[(A > 4 or B > 4) and C > 4]",
        "md": r"\left[\left(A > 4 \lor B > 4\right) \land C > 4\right]",
        "tex": r"\left[\left(A > 4 \lor B > 4\right) \land C > 4\right]",
        "html": 'alttext="MACs = A B^2 [(A &gt; 4 or B &gt; 4) and C &gt; 4]"',
    }
    assert shown[to] in file.report(to)


# The reader --------------------------------------------------------------------------------

VALUES = Values({"n": Fraction(8), "d_model": Fraction(3), "D_1": Fraction(2), "D_2": Fraction(5)})

TEXTS = [
    (r"2\, n - 3 \cdot 12\,000^{2}", 16 - 3 * 12000**2),
    (r"-\frac{n}{d_{\mathrm{model}}}", Fraction(-8, 3)),
    (r"\log_{2}\left(n\right)\, \left\lfloor \frac{n}{3} \right\rfloor^{2}", 12),
    (r"\sum_{s=1}^{2} D_{s}\, s + \bigl(1 \\ &\quad {}+ n\bigr)", 21),
    (r"\sum_{s=2}^{3} D_{s-1}", 7),
    (r"\left[\lnot\left(n = 1\right) \land 2 \mid n \lor n \neq 8\right]", 1),
    (r"\max\left(1, \sqrt{4}\right)", 2),
]


@pytest.mark.parametrize(("text", "value"), TEXTS, ids=[text for text, _ in TEXTS])
def test_the_reader_reads(text: str, value: int | Fraction) -> None:
    assert read(text, VALUES) == value


@pytest.mark.parametrize("text", [r"\frac{n}{2}^{2}", r"\lnot n", r"n\, -3\, +", r"n^{2}^{2}"])
def test_the_reader_refuses(text: str) -> None:
    with pytest.raises(LarkError):
        read(text, VALUES)
