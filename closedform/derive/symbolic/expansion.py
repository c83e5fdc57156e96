"""Sums of products, up to a size that a machine can bear."""

from __future__ import annotations

from math import comb, prod

import sympy
from sympy import Expr

from closedform.errors import Diagnostic, LimitError

MAX_TERMS = 50_000


def expand(expr: Expr) -> Expr:
    """An expression as a sum of products. Raises LimitError where that would never end.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> a, b = size_symbol("a"), size_symbol("b")
    >>> expand((a + b) ** 2)
    a**2 + 2*a*b + b**2
    """
    if terms_of(expr) > MAX_TERMS:
        raise LimitError(
            Diagnostic("limit", f"a formula would have more than {MAX_TERMS:,} terms written out")
        )
    return sympy.expand(expr)


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
