"""Sums of products, up to a size that a machine can bear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from math import comb, prod
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Rational

from closedform.errors import Diagnostic, LimitError

MAX_TERMS = 50_000

# Exponents of what is multiplied, and the number before it: 3 x^2 y is {x: 2, y: 1} and 3.
Monomial: TypeAlias = frozenset[tuple[Expr, Rational]]
Polynomial: TypeAlias = Mapping[Monomial, Rational]


@lru_cache(maxsize=4096)
def expand(expr: Expr) -> Expr:
    """An expression as a sum of products. Raises LimitError where that would never end.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> a, b = size_symbol("a"), size_symbol("b")
    >>> expand((a + b) ** 2)
    a**2 + 2*a*b + b**2
    >>> expand(2 * sympy.sqrt((a - b) ** 2)) == 2 * sympy.Max(a - b, b - a)
    True
    """
    if all(map(_is_product, sympy.Add.make_args(expr))):
        return expr
    if terms_of(expr) > MAX_TERMS:
        raise LimitError(
            Diagnostic("limit", f"a formula would have more than {MAX_TERMS:,} terms written out")
        )
    found = _polynomial(expr)
    if found is None:
        return sympy.expand(without_signs(expr))
    return sympy.Add(*(number * _product(monomial) for monomial, number in found.items()))


def without_signs(expr: Expr) -> Expr:
    """An expression with the larger of x and -x for |x|, which SymPy makes of the root of x^2.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> without_signs(sympy.sqrt((a - b) ** 2)) == sympy.Max(a - b, b - a)
    True
    """
    return expr.replace(sympy.Abs, lambda inside: sympy.Max(inside, -inside))


@lru_cache(maxsize=4096)
def _product(monomial: Monomial) -> Expr:
    return sympy.Mul(*(base**exponent for base, exponent in monomial))


def _polynomial(expr: Expr) -> Polynomial | None:
    """An expression by its monomials; None where it is made of more than SymPy leaves as it is."""
    if expr.is_Rational:
        return {frozenset(): expr}
    if expr.is_Add:
        return _added([_polynomial(part) for part in expr.args])
    if expr.is_Mul:
        return _multiplied([_polynomial(part) for part in expr.args])
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return _multiplied([_polynomial(expr.base)] * int(expr.exp))
    base, exponent = expr.as_base_exp() if expr.is_Pow else (expr, Integer(1))
    if (base.is_Symbol and exponent.is_Rational) or (exponent == 1 and _stays(base)):
        return {frozenset({(base, exponent)}): Integer(1)}
    return None


@lru_cache(maxsize=4096)
def _stays(expr: Expr) -> bool:
    """Whether a function has nothing in it to expand."""
    plain = expr.is_Function and not expr.has(sympy.Abs)
    return bool(plain and sympy.expand(expr) == expr)


def _added(parts: list[Polynomial | None]) -> Polynomial | None:
    found: dict[Monomial, Rational] = defaultdict(lambda: Integer(0))
    for part in parts:
        if part is None:
            return None
        for monomial, number in part.items():
            found[monomial] += number
    return found


def _multiplied(parts: list[Polynomial | None]) -> Polynomial | None:
    whole: Polynomial = {frozenset(): Integer(1)}
    for part in parts:
        if part is None:
            return None
        found: dict[Monomial, Rational] = defaultdict(lambda: Integer(0))
        for left, number in whole.items():
            for right, factor in part.items():
                found[_times(left, right)] += number * factor
        whole = found
    return whole


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    exponents = dict(left)
    for base, exponent in right:
        exponents[base] = exponents.get(base, 0) + exponent
    return frozenset((base, exponent) for base, exponent in exponents.items() if exponent != 0)


def _is_product(term: Expr) -> bool:
    """Whether a term is a number, a symbol, or a product of such and their whole powers."""
    return all(
        part.is_Symbol
        or part.is_Rational
        or (part.is_Pow and part.base.is_Symbol and part.exp.is_Integer)
        for part in sympy.Mul.make_args(term)
    )


def terms_of(expr: Expr) -> int:
    """At most how many terms an expression has once it is expanded."""
    if expr.is_Add:
        return sum(map(terms_of, expr.args))
    if expr.is_Mul:
        return prod(map(terms_of, expr.args))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 1:
        terms = terms_of(expr.base)
        return 1 if terms == 1 else comb(terms + int(expr.exp) - 1, int(expr.exp))
    return 1
