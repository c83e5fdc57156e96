"""How large a size may be within a budget, and where a cost is least."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Poly, Rational, Symbol

from closedform.data import dataclass
from closedform.derive.solve.along import Along, X
from closedform.derive.symbolic.atoms import Divides
from closedform.errors import ClosedformError, fail
from closedform.reason.crossings import Bounds, beyond_roots, is_quotient

STEPS = 100_000  # numbers that are tried for one that is allowed


@dataclass(frozen=True)
class Largest:
    """The largest number of a size within a budget that what is assumed allows, and its cost.

    `next` is the next number that is allowed, whose cost is above it. Where there is none, `tried`
    is the number up to which that was seen; None where it is proved of all.
    """

    size: str
    number: int
    cost: Fraction
    next: tuple[int, Fraction] | None
    tried: int | None = None


def largest(cost: Along, budget: Fraction) -> Largest:
    """The largest allowed number whose cost is within the budget.

    Raises ClosedformError where the cost does not grow with the size, and where nothing is small
    enough.
    """
    last, beyond = last_allowed(cost), _end(cost, budget)
    found = next(
        (x for x in range(beyond, max(0, beyond - STEPS), -1) if _within(cost, x, budget)), None
    )
    if found is None:
        raise fail(
            "solve",
            f"no `{cost.name}` that is allowed is within the budget",
            None,
            "raise the budget, or change the other sizes",
        )
    end = found + STEPS if last is None else min(last, found + STEPS)
    after = next((x for x in range(found + 1, end + 1) if cost.at(x) is not None), None)
    here = cost.name, found, _value(cost, found)
    if after is None:
        return Largest(*here, None, None if end == last else end)
    return Largest(*here, (after, _value(cost, after)))


def last_allowed(cost: Along) -> int | None:
    """A number beyond which what is assumed allows none; None where none is known.

    >>> from closedform.derive.symbolic.atoms import Divides
    >>> last_allowed(Along("p", X, (Divides(2 * X, sympy.Integer(224)), X <= 300)))
    112
    """
    found = []
    for condition in cost.conditions:
        for part in sympy.And.make_args(condition):
            room, bounds = _room(part), Bounds()
            above = None if room is None else bounds.of(room)[1]
            if above is not None and above.has(X):
                sign, start = beyond_roots(above)
                if sign < 0:
                    found.append(max(start, bounds.start) - 1)
    return min(found, default=None)


def _room(condition: Any) -> Expr | None:
    """What is not negative where a condition holds."""
    if isinstance(condition, Divides):
        divisor, dividend = condition.args
        return dividend - divisor if dividend.is_positive else None
    if isinstance(condition, sympy.Le | sympy.Lt | sympy.Ge | sympy.Gt):
        return condition.gts - condition.lts
    return None


def _within(cost: Along, x: int, budget: Fraction) -> bool:
    value = cost.at(x)
    return value is not None and value <= budget


def _value(cost: Along, x: int) -> Fraction:
    value = cost.at(x)
    assert value is not None
    return value


def _end(cost: Along, budget: Fraction) -> int:
    """A number after which none is both allowed and within the budget."""
    last = last_allowed(cost)
    try:
        beyond = _beyond(cost, budget)
    except ClosedformError:
        if last is None or last > STEPS:
            raise
        return last
    return beyond if last is None else min(last, beyond)


def _beyond(cost: Along, budget: Fraction) -> int:
    """A number from which on every cost is proved to be above the budget, and not far above it."""
    bounds = Bounds()
    low, _ = bounds.of(cost.expr)
    start = None if low is None else _above(low, budget)
    if start is None:
        raise fail(
            "solve",
            f"it is not proved that the cost grows with `{cost.name}` without end",
            None,
            "choose a size that the cost grows with",
        )
    return max(start, bounds.start)


def _above(low: Expr, budget: Fraction) -> int | None:
    """From where on a quotient of polynomials is above the budget, if it is in the end."""
    above = low - Rational(budget.numerator, budget.denominator)
    if not (above.has(X) and is_quotient(above)):
        return None
    sign, start = beyond_roots(above)
    top, below = (Poly(part, X) for part in sympy.fraction(sympy.together(above)))
    return start if sign > 0 and top.degree() > below.degree() else None


def real_root(expr: Expr, symbol: Symbol, budget: Symbol) -> Expr | None:
    """The positive size at which a cost is a budget, by radicals, where the cost is a polynomial of
    the first or second degree without negative coefficients.

    >>> D, B = sympy.symbols("D B", positive=True)
    >>> real_root(3 * D**2 + 2 * D, D, B)
    sqrt(3*B + 1)/3 - 1/3
    """
    if not expr.is_polynomial(symbol):
        return None
    poly = Poly(expr, symbol)
    coefficients = [poly.coeff_monomial(symbol**power) for power in range(3)]
    if poly.degree() not in (1, 2) or any(c.is_negative for c in coefficients):
        return None
    c, b, a = coefficients
    if a == 0:
        return sympy.expand((budget - c) / b)
    root = sympy.sqrt(sympy.factor(b**2 - 4 * a * (c - budget)))
    return sympy.expand((root - b) / (2 * a))


def roots(expr: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """The numbers at which an expression is 0, by radicals, but for those that are never positive;
    none where it is no quotient of polynomials of the first or second degree.

    >>> T, D, F = sympy.symbols("T D F", positive=True)
    >>> roots(4*T*D**2 + 2*T**2*D - 2*T*D*F, T)
    (-2*D + F,)
    """
    top, _ = sympy.fraction(sympy.together(expr))
    top = sympy.expand(top)
    if not top.is_polynomial(symbol):
        return ()
    poly = Poly(top, symbol)
    poly = Poly(sympy.cancel(top / symbol ** poly.monoms()[-1][0]), symbol)
    if poly.degree() not in (1, 2):
        return ()
    found = sympy.roots(poly)
    return tuple(sympy.expand(root) for root in found if not root.is_nonpositive)


# Where a cost is least -----------------------------------------------------------------------


@dataclass(frozen=True)
class Least:
    """The allowed number at which a cost is least, and the cost there."""

    size: str
    number: int
    cost: Fraction


def least(cost: Along) -> Least:
    """The smallest cost over all allowed numbers. Raises ClosedformError where the cost is not
    proved to grow in the end."""
    start = next((x for x in range(1, STEPS) if cost.at(x) is not None), None)
    if start is None:
        raise fail("solve", f"no `{cost.name}` up to {STEPS} is allowed")
    best = start, _value(cost, start)
    last = _end(cost, best[1])
    if last > STEPS:
        raise fail("solve", f"`{cost.name}` would have to be tried up to {last}")
    for x in range(start, last + 1):
        value = cost.at(x)
        if value is not None and value < best[1]:
            best = x, value
    return Least(cost.name, *best)


def critical(expr: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """The positive real numbers at which a cost neither grows nor falls, by radicals.

    >>> k, N = sympy.symbols("k N", positive=True)
    >>> critical(N * k + N**2 / k, k)
    (sqrt(N),)
    """
    top, _ = sympy.fraction(sympy.together(sympy.diff(expr, symbol)))
    top = sympy.expand(top)
    if not top.is_polynomial(symbol):
        return ()
    found = sympy.roots(Poly(top, symbol))
    return tuple(root for root in found if root.is_positive)
