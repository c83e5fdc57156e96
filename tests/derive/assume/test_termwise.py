"""Sums that are at least 0 term by term, and inequalities and orders that are proved so."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest
import sympy

from closedform.api import zoo
from closedform.derive.assume.proofs.equality import comparison
from closedform.derive.assume.proofs.inequalities.termwise import covered
from closedform.derive.assume.store import Fact, Store
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.growth import order_verdict
from closedform.derive.symbolic.atoms import Divides

N, W, D, H = sympy.symbols("N W D H", integer=True, positive=True)
Z = sympy.Symbol("Z", integer=True)


@pytest.mark.parametrize(
    ("total", "is_covered"),
    [
        (sympy.Integer(0), True),
        (sympy.Integer(-1), False),
        (3 * D * N * W - 2 * D * N - D * W, True),
        (3 * D * N * W - 2 * D * N - 2 * D * W, False),  # each alone, and not both
        (N * W + N**2 - 2 * N, True),
        (N**2 - N * W, False),
        (N - N / W, True),
        (N / W - N, False),
        (2 * D * sympy.floor(N / W) - sympy.floor(N / W), True),
        (D * sympy.floor(N / W) - D, False),  # which is 0 where N < W
        (Z + N, False),
        (Z**2 * N - Z**2, True),
    ],
)
def test_what_is_covered(total: sympy.Expr, is_covered: bool) -> None:
    assert covered(total) is is_covered


def test_what_is_covered_is_at_least_0_everywhere() -> None:
    draw = random.Random(12)
    seen = 0
    for _ in range(300):
        terms = [
            draw.choice((-2, -1, -1, 1, 2, 3))
            * N ** draw.randint(-1, 2)
            * W ** draw.randint(0, 2)
            * sympy.floor(N / W) ** draw.randint(0, 1)
            for _ in range(draw.randint(2, 4))
        ]
        total = sympy.Add(*terms)
        if covered(total) and any(term.as_coeff_Mul()[0] < 0 for term in total.args):
            seen += 1
            for n, w in product((1, 2, 3, 7), repeat=2):
                assert total.xreplace({N: sympy.Integer(n), W: sympy.Integer(w)}).doit() >= 0
    assert seen > 20


def test_a_multiple_is_at_least_what_it_is_a_multiple_of() -> None:
    """Fails when a fact is used that is not named, or named that is not used."""
    known = Store()
    facts = [Fact(Divides(H, D)), Fact(Divides(W, N)), Fact(Divides(H * W, Z))]
    for fact in facts:
        known.assume(fact)
    assert comparison(known, N * W + 2 * H * W, "<=", 2 * D * W + N * W**2) == Proved(
        frozenset(facts[:1])
    )
    assert comparison(known, N * W, "<=", 2 * N * W) == Proved()


@pytest.mark.parametrize(
    ("total", "ordered", "is_covered"),
    [
        (2 * D**2 * W + 2 * N * D * W - 4 * N * D**2, [(N, W), (D, W)], True),
        (2 * D**2 * W + 2 * N * D * W - 4 * N * D**2, [(N, W)], False),
        (D * W - N**2, [(N, W)], False),  # one makes up for one
        (D * W - N**2, [(N, W), (N, D)], True),
        (D * W - N**2, [(N, W), (W, D)], True),  # in a chain
        (W - N, [(W, N)], False),
        (D**2 * W**2 - N**2 * H**2, [(N, W), (H, D)], True),
        (D**2 * W**2 - N**3, [(N, W)], False),
    ],
)
def test_sizes_that_are_ordered(
    total: sympy.Expr, ordered: list[tuple[sympy.Symbol, sympy.Symbol]], is_covered: bool
) -> None:
    assert covered(total, ordered) is is_covered


def test_a_condition_is_named_where_it_is_needed() -> None:
    known = Store()
    facts = [Fact(N <= W), Fact(W >= D), Fact(H <= W)]
    for fact in facts:
        known.assume(fact)
    found = comparison(known, 2 * D**2 * (N + W) + 2 * N * D * W, ">=", 6 * N * D**2)
    assert found == Proved(frozenset(facts[:2]))


def test_ordered_sizes_are_at_least_0_everywhere() -> None:
    """Fails when a sum is covered that is below 0 where its sizes are as they are ordered."""
    draw = random.Random(5)
    seen = 0
    for _ in range(300):
        ordered = draw.sample(list(permutations((N, W, D), 2)), 2)
        products = [
            draw.choice((-2, -1, 1, 2)) * sympy.Mul(*draw.choices((N, W, D), k=3)) for _ in range(3)
        ]
        total = sympy.Add(*products)
        if covered(total, ordered) and not covered(total):
            seen += 1
            for sizes in product((1, 2, 3, 5), repeat=3):
                values = dict(zip((N, W, D), map(sympy.Integer, sizes), strict=True))
                if all(values[small] <= values[large] for small, large in ordered):
                    assert total.xreplace(values) >= 0
    assert seen > 10


@pytest.mark.parametrize(("operator", "word"), [("<", "refuted"), ("<=", "proved")])
def test_what_may_be_equal_is_not_less(operator: str, word: str) -> None:
    assert comparison(Store(), N, operator, N * W).word == word
    assert comparison(Store(), N, operator, N * W + 1).word == "proved"


@pytest.mark.parametrize(
    ("expr", "bound", "order", "word"),
    [
        (3 * N * W - 7 * D * N, N * W, "O", "proved"),
        (3 * N * W + N**2, N * W, "O", "refuted"),
        (sympy.floor(D / H) * N * W, N * W + W, "O", "proved"),
        (3 * N * W, N * W - N, "O", "proved"),
        (3 * N * W, D * N * W - N, "Theta", "proved"),
        (N * W, N * W**2, "Omega", "refuted"),
        (N * W, N * W**2, "O", "proved"),
    ],
)
def test_orders_term_by_term(expr: sympy.Expr, bound: sympy.Expr, order: str, word: str) -> None:
    assert order_verdict(expr, bound, [N, W], order=order).word == word


def test_a_claim_of_an_inequality_names_what_it_needs() -> None:
    answer = zoo("pvt")["SRA"].check("macs <= flops under full")
    assert answer.word == "proved"
    assert "heads | d" in answer.assumptions


@pytest.mark.slow
def test_claims_about_a_whole_model_are_decided() -> None:
    model = zoo("pvt")["PVT"]
    answers = [
        model.check("macs <= flops under full"),
        model.check(r"\mathcal{O}(C^2 D_1^2)", measure="macs"),
        model.check(r"\mathcal{O}(C)", measure="macs"),
    ]
    assert [answer.word for answer in answers] == ["proved", "proved", "proved"]
