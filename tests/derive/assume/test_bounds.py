"""Bounds that answer a question are true at numbers, whatever is rounded or chosen."""

from __future__ import annotations

import itertools
import random

import pytest
import sympy
from sympy import Expr

from closedform import loads
from closedform.derive.assume import order
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.check.check import check
from closedform.derive.symbolic.symbols import size_symbol

N, D, R = map(size_symbol, "ndr")


def parts(seed: int) -> Expr:
    """A size that may be negative."""
    draw = random.Random(seed)
    return sympy.Add(
        *(draw.choice([-2, -1, 0, 1, 2]) * symbol for symbol in (N, D, R)), draw.randint(-3, 3)
    )


def rounded(seed: int) -> Expr:
    """A minimum, a maximum, a floor or a ceiling of such sizes, and a size beside it."""
    draw = random.Random(seed)
    one, other = parts(seed + 1000), parts(seed + 2000)
    made = [
        sympy.Min(one, other),
        sympy.Max(one, other),
        sympy.floor(one / draw.randint(2, 4)),
        sympy.ceiling(one / draw.randint(2, 4)),
    ]
    return draw.choice([-1, 1, 2]) * draw.choice(made) + draw.choice([0, N, -R, 1])


@pytest.mark.parametrize(
    "seed", [*range(15), *(pytest.param(n, marks=pytest.mark.slow) for n in range(15, 60))]
)
def test_bounds_and_answers_are_true(seed: int) -> None:
    """Fails when a bound is passed, or a condition decided that is not so, at small sizes."""
    expr, known = rounded(seed), Knowledge()
    low, high = order.bounds(known, expr)
    answer = known.decide(expr >= 0)
    for values in itertools.product(range(1, 7), repeat=3):
        value = expr.xreplace(dict(zip((N, D, R), map(sympy.Integer, values), strict=True)))
        below = sympy.fraction(sympy.together(expr))[1]
        assert low is None or value * below >= low
        assert high is None or value * below <= high
        assert answer is None or bool(value >= 0) is answer


def test_a_minimum_may_be_negative() -> None:
    """Fails when one positive argument is enough for a minimum not to be negative."""
    file = loads(
        "block B(x: [n, d], r):\n"
        "    if -n > min(r, d - r):\n"
        "        x = x -> linear(d, bias=false)\n"
        "    return x\n"
        "    claim params == 0\n"
        "    claim params == d^2 when n == 1, d == 1, r == 6\n"
    )
    assert str(file["B"].params) == "d^2 [n < -min(d - r, r)]"
    words = [checked.verdict.word for checked in check(file._project).checked]
    assert words == ["refuted", "proved"]


@pytest.mark.slow
def test_a_size_below_a_bar_is_no_crash() -> None:
    """Fails when a proof takes what is no polynomial for one."""
    file = loads(
        "block B(x: [n, d], r):\n"
        "    if d == ceil((n + r - ceil((n - r)/r))/n) + n and not (d > n and 2^d != r):\n"
        "        x = x -> linear(d, bias=false)\n"
        "    return x\n"
    )
    assert str(file["B"].params).startswith("d^2 [d = n - ceil(")
