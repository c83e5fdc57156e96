"""Costs as functions of one size, and the exact places where two of them pass each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import ceil, floor

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.derive.arrange import forms
from closedform.derive.solve.along import X, in_one
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express
from closedform.derive.solve.numbers import dims_values
from closedform.errors import fail
from closedform.formula.numbers import Numbers, amount_or_none
from closedform.render.report.basis import Basis, basis, sizes_of
from closedform.render.report.preset_costs import hold, sizes_at

POINTS = 192
EVERY = 4096


@dataclass(frozen=True)
class Curve:
    """A cost as a function of X; `at` gives None for a number at which it does not hold."""

    name: str
    expr: Expr
    at: Callable[[int], Fraction | None]


@dataclass(frozen=True)
class Crossing:
    """Where two costs pass each other: at x they are equal, or in the other order than `before`.

    No number between `before` and x has a value of both; they are one number where both are equal.
    """

    before: int
    x: int
    value: Fraction

    @property
    def label(self) -> str:
        return str(self.x) if self.before == self.x else f"{self.before}–{self.x}"


def curve_of(name: str, form: Closed, size: str, values: Mapping[Symbol, Expr]) -> Curve:
    """A closed form as a function of one size or abbreviation, the others at the values.

    Raises ClosedformError when another size has no value.
    """
    derivation = form.derivation
    lets = {symbol.name: symbol for symbol in derivation.known.spelled}
    if size in lets:
        expr = in_one(express(form, (size,)), lets[size], values)
        conditions: Basis | None = None  # no size follows from an abbreviation
    else:
        symbol, *more = dims_values(derivation, {size: 1})
        if more:
            advice = f"choose one of them, such as `{symbol}`"
            raise fail("argument", f"`{size}` has a value for each stage", None, advice)
        expr = in_one(form, symbol, values)
        conditions = basis([form], {})
    written = forms.write(expr, forms.Order())
    sizes = sizes_at(basis([form], {}), sizes_of(dict(values), form.order))

    @cache
    def at(x: int) -> Fraction | None:
        here = {**sizes, size: w.Number(x)}
        if conditions is not None and not hold(conditions, here):
            return None
        return amount_or_none(written, Numbers({X.name: w.Number(x)}))

    return Curve(name, expr, at)


def points_of(first: int, last: int) -> list[int]:
    """The whole numbers of a range; of a long one, some in even steps of their logarithm."""
    if not 1 <= first < last:
        raise fail("argument", f"a plot needs a range of positive numbers, not {first}..{last}")
    if last - first < EVERY:
        return list(range(first, last + 1))
    ratio = last / first
    steps = (round(first * ratio ** (k / POINTS)) for k in range(1, POINTS))
    return sorted({first, last, *steps})


def crossings(first: Curve, second: Curve, points: Sequence[int]) -> list[Crossing]:
    """The whole numbers at which two costs pass each other.

    Between two points of different order the place is found by halving. None is missed where the
    points are all numbers of a range, and none where the difference is a polynomial: its roots are
    tried as well.

    >>> line, square = Curve("line", 100 * X, lambda n: Fraction(100 * n)), Curve(
    ...     "square", X**2, lambda n: Fraction(n * n))
    >>> [(c.x, c.label) for c in crossings(line, square, [10, 1000])]
    [(100, '100')]
    """

    def order(x: int) -> int | None:
        a, b = first.at(x), second.at(x)
        return None if a is None or b is None else (a > b) - (a < b)

    tried = sorted({*points, *_roots(first.expr - second.expr, points[0], points[-1])})
    known = [(x, sign) for x in tried if (sign := order(x)) is not None]
    if not any(sign for _, sign in known):
        return []
    found = {x: x for x, sign in known if sign == 0}
    for (low, before), (high, after) in pairwise(known):
        if before * after < 0:
            last, x = _between(order, low, high, before)
            found[x] = last
    return [
        Crossing(found[x], x, value) for x in sorted(found) if (value := second.at(x)) is not None
    ]


def _between(
    order: Callable[[int], int | None], low: int, high: int, before: int
) -> tuple[int, int]:
    """Two neighbours in different order, found by halving, or twice a number of equal costs."""
    while high - low > 1:
        nearest = sorted(range(low + 1, high), key=lambda x: abs(2 * x - low - high))
        middle = next((x for x in nearest if order(x) is not None), None)
        if middle is None:
            break
        here = order(middle)
        if here == 0:
            return middle, middle
        low, high = (middle, high) if here == before else (low, middle)
    return low, high


def _roots(difference: Expr, first: int, last: int) -> set[int]:
    """The whole numbers about each root of a difference that is a quotient of polynomials."""
    top, _ = sympy.fraction(sympy.together(difference))
    if not top.is_polynomial(X) or not top.has(X):
        return set()
    found: set[int] = set()
    for (low, high), _ in sympy.Poly(top, X).intervals(eps=sympy.Rational(1, 4)):
        found |= {floor(low), ceil(high)}
    return {x for x in found if first <= x <= last}
