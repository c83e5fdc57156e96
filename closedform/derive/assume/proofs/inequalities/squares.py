"""Sums that are squares and products with no number below 0, and what is left beside the squares.

a^2 - a b + b^2 is (a - b/2)^2 + (3/4) b^2, and so at least some multiple of a^2, and of b^2. The
products that are above 0 are squares, of a and b or of roots; each product below 0 is one of two of
those, and squares are completed one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from sympy import Expr

from closedform.derive.assume.proofs.polynomials import fraction_of, positive
from closedform.derive.symbolic.expansion import expand, terms_of

Matrix: TypeAlias = Sequence[Sequence[Fraction]]
MAX_TERMS = 40


def follows_from_squares(condition: Any) -> bool:
    """Whether an inequality holds by squares that are completed.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> more, less = 4 * a**2 + 10 * b**2, 12 * a * b
    >>> follows_from_squares(more > less), follows_from_squares(more >= less + 2 * b**2)
    (True, False)
    """
    if not isinstance(condition, sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge):
        return False
    top, bottom = fraction_of(condition.gts - condition.lts)
    left = left_of_squares(top) if positive(bottom) else None
    if left is None or not isinstance(condition, sympy.Lt | sympy.Gt):
        return left is not None
    return any(product.is_positive for product in left)


def left_of_squares(expr: Expr) -> list[Expr] | None:
    """Products of which a sum is at least some multiple; None where it may be below 0.

    >>> a, b, c = sympy.symbols("a b c", integer=True, positive=True)
    >>> left_of_squares(4 * a**2 - 12 * a * b + 10 * b**2)
    [a**2, b**2]
    >>> left_of_squares(a**2 + b**2 - 2 * a * b + c), left_of_squares(a**2 + b**2 - 3 * a * b)
    ([c], None)
    """
    if terms_of(expr) > MAX_TERMS:
        return None
    numbers = {}
    for term in sympy.Add.make_args(expand(expr)):
        number, product = term.as_coeff_Mul()
        bases = product.as_powers_dict()
        if not number.is_Rational or not all(
            base.is_nonnegative and power.is_Rational for base, power in bases.items()
        ):
            return None
        numbers[product] = Fraction(int(number.p), int(number.q))
    return _left(numbers)


def _left(numbers: dict[Expr, Fraction]) -> list[Expr] | None:
    sides = [side for p, number in numbers.items() if number > 0 and (side := _side(p)) is not None]
    pairs = _pairs(sides)
    sides += [sympy.sqrt(p) for p, number in numbers.items() if number > 0 and p not in pairs]
    pairs = {**_pairs(sides), **pairs}
    table = [[Fraction(0)] * len(sides) for _ in sides]
    for product, number in numbers.items():
        if product not in pairs:
            return None
        at, of = pairs[product]
        table[at][of] += number / 2
        table[of][at] += number / 2
    left = [_completed(table, at) for at in range(len(sides))]
    if None in left:
        return None
    return [side**2 for side, much in zip(sides, left, strict=True) if much]


def _side(product: Expr) -> Expr | None:
    """What a product is the square of; None where that has roots."""
    if product == 1:
        return product
    powers = product.as_powers_dict()
    if any(power % 2 for power in powers.values()):
        return None
    return sympy.Mul(*(base ** (power / 2) for base, power in powers.items()))


def _pairs(sides: Sequence[Expr]) -> dict[Expr, tuple[int, int]]:
    """Which two of some factors give a product; one and the same where that is possible."""
    every = [(at, of) for at in range(len(sides)) for of in range(at, len(sides))]
    alike = sorted(every, key=lambda pair: pair[0] != pair[1], reverse=True)
    return {sides[at] * sides[of]: (at, of) for at, of in alike}


def _completed(table: Matrix, last: int) -> Fraction | None:
    """How much is left of one square when all others are completed; None for less than 0."""
    rows = [list(row) for row in table]
    others = [at for at in range(len(rows)) if at != last]
    for done, at in enumerate(others):
        pivot, waiting = rows[at][at], [*others[done + 1 :], last]
        if pivot < 0 or (pivot == 0 and any(rows[at][of] for of in waiting)):
            return None
        for one in waiting if pivot else ():
            for other in waiting:
                rows[one][other] -= rows[one][at] * rows[at][other] / pivot
    return rows[last][last] if rows[last][last] >= 0 else None
