"""Expressions and conditions at numbers, exactly and fast: SymPy is only read."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, isqrt
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from closedform.derive.symbolic.atoms import Bracket, Divides, Gcd, Log
from closedform.derive.symbolic.powers import over_powers
from closedform.derive.symbolic.unwritten import Alive
from closedform.formula.logarithms import floor_of_logarithm, logarithm

Numbers: TypeAlias = Mapping[Symbol, Fraction]
Number: TypeAlias = int | Fraction

MAX_BITS = 4096
MAX_SUMMANDS = 2_000


class NoNumberError(Exception):
    """An expression has no exact number here: a root, a logarithm, a division by zero."""


def exact(expr: Expr, values: Numbers) -> Fraction:
    """The value of an expression. Raises NoNumberError.

    >>> n, p = sympy.symbols("n p", integer=True, positive=True)
    >>> exact(n * sympy.floor(n / p) / 3, {n: Fraction(7), p: Fraction(2)})
    Fraction(7, 1)
    """
    return Fraction(_value(expr, values))


def _value(expr: Expr, values: Numbers) -> Number:
    """The value of an expression; a whole number as such, which is reckoned with much faster."""
    if expr.is_Symbol:
        if expr not in values:
            raise NoNumberError(expr)
        value = values[expr]
        return value.numerator if value.denominator == 1 else value
    if expr.is_Integer:
        return int(expr.p)
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    if expr.is_Add:
        return sum(_value(term, values) for term in expr.args)
    if expr.is_Mul:
        return _product(expr, values)
    if expr.is_Pow:
        return _power(_value(expr.base, values), _value(expr.exp, values))
    return _function(expr, values)


def holds(condition: Any, values: Numbers) -> bool:
    """Whether a condition holds. Raises NoNumberError."""
    if isinstance(condition, bool | BooleanAtom):
        return bool(condition)
    if isinstance(condition, sympy.And):
        return all(holds(part, values) for part in condition.args)
    if isinstance(condition, sympy.Or):
        return any(holds(part, values) for part in condition.args)
    if isinstance(condition, sympy.Not):
        return not holds(condition.args[0], values)
    if isinstance(condition, sympy.ITE):
        asked, yes, no = condition.args
        return holds(yes if holds(asked, values) else no, values)
    if isinstance(condition, Relational) and _has_logarithms(condition):
        plain = over_powers(condition)
        if plain != condition:
            return holds(plain, values)
    left, right = (_value(side, values) for side in condition.args)
    if isinstance(condition, Divides):
        return left != 0 and Fraction(right, left).denominator == 1
    if not isinstance(condition, Relational):
        raise TypeError(f"no value for {type(condition).__name__}")
    sign = (left > right) - (left < right)
    signs = {"==": (0,), "!=": (1, -1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}
    return sign in signs[condition.rel_op]


@lru_cache(maxsize=4096)
def _has_logarithms(condition: Any) -> bool:
    return bool(condition.has(Log))


def _product(expr: Expr, values: Numbers) -> Number:
    """A product; where an indicator is 0 the other factors need no value."""
    result: Number = 1
    for factor in _indicators_first(expr):
        result *= _value(factor, values)
        if result == 0 and isinstance(factor, sympy.Piecewise):
            break
    return result


@lru_cache(maxsize=4096)
def _indicators_first(product: Expr) -> tuple[Expr, ...]:
    return tuple(sorted(product.args, key=lambda factor: not _is_indicator(factor)))


def _is_indicator(expr: Expr) -> bool:
    return isinstance(expr, sympy.Piecewise) and not expr.has(sympy.zoo)


def _power(base: Number, exponent: Number) -> Number:
    if exponent.denominator == 1:
        if base == 0 and exponent < 0:
            raise NoNumberError("a division by zero")
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        times = int(exponent)
        if abs(times) * bits > MAX_BITS:
            raise NoNumberError("a power that is too large")
        if times < 0:
            return Fraction(base.denominator, base.numerator) ** -times
        found: Number = base**times
        return found
    if exponent.denominator == 2 and base >= 0:
        roots = Fraction(isqrt(base.numerator), isqrt(base.denominator))
        if roots**2 == base:
            return _power(roots, exponent * 2)
    raise NoNumberError("a root")


def _function(expr: Expr, values: Numbers) -> Number:
    if isinstance(expr, sympy.Piecewise):
        for value, condition in expr.args:
            if holds(condition, values):
                return _value(value, values)
        raise NoNumberError(expr)
    if isinstance(expr, Alive):
        way, *sizes = expr.args
        found = way.find([sympy.Rational(exact(size, values)) for size in sizes])
        return exact(found, values)
    if isinstance(expr, Bracket):
        return exact(expr.args[0], values)
    if isinstance(expr, sympy.Sum):
        return _sum(expr, values)
    if isinstance(expr, sympy.floor | sympy.ceiling | sympy.Min | sympy.Max):
        if isinstance(expr.args[0], Log) and isinstance(expr, sympy.floor | sympy.ceiling):
            return _rounded(expr, values)
        numbers = [_value(argument, values) for argument in expr.args]
        if isinstance(expr, sympy.Min | sympy.Max):
            return min(numbers) if isinstance(expr, sympy.Min) else max(numbers)
        whole = floor if isinstance(expr, sympy.floor) else ceil
        return whole(numbers[0])
    if isinstance(expr, Log | Gcd):
        first, second = (exact(argument, values) for argument in expr.args)
        return _logarithm(first, second) if isinstance(expr, Log) else _divisor(first, second)
    raise NoNumberError(expr)


def _rounded(expr: Expr, values: Numbers) -> Fraction:
    """The floor or the ceiling of a logarithm, which need not be rational itself."""
    value, base = (exact(argument, values) for argument in expr.args[0].args)
    if value <= 0 or base <= 1:
        raise NoNumberError("a logarithm")
    if isinstance(expr, sympy.ceiling):
        return Fraction(-floor_of_logarithm(1 / value, base))
    return Fraction(floor_of_logarithm(value, base))


def _sum(expr: Expr, values: Numbers) -> Fraction:
    body, (index, *limits) = expr.args
    first, last = (exact(limit, values) for limit in limits)
    if first.denominator != 1 or last.denominator != 1 or last - first > MAX_SUMMANDS:
        raise NoNumberError(expr)
    return sum(
        (exact(body, {**values, index: Fraction(i)}) for i in range(int(first), int(last) + 1)),
        Fraction(0),
    )


def _divisor(first: Fraction, second: Fraction) -> Fraction:
    """The greatest common divisor of two whole numbers."""
    if first.denominator != 1 or second.denominator != 1:
        raise NoNumberError("a common divisor of fractions")
    return Fraction(gcd(int(first), int(second)))


def _logarithm(value: Fraction, base: Fraction) -> Fraction:
    """The exponent, where it is rational."""
    exponent = logarithm(value, base)
    if exponent is None:
        raise NoNumberError("a logarithm")
    return exponent
