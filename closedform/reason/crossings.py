"""From which number on one cost is larger than another, for good.

Where the costs are polynomials the roots of their difference are isolated. Where they hold floors
and the like, these are bounded from both sides by polynomials, and the numbers below the last root
of the bound are tried one by one. What was only tried says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Poly

from closedform.data import dataclass
from closedform.derive.solve.along import Along, X

MOST_TRIED = 2_000
MOST_NODES = 100_000  # of expressions that numbers are put into, one by one


@dataclass(frozen=True)
class Order:
    """Which of two costs is larger for all numbers from `start` on.

    `larger` is 1 for the first, -1 for the second, 0 where they stay equal. `before` tells that it
    is another order just below `start`; with `untried` numbers below `start` were not tried, and it
    may be so from earlier on. With `checked` the numbers up to it were tried, and nothing
    is known of larger ones.
    """

    size: str
    larger: int
    start: int
    before: bool
    checked: int | None = None
    untried: bool = False

    @property
    def proved(self) -> bool:
        """Whether it holds for all larger numbers."""
        return self.checked is None


def order_of(first: Along, second: Along) -> Order:
    """Which of two costs is larger in the end, and from where on."""
    difference = sympy.expand(first.expr - second.expr)
    if difference == 0:
        return Order(first.name, 0, 1, False)
    found = _in_the_end(difference)
    if found is not None:
        sign, proved = found
        start, before, untried = _first(first, second, sign, proved)
        return Order(first.name, sign, start, before, None, untried)
    most = _most(first, second)
    last = next((x for x in range(most, 0, -1) if _order(first, second, x) is not None), 1)
    sign = _order(first, second, last) or 0
    start, before, untried = _first(first, second, sign, last)
    return Order(first.name, sign, start, before, most, untried)


def _most(first: Along, second: Along) -> int:
    """How many numbers are tried: fewer where costs and what they assume are long."""
    each = [e for one in (first, second) for e in (one.expr, *one.conditions, *one.whole)]
    nodes = sum(1 for expr in each for _ in sympy.preorder_traversal(expr))
    return min(MOST_TRIED, max(100, MOST_NODES // nodes))


def _first(first: Along, second: Along, sign: int, proved: int) -> tuple[int, bool, bool]:
    """The smallest number from which on the order is so, when it is from `proved` on, whether it is
    another one below, and whether that was not tried. Numbers that are not allowed are of any
    order."""
    found, most = proved, _most(first, second)
    for x in range(proved - 1, max(0, proved - most), -1):
        order = _order(first, second, x)
        if order is not None and order != sign:
            return found, True, False
        if order is not None:
            found = x
    return (found, False, True) if proved > most else (1, False, False)


def _order(first: Along, second: Along, x: int) -> int | None:
    a, b = first.at(x), second.at(x)
    return None if a is None or b is None else (a > b) - (a < b)


def _in_the_end(difference: Expr) -> tuple[int, int] | None:
    """The sign of a difference for large numbers, and from where on that is proved."""
    if is_quotient(difference):
        return beyond_roots(difference)
    bounds = Bounds()
    low, high = bounds.of(difference)
    for bound, sign in ((low, 1), (high, -1)):
        if bound is not None and is_quotient(bound):
            found, start = beyond_roots(bound)
            if found == sign:
                return sign, max(start, bounds.start)
    return None


def is_quotient(expr: Expr) -> bool:
    top, below = sympy.fraction(sympy.together(expr))
    return bool(top.is_polynomial(X) and below.is_polynomial(X))


def beyond_roots(expr: Expr) -> tuple[int, int]:
    """The sign of a quotient of polynomials for large numbers, and a number from which on it has
    it: the first whole one after the last root."""
    top, below = (Poly(part, X) for part in sympy.fraction(sympy.together(expr)))
    sign = int(sympy.sign(top.LC()) * sympy.sign(below.LC()))
    last = Integer(0)
    for part in (top, below):
        for (_, high), _ in part.intervals(eps=sympy.Rational(1, 4)):
            last = max(last, sympy.floor(high) + 1)
    return sign, max(1, int(last))


# Bounds ------------------------------------------------------------------------------------

Pair: TypeAlias = tuple[Expr | None, Expr | None]


class Bounds:
    """Quotients of polynomials below and above expressions in X, for numbers from `start` on.

    >>> bounds = Bounds()
    >>> bounds.of(sympy.floor(X / 2) ** 2), bounds.start
    ((x**2/4 - x + 1, x**2/4), 3)
    """

    def __init__(self) -> None:
        self.start = 1

    def of(self, expr: Expr) -> Pair:
        """The bounds of an expression; None where none is known."""
        if is_quotient(expr):
            return expr, expr
        if expr.is_Add:
            pairs = [self.of(part) for part in expr.args]
            return _added([low for low, _ in pairs]), _added([high for _, high in pairs])
        if isinstance(expr, sympy.floor | sympy.ceiling):
            low, high = self.of(expr.args[0])
            down, up = (1, 0) if isinstance(expr, sympy.floor) else (0, 1)
            return None if low is None else low - down, None if high is None else high + up
        if expr.as_coeff_Mul()[0] < 0:
            low, high = self.of(-expr)
            return None if high is None else -high, None if low is None else -low
        if expr.is_Mul:
            return self._multiplied(expr.args)
        if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
            return self._multiplied([expr.base] * int(expr.exp))
        return None, None

    def _multiplied(self, factors: Sequence[Expr]) -> Pair:
        """Bounds of a product of factors none of which is negative."""
        low: Expr = Integer(1)
        high: Expr | None = Integer(1)
        for factor in factors:
            if not factor.is_nonnegative:
                return None, None
            below, above = self.of(factor)
            low = sympy.expand(low * self._not_negative(below))
            high = None if high is None or above is None else sympy.expand(high * above)
        return low, high

    def _not_negative(self, bound: Expr | None) -> Expr:
        """A bound below what is not negative, from where on it is not negative itself."""
        if bound is None:
            return Integer(0)
        if bound.is_number:
            return max(bound, Integer(0))
        sign, start = beyond_roots(bound)
        if sign <= 0:
            return Integer(0)
        self.start = max(self.start, start)
        return bound


def _added(parts: Sequence[Expr | None]) -> Expr | None:
    known = [part for part in parts if part is not None]
    return sympy.Add(*known) if len(known) == len(parts) else None
