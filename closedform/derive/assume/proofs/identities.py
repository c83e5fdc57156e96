"""Identities of logarithms and of common divisors."""

from __future__ import annotations

import sympy
from sympy import Expr

from closedform.derive.symbolic.atoms import Gcd, Log
from closedform.derive.symbolic.expansion import expand


def taken_apart(expr: Expr) -> Expr:
    """An expression with logarithms of products as sums, and what sizes of a gcd share in front.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> taken_apart(Log(a * b**2, 2)), taken_apart(Gcd(4 * a * b, 6 * a))
    (Log(a, 2) + 2*Log(b, 2), 2*a*Gcd(3, 2*b))
    """
    if not expr.has(Log, Gcd):
        return expr
    return expand(expr.replace(Log, _sum_of_logarithms).replace(Gcd, _shared_first))


def _sum_of_logarithms(value: Expr, base: Expr) -> Expr:
    powers = [factor.as_base_exp() for factor in sympy.Mul.make_args(sympy.factor(value))]
    if not all(inside.is_positive and exponent.is_real for inside, exponent in powers):
        return Log(value, base)
    return sympy.Add(*(exponent * Log(inside, base) for inside, exponent in powers))


def _shared_first(one: Expr, other: Expr) -> Expr:
    if not all(size.is_polynomial() and size.is_integer for size in (one, other)):
        return Gcd(one, other)
    shared = sympy.gcd(one, other)
    parts = [expand(sympy.cancel(size / shared)) for size in (one, other)]
    if not shared.is_positive or not shared.is_integer or not all(p.is_integer for p in parts):
        return Gcd(one, other)
    return shared * Gcd(*parts)
