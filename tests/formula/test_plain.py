"""The text of formulas: brackets where they are needed, and where a person writes them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from lark.exceptions import LarkError

from closedform import formula as w
from closedform.formula import (
    BigSum,
    Condition,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    plain,
)
from closedform.formula import precedence as rules
from closedform.formula.precedence import LINE, Level, Place, begins_with_digit, parts
from plain_reader import Inexact, Values, read
from read_back import misread
from trees import every_tree, strewn, worth, written

N, D, S = Symbol("n"), Symbol("d"), Symbol("D", "s")
ONE, TWO, MINUS = Number(1), Number(2), Number(-1)
SUM, LESS, MORE = Sum((N, D)), Condition("<", (N, D)), Condition(">", (N, D))
ALL = BigSum("s", ONE, Number(4), S)

NODES: list[tuple[w.Written, str]] = [
    (Product((TWO, SUM, Number(3), Power(TWO, N))), "2 (n + d) * 3 * 2^n"),
    (Product((N, Number(-3))), "n (-3)"),
    (Product((MINUS, SUM)), "-(n + d)"),
    (Product((MINUS, TWO, N)), "-2 n"),
    (Product((MINUS, Number(-2), N)), "-(-2) n"),
    (Sum((N, SUM)), "n + n + d"),
    (Sum((N, Product((MINUS, SUM)))), "n - (n + d)"),
    (Sum((N, Sum((Product((MINUS, N)), D)))), "n + (-n + d)"),
    (Sum((N, Product((MINUS, Number(-2), D)))), "n - (-2 d)"),
    (Sum((Number(-3), N, Number(-1))), "-3 + n - 1"),
    (w.Fraction(SUM, Product((TWO, N))), "(n + d)/(2 n)"),
    (w.Fraction(Product((N, D)), Power(N, TWO)), "n d/n^2"),
    (w.Fraction(w.Fraction(N, D), w.Fraction(D, N)), "n/d/(d/n)"),
    (w.Fraction(N, Number(-2)), "n/(-2)"),
    (Product((N, w.Fraction(D, TWO))), "n d/2"),
    (Product((w.Fraction(D, TWO), N)), "(d/2) n"),
    (Product((N, w.Fraction(ONE, TWO))), "n * 1/2"),
    (Power(SUM, SUM), "(n + d)^(n + d)"),
    (Power(Number(-2), Number(-2)), "(-2)^(-2)"),
    (Power(Power(N, TWO), Power(N, TWO)), "(n^2)^(n^2)"),
    (Power(w.Fraction(N, D), S), "(n/d)^D_s"),
    (Power(Product((N, D)), Function("floor", (N,))), "(n d)^(floor(n))"),
    (Power(Function("max", (N, SUM)), TWO), "max(n, n + d)^2"),
    (Power(Indicator(LESS), TWO), "[n < d]^2"),
    (Power(Function("", (SUM,)), TWO), "(n + d)^2"),
    (Sum((w.Braced(SUM, "MLP"), w.Braced(N, "conv"))), "(n + d) + n"),
    (Function("", (N, SUM)), "(n, n + d)"),
    (Function("log", (N, TWO)), "log_2(n)"),
    (Function("log", (SUM, SUM)), "log_(n + d)(n + d)"),
    (Function("log", (N, S)), "log_(D_s)(n)"),
    (ALL, "sum_(s=1..4) D_s"),
    (Product((N, ALL)), "n sum_(s=1..4) D_s"),
    (Product((ALL, N)), "(sum_(s=1..4) D_s) n"),
    (Sum((Product((N, ALL)), ALL)), "n (sum_(s=1..4) D_s) + (sum_(s=1..4) D_s)"),
    (w.Fraction(Product((N, ALL)), TWO), "n (sum_(s=1..4) D_s)/2"),
    (BigSum("s", ONE, N, SUM), "sum_(s=1..n) (n + d)"),
    (BigSum("s", ONE, N, ALL), "sum_(s=1..n) sum_(s=1..4) D_s"),
    (BigSum("s", ONE, N, Product((MINUS, S))), "sum_(s=1..n) -D_s"),
    (Condition("<=", (ALL, SUM)), "sum_(s=1..4) D_s <= n + d"),
    (Condition("and", (Condition("or", (LESS, MORE)), LESS)), "(n < d or n > d) and n < d"),
    (Condition("or", (Condition("and", (LESS, MORE)), LESS)), "n < d and n > d or n < d"),
    (Condition("not", (Condition("and", (LESS, MORE)),)), "not (n < d and n > d)"),
    (Condition("and", (Condition("not", (LESS,)), MORE)), "not (n < d) and n > d"),
    (Condition("=", (LESS, MORE)), "(n < d) = (n > d)"),
    (Condition("=", (Condition("not", (LESS,)), N)), "(not (n < d)) = n"),
    (Condition(">", (N, Number(-1))), "n > -1"),
    (Sum((LESS, ONE)), "(n < d) + 1"),
    (Product((TWO, LESS)), "2 (n < d)"),
    (Product((TWO, Indicator(Condition("or", (LESS, MORE))))), "2 [n < d or n > d]"),
]


@pytest.mark.parametrize(("node", "text"), NODES, ids=[text for _, text in NODES])
def test_each_node(node: w.Written, text: str) -> None:
    assert plain(node) == text


def test_every_node_in_every_place_is_read_as_it_was_meant() -> None:
    """Fails when brackets are missing between any three nodes."""
    assert misread("text", every_tree(2)) is None


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(written)
def test_random_formulas_are_read_as_they_were_meant(node: w.Written) -> None:
    assert misread("text", [node]) is None


# Brackets around what stands under a brace hold a part together, and no value.
WANTED = [
    place
    for place, level in LINE.least.items()
    if level != Level.ANYTHING and place != Place.BRACED
]


@pytest.mark.parametrize("place", WANTED, ids=[place.name for place in WANTED])
def test_without_a_rule_a_formula_is_misread(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a place wants brackets for nothing, or when the readers would take anything."""
    monkeypatch.setitem(LINE.least, place, Level.ANYTHING)  # type: ignore[arg-type]
    assert misread("text", strewn()) is not None


@pytest.mark.parametrize("place", sorted(rules.UNSIGNED, key=str), ids=str)
def test_without_the_rule_of_signs_a_formula_is_misread(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "UNSIGNED", rules.UNSIGNED - {place})
    assert misread("text", strewn()) is not None


def test_a_later_sign_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a minus may stand behind a plus, a minus or another factor."""
    monkeypatch.setattr(rules, "begins_with_sign", lambda *_: False)
    assert misread("text", strewn()) is not None


def test_trees_have_numbers() -> None:
    """Fails when the properties go over trees that are worth nothing."""
    values = [worth(tree) for tree in every_tree(2)]
    assert len(values) > 4000
    assert sum(value is None for value in values) < len(values) / 10


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(TypeError, match="no text for str"):
        plain("n")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no parts of str"):
        parts("n", LINE)  # type: ignore[arg-type]


def test_what_begins_with_a_digit() -> None:
    for node in (TWO, Power(TWO, N), Product((TWO, N)), w.Fraction(TWO, N), Sum((TWO, N))):
        assert begins_with_digit(node, LINE)
    for node in (N, MINUS, ALL, Power(MINUS, N), Product((SUM, TWO)), Function("", (TWO,)), LESS):
        assert not begins_with_digit(node, LINE)


# The reader --------------------------------------------------------------------------------

VALUES = Values({"n": Fraction(8), "d": Fraction(3), "D_1": Fraction(1), "D_2": Fraction(5)})

TEXTS = [
    ("2 n - 3 * 4^2 n/d", -112),
    ("-n^2", -64),
    ("n/d/2", Fraction(4, 3)),
    ("log_2(n)^2 floor(n/d)", 18),
    ("max(1, d) sqrt(4)", 6),
    ("2 sum_(s=1..2) D_s s/2 + 1", 12),
    ("sum_(s=2..d) D_(s-1)", 6),
    ("[not (n = d or d = 3) or 2 | n and d <= n]", 1),
]


@pytest.mark.parametrize(("text", "value"), TEXTS, ids=[text for text, _ in TEXTS])
def test_the_reader_reads(text: str, value: int | Fraction) -> None:
    assert read(text, VALUES) == value


@pytest.mark.parametrize("text", ["n/d n", "n -3", "2^-n", "n + -d", "n d)", "not n", "2^2^2", "∑"])
def test_the_reader_refuses(text: str) -> None:
    """Fails when the reader finds a value for what a person would read in two ways, or not at all.

    `n -3` is a difference, and no product.
    """
    if text == "n -3":
        assert read(text, VALUES) == 5
        return
    with pytest.raises(LarkError):
        read(text, VALUES)


@pytest.mark.parametrize("text", ["q", "n/(d - 3)", "sqrt(n)", "log_2(d)", "2^(1/2)"])
def test_the_reader_is_exact(text: str) -> None:
    with pytest.raises(Inexact):
        read(text, VALUES)
