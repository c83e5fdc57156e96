"""Proofs that something holds at last, in every case that sizes can be in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache, cached_property
from typing import Any, TypeAlias

import sympy
from sympy import Dummy, Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.check.growth.bounds import Bounder, Bounds, Monomials, Rule, Setting
from closedform.derive.check.growth.cases import Case, Question, Undecided
from closedform.derive.check.growth.conditions import settled, suppose
from closedform.derive.check.growth.monomials import ONE, Cone, Monomial
from closedform.derive.check.growth.rules import RULES
from closedform.derive.check.growth.series import piecewise, series
from closedform.derive.symbolic.atoms import BigSum
from closedform.derive.symbolic.expansion import expand

ALL_RULES: Mapping[type, Rule] = {**RULES, sympy.Sum: series, sympy.Piecewise: piecewise}
MAX_CASES = 100


Range: TypeAlias = tuple[Symbol, Expr, Expr]  # an index, its first and its last value


@dataclass(frozen=True)
class Statement:
    """`left` is at most a constant times `right`, as the sizes of a setting grow.

    `ranged` are conditions that hold for all values of some indices, each with its first and last.
    """

    left: Expr
    right: Expr
    setting: Setting
    ranged: tuple[tuple[Boolean, tuple[Range, ...]], ...] = ()

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """All sizes that it or its conditions are about."""
        found = self.left.free_symbols | self.right.free_symbols
        for condition in self.setting.conditions:
            found |= condition.free_symbols
        for condition, over in self.ranged:
            inside = condition.free_symbols.union(
                *(e.free_symbols for _, *ends in over for e in ends)
            )
            found |= inside - {index for index, *_ in over}
        return frozenset(found)

    @cached_property
    def exponents(self) -> frozenset[Symbol]:
        """The sizes that stand in an exponent, or in a bound of an index that does."""
        exprs = (self.left, self.right, *self.setting.conditions)
        powers = (power for expr in exprs for power in expr.atoms(sympy.Pow))
        found = set().union(*(power.exp.free_symbols for power in powers))
        sums = (part for expr in exprs for part in expr.atoms(sympy.Sum))
        for index, first, last in (limits for part in sums for limits in part.limits):
            if index in found:
                found = found - {index} | first.free_symbols | last.free_symbols
        return frozenset(found)

    @property
    def has_sums(self) -> bool:
        """Whether a sum has no closed form."""
        return bool(self.left.has(sympy.Sum) or self.right.has(sympy.Sum))

    def gaps(self) -> list[Gap]:
        """What is missing to a proof."""
        return in_every_case(self.setting, at_most(self.left, self.right))


@dataclass(frozen=True)
class Gap:
    """What was not seen to be below a bound, and how sizes grow in the case where it was not."""

    term: Monomial
    bound: Monomials
    cone: Cone


Goal: TypeAlias = Callable[[Bounder], list[Gap]]  # what is missing to it in one case


def in_every_case(setting: Setting, goal: Goal) -> list[Gap]:
    """What is missing to a goal in the cases that there are; nothing where it is reached.

    Raises Undecided where the growth of something is not known, or there are too many cases.
    """
    gaps: list[Gap] = []
    waiting = [Case()]
    met = 0
    while waiting:
        case = waiting.pop()
        met += 1
        if met > MAX_CASES:
            raise Undecided(f"there are more than {MAX_CASES} cases")
        try:
            bounder = bounder_in(setting, case)
            if not bounder.cone.contradictory():
                gaps.extend(goal(bounder))
        except Question as question:
            waiting.extend(case.also(question.key, answer) for answer in question.answers)
    return gaps


def bounder_in(setting: Setting, case: Case) -> Bounder:
    """What finds bounds under the conditions of a setting and of a case."""
    bounder = Bounder(setting, case, ALL_RULES)
    for condition in setting.conditions:
        suppose(bounder, condition)
    for _, supposed in case.answers:
        for condition in supposed.conditions:
            suppose(bounder, condition)
        bounder.cone.limit(*supposed.bounded)
    bounder.known.clear()
    return bounder


def primes_of(*exprs: Any) -> tuple[int, ...]:
    """The primes that are raised to a size somewhere."""
    powers = {power for expr in exprs for power in expr.atoms(sympy.Pow) if not power.exp.is_number}
    bases = {power.base for power in powers if power.base.is_Rational and power.base.is_positive}
    return tuple(sorted({int(prime) for base in bases for prime in sympy.factorrat(base)}))


# Goals -------------------------------------------------------------------------------------


def at_most(expr: Expr, bound: Expr, strictly: bool = False) -> Goal:
    """The goal that an expression is at most a constant times another, which is not negative.

    `strictly`: below any positive constant times the other, which is positive.
    """

    def goal(bounder: Bounder) -> list[Gap]:
        cone = bounder.cone
        highs = [bounds.high for bounds in _bounds(bounder, expr)]
        lows = [bounds.low for bounds in _bounds(bounder, bound) if bounds.low is not None]
        low = tuple(dict.fromkeys(m for some in lows for m in some))
        known = bool(low if strictly else lows)
        if known and any(cone.all_below(high, low, strictly) for high in highs):
            return []
        if not strictly:  # f <= g, or f - g <= C g
            rests = [bounds.high for bounds in _bounds(bounder, expand(expr - bound))]
            if () in rests or (known and any(cone.all_below(rest, low) for rest in rests)):
                return []
        terms = dict.fromkeys(term for high in highs for term in high or (ONE,))
        return [Gap(term, low, cone) for term in terms if not cone.below(term, low, strictly)]

    return goal


def not_negative(expr: Expr) -> Goal:
    """The goal that an expression is not negative at last."""

    def goal(bounder: Bounder) -> list[Gap]:
        if any(bounds.low is not None for bounds in _bounds(bounder, expr)):
            return []
        return [Gap(ONE, (), bounder.cone)]

    return goal


def within(goal: Goal, over: Iterable[Range]) -> Goal:
    """A goal for all values of some indices."""

    def everywhere(bounder: Bounder) -> list[Gap]:
        with ExitStack() as ranges:
            for index, first, last in over:
                ranges.enter_context(bounder.index_between(index, first, last))
            return goal(bounder)

    return everywhere


def _bounds(bounder: Bounder, expr: Expr) -> Iterator[Bounds]:
    """The bounds of an expression: as it is, expanded, and with what rounding changes as a term."""
    expr = settled(bounder, expr)
    known, doubts = False, []
    for form in dict.fromkeys((expr, expand(expr), expand(_smooth(expr)))):
        try:
            yield bounder.of(form)
            known = True
        except Undecided as doubt:
            doubts.append(doubt)
    if not known:
        raise doubts[0]


def _smooth(expr: Expr) -> Expr:
    """x - t for floor(x) and x + t for ceil(x), where 0 <= t < 1."""
    if isinstance(expr, sympy.Piecewise) or not expr.has(sympy.floor, sympy.ceiling):
        return expr
    if expr.is_Pow:
        return _smooth(expr.base) ** expr.exp
    if isinstance(expr, sympy.Sum):
        return BigSum(_smooth(expr.args[0]), *expr.args[1:])
    parts = [_smooth(part) for part in expr.args]
    if isinstance(expr, sympy.floor):
        return parts[0] - _rest(expr)
    if isinstance(expr, sympy.ceiling):
        return parts[0] + _rest(expr)
    return expr.func(*parts)


@cache
def _rest(rounded: Expr) -> Dummy:
    return Dummy(f"rest of {rounded}", nonnegative=True)
