"""Inequalities between polynomials of sizes that follow from those between means.

For weights w that add up to 1, w_1 x^a + w_2 x^b + ... is at least x^(w_1 a + w_2 b + ...), since a
weighted arithmetic mean is at least the geometric one; a^2 + b^2 >= 2 a b is one of them. Which of
them add up to a polynomial is a linear program. Beside them there is the inequality of Schur,
x (x - y) (x - z) + y (y - x) (y - z) + z (z - x) (z - y) >= 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, combinations, product
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Poly, Symbol
from sympy.core.relational import Relational

from closedform.derive.assume.proofs.polynomials import Atoms, fraction_of, positive
from closedform.derive.assume.simplex import maximize
from closedform.derive.symbolic.expansion import expand, terms_of

Row: TypeAlias = Mapping[tuple[int, ...], Fraction]  # the numbers of products by their powers

MAX_TERMS = 40
MAX_CELLS = 6000  # of a linear program
MAX_SCALED = 6  # products, for which twice and half a size is tried
SCALES = (Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3))


def follows_from_means(condition: Any) -> bool:
    """Whether an inequality of polynomials holds by inequalities between means.

    >>> a, b, c = sympy.symbols("a b c", integer=True, positive=True)
    >>> follows_from_means(a**2 + b**2 + c**2 >= a * b + b * c + c * a)
    True
    >>> follows_from_means(a**3 + b**3 + c**3 >= 3 * a * b * c)
    True
    >>> follows_from_means(a**3 + b**3 + c**3 >= 4 * a * b * c)
    False
    """
    if not isinstance(condition, Relational):
        return False
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    top, bottom = fraction_of(condition.gts - condition.lts)
    if not positive(bottom) or terms_of(top) > MAX_TERMS:
        return False
    plain = expand(Atoms().polynomial(top))
    symbols = sorted(plain.free_symbols, key=sympy.default_sort_key)
    known = all(s.is_positive or (s.is_nonnegative and not strict) for s in symbols)
    if not symbols or not known or not plain.is_polynomial(*symbols):
        return False
    numbers = _numbers(plain, symbols)
    tried = chain([numbers], _less_schur(plain, symbols), _scaled(numbers))
    return any(_adds_up(row, strict) for row in tried if sum(row.values()) >= 0)


def _numbers(expr: Expr, symbols: Sequence[Symbol]) -> Row:
    """The numbers of a polynomial by the powers of its products."""
    terms = Poly(expr, *symbols).terms()
    return {powers: Fraction(int(number.p), int(number.q)) for powers, number in terms}


def _scaled(numbers: Row) -> Iterator[Row]:
    """The same in twice a size, or a part of it, where it is short: a^2 + 4 b^2 >= 4 a b is about
    a and 2 b."""
    (width,) = {len(powers) for powers in numbers}
    for at, times in product(range(width if len(numbers) <= MAX_SCALED else 0), SCALES):
        yield {powers: number * times ** powers[at] for powers, number in numbers.items()}


def _less_schur(polynomial: Expr, symbols: Sequence[Symbol]) -> Iterator[Row]:
    """The same less what the inequality of Schur says of three sizes, as often as that goes."""
    degree = Poly(polynomial, *symbols).total_degree()
    for three in combinations(symbols if 3 <= degree <= 4 and len(symbols) <= 4 else (), 3):
        often = min(polynomial.coeff(size, degree) for size in three)
        if often.is_Rational and often > 0:
            turned = [three[at:] + three[:at] for at in range(3)]
            schur = sympy.Add(*(x ** (degree - 2) * (x - y) * (x - z) for x, y, z in turned))
            yield _numbers(expand(polynomial - often * schur), symbols)


def _adds_up(numbers: Row, strict: bool) -> bool:
    """Whether a polynomial is a sum of inequalities between means and of products with no number
    below 0; with one above 0, for `strict`."""
    products = [p for p, number in numbers.items() if number]
    above = [p for p in products if numbers[p] > 0]  # that a mean can be made of
    below = [p for p in products if numbers[p] < 0]
    pairs = [(small, large) for small in below for large in above]
    width = len(pairs) + len(products)
    if not products or 2 * width * (len(products[0]) * len(below) + len(products)) > MAX_CELLS:
        return not products and not strict
    table: list[list[Fraction]] = []
    limits: list[Fraction] = []
    for small in below:
        for at in range(len(small)):  # the weights of a mean keep each exponent
            row = [Fraction((large[at] - one[at]) * (one == small)) for one, large in pairs]
            row += [Fraction(0)] * len(products)
            table += [row, [-x for x in row]]
            limits += [Fraction(0)] * 2
    for at, product_ in enumerate(products):
        left = [Fraction(at == other) for other in range(len(products))]
        used = [Fraction((large == product_) - (small == product_)) for small, large in pairs]
        table += [[*used, *left], [*([Fraction(0)] * len(pairs)), *left]]
        limits += [numbers[product_], Fraction(1)]
    aim = [int(strict and at >= len(pairs)) for at in range(width)]
    found = maximize(aim, table, limits)
    return found is not None and (found[0] > 0 or not strict)
