"""What a condition says of how sizes can grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy
from sympy import Expr
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.order import decide
from closedform.derive.assume.store import Fact
from closedform.derive.check.growth.bounds import Bounder, fraction
from closedform.derive.check.growth.cases import Supposed, Undecided
from closedform.derive.check.growth.monomials import EXP, LOG, ONE, Monomial, power
from closedform.derive.check.growth.rules import least_of, logarithm
from closedform.derive.symbolic.atoms import BigSum, Divides, Log
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.relations import plain_relation


def suppose(bounder: Bounder, condition: Boolean) -> None:
    """Take a condition into account, as far as it says how sizes can grow."""
    condition = without_not(condition)
    if condition in (True, sympy.true):
        return
    if condition in (False, sympy.false):
        never(bounder)
    elif isinstance(condition, sympy.And):
        for part in condition.args:
            suppose(bounder, part)
    elif isinstance(condition, sympy.Or):
        arms = [Supposed(arm) for arm in condition.args]
        suppose(bounder, bounder.ask(condition, arms))
    elif _never(condition) or decide(bounder.store, condition) is False:
        never(bounder)
    else:
        bounder.store.assume(Fact(condition))
        for less, more in _inequalities(bounder, condition):
            _at_most(bounder, less, more)
    bounder.known.clear()


def without_not(condition: Any) -> Any:
    """A condition with `not` only before what has no opposite of its own."""
    if isinstance(condition, sympy.Not):
        inner = condition.args[0]
        if isinstance(inner, sympy.And):
            return sympy.Or(*(without_not(sympy.Not(part)) for part in inner.args))
        if isinstance(inner, sympy.Or):
            return sympy.And(*(without_not(sympy.Not(part)) for part in inner.args))
    return condition


def _never(condition: Boolean) -> bool:
    """Whether it is plain that a number divides another, where it is not to, or the reverse."""
    inner = condition.args[0] if isinstance(condition, sympy.Not) else condition
    if not isinstance(inner, Divides):
        return False
    divisor, dividend = inner.args
    return expand(dividend / divisor).is_integer is (inner is not condition)


def never(bounder: Bounder) -> None:
    """A case that there is not: what grows would be bounded."""
    bounder.cone.limit(*map(power, bounder.setting.growing))


def _inequalities(bounder: Bounder, condition: Boolean) -> Iterator[tuple[Expr, Expr]]:
    """What is at most what."""
    if isinstance(condition, sympy.Eq):
        yield condition.args
        yield condition.args[::-1]
    elif isinstance(condition, sympy.Ne):
        return
    elif isinstance(condition, Relational):
        yield condition.lts, condition.gts
    elif isinstance(condition, Divides):
        divisor, dividend = condition.args
        try:
            if bounder.of(dividend).low:  # a divisor of what is positive is at most that
                yield divisor, dividend
        except Undecided:
            return


def _at_most(bounder: Bounder, less: Expr, more: Expr) -> None:
    """No term of the one side outgrows the other side."""
    bounder.cone.limit(*_of_exponentials(bounder, less, more))
    small: list[Monomial] = []
    large: list[Monomial] = []
    for term in sympy.Add.make_args(expand(settled(bounder, less - more))):
        try:
            bounds = bounder.of(term)
        except Undecided:
            return
        if bounds.low is None:
            large.extend(bounds.size)
        else:
            small.extend(bounds.low)
    if small and not large:
        never(bounder)
    elif small:
        most = bounder.largest(large)
        for term in dict.fromkeys(small):
            _bounded(bounder, term / most)


def _bounded(bounder: Bounder, ratio: Monomial) -> None:
    """What is bounded; and so are the logarithms of its parts, where there is but one below."""
    if not ratio.powers:
        return
    bounder.cone.limit(ratio)
    above, below = ratio.parts
    if not all(bounder.setting.growing >= {atom.name} for atom, _ in ratio.powers):
        return
    large = logarithm(below)
    for term in logarithm(above, LOG + 1) if len(large) == 1 else ():
        _bounded(bounder, term / large[0])


def _of_exponentials(bounder: Bounder, less: Expr, more: Expr) -> Iterator[Monomial]:
    """What follows from less <= more where both are plain sums: 2^w is at most 2^n."""
    for prime in bounder.setting.primes:
        found = ONE
        for term in sympy.Add.make_args(expand(less - more)):
            number, rest = term.as_coeff_Mul()
            if rest in bounder.setting.varying:
                found *= power(rest, EXP, prime) ** fraction(number)
            elif isinstance(rest, Log) and rest.args[1] == prime and rest.args[0].is_Symbol:
                found *= power(rest.args[0]) ** fraction(number)
            elif not bounder.is_constant(term):
                break
        else:
            if found.powers:
                yield found


def settled(bounder: Bounder, expr: Expr) -> Expr:
    """An expression without the indicators and the minima that are one thing in this case."""
    return _settled(bounder, expr, frozenset())


def _settled(bounder: Bounder, expr: Any, indices: frozenset[Expr]) -> Any:
    if not expr.has(sympy.Piecewise, sympy.Min, sympy.Max):
        return expr
    if isinstance(expr, sympy.Sum):
        body, *limits = expr.args
        inner = indices | {limit[0] for limit in limits}
        bounds = [
            (i, *(_settled(bounder, bound, indices) for bound in ends)) for i, *ends in limits
        ]
        return BigSum(_settled(bounder, body, inner), *bounds)
    if isinstance(expr, sympy.Piecewise):
        for value, condition in expr.args:
            if condition.free_symbols & indices:
                return expr
            if holds(bounder, condition):
                return _settled(bounder, value, indices)
    parts = [_settled(bounder, part, indices) for part in expr.args]
    whole = expr.func(*parts)
    if isinstance(whole, sympy.Min) and not whole.free_symbols & indices:
        return least_of(bounder, whole)
    if isinstance(whole, sympy.Max) and not whole.free_symbols & indices:
        return next((p for p in whole.args if _is_largest(bounder, p, whole.args)), whole)
    return whole


def _is_largest(bounder: Bounder, part: Expr, of: Iterable[Expr]) -> bool:
    """Whether one of some expressions is known to be no less than the others at last."""
    others = [other for other in of if other != part]
    if all(decide(bounder.store, part >= other) for other in others):
        return True
    low = bounder.of(part).low
    return bool(low) and all(
        bounder.cone.all_below(bounder.of(other).high, low or (), strictly=True) for other in others
    )


def holds(bounder: Bounder, condition: Any) -> bool:
    """Whether a condition holds in this case."""
    if isinstance(condition, Divides):
        divisor, dividend = condition.args
        known = expand(dividend / divisor).is_integer
    else:
        known = decide(bounder.store, condition)
    if known is not None:
        return bool(known)
    opposite = without_not(sympy.Not(condition))
    if bounder.case.answer(("holds", plain_relation(opposite))) is not None:
        return not bounder.yes(opposite, condition)
    return bounder.yes(condition, opposite)
