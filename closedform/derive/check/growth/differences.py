"""Sums with terms of both signs: what is left of them where less is taken away than there is.

A fact m >= 0, such as n - 2 k >= 0, is found in a sum with a factor: n - k is (n - 2 k)/2 + n/2,
and so at least n/2. Which factors leave most is a linear program over the products of the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import sympy
from sympy import Expr, Integer
from sympy.core.relational import Relational

from closedform.derive.assume.simplex import maximize
from closedform.derive.symbolic.expansion import expand, terms_of

MAX_ROWS = 24  # of facts times products
MAX_PRODUCTS = 20
MAX_FACTORED = 12  # terms of a sum that is taken apart into factors
ROUNDS = 2


def left_over(expr: Expr, conditions: Iterable[object], primes: Iterable[int]) -> list[Expr] | None:
    """Products of which a sum is at least some multiple; None where it may be below 0.

    >>> n, k = sympy.symbols("n k", integer=True, positive=True)
    >>> left_over(n**2 - n * k, [2 * k <= n], ()), left_over(n - k, [k <= n], ())
    ([n**2, k*n], [])
    >>> left_over(n - k, [], ()) is None
    True
    """
    goal = _row(expr)
    rows = _multiplied(goal, list(_nonnegative(conditions, primes)))
    products = list(dict.fromkeys(p for row in (goal, *rows) for p in row))
    if not rows or len(products) > MAX_PRODUCTS:
        return None
    width = len(rows) + len(products)  # how much of each row there is, and what is left, up to 1
    table: list[list[Fraction]] = []
    limits: list[Fraction] = []
    for at, product in enumerate(products):
        taken = [row.get(product, Fraction(0)) for row in rows]
        shown = [Fraction(at == other) for other in range(len(products))]
        table += [[*taken, *shown], [*([Fraction(0)] * len(rows)), *shown]]
        limits += [goal.get(product, Fraction(0)), Fraction(1)]
    left = []
    for at in range(len(rows), width):
        found = maximize([int(at == other) for other in range(width)], table, limits)
        if found is None:
            return None
        left += [products[at - len(rows)]] * (found[0] > 0)
    return left


def factors_of(expr: Expr) -> list[Expr]:
    """The factors of a sum that is one product of several; none where it is not."""
    if terms_of(expr) > MAX_FACTORED:
        return []
    common = sympy.factor_terms(expr) if not expr.is_polynomial() else sympy.factor(expr)
    if not common.is_Mul and not common.is_Pow:
        return []
    number, product = common.as_coeff_Mul()
    if number == -1 and product.is_Add:  # only another sign
        return []
    return [factor for factor in sympy.Mul.make_args(common) if factor != expr]


def _row(expr: Expr) -> dict[Expr, Fraction]:
    """The products of a sum, each with its number."""
    found: dict[Expr, Fraction] = {}
    for term in sympy.Add.make_args(expand(expr)):
        number, product = term.as_coeff_Mul()
        if not number.is_Rational:
            number, product = Integer(1), term
        found[product] = Fraction(int(number.p), int(number.q))
    return found


def _nonnegative(conditions: Iterable[object], primes: Iterable[int]) -> Iterator[Expr]:
    """What conditions say is at least 0; of n >= k + 1, 2^n - 2 * 2^k too."""
    bases = tuple(primes)
    for condition in conditions:
        if isinstance(condition, sympy.Eq):
            yield expand(condition.lhs - condition.rhs)
            yield expand(condition.rhs - condition.lhs)
        elif isinstance(condition, Relational) and not isinstance(condition, sympy.Ne):
            strict = isinstance(condition, sympy.Lt | sympy.Gt)
            excess = expand(condition.gts - condition.lts)
            if strict and excess.is_integer:
                excess -= 1
            yield excess
            constant, rest = excess.as_coeff_Add()
            large = [t for t in sympy.Add.make_args(rest) if t.is_Symbol]
            small = [-t for t in sympy.Add.make_args(rest) if (-t).is_Symbol]
            if len(large) == len(small) == 1 and rest == large[0] - small[0]:
                for base in bases:
                    power = Integer(base)
                    yield expand(power ** large[0] - power ** (-constant) * power ** small[0])


def _multiplied(goal: dict[Expr, Fraction], facts: Sequence[Expr]) -> list[dict[Expr, Fraction]]:
    """Facts times products with which they cancel something of a sum, or of each other."""
    found: dict[Expr, dict[Expr, Fraction]] = {}
    wanted = [product for product, number in goal.items() if number < 0]
    for _ in range(ROUNDS):
        more = []
        for product in wanted:
            for fact in facts:
                for other, number in _row(fact).items():
                    factor = product / other
                    if number < 0 and factor.is_nonnegative and len(found) < MAX_ROWS:
                        row = expand(factor * fact)
                        if row not in found:
                            found[row] = _row(row)
                            more += [p for p, much in found[row].items() if much > 0]
        wanted = [product for product in dict.fromkeys(more) if goal.get(product, 0) <= 0]
    return list(found.values())
