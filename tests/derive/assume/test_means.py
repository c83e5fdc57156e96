"""Inequalities that follow from those between means are proved, and no others."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from sympy import Expr, Integer, Rational, sqrt, symbols

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import comparison
from closedform.derive.assume.proofs.inequalities.means import follows_from_means
from closedform.derive.assume.proofs.inequalities.squares import follows_from_squares
from closedform.derive.assume.verdict import Proved, Refuted
from closedform.derive.symbolic.symbols import size_symbol

a, b, c, d = map(size_symbol, "abcd")

HOLD = [
    (a**2 + b**2 + c**2, a * b + b * c + c * a),
    (a**3 + b**3 + c**3, 3 * a * b * c),
    (4 * (a**2 + b**2 + c**2 + d**2), (a + b + c + d) ** 2),
    ((a**2 + b**2) * (c**2 + d**2), (a * c + b * d) ** 2),
    ((a + b + c) ** 3, 27 * a * b * c),
    (a**2 + 4 * b**2 + c, 4 * a * b),
    (a**3 + b**3 + c**3 + 3 * a * b * c, a * b * (a + b) + b * c * (b + c) + c * a * (c + a)),
    (a**4 * b**2 + a**2 * b**4 + 1, 3 * a**2 * b**2),
    ((a + b + c) * (1 / a + 1 / b + 1 / c), Integer(9)),
    (a + b, 2 * sqrt(a * b)),
    (4 * d**2 * (a + b), 8 * d**2 * sqrt(a * b)),
    (a + b + c, 3 * (a * b * c) ** Rational(1, 3)),
    (a**2 + 2 * a * sqrt(b) + b, 4 * a * sqrt(b)),
    (4 * a**2 + 9 * b**2, 12 * a * b),
    (25 * a**2 + 4 * b**2, 20 * a * b),
]
NEVER_EQUAL = [(4 * a**2 + 10 * b**2, 12 * a * b), (a**2 + b**2 + 1, a * b + a + b - 1)]
EQUAL_SOMEWHERE = HOLD[:5]


@pytest.mark.parametrize(("more", "less"), HOLD)
def test_holds(more: Expr, less: Expr) -> None:
    """Fails when a known inequality is not decided, or a number more than holds is proved."""
    assert isinstance(comparison(Knowledge(), more, ">=", less), Proved)
    assert not follows_from_means(more >= less + 1)


@pytest.mark.parametrize(("more", "less"), NEVER_EQUAL)
def test_completed_squares(more: Expr, less: Expr) -> None:
    """Fails when what is above by squares that are completed is not decided."""
    assert isinstance(comparison(Knowledge(), more, ">", less), Proved)
    assert isinstance(comparison(Knowledge(), more, ">=", less), Proved)


@pytest.mark.parametrize(("more", "less"), EQUAL_SOMEWHERE)
def test_no_more_than_holds(more: Expr, less: Expr) -> None:
    """Fails when what is equal somewhere is proved to be above."""
    assert not follows_from_means(more > less)
    assert isinstance(comparison(Knowledge(), more, ">", less), Refuted)


@pytest.mark.parametrize(
    ("proves", "many"), [(follows_from_means, 30), (follows_from_squares, 300)]
)
def test_random_polynomials(proves: Callable[[Any], bool], many: int) -> None:
    """Fails when a polynomial is taken for one that is never below 0, and numbers show it is."""
    draw = random.Random(0)
    places = [Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(3)]
    points = list(product(places, repeat=2))
    x, y = symbols("x y", positive=True)
    proved = 0
    for _ in range(many):
        powers = draw.sample(list(product(range(4), repeat=2)), 4)
        numbers = [draw.choice([-2, -1, 2, 3, 4, 5]) for _ in powers]
        terms = list(zip(numbers, powers, strict=True))
        polynomial = sum((k * x**i * y**j for k, (i, j) in terms), Integer(0))
        strict = draw.random() < 0.5
        if proves(polynomial > 0 if strict else polynomial >= 0):
            proved += 1
            values = [sum(k * p**i * q**j for k, (i, j) in terms) for p, q in points]
            assert min(values) > 0 if strict else min(values) >= 0, polynomial
    assert proved > 2
