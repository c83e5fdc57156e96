"""Bounds of sums over an index that have no closed form."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.core.relational import Relational

from closedform.derive.check.growth.bounds import Bounder, Bounds
from closedform.derive.check.growth.cases import Undecided
from closedform.derive.check.growth.conditions import settled, without_not
from closedform.derive.check.growth.monomials import ONE, Monomial
from closedform.derive.check.growth.rules import log_of
from closedform.derive.symbolic.atoms import BigSum, Divides, indicator
from closedform.derive.symbolic.expansion import expand


def series(bounder: Bounder, expr: Expr) -> Bounds:
    """The bounds of a sum; its indicators become other first and last values where they can."""
    body, *limits = expr.args
    index, first, last = limits[-1]
    if len(limits) > 1:
        return _bounds(bounder, BigSum(body, *limits[:-1]), index, first, last)
    found = []
    for term in sympy.Add.make_args(_without_powers(expand(body))):
        factor, part = term.as_independent(index, as_Add=False)
        found.append(factor * _without_indicator(part, index, first, last))
    total = sympy.Add(*found)
    if total != expr:
        return bounder.of(settled(bounder, expand(total)))
    return _bounds(bounder, body, index, first, last)


def piecewise(bounder: Bounder, expr: Expr) -> Bounds:
    """The bounds of an expression that is another for other values of an index."""
    if not bounder.inside_a_sum(expr):
        return bounder.of(settled(bounder, expr))
    parts = [bounder.of(value) for value, _ in expr.args]
    high = tuple(m for part in parts for m in part.high)
    if all(part.low is not None for part in parts):
        return Bounds.between((), high)
    return Bounds(None, high, tuple(m for part in parts for m in part.size))


# Indicators --------------------------------------------------------------------------------


def _without_powers(expr: Expr) -> Expr:
    """[A]^2 is [A]."""

    def is_indicator(base: Expr) -> bool:
        return isinstance(base, sympy.Piecewise) and {v for v, _ in base.args} <= {0, 1}

    return expr.replace(
        lambda e: e.is_Pow and is_indicator(e.base) and e.exp.is_positive, lambda e: e.base
    )


def _without_indicator(part: Expr, index: Symbol, first: Expr, last: Expr) -> Expr:
    """The sum of a product over an index, without one of its indicators where one can go."""
    factors = sympy.Mul.make_args(part)
    for factor in factors:
        if isinstance(factor, sympy.Piecewise) and len(factor.args) == 2:
            (value, condition), (otherwise, _) = factor.args
            rest = sympy.Mul(*(other for other in factors if other is not factor))
            where = _where(rest * (value - otherwise), condition, index, first, last)
            if where is not None:
                return where + BigSum(rest * otherwise, (index, first, last))
    if part.has(index):
        return BigSum(part, (index, first, last))
    return part * sympy.Max(last - first + 1, 0)  # a range that was cut off may be empty


def _where(body: Expr, condition: Any, index: Symbol, first: Expr, last: Expr) -> Expr | None:
    """The sum of a body over those values of an index that satisfy a condition."""
    condition = without_not(condition)
    over = (index, first, last)
    if isinstance(condition, sympy.And | sympy.Or):
        some, rest = condition.args[0], condition.func(*condition.args[1:])
        if isinstance(condition, sympy.And):
            return BigSum(body * indicator(some) * indicator(rest), over)
        both = BigSum(body * indicator(some) * indicator(rest), over)
        return BigSum(body * (indicator(some) + indicator(rest)), over) - both
    if isinstance(condition, sympy.Not | sympy.Ne):
        return BigSum(body, over) - BigSum(body * indicator(~condition), over)
    if isinstance(condition, Divides):
        divisor, dividend = condition.args
        return _multiples(body, divisor, dividend, (index, first, last))
    if isinstance(condition, Relational):
        return _range(body, condition, index, first, last)
    return None


def _multiples(
    body: Expr, divisor: Expr, dividend: Expr, over: tuple[Symbol, Expr, Expr]
) -> Expr | None:
    """The sum over those values of which some shift is a multiple of a divisor."""
    index, first, last = over
    shift = expand(dividend - index)
    if divisor.has(index) or shift.has(index) or not divisor.is_positive:
        return None
    positive = True if (first + shift).is_positive else None
    multiple = sympy.Dummy("j", integer=True, positive=positive)
    lowest = sympy.ceiling((first + shift) / divisor)
    if first + shift == 1:  # SymPy before 1.14 leaves ceiling(1/p)
        lowest = sympy.Integer(1)
    highest = sympy.floor((last + shift) / divisor)
    body = body.xreplace({index: divisor * multiple - shift})
    return BigSum(body, (multiple, lowest, highest))


def _range(
    body: Expr, condition: Relational, index: Symbol, first: Expr, last: Expr
) -> Expr | None:
    """The sum over those values that are on one side of another."""
    difference = expand(condition.lhs - condition.rhs)
    factor = difference.coeff(index)
    rest = expand(difference - factor * index)
    if rest.has(index) or not factor.is_Rational or factor == 0:
        return None
    limit = expand(-rest / factor)
    if isinstance(condition, sympy.Eq):
        if not limit.is_integer:
            return None
        inside = sympy.And(first <= limit, limit <= last)
        return body.xreplace({index: limit}) * indicator(inside)
    below = isinstance(condition, sympy.Lt | sympy.Le) == (factor > 0)
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    if below:
        limit = sympy.ceiling(limit) - 1 if strict else sympy.floor(limit)
        return BigSum(body, (index, first, sympy.Min(last, limit)))
    limit = sympy.floor(limit) + 1 if strict else sympy.ceiling(limit)
    return BigSum(body, (index, sympy.Max(first, limit), last))


# Bounds ------------------------------------------------------------------------------------


def _bounds(bounder: Bounder, body: Expr, index: Symbol, first: Expr, last: Expr) -> Bounds:
    """The number of terms times bounds of a term, but for powers with the index as exponent.

    From below: the upper half of the terms, the first and the last one.
    """
    count = bounder.of(settled(bounder, expand(last - first + 1)))
    if not count.high:
        return Bounds.like()
    if body == 1 / index and bounder.is_constant(first) and first.is_positive:
        log = log_of(bounder, last)
        return Bounds.between((ONE, *(log.low or ())) if count.low else (), (ONE, *log.high))
    geometric, ratio, rest = _geometric(body, index)
    with bounder.index_between(index, first, last):
        term = bounder.of(rest)
    largest = geometric.xreplace({index: last if ratio > 1 else first})
    over = Bounds.between((), (count if ratio == 1 else bounder.of(largest)).high)
    if term.low is None:
        return Bounds(None, (over * term).size if term.high else (), (over * term).size)
    low: list[Monomial] = []
    if count.low:
        for place in (first, last):
            with suppress(Undecided):
                low.extend(bounder.of(settled(bounder, body.xreplace({index: place}))).low or ())
        if ratio == 1:
            with bounder.index_between(index, (first + last) / 2, last):
                half = bounder.of(rest)
            low.extend((half * count).low or ())
    return Bounds.between(low, (over * term).high)


def _geometric(body: Expr, index: Symbol) -> tuple[Expr, Expr, Expr]:
    """The powers q^i of a product, what they become when i grows by 1, and the other factors."""
    powers, rest = Integer(1), Integer(1)
    ratio = Integer(1)
    for factor in sympy.Mul.make_args(body):
        base, exponent = factor.as_base_exp()
        step = exponent.coeff(index)
        if (
            base.is_Rational
            and base > 0
            and step.is_Rational
            and expand(exponent - step * index).is_number
        ):
            powers, ratio = powers * factor, ratio * base**step
        else:
            rest *= factor
    return powers, ratio, rest
