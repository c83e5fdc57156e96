"""Floors and ceilings in one normal form, so that equal sizes look equal."""

from __future__ import annotations

import sympy
from sympy import Expr, Integer

from closedform.derive.assume.integers import integer
from closedform.derive.assume.store import Store
from closedform.derive.symbolic.expansion import expand


def floor(known: Store, expr: Expr) -> Expr:
    """The exact floor: whole parts taken out, nested floors joined, ceilings recognised."""
    whole: list[Expr] = []
    rest: list[Expr] = []
    for term in sympy.Add.make_args(expand(expr)):
        (whole if integer(known, term) else rest).append(term)
    remainder = sympy.Add(*rest)
    if remainder != 0 and integer(known, remainder):
        return sympy.Add(*whole, remainder)
    if remainder.is_Number:
        return sympy.Add(*whole, sympy.floor(remainder))
    if not remainder.free_symbols:
        return sympy.Add(*whole, sympy.floor(remainder))
    return sympy.Add(*whole) + _fraction_floor(known, remainder)


def ceil(known: Store, expr: Expr) -> Expr:
    """The exact ceiling, in the same normal form as `floor`."""
    return -floor(known, -expr)


def refloored(known: Store, expr: Expr) -> Expr:
    """An expression whose floors and ceilings are brought to normal form again."""
    floored = expr.replace(sympy.floor, lambda inside: floor(known, inside))
    return floored.replace(sympy.ceiling, lambda inside: ceil(known, inside))


def _fraction_floor(known: Store, expr: Expr) -> Expr:
    numerator, denominator = sympy.fraction(sympy.together(expr))
    if not (denominator.is_integer and denominator.is_positive):
        return sympy.floor(expr)
    times = _multiples(numerator, denominator)
    if times:
        return times + floor(known, expand(numerator - times * denominator) / denominator)
    inner = joined(known, numerator, denominator)
    if inner is not None:
        return floor(known, inner)
    constant, rest = numerator.as_coeff_Add()
    terms = sympy.Add.make_args(rest) if rest != 0 else (constant,)
    if all(term.could_extract_minus_sign() for term in terms):
        return _negative_floor(known, numerator, denominator)
    return _positive_floor(numerator, denominator)


def _multiples(numerator: Expr, denominator: Expr) -> Expr:
    """How often a sum is taken out of a numerator, by the first size that both have alone: once of
    l + s for s + 1."""
    for size in sorted(denominator.free_symbols if denominator.is_Add else (), key=str):
        above, below = numerator.coeff(size), denominator.coeff(size)
        if below.is_Integer and (denominator - below * size).is_polynomial(
            *denominator.free_symbols
        ):
            return above // below if above.is_Integer else Integer(0)
    return Integer(0)


def joined(known: Store, numerator: Expr, denominator: Expr) -> Expr | None:
    """floor((floor(a/b) + m)/n) = floor((a + b m)/(b n)), the same for a ceiling."""
    terms = sympy.Add.make_args(numerator)
    inner = [term for term in terms if isinstance(term, sympy.floor | sympy.ceiling)]
    if len(inner) != 1:
        return None
    rest = numerator - inner[0]
    if not integer(known, rest):
        return None
    top, bottom = sympy.fraction(sympy.together(inner[0].args[0]))
    if not (bottom.is_integer and bottom.is_positive):
        return None
    if isinstance(inner[0], sympy.ceiling):
        if not integer(known, top):
            return None
        top = top + bottom - 1
    return expand(top + bottom * rest) / (bottom * denominator)


def _negative_floor(known: Store, numerator: Expr, denominator: Expr) -> Expr:
    """floor(-a/n) = -ceil(a/n) = -floor((a + n - 1)/n) for an integer a."""
    positive = expand(-numerator)
    if not integer(known, positive):
        return -sympy.ceiling(positive / denominator)
    return -floor(known, expand((positive - 1) / denominator)) - 1


def _positive_floor(numerator: Expr, denominator: Expr) -> Expr:
    """floor(p/q) with the constant of p reduced modulo q, as a ceiling where it is q - 1."""
    constant, rest = numerator.as_coeff_Add()
    if not rest.is_integer or not constant.is_Integer:
        return sympy.floor(expand(numerator / denominator))
    if denominator.is_Integer:
        whole, constant = divmod(constant, denominator)
        if constant == denominator - 1:
            return sympy.ceiling(rest / denominator) + whole
        return sympy.floor(expand((rest + constant) / denominator)) + whole
    whole = sympy.floor(expand(numerator / denominator).as_coeff_Add()[0])
    rest = rest - whole * denominator
    if constant == -1:
        return sympy.ceiling(expand(rest / denominator)) + whole - 1
    return sympy.floor(expand((rest + constant) / denominator)) + whole
