"""The points of a plot, and the exact places where two costs pass each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import sympy
from sympy import Expr

from closedform.data import dataclass
from closedform.derive.solve.along import Along, X
from closedform.errors import fail

POINTS = 192
EVERY = 4096


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


def points_of(first: int, last: int, every: int = EVERY, count: int = POINTS) -> list[int]:
    """The whole numbers of a range; of a long one, some in even steps of their logarithm."""
    if not 1 <= first < last:
        raise fail("argument", f"a plot needs a range of positive numbers, not {first}..{last}")
    if last - first < every:
        return list(range(first, last + 1))
    ratio = last / first
    steps = (round(first * ratio ** (k / count)) for k in range(1, count))
    return sorted({first, last, *steps})


def crossings(first: Along, second: Along, points: Sequence[int]) -> list[Crossing]:
    """The whole numbers at which two costs pass each other.

    Between two points of different order the place is found by halving. None is missed where the
    points are all numbers of a range, and none where the difference is a polynomial: its roots are
    tried as well.

    >>> [(c.x, c.label) for c in crossings(Along("n", 100 * X), Along("n", X**2), [10, 1000])]
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
