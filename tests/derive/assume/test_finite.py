"""What conditions leave few sizes for is decided by going through them."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import Any

import pytest
from sympy import Eq, Expr, Integer, lambdify

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import comparison
from closedform.derive.assume.proofs.finite import vanishes_everywhere
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import Proved
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.symbolic.symbols import ratio_symbol, size_symbol
from helpers import examples

a, b, c = map(size_symbol, "abc")
zero, ratio = size_symbol("z", maybe_zero=True), ratio_symbol("r")

HOLD = [
    (a + b, "==", Integer(5), Eq(a**2 + b**2, 13)),
    (a * b, "==", Integer(6), Eq(a**2 + b**2, 13)),
    (a * b, "<=", Integer(6), a**2 + b**2 <= 13),
    (a * b * c, "<=", Integer(8), a + b + c <= 6),
    (a + zero, "<=", Integer(4), Eq(a**2 + zero**2, 10)),
]


@pytest.mark.parametrize(("left", "operator", "right", "condition"), HOLD)
def test_holds(left: Expr, operator: str, right: Expr, condition: Any) -> None:
    """Fails when what holds at the few sizes that there are is not proved, by the condition."""
    known, fact = Knowledge(), Fact(condition)
    known.assume(fact)
    assert comparison(known, left, operator, right) == Proved(frozenset({fact}))
    assert comparison(Knowledge(), left, operator, right).word == "refuted"


@pytest.mark.parametrize(
    "condition",
    [Eq(a**2 - b**2, 13), a * zero <= 3, a * ratio <= 3, a <= 3000, b <= 2],
)
def test_sizes_that_are_not_bounded(condition: Any) -> None:
    """Fails when a few of many sizes are taken for all of them."""
    nothing = indicator(a > 10**6)
    assert not vanishes_everywhere(nothing, [condition])
    assert vanishes_everywhere(nothing, [condition, a <= 9, b <= 7, zero <= 2]) or ratio in (
        condition.free_symbols
    )


@pytest.mark.parametrize("many", examples(30, 600))
def test_random_conditions(many: int) -> None:
    """Fails when a size is left out that satisfies a condition: plain Python finds them all."""
    draw, seen = random.Random(0), Counter[bool]()
    for _ in range(many):
        terms = [draw.randint(1, 3) * s ** draw.randint(1, 2) for s in (a, zero)]
        condition = terms[0] + terms[1] + draw.choice([0, a * zero]) <= draw.randint(3, 25)
        asked = draw.choice([a, zero, a * zero, a + zero])
        holds, value = (lambdify([a, zero], said, modules=[]) for said in (condition, asked))
        points = [point for point in product(range(1, 30), range(30)) if holds(*point)]
        most = max((value(*point) for point in points), default=0)
        for bound in (most, most - 1):
            known = Knowledge()
            known.assume(Fact(condition))
            verdict = comparison(known, asked, "<=", Integer(bound))
            if points:
                assert (verdict.word == "proved") == (bound == most), (asked, condition, bound)
            seen[isinstance(verdict, Proved)] += 1
    assert min(seen.values()) > many / 4
