"""Bounds of an expression as sums of monomials, from below and from above, in one case.

They hold once the sizes that grow are large, up to positive factors that may depend on what is held
fixed. What has one form here and another there raises a Question; what has no bounds that are known
raises Undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume import order
from closedform.derive.assume.store import Store
from closedform.derive.check.growth.cases import Case, Question, Supposed, Undecided
from closedform.derive.check.growth.monomials import ONE, Cone, Monomial, power
from closedform.derive.symbolic.relations import implies, plain_relation
from closedform.derive.symbolic.wording import say

Monomials: TypeAlias = tuple[Monomial, ...]


@dataclass(frozen=True)
class Bounds:
    """At least the sum of `low`, at most that of `high`, and of `size` whatever the sign.

    No monomials stand for 0; `low` is None where an expression may be negative.
    """

    low: Monomials | None
    high: Monomials
    size: Monomials

    @staticmethod
    def between(low: Iterable[Monomial], high: Iterable[Monomial]) -> Bounds:
        """Bounds of what is not negative."""
        most = tuple(dict.fromkeys(high))
        return Bounds(tuple(dict.fromkeys(low)), most, most)

    @staticmethod
    def like(*monomials: Monomial) -> Bounds:
        return Bounds.between(monomials, monomials)

    def __mul__(self, other: Bounds) -> Bounds:
        if self.low is not None and other.low is not None:
            return Bounds.between(_times(self.low, other.low), _times(self.high, other.high))
        size = _times(self.size, other.size)
        if not self.high and not other.high:
            return Bounds.between((), size)
        one_negative = (self.low is not None and not other.high) or (
            other.low is not None and not self.high
        )
        return Bounds(None, () if one_negative else size, size)


def _times(some: Iterable[Monomial], others: Sequence[Monomial]) -> Monomials:
    return tuple(dict.fromkeys(a * b for a, b in product(some, others)))


CONSTANT = Bounds.like(ONE)
MAYBE_ZERO = Bounds.between((), (ONE,))
NEGATIVE = Bounds(None, (), (ONE,))
ANY_SIGN = Bounds(None, (ONE,), (ONE,))


@dataclass(frozen=True)
class Setting:
    """Which sizes grow, and which vary without having to grow; all others are fixed.

    `primes` are the bases of powers with a size in the exponent.
    """

    growing: frozenset[Symbol]
    free: frozenset[Symbol] = frozenset()
    conditions: tuple[Boolean, ...] = ()
    primes: tuple[int, ...] = ()

    @property
    def varying(self) -> frozenset[Symbol]:
        return self.growing | self.free


Rule: TypeAlias = Callable[["Bounder", Any], Bounds]


class Bounder:
    """Finds bounds in one case, by a rule for each kind of expression.

    `ranges` has the indices of the sums that it is inside of, each with its bounds, `ends` with the
    values that it is between.
    """

    def __init__(self, setting: Setting, case: Case, rules: Mapping[type, Rule]) -> None:
        self.setting, self.case, self.rules = setting, case, rules
        self.store = Store()
        self.cone = Cone(setting.growing)
        self.ranges: dict[Symbol, Bounds] = {}
        self.ends: dict[Symbol, tuple[Expr, Expr]] = {}
        self.known: dict[Expr, Bounds] = {}

    def of(self, expr: Expr) -> Bounds:
        """The bounds of an expression."""
        if expr not in self.known:
            self.known[expr] = self._of(expr)
        return self.known[expr]

    def _of(self, expr: Expr) -> Bounds:
        if self.is_constant(expr):
            return self._constant(expr)
        if expr.is_Symbol:
            return self.ranges.get(expr) or self._symbol(expr)
        for kind, rule in self.rules.items():
            if isinstance(expr, kind):
                return rule(self, expr)
        raise unknown(expr)

    def _symbol(self, size: Symbol) -> Bounds:
        """The bounds of a size that varies: one that need not grow may be 0 if declared so."""
        sure = size in self.setting.growing or size.is_positive
        return Bounds.between((power(size),) if sure else (), (power(size),))

    def is_constant(self, expr: Any) -> bool:
        """Whether an expression is about what is held fixed; a sum is seen through in any case."""
        varying = self.setting.varying | self.ranges.keys()
        return not (expr.free_symbols & varying or expr.has(sympy.Sum))

    def inside_a_sum(self, expr: Any) -> bool:
        return bool(expr.free_symbols & self.ranges.keys())

    @contextmanager
    def index_between(self, index: Symbol, first: Expr, last: Expr) -> Iterator[None]:
        """Let an index go from one value, which is not negative, to another."""
        start, end = self.of(first), self.of(last)
        if start.low is None:
            raise Undecided(f"{say(first)} is not seen to be at least 0, and an index begins there")
        ranges, ends, known = self.ranges, self.ends, self.known
        self.ranges = {**ranges, index: Bounds.between(start.low, end.high)}
        self.ends, self.known = {**ends, index: (first, last)}, {}
        try:
            yield
        finally:
            self.ranges, self.ends, self.known = ranges, ends, known

    def _constant(self, expr: Expr) -> Bounds:
        least, most = order.bounds(self.store, expr)
        if (least is not None and least > 0) or expr.is_positive:
            return CONSTANT
        if most is not None and least == most == 0:
            return Bounds.like()
        if (least is not None and least >= 0) or expr.is_nonnegative or self.follows(expr >= 0):
            return CONSTANT if self.follows(expr > 0) else MAYBE_ZERO
        if (most is not None and most <= 0) or expr.is_nonpositive:
            return NEGATIVE
        return ANY_SIGN

    def follows(self, condition: Any) -> bool:
        """Whether a condition simply follows from one that is supposed."""
        if condition in (True, sympy.true):
            return True
        return any(implies(fact.condition, condition) for fact in self.store.facts)

    def ask(self, key: Any, answers: Iterable[Supposed]) -> Any:
        """The answer to a question, where it is supposed in this case."""
        answer = self.case.answer(key)
        if answer is None:
            raise Question(key, list(answers))
        return answer.answer

    def yes(self, condition: Any, opposite: Any) -> bool:
        """Whether a condition holds in this case."""
        if self.follows(condition):
            return True
        if self.follows(opposite):
            return False
        answers = [Supposed(True, (condition,)), Supposed(False, (opposite,))]
        return bool(self.ask(("holds", plain_relation(condition)), answers))

    def largest(self, terms: Sequence[Monomial]) -> Monomial:
        """The term of a sum that no other outgrows."""
        terms = self.cone.pruned(terms)
        if len(terms) == 1:
            return terms[0]
        found: Monomial = self.ask(
            ("largest", tuple(terms)),
            [
                Supposed(term, (), tuple(other / term for other in terms if other != term))
                for term in terms
            ],
        )
        return found

    def vanishes(self, bounds: Bounds) -> bool:
        """Whether something is smaller than any positive number at last."""
        return self.cone.all_below(bounds.size, [ONE], strictly=True)

    def unbounded(self, low: Monomials | None) -> bool:
        """Whether something is larger than any number at last."""
        return bool(low) and self.cone.below(ONE, low or (), strictly=True)


def unknown(expr: Expr) -> Undecided:
    return Undecided(f"how {say(expr)} grows is not known")


def fraction(number: Expr) -> Fraction:
    return Fraction(int(number.p), int(number.q))
