"""Where an expression in one size changes its sign, as a formula in the others.

>>> T, D, F = sympy.symbols("T D F", positive=True)
>>> turn(4*T*D**2 + 2*T**2*D - 2*T*D*F, T, Knowledge())
Turn(sign=1, at=-2*D + F)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import sympy
from sympy import Expr, Poly, Symbol

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge


@dataclass(frozen=True)
class Turn:
    """The sign of an expression for all numbers above `at`, below which it has the other sign;
    where `at` is None it has the one sign everywhere."""

    sign: int
    at: Expr | None


def turn(expr: Expr, symbol: Symbol, known: Knowledge) -> Turn | None:
    """The one place at which an expression changes its sign, as its symbol goes through the
    positive numbers; None where there may be several, or no formula for it is tried.

    It may lie below 0, where it is a formula in sizes of which it is not known.
    """
    above, below = sympy.fraction(sympy.together(expr))
    above = sympy.expand(above * (_sign(below, known) or 0))
    if above == 0 or not above.is_polynomial(symbol):
        return None
    poly = Poly(above, symbol)
    poly = Poly(sympy.cancel(above / symbol ** poly.monoms()[-1][0]), symbol)
    signs = _signs(poly, known)
    sign = signs[0]
    if sign is None:
        return None
    if set(signs) == {sign} or (
        symbol.is_integer and {*_signs(_from_1(poly, symbol), known)} == {sign}
    ):
        return Turn(sign, None)
    at = _place(poly, signs)
    if at is not None and known.decide(at < 1 if symbol.is_integer else at <= 0):
        at = None
    elif at is None:
        return None
    return Turn(sign, at)


def _place(poly: Poly, signs: Sequence[int | None]) -> Expr | None:
    """The only positive root of a polynomial, by radicals; None where there may be others."""
    terms = [(power, coefficient) for (power,), coefficient in poly.terms()]
    if len(terms) == 2 and (terms[0][0] == 1 or None not in signs):  # a root of a quotient
        (power, top), (_, rest) = terms
        return sympy.cancel(-rest / top) ** sympy.Rational(1, power)
    changes = sum(one != other for one, other in pairwise(signs))
    if None in signs or changes != 1 or poly.degree() != 2:
        return None
    c, b, a = poly.all_coeffs()[::-1]
    root = sympy.sqrt(sympy.factor(b**2 - 4 * a * c))
    return sympy.expand((root * signs[0] - b) / (2 * a))


def _from_1(poly: Poly, symbol: Symbol) -> Poly:
    """The same with one more than the symbol in its place."""
    return poly.compose(Poly(symbol + 1, symbol))


def _signs(poly: Poly, known: Knowledge) -> list[int | None]:
    """The signs of its coefficients, the highest first."""
    return [_sign(coefficient, known) for _, coefficient in poly.terms()]


def _sign(expr: Expr, known: Knowledge) -> int | None:
    """The sign of an expression wherever what is known holds; None where it is not known."""
    factored = sympy.factor(expr)
    if factored.is_positive or known.decide(factored > 0):
        return 1
    return -1 if factored.is_negative or known.decide(factored < 0) else None
